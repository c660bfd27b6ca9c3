"""What leads people into a course and out of it: tags, courses that they finish, links, segments."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from campaigns.models import Course, Trigger
from courseletter.errors import InvalidInput, NotFound
from courseletter.web.admin.access import Marketer, MarketerWrites, Visitor
from courseletter.web.admin.courses import course_of
from courseletter.web.admin.forms import Form, Posted
from courseletter.web.admin.shell import Note, Undo, lead_to, show
from courseletter.web.admin.subscribers import is_number
from courseletter.web.choices import Choice
from courseletter.web.site import READ, Here, Site
from sender import triggers
from subscribers import segments, tags
from subscribers.models import Segment

router = APIRouter(prefix="/courses/{course_id}/triggers")

OFFERED = 200  # tags

NAMES = {
    "tag": "Tag",
    "finished": "Course that is finished",
    "clicked": "Link",
    "segment": "Segment",
    "then": "Course that follows",
}


@router.api_route("", methods=READ)
def show_triggers(course_id: str, visitor: Marketer, site: Here, request: Request) -> HTMLResponse:
    with site.installation.database.read() as session:
        return _page(session, request, site, visitor, course_of(session, course_id))


@router.post("")
def add(course_id: str, visitor: MarketerWrites, site: Here, request: Request, form: Posted) -> Response:
    with site.installation.database.write() as session:
        course = course_of(session, course_id)
        try:
            triggers.add(
                session,
                course,
                "end" if form.text("act") == "end" else "enrol",
                site.installation.clock.now(),
                tag=form.text("tag"),
                finished=_named(session, form, "finished"),
                clicked=form.text("clicked"),
                segment=_segment(session, form.text("segment")),
                then=_named(session, form, "then"),
                also_before=form.text("also_before") == "yes",
            )
        except InvalidInput as problem:
            return _page(session, request, site, visitor, course, form, problem)
    note = Note("It acts from now on, within a minute, once on each person.")
    return lead_to(site, f"/courses/{course_id}/triggers", note)


@router.post("/{trigger_id}/remove")
def remove(course_id: str, trigger_id: str, visitor: MarketerWrites, site: Here) -> Response:
    with site.installation.database.write() as session:
        trigger = session.get(Trigger, int(trigger_id)) if is_number(trigger_id) else None
        if trigger is None or trigger.course_id != course_id:
            raise NotFound("There is no such trigger.")
        again = _as_form(trigger)
        triggers.remove(session, trigger)
    path = f"/courses/{course_id}/triggers"
    return lead_to(site, path, Note("It acts no more. Whom it led here stays.", Undo(path, again)))


def _as_form(trigger: Trigger) -> dict[str, str]:
    """What makes it once more, from then on: whom it has met it meets no second time."""
    return {
        "act": trigger.act,
        "tag": trigger.tag.name if trigger.tag else "",
        "finished": trigger.finished_id or "",
        "clicked": trigger.clicked or "",
        "segment": str(trigger.segment_id or ""),
        "then": trigger.then_id or "",
    }


def _page(
    session: Session,
    request: Request,
    site: Site,
    visitor: Visitor,
    course: Course,
    form: Form | None = None,
    problem: InvalidInput | None = None,
) -> HTMLResponse:
    others = session.scalars(
        select(Course).where(Course.id != course.id, Course.kind == "course").order_by(Course.title)
    ).all()
    return show(
        request,
        site,
        visitor,
        "triggers.html",
        place="courses",
        tab="triggers",
        course=course,
        revision=course.revision,
        triggers=triggers.of_course(session, course),
        tags=tags.names(session, OFFERED),
        others=[Choice("", "None"), *(Choice(one.id, one.title) for one in others)],
        links=[Choice("", "None"), *(Choice(one, one) for one in triggers.links_of(session, course))],
        segments=[Choice("", "None"), *(Choice(str(one.id), one.name) for one in segments.every(session))],
        typed=form.texts() if form else {},
        names=NAMES,
        problem=problem,
    )


def _segment(session: Session, number: str) -> Segment | None:
    found = session.get(Segment, int(number)) if is_number(number) else None
    if number and found is None:
        raise InvalidInput("There is no such segment any more. Choose another one.", field="segment")
    return found


def _named(session: Session, form: Form, field: str) -> Course | None:
    course_id = form.text(field)
    found = session.get(Course, course_id) if course_id else None
    if course_id and (found is None or found.kind != "course"):
        raise InvalidInput("There is no such course any more. Choose another one.", field=field)
    return found
