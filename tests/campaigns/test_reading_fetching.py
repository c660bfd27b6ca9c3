"""Fetching a page: what is refused before a socket opens, and that the checked address is the one
connected to."""

import gzip
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpcore2
import httpx2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from campaigns.reading import fetching, read
from campaigns.reading.fetching import MOST_BYTES, Fetcher, Version, is_allowed
from courseletter.errors import InvalidInput

PUBLIC = "93.184.216.34"
ARTICLE = "<html lang=en><title>Small steps</title><h1>Small steps</h1>" + "".join(
    f"<h2>Part {n}</h2><p>{'A short walk every day keeps the mind awake and the body warm. ' * 4}</p>"
    for n in range(3)
)

REFUSED = [
    "10.0.0.1",
    "172.16.5.4",
    "192.168.1.1",
    "127.0.0.1",
    "127.8.8.8",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",
    "192.0.0.8",
    "198.18.0.1",
    "203.0.113.7",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "::ffff:127.0.0.1",
    "::ffff:93.184.216.34",
    "::127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::10.0.0.1",
    "64:ff9b:1::1",
    "2002:7f00:1::",
    "2001::1",
    "2001:db8::1",
    "fc00::1",
    "fd12::1",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "no address",
]


def never_called(request: httpx2.Request) -> httpx2.Response:
    raise AssertionError(f"a socket would have been opened for {request.url}")


def html_page(text: str) -> httpx2.Response:
    """An answer that is still to be read, as one from the wire is."""
    return httpx2.Response(
        200, headers={"content-type": "text/html"}, stream=httpx2.ByteStream(text.encode())
    )


def fetcher(
    answers: dict[str, Sequence[str]], handler: Callable[[httpx2.Request], httpx2.Response] = never_called
) -> Fetcher:
    def resolver(host: str, port: int) -> Sequence[str]:
        if host not in answers:
            raise socket.gaierror("unknown")
        return answers[host]

    return Fetcher(resolver, httpx2.MockTransport(handler))


@pytest.mark.parametrize("address", REFUSED)
def test_r39_no_private_or_disguised_address_is_allowed(address: str) -> None:
    assert not is_allowed(address)
    with pytest.raises(InvalidInput, match="address not allowed"):
        fetcher({"example.org": [address]}).fetch("http://example.org/")


@pytest.mark.parametrize("address", [PUBLIC, "8.8.8.8", "2606:4700::6810:84e5"])
def test_public_addresses_are_allowed(address: str) -> None:
    assert is_allowed(address)


@pytest.mark.parametrize(
    "host",
    [
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "017700000001",
        "127.1",
        "0",
        "[::1]",
        "[::ffff:7f00:1]",
        "[64:ff9b::7f00:1]",
    ],
)
def test_r39_numeric_forms_of_a_loopback_address_are_refused(host: str) -> None:
    with pytest.raises(InvalidInput, match="address not allowed"):
        fetcher({}).fetch(f"http://{host}/")


def test_r39_one_private_address_among_public_ones_is_enough_to_refuse() -> None:
    with pytest.raises(InvalidInput, match="address not allowed"):
        fetcher({"example.org": [PUBLIC, "10.0.0.1"]}).fetch("http://example.org/")


@pytest.mark.parametrize(
    "target",
    [
        "http://169.254.169.254/latest",
        "http://inside.test/",
        "http://2130706433/",
        "//127.0.0.1/x",
        "http://[::1]/",
    ],
)
def test_r39_a_redirect_into_the_private_network_is_refused(target: str) -> None:
    asked: list[str] = []

    def handler(request: httpx2.Request) -> httpx2.Response:
        asked.append(str(request.url))
        return httpx2.Response(302, headers={"location": target})

    with pytest.raises(InvalidInput, match="address not allowed"):
        fetcher({"example.org": [PUBLIC], "inside.test": ["192.168.0.10"]}, handler).fetch(
            "http://example.org/"
        )
    assert asked == [f"http://{PUBLIC}/"]


