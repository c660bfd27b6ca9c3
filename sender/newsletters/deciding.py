"""Deciding an A/B test: clicks of people, scanners left out, of those who received each subject."""

from datetime import datetime

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from campaigns.newsletters import scheduling, testing
from campaigns.newsletters.models import Issue
from campaigns.newsletters.testing import Tried
from sender.models import Click, Delivery, State, is_of_issue


def decide(session: Session, issue: Issue, now: datetime) -> None:
    """Name the subject that goes to everybody else, with the reason in a sentence, and freeze it for them."""
    tried = tried_so_far(session, issue)
    issue.winner, issue.verdict = testing.decide(tried)
    issue.decided_at = now
    scheduling.freeze_for_the_rest(session, issue, now)


def tried_so_far(session: Session, issue: Issue) -> list[Tried]:
    """How each subject has done until now."""
    clicked = exists(Click.id).where(Click.delivery_id == Delivery.id, Click.scanner.is_(False))
    counting = (
        select(Delivery.revision_id, func.count(), func.count().filter(clicked))
        .where(
            is_of_issue(),
            Delivery.lesson_id == issue.lesson_id,
            Delivery.state.in_((State.ACCEPTED, State.UNKNOWN)),
        )
        .group_by(Delivery.revision_id)
    )
    found = {revision: Tried(*numbers) for revision, *numbers in session.execute(counting)}
    return [found.get(revision, Tried(0, 0)) for revision in issue.tested_revisions]
