"""A newsroom for tests: a newsletter on a school's database, its readers, and its issues as they are sent."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from school import BRAND, KEY, School, subject_of
from sqlalchemy import select

from campaigns.links import track_clicks
from campaigns.models import Course
from campaigns.newsletters import drafting, scheduling
from campaigns.newsletters.drafting import Wishes
from campaigns.newsletters.models import Issue
from campaigns.newsletters.timing import When
from sender.models import Delivery
from subscribers import consent, tags
from subscribers.audiences import Audience, Part
from subscribers.consent import Evidence
from subscribers.models import MailingList
from subscribers.people import Details, find_or_create

BODY = "Frost is on the beds.\n\n[Read on](https://notes.example.org/frost)\n"


class Newsroom:
    """One newsletter, `garden-letter`, in Berlin; clicks are counted."""

    def __init__(self, school: School) -> None:
        self.school = school
        self.database = school.database
        with self.database.write() as session:
            newsletter = drafting.create_newsletter(
                session, "Garden letter", school.clock.now(), language="en", zone="Europe/Berlin"
            )
            track_clicks(session, newsletter, True)
            self.newsletter_id, self.list_id = newsletter.id, newsletter.list_id

    @property
    def now(self) -> datetime:
        return self.school.clock.now()

    def add(self, email: str, *, tag: str | None = None, on: int | None = None, **details: Any) -> int:
        """A reader who has confirmed the newsletter's list, or another one; returns their id."""
        with self.database.write() as session:
            person, _ = find_or_create(session, email, Details(**details), self.now)
            mailing_list = session.get_one(MailingList, on or self.list_id)
            consent.add(session, mailing_list, person, Evidence(), self.now)
            if tag is not None:
                tags.add(session, person, tag, self.now)
            return person.id

    def draft(self, title: str = "Frost", *, body: str = BODY, **wishes: Any) -> str:
        """An issue for the newsletter's list, or for `audience`; returns its id."""
        with self.database.write() as session:
            newsletter = session.get_one(Course, self.newsletter_id)
            issue = drafting.create_issue(session, newsletter, title, self.now)
            issue.lesson.body = body
            wishes.setdefault("audience", Audience((Part("list", self.list_id),)))
            drafting.settle(session, issue, Wishes(**wishes), self.now)
            return issue.lesson_id

    def schedule(self, issue_id: str) -> None:
        with self.database.write() as session:
            issue = drafting.find_issue(session, issue_id, to_write=True)
            scheduling.schedule(session, issue, BRAND, KEY, self.now)

    def send(self, title: str = "Frost", **wishes: Any) -> str:
        """Write and schedule an issue, and let what is due at once go out."""
        issue_id = self.draft(title, **wishes)
        self.schedule(issue_id)
        self.school.work()
        return issue_id

    def issue(self, issue_id: str) -> Issue:
        with self.database.read() as session:
            issue = session.get_one(Issue, issue_id)
            session.refresh(issue, ["lesson"])
            return issue

    def got(self, issue_id: str) -> Counter[str]:
        """How many deliveries of the issue are in which state."""
        return Counter(one.state for one in self.deliveries(issue_id))

    def deliveries(self, issue_id: str) -> Sequence[Delivery]:
        with self.database.read() as session:
            wanted = select(Delivery).where(Delivery.lesson_id == issue_id).order_by(Delivery.id)
            return session.scalars(wanted).all()

    def received(self) -> list[tuple[str, str]]:
        """Recipient and subject of everything that the relay took."""
        return sorted(
            (one.envelope.recipient, subject_of(one.message)) for one in self.school.memory.delivered
        )


def at(day: datetime, hour: int) -> When:
    return When(day.date(), hour * 60)
