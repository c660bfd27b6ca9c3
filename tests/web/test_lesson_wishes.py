"""Skip, send again, undo: a link shows, a press acts, and what can be taken back has its way back."""

import re
from datetime import date
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
from httpx2 import Response
from reading_room import World

from campaigns.cadence import Cadence
from campaigns.models import Course, Enrolment, Revision
from sender.models import Delivery, Event, State

LES_2, LES_3, LES_4, LES_5 = (f"les_000000000{number}" for number in (2, 3, 4, 5))


@pytest.fixture
def reader(here: World) -> World:
    """Ana has had the welcome and lessons 1 and 2; it is Thursday 12 November, 8:00."""
    here.sign_up()
    here.confirm()
    here.receive(3)
    return here


def text_of(html: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html)))


def press_undo(world: World, page: str) -> str:
    """Send the note's own form, as its button would."""
    form = re.search(
        r'<div class="note good".*?<form method="post" action="([^"]+)">(.*?)</form>', page, re.S
    )
    assert form is not None, "the note has no way back"
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form[2]))
    return text_of(world.browser().post(form[1], data=fields).text)


def dates(world: World) -> tuple[str | None, str]:
    place = world.enrolment()
    return place.next_lesson, str(place.due_at)


def test_a_lesson_is_skipped_after_the_page_has_said_what_follows(reader: World) -> None:
    before = dates(reader)
    asked = text_of(reader.browser().get(reader.learn_path("skip")).text)
    assert "It does not come on Thursday 19 November" in asked
    assert "Lesson 4 then comes on Thursday 19 November." in asked
    assert dates(reader) == before, "a link changes nothing"
    page = reader.browser().post(reader.learn_path("skip"), data={"lesson": LES_3}).text
    assert "Skipped. You can still read it here." in text_of(page)
    assert "Warm feet, cool room skipped" in text_of(page)
    assert reader.enrolment().next_lesson == LES_4
    assert "Light tells the body" in reader.browser().get(reader.learn_path(f"lessons/{LES_3}")).text
    assert "It is back in its place." in press_undo(reader, page)
    assert dates(reader) == before


def test_an_old_page_pressed_again_skips_no_second_lesson(reader: World) -> None:
    for expected in ("Skipped.", "Nothing was skipped", "Nothing was skipped"):
        page = reader.browser().post(reader.learn_path("skip"), data={"lesson": LES_3})
        assert expected in page.text
    assert reader.enrolment().next_lesson == LES_4
    assert (
        "Nothing was skipped"
        in reader.browser().post(reader.learn_path("unskip"), data={"lesson": LES_5}).text
    )


def test_skipping_the_last_lesson_ends_the_course_and_undo_goes_on(reader: World) -> None:
    for lesson in (LES_3, LES_4):
        reader.browser().post(reader.learn_path("skip"), data={"lesson": lesson})
    assert "It is the last one." in text_of(reader.browser().get(reader.learn_path("skip")).text)
    page = reader.browser().post(reader.learn_path("skip"), data={"lesson": LES_5}).text
    assert reader.enrolment().state == "completed"
    press_undo(reader, page)
    assert (reader.enrolment().state, reader.enrolment().next_lesson) == ("active", LES_5)


def test_a_cohorts_place_is_used_up_so_a_skip_stays(reader: World) -> None:
    with reader.installation.database.write() as session:
        cohort = Cadence(weekdays=frozenset({3}), start=8 * 60, cohort_start=date(2026, 11, 5))
        for row in (session.get_one(Course, "crs_0000000001"), session.get_one(Revision, 1)):
            row.cadence = cohort.to_json()
    page = reader.browser().post(reader.learn_path("skip"), data={"lesson": LES_3}).text
    assert "Skipped." in page
    assert ">Undo<" not in page
    again = reader.browser().post(reader.learn_path("unskip"), data={"lesson": LES_3}).text
    assert "Nothing was skipped" in again


def test_send_it_now_can_be_called_back_until_it_has_left(reader: World) -> None:
    before = dates(reader)
    page = reader.browser().post(reader.learn_path("next"), data={"lesson": LES_3}).text
    assert dates(reader) != before
    assert "It was called back in time." in press_undo(reader, page)
    assert dates(reader) == before
    page = reader.browser().post(reader.learn_path("next"), data={"lesson": LES_3}).text
    reader.deliver()
    assert "has already been sent" in press_undo(reader, page)
    assert reader.enrolment().next_lesson == LES_4


def test_a_break_that_send_it_now_ends_is_named_and_goes_on_by_undo(reader: World) -> None:
    reader.browser().post(reader.learn_path("pause"), data={"until": "2026-12-01"})
    before = dates(reader)
    assert "Your break ends with it." in reader.browser().get(reader.learn_path("next")).text
    page = reader.browser().post(reader.learn_path("next"), data={"lesson": LES_3}).text
    assert reader.enrolment().paused_until is None
    assert "It was called back in time." in press_undo(reader, page)
    assert reader.enrolment().paused_until == date(2026, 12, 1)
    assert dates(reader) == before


