"""A small school for tests: a published course, its learners, and a sender whose clock is moved by hand."""

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from email import message_from_bytes, policy
from functools import cache, partial
from typing import Any

from memory_relay import MemoryPool, MemoryRelay
from sqlalchemy import select
from sqlalchemy.orm import Session

from campaigns import drafting, enrolling, publishing
from campaigns.article import Article
from campaigns.brands import Brands
from campaigns.cadence import Cadence
from campaigns.models import Course, Enrolment, RevisionLesson
from campaigns.reading import read_bytes
from campaigns.splitting import DraftLesson, split
from courseletter.clock import MovableClock
from courseletter.database import Database
from sender.dkim import DkimKey
from sender.lanes import Route
from sender.letterheads import Origin
from sender.letters import Composer
from sender.links import Links
from sender.models import Delivery
from sender.newsletters.writing import send_due
from sender.planning import next_moment, tick
from sender.retrying import Retrying
from sender.run import Mailer
from sender.throttle import NO_LIMITS, DomainRates, Limits
from sender.transport import Report
from subscribers import consent
from subscribers.consent import Evidence
from subscribers.models import Subscriber
from subscribers.people import Details, find_or_create
from subscribers.tokens import Tokens
from templates.brand import Brand

KEY = b"a secret for tests, 32 bytes long"
BRAND = Brand("Field Notes", "1 Example Street, Bristol BS1 4XX", "https://notes.example.org")
TOKENS = Tokens(KEY)
LINKS = Links("https://letters.example.org", TOKENS)
ORIGIN = Origin("notes@letters.example.org", "bounces.letters.example.org")
DAILY = Cadence(gap=1)

ARTICLE = """# Three Small Habits

This post contains affiliate links. We may earn a commission, at no extra cost to you.

Habits are what a day is made of, and most of them were never chosen by anybody in particular.

## Start small

{small}

## Choose a cue

{cue}

## Forgive a bad day

{bad}

This text is for education only and is not a substitute for medical advice.
"""

_FILL = " ".join(
    ["It is the size of the step that decides whether you take it on a wet morning in November."] * 15
)


class School:
    """One course on one database, sending to `memory` over three connections.

    `limits` names the relays: the first is `memory`, the others are in `others`, with three connections each.
    """

    def __init__(
        self,
        database: Database,
        now: datetime,
        *,
        cadence: Cadence = DAILY,
        zone: str = "Europe/Berlin",
        memory: MemoryRelay | None = None,
        limits: Mapping[str, Limits] | None = None,
        domains: DomainRates | None = None,
    ) -> None:
        self.database = database
        self.clock = MovableClock(now)
        self.memory = memory or MemoryRelay()
        self.limits = limits or {"memory": NO_LIMITS}
        self.domains = domains or DomainRates()
        self.others = {name: MemoryRelay() for name in list(self.limits)[1:]}
        self.retrying = Retrying()
        self.dkim_keys: Sequence[DkimKey] = ()
        self.metadata_field: str | None = None
        self.course_id = self._found(cadence, zone)
        self.mailer = self.new_mailer()

    def new_mailer(self) -> Mailer:
        """A sender that knows nothing of the one before, as after a crash."""
        composer = Composer(
            Brands(BRAND), ORIGIN, LINKS, KEY, self.dkim_keys, metadata_field=self.metadata_field
        )
        names = iter(self.limits.items())
        first, limits = next(names)
        routes = [Route(first, self.open_pool, limits)]
        routes += [Route(name, partial(MemoryPool, 3, relay=self.others[name]), one) for name, one in names]
        return Mailer(
            self.database,
            composer,
            routes,
            self.clock,
            KEY,
            domains=self.domains,
            retrying=self.retrying,
            retry_seconds=0,
        )

    def open_pool(self, report: Report) -> MemoryPool:
        return MemoryPool(3, report, self.memory)

    def enrol(self, email: str = "ada@inbox.example.org", name: str = "Ada", **details: Any) -> int:
        """Add a learner whose consent is vouched for; returns the enrolment's id."""
        with self.database.write() as session:
            now = self.clock.now()
            subscriber, _ = find_or_create(session, email, Details(name, **details), now)
            course = session.get_one(Course, self.course_id)
            consent.add(session, course.mailing_list, subscriber, Evidence(), now)
            return enrolling.enrol(session, course, subscriber, now).id

    def work(self) -> Counter[str]:
        """One tick and one round of the sender, at the clock's present moment."""
        now = self.clock.now()
        return tick(self.database, now) + send_due(self.database, now) + self.mailer.work()

    def live(self, most: int = 200) -> None:
        """Let the calendar run until nothing is due any more."""
        for _ in range(most):
            self.work()
            moment = self.next_moment()
            if moment is None:
                return
            self.clock.move_to(moment)
        raise AssertionError("the course does not come to an end")

    def next_moment(self) -> datetime | None:
        with self.database.read() as session:
            return next_moment(session)

    def wish(self, enrolment_id: int, act: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        """Call one of sender.wishes on an enrolment, now."""
        with self.database.write() as session:
            enrolment = session.get_one(Enrolment, enrolment_id)
            return act(session, enrolment, self.clock.now(), *arguments, **options)

    def swell(self, octets: int) -> None:
        """Make the welcome longer than that."""

        def swell(session: Session) -> None:
            lesson = session.scalars(select(RevisionLesson).where(RevisionLesson.kind == "welcome")).one()
            text = "many words " * (octets // 10)
            lesson.compiled = json.dumps({**json.loads(lesson.compiled), "text": text})

        self.change(swell)

    def change(self, act: Callable[[Session], Any]) -> Any:
        with self.database.write() as session:
            return act(session)

    def enrolment(self, enrolment_id: int) -> Enrolment:
        with self.database.read() as session:
            return session.get_one(Enrolment, enrolment_id)

    def deliveries(self) -> Sequence[Delivery]:
        with self.database.read() as session:
            return session.scalars(select(Delivery).order_by(Delivery.id)).all()

    def subjects(self) -> list[str]:
        """The subjects that arrived, in order."""
        return [subject_of(one.message) for one in self.memory.delivered]

    def subscriber(self, email: str = "ada@inbox.example.org") -> Subscriber:
        with self.database.read() as session:
            return session.scalars(select(Subscriber).where(Subscriber.email == email)).one()

    def _found(self, cadence: Cadence, zone: str) -> str:
        article, lessons = habits()
        now = self.clock.now()
        with self.database.write() as session:
            row = drafting.add_article(session, article, now)
            course = drafting.create_course(session, row, lessons, cadence=cadence, zone=zone, now=now)
            publishing.publish(session, course, BRAND, now)
            return course.id


@cache
def habits() -> tuple[Article, tuple[DraftLesson, ...]]:
    """The school's article, and the lessons it becomes."""
    text = ARTICLE.format(small=_FILL, cue=_FILL, bad=_FILL)
    article = read_bytes(text.encode(), "habits.md")
    return article, split(article)


def subject_of(message: bytes) -> str:
    return str(message_from_bytes(message, policy=policy.default)["Subject"])
