"""Whom an issue reaches: its audience, asked now, and what segments may ask of courses and mail besides."""

from datetime import datetime

from sqlalchemy import ColumnElement, and_, exists, func, select
from sqlalchemy.orm import Session

from campaigns.newsletters.models import Issue, IssueHold
from campaigns.newsletters.testing import Split
from sender.models import Delivery, is_of_issue
from sender.segmenting import COMPILERS
from subscribers import audiences
from subscribers.audiences import Among, Asked, Audience
from subscribers.models import Subscriber


def asked(
    session: Session, issue: Issue, audience: Audience, now: datetime, among: Among | None = None
) -> Asked:
    """The audience of an issue, of those who had agreed when it began to be sent."""
    own = issue.lesson.course.list_id
    return audiences.ask(session, audience, own, now, issue.begun_at or now, COMPILERS, among)


def tested(session: Session, among: Asked, split: Split, share: int, subjects: int) -> list[int]:
    """How many people would be sent each subject in a test."""
    place = split.subject(Subscriber.id, subjects).label("place")
    people = among.reached(place).where(split.is_tested(Subscriber.id, share)).subquery()
    rows = session.execute(select(people.c.place, func.count()).group_by(people.c.place))
    counted: dict[int, int] = dict(rows.all())
    return [counted.get(one, 0) for one in range(subjects)]


def has_it(issue_id: str) -> ColumnElement[bool]:
    """Whether a subscriber's delivery of the issue has been written."""
    mine = and_(Delivery.lesson_id == issue_id, Delivery.subscriber_id == Subscriber.id)
    return exists(Delivery.id).where(is_of_issue(), mine)


def is_on_hold(issue: Issue) -> ColumnElement[bool]:
    """Whether a subscriber was at their daily cap in this round of waves."""
    mine = and_(IssueHold.lesson_id == issue.lesson_id, IssueHold.subscriber_id == Subscriber.id)
    return exists(IssueHold.lesson_id).where(mine, IssueHold.round == issue.rounds)