def test_a_saved_pace_goes_back_to_the_courses_own(reader: World) -> None:
    form = {"pace": "slower", "day": "1", "hour": "1110", "zone": "America/New_York"}
    before = dates(reader)
    page = reader.browser().post(reader.learn_path("pace"), data=form).text
    assert dates(reader) != before
    press_undo(reader, page)
    assert dates(reader) == before
    with reader.installation.database.read() as session:
        profile = session.get_one(Enrolment, reader.enrolment().id).profile
        assert (profile.zone, profile.minute, profile.weekdays) == ("Europe/Lisbon", None, None)


def test_a_break_and_its_end_undo_each_other(reader: World) -> None:
    before = dates(reader)
    page = reader.browser().post(reader.learn_path("pause"), data={"until": "2026-12-01"}).text
    press_undo(reader, page)
    assert dates(reader) == before
    reader.browser().post(reader.learn_path("pause"), data={"until": "2026-12-01"})
    ended = reader.browser().post(reader.learn_path("resume")).text
    press_undo(reader, ended)
    assert reader.enrolment().paused_until == date(2026, 12, 1)


def test_a_lesson_is_sent_again_and_no_date_moves(reader: World) -> None:
    before = dates(reader)
    asked = text_of(reader.browser().get(reader.learn_path(f"lessons/{LES_2}/again")).text)
    assert "Shall we send it once more to ana.p...@example.org?" in asked
    assert [one.copy for one in reader.all(Delivery) if one.lesson_id == LES_2] == [0]
    page = reader.browser().post(reader.learn_path(f"lessons/{LES_2}/again"))
    assert "Another copy is on its way" in page.text
    assert "No copy was sent" in reader.browser().post(reader.learn_path(f"lessons/{LES_2}/again")).text
    assert dates(reader) == before
    assert [one.copy for one in reader.all(Delivery) if one.lesson_id == LES_2] == [0, 1]


def test_a_replayed_link_makes_five_copies_a_day_at_most(reader: World) -> None:
    said = []
    for _ in range(8):
        said.append(reader.browser().post(reader.learn_path(f"lessons/{LES_2}/again")).text)
        with reader.installation.database.write() as session:
            for one in session.query(Delivery).filter(Delivery.copy > 0):
                one.state, one.finished_at = State.ACCEPTED, reader.clock.now()
    assert ["Another copy" in one for one in said] == [True] * 5 + [False] * 3
    assert sum(one.copy > 0 for one in reader.all(Delivery)) == 5


def test_only_what_arrived_is_sent_again(reader: World) -> None:
    assert reader.browser().get(reader.learn_path(f"lessons/{LES_3}/again")).status_code == 404
    assert reader.browser().post(reader.learn_path(f"lessons/{LES_3}/again")).status_code == 404
    reader.browser().post(reader.learn_path("skip"), data={"lesson": LES_3})
    page = text_of(reader.browser().get(reader.learn_path(f"lessons/{LES_3}/again")).text)
    assert "there is no mail to send again" in page
    assert reader.browser().post(reader.learn_path(f"lessons/{LES_3}/again")).status_code == 404
    reader.browser().post(reader.leave_path())
    assert "No copy was sent" in reader.browser().post(reader.learn_path(f"lessons/{LES_2}/again")).text


def test_r38_the_way_back_stays_on_ones_own_page(reader: World) -> None:
    for page, form in (("skip", {"lesson": LES_3}), ("unskip", {"lesson": LES_3}), ("take-back", {})):
        answer: Response = reader.browser().post(
            reader.learn_path(page), params={"url": "https://evil.example"}, data=form, follow_redirects=False
        )
        parts = urlsplit(answer.headers["location"])
        assert (parts.netloc, parts.path) == ("", reader.learn_path())
        assert set(parse_qs(parts.query)) <= {"done", "lesson"}


def test_a_note_that_nobody_wrote_is_not_told(reader: World) -> None:
    page = reader.browser().get(reader.learn_path() + "?done=%3Cscript%3E&lesson=%22%3E%3Cscript%3E").text
    assert "<script" not in page
    assert 'class="note' not in page
    page = reader.browser().get(reader.learn_path() + "?done=skipped&lesson=%22%3E%3Cscript%3E").text
    assert "<script" not in page


def test_leaving_everything_asks_first(reader: World) -> None:
    path = reader.leave_path() + "/everything"
    asked = text_of(reader.browser().get(path).text)
    assert "Nothing more from Quiet Nights will come to ana.p...@example.org." in asked
    assert reader.enrolment().state == "active"
    assert "You have left everything." in reader.browser().post(path).text
    assert "You have left everything." in reader.browser().get(path).text


def test_what_was_undone_is_in_the_persons_story(reader: World) -> None:
    page = reader.browser().post(reader.learn_path("skip"), data={"lesson": LES_3}).text
    press_undo(reader, page)
    assert [one.kind for one in reader.all(Event) if "skipped" in one.kind] == ["skipped", "unskipped"]
