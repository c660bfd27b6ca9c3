"""The pages that say why: found by search, true to the ledger, with acts that can be taken back."""

import re
from datetime import date, timedelta

import pytest
from colleagues import Colleague, add_user
from reading_room import World
from sqlalchemy import select

from campaigns.models import Enrolment
from sender.models import Delivery, Event, State


@pytest.fixture
def marketer(furnished: World) -> Colleague:
    return Colleague(furnished.app, furnished.installation, add_user(furnished.installation, "marketer"))


def enrolment(world: World, number: int = 1) -> Enrolment:
    with world.installation.database.read() as session:
        return session.scalars(select(Enrolment).where(Enrolment.subscriber_id == number)).one()


def deliveries(world: World, number: int = 1) -> list[Delivery]:
    with world.installation.database.read() as session:
        wanted = select(Delivery).where(Delivery.subscriber_id == number).order_by(Delivery.id)
        return list(session.scalars(wanted))


def follow(browser: Colleague, path: str, **fields: str) -> str:
    """Press a button, and return the page it leads on to."""
    answer = browser.post(path, **fields)
    assert answer.status_code == 303, answer.text
    return browser.get(answer.headers["location"]).text


def put_in_doubt(world: World) -> int:
    with world.installation.database.write() as session:
        last = session.get_one(Delivery, deliveries(world)[-1].id)
        last.state, last.finished_at, last.reply = State.UNKNOWN, None, "the connection broke"
        last.due_at = world.clock.now() + timedelta(minutes=30)
        session.add(
            Event(at=world.clock.now(), kind="unknown", delivery_id=last.id, subscriber_id=1, data={})
        )
        return last.id


def test_a_person_is_found_and_their_page_tells_past_and_future(
    furnished: World, marketer: Colleague
) -> None:
    found = marketer.get("/subscribers?q=reader0@").text
    assert 'href="/subscribers/1"' in found
    assert "reader1@" not in found
    page = marketer.get("/subscribers/1").text
    past, now, future = page.partition("From here on, a simulation")
    assert now
    assert past.count(">Delivered<") == 4
    assert "250 2.0.0 OK" in past
    assert future.count('class="coming') == 2
    assert "Thursdays at 8:00 in London, a week after the last lesson was due." in future
    assert 'id="rule-S1"' in page, "each rule that is named is explained"


def test_whom_nobody_knows(marketer: Colleague) -> None:
    assert "Nobody begins so" in marketer.get("/subscribers?q=zzz").text
    for path in ("/subscribers/987", "/subscribers/x", "/subscribers/99999999999999999999", "/deliveries/x"):
        assert marketer.get(path).status_code == 404


def test_a_pause_is_told_and_taken_back(furnished: World, marketer: Colleague) -> None:
    one = enrolment(furnished)
    page = follow(marketer, f"/enrolments/{one.id}/pause")
    assert "They pause, until they go on." in page
    assert "Nothing comes, as it stands" in page
    assert f'action="/enrolments/{one.id}/resume"' in page.partition('id="toast"')[2], (
        "the toast takes it back"
    )
    page = follow(marketer, f"/enrolments/{one.id}/resume")
    assert page.count('class="coming') == 2
    assert enrolment(furnished).due_at == one.due_at


def test_the_next_lesson_goes_now_and_is_called_back(furnished: World, marketer: Colleague) -> None:
    one = enrolment(furnished)
    page = follow(marketer, f"/enrolments/{one.id}/next")
    assert "A lesson is under way (queued)" in page
    assert deliveries(furnished)[-1].by == "learner"
    refused = follow(marketer, f"/enrolments/{one.id}/next")
    assert "Nothing was changed" in refused
    follow(marketer, f"/enrolments/{one.id}/take-back")
    assert deliveries(furnished)[-1].state == State.CANCELLED
    assert enrolment(furnished).next_lesson == one.next_lesson


