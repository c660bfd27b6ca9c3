"""A newsletter in Chromium, from its first words to its results, in both themes and on narrow screens."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import Page, Route, expect
from reading_room import World
from show_room import accept_all
from sqlalchemy import select
from test_workshop_in_a_browser import address, check, owner, workshop

from campaigns.newsletters import drafting
from sender.newsletters.writing import send_due
from sender.results import bring_up_to_date
from subscribers import consent, estimating
from subscribers.consent import Evidence
from subscribers.models import MailingList, Subscriber

__all__ = ["owner", "workshop"]  # fixtures


def test_from_the_first_words_to_the_results(owner: Page, workshop: World) -> None:
    installation = workshop.installation
    owner.goto(address(workshop, "/newsletters"))
    check(owner, "no newsletters")
    owner.get_by_role("link", name="Write the first one").click()
    expect(owner.get_by_role("heading", level=1)).to_have_text("New issue")
    owner.get_by_role("button", name="Write it").press("Enter")
    expect(owner.get_by_role("alert")).to_contain_text("Give the newsletter a name")
    check(owner, "issue-new")
    owner.get_by_label("Its title").fill("Frost, and what to do before it")
    owner.get_by_label("Name of the newsletter").fill("The Garden Letter")
    owner.get_by_role("button", name="Write it").press("Enter")
    expect(owner.get_by_role("heading", level=1)).to_have_text("Frost, and what to do before it")
    owner.get_by_role("radio", name="Markdown").check()
    owner.locator("#source .cm-content").click()
    owner.keyboard.type("The first frost is on the beds. Cover what is tender.\n\nMore: ")
    owner.keyboard.type("[how to cover](https://notes.example.org/frost)")
    expect(owner.locator("#state")).to_contain_text("Saved")
    check(owner, "issue editor")
    owner.set_viewport_size({"width": 1280, "height": 800})
    owner.get_by_role("link", name="Review and send").click()
    expect(owner.locator("#reach")).to_have_text("0 people get it")
    with installation.database.write() as session:
        own = session.scalars(select(MailingList).where(MailingList.slug == "the-garden-letter")).one()
        for person in session.scalars(select(Subscriber)):
            consent.add(session, own, person, Evidence(), installation.clock.now())
    owner.reload()
    expect(owner.locator("#reach")).to_have_text("6 people get it")
    check(owner, "issue-plan")
    owner.get_by_label("At an hour of each person").check()
    expect(owner.get_by_label("Day", exact=True)).to_have_value("2026-11-13")
    expect(owner.get_by_role("heading", name="When it leaves")).to_be_visible()
    owner.get_by_label("Subject B").fill("Three evenings before the frost")
    owner.get_by_label("Subject B").press("Tab")
    expect(owner.get_by_text("This newsletter counts no clicks")).to_be_visible()
    check(owner, "issue-plan-test")
    owner.get_by_role("link", name="Count them from now on").click()
    owner.get_by_label("Count which links are followed").check()
    owner.get_by_role("button", name="Save").press("Enter")
    expect(owner.locator("#toast")).to_contain_text("Saved")
    check(owner, "newsletter")
    owner.goto(address(workshop, "/newsletters"))
    owner.get_by_role("link", name="Frost, and what to do before it").click()
    owner.get_by_role("button", name="Send to 6 people").press("Enter")
    expect(owner.locator("#waits")).to_have_text("It goes to 6 people")
    check(owner, "issue-scheduled")
    send_due(installation.database, installation.clock.now())
    owner.reload()
    expect(owner.locator("#far")).to_contain_text("0 people of 6")
    check(owner, "issue-sending")
    owner.get_by_role("button", name="Pause").press("Enter")
    expect(owner.locator("#paused")).to_contain_text("It is paused")
    check(owner, "issue-paused")
    owner.get_by_role("button", name="Resume").press("Enter")
    expect(owner.locator("#far")).to_be_visible()
    accept_all(installation)
    workshop.clock.move_to(installation.clock.now().replace(hour=11))
    send_due(installation.database, installation.clock.now())
    bring_up_to_date(installation.database, installation.clock.now(), timedelta(days=30))
    owner.reload()
    expect(owner.locator("#found")).to_contain_text("6 people have received it, 0 clicked a link.")
    check(owner, "issue-sent")
    owner.goto(address(workshop, "/newsletters"))
    check(owner, "newsletters")


def test_the_plan_of_many_is_a_samples_first_and_then_counted_beside_what_is_typed(
    owner: Page, workshop: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(estimating, "MANY", 1)
    monkeypatch.setattr(estimating, "SIZE", 4)
    installation, now = workshop.installation, workshop.clock.now()
    with installation.database.write() as session:
        newsletter = drafting.create_newsletter(session, "The Garden Letter", now, language="en", zone="UTC")
        draft = drafting.create_issue(session, newsletter, "Frost", now)
        draft.lesson.body, issue = "The first frost is on the beds.", draft.lesson_id
        for person in session.scalars(select(Subscriber)):
            consent.add(session, newsletter.mailing_list, person, Evidence(), now)
    owner.route("**/issues/*?exact=yes*", lambda route: held.append(route))
    held: list[Route] = []
    owner.goto(address(workshop, f"/issues/{issue}"))
    expect(owner.locator("#reach")).to_have_text(re.compile(r"About \d+ people get it"))
    expect(owner.get_by_role("button", name=re.compile("Send to about"))).to_be_visible()
    check(owner, "issue-plan-estimated")
    owner.get_by_label("Subject B").press_sequentially("Three evenings")
    held[-1].continue_()
    expect(owner.locator("#reach")).to_have_text("6 people get it")
    expect(owner.get_by_role("button", name="Send to 6 people")).to_be_visible()
    expect(owner.locator("#people").get_by_role("row")).to_have_count(7)
    expect(owner.get_by_label("Subject B")).to_have_value("Three evenings")
    expect(owner.get_by_label("Subject B")).to_be_focused()
