"""The sign-up and confirm pages: what they store, what they answer, and what they never tell."""

import hashlib
import re
from datetime import timedelta
from html import unescape

import pytest
from reading_room import START, World
from sqlalchemy import select
from starlette.testclient import TestClient

from campaigns.models import Enrolment, RevisionLesson
from sender.models import Delivery
from subscribers.models import ConsentEntry, Membership, Quota, Subscriber, SuppressionReason
from subscribers.suppression import suppress

PAGE = "/c/quiet-nights"
ANA = "ana.pereira@example.org"


def text_of(html: str) -> str:
    """What a person reads: without tags, spaces as one."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html)))


def test_r35_new_existing_and_suppressed_addresses_get_the_same_bytes(world: World) -> None:
    world.sign_up("known@example.org")
    world.confirm("known@example.org")
    with world.installation.database.write() as session:
        key = world.installation.settings.key
        suppress(session, key, "never@example.org", SuppressionReason.ERASED, START)
    answers = [
        world.browser().post(PAGE, data=world.form(email=email))
        for email in ("new@example.org", "known@example.org", "never@example.org", "new@example.org")
    ]
    assert len({(one.status_code, str(one.headers), one.content) for one in answers}) == 1
    assert "set-cookie" not in answers[0].headers
    assert {one.email for one in world.all(Subscriber)} == {"new@example.org", "known@example.org"}


def test_r35_many_strangers_make_us_write_to_a_victim_once(here: World) -> None:
    answers = set()
    for host in range(40):
        browser = TestClient(here.app, client=(f"198.51.{host}.1", 50000))
        answers.add(browser.post(PAGE, data=here.form(email="victim@example.org")).content)
    assert len(answers) == 1
    assert [one.kind for one in here.all(Delivery)] == ["confirmation"]


def test_r15_nothing_but_the_confirmation_is_queued_before_it_is_pressed(world: World) -> None:
    world.sign_up()
    assert [one.kind for one in world.all(Delivery)] == ["confirmation"]
    assert world.all(Enrolment) == []
    assert [one.status for one in world.all(Membership)] == ["pending"]


def test_r14_the_ledger_holds_the_form_as_it_was_shown(world: World) -> None:
    shown = text_of(world.browser().get(PAGE).text)
    world.sign_up()
    world.clock.move_to(START + timedelta(hours=2))
    phone = TestClient(world.app, client=("2001:db8::5", 40000), headers={"user-agent": "Phone/2"})
    asked_again = text_of(phone.get(world.confirm_path()).text)
    phone.post(world.confirm_path())
    asked, confirmed = world.all(ConsentEntry)
    for line in asked.wording.split("\n"):
        assert line in shown
    for line in confirmed.wording.split("\n"):
        assert line in asked_again
    for entry in (asked, confirmed):
        assert entry.wording_hash == hashlib.sha256(entry.wording.encode()).hexdigest()
    assert (asked.ip, asked.source_url) == ("192.0.2.7", "http://letters.example.org/c/quiet-nights")
    assert (confirmed.ip, confirmed.user_agent) == ("2001:db8::5", "Phone/2")
    assert confirmed.source_url == "http://letters.example.org/confirm", "the ledger is no place for keys"
    assert (asked.at, confirmed.at) == (START, START + timedelta(hours=2))


def test_confirming_enrols_once_and_shows_the_true_dates(world: World) -> None:
    world.sign_up()
    page = text_of(world.browser().post(world.confirm_path()).text)
    assert "You are in" in page
    assert "Light tells the time Thursday 5 November at 8:00" in page
    assert "A note on bad nights Thursday 3 December at 8:00" in page
    before = world.enrolment()
    again = world.browser().post(world.confirm_path())
    assert again.status_code == 200
    assert "You are in already" in again.text
    assert "Nothing has changed" in again.text
    assert "You are in already" in world.browser().get(world.confirm_path()).text
    after = world.enrolment()
    assert (after.id, after.due_at, after.joined_at) == (before.id, before.due_at, before.joined_at)
    assert [one.act for one in world.all(ConsentEntry)] == ["requested", "confirmed"]


def test_the_readers_choice_of_when_and_where_is_kept(here: World) -> None:
    here.sign_up(when="5@1080", zone="America/New_York")
    page = text_of(here.browser().post(here.confirm_path()).text)
    assert "Saturday 7 November at 18:00" in page
    assert "Hours are those of New York" in page


def test_an_old_confirmation_starts_nothing_for_who_has_left(world: World) -> None:
    world.sign_up()
    world.confirm()
    world.browser().post(world.leave_path())
    page = world.browser().post(world.confirm_path())
    assert page.status_code == 200
    assert "You have left this course" in page.text
    assert world.enrolment().state == "left"
    assert world.all(ConsentEntry)[-1].act == "unsubscribed"


def test_who_left_may_come_back_through_the_form(world: World) -> None:
    world.sign_up()
    world.confirm()
    world.browser().post(world.leave_path())
    world.sign_up(when="5@1080", first_name="Somebody else")
    page = text_of(world.browser().post(world.confirm_path()).text)
    assert "Light tells the time Saturday 7 November at 18:00" in page, "as this request asked"
    assert world.enrolment().state == "active"
    assert [one.first_name for one in world.all(Subscriber)] == ["Ana"]


@pytest.mark.parametrize(
    ("form", "field", "message"),
    [
        ({"first_name": "a\r\nBcc: x@y"}, "first_name", "line break"),
        ({"first_name": "=?utf-8?q?a=0D=0ABcc=3A_x?="}, "first_name", "line break"),
        ({"email": "ana.pereira@example"}, "email", "The end is missing, such as “.com”."),
        ({"email": '"x@evil.com y"@ours.test'}, "email", "cannot be used"),
        ({"email": "a@x>\r\nRCPT TO:<b@y.org"}, "email", "cannot be used"),
        ({"zone": "Mars/Olympus"}, "zone", "No time zone is called"),
        ({"when": "9@480"}, "when", "Choose one from the list"),
        ({"when": "soon"}, "when", "Choose one from the list"),
    ],
)
def test_bad_input_is_422_at_its_field_with_the_typed_text_kept(
    here: World, form: dict[str, str], field: str, message: str
) -> None:
    typed = {"first_name": "Ana", "email": ANA, **form}
    answer = here.browser().post(PAGE, data=typed)
    assert answer.status_code == 422
    assert re.search(rf'id="{field}"[^>]*aria-invalid="true" aria-describedby="{field}-problem"', answer.text)
    assert f'<a href="#{field}">' in answer.text
    told = re.search(rf'id="{field}-problem">.*?<span>(.*?)</span>', answer.text)
    assert told is not None
    assert message in unescape(told[1])
    for name in ("first_name", "email"):
        value = re.search(rf'id="{name}"[^>]* value="([^"]*)"', answer.text)
        assert value is not None
        assert unescape(value[1]) == typed[name]
    assert here.all(Subscriber) + here.all(ConsentEntry) + here.all(Delivery) + here.all(Quota) == []


def test_two_problems_are_told_at_once(here: World) -> None:
    answer = here.browser().post(PAGE, data={"first_name": "a\x00", "email": ""})
    assert "2 things to fix" in text_of(answer.text)


def test_a_name_with_markup_is_shown_as_text(here: World) -> None:
    answer = here.browser().post(PAGE, data={"first_name": "<img src=x onerror=alert(1)>", "email": "x"})
    assert "<img" not in answer.text
    assert "&lt;img" in answer.text


def test_a_form_too_long_is_refused_whole(here: World) -> None:
    answer = here.browser().post(PAGE, data={"email": ANA, "first_name": "a" * 100_000})
    assert answer.status_code == 413
    assert here.all(Subscriber) == []


def test_r38_no_page_leads_elsewhere(here: World) -> None:
    answer = here.browser().get("/c/nowhere", params={"url": "https://evil.example"})
    assert answer.status_code == 404
    assert "location" not in answer.headers
    assert "evil.example" not in answer.text


def test_what_a_course_is_about_is_said_without_the_addresses_of_its_links(here: World) -> None:
    with here.installation.database.write() as session:
        welcome = session.scalars(select(RevisionLesson).where(RevisionLesson.kind == "welcome")).one()
        welcome.body = (
            "Hi.\n\nYou may know [this **lamp**](https://example.org/lamp), and how bright it is.\n"
        )
    assert "You may know this lamp, and how bright it is." in here.browser().get("/c/quiet-nights").text


def test_a_course_that_was_never_published_has_no_page(here: World) -> None:
    from campaigns.models import Course

    with here.installation.database.write() as session:
        session.get_one(Course, "crs_0000000001").revision = None
    unknown = here.browser().get("/c/other")
    answer = here.browser().get(PAGE)
    assert (answer.status_code, answer.content) == (404, unknown.content)
