"""What leaves in the next hours: which groups become one row, and what a paused course has no part in."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from school import School

from sender.claiming import claim
from sender.outlook import Leaving, merged, outlook
from sender.pausing import pause_course
from sender.planning import tick

AT = datetime(2026, 11, 12, 13, 0, tzinfo=UTC)
FIRST = Leaving("crs_1", "Sleep", AT, AT, 300, ("America/New_York",), "08:00")


def later(hours: int, people: int, place: str, their_time: str = "08:00") -> Leaving:
    at = AT + timedelta(hours=hours)
    return replace(FIRST, first=at, last=at, people=people, places=(place,), their_time=their_time)


def test_small_groups_that_follow_one_another_are_one_row() -> None:
    rows = merged([later(3, 20, "Pacific/Honolulu"), FIRST, later(1, 40, "America/Denver")])
    assert [(one.people, one.places) for one in rows] == [
        (300, ("America/New_York",)),
        (60, ("America/Denver", "Pacific/Honolulu")),
    ]
    assert (rows[1].first, rows[1].last) == (AT + timedelta(hours=1), AT + timedelta(hours=3))


def test_another_hour_or_a_large_group_between_begins_a_new_row() -> None:
    small = later(1, 20, "America/Denver")
    assert len(merged([FIRST, small, later(2, 20, "America/Denver", "09:30")])) == 3
    assert len(merged([small, later(2, 500, "America/Chicago"), later(3, 20, "America/Denver")])) == 3


def test_people_due_are_counted_with_their_own_hour(school: School) -> None:
    for number in range(3):
        school.enrol(f"reader{number}@inbox.example.org", zone="Asia/Tokyo")
    school.enrol("here@inbox.example.org")
    now = school.clock.now()
    school.work()  # the welcomes
    with school.database.read() as session:
        seen = outlook(session, now, now + timedelta(days=1))
    assert seen.total == 4
    assert {(one.people, one.places, one.their_time) for one in seen.rows} == {
        (3, ("Asia/Tokyo",), "09:00"),
        (1, ("Europe/Berlin",), "09:00"),
    }


def test_a_paused_course_sends_nothing(school: School) -> None:
    school.enrol()
    now = school.clock.now()
    school.work()
    pause_course(school.database, school.course_id, now)
    with school.database.read() as session:
        assert outlook(session, now, now + timedelta(days=1)).total == 0


def test_what_is_ready_counts_as_leaving_now(school: School) -> None:
    school.enrol()
    now = school.clock.now()
    with school.database.read() as session:
        assert outlook(session, now, now + timedelta(hours=1)).moments == [(now, 1)]


def test_what_a_sender_has_in_hand_is_leaving(school: School) -> None:
    school.enrol("ada@inbox.example.org")
    school.enrol("bea@inbox.example.org")
    now = school.clock.now()
    tick(school.database, now)
    claim(school.database, now, 1)
    with school.database.read() as session:
        assert outlook(session, now, now + timedelta(hours=1)).queued == 2
