"""The records that a sender publishes, one a line."""

import dns.rdata
import pytest

from sender.dkim import DkimKey
from sender.dns_records import sender_records


def test_records_of_a_sender(rsa_key: DkimKey, ed25519_key: DkimKey) -> None:
    records = sender_records(
        "example.org",
        "bounces.example.org",
        ["relay.example.net", "192.0.2.7", "relay.example.net"],
        [rsa_key, ed25519_key],
        bounce_host="mail.example.org",
        reports_to="dmarc@example.org",
    )
    assert [str(record) for record in records] == [
        "bounces.example.org TXT v=spf1 a:relay.example.net ip4:192.0.2.7 ~all",
        f"c1._domainkey.example.org TXT {rsa_key.record_value}",
        f"c2._domainkey.example.org TXT {ed25519_key.record_value}",
        "_dmarc.example.org TXT v=DMARC1; p=none; rua=mailto:dmarc@example.org",
        "bounces.example.org MX 10 mail.example.org",
    ]
    for record in records:
        assert dns.rdata.from_text("IN", record.type, _quoted(record.type, record.value))


def _quoted(type_: str, value: str) -> str:
    pieces = [value[at : at + 255] for at in range(0, len(value), 255)]
    return " ".join(f'"{piece}"' for piece in pieces) if type_ == "TXT" else value


@pytest.mark.parametrize(
    ("relay", "mechanism"),
    [("192.0.2.7", "ip4:192.0.2.7"), ("2001:db8::7", "ip6:2001:db8::7"), ("r.test", "a:r.test")],
)
def test_spf_names_the_relay(relay: str, mechanism: str) -> None:
    records = sender_records("a.test", "a.test", [relay], [], bounce_host="m.a.test", reports_to="d@a.test")
    assert records[0].value == f"v=spf1 {mechanism} ~all"
