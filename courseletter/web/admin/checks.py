"""What the checks say of a draft: a page of findings by lesson, and their sum beside a course or plan."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from campaigns import publishing
from campaigns.checking.finding import Finding, Severity
from campaigns.wording import shown
from courseletter.web.admin.access import Marketer
from courseletter.web.admin.courses import course_of
from courseletter.web.admin.shell import show
from courseletter.web.site import READ, Here

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Sum:
    """The findings of a draft."""

    findings: Sequence[Finding]

    def count(self, severity: str) -> int:
        return sum(one.severity == severity for one in self.findings)

    @property
    def by_lesson(self) -> list[tuple[str, str, list[Finding]]]:
        """(lesson's id, its title, findings); both empty for the course's own."""
        groups = groupby(self.findings, key=lambda one: (one.lesson, one.title))
        return [(lesson, shown(title), list(found)) for (lesson, title), found in groups]

    @property
    def sentence(self) -> str:
        """`1 stops publishing, 2 warnings, 1 hint`, or that nothing was found."""
        blocking, warnings, hints = (self.count(one) for one in Severity)
        parts = [
            *([f"{blocking} {'stops' if blocking == 1 else 'stop'} publishing"] if blocking else []),
            *([f"{warnings} {'warning' if warnings == 1 else 'warnings'}"] if warnings else []),
            *([f"{hints} {'hint' if hints == 1 else 'hints'}"] if hints else []),
        ]
        return ", ".join(parts) or "Nothing found"


@router.api_route("/courses/{course_id}/checks", methods=READ)
def show_checks(course_id: str, visitor: Marketer, site: Here, request: Request) -> HTMLResponse:
    """All findings. The course's page takes their sum from here, for it takes a moment."""
    with site.installation.database.read() as session:
        course = course_of(session, course_id)
        brand = site.installation.brands.of(session, course)
        return show(
            request,
            site,
            visitor,
            "checks.html",
            place="courses",
            course=course,
            revision=course.revision,
            tab="checks",
            checks=Sum(publishing.check(session, course, brand).findings),
        )
