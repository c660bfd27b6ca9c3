"""A crowd for benchmarks: one published course, and any number of learners whose lesson is due now.

The learners live in many zones, started in different weeks, and two in a hundred have an odd history (an own
hour, another pace, lessons skipped), as in the measurement that DESIGN.md reports.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from importlib.resources import files
from itertools import product
from typing import Any

from sqlalchemy import String, cast, insert, literal, select, text
from sqlalchemy.orm import Session

from benchmarks.mailer import BRAND, NOW
from campaigns import drafting, enrolling, publishing
from campaigns.cadence import Cadence
from campaigns.models import Course, Enrolment
from campaigns.reading import read_bytes
from campaigns.schedule import Profile
from campaigns.splitting import split
from campaigns.standing import Standing, enrolled
from courseletter.database import Database
from subscribers.models import Membership, MemberStatus, Subscriber

ZONES = (  # in each of them it is eight o'clock at NOW
    *("Europe/London", "Europe/Lisbon", "Europe/Dublin", "Atlantic/Canary", "Africa/Abidjan"),
    *("Africa/Accra", "Africa/Dakar", "Atlantic/Reykjavik", "Africa/Monrovia", "UTC"),
)
WEEKS_AGO = (1, 2, 3)
PROSE = (
    "A course by mail should teach one idea, well, and then stop — “less, but better”. In this lesson we "
    "look at how café owners in Malmö plan a week: what they measure, what they change, and why it works. "
    "Write the smallest thing that could possibly help the reader today, send it, and read the replies."
)
# A rich lesson: some 40 KB of HTML, as in the measurement of other senders that DESIGN.md reports.
LESSON = "Hello {{subscriber.first_name | default('friend')}},\n\n" + "\n\n".join(
    f"## Step {number}\n\n{PROSE}\n\n- {PROSE[:80]}\n- {PROSE[:60]}\n\n"
    f"[Open step {number}](https://example.org/steps/{number}){{button}}"
    for number in range(11)
)
ODD = 50  # one in so many has a history of its own
ROWS = 20_000  # made one by one; the others are their likes


def gather(database: Database, people: int) -> str:
    """Found a course and enrol `people` learners whose next lesson is due at NOW. Returns the course's id."""
    with database.write() as session:
        course = _found(session)
        ordinary = [
            _pattern(session, course, Profile(zone), weeks) for zone, weeks in product(ZONES, WEEKS_AGO)
        ]
        odd = [
            _pattern(session, course, Profile(zone, 8 * 60 - minute), weeks)
            for zone, weeks, minute in product(ZONES, WEEKS_AGO, range(50))
        ]
        list_id = course.list_id
    have = min(people, ROWS)
    with database.write() as session:
        session.execute(insert(Subscriber), list(_subscribers(range(have))))
        session.execute(insert(Membership), list(_memberships(range(have), list_id)))
        session.execute(insert(Enrolment), list(_enrolments(range(have), ordinary, odd)))
    while have < people:
        more = min(have, people - have)
        with database.write() as session:
            _repeat(session, more, have)
        have += more
    with database.write() as session:
        session.execute(text("ANALYZE"))  # as the database itself would, a minute later
    return str(ordinary[0]["course_id"])


def _found(session: Session) -> Course:
    text = (files("courseletter") / "examples" / "sleep.md").read_bytes()
    article = read_bytes(text, "sleep.md")
    row = drafting.add_article(session, article, NOW)
    cadence = Cadence(weekdays=frozenset({0}), start=8 * 60)
    course = drafting.create_course(session, row, split(article), cadence=cadence, zone="UTC", now=NOW)
    for lesson in course.lessons:
        lesson.body = LESSON
    publishing.publish(session, course, BRAND, NOW)
    return course


def _pattern(session: Session, course: Course, profile: Profile, weeks: int) -> dict[str, Any]:
    """The columns of an enrolment that has lived for so many weeks and has a lesson due at NOW."""
    joined = NOW - timedelta(weeks=weeks, hours=20)
    standing = _lived(course, profile, joined)
    row = Enrolment(course=course, revision_id=course.revision_id, subscriber_id=0, joined_at=joined)
    with session.no_autoflush:
        enrolling.store(session, row, standing, profile)
        session.flush([row.progress, row.profile])
    names = [column.key for column in Enrolment.__mapper__.column_attrs if column.key != "id"]
    values = {name: getattr(row, name) for name in names}
    values |= {"course_id": course.id, "progress_id": row.progress.id, "profile_id": row.profile.id}
    return values


def _lived(course: Course, profile: Profile, joined: datetime) -> Standing:
    timetable = enrolling.timetable_of(course)
    standing = enrolled(timetable, profile, joined)
    while standing.due_at is not None and standing.due_at < NOW - timedelta(hours=1):
        moment = standing.due_at
        _, standing = standing.promote(timetable, profile, moment)
        standing = standing.sent(timetable, profile, moment)
    return standing


def _repeat(session: Session, people: int, after: int) -> None:
    """Add the likes of the first so many people, numbered on from `after`. The databases do it in seconds."""
    number = Subscriber.id + after
    address = literal("reader") + cast(number - 1, String) + "@inbox.example.org"
    for table, person, changed in (
        (Subscriber, Subscriber.id, {"id": number, "email": address, "address_key": address}),
        (Membership, Membership.subscriber_id, {"subscriber_id": Membership.subscriber_id + after}),
        (Enrolment, Enrolment.subscriber_id, {"subscriber_id": Enrolment.subscriber_id + after}),
    ):
        names = [one.key for one in table.__table__.columns if one.key != "id" or "id" in changed]
        rows = select(*(changed.get(name, getattr(table, name)) for name in names))
        session.execute(insert(table).from_select(names, rows.where(person <= people)))


def _subscribers(numbers: Sequence[int]) -> Iterator[dict[str, Any]]:
    for number in numbers:
        address = f"reader{number}@inbox.example.org"
        yield {
            "id": number + 1,
            "email": address,
            "address_key": address,
            "first_name": f"Reader {number % 977}",
            "last_name": "",
            "fields": {"plan": "pro" if number % 3 else "free", "city": "Malmö"},
            "daily_cap": 3,
            "created_at": NOW,
        }


def _memberships(numbers: Sequence[int], list_id: int) -> Iterator[dict[str, Any]]:
    for number in numbers:
        yield {
            "list_id": list_id,
            "subscriber_id": number + 1,
            "status": MemberStatus.CONFIRMED,
            "changed_at": NOW,
        }


def _enrolments(
    numbers: Sequence[int], ordinary: Sequence[dict[str, Any]], odd: Sequence[dict[str, Any]]
) -> Iterator[dict[str, Any]]:
    for number in numbers:
        patterns = ordinary if number % ODD else odd
        yield {**patterns[number // 7 % len(patterns)], "subscriber_id": number + 1}
