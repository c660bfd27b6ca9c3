"""The doctor's look at the DNS, through a real resolver and a DNS server that says what a domain might."""

from collections.abc import Iterator

import pytest
from dns_server import DnsServer, quoted

from sender.dkim import DkimKey
from sender.dns_records import sender_records
from sender.doctor.finding import Finding, Level
from sender.doctor.lookups import Dns
from sender.doctor.records import look_at

FROM, PATH = "example.org", "bounces.example.org"


@pytest.fixture
def zone(rsa_key: DkimKey) -> Iterator[DnsServer]:
    """A domain that has all it should."""
    with DnsServer({}) as server:
        for record in records(rsa_key):
            value = quoted(record.value) if record.type == "TXT" else f"{record.value}."
            server.zone[record.name, record.type] = [value]
        yield server


def records(key: DkimKey):
    return sender_records(
        FROM, PATH, ["smtp.example.net"], [key], bounce_host="mail.example.org", reports_to="p@example.org"
    )


def look(server: DnsServer, key: DkimKey, domain: str = FROM) -> dict[str, Finding]:
    wanted = sender_records(
        domain, PATH, ["smtp.example.net"], [key], bounce_host="mail.example.org", reports_to="p@example.org"
    )
    found = look_at(Dns.at(server.address), domain, PATH, wanted, [key])
    return {one.about.partition(",")[0]: one for one in found}


def test_r12_a_domain_that_has_all_it_should_is_well(zone: DnsServer, rsa_key: DkimKey) -> None:
    found = look(zone, rsa_key)
    assert list(found) == ["From", "SPF", "DKIM", "DMARC", "Bounces"]
    assert {one.level for one in found.values()} == {Level.GOOD}, found


def test_r12_what_is_missing_is_named_with_the_record_to_publish(zone: DnsServer, rsa_key: DkimKey) -> None:
    zone.zone.clear()
    found = look(zone, rsa_key)
    missing = {name: one for name, one in found.items() if one.level is Level.BAD}
    assert set(missing) == {"SPF", "DKIM", "DMARC", "Bounces"}
    assert missing["DKIM"].mend.endswith(rsa_key.record_value)
    assert "v=spf1 a:smtp.example.net ~all" in missing["SPF"].mend
    assert "_dmarc.example.org" in missing["DMARC"].mend
    assert "10 mail.example.org" in missing["Bounces"].mend


@pytest.mark.parametrize(
    ("values", "level", "said"),
    [
        (["v=spf1 ~all"], Level.BAD, "does not name your relay"),
        (["v=spf1 ip4:192.0.2.1 -all"], Level.BAD, "does not name your relay"),
        (["v=spf1 include:spf.example.net ~all"], Level.WARN, "does not name a:smtp.example.net itself"),
        (["v=spf1 a:smtp.example.net ip4:192.0.2.1 -all"], Level.GOOD, "names your relay"),
        (["v=spf1 +all"], Level.BAD, "lets everybody"),
        (["v=spf1 a:smtp.example.net ~all", "v=spf1 mx ~all"], Level.BAD, "2 SPF records"),
        (["v=spf10 a:smtp.example.net", "other"], Level.BAD, "no SPF record"),
        (["v=spf1 " + " ".join(f"a:a{n}.example.net" for n in range(11)) + " ~all"], Level.BAD, "10 times"),
    ],
)
def test_r12_spf(zone: DnsServer, rsa_key: DkimKey, values: list[str], level: Level, said: str) -> None:
    zone.zone[PATH, "TXT"] = [quoted(one) for one in values]
    found = look(zone, rsa_key)["SPF"]
    assert (found.level, said in found.said) == (level, True), found


def test_r12_spf_records_that_include_each_other_end(zone: DnsServer, rsa_key: DkimKey) -> None:
    zone.zone[PATH, "TXT"] = [quoted("v=spf1 a:smtp.example.net include:loop.example.net ~all")]
    zone.zone["loop.example.net", "TXT"] = [quoted("v=spf1 include:loop.example.net ~all")]
    assert "10 times" in look(zone, rsa_key)["SPF"].said


@pytest.mark.parametrize(
    ("value", "level", "said"),
    [
        ("v=DKIM1; k=rsa; p=", Level.BAD, "revokes"),
        ("v=DKIM1; k=rsa; p=MIIBIjANBg", Level.BAD, "another key"),
        ("{}; t=y", Level.WARN, "tried out"),
        ("{}; t=s; n=ours", Level.GOOD, "has our key"),
    ],
)
def test_r12_dkim(zone: DnsServer, rsa_key: DkimKey, value: str, level: Level, said: str) -> None:
    zone.zone[rsa_key.record_name, "TXT"] = [quoted(value.format(rsa_key.record_value))]
    found = look(zone, rsa_key)["DKIM"]
    assert (found.level, said in found.said) == (level, True), found


@pytest.mark.parametrize(
    ("values", "level", "said"),
    [
        (["v=DMARC1; p=reject; adkim=s; aspf=s"], Level.GOOD, "aligns"),
        (["v=DMARC1; rua=mailto:a@example.org"], Level.BAD, "names no policy"),
        (["v=DMARC1; p=none", "v=DMARC1; p=reject"], Level.BAD, "2 records"),
        (["unrelated"], Level.BAD, "no DMARC record"),
    ],
)
def test_r12_dmarc(zone: DnsServer, rsa_key: DkimKey, values: list[str], level: Level, said: str) -> None:
    zone.zone["_dmarc.example.org", "TXT"] = [quoted(one) for one in values]
    found = look(zone, rsa_key)["DMARC"]
    assert (found.level, said in found.said) == (level, True), found


def test_r12_a_policy_of_the_parent_counts_and_strict_alignment_is_heeded(
    zone: DnsServer, rsa_key: DkimKey
) -> None:
    zone.zone["_dmarc.example.org", "TXT"] = [quoted("v=DMARC1; p=none")]
    assert look(zone, rsa_key, "news.example.org")["DMARC"].level is Level.GOOD
    zone.zone["_dmarc.example.org", "TXT"] = [quoted("v=DMARC1; p=none; adkim=s")]
    found = look(zone, rsa_key, "news.example.org")["DMARC"]
    assert (found.level, "nothing aligns" in found.said) == (Level.BAD, True)


def test_r12_mail_in_the_name_of_a_mailbox_provider_is_bad(zone: DnsServer, rsa_key: DkimKey) -> None:
    found = look(zone, rsa_key, "gmail.com")["From"]
    assert (found.level, "domain of your own" in found.mend) == (Level.BAD, True)


def test_r12_nobodys_answer_is_not_taken_for_a_missing_record(zone: DnsServer, rsa_key: DkimKey) -> None:
    zone.broken = {PATH, rsa_key.record_name, "_dmarc.example.org"}
    found = look(zone, rsa_key)
    assert {found[name].level for name in ("SPF", "DKIM", "DMARC", "Bounces")} == {Level.UNKNOWN}
