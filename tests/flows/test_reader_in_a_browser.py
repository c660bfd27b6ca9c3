"""A reader's story in a real browser: sign up, confirm, ask for the next lesson, pause, leave."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Page

from courseletter.demo import Demo, read_article

START = datetime(2026, 3, 11, 14, 42, tzinfo=UTC)
READER = "ines@inbox.example.org"


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    with Demo(tmp_path, tmp_path / "mailbox", START) as running:
        running.create_course(read_article(None))
        yield running


def open_newest_mail(page: Page, demo: Demo) -> None:
    page.set_viewport_size({"width": 1280, "height": 860})  # wide enough for list and mail side by side
    page.goto(f"{demo.installation.links.base_url}/demo/mailbox")


def follow(page: Page, words: str) -> Page:
    """Press a link in the mail that the mailbox shows; it opens in a page of its own."""
    with page.context.expect_page() as opened:
        page.frame_locator("iframe").get_by_role("link", name=words).first.click()
    opened.value.wait_for_load_state()
    return opened.value


def test_sign_up_confirm_next_now_pause_and_leave(page: Page, demo: Demo) -> None:
    page.goto(demo.installation.links.sign_up(demo.slug))
    page.get_by_label("First name").fill("Inês")
    page.get_by_label("Email").fill(READER)
    page.get_by_role("button", name="Start the course").click()
    page.get_by_text("Look in your inbox").wait_for()
    demo.move_to(demo.now())

    open_newest_mail(page, demo)
    confirming = follow(page, "Yes")
    assert len(demo.mailbox.messages()) == 1  # opening the link has changed nothing
    confirming.get_by_role("button").first.click()
    confirming.get_by_text("Get up at the same hour").first.wait_for()
    demo.move_to(demo.now())
    assert len(demo.mailbox.messages()) == 2

    open_newest_mail(page, demo)
    page.frame_locator("iframe").get_by_text("Hi Inês,").wait_for()
    asking = follow(page, "Send lesson 1 now")
    demo.move_to(demo.now())
    assert len(demo.mailbox.messages()) == 2
    asking.get_by_role("button", name="Send").first.click()
    asking.wait_for_load_state()
    demo.move_to(demo.now())
    assert demo.mailbox.messages()[-1].subject == "1/5: Get up at the same hour"

    open_newest_mail(page, demo)
    leaving = follow(page, "Unsubscribe")
    leaving.get_by_role("button").first.click()
    leaving.wait_for_load_state()
    demo.move_to(datetime(2026, 9, 1, tzinfo=UTC))
    assert len(demo.mailbox.messages()) == 3


def test_the_mailboxs_clock_brings_the_next_lesson(page: Page, demo: Demo) -> None:
    demo.sign_up()
    open_newest_mail(page, demo)
    page.get_by_role("button", name="To the next lesson").click()
    page.get_by_role("heading", name="1/5: Get up at the same hour").wait_for()
    assert "Thursday 12 March" in page.content()
