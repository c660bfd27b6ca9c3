"""Setting a digest up: what a person chooses, and that what the feed has by then is not sent by itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from campaigns.digests import entries, fetching, making, writing
from campaigns.digests.models import Digest
from campaigns.digests.rhythm import Rhythm
from campaigns.models import Course
from campaigns.newsletters.drafting import find_newsletter
from campaigns.reading.fetching import Fetcher
from campaigns.reading.posts import Post
from campaigns.slots import MINUTES_A_DAY
from courseletter.database import Database
from courseletter.errors import InvalidInput, NotFound
from courseletter.zones import zone_named
from subscribers.addresses import check_header_text
from templates.problems import in_line, problems

MOST: Final = 50  # entries of one issue
_LONGEST: Final = {"url": 2_000, "subject": 200, "introduction": 5_000}  # characters


@dataclass(frozen=True, slots=True)
class Wishes:
    """`most` entries an issue; without `sends` each issue waits as a draft."""

    url: str
    rhythm: Rhythm
    subject: str = "{{ digest.title }}"
    introduction: str = ""
    most: int = 10
    pictures: bool = True
    sends: bool = False

    @classmethod
    def of(cls, digest: Digest) -> "Wishes":
        words = (digest.subject, digest.introduction)
        return cls(digest.url, Rhythm.of(digest), *words, digest.most, digest.pictures, digest.sends)

    def check(self) -> None:
        """Raises InvalidInput, naming the field."""
        if not self.url:
            raise InvalidInput("Write the feed’s address, like https://example.org/feed.", field="url")
        for name, most in _LONGEST.items():
            if len(getattr(self, name)) > most:
                raise InvalidInput(f"At most {most:,} characters fit here.", field=name)
        zone_named(self.rhythm.zone)
        if not self.rhythm.weekdays:
            raise InvalidInput("Choose at least one day.", field="days")
        if not 0 <= self.rhythm.minute < MINUTES_A_DAY:
            raise InvalidInput("Write the hour like 09:00.", field="time")
        if not 1 <= self.most <= MOST:
            raise InvalidInput(f"Write a number from 1 to {MOST}.", field="most")
        self._check_words()

    def _check_words(self) -> None:
        """As they are once the entries' own fields are filled."""
        subject = writing.with_sample(check_header_text(self.subject, "subject"))
        if not subject.strip():
            raise InvalidInput("Write a subject.", field="subject")
        if broken := in_line(subject):
            raise InvalidInput(broken[0], field="subject")
        if wrong := problems(writing.with_sample(self.introduction)):
            raise InvalidInput(f"Line {wrong[0].line}: {wrong[0].message}", field="introduction")


def proposed(zone: str) -> Wishes:
    """What a digest begins with, before anything is typed."""
    return Wishes("", Rhythm("week", frozenset({0}), 9 * 60, zone))


def find_digest(session: Session, newsletter: Course) -> Digest:
    """Raises NotFound where the newsletter has none."""
    found = session.get(Digest, newsletter.id)
    if found is None:
        raise NotFound(
            f"“{newsletter.title}” is fed by no feed. See `courseletter newsletter digest set --help`."
        )
    return found


def in_trouble(session: Session) -> Sequence[Digest]:
    """Digests with something to say, each with its newsletter."""
    wanted = select(Digest).where(Digest.problem != "").options(joinedload(Digest.newsletter))
    return session.scalars(wanted.order_by(Digest.newsletter_id)).all()


def begins_anew(session: Session, newsletter: Course, url: str) -> bool:
    """Whether the feed has to be read before this is saved: what it has by then is passed over."""
    digest = session.get(Digest, newsletter.id)
    return digest is None or digest.url != url or digest.next_at is None


def set_up(
    database: Database,
    fetcher: Fetcher,
    newsletter_id: str,
    wishes: Wishes,
    first: int,
    now: datetime,
    author: str = "",
) -> Rhythm:
    """Set a digest up, or change it. Of a feed that begins anew the newest `first` entries are still to go.

    Raises InvalidInput, naming the field, also where the feed cannot be read, and NotFound.
    """
    wishes.check()
    if not 0 <= first <= MOST:
        raise InvalidInput(f"Write a number from 0 to {MOST}.", field="first")
    passed_over: list[Post] | None = None
    with database.read() as session:
        begins = begins_anew(session, find_newsletter(session, newsletter_id), wishes.url)
    if begins:
        passed_over = entries.fresh(fetching.look_anew(fetcher, wishes.url).posts, ())[first:]
    with database.write() as session:
        newsletter = find_newsletter(session, newsletter_id)
        return Rhythm.of(_save(session, newsletter, wishes, now, passed_over, author))


def _save(
    session: Session,
    newsletter: Course,
    wishes: Wishes,
    now: datetime,
    passed_over: Sequence[Post] | None,
    author: str,
) -> Digest:
    """`passed_over`: the entries of a feed that begins anew which are not sent."""
    digest = session.get(Digest, newsletter.id, with_for_update=True)
    if passed_over is None and begins_anew(session, newsletter, wishes.url):
        raise InvalidInput("The feed was changed meanwhile. Save again.", field="url")
    if digest is None:
        digest = Digest(newsletter_id=newsletter.id, created_at=now)
        session.add(digest)
    rhythm = wishes.rhythm
    digest.url, digest.author = wishes.url, author
    digest.every, digest.weekdays = rhythm.every, sorted(rhythm.weekdays)
    digest.minute, digest.zone = rhythm.minute, str(zone_named(rhythm.zone))
    digest.subject, digest.introduction = wishes.subject, wishes.introduction
    digest.most, digest.pictures, digest.sends = wishes.most, wishes.pictures, wishes.sends
    digest.due_at = digest.next_at = Rhythm.of(digest).after(now)
    digest.failures, digest.problem, digest.problem_at = 0, "", None
    digest.etag = digest.modified = ""
    if passed_over is not None:
        digest.looked_at = now
        session.flush()
        making.mark(session, digest, passed_over, None, now)
    session.flush()
    return digest


def switch_off(digest: Digest) -> None:
    """Look at the feed no more; which entries were used stays known."""
    digest.due_at = digest.next_at = None
    digest.problem, digest.problem_at = "", None
