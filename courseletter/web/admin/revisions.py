"""Revisions: the plan of a publish or a roll-back, doing it, how far it has got, and what there was.

Who publishes confirms the plan they saw, by its fingerprint. People are then moved behind the answer; if the
process ends meanwhile, the worker goes on (sender/switching.py). With many people on the course its edits are
shown at once, and the page asks for what they do to everybody itself.
"""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, BackgroundTasks, Depends, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.orm import Session
from starlette.datastructures import FormData

from campaigns import counting, history
from campaigns.history import PublishUnderWay
from campaigns.models import Course
from campaigns.moving import Choices, Policy
from campaigns.outlook import Outlook
from campaigns.plans import Plan
from campaigns.publishing import InForceAlready, NotPublishable
from courseletter.errors import InvalidInput, NotFound
from courseletter.web.admin import plan_panels
from courseletter.web.admin.access import Marketer, MarketerWrites, Visitor
from courseletter.web.admin.checks import Sum
from courseletter.web.admin.courses import course_of
from courseletter.web.admin.forms import Form, Posted
from courseletter.web.admin.shell import Note, lead_to, show
from courseletter.web.site import READ, Here, Site
from courseletter.zones import zone_of
from sender import switching
from sender.switching import Draft, Drifted, Former, Target

router = APIRouter(prefix="/courses/{course_id}")

PAGE = 50  # people listed at once
POLICY = "policy-"  # and the lesson's id: the field with what becomes of those who are past it
REOPEN = "reopen-"
MANY = 3_000  # people; what becomes of more than these is not worked out in the time of a page
NOTHING = Form(FormData())


@dataclass(frozen=True, slots=True)
class Desk:
    """One request about one course."""

    request: Request
    site: Site
    visitor: Visitor
    course_id: str

    @property
    def path(self) -> str:
        return f"/courses/{self.course_id}"

    def course(self, session: Session) -> Course:
        return course_of(session, self.course_id)


def _number(number: str) -> int:
    """A revision's number, as an address has it. No database takes more digits."""
    if not (number.isascii() and number.isdigit() and len(number) < 10):
        raise NotFound("There is no such revision.")
    return int(number)


Number = Annotated[int, Depends(_number)]


@router.api_route("/revisions", methods=READ)
def show_revisions(course_id: str, visitor: Marketer, site: Here, request: Request) -> HTMLResponse:
    """What was published, and how far the last publish has got: the page asks for that again and again."""
    with site.installation.database.read() as session:
        course = course_of(session, course_id)
        return show(
            request,
            site,
            visitor,
            "revisions.html",
            place="courses",
            course=course,
            revision=course.revision,
            tab="revisions",
            revisions=history.revisions(session, course),
            moving=history.unfinished(session, course.id),
        )


@router.api_route("/plan", methods=READ)
def show_plan(course_id: str, visitor: Marketer, site: Here, request: Request, whole: str = "") -> Response:
    return _plan_page(Desk(request, site, visitor, course_id), NOTHING, waits=not whole)


@router.post("/plan")
def plan_again(
    course_id: str, visitor: MarketerWrites, form: Posted, site: Here, request: Request
) -> Response:
    """The plan with other choices, or with other people in its list. Changes nothing."""
    return _plan_page(Desk(request, site, visitor, course_id), form)


@router.post("/revisions")
def publish(
    course_id: str,
    visitor: MarketerWrites,
    form: Posted,
    site: Here,
    request: Request,
    tasks: BackgroundTasks,
) -> Response:
    """Publish the draft; whose people are under way, only with the plan that was confirmed."""
    desk = Desk(request, site, visitor, course_id)
    with site.installation.database.read() as session:
        first = desk.course(session).revision is None
    if not first and not form.text("confirmed"):
        return lead_to(site, f"{desk.path}/plan")
    return _go_over(desk, form, tasks)


@router.api_route("/revisions/{number}/plan", methods=READ)
def show_former_plan(
    course_id: str, visitor: Marketer, number: Number, site: Here, request: Request, whole: str = ""
) -> Response:
    return _plan_page(Desk(request, site, visitor, course_id), NOTHING, number, waits=not whole)


@router.post("/revisions/{number}/plan")
def plan_former_again(
    course_id: str, visitor: MarketerWrites, number: Number, form: Posted, site: Here, request: Request
) -> Response:
    return _plan_page(Desk(request, site, visitor, course_id), form, number)


@router.post("/revisions/{number}/restore")
def restore(
    course_id: str,
    visitor: MarketerWrites,
    number: Number,
    form: Posted,
    site: Here,
    request: Request,
    tasks: BackgroundTasks,
) -> Response:
    """Roll back to a revision, with the plan that was confirmed."""
    desk = Desk(request, site, visitor, course_id)
    if not form.text("confirmed"):
        with site.installation.database.read() as session:
            desk.course(session)  # there is one, and its plan says the rest
        return lead_to(site, f"{desk.path}/revisions/{number}/plan")
    return _go_over(desk, form, tasks, number)


