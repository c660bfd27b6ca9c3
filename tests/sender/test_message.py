"""The bytes of one mail, read back by the standard library's two parsers and by dkimpy."""

import email
import re
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from email.header import decode_header, make_header
from email.message import Message
from email.policy import compat32
from typing import Any, cast

import dkim
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from one_mail import NOW, OneMail
from reading import assert_canonical, parsed

from courseletter.config import LONGEST_BASE_URL
from sender.dkim import DkimKey
from sender.links import Links
from sender.message import Stamp, UnsafeMessage, check_head, message_id
from subscribers.tokens import Tokens

FIELDS = [
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "Reply-To",
    "List-Id",
    "Precedence",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
    "Content-Language",
    "MIME-Version",
    "Content-Type",
]

# Values that a header or a body must carry unharmed, or that must be refused: never anything else.
HOSTILE = [
    "",
    "Zoë",
    "李雷" * 40,
    "emoji 😀" * 30,
    "á" * 60,
    "שלום עולם",
    ".leading dot",
    "..",
    ".",
    "From me",
    "From From From",
    "-- ",
    "--=_abcdefghij234567",
    "--=_abcdefghij234567--",
    "=",
    "a=" * 100,
    "." * 200,
    "F" * 200,
    "x" * 3000,
    "x " * 1500,
    "x" * 71 + ".",
    "x" * 72 + ".y",
    "x" * 75 + " y",
    "  two  spaces  ",
    "trailing ",
    "\tTab\t",
    "<script>alert(1)</script>",
    "&amp;",
    "{{ 7*7 }}",
    "a, b; c: d",
    "@",
    "a@b",
    "(comment)",
    'say "hi" \\ bye',
    "Bcc: x@example.com",
    "=?utf-8?B?eA==?=",
    "=?utf-8?q?x?= =?utf-8?q?y?=",
    "=?",
    "?=",
    "\u2028\u0085x",
    "a\x0bb\x0cc\x1cd",
    "\x7f",
    "\ufeff",
    "\x01",
]
LINE_BREAKS = [
    "a\r\nBcc: x@example.com",
    "a\nBcc: x@example.com",
    "a\rBcc: x@example.com",
    "\r",
    "\n",
    "a\r\n\r\nbody",
]
REFUSED = [
    "\x00",
    "\udc80 surrogate",
    "=?utf-8?q?a=0D=0ABcc=3A_x?=",
    "=?utf-8?Q?a=0ABcc=3A_x?=",
    "=?iso-8859-1?b?YQ0KQmNjOiB4?=",
    "=?utf-8?b?PT91dGYtOD9xP2E9MEQ9MEFCY2M9M0FfeD89?=",
    "=?utf-7?q?a+AA0ACg-Bcc=3A_x?=",
    "=?utf-8*en?q?a=0D=0ABcc=3A_x?=",
    "=?nonsense?q?a=0D=0ABcc=3A_x?=",
]
HEADER_TEXTS = ["subject", "from_name", "to_name", "list_name"]


def compat(raw: bytes) -> "Message[str, str]":
    return cast("Message[str, str]", email.message_from_bytes(raw, policy=compat32))


def decoded(value: str) -> str:
    return str(make_header(decode_header(re.sub(r"\r\n(?=[ \t])", "", value))))


def assert_wire(raw: bytes) -> None:
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)", raw), "bare CR or LF"
    assert b"\0" not in raw
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    for reader in (parsed(raw), compat(raw)):
        assert reader.keys() == FIELDS
        assert not reader.defects
        assert [part.get_content_type() for part in reader.walk()] == [
            "multipart/alternative",
            "text/plain",
            "text/html",
        ]


def body(raw: bytes, subtype: str) -> str:
    part = next(part for part in compat(raw).walk() if part.get_content_subtype() == subtype)
    payload = cast(bytes, part.get_payload(decode=True))
    return payload.decode("utf-8")


