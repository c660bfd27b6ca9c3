"""What an issue's state and hour are called on the pages (pure)."""

from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from campaigns.newsletters.models import Issue, IssueState
from campaigns.rhythm import day_phrase, moment_phrase


class Chip(NamedTuple):
    """A state in a word, and how it is marked: ordinary ones are plain text, "" then."""

    word: str
    look: str = ""


_CHIPS: Final = {
    IssueState.DRAFT: Chip("Draft", "plain"),
    IssueState.SCHEDULED: Chip("Scheduled", "soft"),
    IssueState.SENDING: Chip("Going out", "on"),
    IssueState.PAUSED: Chip("Paused", "warn dot"),
    IssueState.SENT: Chip("Sent"),
    IssueState.CANCELLED: Chip("Cancelled"),
}


def state_of(issue: Issue) -> Chip:
    return _CHIPS[IssueState(issue.state)]


def hour(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def when_of(issue: Issue, zone: ZoneInfo) -> str:
    """When it goes, or went, in the zone of who works here."""
    if issue.finished_at is not None:
        return moment_phrase(issue.finished_at.astimezone(zone))
    if issue.state == IssueState.DRAFT and issue.day is None:
        return ""
    if issue.day is not None and issue.minute is not None:
        return f"{day_phrase(issue.day)}, {hour(issue.minute)} their time"
    return moment_phrase((issue.begun_at or issue.scheduled_at or issue.created_at).astimezone(zone))
