"""The tabs of a course about its readers: questions, ways in and out, the form for other pages."""

import re

from playwright.sync_api import Page, expect
from reading_room import World
from sqlalchemy import select
from test_workshop_in_a_browser import address, check, owner, sleep_course, workshop  # noqa: F401 - fixtures

from campaigns import questions
from campaigns.models import Course, Lesson, Question
from sender import triggers
from subscribers.models import Subscriber


def converse(world: World, course: Course) -> None:
    """A quiz and a question in words, both answered; a goal, and a way in."""
    now = world.clock.now()
    with world.installation.database.write() as session:
        first, second = (session.get_one(Lesson, one.id) for one in course.lessons[1:3])
        choices = ("The lamp by the bed", "The screen")
        questions.ask(session, first, "What keeps you awake the longest?", choices, choices[1], now)
        questions.ask(session, second, "What will you change this week?", (), "", now)
        quiz, words = session.scalars(select(Question).order_by(Question.id))
        for number, person in enumerate(session.scalars(select(Subscriber).limit(4))):
            questions.answer(session, quiz, person, choices[number % 2], now)
            questions.answer(
                session, words, person, f"I dim the hall, and go to bed at {20 + number}:00.", now
            )
        row = session.get_one(Course, course.id)
        other = session.scalars(select(Course).where(Course.id != course.id).limit(1)).one()
        triggers.add(session, row, "end", now, tag="Bought the book", then=other)
        triggers.add(session, row, "enrol", now, finished=other)


def test_the_tabs_hold_in_both_themes_and_on_narrow_screens(owner: Page, workshop: World) -> None:  # noqa: F811
    course = sleep_course(workshop)
    for filled in (False, True):
        if filled:
            converse(workshop, course)
        for name in ("questions", "triggers", "form"):
            owner.goto(address(workshop, f"/courses/{course.id}/{name}"))
            check(owner, name)


def test_a_question_is_asked_by_keyboard_and_undone_by_a_press(owner: Page, workshop: World) -> None:  # noqa: F811
    course = sleep_course(workshop)
    owner.goto(address(workshop, f"/courses/{course.id}/questions"))
    owner.get_by_label("Question", exact=True).focus()
    owner.keyboard.type("What keeps you awake?")
    owner.keyboard.press("Tab")
    owner.keyboard.type("one")
    owner.keyboard.press("Tab")
    owner.keyboard.press("Enter")
    expect(owner.locator("#problems")).to_be_focused()
    owner.keyboard.press("Tab")
    owner.keyboard.press("Enter")
    expect(owner.get_by_label("Choices")).to_have_value("one")
    owner.get_by_label("Choices").fill("")
    owner.get_by_role("button", name="Ask it").click()
    expect(owner.get_by_role("heading", name="What keeps you awake?")).to_be_visible()
    owner.get_by_role("button", name="Remove", exact=True).click()
    expect(owner.get_by_role("heading", name="No lesson asks anything yet")).to_be_visible()


def test_the_open_tab_is_seen_on_a_phone(owner: Page, workshop: World) -> None:  # noqa: F811
    course = sleep_course(workshop)
    owner.set_viewport_size({"width": 375, "height": 812})
    for name in ("", "/form"):  # the first and the last
        owner.goto(address(workshop, f"/courses/{course.id}{name}"))
        expect(owner.locator(".tabs [aria-current]")).to_be_in_viewport(ratio=1)


def test_answers_are_not_thrown_away_by_one_press(owner: Page, workshop: World) -> None:  # noqa: F811
    course = sleep_course(workshop)
    converse(workshop, course)
    owner.goto(address(workshop, f"/courses/{course.id}/questions"))
    gone = owner.get_by_role("button", name=re.compile(r"Remove it and \d+ answers?"))
    expect(gone.first).to_be_hidden()
    asked = owner.get_by_text("Remove", exact=True)
    many = asked.count()
    asked.first.click()
    expect(owner.get_by_text("goes with the question, for good").first).to_be_visible()
    gone.first.click()
    expect(asked).to_have_count(many - 1)