def header_value(raw: bytes, field: str) -> str:
    """The value as a reader shows it: unfolded, decoded, without the address beside a display name."""
    name = {"subject": "Subject", "from_name": "From", "to_name": "To", "list_name": "List-Id"}[field]
    value = compat(raw)[name]
    if name == "Subject":
        return decoded(value)
    display = re.sub(r"\r\n(?=[ \t])", "", value).rpartition("<")[0].removesuffix(" ")
    if display.startswith('"'):
        return re.sub(r"\\(.)", r"\1", display[1:-1])
    return decoded(display)


def as_written(field: str, value: str) -> str:
    """A subject is one line of words (templates/rendering.py); names are what they are."""
    return " ".join(value.split()) if field == "subject" else value


def test_r06_exactly_one_of_each_field(mail: OneMail) -> None:
    raw = mail.write()
    assert_wire(raw)
    message = parsed(raw)
    assert message["From"] == "The Garden Letter <letters@example.org>"
    assert message["To"] == "Robin Reader <robin@example.net>"
    assert message["Subject"] == "Lesson 1: Why soil matters"
    assert message["Date"].datetime == NOW
    assert message["Message-ID"] == "<abcdefgh@example.org>"
    assert message["List-Id"] == "Garden course <course-7.example.org>"
    assert message["Precedence"] == "bulk"
    assert body(raw, "plain") == "Soil is alive.\r\n"
    assert body(raw, "html") == "<p>Soil is <b>alive</b>.</p>"


def test_r06_confirmation_mail_is_auto_submitted_and_not_list_mail(mail: OneMail) -> None:
    raw = replace(mail, auto_submitted=True, list_id=None, reply_to=None).write()
    assert parsed(raw).keys() == [
        "From",
        "To",
        "Subject",
        "Date",
        "Message-ID",
        "Auto-Submitted",
        "Content-Language",
        "MIME-Version",
        "Content-Type",
    ]
    assert parsed(raw)["Auto-Submitted"] == "auto-generated"


def test_same_mail_gives_the_same_bytes(mail: OneMail) -> None:
    assert mail.write() == replace(mail).write()


@pytest.mark.parametrize("length", [20, 78, 200, 850])
def test_r01_unsubscribe_urls_stay_raw_at_any_length(mail: OneMail, length: int) -> None:
    url = "https://example.org/u/" + "t" * length
    raw = replace(mail, unsubscribe_url=url).write()
    line = next(line for line in raw.split(b"\r\n") if line.startswith(b"List-Unsubscribe:"))
    assert line == f"List-Unsubscribe: <{url}>,".encode()
    assert b"\r\n <mailto:b+7-xyz@bounces.example.org?subject=unsubscribe>\r\n" in raw
    assert b"\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in raw


def test_r01_the_longest_link_that_settings_allow_has_its_place(mail: OneMail) -> None:
    links = Links("https://example.org/".ljust(LONGEST_BASE_URL, "x"), Tokens(b"k" * 32))
    url = links.unsubscribe(2**31 - 1, 2**31 - 1)
    assert f"\r\nList-Unsubscribe: <{url}>,\r\n".encode() in replace(mail, unsubscribe_url=url).write()


@pytest.mark.parametrize(
    "url",
    [
        "",
        "javascript:alert(1)",
        "https://example.org/a b",
        "https://example.org/>,<https://evil.test/",
        "https://example.org/\r\nBcc: x",
        "https://example.org/ü",
        "https://example.org/" + "x" * 2000,
    ],
)
def test_r01_url_that_cannot_stand_raw_is_refused(mail: OneMail, url: str) -> None:
    with pytest.raises(UnsafeMessage) as refusal:
        replace(mail, unsubscribe_url=url).write()
    assert refusal.value.field == "unsubscribe_url"


@pytest.mark.parametrize("field", HEADER_TEXTS)
@pytest.mark.parametrize("value", HOSTILE)
def test_r07_hostile_header_values_round_trip_and_are_signed(
    mail: OneMail, field: str, value: str, ed25519_key: DkimKey, dns: Callable[..., bytes]
) -> None:
    raw = replace(mail, **{field: value}).write()
    assert_wire(raw)
    assert header_value(raw, field) == as_written(field, value)
    assert max(map(len, raw.partition(b"\r\n\r\n")[0].split(b"\r\n"))) <= 100
    assert dkim.verify(replace(mail, **{field: value}).write([ed25519_key]), dnsfunc=dns)


