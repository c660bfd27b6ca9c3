"""Pictures of the workshop for the docs. Kept only where COURSELETTER_PICTURES says."""

import os
from pathlib import Path

import pytest
from harvest import sow
from playwright.sync_api import Page
from press import digest, newsletters
from reading_room import World
from show_room import NOW
from sqlalchemy import select
from test_course_tabs_in_a_browser import converse
from test_publishing_pages import insert
from test_workshop_in_a_browser import add_article, address, owner, sleep_course, workshop

from campaigns import brand_editing
from campaigns.models import Course, Enrolment, Lesson
from courseletter import acts
from sender import editing
from subscribers.acts import running
from subscribers.acts.tagging import TAG
from subscribers.models import CustomField, Subscriber, SuppressionReason
from subscribers.suppression import suppress

__all__ = ["owner", "workshop"]  # fixtures

WIDTH, HEIGHT = 1280, 800
PAGE = (
    Path(__file__).parents[1] / "campaigns" / "fixtures" / "walking.html"
)  # a page with all that surrounds one


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    wanted = os.environ.get("COURSELETTER_PICTURES")
    return Path(wanted) if wanted else tmp_path


def multiply(world: World) -> None:
    """Give each reader a crowd of others like them, so that the pictures show a list of a thousand."""
    names = [one.key for one in Enrolment.__mapper__.column_attrs if one.key != "id"]
    with world.installation.database.write() as session:
        for number, enrolment in enumerate(session.scalars(select(Enrolment).order_by(Enrolment.id)).all()):
            like = {name: getattr(enrolment, name) for name in names}
            for twin in range(113 + 61 * (number * 3 % 5)):
                address = f"twin{number}.{twin}@inbox.example.org"
                person = Subscriber(email=address, address_key=address, created_at=NOW)
                session.add(person)
                session.flush()
                session.add(Enrolment(**{**like, "subscriber_id": person.id}))


def edit(world: World, course: Course) -> None:
    """What the plan shows: a new lesson, other words, and half an hour earlier."""
    insert(world, course, 3)
    with world.installation.database.write() as session:
        row = session.get_one(Course, course.id)
        lesson = session.get_one(Lesson, course.lessons[4].id)
        lesson.body = lesson.body.replace("simple and a little uncomfortable", "simple, and uncomfortable")
        lesson.body = lesson.body.replace("perhaps twenty minutes", "a quarter of an hour, say")
        row.cadence = {**row.cadence, "start": 7 * 60 + 30}


def add_brand(world: World) -> None:
    """A second one beside the settings'."""
    looks = {"accent": "#6b2d5c", "accent_dark": "#dba6cc", "titles": "georgia", "text": "sans"}
    typed = {"name": "The Small Hours", "address": "3 Example Lane, Bath", "from_local": "small", **looks}
    with world.installation.database.write() as session:
        brand_editing.save(session, world.installation.brands, "", typed, "letters.example.org")


def befriend(world: World) -> None:
    """Fields, tags and a change by hand of one reader, an act upon some, and addresses that get nothing."""
    opened = world.installation
    with opened.database.write() as session:
        for name, kind in (("plan", "text"), ("seats", "number"), ("newsletter_reader", "yes_no")):
            session.add(CustomField(name=name, kind=kind))
        session.flush()
        reader = session.get_one(Subscriber, 1)
        typed = {"last_name": "Lima", "tags": "early riser", "field-plan": "pro", "field-seats": "3"}
        editing.edit(session, opened.settings.key, reader, typed, "Mira Holt", NOW)
        wanted, argument = Subscriber.id <= 4, {"tag": "asked at the fair"}
        act = running.begin(
            session, TAG, argument, {"ids": [1, 2, 3, 4]}, wanted, "Status: Subscribed", "Ines", NOW
        )
        for address, reason in (("full@example.org", "bounced"), ("never@example.org", "manual")):
            suppress(session, opened.settings.key, address, SuppressionReason(reason), NOW)
    acts.work(opened, act.id)


def test_pictures_of_every_page(owner: Page, workshop: World, folder: Path) -> None:
    multiply(workshop)
    course = sleep_course(workshop)
    sow(workshop, course)
    edit(workshop, course)
    add_brand(workshop)
    converse(workshop, course)
    befriend(workshop)
    planned, sent = newsletters(workshop)
    pages = {
        "home": "/",
        "find": "/find?q=sleep",
        "keys": "/keys",
        "courses": "/courses",
        "course": f"/courses/{course.id}",
        "course-settings": f"/courses/{course.id}/settings",
        "lesson": f"/courses/{course.id}/lessons/{course.lessons[1].id}",
        "editor": f"/courses/{course.id}/lessons/{course.lessons[1].id}/edit",
        "new-course": "/articles/new",
        "review": f"/articles/{add_article(workshop, PAGE.read_bytes(), PAGE.name)}",
        "rhythm": f"/articles/{add_article(workshop)}/rhythm",
        "plan": f"/courses/{course.id}/plan",
        "checks": f"/courses/{course.id}/checks",
        "revisions": f"/courses/{course.id}/revisions",
        "questions": f"/courses/{course.id}/questions",
        "in-and-out": f"/courses/{course.id}/triggers",
        "folder": f"/courses/{course.id}/folder",
        "results": f"/courses/{course.id}/results",
        "subscribers": "/subscribers?q=reader&status=subscribed",
        "why": "/subscribers/1",
        "person-fields": "/subscribers/1/edit",
        "person-everything": "/subscribers/1/history",
        "acts": "/subscribers/acts",
        "fields": "/fields",
        "field": "/fields/plan",
        "suppressions": "/suppressions",
        "delivery": "/deliveries/1",
        "brands": "/settings/brands",
        "brand": "/settings/brands/first",
        "imports": "/subscribers/imports",
        "export": "/subscribers/export",
        "segments": "/segments?subject-0=field:first_name&how-0=contains&value-0=Reader",
        "newsletters": "/newsletters",
        "issue-plan": f"/issues/{planned}",
        "issue": f"/issues/{sent}",
        "digest": f"/newsletters/{digest(workshop)}/digest",
        "settings": "/settings",
        "sign-in": "/sign-in",
    }
    owner.emulate_media(color_scheme="light", reduced_motion="reduce")
    for name, path in pages.items():
        owner.set_viewport_size({"width": WIDTH, "height": HEIGHT})
        response = owner.goto(address(workshop, path))
        assert response is not None
        assert response.ok, name
        owner.wait_for_load_state("networkidle")
        owner.screenshot(path=folder / f"workshop-{name}.png", full_page=True)
    for name in ("home", "course", "plan", "review", "results"):
        owner.set_viewport_size({"width": 375, "height": 812})
        owner.goto(address(workshop, pages[name]))
        owner.screenshot(path=folder / f"workshop-{name}-phone.png")
    owner.emulate_media(color_scheme="dark")
    owner.set_viewport_size({"width": WIDTH, "height": HEIGHT})
    owner.goto(address(workshop, "/"))
    owner.screenshot(path=folder / "workshop-home-dark.png", full_page=True)
    assert len(list(folder.glob("workshop-*.png"))) == len(pages) + 6
