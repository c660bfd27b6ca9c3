"""A relay: the smarthost that takes our mail, how to be let in, and how long to wait for it."""

import ipaddress
import re
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from courseletter.errors import CourseletterError, InvalidInput

Security = Literal["starttls", "tls", "none"]
Mechanism = Literal["auto", "XOAUTH2", "PLAIN", "LOGIN"]

_EHLO_NAME: Final = re.compile(r"[A-Za-z0-9.-]+|\[[0-9A-Za-z.:]+\]")


@dataclass(frozen=True, slots=True)
class Relay:
    """A smarthost and how to be let in. TLS is required unless the relay is on this machine."""

    host: str
    port: int
    security: Security = "starttls"
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    token: Callable[[], str] | None = field(default=None, repr=False)  # OAuth 2; raises CourseletterError
    mechanism: Mechanism = "auto"
    ca_file: Path | None = None  # trusted instead of the system's authorities
    ehlo_name: str | None = None  # None: the connection's own address, as a literal

    def __post_init__(self) -> None:
        if self.security == "none" and not _is_loopback(self.host):
            raise InvalidInput(
                f"Mail to {self.host} would travel unencrypted. Set the relay's security to starttls or tls.",
                field="security",
            )
        if self.username is not None and self.security == "none":
            raise InvalidInput(
                "The relay's password would travel unencrypted. Use starttls or tls, or no username.",
                field="username",
            )
        if self.username is not None and self._secret is None:
            raise InvalidInput(
                "The relay has a username but no password or token. Give it one.", field="password"
            )
        if self.ehlo_name is not None and not _EHLO_NAME.fullmatch(self.ehlo_name):
            raise InvalidInput("The EHLO name is no host name, such as mail.example.org.", field="ehlo_name")

    @property
    def _secret(self) -> str | Callable[[], str] | None:
        if self.mechanism == "XOAUTH2":
            return self.token
        return self.password if self.mechanism in ("PLAIN", "LOGIN") else self.password or self.token

    def tls_context(self) -> ssl.SSLContext:
        """How its certificate is judged. Raises CourseletterError when the CA file cannot be read."""
        try:
            return ssl.create_default_context(cafile=self.ca_file)
        except OSError as error:
            raise CourseletterError(
                f"The relay's CA file {self.ca_file} cannot be read: {error}. Give a PEM file."
            ) from None


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds to wait, by RFC 5321, 4.5.3.2; for a reply as a whole, for data each 64 KiB."""

    connect: float = 60  # and for the TLS handshake
    greeting: float = 300
    command: float = 300
    data: float = 120
    block: float = 180
    dot: float = 600
    quit: float = 5
    rest: float = 1  # without work; after it the relay may have gone, and is asked before it is sent a body
    idle: float = 30  # longer without work, and the connection is closed


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
