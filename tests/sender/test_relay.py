"""The settings of a relay: unsafe ones are refused by name (REQUIREMENTS 10)."""

from pathlib import Path

import pytest

from courseletter.errors import CourseletterError, InvalidInput
from sender.pool import SmtpPool
from sender.relay import Relay
from sender.smtp import SmtpTransport


@pytest.mark.parametrize(
    ("field", "settings"),
    [
        ("security", {"host": "relay.example.org", "port": 25, "security": "none"}),
        ("username", {"host": "127.0.0.1", "port": 25, "security": "none", "username": "a", "password": "b"}),
        ("password", {"host": "relay.example.org", "port": 587, "username": "a"}),
        ("ehlo_name", {"host": "relay.example.org", "port": 587, "ehlo_name": "a\r\nMAIL FROM:<x@y>"}),
    ],
)
def test_r10_unsafe_relay_settings_are_refused_by_name(field: str, settings: dict) -> None:
    with pytest.raises(InvalidInput) as refusal:
        Relay(**settings)
    assert refusal.value.field == field


def test_a_relay_does_not_show_its_secrets() -> None:
    assert "hidden" not in repr(Relay("relay.example.org", 587, username="robin", password="hidden"))


def test_unreadable_ca_file_is_said() -> None:
    relay = Relay("relay.example.org", 587, ca_file=Path("/nowhere/ca.pem"))
    with pytest.raises(CourseletterError, match="CA file"):
        SmtpTransport(relay)
    with pytest.raises(CourseletterError, match="CA file"):
        SmtpPool(relay, 1, lambda parcel, attempt: None)
