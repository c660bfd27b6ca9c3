"""The bounce domain's mail server, spoken to over a real socket by another SMTP client."""

import smtplib
import socket
import ssl
from collections.abc import Iterator

import pytest
from certificates import Certificates
from desk import Desk
from samples import BOUNCES, RETURN_PATH, SAMPLES
from school import KEY, School
from waiting import until

from courseletter.errors import CourseletterError
from sender.bounces.listener import BounceListener
from sender.bounces.models import Bounce
from sender.return_path import opt_out_address, return_path
from subscribers.models import Membership, Suppression

HARD = next(one.raw for one in SAMPLES if one.name == "postfix unknown user")
FEEDBACK = f"fbl@{BOUNCES}"


@pytest.fixture
def desk(school: School) -> Desk:
    return Desk(school)


@pytest.fixture
def here(school_on_sqlite: School) -> Desk:
    return Desk(school_on_sqlite)


@pytest.fixture
def listener(here: Desk) -> Iterator[BounceListener]:
    with listening(here) as open_listener:
        yield open_listener


def listening(desk: Desk, tls: ssl.SSLContext | None = None) -> BounceListener:
    return BounceListener(
        desk.intake, "127.0.0.1", 0, name="mail.example.org", feedback_address=FEEDBACK, tls=tls
    )


def client(listener: BounceListener) -> smtplib.SMTP:
    smtp = smtplib.SMTP(listener.host, listener.port, timeout=10)
    smtp.ehlo("mx.inbox.example.net")
    return smtp


def address(desk: Desk) -> str:
    return return_path(KEY, desk.sent.id, BOUNCES)


def test_a_bounce_is_recorded_before_it_is_accepted(desk: Desk) -> None:
    with listening(desk) as listener, client(listener) as smtp:
        smtp.sendmail("", [address(desk)], HARD)
        assert [one.kind for one in desk.all(Bounce)] == ["hard"]
        smtp.sendmail("", [address(desk).upper()], HARD)
    assert len(desk.all(Suppression)) == 1
    assert len(desk.events("bounced")) == 1


def test_r11_mail_for_others_is_refused_before_its_body(here: Desk, listener: BounceListener) -> None:
    strangers = [
        f"postmaster@{BOUNCES}",
        "somebody@elsewhere.example",
        return_path(b"l" * 32, here.sent.id, BOUNCES),
        address(here).replace(BOUNCES, "elsewhere.example"),
        address(here).replace("b+1-", "b+2-"),
        f"{address(here)}%elsewhere.example@{BOUNCES}",
        opt_out_address(b"l" * 32, 1, 1, BOUNCES),
    ]
    with client(listener) as smtp:
        for stranger in strangers:
            assert smtp.mail("")[0] == 250
            assert smtp.rcpt(stranger)[0] in (550, 553), stranger
            assert smtp.docmd("DATA")[0] == 503
            smtp.rset()
    assert here.untouched()


def test_it_takes_one_recipient_at_a_time(here: Desk, listener: BounceListener) -> None:
    with client(listener) as smtp:
        smtp.mail("")
        assert smtp.rcpt(address(here))[0] == 250
        assert smtp.rcpt(return_path(KEY, 99, BOUNCES))[0] == 452


def test_a_wish_to_leave_is_taken(here: Desk, listener: BounceListener) -> None:
    (member,) = here.all(Membership)
    to = opt_out_address(KEY, member.list_id, member.subscriber_id, BOUNCES)
    with client(listener) as smtp:
        smtp.sendmail("ada@inbox.example.org", [to], b"From: ada@inbox.example.org\r\nSubject: bye\r\n\r\n")
    assert [one.status for one in here.all(Membership)] == ["unsubscribed"]


def test_the_feedback_address_takes_complaints_that_name_us(here: Desk, listener: BounceListener) -> None:
    raw = next(one.raw for one in SAMPLES if one.name == "AOL feedback")
    ours = raw.replace(RETURN_PATH.encode(), address(here).encode())
    with client(listener) as smtp:
        smtp.sendmail("scomp@aol.example", [FEEDBACK], raw)
        assert here.untouched()
        smtp.sendmail("scomp@aol.example", [FEEDBACK], ours)
    assert [one.reason for one in here.all(Suppression)] == ["complained"]


def test_what_is_too_long_is_refused(here: Desk, listener: BounceListener) -> None:
    with client(listener) as smtp:
        assert smtp.docmd("MAIL", "FROM:<> SIZE=2000000")[0] == 552
        smtp.mail("")
        smtp.rcpt(address(here))
        code, _ = smtp.data(HARD + b"x" * 70 + b"\r\n" + (b"y" * 70 + b"\r\n") * 15_000)
        assert code == 552
        smtp.sendmail("", [address(here)], HARD)
    assert len(here.all(Bounce)) == 1


def test_long_lines_and_raw_octets_do_not_lose_a_bounce(here: Desk, listener: BounceListener) -> None:
    with client(listener) as smtp:
        smtp.sendmail("", [address(here)], HARD + b"\xff\x00" * 5000 + b"\r\n")
    assert len(here.all(Bounce)) == 1


