"""DKIM signatures as another implementation (dkimpy) sees them."""

import re
import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import dkim
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from one_mail import NOW, OneMail

from courseletter.errors import CourseletterError, InvalidInput
from sender.dkim import DkimKey

Dns = Callable[..., bytes]


def tags(signed: bytes) -> dict[str, str]:
    field = re.sub(r"\r\n(?=[ \t])", "", signed.decode()).partition("\r\n")[0]
    pairs = (tag.strip().partition("=") for tag in field.partition(":")[2].split(";"))
    return {name: re.sub(r"\s+", "", value) for name, _, value in pairs}


@pytest.mark.parametrize("fixture", ["rsa_key", "ed25519_key"])
def test_r05_dkimpy_accepts(fixture: str, mail: OneMail, dns: Dns, request: pytest.FixtureRequest) -> None:
    key: DkimKey = request.getfixturevalue(fixture)
    signed = mail.write([key])
    assert dkim.verify(signed, dnsfunc=dns)
    assert tags(signed)["a"] == key.algorithm
    assert tags(signed)["d"] == "example.org"
    assert tags(signed)["t"] == str(int(NOW.timestamp()))


def test_r04_two_signatures_both_hold(
    mail: OneMail, dns: Dns, rsa_key: DkimKey, ed25519_key: DkimKey
) -> None:
    signed = mail.write([ed25519_key, rsa_key])
    verifier = dkim.DKIM(signed)
    assert verifier.verify(0, dnsfunc=dns)
    assert verifier.verify(1, dnsfunc=dns)
    assert signed.endswith(mail.write())
    assert max(map(len, signed.removesuffix(mail.write()).split(b"\r\n"))) <= 78


def test_r04_signed_fields(mail: OneMail, rsa_key: DkimKey) -> None:
    signature = tags(mail.write([rsa_key]))
    names = signature["h"].split(":")
    required = "from to subject date message-id mime-version content-type list-id"
    assert set(required.split()) | {"list-unsubscribe", "list-unsubscribe-post"} <= set(names)
    assert names.count("from") == 2
    assert "l" not in signature
    assert signature["c"] == "relaxed/relaxed"


@pytest.mark.parametrize(
    "field",
    [
        b"From: e@evil.test",
        b"Subject: won",
        b"To: x@y.test",
        b"Date: x",
        b"Reply-To: e@evil.test",
        b"Cc: x@y.test",
    ],
)
@pytest.mark.parametrize("where", ["top", "bottom"])
def test_r04_a_field_added_on_the_way_breaks_the_signature(
    field: bytes, where: str, mail: OneMail, dns: Dns, rsa_key: DkimKey
) -> None:
    signed = mail.write([rsa_key])
    head, _, body = signed.partition(b"\r\n\r\n")
    head = field + b"\r\n" + head if where == "top" else head + b"\r\n" + field
    assert not dkim.verify(head + b"\r\n\r\n" + body, dnsfunc=dns)


def test_r04_a_changed_body_breaks_the_signature(mail: OneMail, dns: Dns, rsa_key: DkimKey) -> None:
    signed = mail.write([rsa_key])
    assert not dkim.verify(signed.replace(b"alive", b"a lie"), dnsfunc=dns)
    assert not dkim.verify(signed + b"more\r\n", dnsfunc=dns)


def test_relays_may_change_white_space(mail: OneMail, dns: Dns, rsa_key: DkimKey) -> None:
    signed = mail.write([rsa_key])
    refolded = signed.replace(b"Subject: Lesson 1:", b"subject:  Lesson\r\n\t 1: ") + b"\r\n\r\n"
    assert refolded != signed + b"\r\n\r\n"
    assert dkim.verify(refolded, dnsfunc=dns)


@pytest.mark.parametrize(
    "fields",
    [
        {"auto_submitted": True, "list_id": None},
        {"list_id": None, "reply_to": None, "language": None},
        {"unsubscribe_mailto": ""},
        {"from_name": "", "to_name": "", "list_name": "", "subject": ""},
        {"from_name": "100 % growth %s", "list_name": "%b"},
        {"to_address": "jürgen@example.org", "subject": "ü" * 300, "to_name": "é " * 99},
    ],
)
def test_r05_every_kind_of_head_is_signed(
    fields: dict[str, Any], mail: OneMail, dns: Dns, rsa_key: DkimKey, ed25519_key: DkimKey
) -> None:
    signed = replace(mail, **fields).write([rsa_key, ed25519_key])
    verifier = dkim.DKIM(signed)
    assert verifier.verify(0, dnsfunc=dns)
    assert verifier.verify(1, dnsfunc=dns)


@pytest.mark.parametrize("fixture", ["rsa_key", "ed25519_key"])
def test_keys_are_kept_in_a_file_of_their_owner(
    fixture: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    key: DkimKey = request.getfixturevalue(fixture)
    path = tmp_path / "keys" / "dkim.pem"
    key.save(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert DkimKey.load(path, key.selector, key.domain).record_value == key.record_value
    with pytest.raises(FileExistsError):
        key.save(path)


def test_unusable_keys_say_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(CourseletterError, match="cannot be read"):
        DkimKey.load(tmp_path / "none.pem", "c1", "example.org")
    (tmp_path / "bad.pem").write_text("no key")
    with pytest.raises(CourseletterError, match="cannot be read"):
        DkimKey.load(tmp_path / "bad.pem", "c1", "example.org")
    with pytest.raises(InvalidInput, match="2048"):
        DkimKey("c1", "example.org", generate_private_key(65537, 1024))


@pytest.mark.parametrize(
    ("field", "selector", "domain"), [("selector", "a b", "x.org"), ("domain", "a", "x; l=0")]
)
def test_selector_and_domain_are_dns_names(field: str, selector: str, domain: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        DkimKey.generate_ed25519(selector, domain)
    assert refusal.value.field == field
