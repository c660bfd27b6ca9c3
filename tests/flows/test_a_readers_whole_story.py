"""A reader's whole story on a phone, by the links of real mails: faster, a break, one skipped, one again.

Left with one press, come back, gone on to the end; its certificate; and erased.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from campaigns.models import Course
from courseletter.demo import Demo, read_article

START = datetime(2026, 3, 11, 14, 42, tzinfo=UTC)
READER = "ines@inbox.example.org"


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    with Demo(tmp_path, tmp_path / "mailbox", START) as running:
        running.create_course(read_article(None))
        with running.installation.database.write() as session:
            session.query(Course).one().certificate = True
        yield running


def link(demo: Demo, ending: str) -> str:
    """The address in the newest mail's text that ends so."""
    found = re.findall(r"https?://\S+", demo.mailbox.messages()[-1].text)
    return next(one for one in found if one.rstrip(">)").endswith(ending))


def confirm_link(demo: Demo) -> str:
    found = re.search(r"https?://\S+/confirm/\S+", demo.mailbox.messages()[-1].text)
    assert found is not None
    return found[0]


def lessons(demo: Demo) -> int:
    return len(demo.mailbox.messages())


def live_on(demo: Demo, days: int = 60) -> None:
    demo.move_to(demo.now() + timedelta(days=days))


def test_a_readers_whole_story(page: Page, demo: Demo) -> None:
    page.set_viewport_size({"width": 375, "height": 812})
    page.goto(demo.installation.links.sign_up(demo.slug))
    page.get_by_label("First name").fill("Inês")
    page.get_by_label("Email").fill(READER)
    page.get_by_role("button", name="Start the course").click()
    expect(page.get_by_role("heading", name="Look in your inbox")).to_be_visible()
    demo.move_to(demo.now())
    page.goto(confirm_link(demo))
    page.get_by_role("button", name="Yes, start the course").click()
    expect(page.get_by_role("heading", name="You are in", exact=True)).to_be_visible()
    demo.move_to(demo.now())
    assert lessons(demo) == 2, "the question and the welcome"

    page.get_by_role("link", name="Change the pace").click()
    home = page.url
    page.get_by_text("Faster").check()
    page.get_by_role("button", name="Save my pace").click()
    expect(page.get_by_role("status")).to_contain_text("Saved.")

    page.goto(home + "/pause")
    page.get_by_label("Pause until").fill("2026-04-20")
    page.get_by_role("button", name="Pause", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("Paused.")
    demo.move_to(datetime(2026, 4, 19, 12, tzinfo=UTC))
    assert lessons(demo) == 2
    page.goto(home)
    page.get_by_role("button", name="Go on sooner").click()
    expect(page.get_by_role("status")).to_contain_text("The course goes on.")

    page.goto(home)
    page.get_by_role("button", name="Send lesson 1 now").click()
    expect(page.get_by_role("status")).to_contain_text("It is on its way")
    demo.move_to(demo.now())
    assert demo.mailbox.messages()[-1].subject.startswith("1/5")

    page.goto(link(demo, "/skip"))
    page.get_by_role("button", name="Yes, skip lesson 2").click()
    expect(page.get_by_role("status")).to_contain_text("Skipped.")
    page.goto(link(demo, "/again"))
    page.get_by_role("button", name="Yes, send it again").click()
    expect(page.get_by_role("status")).to_contain_text("Another copy is on its way")
    demo.move_to(demo.now())
    assert [one.subject[:3] for one in demo.mailbox.messages()[2:]] == ["1/5", "1/5"]

    page.goto(home)
    page.get_by_role("list").get_by_role("link").last.click()
    expect(page.get_by_text("Lesson 2 of 5")).to_be_visible()

    page.goto(link(demo, "/everything").removesuffix("/everything"))
    page.get_by_role("button", name="Leave the course").click()
    expect(page.get_by_role("heading", name="Done. You have left the course.")).to_be_visible()
    before = lessons(demo)
    live_on(demo)
    assert lessons(demo) == before
    page.get_by_role("button", name="Come back to lesson").click()
    expect(page.get_by_role("heading", name="You are back")).to_be_visible()

    live_on(demo, 120)
    assert [one.subject[:3] for one in demo.mailbox.messages()[before:]] == ["3/5", "4/5", "5/5"]
    page.goto(home)
    expect(page.get_by_role("heading", name="The whole course")).to_be_visible()
    page.get_by_role("link", name="Your certificate").click()
    expect(page.get_by_role("img", name="Certificate: Inês")).to_be_visible()
    with page.expect_download() as saving:
        page.get_by_role("link", name="Download as PDF").click()
    assert Path(saving.value.path()).read_bytes().startswith(b"%PDF-")

    page.goto(home + "/data")
    page.get_by_label("Type your address to confirm").fill(READER.upper())
    page.get_by_role("button", name="Erase everything about me").click()
    expect(page.get_by_role("heading", name="Erased")).to_be_visible()
