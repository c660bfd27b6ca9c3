"""Making an issue of a feed's new entries, and remembering them, in one transaction."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from campaigns.digests import entries, writing
from campaigns.digests.fetching import Found
from campaigns.digests.models import Digest, DigestEntry
from campaigns.digests.rhythm import Rhythm
from campaigns.digests.writing import Dated
from campaigns.newsletters import drafting
from campaigns.newsletters.models import Issue
from campaigns.reading.posts import Post
from campaigns.schedule import GRACE
from courseletter.upserting import insert

LATE = "Its hour passed over an hour ago while nothing could be made: the issue waits as a draft."


def make(session: Session, digest: Digest, found: Found | None, now: datetime, dated: Dated) -> Issue | None:
    """The issue of what is new, if anything is; None for `found`: the feed is as it was.

    The next look is at the digest's next hour. The caller holds the digest's row to write.
    """
    digest.looked_at, digest.failures, digest.problem, digest.problem_at = now, 0, "", None
    late = digest.due_at is not None and digest.due_at < now - GRACE
    digest.due_at = digest.next_at = Rhythm.of(digest).after(now)
    if found is None:
        return None
    new = fresh(session, digest.newsletter_id, found.posts)
    chosen, waiting = new[: digest.most], new[digest.most :]
    # While entries wait for the next issue the whole feed is asked for again.
    digest.etag, digest.modified = ("", "") if waiting else found.version
    if not chosen:
        return None
    issue = _issue(session, digest, chosen, now, dated)
    mark(session, digest, chosen, issue.lesson_id, now)
    if digest.sends and late:  # a person decides what is sent at another hour (REQUIREMENTS 25)
        digest.problem, digest.problem_at = LATE, now
    elif digest.sends:
        digest.sending_id = issue.lesson_id
    return issue


def fresh(session: Session, newsletter_id: str, posts: Sequence[Post]) -> list[Post]:
    """Those of a feed that no issue has had and that were not passed over, the newest first."""
    wanted = select(DigestEntry.name).where(DigestEntry.newsletter_id == newsletter_id)
    return entries.fresh(posts, set(session.scalars(wanted)))


def mark(
    session: Session, digest: Digest, posts: Sequence[Post], issue_id: str | None, now: datetime
) -> None:
    """Remember entries by their names, for ever."""
    rows = [
        {"newsletter_id": digest.newsletter_id, "name": name, "issue_id": issue_id, "at": now}
        for name in sorted({name for post in posts for name in entries.names_of(post)})
    ]
    if rows:
        session.execute(insert(session, DigestEntry).on_conflict_do_nothing(), rows)


def _issue(session: Session, digest: Digest, posts: Sequence[Post], now: datetime, dated: Dated) -> Issue:
    subject = writing.subject(digest.subject, posts, now, dated)
    issue = drafting.create_issue(session, digest.newsletter, subject.strip() or digest.newsletter.title, now)
    lesson = issue.lesson
    lesson.preheader = writing.preheader(posts)
    lesson.body = writing.body(posts, digest.introduction, now, dated, pictures=digest.pictures)
    lesson.saved_at, lesson.saved_by = now, digest.author
    return issue
