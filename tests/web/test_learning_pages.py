"""A reader's own pages: true dates, wishes granted, nothing shown or changed that is not theirs."""

import re
from datetime import date, timedelta
from html import unescape

import pytest
from reading_room import DISCLAIMER, DISCLOSURE, World
from sqlalchemy import select, update
from starlette.testclient import TestClient

from campaigns.enrolling import enrol
from campaigns.models import Course, Enrolment, ProfileRecord, RevisionLesson
from courseletter.database import Base
from courseletter.web.app import HEADERS
from sender.models import Delivery, Event, State
from subscribers.people import Details, find_or_create

LES_2, LES_3 = "les_0000000002", "les_0000000003"


@pytest.fixture
def reader(here: World) -> World:
    """Ana has had the welcome and lessons 1 and 2; it is Thursday 12 November, 8:00."""
    here.sign_up()
    here.confirm()
    here.receive(3)
    return here


def text_of(html: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html)))


def snapshot(world: World) -> dict[str, list[object]]:
    """All that is stored, by table."""
    with world.installation.database.read() as session:
        return {
            table.name: [tuple(row) for row in session.execute(select(table))]
            for table in Base.metadata.sorted_tables
        }


def public_paths(world: World) -> list[str]:
    return [
        world.confirm_path(),
        world.leave_path(),
        *(world.learn_path(page) for page in ("", "next", "pause", f"lessons/{LES_2}")),
    ]


def test_r03_get_and_head_change_nothing(world: World) -> None:
    world.sign_up()
    before = snapshot(world)
    for path in (world.confirm_path(), world.leave_path()):
        assert world.browser().get(path).status_code == 200
        assert world.browser().head(path).status_code == 200
    assert snapshot(world) == before
    world.confirm()
    world.receive(3)
    before = snapshot(world)
    for path in public_paths(world):
        assert world.browser().get(path).status_code == 200
        head = world.browser().head(path)
        assert (head.status_code, head.content) == (200, b"")
    assert snapshot(world) == before


def test_r34_pages_behind_a_token_leak_nothing(reader: World) -> None:
    for path in public_paths(reader):
        answer = reader.browser().get(path)
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; style-src 'self'; ")
        assert "script-src" not in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assets = re.findall(r"<(?:link|script|img|iframe)\b[^>]*(?:href|src)=\"([^\"]+)\"", answer.text)
        assert assets
        assert all(asset == "data:," or asset.startswith("/static/") for asset in assets)
        assert not re.search(r"\son\w+=|\sstyle=|<style|<script", answer.text)


def test_r34_a_token_of_one_purpose_opens_no_other_door(reader: World) -> None:
    confirm, leave = reader.confirm_path(), reader.leave_path()
    unknown = reader.browser().get("/learn/nonsense")
    assert unknown.status_code == 404
    for path in (
        confirm.replace("/confirm/", "/unsubscribe/"),
        leave.replace("/unsubscribe/", "/confirm/"),
        confirm.replace("/confirm/", "/learn/"),
        confirm[:-1],
        reader.learn_path() + "x",
    ):
        for answer in (reader.browser().get(path), reader.browser().post(path)):
            assert (answer.status_code, answer.content) == (404, unknown.content)


def test_r33_another_readers_lesson_looks_like_an_unknown_one(reader: World) -> None:
    """Bo has had lesson 3; Ana's link neither shows it nor tells that it exists."""
    with reader.installation.database.write() as session:
        now = reader.clock.now()
        bo, _ = find_or_create(session, "bo@example.org", Details(), now)
        course = session.get_one(Course, "crs_0000000001")
        place = enrol(session, course, bo, now)
        session.add(
            Delivery(
                kind="lesson",
                subscriber_id=bo.id,
                course_id=course.id,
                enrolment_id=place.id,
                lesson_id=LES_3,
                revision_id=course.revision_id,
                state=State.ACCEPTED,
                due_at=now,
                created_at=now,
            )
        )
    ana = reader.installation.links.learn(1).removeprefix("http://letters.example.org")
    theirs = reader.browser().get(f"{ana}/lessons/{LES_3}")
    unknown = reader.browser().get(f"{ana}/lessons/les_ZZZZZZZZZZ")
    assert (theirs.status_code, theirs.content) == (404, unknown.content)
    bos = reader.installation.links.learn(2).removeprefix("http://letters.example.org")
    assert reader.browser().get(f"{bos}/lessons/{LES_3}").status_code == 200


def test_the_pace_page_tells_the_true_dates(reader: World) -> None:
    page = text_of(reader.browser().get(reader.learn_path()).text)
    assert "Lesson 2 of 5" in page
    assert "Your next lesson, Warm feet, cool room , comes on Thursday 19 November at 8:00" in page
    assert "Slower Thu 26 Nov, then Thu 10 Dec" in page
    assert "Once a week Thu 19 Nov, then Thu 26 Nov" in page
    assert "Faster Mon 16 Nov, then Fri 20 Nov" in page