def test_r39_the_request_goes_to_the_checked_address_and_names_the_host() -> None:
    asked: list[httpx2.Request] = []
    looked_up: list[str] = []

    def resolver(host: str, port: int) -> Sequence[str]:
        looked_up.append(host)
        return [PUBLIC]

    def handler(request: httpx2.Request) -> httpx2.Response:
        asked.append(request)
        return html_page(ARTICLE)

    page = Fetcher(resolver, httpx2.MockTransport(handler)).fetch("https://Example.org:8443/a?b=c#d")
    assert looked_up == ["example.org"]
    assert str(asked[0].url) == f"https://{PUBLIC}:8443/a?b=c"
    assert asked[0].headers["host"] == "example.org:8443"
    assert asked[0].extensions["sni_hostname"] == "example.org"
    assert page.content_type == "text/html"


@pytest.mark.parametrize(
    "url", ["ftp://example.org/", "file:///etc/passwd", "gopher://x", "https://", "http://exa mple"]
)
def test_only_web_addresses_are_read(url: str) -> None:
    with pytest.raises(InvalidInput):
        fetcher({}).fetch(url)


@pytest.mark.parametrize(
    ("status", "said"), [(401, "login"), (403, "login"), (404, "does not exist"), (500, "error")]
)
def test_an_answer_that_is_no_page_says_what_to_do(status: int, said: str) -> None:
    with pytest.raises(InvalidInput, match=said) as refused:
        fetcher({"example.org": [PUBLIC]}, lambda request: httpx2.Response(status)).fetch(
            "http://example.org/"
        )
    assert "\n" not in str(refused.value)


