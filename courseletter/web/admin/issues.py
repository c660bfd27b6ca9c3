"""One issue of a newsletter: planned while it is a draft, watched while it goes out, its results after that.

What a draft's page shows is what sending does: who gets it, when, who does not and why. Whoever sends
confirms the number of people that they saw.
"""

from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.orm import Session

from campaigns.newsletters import drafting, scheduling, testing
from campaigns.newsletters.drafting import Wishes
from campaigns.newsletters.models import Issue, IssueState
from campaigns.slots import DAY
from courseletter.errors import InvalidInput
from courseletter.spreadsheet import as_csv
from courseletter.web.admin import issue_form, issue_panels
from courseletter.web.admin.access import Marketer, MarketerWrites, Visitor
from courseletter.web.admin.checks import Sum
from courseletter.web.admin.forms import Form, Posted
from courseletter.web.admin.issue_words import state_of, when_of
from courseletter.web.admin.shell import Note, Undo, lead_to, show
from courseletter.web.site import READ, Here, Site
from courseletter.zones import zone_of
from sender.newsletters import foreseeing, reporting, steering
from subscribers import estimating

router = APIRouter(prefix="/issues/{issue_id}")

NAMED = 10  # people who get it, and who do not


@dataclass(frozen=True, slots=True)
class Desk:
    """One request about one issue."""

    request: Request
    site: Site
    visitor: Visitor
    issue_id: str

    @property
    def path(self) -> str:
        return f"/issues/{self.issue_id}"

    @property
    def zone(self) -> ZoneInfo:
        """Of who works here."""
        return zone_of(self.site.installation.settings.timezone)

    def show(self, template: str, status: int | None = None, **context: Any) -> HTMLResponse:
        return show(
            self.request, self.site, self.visitor, template, place="newsletters", status=status, **context
        )


@router.api_route("", methods=READ)
def show_issue(issue_id: str, visitor: Marketer, site: Here, request: Request) -> HTMLResponse:
    """Of a draft with fields in the address: the plan for those, before anything is saved.

    Its numbers are a sample's, where there are many; with `exact`, they are those of whoever sends it.
    """
    desk = Desk(request, site, visitor, issue_id)
    with site.installation.database.read() as session:
        issue = drafting.find_issue(session, issue_id)
        if issue.state != IssueState.DRAFT:
            return _watch(desk, session, issue)
        typed, exact = dict(request.query_params), request.query_params.get("exact") == "yes"
        if "when" not in typed:
            return _plan(desk, session, issue, issue_form.typed_of(Wishes.of(issue)), exact=exact)
        tomorrow = (site.installation.clock.now() + DAY).astimezone(desk.zone).date()
        return _plan(
            desk, session, issue, typed | ({} if typed.get("day") else {"day": f"{tomorrow}"}), exact=exact
        )


@router.post("")
def save(issue_id: str, visitor: MarketerWrites, form: Posted, site: Here, request: Request) -> Response:
    """Keep what was chosen. Nothing leaves."""
    desk = Desk(request, site, visitor, issue_id)
    problem = _saved(desk, form)
    return problem or lead_to(site, desk.path, Note("Saved."))


@router.post("/send")
def send(issue_id: str, visitor: MarketerWrites, form: Posted, site: Here, request: Request) -> Response:
    """Schedule it, with the number of people that was seen."""
    desk, opened = Desk(request, site, visitor, issue_id), site.installation
    if problem := _saved(desk, form):
        return problem
    now, key = opened.clock.now(), opened.settings.key
    with opened.database.read() as session:
        issue = drafting.find_issue(session, issue_id)
        reached = foreseeing.foresee(session, issue, Wishes.of(issue), key, now).count.reached
        if form.number("confirmed") != reached:
            told = f"Now {reached:,} {'person gets' if reached == 1 else 'people get'} it. Look again."
            return _plan(desk, session, issue, form.texts(), told=told, status=409, exact=True)
    try:
        steering.schedule(opened.database, opened.brands, issue_id, key, now, visitor.user.name)
    except InvalidInput as refusal:
        with opened.database.read() as session:
            issue = drafting.find_issue(session, issue_id)
            return _plan(desk, session, issue, form.texts(), problem=refusal)
    told = f"Scheduled for {reached:,} {'person' if reached == 1 else 'people'}."
    return lead_to(site, desk.path, Note(told, Undo(f"{desk.path}/take-back", {})))


@router.post("/take-back")
def take_back(issue_id: str, visitor: MarketerWrites, site: Here) -> Response:
    with site.installation.database.write() as session:
        scheduling.take_back(drafting.find_issue(session, issue_id, to_write=True))
    return lead_to(site, f"/issues/{issue_id}", Note("It is a draft again. Nobody has got it."))


@router.post("/pause")
def pause(issue_id: str, visitor: MarketerWrites, site: Here) -> Response:
    back = steering.pause(site.installation.database, issue_id, site.installation.clock.now())
    undo = Undo(f"/issues/{issue_id}/resume", {})
    return lead_to(
        site, f"/issues/{issue_id}", Note(f"Paused. {back:,} in the queue were called back.", undo)
    )


