"""Leaving by one press, from a mail program or a page: done at once, once, and undone by its person alone."""

from datetime import timedelta
from typing import Any

import pytest
from reading_room import World
from sqlalchemy import select, update
from starlette.testclient import TestClient

from campaigns.models import ProfileRecord
from sender.models import Delivery, Event
from sender.past import past
from sender.planning import tick
from subscribers.models import (
    ConsentEntry,
    MailingList,
    Membership,
    Subscriber,
    Suppression,
    SuppressionReason,
)
from subscribers.suppression import suppress

ANA = "ana.pereira@example.org"
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
def reader(world: World) -> World:
    """Ana has confirmed, and her welcome has come."""
    world.sign_up()
    world.confirm()
    world.receive(1)
    return world


@pytest.mark.parametrize(
    "body",
    [{"data": ONE_CLICK}, {"files": {"List-Unsubscribe": (None, "One-Click")}}, {}, {"content": b"\xff--"}],
    ids=["urlencoded", "multipart", "empty", "garbage"],
)
def test_r02_one_click_unsubscribes_before_the_reply_and_again(reader: World, body: dict[str, Any]) -> None:
    reader.clock.move_to(reader.enrolment().due_at)
    tick(reader.installation.database, reader.clock.now())
    assert [one.state for one in reader.all(Delivery)] == ["accepted", "accepted", "ready"]
    mail_program = reader.browser()
    answer = mail_program.post(reader.leave_path(), follow_redirects=False, **body)
    assert answer.status_code == 200
    assert "set-cookie" not in answer.headers
    assert reader.enrolment().state == "left"
    assert [one.status for one in reader.all(Membership)] == ["unsubscribed"]
    assert [one.state for one in reader.all(Delivery)] == ["accepted", "accepted", "cancelled"]
    assert mail_program.post(reader.leave_path(), **body).status_code == 200
    assert [one.act for one in reader.all(ConsentEntry)] == ["requested", "confirmed", "unsubscribed"]


@pytest.mark.parametrize("path", ["", "/everything"])
def test_r02_what_becomes_of_the_page_does_not_undo_the_unsubscribe(reader: World, path: str) -> None:
    with reader.installation.database.write() as session:
        session.execute(update(ProfileRecord).values(zone="Mars/Base"))
    TestClient(reader.app, raise_server_exceptions=False).post(reader.leave_path() + path)
    assert [one.status for one in reader.all(Membership)] == ["unsubscribed"]
    assert reader.enrolment().state == "left"


def test_r17_the_link_works_years_later_and_without_login(reader: World) -> None:
    reader.clock.move_to(reader.clock.now() + timedelta(days=10 * 365))
    assert reader.browser().post(reader.leave_path()).status_code == 200
    assert [one.status for one in reader.all(Membership)] == ["unsubscribed"]


def test_the_page_asks_first_and_then_says_what_was_done(here: World) -> None:
    here.sign_up()
    here.confirm()
    browser = here.browser()
    assert "Leave the course?" in browser.get(here.leave_path()).text
    done = browser.post(here.leave_path()).text
    assert "Done. You have left the course." in done
    assert "ana.p...@example.org" in done
    assert ANA not in done
    assert "Done. You have left the course." in browser.get(here.leave_path()).text


def test_coming_back_goes_on_where_the_course_stopped(reader: World) -> None:
    reader.receive(2)
    browser = reader.browser()
    assert "Come back to lesson\xa03" in browser.post(reader.leave_path()).text
    assert "You are back" in browser.post(reader.leave_path() + "/back").text
    assert reader.enrolment().state == "active"
    assert reader.enrolment().next_lesson == "les_0000000003"
    browser.post(reader.leave_path() + "/back")
    acts = [one.act for one in reader.all(ConsentEntry)]
    assert acts == ["requested", "confirmed", "unsubscribed", "confirmed"]


def test_leaving_everything_suppresses_until_the_person_takes_it_back(reader: World) -> None:
    browser = reader.browser()
    assert "You have left everything." in browser.post(reader.leave_path() + "/everything").text
    browser.post(reader.leave_path() + "/everything")
    (suppressed,) = reader.all(Suppression)
    assert suppressed.reason == "unsubscribed"
    assert [(one.act, one.list_id) for one in reader.all(ConsentEntry)][2:] == [("unsubscribed", None)]
    mails = len(reader.all(Delivery))
    reader.clock.move_to(reader.clock.now() + timedelta(days=2))
    reader.sign_up()
    assert len(reader.all(Delivery)) == mails, "suppression wins over a sign-up"
    browser.post(reader.leave_path() + "/back")
    assert reader.all(Suppression) == []
    assert reader.enrolment().state == "active"


def test_coming_back_never_lifts_a_suppression_that_is_not_ones_own(here: World) -> None:
    here.sign_up()
    here.confirm()
    with here.installation.database.write() as session:
        key, now = here.installation.settings.key, here.clock.now()
        suppress(session, key, ANA, SuppressionReason.COMPLAINED, now)
    here.browser().post(here.leave_path())
    here.browser().post(here.leave_path() + "/back")
    assert [one.reason for one in here.all(Suppression)] == ["complained"]


def test_other_lists_are_named_and_left_with_one_press(here: World) -> None:
    here.sign_up()
    here.confirm()
    with here.installation.database.write() as session:
        letter = MailingList(slug="letter", name="The Quiet Letter", created_at=here.clock.now())
        session.add(letter)
        session.flush()
        member = {"subscriber_id": 1, "status": "confirmed", "changed_at": here.clock.now()}
        session.add(Membership(list_id=letter.id, **member))
    left = here.browser().post(here.leave_path()).text
    assert "You still get The Quiet Letter." in left
    assert "Leave that too" in left
    here.browser().post(here.leave_path() + "/everything")
    assert {one.status for one in here.all(Membership)} == {"unsubscribed"}


def test_a_reason_is_kept_once_and_only_from_the_list(here: World) -> None:
    here.sign_up()
    here.confirm()
    browser = here.browser()
    browser.post(here.leave_path())
    for reason in ("", "<script>", "too_often", "learned"):
        assert browser.post(here.leave_path() + "/reason", data={"reason": reason}).status_code == 200
    told = [one.data["reason"] for one in here.all(Event) if one.kind == "left_because"]
    assert told == ["too_often"]


def test_their_story_tells_that_they_came_back(reader: World) -> None:
    browser = reader.browser()
    browser.post(reader.leave_path())
    browser.post(reader.leave_path() + "/back")
    with reader.installation.database.read() as session:
        story = past(session, session.scalars(select(Subscriber)).one(), open_to_mail=True)
    newest = [one for one in story if one.title in ("Unsubscribed", "Came back")]
    assert [one.title for one in newest] == ["Unsubscribed", "Came back"]
    assert newest[-1].text.endswith("letters.example.org/unsubscribe.")