@pytest.mark.parametrize(
    ("wish", "due"),
    [
        ({"pace": "slower"}, "2026-11-26T08:00"),
        ({"pace": "faster"}, "2026-11-16T08:00"),
        ({"day": "1"}, "2026-11-24T08:00"),
        ({"hour": "1110"}, "2026-11-19T18:30"),
        ({"zone": "America/New_York"}, "2026-11-19T13:00"),
    ],
)
def test_a_saved_pace_moves_the_next_lesson(reader: World, wish: dict[str, str], due: str) -> None:
    unchanged = {"pace": "normal", "day": "3", "hour": "480", "zone": "Europe/Lisbon"}
    answer = reader.browser().post(reader.learn_path("pace"), data={**unchanged, **wish})
    assert "Saved. These are your new dates." in answer.text
    moment = reader.enrolment().due_at
    assert moment is not None
    assert moment.isoformat().startswith(due)


def test_saving_what_stands_already_keeps_the_courses_own_rhythm(reader: World) -> None:
    """Else a later change of the course would pass this reader by."""
    form = {"pace": "normal", "day": "3", "hour": "480", "zone": "Europe/Lisbon"}
    reader.browser().post(reader.learn_path("pace"), data=form)
    with reader.installation.database.read() as session:
        profile = session.scalars(select(Enrolment)).one().profile
        assert (profile.minute, profile.weekdays, profile.pace) == (None, None, "normal")


@pytest.mark.parametrize(
    ("page", "form", "field"),
    [
        ("pace", {"zone": "Mars/Olympus"}, "zone"),
        ("pace", {"hour": "1440"}, "hour"),
        ("pace", {"hour": "²"}, "hour"),
        ("pace", {"day": "7"}, "day"),
        ("pace", {"pace": "reckless"}, "pace"),
        ("pause", {"until": "2026-11-12"}, "until"),
        ("pause", {"until": "tomorrow"}, "until"),
        ("pause", {"until": "2099-01-01"}, "until"),
    ],
)
def test_a_wish_that_cannot_be_granted_is_422_at_its_field(
    reader: World, page: str, form: dict[str, str], field: str
) -> None:
    before = snapshot(reader)
    answer = reader.browser().post(reader.learn_path(page), data=form)
    assert answer.status_code == 422
    assert f'id="{field}-problem"' in answer.text
    assert f'<a href="#{field}">' in answer.text
    assert snapshot(reader) == before


def test_a_break_until_a_day_and_its_early_end(reader: World) -> None:
    rest = text_of(reader.browser().post(reader.learn_path("pause"), data={"until": "2026-12-01"}).text)
    assert "Paused. Your place is kept." in rest
    assert "comes on Thursday 3 December at 8:00" in rest
    assert reader.enrolment().paused_until == date(2026, 12, 1)
    reader.browser().post(reader.learn_path("resume"))
    assert reader.enrolment().paused_until is None


def test_a_break_without_a_day_lasts_until_resumed(reader: World) -> None:
    page = reader.browser().post(reader.learn_path("pause"), data={"until": ""}).text
    assert "Go on with the course" in page
    assert reader.enrolment().state == "paused"
    again = reader.browser().get(reader.learn_path("pause")).text
    assert "The course rests until you come back." in text_of(again)
    assert "Go on with the course" in again
    assert again.count('class="main"') == 1
    assert "comes on" in reader.browser().post(reader.learn_path("resume")).text
    assert reader.enrolment().state == "active"


def test_the_next_lesson_comes_now_and_an_old_page_sends_no_second(reader: World) -> None:
    asked = text_of(reader.browser().get(reader.learn_path("next")).text)
    assert "Shall we send it now, rather than on Thursday 19 November?" in asked
    assert "Lesson 4 then comes on Thursday 19 November." in asked
    sent = reader.browser().post(reader.learn_path("next"), data={"lesson": LES_3})
    assert "It is on its way" in sent.text
    assert "Warm feet, cool room" in text_of(sent.text)
    reader.deliver()
    again = reader.browser().post(reader.learn_path("next"), data={"lesson": LES_3})
    assert "has already been sent" in again.text
    lessons = [one.lesson_id for one in reader.all(Delivery) if one.kind == "lesson"]
    assert lessons.count(LES_3) == 1
    assert len(lessons) == 4


def test_r38_wishes_lead_back_to_ones_own_page_only(reader: World) -> None:
    for page, form in (("next", {"lesson": LES_3}), ("pause", {"until": ""}), ("resume", {}), ("pace", {})):
        answer = reader.browser().post(
            reader.learn_path(page), params={"url": "https://evil.example"}, data=form, follow_redirects=False
        )
        assert answer.status_code == 303
        assert answer.headers["location"].partition("?")[0] == reader.learn_path()