@router.post("/resume")
def resume(issue_id: str, visitor: MarketerWrites, site: Here) -> Response:
    ready = steering.resume(site.installation.database, issue_id, site.installation.clock.now())
    return lead_to(site, f"/issues/{issue_id}", Note(f"It goes on. {ready:,} are in the queue again."))


@router.post("/cancel")
def cancel(issue_id: str, visitor: MarketerWrites, site: Here) -> Response:
    steering.cancel(site.installation.database, issue_id, site.installation.clock.now())
    undo = Undo(f"/issues/{issue_id}/bring-back", {})
    told = "Cancelled. Who has it keeps it; nobody else gets it."
    return lead_to(site, f"/issues/{issue_id}", Note(told, undo))


@router.post("/bring-back")
def bring_back(issue_id: str, visitor: MarketerWrites, site: Here) -> Response:
    steering.bring_back(site.installation.database, issue_id, site.installation.clock.now())
    told = "It is cancelled no more, and paused. Resume it, and whoever has not got it gets it."
    return lead_to(site, f"/issues/{issue_id}", Note(told))


@router.post("/remove")
def remove(issue_id: str, visitor: MarketerWrites, site: Here) -> Response:
    with site.installation.database.write() as session:
        drafting.throw_away(drafting.find_issue(session, issue_id, to_write=True))
    note = Note("The draft is gone.", Undo(f"/issues/{issue_id}/restore", {}))
    return lead_to(site, "/newsletters", note)


@router.post("/restore")
def restore(issue_id: str, visitor: MarketerWrites, site: Here) -> Response:
    with site.installation.database.write() as session:
        drafting.bring_back(session, issue_id)
    return lead_to(site, f"/issues/{issue_id}", Note("The draft is back."))


@router.api_route("/results.csv", methods=READ)
def export(issue_id: str, visitor: Marketer, site: Here) -> Response:
    """A row a subject, in the numbers of the page."""
    with site.installation.database.read() as session:
        issue = drafting.find_issue(session, issue_id)
        written = as_csv(*reporting.as_table(reporting.report(session, issue)))
        name = f"{issue.lesson.course.slug}-{issue.lesson_id}-results.csv"
    attached = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(written, media_type="text/csv; charset=utf-8", headers=attached)


def _saved(desk: Desk, form: Form) -> HTMLResponse | None:
    """Save what was typed; the page again where it cannot be."""
    opened = desk.site.installation
    try:
        wishes = issue_form.wishes_of(form.texts())
        with opened.database.write() as session:
            issue = drafting.find_issue(session, desk.issue_id, to_write=True)
            drafting.settle(session, issue, wishes, opened.clock.now())
    except InvalidInput as problem:
        with opened.database.read() as session:
            issue = drafting.find_issue(session, desk.issue_id)
            if issue.state != IssueState.DRAFT:
                raise
            return _plan(desk, session, issue, form.texts(), problem=problem)
    return None


def _plan(
    desk: Desk,
    session: Session,
    issue: Issue,
    typed: dict[str, str],
    *,
    problem: InvalidInput | None = None,
    told: str = "",
    status: int | None = None,
    exact: bool = False,
) -> HTMLResponse:
    """The plan for what is typed; for what is saved, as long as that makes no sense."""
    opened, course = desk.site.installation, issue.lesson.course
    now, zone = opened.clock.now(), desk.zone
    try:
        wishes = issue_form.wishes_of(typed)
        drafting.check(session, issue, wishes, now)
    except InvalidInput as error:
        problem, wishes = problem or error, Wishes.of(issue)
    sample = None if exact else estimating.draw(session)
    key = opened.settings.key
    foreseen, gets_it, left_out = foreseeing.shown(session, issue, wishes, key, now, NAMED, sample)
    found = scheduling.findings_of(session, issue, opened.brands.of(session, course))
    return desk.show(
        "issue_plan.html",
        status,
        issue=issue,
        lesson=issue.lesson,
        course=course,
        rows=issue_form.rows(typed),
        choices=issue_form.choices(session),
        typed=typed,
        subjects=[typed.get(f"subject-{place}", "") for place in range(1, testing.MOST)],
        foreseen=foreseen,
        numbers=issue_panels.numbers(foreseen.count),
        waves=issue_panels.waves(foreseen, zone),
        tested=issue_panels.tested(foreseen),
        at_once=wishes.when.day is None,
        gets_it=[(person, issue_panels.subject_of(person, issue, wishes, key)) for person in gets_it],
        left_out=[(person, issue_panels.WHY_NOT[why]) for person, why in left_out],
        checks=Sum(found),
        problem=problem,
        told=told,
        today=now.astimezone(zone).date(),
    )


def _watch(desk: Desk, session: Session, issue: Issue) -> HTMLResponse:
    """How far it is, and what became of it so far."""
    zone = desk.zone
    report = reporting.report(session, issue)
    return desk.show(
        "issue.html",
        issue=issue,
        lesson=issue.lesson,
        course=issue.lesson.course,
        state=state_of(issue),
        when=when_of(issue, zone),
        names=issue_panels.audience_names(session, issue),
        next_at=issue_panels.next_moment(issue, zone),
        report=report,
        rows=issue_panels.bars(issue, report),
        names_of_lines=issue_panels.lines(issue, report),
        finding=issue_panels.finding(issue, report),
        held=reporting.held(session, issue, NAMED),
        links=reporting.links(session, issue),
    )
