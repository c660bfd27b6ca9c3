"""What somebody types while an answer is under way, in Chromium: it stays, with the focus and the caret."""

import re
from collections.abc import Callable

from playwright.sync_api import Page, Route, expect
from reading_room import World
from sqlalchemy import select
from test_workshop_in_a_browser import address, owner, workshop

from campaigns.newsletters import drafting
from subscribers import consent
from subscribers.consent import Evidence
from subscribers.models import MailingList, Subscriber

__all__ = ["owner", "workshop"]  # fixtures


def while_asked(page: Page, asked: re.Pattern[str], act: Callable[[], object]) -> None:
    """Act while the next request of this kind is under way: it goes on when that is done."""

    def hold(route: Route) -> None:
        act()
        route.continue_()

    page.route(asked, hold, times=1)


def draft_issue(world: World) -> str:
    """An issue that everybody in the workshop would get."""
    now = world.installation.clock.now()
    with world.installation.database.write() as session:
        course = drafting.create_newsletter(session, "The Garden Letter", now, language="en", zone="UTC")
        issue = drafting.create_issue(session, course, "Before the frost", now)
        own = session.get_one(MailingList, course.list_id)
        for person in session.scalars(select(Subscriber)):
            consent.add(session, own, person, Evidence(), now)
        return issue.lesson_id


def test_what_is_typed_while_an_answer_is_under_way_stays(owner: Page, workshop: World) -> None:
    plan = re.compile(r"/issues/[^/]+\?")
    owner.goto(address(workshop, f"/issues/{draft_issue(workshop)}"))
    subject = owner.get_by_label("Subject B")

    def go_on_typing() -> None:
        subject.press("End")
        subject.press_sequentially(" before the frost")
        for _ in "the frost":
            subject.press("ArrowLeft")

    subject.fill("Three evenings")
    while_asked(owner, plan, go_on_typing)
    subject.press("Tab")
    expect(owner.get_by_label("Subject C")).to_be_visible()
    expect(subject).to_have_value("Three evenings before the frost")
    expect(subject).to_be_focused()
    subject.press_sequentially("all ")
    expect(subject).to_have_value("Three evenings before all the frost")
    with owner.expect_request(lambda one: "before+all" in one.url or "before%20all" in one.url):
        subject.press("Tab")
    expect(owner.get_by_label("Subject C")).to_be_focused()


def test_what_was_typed_is_counted_though_nothing_is_typed_after(owner: Page, workshop: World) -> None:
    """The browser tells of no change then: the field that it was typed into is gone."""
    plan = re.compile(r"/issues/[^/]+\?")
    owner.goto(address(workshop, f"/issues/{draft_issue(workshop)}"))
    subject = owner.get_by_label("Subject B")
    while_asked(owner, plan, lambda: subject.press_sequentially("One evening"))
    owner.get_by_label("At an hour of each person").check()
    expect(owner.get_by_label("Day", exact=True)).to_have_value("2026-11-13")
    expect(subject).to_have_value("One evening")
    subject.press("Tab")
    expect(owner.get_by_label("Subject C")).to_be_visible()


def test_what_the_server_corrected_and_nobody_touched_is_the_servers(owner: Page, workshop: World) -> None:
    plan = re.compile(r"/issues/[^/]+\?")
    owner.goto(address(workshop, f"/issues/{draft_issue(workshop)}"))
    owner.get_by_label("At an hour of each person").check()
    day = owner.get_by_label("Day", exact=True)
    expect(day).to_have_value("2026-11-13")
    while_asked(owner, plan, lambda: owner.get_by_label("Subject B").press_sequentially("One evening"))
    day.fill("")
    expect(day).to_have_value("2026-11-13")
    expect(owner.get_by_label("Subject B")).to_have_value("One evening")


def test_every_form_of_the_workshop_keeps_what_is_typed(owner: Page, workshop: World) -> None:
    """A value of a segment, and its name, typed while the page counts."""
    owner.goto(address(workshop, "/segments"))
    owner.get_by_label("Ask about").select_option(label="Email")
    value, name = owner.get_by_label("Value"), owner.get_by_label("Name", exact=True)
    expect(value).to_be_visible()
    while_asked(owner, re.compile(r"/segments\?"), lambda: name.press_sequentially("Readers"))
    value.fill("reader1@inbox.example.org")
    value.press("Tab")
    expect(owner.locator("#count")).to_have_text("1 of 6 match")
    expect(name).to_have_value("Readers")
    expect(name).to_be_focused()
