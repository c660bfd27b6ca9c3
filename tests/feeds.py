"""A site with a feed, for tests: a real server's answers without a socket, or on a port of this machine."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx2

from campaigns.reading.fetching import Fetcher

ADDRESS = "https://notes.example.org/feed"
PUBLIC = "93.184.216.34"


@dataclass
class Feed:
    """RSS 2.0, the newest entry first. `answer`: what is sent instead; `asked`: the requests so far."""

    items: list[str] = field(default_factory=list)
    etag: str = ""
    status: int = 200
    answer: bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)
    asked: list[httpx2.Request] = field(default_factory=list)

    def publish(
        self, title: str, at: datetime, html: str = "<p>Cover what is tender.</p>", **more: str
    ) -> None:
        """One more entry; `guid` and `link` as they are given, else by its title."""
        name = more.get("guid", title.lower().replace(" ", "-"))
        link = more.get("link", f"https://notes.example.org/{name}")
        self.items.insert(
            0,
            f"<item><title>{escape(title)}</title><link>{escape(link)}</link>"
            f'<guid isPermaLink="false">{escape(name)}</guid><pubDate>{format_datetime(at)}</pubDate>'
            f"<description>{escape(html)}</description>{more.get('xml', '')}</item>",
        )

    @property
    def document(self) -> bytes:
        head = '<?xml version="1.0" encoding="utf-8"?><rss version="2.0" xmlns:media="http://search.yahoo.com/mrss/">'
        return f"{head}<channel><title>Notes</title>{''.join(self.items)}</channel></rss>".encode()

    def handle(self, request: httpx2.Request) -> httpx2.Response:
        self.asked.append(request)
        if self.status == 200 and self.etag and request.headers.get("if-none-match") == self.etag:
            return httpx2.Response(304)
        body = self.document if self.answer is None else self.answer
        headers = {"content-type": "application/rss+xml", "etag": self.etag, **self.headers}
        # A stream, as one from the wire is.
        return httpx2.Response(self.status, headers=headers, stream=httpx2.ByteStream(body))

    def fetcher(self, seconds: float = 30.0) -> Fetcher:
        return Fetcher(lambda _host, _port: [PUBLIC], httpx2.MockTransport(self.handle), seconds)


class _Redirected(httpx2.HTTPTransport):
    """Takes what is meant for the public address to a port of this machine."""

    def __init__(self, port: int) -> None:
        super().__init__()
        self._port = port

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        assert request.url.host == PUBLIC
        request.url = request.url.copy_with(scheme="http", host="127.0.0.1", port=self._port)
        return super().handle_request(request)


@contextmanager
def served(feed: Feed) -> Iterator[Fetcher]:
    """The feed on a real port, and a fetcher that finds it under its public name."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer = feed.handle(
                httpx2.Request("GET", f"http://{self.headers['host']}{self.path}", headers=dict(self.headers))
            )
            body = answer.read()
            self.send_response(answer.status_code)
            for name, value in {**answer.headers, "content-length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield Fetcher(lambda _host, _port: [PUBLIC], _Redirected(server.server_address[1]))
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def day(number: int) -> datetime:
    """A moment in March 2026, before the tests' own."""
    return datetime(2026, 3, number, 8, tzinfo=UTC)
