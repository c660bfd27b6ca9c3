"""A world for tests of pages: one published course, its readers, and the pages on a real port."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI
from sqlalchemy import select
from starlette.testclient import TestClient

from campaigns.cadence import Cadence
from campaigns.enrolling import place_of, store
from campaigns.models import Course, Enrolment, Lesson, Revision, RevisionLesson
from courseletter.clock import MovableClock
from courseletter.config import BrandSettings, SenderSettings, Settings
from courseletter.database import Database
from courseletter.installation import Installation, open_installation
from courseletter.web.app import create_app
from sender.models import Delivery, State
from sender.planning import tick
from subscribers import form_tokens
from subscribers.models import MailingList, Subscriber

START = datetime(2026, 11, 3, 9, 12, tzinfo=UTC)  # a Tuesday
DISCLOSURE = "Some links are affiliate links. If you buy through one, we may earn a commission."
DISCLAIMER = "For education only. This course is no substitute for professional advice."
WELCOME = """Hello {{ subscriber.first_name | default('there') }},

A quiet room is not luck. It is a handful of small choices, and each can be made on an ordinary evening.
"""
BODY = """Light tells the body what time it is, long before the clock does.

## What the evening adds

- **Brightness.** How much of it reaches the eye?
- **Colour.** Blue light counts for more than red.

Dim the lamps an hour before bed.

:::takeaway
Dark evenings make short nights longer.
:::

:::quote {by="A reader"}
The lamp went, and sleep came.
:::
"""
LINKED = "\n[This lamp](https://shop.example/lamp?tag=quiet-20) does it by itself.\n"
TITLES = [
    "Light tells the time",
    "Noise that wakes without waking",
    "Warm feet, cool room",
    "What the last meal does",
    "A note on bad nights",
]


@dataclass(frozen=True, slots=True)
class World:
    """One installation with one published course, and the steps a reader takes in it."""

    installation: Installation
    clock: MovableClock
    app: FastAPI

    def browser(self) -> TestClient:
        return TestClient(self.app, base_url="http://letters.example.org", client=("192.0.2.7", 50000))

    def sign_up(self, email: str = "ana.pereira@example.org", **fields: str) -> None:
        form = self.form(**{"email": email, "first_name": "Ana", "zone": "Europe/Lisbon", **fields})
        assert self.browser().post("/c/quiet-nights", data=form).status_code == 200

    def form(self, **fields: str) -> dict[str, str]:
        """The sign-up form as somebody sends it who has had a minute to type."""
        shown_at = self.clock.now() - timedelta(minutes=1)
        token = form_tokens.make(self.installation.settings.key, "quiet-nights", shown_at)
        return {form_tokens.TOKEN: token, form_tokens.TRAP: "", **fields}

    def confirm(self, email: str = "ana.pereira@example.org") -> None:
        assert self.browser().post(self.confirm_path(email)).status_code == 200

    def confirm_path(self, email: str = "ana.pereira@example.org") -> str:
        return self._path(self.installation.links.confirm(*self._ids(email)))

    def leave_path(self, email: str = "ana.pereira@example.org") -> str:
        return self._path(self.installation.links.unsubscribe(*self._ids(email)))

    def learn_path(self, page: str = "") -> str:
        home = self._path(self.installation.links.learn(self.enrolment().id))
        return f"{home}/{page}" if page else home

    def receive(self, lessons: int) -> None:
        """Let the calendar run until so many mails of the course have been sent."""
        for _ in range(lessons):
            due = self.enrolment().due_at
            assert due is not None
            self.clock.move_to(due)
            tick(self.installation.database, self.clock.now())
            self.deliver()

    def deliver(self) -> None:
        """What the sender does after a 250: the delivery is accepted, the enrolment's queue empty."""
        now = self.clock.now()
        with self.installation.database.write() as session:
            for delivery in session.scalars(select(Delivery).where(Delivery.state == State.READY)):
                delivery.state, delivery.finished_at = State.ACCEPTED, now
                if delivery.enrolment_id is not None:
                    enrolment = session.get_one(Enrolment, delivery.enrolment_id)
                    place = place_of(session, enrolment)
                    store(session, enrolment, place.standing.sent(place.timetable, place.profile, now))

    def enrolment(self) -> Enrolment:
        with self.installation.database.read() as session:
            found = session.scalars(select(Enrolment)).one()
            session.expunge_all()
        return found

    def all(self, table: type[Any]) -> list[Any]:
        with self.installation.database.read() as session:
            rows = list(session.scalars(select(table)))
            session.expunge_all()
        return rows

    def _ids(self, email: str) -> tuple[int, int]:
        with self.installation.database.read() as session:
            subscriber = session.scalars(select(Subscriber.id).where(Subscriber.email == email)).one()
            return session.scalars(select(Course.list_id)).one(), subscriber

    def _path(self, link: str) -> str:
        return link.removeprefix(self.installation.settings.base_url)


