"""What each kind of returned mail is read as, and that no mail at all can trip the reader."""

import random
import time
from email.message import EmailMessage

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from samples import BOUNCES, MESSAGE_ID, READER, RETURN_PATH, SAMPLES, Sample
from school import KEY

from sender.bounces import mime
from sender.bounces.reading import read_report
from sender.bounces.report import Kind
from sender.return_path import opt_out_address


def test_the_table_is_wide() -> None:
    assert len(SAMPLES) >= 60
    assert len({one.name for one in SAMPLES}) == len(SAMPLES)
    assert {one.kind for one in SAMPLES} == set(Kind)


@pytest.mark.parametrize("sample", SAMPLES, ids=[one.name for one in SAMPLES])
def test_what_a_returned_mail_means(sample: Sample) -> None:
    report = read_report(sample.raw, RETURN_PATH)
    assert report.kind is sample.kind, report
    if sample.kind in (Kind.HARD, Kind.SOFT, Kind.REFUSED):
        assert report.status == sample.status
        assert report.text


@pytest.mark.parametrize("sample", SAMPLES, ids=[one.name for one in SAMPLES])
def test_r11_our_names_are_found_without_an_envelope(sample: Sample) -> None:
    assert RETURN_PATH in read_report(sample.raw).names


def test_the_returned_message_id_is_found_where_the_address_is_lost() -> None:
    raw = next(one.raw for one in SAMPLES if one.name == "postfix unknown user")
    report = read_report(raw.replace(RETURN_PATH.encode(), b"somebody@elsewhere.example"))
    assert MESSAGE_ID in report.names
    assert report.address == READER


@pytest.mark.parametrize("name", ["Outlook.com JMRP", "AOL feedback"])
def test_a_feedback_report_that_names_nobody_is_looked_up_by_what_it_gives_back(name: str) -> None:
    raw = next(one.raw for one in SAMPLES if one.name == name)
    lines = [line for line in raw.split(b"\r\n") if not line.startswith((b"Return-Path", b"Original-Rcpt"))]
    report = read_report(b"\r\n".join(lines), f"fbl@{BOUNCES}")
    assert (report.kind, report.address) == (Kind.COMPLAINT, READER)
    assert MESSAGE_ID in report.names


def test_a_mail_to_the_unsubscribe_address_is_a_wish() -> None:
    address = opt_out_address(KEY, 3, 7, BOUNCES)
    written = EmailMessage()
    written["From"], written["To"], written["Subject"] = READER, address, "unsubscribe"
    for report in (read_report(written.as_bytes(), address), read_report(written.as_bytes())):
        assert (report.kind, report.names) == (Kind.UNSUBSCRIBE, (address,))


@pytest.mark.parametrize(
    "field",
    ["Auto-Submitted: auto-replied", "X-Autoreply: yes", "From: MAILER-DAEMON@x.example", "Return-Path: <>"],
)
def test_what_a_program_sends_there_is_none(field: str) -> None:
    raw = f"{field}\r\nSubject: hello\r\n\r\nunsubscribe\r\n".encode()
    assert read_report(raw, opt_out_address(KEY, 3, 7, BOUNCES)).kind is Kind.NOTICE


def test_a_report_that_quotes_the_unsubscribe_address_is_no_wish() -> None:
    address = opt_out_address(KEY, 3, 7, BOUNCES)
    raw = SAMPLES[0].raw.replace(b"<https://letters", f"<mailto:{address}>, <https://letters".encode())
    assert read_report(raw, RETURN_PATH).kind is Kind.HARD
    assert read_report(raw).kind is Kind.HARD


MEGABYTE = 1_000_000


def _nested(levels: int) -> bytes:
    heads = (b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(levels))
    return b"".join(heads)


def _within(parts: bytes) -> bytes:
    return b"From: MAILER-DAEMON@x\r\nContent-Type: multipart/report; boundary=a\r\n\r\n--a\r\n" + parts


