"""An issue's plan and results in words and bars, for its page (pure, but for the names of its audience)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from campaigns.newsletters.drafting import Wishes
from campaigns.newsletters.models import Issue, IssueState
from campaigns.newsletters.testing import Split
from campaigns.rhythm import moment_phrase
from sender.newsletters.foreseeing import Foreseen
from sender.newsletters.reporting import REST, Line, Report
from subscribers import audiences
from subscribers.audiences import Audience, Count
from subscribers.models import Subscriber

WHY_NOT: Final = {
    "excluded": "Taken out by your choice",
    "not_agreed": "Has not confirmed, or has left",
    "suppressed": "Is on the suppression list",
}
_WAVES: Final = 6  # moments told one by one
_FULLEST: Final = 78.0  # percent of the drawing that the longest bar takes; its numbers stand behind it


@dataclass(frozen=True, slots=True)
class Bar:
    """A group of the drawing. Widths in percent: `whole` of the page's, `clicked` of the bar's own."""

    name: str
    line: Line
    whole: float
    clicked: float
    rate: float  # of a hundred readers, who clicked


def numbers(count: Count) -> list[tuple[str, int]]:
    """Whom the audience names, and who of them does not get it."""
    rest = [(WHY_NOT[name], getattr(count, name)) for name in WHY_NOT]
    return [("People it names", count.named), *((words, people) for words, people in rest if people)]


def waves(foreseen: Foreseen, zone: ZoneInfo) -> list[tuple[str, int]]:
    """The first moments with their people; the others in one line."""
    told = [(moment_phrase(at.astimezone(zone)), people) for at, people in foreseen.waves]
    if len(told) <= _WAVES:
        return told
    others = told[_WAVES - 1 :]
    return [*told[: _WAVES - 1], (f"{len(others)} later hours", sum(people for _, people in others))]


def tested(foreseen: Foreseen) -> list[tuple[str, int]]:
    """How many get each subject, and how many wait for the one that wins."""
    if not foreseen.tested:
        return []
    groups = [(f"Subject {'ABCD'[place]}", people) for place, people in enumerate(foreseen.tested)]
    return [*groups, ("The one that wins", foreseen.count.reached - sum(foreseen.tested))]


def subject_of(person: Subscriber, issue: Issue, wishes: Wishes, key: bytes) -> str:
    """Which subject somebody would get; "" where nothing is tested."""
    if not wishes.subjects:
        return ""
    split = Split.of(key, issue.lesson_id)
    place = split.group(person.id, wishes.share, 1 + len(wishes.subjects))
    return "The one that wins" if place is None else f"Subject {'ABCD'[place]}"


def audience_names(session: Session, issue: Issue) -> tuple[list[str], list[str]]:
    audience = Audience.from_json(issue.audience)
    return audiences.names(session, audience.include), audiences.names(session, audience.exclude)


def next_moment(issue: Issue, zone: ZoneInfo) -> str:
    """When something happens next, in the zone of who works here; "" where nothing does by itself."""
    going = issue.state in (IssueState.SCHEDULED, IssueState.SENDING)
    at: datetime | None = issue.next_at if going else None
    return moment_phrase(at.astimezone(zone)) if at else ""


def bars(issue: Issue, report: Report) -> list[Bar]:
    fullest = max((line.received for line in report.lines), default=0) or 1
    return [_bar(group_name(issue, line), line, fullest) for line in report.lines]


def lines(issue: Issue, report: Report) -> list[tuple[str, Line]]:
    """The rows of the table, each with its group's name; of several the last is all of them."""
    named = [(group_name(issue, line), line) for line in report.lines]
    return named if len(named) == 1 else [*named, ("", report.all)]


def group_name(issue: Issue, line: Line) -> str:
    """“A”, “B”; “The others, B” for those who got it without being tested."""
    return f"The others, {'ABCD'[issue.winner or 0]}" if line.group == REST else line.group


def finding(issue: Issue, report: Report) -> str:
    """What the page of an issue that has gone out found, in a line."""
    everybody = report.all
    if not everybody.received:
        return "Nobody was there to get it." if issue.state == IssueState.SENT else "Nobody has it yet."
    have = "person has" if everybody.received == 1 else "people have"
    told = f"{everybody.received:,} {have} received it"
    clicked = f", {everybody.did['clicked']:,} clicked a link" if issue.lesson.course.tracks_clicks else ""
    return f"{told}{clicked}."


def _bar(name: str, line: Line, fullest: int) -> Bar:
    received = line.received or 1
    rate = 100 * min(line.did["clicked"], received) / received
    return Bar(name, line, round(_FULLEST * line.received / fullest, 2), round(rate, 2), rate)
