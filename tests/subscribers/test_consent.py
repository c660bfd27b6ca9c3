"""The ledger of consent: who agreed to which words, and that a second press changes nothing."""

import hashlib
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Delete, Update, delete, select, update
from sqlalchemy.exc import DBAPIError

from courseletter.database import Database
from subscribers import consent
from subscribers.consent import Evidence, Outcome
from subscribers.models import ConsentAct, ConsentEntry, MailingList, Membership, Subscriber
from subscribers.people import NOTHING_SAID, find_or_create

HOUR = timedelta(hours=1)


@pytest.fixture
def ana(database: Database, now: datetime) -> Subscriber:
    with database.write() as session:
        return find_or_create(session, "ana@example.org", NOTHING_SAID, now)[0]


def ledger(database: Database) -> list[ConsentEntry]:
    with database.read() as session:
        lines = list(session.scalars(select(ConsentEntry).order_by(ConsentEntry.id)))
        session.expunge_all()
    return lines


def status(database: Database) -> list[str]:
    with database.read() as session:
        return list(session.scalars(select(Membership.status)))


def test_r14_request_and_confirmation_keep_all_evidence(
    database: Database, mailing_list: MailingList, ana: Subscriber, browser: Evidence, now: datetime
) -> None:
    phone = Evidence("2001:db8::1", "Phone/2", "https://letters.example.org/confirm", "Yes, it is me")
    with database.write() as session:
        consent.request(session, mailing_list, ana, browser, now)
        assert consent.confirm(session, mailing_list, ana, phone, now + HOUR) is Outcome.DONE
    asked, confirmed = ledger(database)
    assert (asked.act, asked.email, asked.list_id) == ("requested", "ana@example.org", mailing_list.id)
    assert (asked.ip, asked.user_agent, asked.source_url) == (
        browser.ip,
        browser.user_agent,
        browser.source_url,
    )
    assert asked.wording == "Start the course"
    assert asked.wording_hash == hashlib.sha256(b"Start the course").hexdigest()
    assert (confirmed.act, confirmed.ip, confirmed.user_agent) == ("confirmed", "2001:db8::1", "Phone/2")
    assert (asked.at, confirmed.at) == (now, now + HOUR)


def test_r14_every_later_change_is_appended_once(
    database: Database, mailing_list: MailingList, ana: Subscriber, browser: Evidence, now: datetime
) -> None:
    with database.write() as session:
        consent.request(session, mailing_list, ana, browser, now)
        for change in (consent.confirm, consent.withdraw, consent.come_back, consent.withdraw):
            assert change(session, mailing_list, ana, browser, now) is Outcome.DONE
            assert change(session, mailing_list, ana, browser, now + HOUR) is Outcome.ALREADY
    acts = [line.act for line in ledger(database)]
    assert acts == ["requested", "confirmed", "unsubscribed", "confirmed", "unsubscribed"]
    assert {line.at for line in ledger(database)} == {now}


@pytest.mark.parametrize(
    "change",
    [update(ConsentEntry).values(wording="Something else"), delete(ConsentEntry)],
    ids=["update", "delete"],
)
def test_r14_no_line_of_the_ledger_can_be_changed_or_taken_out(
    database: Database,
    mailing_list: MailingList,
    ana: Subscriber,
    browser: Evidence,
    now: datetime,
    change: Update | Delete,
) -> None:
    with database.write() as session:
        consent.request(session, mailing_list, ana, browser, now)
    with pytest.raises(DBAPIError, match="only appended to"), database.write() as session:
        session.execute(change)
    assert [line.wording for line in ledger(database)] == ["Start the course"]


def test_an_old_confirmation_mail_does_not_bring_back_who_left(
    database: Database, mailing_list: MailingList, ana: Subscriber, browser: Evidence, now: datetime
) -> None:
    with database.write() as session:
        consent.request(session, mailing_list, ana, browser, now)
        consent.confirm(session, mailing_list, ana, browser, now)
        consent.withdraw(session, mailing_list, ana, browser, now)
        assert consent.confirm(session, mailing_list, ana, browser, now) is Outcome.CLOSED
    assert status(database) == ["unsubscribed"]
    with database.write() as session:
        consent.request(session, mailing_list, ana, browser, now)
    assert status(database) == ["unsubscribed"], "a stranger's request changes no standing status"
    with database.write() as session:
        assert consent.confirm(session, mailing_list, ana, browser, now) is Outcome.DONE
    assert status(database) == ["confirmed"]


def test_leaving_everything_closes_requests_for_every_list(
    database: Database, mailing_list: MailingList, ana: Subscriber, browser: Evidence, now: datetime
) -> None:
    with database.write() as session:
        consent.request(session, mailing_list, ana, browser, now)
        assert consent.withdraw(session, None, ana, browser, now) is Outcome.DONE
        assert consent.withdraw(session, None, ana, browser, now) is Outcome.ALREADY
        assert consent.confirm(session, mailing_list, ana, browser, now) is Outcome.CLOSED
    assert [(line.act, line.list_id) for line in ledger(database)] == [
        (ConsentAct.REQUESTED, mailing_list.id),
        (ConsentAct.UNSUBSCRIBED, None),
    ]


def test_an_admin_adds_but_never_over_an_unsubscribe(
    database: Database, mailing_list: MailingList, ana: Subscriber, browser: Evidence, now: datetime
) -> None:
    with database.write() as session:
        assert consent.add(session, mailing_list, ana, browser, now, "paper form") is Outcome.DONE
        assert consent.add(session, mailing_list, ana, browser, now) is Outcome.ALREADY
        consent.withdraw(session, mailing_list, ana, browser, now)
        assert consent.add(session, mailing_list, ana, browser, now) is Outcome.CLOSED
    assert [(line.act, line.note) for line in ledger(database)] == [
        ("added", "paper form"),
        ("unsubscribed", ""),
    ]
