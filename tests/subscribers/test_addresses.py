"""Which addresses and header texts are let in, and what is said about the others."""

import re
import time

import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import given, settings
from hypothesis import strategies as st

from courseletter.errors import InvalidInput
from subscribers.addresses import Address, check_address, check_header_text


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ("robin@example.org", Address("robin", "example.org")),
        ("  robin@example.org\t", Address("robin", "example.org")),
        ("Robin.R+news@EXAMPLE.org", Address("Robin.R+news", "example.org")),
        ("a@ours.test", Address("a", "ours.test")),
        ("a@müller.de", Address("a", "xn--mller-kva.de")),
        ("a@xn--mller-kva.de", Address("a", "xn--mller-kva.de")),
        ("юзер@пример.рф", Address("юзер", "xn--e1afmkfd.xn--p1ai")),
        ("u\u0308@example.org", Address("ü", "example.org")),
        ("a" * 64 + "@example.org", Address("a" * 64, "example.org")),
    ],
)
def test_r09_addresses_are_normalised(given: str, address: Address) -> None:
    assert check_address(given) == address
    assert check_address(str(address)) == address


@pytest.mark.parametrize(
    "given",
    [
        "",
        "@",
        "robin",
        "robin@",
        "@example.org",
        "robin@localhost",
        "robin@[127.0.0.1]",
        "Robin <robin@example.org>",
        "a@b@example.org",
        "a..b@example.org",
        ".a@example.org",
        "a.@example.org",
        "a b@example.org",
        '"a b"@example.org',
        '"x@evil.com y"@ours.test',
        "a@x>\r\nRCPT TO:<b@y",
        "a@example.org\r\nBcc: x@example.com",
        "a@example.org\n",
        "\na@example.org",
        "a\x00@example.org",
        "a@exa\x00mple.org",
        "a\u2028b@example.org",
        "a\u202eb@example.org",
        "a,b@example.org",
        "a;b@example.org",
        "a<b@example.org",
        "a@example.org,b@example.org",
        "\udc80@example.org",
        "a@" + "b" * 64 + ".org",
        "a@" + "b." * 130 + "org",
        "a" * 65 + "@example.org",
        "ü" * 33 + "@example.org",
    ],
)
def test_r08_r09_unusable_addresses_are_refused_by_name(given: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        check_address(given)
    assert refusal.value.field == "email"
    assert str(refusal.value).isprintable()


@pytest.mark.parametrize("size", [300, 1_000, 10_000_000])
@pytest.mark.parametrize("pattern", ["a{}!", "{}@", "a@{}!", "{}"])
def test_address_check_takes_under_100_ms_at_any_length(size: int, pattern: str) -> None:
    text = pattern.format(("a" if pattern != "{}" else "a@") * size)
    started = time.process_time()
    with pytest.raises(InvalidInput):
        check_address(text)
    assert time.process_time() - started < 0.1


@settings(max_examples=200, deadline=None)
@given(st.emails() | st.text(max_size=80) | st.from_regex(r"[^@]{1,70}@[^@]{1,70}", fullmatch=True))
def test_r08_whatever_is_accepted_is_safe_in_an_envelope(text: str) -> None:
    try:
        address = check_address(text)
    except InvalidInput:
        return
    assert not set(str(address)) & set('\r\n\0 <>"')
    assert address.domain.isascii()
    assert len(address.local.encode()) <= 64
    assert len(address.domain) <= 255


PLAIN = st.from_regex(r"[a-zA-Z0-9_+.-]{1,40}@[a-zA-Z0-9.-]{1,30}(\.(org|test|рф|local))?", fullmatch=True)


@settings(max_examples=400, deadline=None)
@given(PLAIN | st.emails())
def test_plain_addresses_are_judged_as_the_validator_judges_them(text: str) -> None:
    try:
        valid = validate_email(text, check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        with pytest.raises(InvalidInput, match=re.escape(str(error).rstrip("."))):
            check_address(text)
    else:
        assert check_address(text) == Address(valid.local_part, valid.ascii_domain)


def test_names_that_belong_to_a_role_have_no_capitals() -> None:
    assert check_address("Postmaster@example.org") == Address("postmaster", "example.org")


@pytest.mark.parametrize(
    "text",
    [
        "a\r\nBcc: x@y",
        "a\rb",
        "a\nb",
        "a\x00b",
        "\ud800",
        "=?utf-8?q?a=0D=0ABcc=3A_x?=",
        "x =?UTF-8?B?YQ0KQmNjOiB4?= y",
        "=?utf-8?q?=3D=3Futf-8=3Fq=3Fa=3D0D=3D0ABcc=3F=3D?=",
    ],
)
def test_r08_header_text_with_line_breaks_is_refused_by_name(text: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        check_header_text(text, "name")
    assert refusal.value.field == "name"


@pytest.mark.parametrize(
    "text", ["", "Zoë", "=?utf-8?q?x?=", "=?utf-8?b?!?=", "=?x-none?q?x?=", "a=0D=0Ab", "tab\t"]
)
def test_r08_header_text_without_line_breaks_is_unchanged(text: str) -> None:
    assert check_header_text(text, "name") == text