def _go_over(desk: Desk, form: Form, tasks: BackgroundTasks, number: int | None = None) -> Response:
    opened = desk.site.installation
    with opened.database.read() as session:
        target = _target(desk, session, form, number)
    try:
        applying = switching.begin(
            opened.database,
            desk.course_id,
            target,
            opened.clock.now(),
            confirmed=form.text("confirmed") or None,
        )
    except (Drifted, NotPublishable) as refusal:
        return _plan_page(desk, form, number, told=str(refusal) if isinstance(refusal, Drifted) else "")
    except (PublishUnderWay, InForceAlready) as refusal:
        return _as_it_is(desk, refusal)
    if applying is not None:
        tasks.add_task(applying.run, opened.clock)
    with opened.database.read() as session:
        revision = desk.course(session).revision
    live = f"Revision {revision.number} is live." if revision else ""
    note = Note(f"{live} New people get it from now on.")
    return lead_to(desk.site, desk.path if applying is None else f"{desk.path}/revisions", note)


def _target(desk: Desk, session: Session, form: Form, number: int | None) -> Target:
    if number is not None:
        return Former(number)
    brand, note = desk.site.installation.brands.of(session, desk.course(session)), _note(form)
    return Draft(brand, _choices(form), desk.visitor.user.name, note)


def _note(form: Form) -> str:
    """A line about the publish, for colleagues."""
    return " ".join(form.text("note").split())[: history.LONGEST_NOTE]


def _choices(form: Form) -> Choices:
    """What was chosen for each lesson."""
    typed = form.texts()
    policies = {key.removeprefix(POLICY): one for key, one in typed.items() if key.startswith(POLICY)}
    if any(one not in list(Policy) for one in policies.values()):
        raise InvalidInput("Choose what becomes of those who are past the lesson.", field="policy")
    reopen = frozenset(key.removeprefix(REOPEN) for key in typed if key.startswith(REOPEN))
    return Choices({lesson: Policy(one) for lesson, one in policies.items()}, reopen)


def _as_it_is(desk: Desk, refusal: PublishUnderWay | InForceAlready) -> Response:
    """Nothing to do, as of who presses twice: lead to what is in force."""
    told = str(refusal)
    if isinstance(refusal, PublishUnderWay):
        told = "A revision is still being put in force. Nothing else was done; try again when it has ended."
    return lead_to(desk.site, f"{desk.path}/revisions", Note(told))


def _plan_page(
    desk: Desk, form: Form, number: int | None = None, *, told: str = "", waits: bool = False
) -> Response:
    """The plan, or what stands in its way. `told`: why it is shown once more. `waits`: many people may be
    counted behind the answer.
    """
    opened = desk.site.installation
    with opened.database.read() as session:
        course = desk.course(session)
        about = {"course": course, "number": number, "told": told, "typed_note": _note(form)}
        try:
            outlook = _target(desk, session, form, number).outlook(session, course, opened.clock.now())
        except (PublishUnderWay, InForceAlready) as refusal:
            return _as_it_is(desk, refusal)
        except NotPublishable as refusal:
            if not refusal.checked:
                raise
            status = 422 if form.texts() else 200
            return _shown(desk, status, plan=None, checks=Sum(refusal.checked), **about)
        many = counting.more_than(session, course.id, MANY)
        waits = waits and many
        plan = outlook.uncounted() if waits else _worked_out(desk, session, outlook, kept=many and not told)
        return _shown(
            desk,
            409 if told else 200,
            plan=plan,
            waits=waits,
            many=MANY,
            checks=Sum(outlook.findings),
            panels=plan_panels.panels(plan, zone_of(course.zone), choosing=number is None),
            numbers=plan_panels.numbers(plan),
            people=plan_panels.people,
            revisions=history.revisions(session, course),
            **_listed(session, outlook, plan, form),
            **about,
        )


def _worked_out(desk: Desk, session: Session, outlook: Outlook, *, kept: bool) -> Plan:
    """Of many people, from lately; but never after somebody has moved on from a plan that was confirmed."""
    plans = desk.site.plans
    return plans.plan(outlook, session) if kept else plans.anew(outlook, session)


def _listed(session: Session, outlook: Outlook, plan: Plan, form: Form) -> dict[str, Any]:
    """The plan's examples, or the people whom somebody looks for."""
    like, after = form.text("q").strip(), form.number("after")
    if not like and after is None:
        return {"rows": plan_panels.named(plan), "like": "", "more": None}
    found = outlook.people(session, like=like, after=after or 0, limit=PAGE)
    more = found[-1].enrolment_id if len(found) == PAGE else None
    return {"rows": [plan_panels.row(one) for one in found], "like": like, "more": more}


def _shown(desk: Desk, status: int, **context: Any) -> HTMLResponse:
    return show(desk.request, desk.site, desk.visitor, "plan.html", place="courses", status=status, **context)