@pytest.mark.parametrize("value", HOSTILE)
def test_r07_modern_parser_reads_the_subject_as_written(mail: OneMail, value: str) -> None:
    assert str(parsed(replace(mail, subject=value).write())["Subject"]) == as_written("subject", value)


@pytest.mark.parametrize("varying", [False, True])
@pytest.mark.parametrize("field", ["html", "text"])
@pytest.mark.parametrize(
    "value", [*HOSTILE, "\x00", "a\r\n.\r\nMAIL FROM:<x@y>", "\r", "\n\n", " \t\nx", "x\n" * 50]
)
def test_r07_hostile_bodies_round_trip_and_are_signed(
    mail: OneMail, field: str, value: str, varying: bool, ed25519_key: DkimKey, dns: Callable[..., bytes]
) -> None:
    raw = replace(mail, **{field: value}, varying=varying).write()
    assert_wire(raw)
    subtype = {"html": "html", "text": "plain"}[field]
    assert body(raw, subtype) == re.sub("\r\n|\r|\n", "\r\n", value)
    assert_canonical(raw.partition(b"\r\n\r\n")[2])
    signed = replace(mail, **{field: value}, varying=varying).write([ed25519_key])
    assert dkim.verify(signed, dnsfunc=dns)


@pytest.mark.parametrize("value", LINE_BREAKS)
def test_r08_line_breaks_in_a_subject_become_spaces(mail: OneMail, value: str) -> None:
    raw = replace(mail, subject=value).write()
    assert_wire(raw)
    assert header_value(raw, "subject") == as_written("subject", value)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *((field, value) for field in HEADER_TEXTS for value in REFUSED),
        *((field, value) for field in HEADER_TEXTS if field != "subject" for value in LINE_BREAKS),
    ],
)
def test_r08_no_crlf_or_nul_in_header_values_before_or_after_decoding(
    mail: OneMail, field: str, value: str
) -> None:
    with pytest.raises(UnsafeMessage) as refusal:
        replace(mail, **{field: value}).write()
    assert refusal.value.field == field
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("from_address", "letters@example.org>\r\nBcc: x"),
        ("to_address", '"x@evil.com y"@ours.test'),
        ("to_address", "a@x>\r\nRCPT TO:<b@y"),
        ("to_address", "not an address"),
        ("reply_to", "a@example.org\n"),
        ("message_id", "no-angle@example.org"),
        ("message_id", "<a@b>\r\nBcc: x"),
        ("list_id", "a>\r\nBcc: x"),
        ("language", "en\r\nBcc: x"),
        ("unsubscribe_mailto", "a@b>,<https://evil.test/"),
        ("unsubscribe_url", ""),
        ("date", datetime(2025, 3, 3, 7, 0)),  # noqa: DTZ001
    ],
)
def test_r08_every_other_field_is_refused_by_name(mail: OneMail, field: str, value: Any) -> None:
    with pytest.raises(UnsafeMessage) as refusal:
        replace(mail, **{field: value}).write()
    assert refusal.value.field == field


HEADER_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n\0"), max_size=300)


@settings(max_examples=150, deadline=None)
@given(
    subject=HEADER_TEXT, name=HEADER_TEXT, text=st.text(st.characters(exclude_categories=["Cs"])), varying=...
)
def test_r07_any_text_round_trips(subject: str, name: str, text: str, varying: bool) -> None:
    assume("=?" not in subject + name)
    mail = OneMail(
        from_name=name, to_name=name, list_name=name, subject=subject, html=text, text=text, varying=varying
    )
    raw = mail.write()
    assert_wire(raw)
    assert header_value(raw, "subject") == as_written("subject", subject)
    assert header_value(raw, "to_name") == name
    assert body(raw, "plain") == body(raw, "html") == re.sub("\r\n|\r|\n", "\r\n", text)
    assert_canonical(raw.partition(b"\r\n\r\n")[2])


