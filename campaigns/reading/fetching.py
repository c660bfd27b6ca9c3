"""A page from the web, without letting its address lead into the machine's own network.

Every address a host resolves to is checked before a socket is opened, at every redirect again, and the
connection goes to the checked address itself: a second look-up could answer differently (DNS rebinding). TLS
still names and verifies the host. REQUIREMENTS 39.
"""

from __future__ import annotations

import ipaddress
import re
import socket
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from threading import Event, Timer
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple, TypeVar
from urllib.parse import urljoin, urlsplit

from courseletter.errors import InvalidInput

if TYPE_CHECKING:
    import httpx2

MOST_BYTES = 10_000_000
_MOST_HOPS = 5
_SECONDS_PER_STEP = 10.0
_SECONDS_IN_ALL = 30.0

_LONGEST_LENGTH = 16  # digits
_LONGEST_VERSION = 400  # characters
_NOT_MODIFIED = 304
_FEEDS = "application/atom+xml,application/rss+xml,application/xml;q=0.9,*/*;q=0.5"

_Taken = TypeVar("_Taken")

# host -> every address it has, as text. May raise OSError.
Resolver = Callable[[str, int], Sequence[str]]

# What `is_global` of some Python releases lets through, and addresses that carry another one inside.
_REFUSED = [
    ipaddress.ip_network(network)
    for network in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
        "::/96",
        "::ffff:0:0/96",
        "64:ff9b::/96",
        "64:ff9b:1::/48",
        "100::/64",
        "2001::/23",
        "2001:db8::/32",
        "2002::/16",
        "3fff::/20",
        "5f00::/16",
        "fc00::/7",
        "fe80::/10",
        "fec0::/10",
        "ff00::/8",
    )
]


class NotFetched(InvalidInput):
    """A page that did not come: `what` is so, without what a person can do about it."""

    def __init__(self, what: str, mend: str, *, field: str | None = None) -> None:
        super().__init__(f"{what}: {mend}", field=field)
        self.what = what


class Version(NamedTuple):
    """By which a server knows whether a page is still what it was (RFC 9110, 8.8); "": it did not say."""

    etag: str = ""
    modified: str = ""

    def headers(self) -> dict[str, str]:
        asked = {"If-None-Match": self.etag, "If-Modified-Since": self.modified}
        return {name: value for name, value in asked.items() if value}


@dataclass(frozen=True, slots=True)
class Page:
    """`url` is where the redirects ended: the base of the page's own links."""

    url: str
    content_type: str
    charset: str | None
    data: bytes
    version: Version


def resolve(host: str, port: int) -> Sequence[str]:
    """Every address of `host`, by the system's resolver."""
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def is_allowed(address: str) -> bool:
    """Whether `address` (text of an IP address) is a public one that a fetch may connect to."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if any(parsed.version == network.version and parsed in network for network in _REFUSED):
        return False
    return parsed.is_global and not parsed.is_multicast


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server says before it sends a page. `length` is in bytes, None where it does not tell."""

    status: int
    content_type: str
    length: int | None


class Fetcher:
    """`resolver` and `transport` are the two ways out into the network; tests give their own. A page must
    have arrived after `seconds`."""

    def __init__(
        self,
        resolver: Resolver = resolve,
        transport: httpx2.BaseTransport | None = None,
        seconds: float = _SECONDS_IN_ALL,
    ) -> None:
        self._resolver = resolver
        self._transport = transport
        self._seconds = seconds

    def fetch(self, url: str) -> Page:
        """The page at `url`. Raises InvalidInput, in one line, for whatever stands in the way."""
        return self._reach(url, lambda response, reached: _page(response, reached, MOST_BYTES))

    def fetch_changed(self, url: str, known: Version, most: int) -> Page | None:
        """The feed at `url`, of at most so many octets; None where it is still the version that is known.
        Raises InvalidInput as fetch() does."""

        def take(response: httpx2.Response, reached: str) -> Page | None:
            return None if response.status_code == _NOT_MODIFIED else _page(response, reached, most)

        return self._reach(url, take, {"Accept": _FEEDS, **known.headers()})

    def probe(self, url: str) -> Answer:
        """What the server answers to `url` after redirects, whether a page or not. Raises InvalidInput where
        it answers nothing."""
        return self._reach(url, _answer)

    def _reach(
        self,
        url: str,
        take: Callable[[httpx2.Response, str], _Taken],
        headers: Mapping[str, str] = MappingProxyType({}),
    ) -> _Taken:
        import httpx2

        late = Event()
        # No environment: a proxy would resolve names by itself, past the check.
        client = httpx2.Client(
            transport=self._transport, trust_env=False, follow_redirects=False, timeout=_SECONDS_PER_STEP
        )

        def end() -> None:
            late.set()
            client.close()

        # Time-outs hold for one read; a server that drips bytes is ended by closing the connection under it.
        ending = Timer(self._seconds, end)
        ending.daemon = True
        ending.start()
        try:
            return self._follow(client, url, take, headers)
        except (httpx2.HTTPError, httpx2.InvalidURL, httpx2.StreamError, RuntimeError, OSError) as error:
            if late.is_set() or isinstance(error, httpx2.TimeoutException):
                raise NotFetched(
                    f"{url} did not answer in time", "try again, or save the page and read the file."
                ) from error
            reason = " ".join(str(error).split())[:120] or type(error).__name__
            raise NotFetched(
                f"{url} could not be read ({reason})", "check the address, or save the page as a file."
            ) from error
        finally:
            ending.cancel()
            client.close()

    def _follow(
        self,
        client: httpx2.Client,
        url: str,
        take: Callable[[httpx2.Response, str], _Taken],
        headers: Mapping[str, str],
    ) -> _Taken:
        for _ in range(_MOST_HOPS + 1):
            response = self._one_hop(client, url, headers)
            try:
                if not response.is_redirect or response.status_code == _NOT_MODIFIED:
                    return take(response, url)
                url = urljoin(url, str(response.headers.get("location", "")))
            finally:
                response.close()
        raise NotFetched(
            f"{url} redirects more than {_MOST_HOPS} times", "give the address it should end at."
        )

    def _one_hop(self, client: httpx2.Client, url: str, headers: Mapping[str, str]) -> httpx2.Response:
        parts = _parts(url)
        address = self._checked_address(parts.host, parts.port, url)
        request = client.build_request(
            "GET",
            parts.at(address),
            headers={
                "Host": parts.host_header,
                "User-Agent": "Courseletter (+article reader)",
                "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.5",
                "Accept-Encoding": "gzip",
                **headers,
            },
            extensions={"sni_hostname": parts.host},
        )
        return client.send(request, stream=True)

    def _checked_address(self, host: str, port: int, url: str) -> str:
        try:
            addresses = [_numeric(host)] if _numeric(host) else list(self._resolver(host, port))
        except (OSError, UnicodeError) as error:
            raise NotFetched(f"There is no host “{host}”", f"check the address {url}.") from error
        if not addresses or not all(is_allowed(str(address)) for address in addresses):
            raise InvalidInput(
                f"{url}: address not allowed. Only public web pages are read; save the page and read the "
                f"file.",
                field="source",
            )
        return str(addresses[0])


