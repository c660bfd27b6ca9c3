"""Results for tests and pictures: weeks of people who got so far, clicked, and stopped."""

from datetime import date, timedelta

from reading_room import World
from sqlalchemy import delete

from campaigns.models import Course
from sender.clicks import WHOLE_ROW
from sender.models import Counted, Result

FIRST_WEEK = date(2026, 7, 6)  # a Monday
WEEKS = 12
# Of a course of two thousand: what became of each lesson, lesson by lesson.
RECEIVED = (742, 713, 668, 560, 498, 453)
CLICKED = (311, 296, 262, 187, 241, 198)
SCANNERS = (88, 79, 81, 64, 92, 70)
UNSUBSCRIBED = (9, 12, 58, 21, 17, 6)
PAUSED = (2, 6, 23, 11, 9, 1)
BOUNCED = (6, 3, 2, 4, 1, 2)


def sow(world: World, course: Course, *, tracked: bool = True) -> None:
    """The same harvest each time; on as many lessons as the course has, up to six."""
    lessons = [one.id for one in course.lessons][: len(RECEIVED)]
    with world.installation.database.write() as session:
        session.get_one(Course, course.id).tracks_clicks = tracked
        session.execute(delete(Result))
        session.merge(Counted(id=WHOLE_ROW, until=world.clock.now(), forgotten=None))
        for place, lesson_id in enumerate(lessons):
            after = RECEIVED[place + 1] if place + 1 < len(lessons) else RECEIVED[place]
            for week in range(WEEKS):
                monday = FIRST_WEEK + timedelta(weeks=week)
                session.add(
                    Result(
                        course_id=course.id,
                        cohort=monday,
                        day=monday + timedelta(weeks=place),
                        lesson_id=lesson_id,
                        received=part(RECEIVED[place], week),
                        finished=part(RECEIVED[place], week) if place == len(lessons) - 1 else 0,
                        clicked=part(CLICKED[place], week),
                        scanner_clicks=part(SCANNERS[place], week),
                        stopped=part(RECEIVED[place], week) - part(after, week),
                        paused=part(PAUSED[place], week),
                        unsubscribed=part(UNSUBSCRIBED[place], week),
                        bounced=part(BOUNCED[place], week),
                    )
                )


def part(whole: int, week: int) -> int:
    """A week's share: all of them make the whole."""
    return whole * (week + 1) // WEEKS - whole * week // WEEKS