@pytest.mark.parametrize(
    "head",
    [
        b"Subject: a\r\nBcc: x\r\n",
        b"Subject: a\r\n\r\nbody\r\n",
        b"Subject: a\nBcc: x\r\n",
        b"Subject: a\rBcc: x\r\n",
        b"Subject: a\r\nno field\r\n",
        b"Subject: a\x00\r\n",
        b"Subject: " + b"a" * 990 + b"\r\n",
        b"Subject: a\r\n " + b"b" * 998 + b"\r\n",
        b"Subject: a\r\n \r\n",
        b"Subject: a\r\nSubject: b\r\n",
        b"subject: a\r\n",
        b"Subject : a\r\n",
        b" Subject: a\r\n",
        b"Subject: a\r\n\r\n",
        b"Subject: a",
        b"",
    ],
)
def test_r08_a_head_that_reads_otherwise_than_written_is_refused(head: bytes) -> None:
    check_head(b"Subject: a\r\n b\r\n", ("Subject",))
    with pytest.raises(UnsafeMessage):
        check_head(head, ("Subject",))


def test_r08_every_finished_head_is_read_once_more(mail: OneMail) -> None:
    key = DkimKey.generate_ed25519("c1", "example.org")
    object.__setattr__(key, "selector", "c1;\r\nBcc: x@example.com;\r\n x=")  # as no check would let it be
    with pytest.raises(UnsafeMessage) as refusal:
        mail.write([key])
    assert refusal.value.field == "header"


def test_r08_the_longest_lines_that_may_be_sent(mail: OneMail) -> None:
    check_head(b"Subject: " + b"a" * 989 + b"\r\n " + b"b" * 997 + b"\r\n", ("Subject",))


def test_r09_domains_are_a_labels_and_local_parts_stay_utf8(mail: OneMail) -> None:
    international = replace(mail, to_address="jürgen@müller.example", to_name="Jürgen")
    raw = international.write()
    assert b"<j\xc3\xbcrgen@xn--mller-kva.example>" in raw
    assert parsed(raw).keys() == FIELDS


@pytest.mark.parametrize(
    ("addresses", "needed"),
    [
        ({}, False),
        ({"from_address": "jürgen@example.org"}, True),
        ({"from_address": "juergen@müller.example"}, False),
        ({"reply_to": "jürgen@example.org"}, True),
        ({"reply_to": "juergen@müller.example"}, False),
    ],
)
def test_r09_who_sends_may_need_smtputf8(mail: OneMail, addresses: dict[str, str], needed: bool) -> None:
    assert replace(mail, **addresses).prepared().needs_smtputf8 is needed


def test_a_character_that_no_encoding_has_is_refused(mail: OneMail) -> None:
    with pytest.raises(UnsafeMessage) as refusal:
        replace(mail, text="\udc80 surrogate", varying=True).write()
    assert refusal.value.field == "body"


def test_what_readers_are_called_is_not_kept_for_ever(mail: OneMail) -> None:
    prepared = replace(mail, varying=True).prepared()
    stamp = Stamp("", mail.to_address, mail.message_id, NOW, NOW, mail.unsubscribe_url)
    tracemalloc.start()
    for number in range(5000):
        text = f"{number} " * 40
        prepared.write({"subject": "x", "html": text, "text": text}, stamp)
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size < 1_000_000


def test_other_mail_than_a_lists_has_no_use_for_unsubscribe_links(mail: OneMail) -> None:
    assert b"ubscribe" not in replace(mail, list_id=None, unsubscribe_url="").write()


def test_message_ids_are_stable_and_differ() -> None:
    key = b"k" * 32
    assert message_id(key, 7, "example.org") == message_id(key, "7", "example.org")
    assert re.fullmatch(r"<[a-z2-7]{32}@example\.org>", message_id(key, 7, "example.org"))
    assert message_id(key, 7, "example.org") != message_id(key, 8, "example.org")
    assert message_id(key, 7, "example.org") != message_id(b"l" * 32, 7, "example.org")
