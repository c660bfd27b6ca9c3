"""A browser that goes away while it sends: nothing is kept, and nothing of it is a fault in the log."""

import logging
from typing import Any

import pytest
from anyio.from_thread import start_blocking_portal
from reading_room import World


@pytest.mark.parametrize("path", ["/c/quiet-nights", "/sign-in"])
def test_a_form_that_breaks_off_is_no_fault(here: World, caplog: pytest.LogCaptureFixture, path: str) -> None:
    parts = [
        {"type": "http.request", "body": b"email=ana%40exam", "more_body": True},
        {"type": "http.disconnect"},
    ]
    answers: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return parts.pop(0) if parts else {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        answers.append(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [
            (b"host", b"x"),
            (b"origin", b"http://x"),
            (b"content-type", b"application/x-www-form-urlencoded"),
        ],
        "client": ("192.0.2.7", 50000),
        "server": ("x", 80),
    }
    # In a thread of its own: a browser's tests keep a loop running in this one.
    with caplog.at_level(logging.WARNING), start_blocking_portal() as portal:
        portal.call(here.app, scope, receive, send)
    assert answers[0]["status"] == 400
    assert caplog.records == []
