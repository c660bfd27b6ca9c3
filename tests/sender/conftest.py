"""Keys and mails that the tests of the sender share."""

from collections.abc import Callable

import pytest
from mailauth import Mailauth
from one_mail import OneMail

from sender.dkim import DkimKey


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


@pytest.fixture(scope="session")
def mailauth() -> Mailauth:
    return Mailauth()


@pytest.fixture
def mail() -> OneMail:
    return OneMail()
