"""The digests' clock: at its hour a feed is looked at, and what is new in it becomes an issue.

The feed is fetched outside of any transaction; the issue, the entries that it has and the next hour are
written in one. A process that ends in between has made nothing, and the feed is still due. Scheduling asks
the whole audience, so it has a transaction of its own, which `Digest.sending_id` waits for.
"""

import logging
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, select
from sqlalchemy.exc import DBAPIError

from campaigns.brands import Brands
from campaigns.digests import fetching, making
from campaigns.digests.fetching import Found
from campaigns.digests.models import Digest
from campaigns.digests.rhythm import Rhythm
from campaigns.digests.writing import Dated
from campaigns.models import Course
from campaigns.newsletters.drafting import find_issue
from campaigns.newsletters.models import IssueState
from campaigns.reading.fetching import Fetcher, Version
from courseletter.database import Database
from courseletter.errors import InvalidInput, NotFound
from courseletter.zones import zone_of
from sender.context import date_in_words
from sender.instance import is_held
from sender.newsletters import steering

log = logging.getLogger(__name__)

FIRST_WAIT: Final = timedelta(minutes=5)  # after a look in vain; then twice as long, again and again
LONGEST_WAIT: Final = timedelta(hours=4)
AT_ONCE: Final = 8  # feeds

Asked = tuple[str, datetime | None]  # address and hour of a digest as it was when its feed was asked for


def look(database: Database, brands: Brands, fetcher: Fetcher, key: bytes, now: datetime) -> Counter[str]:
    """Look at the feeds that are due, and schedule what was made. Returns what was done how often.

    Several at once: a server that lets one wait for its half minute must not make the others late.
    """
    due = _those(database, Digest.next_at <= now)
    with ThreadPoolExecutor(AT_ONCE) as hands:
        looked = hands.map(lambda newsletter_id: look_at(database, fetcher, newsletter_id, now), due)
    done = sum(looked, Counter[str]())
    for newsletter_id in _those(database, Digest.sending_id.is_not(None)):
        done += _send(database, brands, newsletter_id, key, now)
    return done


def look_at(database: Database, fetcher: Fetcher, newsletter_id: str, now: datetime) -> Counter[str]:
    """Look at one feed, whatever its server answers: a feed in trouble stops no other."""
    with database.read() as session:
        digest = session.get_one(Digest, newsletter_id)
        asked = (digest.url, digest.due_at)
    try:
        found = fetching.look(fetcher, digest.url, Version(digest.etag, digest.modified))
        return _made(database, newsletter_id, asked, found, now)
    except InvalidInput as error:
        why = fetching.reason_of(error)
    except DBAPIError:
        raise  # the database is in trouble, not the feed: the next look tries again
    except Exception:  # whatever a stranger's server has come up with (REQUIREMENTS 27)
        log.exception("the feed of %s cannot be read", newsletter_id)
        why = f"{digest.url} could not be read. The log says more."
    _put_off(database, newsletter_id, asked, why, now)
    return Counter({"feeds not read": 1})


def dated_for(course: Course, zone: str) -> Dated:
    """How a newsletter writes the day of a moment."""
    return lambda moment: date_in_words(moment.astimezone(zone_of(zone)).date(), course.language)


def wait_after(failures: int) -> timedelta:
    doublings: int = 2 ** min(failures - 1, 10)
    return min(FIRST_WAIT * doublings, LONGEST_WAIT)


def _those(database: Database, which: ColumnElement[bool]) -> Sequence[str]:
    wanted = (
        select(Digest.newsletter_id)
        .join(Course, Course.id == Digest.newsletter_id)
        .where(which, Course.paused_at.is_(None), ~is_held())
        .order_by(Digest.newsletter_id)
    )
    with database.read() as session:
        return session.scalars(wanted).all()


def _made(
    database: Database, newsletter_id: str, asked: Asked, found: Found | None, now: datetime
) -> Counter[str]:
    with database.write() as session:
        digest = session.get_one(Digest, newsletter_id, with_for_update=True)
        if (digest.url, digest.due_at) != asked:
            return Counter()  # a person, or another process, was faster
        issue = making.make(session, digest, found, now, dated_for(digest.newsletter, digest.zone))
    return Counter({"digests made" if issue else "feeds without news": 1})


def _put_off(database: Database, newsletter_id: str, asked: Asked, why: str, now: datetime) -> None:
    """Say what stands in the way, and try again: soon, later and later, at its next hour in any case."""
    with database.write() as session:
        digest = session.get_one(Digest, newsletter_id, with_for_update=True)
        if (digest.url, digest.due_at) != asked:
            return
        digest.failures += 1
        digest.problem, digest.problem_at = why, now
        digest.next_at, hour = now + wait_after(digest.failures), Rhythm.of(digest).after(now)
        if hour <= digest.next_at:
            digest.due_at = digest.next_at = hour


def _send(database: Database, brands: Brands, newsletter_id: str, key: bytes, now: datetime) -> Counter[str]:
    """Schedule the issue that was made. What cannot be sent stays a draft, and the digest says why."""
    with database.read() as session:
        digest = session.get_one(Digest, newsletter_id)
        issue_id, author = digest.sending_id, digest.author
    if issue_id is None:
        return Counter()
    why = ""
    try:
        with database.read() as session:
            is_draft = find_issue(session, issue_id).state == IssueState.DRAFT
        if is_draft:  # else a person was faster, or this process has ended after it
            steering.schedule(database, brands, issue_id, key, now, author)
    except NotFound:
        pass  # a person has thrown it away
    except InvalidInput as refusal:
        why = f"The issue waits as a draft: {refusal}"
    except DBAPIError:
        raise  # the database is in trouble, not the issue: the next look tries again
    except Exception:  # whatever its audience has become: it stops no other (REQUIREMENTS 27)
        log.exception("issue %s cannot be scheduled", issue_id)
        why = "The issue waits as a draft: it could not be scheduled. The log says more."
    with database.write() as session:
        digest = session.get_one(Digest, newsletter_id, with_for_update=True)
        if digest.sending_id == issue_id:
            digest.sending_id = None
            if why:
                digest.problem, digest.problem_at = why, now
    return Counter({"digests not sent" if why else "digests scheduled": 1})