def _page(response: httpx2.Response, url: str, most: int) -> Page:
    _refuse_status(response.status_code, url)
    charset = re.search(r"charset=[\"']?([\w.:-]+)", response.headers.get("content-type", ""), re.I)
    encoding = response.headers.get("content-encoding", "identity").lower()
    data = _capped(response.iter_raw(), encoding, url, most)
    return Page(url, _content_type(response), charset[1] if charset else None, data, _version(response))


def _version(response: httpx2.Response) -> Version:
    """What is too long to be kept, or no printable line, is as if it had not been said."""
    said = (str(response.headers.get(name, "")) for name in ("etag", "last-modified"))
    return Version(*(one if len(one) <= _LONGEST_VERSION and one.isprintable() else "" for one in said))


def _answer(response: httpx2.Response, _url: str) -> Answer:
    length = response.headers.get("content-length", "")
    whole = length.isdecimal() and len(length) < _LONGEST_LENGTH
    return Answer(response.status_code, _content_type(response), int(length) if whole else None)


def _content_type(response: httpx2.Response) -> str:
    return str(response.headers.get("content-type", "")).partition(";")[0].strip().lower()


@dataclass(frozen=True, slots=True)
class _Parts:
    scheme: str
    host: str
    port: int
    rest: str

    @property
    def host_header(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == {"http": 80, "https": 443}[self.scheme] else f"{host}:{self.port}"

    def at(self, address: str) -> str:
        """The request's URL with the host replaced by the checked address."""
        return f"{self.scheme}://{f'[{address}]' if ':' in address else address}:{self.port}{self.rest}"


def _parts(url: str) -> _Parts:
    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname or "", parts.port
        if not host.isascii():
            host = host.encode("idna").decode("ascii")
    except (ValueError, UnicodeError) as error:
        raise InvalidInput(
            f"{url} is no valid web address: it should look like https://example.org/article."
        ) from error
    if parts.scheme not in ("http", "https") or not host:
        raise InvalidInput(f"{url} is no web address: only http:// and https:// are read.")
    path = parts.path or "/"
    rest = f"{path}?{parts.query}" if parts.query else path
    return _Parts(parts.scheme, host.rstrip("."), port or {"http": 80, "https": 443}[parts.scheme], rest)


def _numeric(host: str) -> str | None:
    """The address that `host` spells in any of the forms a C library takes: 2130706433, 0x7f.1, 127.1,
    ::1."""
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        pass
    if not re.fullmatch(r"[0-9a-fA-FxX.]+", host) or not re.match(r"\d", host):
        return None
    try:
        return socket.inet_ntoa(socket.inet_aton(host))
    except OSError:
        return None


def _refuse_status(status: int, url: str) -> None:
    if status in (401, 402, 403, 407):
        raise NotFetched(
            f"{url} asks for a login ({status})", "open it in your browser, save the page, and read the file."
        )
    if status in (404, 410):
        raise NotFetched(f"{url} does not exist ({status})", "check the address.")
    if status >= 300:
        raise NotFetched(
            f"{url} answered with an error ({status})", "try again later, or save the page and read the file."
        )


def _capped(chunks: Iterator[bytes], encoding: str, url: str, most: int) -> bytes:
    """The decompressed body. It is inflated here, step by step, so that a small answer cannot fill the
    memory."""
    too_much = NotFetched(f"{url} is larger than {most // 1_000_000} MB", "give the page of one article.")
    if encoding not in ("", "identity", "gzip", "x-gzip", "deflate"):
        raise NotFetched(
            f"{url} is packed in a way that is not read ({encoding})", "save the page and read the file."
        )
    inflater = None if encoding in ("", "identity") else zlib.decompressobj(47 if "gzip" in encoding else 15)
    data = bytearray()
    for chunk in chunks:
        try:
            data += inflater.decompress(chunk, most + 1 - len(data)) if inflater else chunk
        except zlib.error as error:
            raise NotFetched(
                f"{url} sent damaged data", "try again, or save the page and read the file."
            ) from error
        if len(data) > most or (inflater and inflater.unconsumed_tail):
            raise too_much
    return bytes(data)
