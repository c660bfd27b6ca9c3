"""The whole sender with a relay that others wrote: Postfix, over TLS, into a Maildir."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path

import dkim
import pytest
from certificates import Certificates, make_certificates
from mailauth import Mailauth
from postfix import HERE, MOST_OCTETS, Postfix, running
from reading import parsed
from school import KEY, ORIGIN, School
from scripted_smtp import ScriptedSmtp
from sqlalchemy import select
from waiting import until

from sender.bounces.intake import Intake
from sender.bounces.listener import BounceListener
from sender.bounces.models import Bounce
from sender.bounces.naming import Names
from sender.dkim import DkimKey
from sender.doubts import doubts
from sender.message import message_id
from sender.models import Delivery, State
from sender.pool import SmtpPool
from sender.relay import Relay
from sender.retrying import UNKNOWN_REST
from sender.transport import Attempt, Parcel, Report
from subscribers.models import Suppression
from subscribers.suppression import is_suppressed

pytestmark = pytest.mark.xdist_group("postfix")
CONNECTIONS = 5


@pytest.fixture(scope="session")
def postfix_server(certificates: Certificates) -> Iterator[Postfix]:
    with running(certificates) as server:
        yield server


@pytest.fixture
def postfix(postfix_server: Postfix) -> Postfix:
    """Running, and with an empty Maildir."""
    postfix_server.empty()
    return postfix_server


@pytest.fixture
def sending(school: School, postfix: Postfix) -> Iterator[School]:
    """A school that sends through Postfix."""
    connect(school, postfix.relay)
    yield school
    school.mailer.close()


def connect(school: School, relay: Relay, hear: Callable[[Parcel, Attempt], None] | None = None) -> None:
    def open_pool(report: Report) -> SmtpPool:
        def heard(parcel: Parcel, attempt: Attempt) -> None:
            if hear is not None:
                hear(parcel, attempt)
            report(parcel, attempt)

        return SmtpPool(relay, CONNECTIONS, heard)

    school.open_pool = open_pool  # type: ignore[assignment,method-assign]
    school.mailer = school.new_mailer()


def enrol_many(school: School, count: int) -> None:
    for number in range(count):
        school.enrol(f"reader{number}@{HERE}", "Zoë" if number % 2 else "李雷")


def in_the_ledger(delivery: Delivery) -> str:
    return message_id(KEY, delivery.id, ORIGIN.domain)


def ids_of(mails: Sequence[bytes]) -> Counter[str]:
    return Counter(parsed(mail)["Message-ID"] for mail in mails)


def test_r05_a_courses_lessons_arrive_once_each_and_both_verifiers_accept_them(
    school: School,
    postfix: Postfix,
    rsa_key: DkimKey,
    ed25519_key: DkimKey,
    dns: Callable[..., bytes],
    mailauth: Mailauth,
) -> None:
    keys = school.dkim_keys = [rsa_key, ed25519_key]
    connect(school, postfix.relay)
    enrol_many(school, 40)
    school.live()
    school.mailer.close()
    mails = postfix.arrived(160)
    assert {one.state for one in school.deliveries()} == {State.ACCEPTED}
    assert ids_of(mails) == Counter(in_the_ledger(one) for one in school.deliveries())
    for mail in mails:
        assert [dkim.DKIM(mail).verify(at, dnsfunc=dns) for at in (0, 1)] == [True, True]
    assert mailauth.verdicts(mails, keys) == [["pass", "pass"]] * 160
    heads = [parsed(mail) for mail in mails]
    assert {one["To"].addresses[0].display_name for one in heads} == {"Zoë", "李雷"}
    assert Counter(one["Delivered-To"] for one in heads) == {f"reader{n}@{HERE}": 4 for n in range(40)}


def test_r10_it_is_spoken_to_in_chunks_over_tls(sending: School, postfix: Postfix) -> None:
    before = len(postfix.log())
    enrol_many(sending, 30)
    sending.work()
    sending.mailer.close()
    ends = lambda: [line for line in postfix.log()[before:].splitlines() if "disconnect from" in line]  # noqa: E731
    until(lambda: len(ends()) >= CONNECTIONS, postfix.log)
    assert [line for line in ends() if " starttls=1 " not in line or " bdat=" not in line] == []
    assert " data=" not in postfix.log()[before:]


def test_r09_an_international_address_arrives(sending: School, postfix: Postfix) -> None:
    sending.enrol(f"лидия@{HERE}", "Лидия")
    sending.work()
    (mail,) = postfix.arrived(1)
    assert f"<лидия@{HERE}>\r\n".encode() in mail
    assert f"Delivered-To: лидия@{HERE}\r\n".encode() in mail
    assert [one.state for one in sending.deliveries()] == [State.ACCEPTED]


def test_a_recipient_that_it_does_not_know_fails_and_is_suppressed(sending: School, postfix: Postfix) -> None:
    enrolment = sending.enrol(f"nobody1@{HERE}")
    sending.enrol(f"reader1@{HERE}")
    sending.work()
    assert len(postfix.arrived(1)) == 1
    nobody, reader = sending.deliveries()
    assert (nobody.state, reader.state) == (State.FAILED, State.ACCEPTED)
    assert (nobody.reply or "").startswith("550 5.1.1")
    assert sending.change(lambda session: is_suppressed(session, KEY, f"nobody1@{HERE}"))
    assert sending.enrolment(enrolment).state == "left"


def test_a_message_that_is_too_large_fails_and_harms_neither_its_reader_nor_another(
    sending: School, postfix: Postfix
) -> None:
    enrolment = sending.enrol(f"reader1@{HERE}")

    sending.swell(MOST_OCTETS)
    sending.work()
    (row,) = sending.deliveries()
    assert (row.state, (row.reply or "")[:9]) == (State.FAILED, "552 5.3.4")
    assert not sending.change(lambda session: is_suppressed(session, KEY, f"reader1@{HERE}"))
    assert sending.enrolment(enrolment).state == "active"
    assert postfix.arrived(0) == []


def test_a_relay_that_stops_in_mid_send_loses_nothing_and_every_copy_is_listed(
    school: School, postfix: Postfix
) -> None:
    left = 0  # that it takes until it stops

    def hear(parcel: Parcel, attempt: Attempt) -> None:
        nonlocal left
        left -= attempt.accepted
        if attempt.accepted and left == 0:
            postfix.stop()

    connect(school, postfix.relay, hear)
    enrol_many(school, 60)
    for left in (15, 15, 15):  # noqa: B007 - counted down where the answers are heard
        school.work()
        postfix.start()
        school.clock.move_to(school.clock.now() + UNKNOWN_REST)
    for _ in range(2):  # what is left, then what was in doubt the last time
        school.work()
        school.clock.move_to(school.clock.now() + UNKNOWN_REST)
    school.mailer.close()
    assert {one.state for one in school.deliveries()} == {State.ACCEPTED}
    mails = ids_of(postfix.arrived(60))
    in_doubt = Counter(one.delivery for one in school.change(doubts))
    assert mails.keys() == {in_the_ledger(one) for one in school.deliveries()}
    copies = {one.id: mails[in_the_ledger(one)] for one in school.deliveries()}
    assert [one for one, count in copies.items() if count > 1 + in_doubt[one]] == []


def test_r10_a_certificate_of_another_authority_defers(
    school: School, postfix: Postfix, tmp_path: Path
) -> None:
    connect(school, Relay("localhost", postfix.port, ca_file=make_certificates(tmp_path).authority))
    enrol_many(school, 3)
    school.work()
    school.mailer.close()
    rows = school.deliveries()
    assert [(one.state, one.attempts) for one in rows] == [(State.DEFERRED, 0)] * 3
    assert {one.reply for one in rows} == {"TLS failed: unable to get local issuer certificate"}
    assert postfix.inbox() == []
    connect(school, postfix.relay)
    school.clock.move_to(school.clock.now() + timedelta(minutes=1))
    school.work()
    school.mailer.close()
    assert len(postfix.arrived(3)) == 3


@pytest.mark.parametrize("gone", ["gone@behind.example.org", "лидия@behind.example.org"])
def test_what_postfix_bounces_comes_to_our_listener_and_suppresses_the_right_reader(
    sending: School, postfix: Postfix, certificates: Certificates, gone: str
) -> None:
    names = Names(KEY, ORIGIN.bounce_domain, ORIGIN.domain)
    intake = Intake(sending.database, sending.clock, names)
    enrolments = [sending.enrol(gone), sending.enrol(f"reader1@{HERE}")]
    with (
        ScriptedSmtp(RCPT=b"550 5.1.1 no such user here\r\n") as behind,
        BounceListener(
            intake, "127.0.0.1", 0, name="mail.letters.example.org", tls=certificates.server
        ) as listener,
    ):
        postfix.route({"behind.example.org": behind.port, ORIGIN.bounce_domain: listener.port})
        sending.work()
        assert [one.state for one in sending.deliveries()] == [State.ACCEPTED] * 2, "the relay took both"
        until(lambda: everything(sending, Suppression), postfix.log)
    assert f"TLS connection established to 127.0.0.1[127.0.0.1]:{listener.port}" in postfix.log()
    (bounce,) = everything(sending, Bounce)
    assert (bounce.kind, bounce.status) == ("hard", "5.1.1")
    assert bounce.delivery_id == sending.deliveries()[0].id
    assert sending.change(lambda session: is_suppressed(session, KEY, gone))
    assert [sending.enrolment(one).state for one in enrolments] == ["left", "active"]
    assert len(postfix.arrived(1)) == 1


def everything(school: School, table: type) -> Sequence:
    with school.database.read() as session:
        return session.scalars(select(table)).all()