def test_r19_a_lesson_on_the_web_has_its_disclosure_above_and_its_disclaimer_below(reader: World) -> None:
    page = reader.browser().get(reader.learn_path(f"lessons/{LES_2}")).text
    assert page.index(DISCLOSURE) < page.index("Light comes first.") < page.index("Light tells the body")
    assert page.index(DISCLAIMER) > page.index("</article>")
    shown = text_of(page)
    assert "Lesson 2 of 5 · 1 min read" in shown
    assert "Next, on Thursday 19 November" in shown
    assert "Key takeaway Dark evenings make short nights longer." in shown


def test_the_next_lessons_title_is_not_said_twice(reader: World) -> None:
    with reader.installation.database.write() as session:
        lesson, coming = (
            session.get_one(RevisionLesson, (1, LES_2)),
            session.get_one(RevisionLesson, (1, LES_3)),
        )
        lesson.teaser = f"{coming.title}: and why it matters."
        title = coming.title
    shown = text_of(reader.browser().get(reader.learn_path(f"lessons/{LES_2}")).text)
    assert f"Next, on Thursday 19 November {title} and why it matters." in shown


def test_one_button_is_filled_on_a_lesson_that_brings_its_own(reader: World) -> None:
    with reader.installation.database.write() as session:
        lesson = session.get_one(RevisionLesson, (1, LES_2))
        lesson.body += "\n[Open the worksheet](https://example.org/sheet){button}\n"
    page = reader.browser().get(reader.learn_path(f"lessons/{LES_2}")).text
    assert 'class="button">Open the worksheet' in page
    assert "button main" not in page


def test_lessons_lead_to_each_other_and_only_those_that_came(reader: World) -> None:
    first = reader.browser().get(reader.learn_path("lessons/les_0000000001")).text
    assert f'rel="next" class="after" href="{reader.learn_path(f"lessons/{LES_2}")}"' in first
    assert reader.browser().get(reader.learn_path(f"lessons/{LES_3}")).status_code == 404


def test_a_lesson_laid_out_by_an_expert_is_not_shown_as_source(reader: World) -> None:
    with reader.installation.database.write() as session:
        lesson = session.get_one(RevisionLesson, (1, LES_2))
        lesson.format, lesson.body = "mjml", "<mj-section>{{ subscriber.email }}</mj-section>"
    page = reader.browser().get(reader.learn_path(f"lessons/{LES_2}")).text
    assert "You find it in your inbox" in page
    assert "subscriber.email" not in page


def test_a_finished_course_stays_to_be_read(reader: World) -> None:
    reader.receive(3)
    page = text_of(reader.browser().get(reader.learn_path()).text)
    assert "You have had all 5 lessons." in page
    assert "The whole course" in page
    assert "Send" not in page
    assert "Pause" not in page


def test_who_left_is_offered_the_way_back(reader: World) -> None:
    reader.browser().post(reader.leave_path())
    page = reader.browser().get(reader.learn_path()).text
    assert "Come back to the course" in page
    assert "Leave this course" not in page
    assert reader.browser().get(reader.learn_path("next")).status_code == 200
    assert reader.browser().post(reader.learn_path("next"), data={"lesson": ""}).status_code == 200
    assert reader.enrolment().state == "left"


def test_a_form_from_before_leaving_is_answered_without_naming_fields_that_are_gone(reader: World) -> None:
    browser = reader.browser()
    browser.post(reader.leave_path())
    for page, wrong in (("pace", {"hour": "99:99"}), ("pause", {"until": "never"})):
        answer = browser.post(reader.learn_path(page), data=wrong)
        assert answer.status_code == 422
        assert "Nothing was changed. When lessons come can be chosen only while some do." in answer.text
        assert 'href="#' not in answer.text.partition("<h1>")[2]
    kept = browser.post(reader.learn_path("pace"), data={"hour": "360"})
    assert "Saved, for when lessons come again." in kept.text
    assert "Undo" in kept.text


def test_whoever_left_can_neither_pause_nor_go_on(reader: World) -> None:
    browser = reader.browser()
    browser.post(reader.leave_path())
    for page, promise in (("pause", "Paused."), ("resume", "The course goes on.")):
        assert promise not in browser.post(reader.learn_path(page), data={"until": ""}).text
    assert not {one.kind for one in reader.all(Event)} & {"paused", "resumed"}


def test_a_course_paused_by_its_makers_says_so(reader: World) -> None:
    with reader.installation.database.write() as session:
        session.get_one(Course, "crs_0000000001").paused_at = reader.clock.now() - timedelta(hours=1)
    page = text_of(reader.browser().get(reader.learn_path()).text)
    assert "Quiet Nights has paused this course for everyone." in page
    assert "Send lesson" not in page


def test_r34_a_page_that_breaks_leaks_nothing_either(reader: World) -> None:
    with reader.installation.database.write() as session:
        session.execute(update(ProfileRecord).values(zone="Mars/Base"))
    answer = TestClient(reader.app, raise_server_exceptions=False).get(reader.learn_path())
    assert answer.status_code == 500
    assert "Mars" not in answer.text
    for name, value in HEADERS.items():
        assert answer.headers[name] == value
