"""Results: how far people get in a course and where they stop, who clicked, week by week of sign-up."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.orm import Session

from campaigns.models import Course
from campaigns.rhythm import MONTHS
from courseletter.errors import NotFound
from courseletter.spreadsheet import as_csv
from courseletter.web.admin.access import Marketer
from courseletter.web.admin.courses import course_of
from courseletter.web.admin.shell import show
from courseletter.web.leaving import REASONS
from courseletter.web.site import READ, Here
from courseletter.zones import zone_of
from sender.funnel import Crowd, Funnel, Step, as_table, funnel, glances, weeks_of
from sender.reasons_given import reasons_given

router = APIRouter()

MOST_WEEKS: Final = 26  # rows of the second table; all of them are in the CSV
FULLEST: Final = 78.0  # percent of the drawing that the longest bar takes; its numbers stand behind it
# From here on the worst loss is trouble: a tenth of a lesson's readers, and more than chance.
MUCH: Final = 0.1
NOT_BY_CHANCE: Final = 5


@dataclass(frozen=True, slots=True)
class Quarter:
    """The people who joined in three months of a calendar, by the Mondays of their weeks."""

    key: str  # 2026-3
    name: str  # July to September 2026
    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Bar:
    """One lesson of the drawing. Widths are percent of the bar's own drawing, `whole` of the page's."""

    step: Step
    whole: float
    clicked: float
    stays: float  # where received ends and stopped begins
    much: bool


@router.api_route("/results", methods=READ)
def show_all(visitor: Marketer, site: Here, request: Request) -> HTMLResponse:
    with site.installation.database.read() as session:
        rows = glances(session)
    return show(request, site, visitor, "results_of_all.html", place="results", rows=rows)


@router.api_route("/courses/{course_id}/results", methods=READ)
def show_results(
    course_id: str, visitor: Marketer, site: Here, request: Request, joined: str = ""
) -> HTMLResponse:
    opened = site.installation
    with opened.database.read() as session:
        course = course_of(session, course_id)
        quarters = _quarters(weeks_of(session, course))
        chosen = _chosen(quarters, joined)
        found = _funnel(session, course, chosen)
        reasons = [(REASONS.get(name, name), people) for name, people in reasons_given(session, course)]
    worst = _worst(found)
    zone = zone_of(opened.settings.timezone)
    return show(
        request,
        site,
        visitor,
        "results.html",
        place="results",
        course=course,
        found=found,
        everybody=found.everybody,
        finding=finding(found.everybody),
        bars=bars(found.steps, worst),
        worst=worst,
        quarters=quarters,
        chosen=chosen,
        most_weeks=MOST_WEEKS,
        reasons=reasons,
        until=found.until and found.until.astimezone(zone),
    )


@router.api_route("/courses/{course_id}/results.csv", methods=READ)
def export(course_id: str, visitor: Marketer, site: Here, joined: str = "") -> Response:
    """A row a week of sign-up and lesson."""
    with site.installation.database.read() as session:
        course = course_of(session, course_id)
        chosen = _chosen(_quarters(weeks_of(session, course)), joined)
        written = as_csv(*as_table(_funnel(session, course, chosen)))
        name = f"{course.slug}-results.csv"
    attached = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(written, media_type="text/csv; charset=utf-8", headers=attached)


def finding(crowd: Crowd) -> str:
    """What the page is called: what it found."""
    if crowd.in_100 is None:
        return "Nobody has come to the end yet" if crowd.joined else "No results yet"
    if crowd.under_way:
        return f"So far {crowd.in_100} in 100 finish this course"
    return f"{crowd.in_100} in 100 finish this course"


def bars(steps: Sequence[Step], worst: Step | None = None) -> list[Bar]:
    """The drawing: each lesson's bar scaled to the fullest, and what is in it."""
    fullest = max((step.numbers.received for step in steps), default=0) or 1
    return [
        _bar(step, fullest, step == worst)
        for step in steps
        if step.number is not None or step.numbers.received
    ]


def _bar(step: Step, fullest: int, is_worst: bool) -> Bar:
    numbers, received = step.numbers, step.numbers.received or 1
    stopped = min(max(numbers.stopped, 0), received)
    return Bar(
        step,
        whole=round(FULLEST * numbers.received / fullest, 2),
        clicked=round(100 * min(numbers.clicked, received) / received, 2),
        stays=round(100 * (received - stopped) / received, 2),
        much=is_worst and stopped >= max(NOT_BY_CHANCE, MUCH * received),
    )


def _worst(found: Funnel) -> Step | None:
    """The lesson that loses most, where it is one that people could have gone on from."""
    worst = found.loses_most
    return None if worst is None or worst.numbers.finished else worst


def _funnel(session: Session, course: Course, chosen: Quarter | None) -> Funnel:
    return funnel(session, course, chosen.first, chosen.last) if chosen else funnel(session, course)


def _chosen(quarters: Sequence[Quarter], key: str) -> Quarter | None:
    """None: everybody. Raises NotFound for one in which nobody joined."""
    if not key:
        return None
    found = next((one for one in quarters if one.key == key), None)
    if found is None:
        raise NotFound("Nobody joined in these months.")
    return found


def _quarters(weeks: Sequence[date]) -> list[Quarter]:
    """The quarters that these weeks begin in, newest first."""
    found = dict.fromkeys((week.year, (week.month - 1) // 3) for week in reversed(weeks))
    return [_quarter(year, number) for year, number in found]


def _quarter(year: int, number: int) -> Quarter:
    first = date(year, 3 * number + 1, 1)
    after = date(year + number // 3, 3 * ((number + 1) % 4) + 1, 1)
    name = f"{MONTHS[first.month - 1]} to {MONTHS[first.month + 1]} {year}"
    return Quarter(f"{year}-{number + 1}", name, first, after - timedelta(days=1))
