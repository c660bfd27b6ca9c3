"""What the DNS says, by dnspython. Nobody's answer is not taken for "there is none"."""

from typing import Protocol

import dns.exception
import dns.rdatatype
import dns.resolver

from courseletter.errors import InvalidInput


class Unanswered(Exception):
    """The DNS did not answer, or not sensibly. One line says why."""


class Lookups(Protocol):
    """Asks the DNS. What does not exist is an empty list; raises Unanswered."""

    def txt(self, name: str) -> list[str]:
        """The TXT records of a name, each whole (RFC 7208, 3.3: strings are joined without spaces)."""
        ...

    def mx(self, name: str) -> list[str]:
        """The mail servers of a domain, the preferred ones first."""
        ...


class Dns:
    """The resolver of this machine, or the one given."""

    def __init__(self, resolver: dns.resolver.Resolver | None = None, seconds: float = 5) -> None:
        self._resolver = resolver
        self._seconds = seconds

    @classmethod
    def at(cls, server: str, seconds: float = 5) -> "Dns":
        """Ask the DNS server at an address, `9.9.9.9` or `127.0.0.1:5353`. Raises InvalidInput."""
        host, _, port = server.partition(":") if server.count(":") == 1 else (server, "", "")
        resolver = dns.resolver.Resolver(configure=False)
        try:
            resolver.nameservers = [host]
            resolver.port = int(port or 53)
        except ValueError:
            raise InvalidInput(
                f"“{server}” is no DNS server. Give its IP address, such as 9.9.9.9."
            ) from None
        return cls(resolver, seconds)

    def txt(self, name: str) -> list[str]:
        return [b"".join(one.strings).decode("utf-8", "replace") for one in self._ask(name, "TXT")]

    def mx(self, name: str) -> list[str]:
        found = sorted(self._ask(name, "MX"), key=lambda one: int(one.preference))
        return [str(one.exchange).rstrip(".").lower() for one in found]

    def _ask(self, name: str, kind: str) -> list[dns.resolver.Answer]:
        try:
            resolver = self._resolver or dns.resolver.Resolver()
            return list(resolver.resolve(name, kind, lifetime=self._seconds, search=False))
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return []
        except (dns.exception.DNSException, OSError) as error:
            raise Unanswered(f"the DNS does not answer for {name}: {_said(error)}") from None


def _said(error: Exception) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