STATUS = b"Content-Type: message/delivery-status\r\n\r\n"
BASE64 = b"Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\n"
HOSTILE = {
    "nothing": b"",
    "one line end": b"\r\n",
    "no head": b"just words " * 1000,
    "no body": b"Subject: x",
    "raw 8 bit head": b"Subject: \xff\xfe\x80 Undeliverable\r\nFrom: \xc3\x28\r\n\r\n\xff",
    "NUL": b"\0" * MEGABYTE,
    "ten thousand levels": _nested(10_000),
    "ten thousand messages": b"Content-Type: message/rfc822\r\n\r\n" * 10_000,
    "ten thousand digests": b"Content-Type: multipart/digest; boundary=a\r\n\r\n--a\r\n\r\n" * 10_000,
    "the same boundary at all levels": b"Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\n" * 10_000,
    "a hundred thousand parts": _within(b"\r\nx\r\n--a\r\n" * 100_000),
    "delimiters of spaces": _within(b"\r\n--a" + b" " * MEGABYTE + b"x"),
    "an endless field": b"Subject: " + b"a" * MEGABYTE,
    "an endless folded field": b"Subject: a" + b"\r\n a" * 300_000,
    "a hundred thousand fields": b"To: x\r\n" * 140_000,
    "only colons": b":" * MEGABYTE,
    "only dashes": b"Content-Type: multipart/mixed; boundary=-\r\n\r\n" + b"-" * MEGABYTE,
    "blank lines": b"\r\n" * (MEGABYTE // 2),
    "status of blank lines": _within(STATUS + b"\r\n \t" * (MEGABYTE // 4)),
    "status of a hundred thousand recipients": _within(STATUS + b"Action: failed\r\n\r\n" * 60_000),
    "status of one endless word": _within(
        STATUS + b"Action: failed\r\nDiagnostic-Code: " + b"user" * 250_000
    ),
    "status of brackets": _within(STATUS + b"Action: failed\r\nStatus: " + b"5." * 500_000),
    "unknown charset": b"From: MAILER-DAEMON@x\r\nContent-Type: text/plain; charset=punycode\r\n\r\n"
    + b"a-" * 99_999,
    "charset that is none": b"Content-Type: text/plain; charset=bz2\r\n\r\n" + b"x" * 999,
    "base64 of nonsense": BASE64 + b"A" * 7 + b"=!" * 99_999,
    "quoted-printable of nonsense": b"Content-Transfer-Encoding: quoted-printable\r\n\r\n" + b"=" * MEGABYTE,
    "user user user": b"From: MAILER-DAEMON@x\r\nSubject: Undeliverable\r\n\r\n" + b"user " * 200_000,
    "address address": b"From: MAILER-DAEMON@x\r\nSubject: failure notice\r\n\r\n" + b"<a@b>:" * 160_000,
    "almost a name": b"Subject: x\r\n\r\n" + b"b+" * 500_000,
    "a hundred thousand names": b"Subject: x\r\n\r\n" + f"{RETURN_PATH} ".encode() * 15_000,
    "an attached archive": _within(b"Content-Type: application/zip\r\n\r\nPK\x03\x04" + b"\0" * 900_000),
    "no daemon, no mark": b"From: a@b\r\nSubject: x\r\n\r\n"
    + b"Your message <a@b>: was rejected\r\n" * 30_000,
    "injected field": b"From: MAILER-DAEMON@x\r\nSubject: Undelivered\r\n\r\n550 user unknown\r\nBcc: x",
}


@pytest.mark.parametrize("raw", HOSTILE.values(), ids=HOSTILE)
def test_hostile_mails_are_read_in_time(raw: bytes) -> None:
    begun = time.process_time()
    report = read_report(raw, RETURN_PATH)
    spent = time.process_time() - begun
    assert spent < 1.0, f"{spent:.2f} s"
    assert len(report.names) <= 51
    report.text.encode("utf-8", "surrogatepass")


@pytest.mark.parametrize(
    "raw", [_nested(40_000), b"<a@b>:\r\n" * 400_000, b"--a\r\n" * 600_000], ids=["deep", "wide", "cut"]
)
def test_beyond_a_megabyte_nothing_is_looked_at(raw: bytes) -> None:
    whole = b"Content-Type: multipart/mixed; boundary=a\r\n\r\n" + raw
    assert mime.read(whole) == mime.read(whole[: mime.MOST_OCTETS])


def _twice_as_long(make: bytes, count: int) -> float:
    """How much longer a mail of twice the length takes: the best of three, to be deaf to the machine."""

    def best(raw: bytes) -> float:
        times = []
        for _ in range(3):
            begun = time.process_time()
            read_report(raw, RETURN_PATH)
            times.append(time.process_time() - begun)
        return min(times)

    return best(make * (2 * count)) / max(best(make * count), 0.002)


@pytest.mark.parametrize(
    "piece",
    [
        b"user unknown <a@b>: 550 5.1.1\r\n",
        b"Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\n",
        b"a: b\r\n",
    ],
)
def test_time_grows_with_the_length_and_no_faster(piece: bytes) -> None:
    assert _twice_as_long(piece, 400_000 // len(piece)) < 4


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=2000), st.text(max_size=80))
def test_any_octets_are_read(raw: bytes, recipient: str) -> None:
    read_report(raw, recipient)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(SAMPLES), st.randoms(use_true_random=False))
def test_mutated_reports_are_read(sample: Sample, chance: random.Random) -> None:
    raw = bytearray(sample.raw)
    for _ in range(chance.randint(1, 30)):
        at, length = chance.randint(0, len(raw)), chance.randint(0, 40)
        raw[at : at + length] = chance.choice(
            [b"", b"\r\n", b"\xff", b"--", b":", bytes(raw[:length]), b"=?utf-8?b?="]
        )
    read_report(bytes(raw), RETURN_PATH)
    assert read_report(bytes(raw)).kind in Kind


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=400), st.text(max_size=100))
def test_no_mail_of_a_person_is_a_bounce(text: str, subject: str) -> None:
    mail = EmailMessage()
    mail["From"], mail["To"] = READER, RETURN_PATH
    mail["Subject"] = "Re: " + "".join(c for c in subject if c.isalnum() or c == " ")
    mail.set_content("Dear all, " + text.encode("utf-8", "ignore").decode())
    assert read_report(mail.as_bytes(), RETURN_PATH).kind is Kind.NOTICE