def test_endless_redirects_end() -> None:
    def handler(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(302, headers={"location": "/again"})

    with pytest.raises(InvalidInput, match="redirects"):
        fetcher({"example.org": [PUBLIC]}, handler).fetch("http://example.org/")


def test_r39_a_large_page_is_refused_also_when_it_is_small_on_the_wire() -> None:
    bomb = gzip.compress(b"a" * (MOST_BYTES * 20))

    def plain(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, stream=httpx2.ByteStream(b"a" * (MOST_BYTES + 1)))

    def packed(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, headers={"content-encoding": "gzip"}, stream=httpx2.ByteStream(bomb))

    for handler in (plain, packed):
        with pytest.raises(InvalidInput, match="larger than 10 MB"):
            fetcher({"example.org": [PUBLIC]}, handler).fetch("http://example.org/")


def test_a_packed_page_is_unpacked() -> None:
    def handler(request: httpx2.Request) -> httpx2.Response:
        body = gzip.compress(ARTICLE.encode())
        return httpx2.Response(
            200,
            headers={"content-encoding": "gzip", "content-type": "text/html"},
            stream=httpx2.ByteStream(body),
        )

    assert fetcher({"example.org": [PUBLIC]}, handler).fetch("http://example.org/").data == ARTICLE.encode()


def test_a_fetched_page_is_read_with_links_from_where_it_was_found() -> None:
    html = ARTICLE.replace(
        "<h2>Part 1", '<p>More in the <a href="next">next chapter of this long story</a> here.</p><h2>Part 1'
    )

    def handler(request: httpx2.Request) -> httpx2.Response:
        if request.url.path == "/old":
            return httpx2.Response(301, headers={"location": "https://www.example.org/new/"})
        return html_page(html)

    hosts = {"example.org": [PUBLIC], "www.example.org": [PUBLIC]}
    article = read("http://example.org/old", fetcher=fetcher(hosts, handler))
    assert article.title == "Small steps"
    assert "(https://www.example.org/new/next)" in "".join(piece.block.markdown for piece in article.pieces)


class _ToLocal(httpcore2.NetworkBackend):
    """Opens every connection to a port of this machine, and remembers which address was asked for."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.asked: list[str] = []
        self._backend = httpcore2.SyncBackend()

    def connect_tcp(self, host, port, timeout=None, local_address=None, socket_options=None):  # type: ignore[no-untyped-def]
        self.asked.append(host)
        return self._backend.connect_tcp("127.0.0.1", self.port, timeout)


class _PoolTransport(httpx2.HTTPTransport):
    def __init__(self, backend: httpcore2.NetworkBackend, context: ssl.SSLContext) -> None:
        self._pool = httpcore2.ConnectionPool(ssl_context=context, network_backend=backend)


def _certificate(folder: Path, host: str) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    begin = datetime.now(UTC) - timedelta(days=1)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(begin)
        .not_valid_after(begin + timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    paths = folder / "certificate.pem", folder / "key.pem"
    paths[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return paths


@contextmanager
def _server(answer: Callable[[socket.socket], None]) -> Iterator[int]:
    """A server on loopback that hands each connection to `answer`, in a thread."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                with connection:
                    try:
                        answer(connection)
                    except OSError:
                        continue

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listening.getsockname()[1]
        listening.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize(("asked_for", "accepted"), [("example.org", True), ("example.net", False)])
def test_r39_tls_verifies_the_host_while_the_address_is_pinned(
    tmp_path: Path, asked_for: str, accepted: bool
) -> None:
    certificate, key = _certificate(tmp_path, "example.org")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)

    def answer(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as secure:
            secure.recv(4096)
            body = ARTICLE.encode()
            secure.sendall(
                b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: %d\r\n\r\n" % len(body) + body
            )

    with _server(answer) as port:
        backend = _ToLocal(port)
        transport = _PoolTransport(backend, ssl.create_default_context(cafile=str(certificate)))
        fetching = Fetcher(lambda host, port: [PUBLIC], transport)
        if accepted:
            assert fetching.fetch(f"https://{asked_for}/").data == ARTICLE.encode()
        else:
            with pytest.raises(InvalidInput, match="could not be read"):
                fetching.fetch(f"https://{asked_for}/")
        assert backend.asked == [PUBLIC]


def test_r39_a_server_that_drips_is_ended() -> None:
    stop = threading.Event()

    def answer(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\n\r\n")
        while not stop.wait(0.02):
            connection.sendall(b"a")

    with _server(answer) as port:
        fetching = Fetcher(
            lambda host, port: [PUBLIC],
            _PoolTransport(_ToLocal(port), ssl.create_default_context()),
            seconds=0.2,
        )
        with pytest.raises(InvalidInput, match="in time"):
            fetching.fetch("http://example.org/")
        stop.set()


def test_r39_a_proxy_of_the_environment_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """It would resolve the name by itself, past the check."""
    with socket.create_server(("127.0.0.1", 0)) as proxy, socket.create_server(("127.0.0.1", 0)) as page:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.getsockname()[1]}")
        monkeypatch.setattr(fetching, "is_allowed", lambda _address: True)
        asking = Fetcher(resolver=lambda _host, _port: ["127.0.0.1"], seconds=0.5)
        with pytest.raises(InvalidInput):
            asking.fetch(f"http://example.org:{page.getsockname()[1]}/")
        page.settimeout(5)
        page.accept()[0].close()
        proxy.settimeout(0)
        with pytest.raises(BlockingIOError):
            proxy.accept()


def test_a_feed_is_asked_for_again_by_its_version() -> None:
    asked: list[httpx2.Request] = []

    def handler(request: httpx2.Request) -> httpx2.Response:
        asked.append(request)
        if "if-none-match" in request.headers:
            return httpx2.Response(304)
        headers = {"etag": 'W/"7"', "last-modified": "Mon, 02 Nov 2026 08:00:00 GMT"}
        return httpx2.Response(200, headers=headers, stream=httpx2.ByteStream(b"<rss/>"))

    fetching = fetcher({"example.org": [PUBLIC]}, handler)
    page = fetching.fetch_changed("http://example.org/feed", Version(), 100)
    assert page is not None
    assert page.version == Version('W/"7"', "Mon, 02 Nov 2026 08:00:00 GMT")
    assert fetching.fetch_changed("http://example.org/feed", page.version, 100) is None
    assert asked[1].headers["if-modified-since"] == "Mon, 02 Nov 2026 08:00:00 GMT"
    assert asked[1].headers["accept"].startswith("application/atom+xml")


def test_a_version_that_is_endless_is_none_and_a_feed_that_is_too_large_is_refused() -> None:
    def handler(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, headers={"etag": "7" * 9_000}, stream=httpx2.ByteStream(b"x" * 101))

    fetching = fetcher({"example.org": [PUBLIC]}, handler)
    page = fetching.fetch_changed("http://example.org/feed", Version(), 101)
    assert page is not None
    assert page.version == Version()
    with pytest.raises(InvalidInput, match="is larger than"):
        fetching.fetch_changed("http://example.org/feed", Version(), 100)
