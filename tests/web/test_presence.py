"""Who has a lesson open: told to the others, forgotten when their page falls silent."""

from datetime import timedelta

from colleagues import Colleague, add_user
from playwright.sync_api import Browser, expect
from reading_room import World
from sqlalchemy import select
from writing_desk import LESSON, Desk

from campaigns.models import Lesson, Presence

EDITOR = f"/courses/crs_0000000001/lessons/{LESSON}/edit"


def colleague(world: World, name: str) -> Colleague:
    email = f"{name.lower()}@example.org"
    return Colleague(
        world.app, world.installation, add_user(world.installation, "marketer", email, name=name)
    )


def here(one: Colleague) -> str:
    answer = one.post(f"{EDITOR}/here")
    assert answer.status_code == 200
    told: str = answer.json()["told"]
    return told


def test_each_hears_of_the_others_and_not_of_themselves(world: World) -> None:
    mira, marek, ines = (colleague(world, name) for name in ("Mira", "Marek", "Ines"))
    assert here(mira) == ""
    assert here(marek) == "Mira is reading"
    assert here(ines) == "Marek and Mira are reading"
    assert here(mira) == "Ines and Marek are reading"
    assert "Ines and Marek are reading" in mira.get(EDITOR).text


def test_who_has_just_saved_is_writing(world: World) -> None:
    mira, marek = colleague(world, "Mira"), colleague(world, "Marek")
    here(marek)
    with world.installation.database.write() as session:
        lesson = session.get_one(Lesson, LESSON)
        lesson.saved_at, lesson.saved_by = world.clock.now(), "Marek"
    assert here(mira) == "Marek is writing"
    world.clock.move_to(world.clock.now() + timedelta(seconds=40))
    here(marek)
    world.clock.move_to(world.clock.now() + timedelta(seconds=40))
    assert here(mira) == "Marek is reading"


def test_who_falls_silent_has_gone_and_is_forgotten(world: World) -> None:
    mira, marek = colleague(world, "Mira"), colleague(world, "Marek")
    here(marek)
    world.clock.move_to(world.clock.now() + timedelta(minutes=1))
    assert here(mira) == ""
    with world.installation.database.read() as session:
        assert session.scalars(select(Presence.name)).all() == ["Mira"]


def test_two_browsers_see_each_other(chromium: Browser, served: World) -> None:
    first = Desk(chromium, served)
    first.open()
    second = Desk(chromium, served, "Marek Novak")
    second.open()
    expect(second.page.locator("#presence")).to_have_text("Mira Holt is reading")
    first.page.reload()
    expect(first.page.locator("#presence")).to_have_text("Marek Novak is reading")
    first.close()
    second.close()
