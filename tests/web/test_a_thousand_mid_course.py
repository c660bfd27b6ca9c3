"""A thousand learners mid-course, edited, published, rolled back in Chromium: as the model says."""

import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from shutil import copyfile
from typing import Any

import pytest
from colleagues import Colleague, add_user
from everybody import Everybody
from fastapi import FastAPI
from playwright.sync_api import Page, expect
from reading_room import World, serving, settings
from test_workshop_in_a_browser import address
from worlds import MODEL, load_model
from worlds import World as Life

from campaigns.drafting import draft_timetable
from campaigns.models import Course, Lesson
from campaigns.moving import Choices, Policy
from courseletter.clock import MovableClock
from courseletter.database import Database
from courseletter.installation import open_installation
from courseletter.web.app import create_app

pytestmark = pytest.mark.skipif(not MODEL.exists(), reason="the reference model is not beside the project")

LEARNERS = 1_000
LONG = 60_000  # milliseconds, for a machine that does much else besides


@pytest.fixture(scope="module")
def model() -> Any:
    return load_model()


@pytest.fixture
def everybody(model: Any, empty_sqlite: Path, tmp_path: Path) -> Iterator[Everybody]:
    """An evergreen course with a welcome and five lessons or more."""
    database = Database(f"sqlite:///{copyfile(empty_sqlite, tmp_path / 'thousand.db')}")
    seed = next(seed for seed in range(1_000) if _fits(Life(model, random.Random(seed))))
    yield Everybody(database, model, random.Random(seed), learners=LEARNERS)
    database.close()


def _fits(life: Life) -> bool:
    steps, cadence = life.timetable.steps, life.timetable.cadence
    return steps[0].welcome and len(steps) > 5 and cadence.cohort_start is None


@pytest.fixture
def workshop(everybody: Everybody, tmp_path: Path) -> Iterator[World]:
    made: list[World] = []

    def make(base_url: str) -> FastAPI:
        clock = MovableClock(everybody.now)
        opened = open_installation(settings(tmp_path, base_url), clock)
        installation = replace(opened, database=everybody.database)
        made.append(World(installation, clock, create_app(installation)))
        return made[0].app

    with serving(make):
        yield made[0]


@pytest.fixture
def marketer(workshop: World, page: Page) -> Page:
    page.set_default_timeout(LONG)
    expect.set_options(timeout=LONG)
    user = add_user(workshop.installation, "marketer")
    session_id = Colleague(workshop.app, workshop.installation, user).session_id
    page.context.add_cookies([{"name": "courseletter", "value": session_id, "url": address(workshop, "/")}])
    yield page
    expect.set_options(timeout=5_000)


@pytest.mark.parametrize("policy", list(Policy))
def test_a_lesson_inserted_moved_and_taken_out_reaches_everybody_as_the_model_says(
    everybody: Everybody, workshop: World, marketer: Page, policy: Policy
) -> None:
    course = f"/courses/{everybody.course_id}"
    lessons = [step.id for step in everybody.timetable.steps if not step.welcome]
    everybody.tick()

    open_course(marketer, address(workshop, course))
    fresh = insert_after(marketer, lessons[1])
    open_course(marketer, address(workshop, course))
    move_up(marketer, lessons[4], 3)
    take_out(marketer, lessons[2])
    choices = Choices({fresh: policy, lessons[4]: policy})
    order = redraft(everybody, workshop, fresh)
    assert order[1:6] == [lessons[0], lessons[1], lessons[4], fresh, lessons[3]]

    marketer.get_by_role("link", name="Review and publish").click()
    for lesson in choices.policies:
        choose(marketer, lesson, policy)
    confirm(marketer, f"Publish to {LEARNERS:,} people", "Revision 2 is in force")
    everybody.publish_in_model(choices)
    everybody.check()

    marketer.get_by_role("link", name="Roll back to revision 1").click()
    confirm(marketer, f"Roll back for {LEARNERS:,} people", "Revision 1 is in force")
    everybody.roll_back_in_model(1)
    everybody.check()


def open_course(page: Page, at: str) -> None:
    page.goto(at)
    settled(page)


def settled(page: Page) -> None:
    """The course's page has its checks: a request that is cut off is told on the console."""
    expect(page.locator("#checks-said")).not_to_contain_text("What stands in the way")


def insert_after(page: Page, lesson: str) -> str:
    """A new lesson from the menu of another one, with a few words typed into it; returns its id."""
    page.locator(f"#more-{lesson}").click()
    page.locator(f"#after-{lesson}").click()
    page.wait_for_selector("#lesson[data-ready]")
    page.locator(".ProseMirror").click()
    page.keyboard.type("Words that are new.")
    expect(page.locator("#state")).to_contain_text("Saved")
    expect(page.locator("#state")).to_have_attribute("data-kind", "saved")
    return page.url.split("/")[-2]


def move_up(page: Page, lesson: str, by: int) -> None:
    """Lift it by its handle, by keyboard."""
    page.locator(f"#handle-{lesson}").focus()
    page.keyboard.press("Space")
    for _ in range(by):
        page.keyboard.press("ArrowUp")
    page.keyboard.press("Space")
    expect(page.get_by_role("status")).to_contain_text("is lesson 3 now")
    settled(page)


def take_out(page: Page, lesson: str) -> None:
    page.locator(f"#more-{lesson}").click()
    page.locator(f"#remove-{lesson}").click()
    expect(page.get_by_role("status")).to_contain_text("is out of the draft")
    expect(page.locator(f"li[id='{lesson}']")).to_have_count(0)
    settled(page)


def choose(page: Page, lesson: str, policy: Policy) -> None:
    """What becomes of those who are past the lesson; the page works its numbers out again."""
    wanted = page.locator(f"#{policy}-{lesson}")
    if not wanted.is_checked():
        with page.expect_response("**/plan"):
            wanted.check()
    expect(wanted).to_be_checked()


def confirm(page: Page, button: str, done: str) -> None:
    page.get_by_role("button", name=button).click()
    page.wait_for_url("**/revisions")
    expect(page.locator("#moving")).to_contain_text(done)


def redraft(everybody: Everybody, workshop: World, fresh: str) -> list[str]:
    """Tell the model what the draft is that the browser has made; returns its lessons in order."""
    with workshop.installation.database.read() as session:
        course = session.get_one(Course, everybody.course_id)
        everybody.draft = replace(draft_timetable(course), publishes=2)
        new = session.get_one(Lesson, fresh)
        assert "Words that are new." in new.body
    everybody.words[2] = {**everybody.words[1], fresh: "Words that are new."}
    return [step.id for step in everybody.draft.steps]
