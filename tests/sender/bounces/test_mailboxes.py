"""A bounce mailbox read by IMAP and by POP3 from a real server, Dovecot."""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from certificates import Certificates
from desk import Desk
from dovecot import PASSWORD, USER, Dovecot, running
from samples import RETURN_PATH, SAMPLES
from school import KEY, School

from courseletter.errors import CourseletterError
from sender.bounces.mailboxes import Account, ImapMailbox, Mailbox, Pop3Mailbox
from sender.bounces.models import Bounce
from sender.bounces.recording import Effect
from sender.return_path import return_path
from subscribers.models import Suppression

HARD = next(one.raw for one in SAMPLES if one.name == "postfix unknown user")
LETTER = b"From: a@x.example\r\nTo: bounces@example.org\r\nSubject: hello\r\n\r\nNothing to do with you.\r\n"

Security = Literal["tls", "starttls", "none"]


@pytest.fixture(scope="module")
def server(certificates: Certificates) -> Iterator[Dovecot]:
    with running(certificates) as dovecot:
        yield dovecot


@pytest.fixture
def dovecot(server: Dovecot) -> Iterator[Dovecot]:
    yield server
    for part in ("new", "cur"):
        for path in (server.maildir / part).iterdir():
            path.unlink()


@pytest.fixture
def desk(school_on_sqlite: School) -> Desk:
    return Desk(school_on_sqlite)


def account(
    dovecot: Dovecot, certificates: Certificates, protocol: str, security: Security, password: str = PASSWORD
) -> Account:
    port = getattr(dovecot, f"{protocol}s" if security == "tls" else protocol)
    ca_file = str(certificates.authority)
    return Account("localhost", port, security, USER, password, ca_file=ca_file)


def mailbox(protocol: str, account: Account) -> Mailbox:
    return ImapMailbox(account) if protocol == "imap" else Pop3Mailbox(account)


def about(desk: Desk, raw: bytes) -> bytes:
    return raw.replace(RETURN_PATH.encode(), return_path(KEY, desk.sent.id, "bounces.example.org").encode())


@pytest.mark.parametrize("protocol", ["imap", "pop3"])
@pytest.mark.parametrize("security", ["tls", "starttls", "none"])
def test_what_concerns_us_is_recorded_and_deleted_and_the_rest_stays(
    desk: Desk, dovecot: Dovecot, certificates: Certificates, protocol: str, security: Security
) -> None:
    dovecot.deliver("1.bounce", about(desk, HARD))
    dovecot.deliver("2.letter", LETTER)
    dovecot.deliver("3.again", about(desk, HARD))
    dovecot.deliver("4.forged", HARD)
    box = mailbox(protocol, account(dovecot, certificates, protocol, security))
    effects = box.poll(desk.intake)
    assert effects == {Effect.SUPPRESSED: 1, Effect.KNOWN: 1, Effect.NOTHING: 1, Effect.FOREIGN: 1}
    assert len(desk.all(Bounce)) == 1
    assert dovecot.names() == ["2.letter", "4.forged"]
    assert box.poll(desk.intake) == {}, "what was looked at is not looked at again"


@pytest.mark.parametrize("protocol", ["imap", "pop3"])
def test_a_mail_that_cannot_be_recorded_waits_for_the_next_look(
    desk: Desk, dovecot: Dovecot, certificates: Certificates, protocol: str
) -> None:
    dovecot.deliver("1.bounce", about(desk, HARD))
    box = mailbox(protocol, account(dovecot, certificates, protocol, "tls"))
    with desk.school.database.write() as session:
        session.connection().exec_driver_sql("ALTER TABLE bounces RENAME TO away")
    with pytest.raises(Exception, match="no such table"):
        box.poll(desk.intake)
    with desk.school.database.write() as session:
        session.connection().exec_driver_sql("ALTER TABLE away RENAME TO bounces")
    assert dovecot.names() == ["1.bounce"]
    assert box.poll(desk.intake) == {Effect.SUPPRESSED: 1}
    assert dovecot.names() == []


@pytest.mark.parametrize("protocol", ["imap", "pop3"])
def test_a_huge_mail_is_read_in_part(
    desk: Desk, dovecot: Dovecot, certificates: Certificates, protocol: str
) -> None:
    dovecot.deliver("1.bounce", about(desk, HARD) + b"and so on and so forth\r\n" * 500_000)
    box = mailbox(protocol, account(dovecot, certificates, protocol, "tls"))
    assert box.poll(desk.intake) == {Effect.SUPPRESSED: 1}


@pytest.mark.parametrize("protocol", ["imap", "pop3"])
def test_a_line_without_an_end_stops_no_other_mail(
    desk: Desk, dovecot: Dovecot, certificates: Certificates, protocol: str
) -> None:
    dovecot.deliver("1.endless", b"Subject: x\r\n\r\n" + b"x" * 3_000_000)
    dovecot.deliver("2.bounce", about(desk, HARD))
    box = mailbox(protocol, account(dovecot, certificates, protocol, "tls"))
    for _ in range(2):
        try:
            box.poll(desk.intake)
        except CourseletterError:
            continue
    assert len(desk.all(Suppression)) == 1


@pytest.mark.parametrize("protocol", ["imap", "pop3"])
def test_what_stands_in_the_way_is_one_line_that_names_the_settings(
    desk: Desk, dovecot: Dovecot, certificates: Certificates, protocol: str, tmp_path: Path
) -> None:
    wrong = account(dovecot, certificates, protocol, "tls", password="wrong")
    closed = Account("127.0.0.1", 1, "none", USER, PASSWORD)
    unknown = Account("localhost", wrong.port, "tls", USER, PASSWORD)  # an authority that nobody trusts
    for one in (wrong, closed, unknown):
        with pytest.raises(CourseletterError, match=r"\[mailbox\]") as caught:
            mailbox(protocol, one).poll(desk.intake)
        assert "\n" not in str(caught.value)
        assert PASSWORD not in str(caught.value)
