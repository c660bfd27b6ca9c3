"""The demo's mailbox: a stranger's HTML behind glass, and the clock that its reader moves."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from reading_room import World
from starlette.testclient import TestClient

from courseletter.web.app import create_app
from sender.stored_mail import StoredMail, read_mail

HOSTILE = (
    '<html><head><title>x</title></head><body><div style="display:none">What it is about&#8203; &nbsp;</div>'
    '<p style="color:red">Hello</p><a href="https://example.org/read">Read</a>'
    '<a href="/healthz">Is it well?</a>'
    "<script>parent.document.title = 'taken'</script></body></html>"
)


def raw_mail(subject: str, to: str, day: int, html: str = HOSTILE, extra: str = "") -> bytes:
    return (
        f"{extra}From: Quiet Nights <hello@example.org>\r\nTo: Ana <{to}>\r\nSubject: {subject}\r\n"
        f"Date: Thu, {day:02} Nov 2026 08:00:00 +0000\r\nMIME-Version: 1.0\r\n"
        f'Content-Type: text/html; charset="utf-8"\r\n\r\n{html}\r\n'
    ).encode()


class Mails:
    """A mailbox that holds what it is given."""

    def __init__(self) -> None:
        self.stored: list[StoredMail] = []

    def put(self, subject: str, to: str = "ana@inbox.test", day: int = 5, extra: str = "") -> None:
        self.stored.append(read_mail(f"key{len(self.stored)}", raw_mail(subject, to, day, extra=extra)))

    def messages(self) -> list[StoredMail]:
        return list(self.stored)

    def message(self, key: str) -> StoredMail | None:
        return next((mail for mail in self.stored if mail.key == key), None)


class Calendar:
    """A clock with one thing due, which has come when it is reached."""

    def __init__(self, mails: Mails) -> None:
        self.moment = datetime(2026, 11, 12, 8, tzinfo=UTC)
        self.due: datetime | None = self.moment + timedelta(days=7)
        self.playing = False
        self._mails = mails

    def now(self) -> datetime:
        return self.moment

    def next_moment(self) -> datetime | None:
        return self.due

    def move_to(self, moment: datetime) -> None:
        self.moment = moment
        if self.due is not None and self.due <= moment:
            self._mails.put("Lesson 3", day=19)
            self.due = None


@pytest.fixture
def mails() -> Mails:
    mails = Mails()
    mails.put("Please confirm", day=3)
    mails.put("Lesson 2", day=12, extra="DKIM-Signature: v=1\r\nList-Unsubscribe: <https://x.test/u>\r\n")
    return mails


@pytest.fixture
def demo(here: World, mails: Mails) -> TestClient:
    return TestClient(create_app(here.installation, mailbox=mails, calendar=Calendar(mails)))


def text_of(html: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html)))


def test_the_newest_mail_is_open_and_the_list_says_when_and_what(demo: TestClient) -> None:
    page = text_of(demo.get("/demo/mailbox").text)
    assert "The demo’s clock says Thursday 12 November, 08:00." in page
    assert "ana@inbox.test (2)" in page
    assert page.index("Quiet Nights 08:00 Lesson 2 What it is about") < page.index("Tue 3 Nov Please confirm")
    assert "DKIM signed One-press unsubscribe 1 KB" in page
    assert "DKIM signed" not in text_of(demo.get("/demo/mailbox", params={"mail": "key0"}).text)


def test_r37_a_mail_is_shown_behind_glass(demo: TestClient) -> None:
    page = demo.get("/demo/mailbox").text
    frame = re.search(r"<iframe[^>]*>", page)
    assert frame is not None
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in frame[0]
    assert "parent.document" not in page
    mail = demo.get("/demo/mailbox/mails/key1")
    policy = mail.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "sandbox allow-popups" in policy
    assert "allow-scripts" not in policy
    assert "allow-same-origin" not in policy
    assert '<a target="_blank" rel="noreferrer" href="https://example.org/read">' in mail.text


def test_source_and_text_are_shown_as_text(demo: TestClient) -> None:
    source = demo.get("/demo/mailbox", params={"view": "source"}).text
    assert "&lt;script&gt;parent.document" in source
    assert "<iframe" not in source


@pytest.mark.parametrize(("to", "clock"), [("day", "Friday 13 November"), ("next", "Thursday 19 November")])
def test_the_clock_moves_by_a_day_or_to_what_is_due(demo: TestClient, to: str, clock: str) -> None:
    page = text_of(demo.post("/demo/mailbox/clock", data={"to": to}).text)
    assert f"The demo’s clock says {clock}, 08:00." in page
    assert ("Lesson 3" in page) is (to == "next")


def test_the_state_changes_with_mail_and_clock_alone(demo: TestClient) -> None:
    states = [demo.get("/demo/mailbox/state").json() for _ in range(2)]
    demo.post("/demo/mailbox/clock", data={"to": "day"})
    states.append(demo.get("/demo/mailbox/state").json())
    assert states[0] == states[1] != states[2]


def test_mails_of_several_readers_can_be_told_apart(demo: TestClient, mails: Mails) -> None:
    mails.put("For Bo", to="bo@inbox.test", day=12)
    assert "For Bo" in demo.get("/demo/mailbox", params={"to": "bo@inbox.test"}).text
    assert "For Bo" not in demo.get("/demo/mailbox", params={"to": "ana@inbox.test"}).text
    assert "For Bo" in demo.get("/demo/mailbox", params={"to": "nobody"}).text


@pytest.mark.parametrize("key", ["key9", "..%2F..%2Fetc%2Fpasswd", "%00"])
def test_unknown_mails_are_not_found(demo: TestClient, key: str) -> None:
    assert demo.get(f"/demo/mailbox/mails/{key}").status_code == 404


def test_without_a_demo_there_is_no_mailbox(here: World) -> None:
    for path in ("/demo/mailbox", "/demo/mailbox/state", "/demo/mailbox/mails/key0"):
        assert here.browser().get(path).status_code == 404


def test_health_is_told(here: World) -> None:
    assert here.browser().get("/healthz").text == "ok\n"
