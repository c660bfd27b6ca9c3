"""Keys and mails that the tests of the sender share."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from scripted_smtp import Certificates, make_certificates

from sender.dkim import DkimKey
from sender.message import Mail


@pytest.fixture(scope="session")
def rsa_key() -> DkimKey:
    return DkimKey.generate_rsa("c1", "example.org")


@pytest.fixture(scope="session")
def ed25519_key() -> DkimKey:
    return DkimKey.generate_ed25519("c2", "example.org")


@pytest.fixture(scope="session")
def dns(rsa_key: DkimKey, ed25519_key: DkimKey) -> Callable[..., bytes | None]:
    """The resolver that dkimpy asks for a key."""
    records = {f"{key.record_name}.".encode(): key.record_value.encode() for key in (rsa_key, ed25519_key)}

    def look_up(name: bytes | str, timeout: int = 5) -> bytes | None:
        return records.get(name if isinstance(name, bytes) else name.encode())

    return look_up


@pytest.fixture
def mail() -> Mail:
    return Mail(
        from_name="The Garden Letter",
        from_address="letters@example.org",
        to_name="Robin Reader",
        to_address="robin@example.net",
        subject="Lesson 1: Why soil matters",
        html="<p>Soil is <b>alive</b>.</p>",
        text="Soil is alive.\n",
        message_id="<abcdefgh@example.org>",
        date=datetime(2025, 3, 3, 7, 0, tzinfo=UTC),
        boundary="abcdefghij234567",
        list_id="course-7.example.org",
        list_name="Garden course",
        unsubscribe_url="https://example.org/u/" + "t" * 43,
        unsubscribe_mailto="b+7-xyz@bounces.example.org?subject=unsubscribe",
        reply_to="help@example.org",
        language="en",
    )


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("certificates"))
