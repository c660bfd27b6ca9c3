"""A furnished workshop for tests and pictures: two published courses, a draft, and people weeks into one."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path

from reading_room import World, settings

from campaigns import drafting, enrolling, publishing
from campaigns.cadence import Cadence
from campaigns.models import Course
from campaigns.reading import read_bytes
from campaigns.splitting import split
from courseletter.clock import MovableClock
from courseletter.database import Database
from courseletter.installation import Installation, open_installation
from courseletter.web.app import create_app
from sender.models import Delivery, State
from sender.planning import next_moment, tick
from subscribers import consent
from subscribers.consent import Evidence
from subscribers.people import Details, find_or_create

OPENED = datetime(2026, 10, 5, 7, 0, tzinfo=UTC)
FIRST = datetime(2026, 10, 23, 7, 0, tzinfo=UTC)  # when people began to sign up
NOW = datetime(2026, 11, 12, 9, 42, tzinfo=UTC)  # a Thursday
THURSDAYS = Cadence(weekdays=frozenset({3}), start=8 * 60)
ZONES = (
    *("Europe/London", "America/New_York", "America/Chicago", "Europe/Lisbon", "America/Los_Angeles"),
    *("America/New_York", "Europe/Berlin", "America/Denver", "Europe/London", "America/New_York"),
)
WALKING = """# Walking without a goal

A walk needs no reason. It is the oldest way there is to let a thought come to its end.

## Leave the telephone at home

{a}

## Turn where you never turned

{b}
"""


def enter(database: Database, home: Path, base_url: str = "https://letters.example.org") -> World:
    """A furnished workshop at NOW."""
    installation = _installation(database, home, NOW, base_url)
    clock = installation.clock
    assert isinstance(clock, MovableClock)
    return World(installation, clock, create_app(installation))


def furnish(database: Database, home: Path, people: int) -> None:
    """The same rooms each time, down to the last id but the random ones."""
    installation = _installation(database, home, OPENED, "https://letters.example.org")
    sleep = (files("courseletter") / "examples" / "sleep.md").read_bytes()
    course_id = found(installation, sleep, "sleep.md", THURSDAYS)
    filler = "A path that is walked for its own sake is a path that nobody has to arrive on. " * 18
    walking = WALKING.format(a=filler, b=filler).encode()
    found(installation, walking, "walking.md", Cadence(gap=3, start=7 * 60))
    found(installation, walking, "draft.md", THURSDAYS, published=False)
    for number in range(people):
        live(installation, FIRST + timedelta(hours=450 * number / people))
        join(installation, course_id, number)
    live(installation, NOW)


def _installation(database: Database, home: Path, now: datetime, base_url: str) -> Installation:
    configured = settings(home, base_url).model_copy(update={"timezone": "Europe/London"})
    return replace(open_installation(configured, MovableClock(now)), database=database)


def found(
    installation: Installation, text: bytes, name: str, cadence: Cadence, *, published: bool = True
) -> str:
    article, now = read_bytes(text, name), installation.clock.now()
    with installation.database.write() as session:
        row = drafting.add_article(session, article, now)
        course = drafting.create_course(
            session, row, split(article), cadence=cadence, zone="Europe/London", now=now
        )
        if published:
            publishing.publish(session, course, installation.brands.configured, now)
        return course.id


def join(installation: Installation, course_id: str, number: int) -> int:
    """One more reader, in the zone that is theirs by number."""
    details = Details(f"Reader {number}", ZONES[number % len(ZONES)])
    with installation.database.write() as session:
        now = installation.clock.now()
        subscriber, _ = find_or_create(session, f"reader{number}@inbox.example.org", details, now)
        course = session.get_one(Course, course_id)
        consent.add(session, course.mailing_list, subscriber, Evidence(), now)
        return enrolling.enrol(session, course, subscriber, now).id


def live(installation: Installation, until: datetime) -> None:
    """Let the calendar run; every message is accepted at once."""
    clock = installation.clock
    assert isinstance(clock, MovableClock)
    while True:
        with installation.database.read() as session:
            moment = next_moment(session)
        if moment is None or moment > until:
            break
        clock.move_to(moment)
        tick(installation.database, clock.now())
        accept_all(installation)
    clock.move_to(until)


def accept_all(installation: Installation) -> None:
    now = installation.clock.now()
    with installation.database.write() as session:
        for delivery in session.query(Delivery).filter_by(state=State.READY):
            delivery.state, delivery.finished_at, delivery.reply = State.ACCEPTED, now, "250 2.0.0 OK"
            if delivery.enrolment_id is not None:
                enrolment = session.get_one(enrolling.Enrolment, delivery.enrolment_id)
                place = enrolling.place_of(session, enrolment)
                enrolling.store(session, enrolment, place.standing.sent(place.timetable, place.profile, now))
