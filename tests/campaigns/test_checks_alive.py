"""Whether links and pictures are there: what servers answer, and that nothing private is asked."""

import socket
import threading
from collections.abc import Sequence

import httpx2
import pytest
from drafted import TEXT, checked, course

from campaigns.checking import alive
from campaigns.checking.examining import Target
from campaigns.reading.fetching import Fetcher

PUBLIC = "93.184.216.34"


class Web:
    """A web whose pages are answers by path; it counts what it is asked."""

    def __init__(self, **answers: httpx2.Response) -> None:
        self.answers = answers
        self.asked: list[str] = []
        self._lock = threading.Lock()

    def fetcher(self) -> Fetcher:
        return Fetcher(self.resolve, httpx2.MockTransport(self.answer))

    def resolve(self, host: str, port: int) -> Sequence[str]:
        if host == "nowhere.example":
            raise socket.gaierror("unknown")
        return ["10.0.0.7"] if host == "inside.example" else [PUBLIC]

    def answer(self, request: httpx2.Request) -> httpx2.Response:
        with self._lock:
            self.asked.append(request.url.path)
        found = self.answers.get(request.url.path.strip("/"))
        if found is None:
            raise httpx2.ConnectError("refused")
        return httpx2.Response(found.status_code, headers=found.headers)


def found(web: Web, *targets: Target) -> list[tuple[str, str, int | None, str, str]]:
    findings = alive.check({"les_1": targets}, web.fetcher())["les_1"]
    return [(one.code, one.severity, one.line, one.message, one.mend) for one in findings]


def link(path: str, line: int = 3, host: str = "example.org") -> Target:
    return Target(f"https://{host}/{path}", line, False)


@pytest.mark.parametrize(
    ("status", "severity", "message", "mend"),
    [
        (404, "warning", "does not exist: its server answers 404", "Mend the address"),
        (410, "warning", "does not exist: its server answers 410", "Mend the address"),
        (500, "warning", "does not work: its server answers 500", "Check again later"),
        (403, "hint", "answers 403: it does not let programs in", "Open it in your browser"),
        (429, "hint", "answers 429", "Open it in your browser"),
    ],
)
def test_a_page_that_is_not_there_is_found(status: int, severity: str, message: str, mend: str) -> None:
    [one] = found(Web(page=httpx2.Response(status)), link("page"))
    assert one[:3] == ("link-alive", severity, 3)
    assert message in one[3]
    assert mend in one[4]


def test_a_page_that_is_there_is_asked_for_once_and_unread() -> None:
    web = Web(page=httpx2.Response(200), old=httpx2.Response(301, headers={"location": "/page"}))
    assert found(web, link("page"), link("page", 9), link("old")) == []
    assert sorted(web.asked) == ["/old", "/page", "/page"]


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("https://example.org/closed", "could not be read"),
        ("https://nowhere.example/", "There is no host “nowhere.example”"),
        ("https://inside.example/admin", "address not allowed"),
        ("http://127.0.0.1:8000/", "address not allowed"),
        ("http://2130706433/", "address not allowed"),
        ("https://example.org/round", "redirects more than 5 times"),
    ],
)
def test_r39_what_cannot_or_may_not_be_reached_is_said(address: str, message: str) -> None:
    web = Web(round=httpx2.Response(302, headers={"location": "/round"}))
    [one] = found(web, Target(address, 3, False))
    assert one[:3] == ("link-alive", "warning", 3)
    assert message in one[3]
    assert "save the page" not in one[3]
    assert set(web.asked) <= {"/closed", "/round"}


def test_a_picture_is_one_and_not_too_large() -> None:
    png = {"content-type": "image/png", "content-length": "900"}
    web = Web(
        good=httpx2.Response(200, headers=png),
        page=httpx2.Response(200, headers={"content-type": "text/html; charset=utf-8"}),
        large=httpx2.Response(200, headers={**png, "content-length": "3145728"}),
    )
    pictures = [Target(f"https://example.org/{name}", 5, True) for name in ("good", "page", "large")]
    told = found(web, *pictures)
    assert [(code, severity, line) for code, severity, line, _, _ in told] == [
        ("image-file", "warning", 5)
    ] * 2
    assert "is no picture but text/html" in told[0][3]
    assert "has 3.0\u00a0MB" in told[1][3]


def test_mail_addresses_phone_numbers_and_our_own_pages_are_not_asked() -> None:
    body = f"{TEXT}\n[Write](mailto:us@example.org), [call](tel:+491234), [read]({{{{links.web}}}}).\n"
    web = Web(study=httpx2.Response(200), worksheet=httpx2.Response(200))
    web.answers["desk.png"] = httpx2.Response(200, headers={"content-type": "image/png"})
    told = alive.check(checked(course(body=body)).targets, web.fetcher())
    assert told == {"les_0": [], "les_1": [], "les_2": []}
    assert sorted(web.asked) == ["/desk.png", "/study", "/worksheet"]
