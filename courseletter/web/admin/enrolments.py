"""What a colleague does for one learner: pause, go on, skip, send the next now, release what is held."""

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response

from campaigns.models import Enrolment
from courseletter.errors import NotFound
from courseletter.web.admin.access import MarketerWrites
from courseletter.web.admin.shell import Note, Undo, lead_to
from courseletter.web.admin.subscribers import is_number
from courseletter.web.site import Here, Site
from sender import wishes

router = APIRouter(prefix="/enrolments/{enrolment_id}")


@router.post("/pause")
def pause(enrolment_id: str, visitor: MarketerWrites, site: Here) -> Response:
    done = "The course pauses until they go on. Their place is kept."
    return _granted(site, enrolment_id, wishes.pause, done, "resume", None)


@router.post("/resume")
def resume(enrolment_id: str, visitor: MarketerWrites, site: Here) -> Response:
    return _granted(site, enrolment_id, wishes.resume, "The course goes on for them.", "pause")


@router.post("/skip")
def skip(enrolment_id: str, visitor: MarketerWrites, site: Here) -> Response:
    return _granted(site, enrolment_id, wishes.skip, "The lesson is skipped; the next one takes its place.")


@router.post("/next")
def send_next(enrolment_id: str, visitor: MarketerWrites, site: Here) -> Response:
    done = "The next lesson is queued for one person and leaves at once."
    return _granted(site, enrolment_id, wishes.next_now, done, "take-back")


@router.post("/take-back")
def take_back(enrolment_id: str, visitor: MarketerWrites, site: Here) -> Response:
    done = "What had not left yet is called back. What has left stays sent."
    return _granted(site, enrolment_id, wishes.take_back, done)


@router.post("/release")
def release(enrolment_id: str, visitor: MarketerWrites, site: Here) -> Response:
    done = "The lesson is released: it comes at their next permitted moment."
    return _granted(site, enrolment_id, wishes.release, done)


def _granted(
    site: Site, enrolment_id: str, act: Callable[..., Any], done: str, undo: str = "", *arguments: Any
) -> Response:
    """Carry out one of sender.wishes. What it refuses, because all has changed meanwhile, is said."""
    opened = site.installation
    with opened.database.write() as session:
        found = session.get(Enrolment, int(enrolment_id)) if is_number(enrolment_id) else None
        if found is None:
            raise NotFound("There is no enrolment with this number.")
        granted = act(session, found, opened.clock.now(), *arguments) is not False
        person = found.subscriber_id
    note = Note(done, Undo(f"/enrolments/{enrolment_id}/{undo}", {}) if undo else None)
    if not granted:
        note = Note("Nothing was changed: this is not possible any more. The page shows how it stands now.")
    return lead_to(site, f"/subscribers/{person}", note)
