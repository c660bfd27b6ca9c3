"""What people do to an issue: schedule it, pause it, let it go on, cancel it, take that back."""

from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, select, update

from campaigns.brands import Brands
from campaigns.newsletters import scheduling
from campaigns.newsletters.drafting import Wishes, find_issue
from campaigns.newsletters.models import Issue, IssueState
from campaigns.newsletters.timing import Wave
from courseletter.database import Database
from courseletter.errors import InvalidInput
from sender.models import CALLABLE_STATES, Delivery, State, is_of_issue
from sender.newsletters import foreseeing

CHUNK: Final = 5_000  # deliveries a transaction
PAUSED: Final = "the issue was paused"
CANCELLED: Final = "the issue was cancelled"
_UNDER_WAY: Final = (IssueState.SCHEDULED, IssueState.SENDING)


def schedule(
    database: Database, brands: Brands, issue_id: str, key: bytes, now: datetime, author: str = ""
) -> None:
    """Freeze a draft and plan its waves. Raises InvalidInput where nobody would get it, or too few for its
    test, and NotSendable for what the checks block.
    """
    with database.read() as session:
        issue = find_issue(session, issue_id)
        foreseen = foreseeing.foresee(session, issue, Wishes.of(issue), key, now)
    foreseeing.require_sense(foreseen)
    with database.write() as session:
        issue = find_issue(session, issue_id, to_write=True)
        issue.people = foreseen.count.reached
        brand = brands.of(session, issue.lesson.course)
        scheduling.schedule(session, issue, brand, key, now, author)


def pause(database: Database, issue_id: str, now: datetime, why: str = "") -> int:
    """Stop an issue at once and call back what is not past the dot. Returns how many came back.
    `why`: what stopped it; "": a person did.

    Raises InvalidInput where nothing is under way.
    """
    with database.write() as session:
        issue = find_issue(session, issue_id, to_write=True)
        _require(issue, *_UNDER_WAY, act="paused")
        issue.state, issue.why = IssueState.PAUSED, why
    return _call_back(database, issue_id, PAUSED, now)


def resume(database: Database, issue_id: str, now: datetime) -> int:
    """Go on where it stopped, also with what is late. Returns how many deliveries are ready again."""
    with database.read() as session:
        _require(find_issue(session, issue_id), IssueState.PAUSED, act="resumed")
    ready = _make_ready(database, issue_id, now)
    with database.write() as session:
        issue = find_issue(session, issue_id, to_write=True)
        _require(issue, IssueState.PAUSED, act="resumed")
        issue.state = IssueState.SCHEDULED if issue.begun_at is None else IssueState.SENDING
        issue.why, issue.resumed_at = "", now
    return ready


def cancel(database: Database, issue_id: str, now: datetime) -> int:
    """End an issue: who has it keeps it, nobody else gets it. Returns how many deliveries came back."""
    with database.write() as session:
        issue = find_issue(session, issue_id, to_write=True)
        _require(issue, *_UNDER_WAY, IssueState.PAUSED, act="cancelled")
        issue.state, issue.finished_at, issue.next_at = IssueState.CANCELLED, now, None
    return _call_back(database, issue_id, CANCELLED, now)


def bring_back(database: Database, issue_id: str, now: datetime) -> None:
    """Take a cancelling back: the issue is paused then, and goes on with the others once it is resumed."""
    with database.write() as session:
        issue = find_issue(session, issue_id, to_write=True)
        _require(issue, IssueState.CANCELLED, act="brought back")
        issue.state, issue.why, issue.finished_at = IssueState.PAUSED, "", None
        if issue.waves:
            issue.next_at = Wave.from_json(issue.waves[0]).at
        else:
            issue.next_at = (issue.decide_at if issue.phase == "test" else None) or now


def _require(issue: Issue, *states: IssueState, act: str) -> None:
    if issue.state not in states:
        raise InvalidInput(f"This issue is {issue.state}: it cannot be {act}.", field="issue")


def _call_back(database: Database, issue_id: str, why: str, now: datetime) -> int:
    """Cancel what may be called back, chunk by chunk."""
    back = {"state": State.CANCELLED, "reply": why, "finished_at": now, "fence": None, "lease_until": None}
    return _move(database, issue_id, Delivery.state.in_(CALLABLE_STATES), back)


def _make_ready(database: Database, issue_id: str, now: datetime) -> int:
    """Queue anew what was called back when it was paused or cancelled; its mail is written anew, too."""
    again = dict.fromkeys(("finished_at", "facts", "dated_at", "first_attempt_at"))
    ready = {"state": State.READY, "due_at": now, "reply": "", "attempts": 0}
    called_back = (Delivery.state == State.CANCELLED) & Delivery.reply.in_((PAUSED, CANCELLED))
    return _move(database, issue_id, called_back, ready | again)


def _move(database: Database, issue_id: str, wanted: ColumnElement[bool], values: dict[str, object]) -> int:
    """Change these of an issue's deliveries, chunk by chunk in their people's order. Returns how many."""
    moved, last = 0, 0
    while True:
        of_issue = (is_of_issue(), Delivery.lesson_id == issue_id)
        some = (
            select(Delivery.id, Delivery.subscriber_id)
            .where(*of_issue, Delivery.subscriber_id > last, wanted)
            .order_by(Delivery.subscriber_id)
            .limit(CHUNK)
        )
        with database.write() as session:
            found = session.execute(some).all()
            if not found:
                return moved
            these = Delivery.id.in_([row.id for row in found])
            changing = update(Delivery).where(these, wanted).values(values)
            moved += session.connection().execute(changing).rowcount
        last = found[-1].subscriber_id