def test_more_than_ten_connections_of_a_peer_are_turned_away(listener: BounceListener) -> None:
    held = [socket.create_connection((listener.host, listener.port), 10) for _ in range(10)]
    for one in held:
        assert one.recv(100).startswith(b"220 mail.example.org")
    with socket.create_connection((listener.host, listener.port), 10) as more:
        assert more.recv(100).startswith(b"421 4.7.0")
        assert more.recv(100) == b""
    held.pop().close()
    for _ in range(200):  # until the server has seen that one is gone
        with socket.create_connection((listener.host, listener.port), 10) as again:
            if again.recv(100).startswith(b"220"):
                break
    else:
        raise AssertionError("a place that was left stays taken")
    for one in held:
        one.close()


def test_a_database_that_is_down_keeps_the_mail_with_its_sender(here: Desk, listener: BounceListener) -> None:
    with here.school.database.write() as session:
        session.connection().exec_driver_sql("ALTER TABLE bounces RENAME TO away")
    with client(listener) as smtp:
        smtp.mail("")
        smtp.rcpt(address(here))
        assert smtp.data(HARD)[0] == 451
        with here.school.database.write() as session:
            session.connection().exec_driver_sql("ALTER TABLE away RENAME TO bounces")
        smtp.sendmail("", [address(here)], HARD)
    assert len(here.all(Bounce)) == 1


def test_a_bounce_may_come_encrypted(here: Desk, certificates: Certificates) -> None:
    trusted = ssl.create_default_context(cafile=certificates.authority)
    with (
        listening(here, certificates.server) as listener,
        smtplib.SMTP("localhost", listener.port, timeout=10) as smtp,
    ):
        smtp.starttls(context=trusted)
        smtp.ehlo("mx.inbox.example.net")
        assert not smtp.has_extn("starttls")
        assert not smtp.has_extn("auth")
        smtp.sendmail("", [address(here)], HARD)
    assert len(here.all(Bounce)) == 1


def test_what_was_injected_before_the_encryption_is_forgotten(here: Desk, certificates: Certificates) -> None:
    trusted = ssl.create_default_context(cafile=certificates.authority)
    with (
        listening(here, certificates.server) as listener,
        socket.create_connection((listener.host, listener.port), 10) as plain,
    ):
        heard(plain, b"220 mail.example.org")
        plain.sendall(b"EHLO x\r\n")
        heard(plain, b"250-STARTTLS\r\n", b"250 HELP\r\n")
        plain.sendall(b"STARTTLS\r\nMAIL FROM:<>\r\n")
        heard(plain, b"220 Ready to start TLS\r\n")
        with trusted.wrap_socket(plain, server_hostname="localhost") as encrypted:
            encrypted.sendall(b"EHLO x\r\n")
            heard(encrypted, b"250 HELP\r\n")
            encrypted.sendall(b"RCPT TO:<%b>\r\n" % address(here).encode())
            heard(encrypted, b"503 Error: need MAIL command\r\n")


def heard(connection: socket.socket, *words: bytes) -> None:
    """Read until all of these were said."""
    said = b""
    while not all(word in said for word in words):
        octets = connection.recv(1000)
        assert octets, said
        said += octets


def test_an_encrypted_peer_counts_once_and_leaves_its_place(here: Desk, certificates: Certificates) -> None:
    trusted = ssl.create_default_context(cafile=certificates.authority)
    trusted.check_hostname = False
    with listening(here, certificates.server) as listener:
        for _ in range(3):
            held = [client(listener) for _ in range(10)]
            for one in held[1:]:
                one.starttls(context=trusted)
                one.quit()
            held[0].docmd("STARTTLS")
            held[0].send(b"no handshake\r\n")
            held[0].close()
            until(lambda: listener._peers == {}, lambda: str(listener._peers))


def test_r11_an_international_address_is_a_stranger_too(here: Desk, listener: BounceListener) -> None:
    with client(listener) as smtp:
        assert smtp.has_extn("smtputf8")
        assert smtp.docmd("MAIL", "FROM:<> SMTPUTF8")[0] == 250
        smtp.send(f"RCPT TO:<лидия@{BOUNCES}>\r\n".encode())
        assert smtp.getreply()[0] == 550
        smtp.send(b"RCPT TO:<\xff\xfe@x>\r\n")
        assert smtp.getreply()[0] >= 500
        assert smtp.rcpt(address(here))[0] == 250


def test_it_ends_while_somebody_is_connected(here: Desk) -> None:
    with listening(here) as listener:
        held = client(listener)
    held.close()


def test_a_port_that_is_taken_is_said(here: Desk, listener: BounceListener) -> None:
    with (
        pytest.raises(CourseletterError, match="The bounce listener cannot listen on port"),
        BounceListener(here.intake, "127.0.0.1", listener.port, name="x"),
    ):
        pass
