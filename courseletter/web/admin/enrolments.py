"""What a colleague does for one learner: pause, go on, skip, send the next now, release what is held."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response
from sqlalchemy.orm import Session

from campaigns.enrolling import place_of
from campaigns.models import Enrolment
from courseletter.errors import NotFound
from courseletter.web.admin.access import MarketerWrites
from courseletter.web.admin.forms import Posted
from courseletter.web.admin.shell import Note, Undo, lead_to
from courseletter.web.admin.subscribers import is_number
from courseletter.web.moments import day_month
from courseletter.web.site import Here, Site
from sender import wishes

router = APIRouter(prefix="/enrolments/{enrolment_id}")


@router.post("/pause")
def pause(enrolment_id: str, visitor: MarketerWrites, site: Here, form: Posted) -> Response:
    until = form.day("until")  # of a break that Undo brings back
    when = day_month(until) if until else "they go on"
    done = f"The course pauses until {when}. Their place is kept."
    return _granted(site, enrolment_id, wishes.pause, done, "resume", until)


@router.post("/resume")
def resume(enrolment_id: str, visitor: MarketerWrites, site: Here) -> Response:
    return _granted(site, enrolment_id, wishes.resume, "The course goes on for them.", "pause")


@router.post("/skip")
def skip(enrolment_id: str, visitor: MarketerWrites, site: Here) -> Response:
    done = "The lesson is skipped; the next one takes its place."
    return _granted(site, enrolment_id, wishes.skip, done, "unskip")


@router.post("/unskip")
def unskip(enrolment_id: str, visitor: MarketerWrites, site: Here, form: Posted) -> Response:
    def act(session: Session, enrolment: Enrolment, now: datetime) -> bool:
        return wishes.unskip(session, enrolment, form.text("lesson"), now)

    return _granted(site, enrolment_id, act, "The lesson is back in its place.")


@router.post("/next")
def send_next(enrolment_id: str, visitor: MarketerWrites, site: Here) -> Response:
    done = "The next lesson is queued for one person and leaves at once."
    return _granted(site, enrolment_id, wishes.next_now, done, "take-back")


@router.post("/take-back")
def take_back(enrolment_id: str, visitor: MarketerWrites, site: Here, form: Posted) -> Response:
    def act(session: Session, enrolment: Enrolment, now: datetime) -> None:
        wishes.take_back(session, enrolment, now)
        if until := form.day("until"):  # the break that the lesson has ended
            wishes.pause(session, enrolment, now, until)

    done = "What had not left yet is called back. What has left stays sent."
    return _granted(site, enrolment_id, act, done)


@router.post("/release")
def release(enrolment_id: str, visitor: MarketerWrites, site: Here) -> Response:
    done = "The lesson is released: it comes at their next permitted moment."
    return _granted(site, enrolment_id, wishes.release, done)


def _granted(
    site: Site, enrolment_id: str, act: Callable[..., Any], done: str, undo: str = "", *arguments: Any
) -> Response:
    """Carry out one of sender.wishes. What it refuses, because all has changed meanwhile, is said.
    Its Undo is told which lesson came next, and until when they had a break.
    """
    opened = site.installation
    with opened.database.write() as session:
        found = session.get(Enrolment, int(enrolment_id)) if is_number(enrolment_id) else None
        if found is None:
            raise NotFound("There is no enrolment with this number.")
        until = found.paused_until.isoformat() if found.paused_until else ""
        before = {"lesson": found.next_lesson or "", "until": until}
        if undo == "unskip" and place_of(session, found).timetable.cohort:
            undo = ""  # its place on the calendar is used up
        granted = act(session, found, opened.clock.now(), *arguments) is not False
        person = found.subscriber_id
    note = Note(done, Undo(f"/enrolments/{enrolment_id}/{undo}", before) if undo else None)
    if not granted:
        note = Note("Nothing was changed: this is not possible any more. The page shows how it stands now.")
    return lead_to(site, f"/subscribers/{person}", note)
