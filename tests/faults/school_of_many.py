"""A published course with as many lessons and learners as a crash test wants."""

from datetime import datetime

from school import BRAND, DAILY
from sqlalchemy.orm import Session

from campaigns import drafting, enrolling, publishing
from campaigns.models import Course
from campaigns.reading import read_bytes
from campaigns.splitting import split
from courseletter.database import Database
from subscribers import consent
from subscribers.consent import Evidence
from subscribers.people import Details, find_or_create

_SENTENCES = " ".join(["A habit is kept by whoever made it small enough for a wet morning in November."] * 20)


def found(database: Database, people: int, lessons: int, now: datetime) -> None:
    """Publish a course of a welcome and so many daily lessons, and enrol `people` in it, all due at once."""
    sections = [f"## Small habit number {number}\n\n{_SENTENCES}\n" for number in range(1, lessons + 1)]
    article = read_bytes("\n".join(["# Small Habits\n", _SENTENCES, "", *sections]).encode(), "habits.md")
    with database.write() as session:
        row = drafting.add_article(session, article, now)
        course = drafting.create_course(
            session, row, split(article), cadence=DAILY, zone="Europe/Berlin", now=now
        )
        publishing.publish(session, course, BRAND, now)
        for number in range(people):
            _enrol(session, course, f"reader{number}@inbox.example.org", now)


def _enrol(session: Session, course: Course, email: str, now: datetime) -> None:
    subscriber, _ = find_or_create(session, email, Details("Robin"), now)
    consent.add(session, course.mailing_list, subscriber, Evidence(), now)
    enrolling.enrol(session, course, subscriber, now)
