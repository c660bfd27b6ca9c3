"""Signing up: one mail at most, nothing of an existing person changed, bad input refused with its field."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select

from courseletter.database import Database
from courseletter.errors import InvalidInput
from subscribers import consent, signing_up
from subscribers.consent import Evidence
from subscribers.models import ConsentEntry, MailingList, Quota, Subscriber, SuppressionReason
from subscribers.people import Details
from subscribers.signing_up import SignUp, SignUpForm
from subscribers.suppression import suppress

KEY = b"a key of thirty-two octets......"
DAY = timedelta(days=1)


def ask(
    database: Database, mailing_list: MailingList, evidence: Evidence, now: datetime, form: SignUpForm
) -> SignUp:
    with database.write() as session:
        return signing_up.sign_up(session, mailing_list, form, evidence, now, KEY)


def count(database: Database, table: type) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def from_ip(evidence: Evidence, ip: str) -> Evidence:
    return replace(evidence, ip=ip)


def test_r35_one_victim_signed_up_a_thousand_times_gets_one_mail(
    database: Database, mailing_list: MailingList, browser: Evidence, now: datetime
) -> None:
    form = SignUpForm("victim@example.org")
    mails = 0
    with database.write() as session:
        for turn in range(1000):
            evidence = from_ip(browser, f"198.51.{turn % 100}.9")
            mails += signing_up.sign_up(session, mailing_list, form, evidence, now, KEY).confirm
    assert mails == 1
    assert count(database, ConsentEntry) == 1


def test_r35_an_address_that_never_answers_gets_three_mails_ever(
    database: Database, mailing_list: MailingList, browser: Evidence, now: datetime
) -> None:
    form = SignUpForm("Victim@Example.org")
    days = [ask(database, mailing_list, browser, now + turn * DAY, form).confirm for turn in range(6)]
    assert days == [True, True, True, False, False, False]


def test_r35_a_pressed_confirmation_forgives_what_was_counted(
    database: Database, mailing_list: MailingList, browser: Evidence, now: datetime
) -> None:
    form = SignUpForm("ana@example.org")
    asked = ask(database, mailing_list, browser, now, form)
    assert not ask(database, mailing_list, browser, now, form).confirm
    with database.write() as session:
        ana = session.merge(asked.subscriber)
        consent.confirm(session, mailing_list, ana, browser, now)
        signing_up.grant(session, mailing_list, ana, KEY)
    assert ask(database, mailing_list, browser, now, form).confirm


@pytest.mark.parametrize(
    ("ips", "mails"),
    [
        (["192.0.2.7"] * 60, 10),
        ([f"192.0.2.{host}" for host in range(60)], 50),
        ([f"2001:db8:0:1::{host:x}" for host in range(60)], 50),
        ([f"::ffff:192.0.2.{host}" for host in range(60)], 50),
        ([f"192.0.{net}.1" for net in range(60)], 60),
    ],
    ids=["one host", "one /24", "one /64", "mapped", "sixty networks"],
)
def test_r35_hosts_and_networks_are_capped_by_the_hour(
    database: Database,
    mailing_list: MailingList,
    browser: Evidence,
    now: datetime,
    ips: list[str],
    mails: int,
) -> None:
    sent = 0
    with database.write() as session:
        for turn, ip in enumerate(ips):
            form = SignUpForm(f"person{turn}@example.org")
            sent += signing_up.sign_up(session, mailing_list, form, from_ip(browser, ip), now, KEY).confirm
    assert sent == mails
    later = ask(database, mailing_list, from_ip(browser, ips[0]), now + DAY, SignUpForm("late@example.org"))
    assert later.confirm


def test_counts_of_network_addresses_are_forgotten(
    database: Database, mailing_list: MailingList, browser: Evidence, now: datetime
) -> None:
    ask(database, mailing_list, browser, now, SignUpForm("ana@example.org"))
    ask(database, mailing_list, from_ip(browser, "203.0.113.5"), now + 4 * DAY, SignUpForm("bo@example.org"))
    with database.read() as session:
        buckets = session.scalars(select(Quota.bucket)).all()
    assert not [bucket for bucket in buckets if "192.0.2" in bucket]


def test_suppression_wins_and_stores_nothing(
    database: Database, mailing_list: MailingList, browser: Evidence, now: datetime
) -> None:
    with database.write() as session:
        assert suppress(session, KEY, "Ana@example.org", SuppressionReason.ERASED, now)
        assert not suppress(session, KEY, "ana@EXAMPLE.org", SuppressionReason.MANUAL, now)
    assert ask(database, mailing_list, browser, now, SignUpForm("ana@example.org")) == signing_up.NOTHING
    assert count(database, Subscriber) == 0


def test_a_stranger_changes_nothing_of_an_existing_subscriber(
    database: Database, mailing_list: MailingList, browser: Evidence, now: datetime
) -> None:
    own = Details("Ana", "Europe/Lisbon", 480, (3,))
    asked = ask(database, mailing_list, browser, now, SignUpForm("ana@example.org", own))
    with database.write() as session:
        ana = session.merge(asked.subscriber)
        consent.confirm(session, mailing_list, ana, browser, now)
        signing_up.grant(session, mailing_list, ana, KEY)
    strangers = Details("Rude", "Asia/Tokyo", 60, (6,))
    ask(database, mailing_list, browser, now + DAY, SignUpForm("ANA@example.org", strangers))
    with database.read() as session:
        (ana,) = session.scalars(select(Subscriber))
        assert (ana.email, ana.first_name, ana.zone) == ("ana@example.org", "Ana", "Europe/Lisbon")
        assert (ana.minute, ana.weekdays) == (480, [3])
        assert consent.is_confirmed(session, mailing_list, ana)


def test_the_request_that_is_confirmed_says_who_the_person_is(
    database: Database, mailing_list: MailingList, browser: Evidence, now: datetime
) -> None:
    """A stranger asked first, in vain; what they typed does not stick to the one who then really comes."""
    ask(database, mailing_list, browser, now, SignUpForm("ana@example.org", Details("Rude", "Asia/Tokyo")))
    own = Details("Ana", "Europe/Lisbon", 480)
    asked = ask(database, mailing_list, browser, now + DAY, SignUpForm("ana@example.org", own))
    with database.write() as session:
        ana = session.merge(asked.subscriber)
        assert (ana.first_name, ana.zone) == ("Rude", "Asia/Tokyo")
        consent.confirm(session, mailing_list, ana, browser, now + DAY)
        assert signing_up.grant(session, mailing_list, ana, KEY) == own
        assert (ana.first_name, ana.zone, ana.minute) == ("Ana", "Europe/Lisbon", 480)


@pytest.mark.parametrize(
    ("form", "field"),
    [
        (SignUpForm("ana@example.org", Details("a\r\nBcc: x@y")), "first_name"),
        (SignUpForm("ana@example.org", Details("=?utf-8?q?a=0D=0ABcc=3A_x?=")), "first_name"),
        (SignUpForm("ana@example.org", Details("a\x1b[2J")), "first_name"),
        (SignUpForm("ana@example.org", Details("a" * 101)), "first_name"),
        (SignUpForm('"x@evil.com y"@ours.test'), "email"),
        (SignUpForm("a@x>\r\nRCPT TO:<b@y"), "email"),
        (SignUpForm("ana@example"), "email"),
        (SignUpForm(""), "email"),
        (SignUpForm("a" * 100_000 + "!"), "email"),
        (SignUpForm("ana@example.org", Details(zone="Mars/Olympus")), "zone"),
        (SignUpForm("ana@example.org", Details(minute=1440)), "minute"),
        (SignUpForm("ana@example.org", Details(weekdays=(7,))), "weekdays"),
        (SignUpForm("ana@example.org", Details(weekdays=())), "weekdays"),
    ],
)
def test_bad_input_names_its_field_and_stores_nothing(
    database: Database,
    mailing_list: MailingList,
    browser: Evidence,
    now: datetime,
    form: SignUpForm,
    field: str,
) -> None:
    assert [problem.field for problem in signing_up.check(form)] == [field]
    with pytest.raises(InvalidInput) as caught:
        ask(database, mailing_list, browser, now, form)
    assert caught.value.field == field
    assert "\n" not in str(caught.value)
    assert count(database, Subscriber) + count(database, Quota) + count(database, ConsentEntry) == 0