def settings(home: Path, base_url: str = "http://letters.example.org") -> Settings:
    return Settings(
        home=home,
        base_url=base_url,
        secret_key="0123456789abcdef0123456789abcdef",
        timezone="Europe/Lisbon",
        brand=BrandSettings(
            name="Quiet Nights", address="12 Example Street\nBristol BS1 4XX\nUnited Kingdom"
        ),
        sender=SenderSettings(from_address="hello@letters.example.org"),
    )


def publish_course(database: Database, now: datetime, cadence: Cadence | None = None) -> None:
    """A course of five lessons and a welcome, on Thursdays at 8:00, as publishing would leave it."""
    cadence = cadence or Cadence(weekdays=frozenset({3}), start=8 * 60)
    with database.write() as session:
        mailing_list = MailingList(slug="quiet-nights", name="Quiet nights", created_at=now)
        course = Course(
            id="crs_0000000001",
            slug="quiet-nights",
            title="Sleep and the quiet room",
            language="en",
            zone="Europe/Lisbon",
            cadence=cadence.to_json(),
            disclosures=[DISCLOSURE],
            disclaimers=[DISCLAIMER],
            mailing_list=mailing_list,
            publishes=1,
            created_at=now,
        )
        session.add(course)
        session.flush()
        revision = Revision(
            course_id=course.id,
            number=1,
            title=course.title,
            language="en",
            zone=course.zone,
            cadence=cadence.to_json(),
            disclosures=[DISCLOSURE],
            disclaimers=[DISCLAIMER],
            published_at=now,
        )
        for number, title in enumerate(["Welcome", *TITLES]):
            content = {
                "position": number,
                "kind": "lesson" if number else "welcome",
                "title": title,
                "subject": title,
                "recap": "Light comes first." if number > 1 else "",
                "teaser": "Why a sleeper hears what nobody remembers.",
                "body": (BODY + (LINKED if number > 3 else "")) if number else WELCOME,
                "minutes": 1 + number % 2,
            }
            lesson_id = f"les_{number:010}"
            session.add(Lesson(id=lesson_id, course_id=course.id, **content))
            session.flush()
            revision.lessons.append(
                RevisionLesson(lesson_id=lesson_id, number=number, compiled="{}", **content)
            )
        session.add(revision)
        session.flush()
        course.revision = revision


def make_world(database: Database, home: Path, base_url: str = "http://letters.example.org") -> World:
    clock = MovableClock(START)
    installation = replace(open_installation(settings(home, base_url), clock), database=database)
    publish_course(database, START)
    return World(installation, clock, create_app(installation))


def speak(world: World, language: str, title: str = "") -> None:
    """Let the course be one in this language."""
    with world.installation.database.write() as session:
        for one in (*session.scalars(select(Course)), *session.scalars(select(Revision))):
            one.language, one.title = language, title or one.title


@contextmanager
def serving(make: Callable[[str], FastAPI]) -> Iterator[str]:
    """Serve an app on a free port of this machine, from a thread; `make` is given its address."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        server = uvicorn.Server(uvicorn.Config(make(address), log_level="warning"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield address
        finally:
            server.should_exit = True
            thread.join()