def test_a_skip_and_another_copy(furnished: World, marketer: Colleague) -> None:
    one = enrolment(furnished)
    page = follow(marketer, f"/enrolments/{one.id}/skip")
    assert "skipped, because it was asked for" in page
    assert page.count('class="coming') == 1
    first = deliveries(furnished)[0].id
    page = follow(marketer, f"/deliveries/{first}/copies")
    assert "Another copy, asked for." in page
    again = marketer.post(f"/deliveries/{first}/copies")
    assert again.status_code == 422
    assert "on its way" in again.text


def undo(marketer: Colleague, page: str) -> str:
    """Press Undo in the toast of a page."""
    toast = page.partition('id="toast"')[2]
    path = toast.partition('action="')[2].partition('"')[0]
    fields = dict(re.findall(r'name="(lesson|until)" value="([^"]*)"', toast))
    return marketer.get(marketer.post(path, **fields).headers["location"]).text


def test_what_is_done_for_one_person_is_undone_to_the_day(furnished: World, marketer: Colleague) -> None:
    one = enrolment(furnished)
    page = follow(marketer, f"/enrolments/{one.id}/skip")
    assert enrolment(furnished).next_lesson != one.next_lesson
    assert "The lesson is back in its place." in undo(marketer, page)
    assert (enrolment(furnished).next_lesson, enrolment(furnished).due_at) == (one.next_lesson, one.due_at)
    until = date(2026, 12, 24)
    marketer.post(f"/enrolments/{one.id}/pause", until=until.isoformat())
    for act in ("resume", "next"):
        page = follow(marketer, f"/enrolments/{one.id}/{act}")
        assert enrolment(furnished).paused_until is None
        undo(marketer, page)
        assert enrolment(furnished).paused_until == until


def test_what_if_changes_nothing(furnished: World, marketer: Colleague) -> None:
    before = enrolment(furnished)
    page = marketer.get("/subscribers/1?pace=slower&until=2026-12-24").text
    assert "after the pause that ends on Thu 24 December" in page
    assert "at their slower pace: 2 weeks after" in page
    after = enrolment(furnished)
    assert (after.due_at, after.profile_id, after.paused_until) == (before.due_at, before.profile_id, None)
    for wrong in ("until=2026-13-01", "pace=backwards", "zone=Mars/Olympus"):
        answer = marketer.get(f"/subscribers/1?{wrong}")
        assert answer.status_code == 422, wrong


def test_a_doubt_leads_from_home_to_its_story_and_is_settled(furnished: World, marketer: Colleague) -> None:
    number = put_in_doubt(furnished)
    assert 'href="/deliveries?show=in-doubt"' in marketer.get("/").text
    assert f'href="/deliveries/{number}"' in marketer.get("/deliveries?show=in-doubt").text
    story = marketer.get(f"/deliveries/{number}").text
    assert "Did it arrive?" in story
    assert "It is tried once more at" in story
    assert marketer.post(f"/deliveries/{number}/settle", outcome="perhaps").status_code == 422
    page = follow(marketer, f"/deliveries/{number}/settle", outcome="arrived")
    assert "They found that it arrived." in page
    assert "It counts as had, and no copy goes by itself." in page
    late = marketer.post(f"/deliveries/{number}/settle", outcome="lost")
    assert late.status_code == 422
    assert "not in doubt any more" in late.text


@pytest.mark.parametrize(("state", "show"), [(State.FAILED, "failed"), (State.DEFERRED, "waiting")])
def test_each_list_of_trouble(furnished: World, marketer: Colleague, state: State, show: str) -> None:
    with furnished.installation.database.write() as session:
        last = session.get_one(Delivery, deliveries(furnished)[-1].id)
        last.state, last.reply = state, "452 4.2.2 <b>full</b>"
        last.finished_at = furnished.clock.now() if state is State.FAILED else None
    page = marketer.get(f"/deliveries?show={show}").text
    assert re.findall(r'href="/deliveries/(\d+)"', page) == [str(last.id)]
    assert "&lt;b&gt;full" in page, "what a stranger's server says is no markup"
    assert "452 4.2.2" in marketer.get(f"/deliveries/{last.id}").text
