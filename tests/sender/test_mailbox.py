"""The local mailbox: a real SMTP server, a real Maildir, and mails that can be shown whatever they hold."""

import mailbox
from pathlib import Path

import pytest
from certificates import Certificates
from hypothesis import given, settings
from hypothesis import strategies as st
from one_mail import NOW, OneMail

from courseletter.errors import CourseletterError, InvalidInput
from sender.dkim import DkimKey
from sender.mailbox import LocalMailbox
from sender.relay import Relay
from sender.smtp import SmtpTransport
from sender.stored_mail import read_mail
from sender.transport import Envelope

ENVELOPE = Envelope("b+7-abc@bounces.example.org", "robin@example.net")


def put(box: LocalMailbox, *messages: bytes) -> None:
    transport = SmtpTransport(Relay(box.host, box.port, security="none"))
    for message in messages:
        assert transport.deliver(ENVELOPE, message, lambda: True).accepted
    transport.close()


def test_a_signed_mail_is_read_back(tmp_path: Path, mail: OneMail, ed25519_key: DkimKey) -> None:
    raw = mail.write([ed25519_key])
    with LocalMailbox(tmp_path / "mails") as box:
        put(box, raw)
        (stored,) = box.messages()
        assert box.message(stored.key) == stored
    assert stored.subject == "Lesson 1: Why soil matters"
    assert stored.from_ == "The Garden Letter <letters@example.org>"
    assert stored.to == "Robin Reader <robin@example.net>"
    assert stored.return_path == "b+7-abc@bounces.example.org"
    assert stored.date == NOW
    assert stored.html == mail.html
    assert stored.text == "Soil is alive.\r\n"
    assert stored.unsubscribe_url == mail.unsubscribe_url
    assert stored.dkim_signed
    assert stored.raw.endswith(raw)
    assert ("Precedence", "bulk") in stored.headers


def test_mails_lie_in_a_maildir_in_order_of_arrival(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "mails"
    with LocalMailbox(folder) as box:
        put(box, *(b"Subject: %d\r\n\r\n" % number for number in range(12)))
        assert [mail.subject for mail in box.messages()] == [str(number) for number in range(12)]
    assert len(list((folder / "new").iterdir())) == 12
    assert list((folder / "tmp").iterdir()) == []
    assert len(mailbox.Maildir(folder, create=False)) == 12


def test_a_mailbox_is_opened_again(tmp_path: Path) -> None:
    for subject in (b"one", b"two"):
        with LocalMailbox(tmp_path) as box:
            put(box, b"Subject: " + subject + b"\r\n\r\n")
    assert [mail.subject for mail in LocalMailbox(tmp_path).messages()] == ["one", "two"]


@pytest.mark.parametrize("key", ["", "..", "../new", "/etc/passwd", "nothing"])
def test_unknown_keys_open_no_file(tmp_path: Path, key: str) -> None:
    assert LocalMailbox(tmp_path).message(key) is None


def test_starttls(tmp_path: Path, certificates: Certificates) -> None:
    with LocalMailbox(tmp_path, tls=certificates.server) as box:
        transport = SmtpTransport(Relay("localhost", box.port, ca_file=certificates.authority))
        assert transport.deliver(ENVELOPE, b"Subject: x\r\n\r\n", lambda: True).accepted
        transport.close()
        assert len(box.messages()) == 1


def test_a_taken_port_and_an_outside_address_are_said(tmp_path: Path) -> None:
    with (
        LocalMailbox(tmp_path / "a") as box,
        pytest.raises(CourseletterError, match="Give another port"),
        LocalMailbox(tmp_path / "b", port=box.port),
    ):
        pass
    with pytest.raises(InvalidInput):
        LocalMailbox(tmp_path / "c", host="0.0.0.0")
    (tmp_path / "file").touch()
    with pytest.raises(CourseletterError, match="cannot be made"):
        LocalMailbox(tmp_path / "file")


HOSTILE = [
    b"",
    b"\r\n",
    b"no header at all",
    b"Date: nonsense\r\nSubject: =?utf-8?b?!!!?= =?x-none?q?=FF?=\r\n\r\n",
    b"Date: Mon, 99 Foo 99999 99:99:99 +9999\r\n\r\n",
    b"Subject: \xff\xfe raw\r\n\r\nbody \xff",
    b"Content-Type: text/html; charset=x-none\r\n\r\n<b>\xff",
    b"Content-Type: text/html; charset*=utf-8''%FF\r\n\r\nx",
    b"Content-Type: multipart/mixed\r\n\r\nno boundary",
    b"Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\nA",
    b"Content-Type: text/plain\r\nContent-Transfer-Encoding: x-uuencode\r\n\r\nbegin\n",
    b"Content-Type: multipart/mixed; boundary=a\r\n\r\n"
    + b"--a\r\nContent-Type: multipart/mixed; boundary=a\r\n\r\n" * 50,
    b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(3000)),
    b"Content-Type: message/rfc822\r\n\r\n" * 3000,
    b"From: " + b"(" * 5000 + b"\r\n\r\n",
    b"List-Unsubscribe: <javascript:alert(1)>\r\n\r\n",
]


@pytest.mark.parametrize("raw", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_mails_are_read_all_the_same(raw: bytes) -> None:
    stored = read_mail("key", raw)
    assert stored.raw == raw
    assert stored.unsubscribe_url is None
    assert stored.date is None
    (stored.subject + stored.from_ + stored.html + stored.text).encode()


@settings(max_examples=200, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(
            ["From", "Date", "Subject", "Content-Type", "Content-Transfer-Encoding", "List-Unsubscribe"]
        ),
        st.binary(max_size=60) | st.text(max_size=60).map(str.encode),
    ),
    st.binary(max_size=100),
)
def test_any_octets_are_read(fields: dict[str, bytes], body: bytes) -> None:
    head = b"".join(name.encode() + b": " + value + b"\r\n" for name, value in fields.items())
    read_mail("key", head + b"\r\n" + body)


def test_a_hostile_mail_hides_no_other(tmp_path: Path) -> None:
    with LocalMailbox(tmp_path) as box:
        put(box, b"Subject: one\r\n\r\n", *(raw + b"\r\n" for raw in HOSTILE[3:9]), b"Subject: two\r\n\r\n")
        subjects = [mail.subject for mail in box.messages()]
    assert (len(subjects), subjects[0], subjects[-1]) == (8, "one", "two")
