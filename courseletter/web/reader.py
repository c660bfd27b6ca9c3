"""One enrolment as its reader's pages show it, what stands around every such page, and the way back to it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode

from fastapi.responses import HTMLResponse, RedirectResponse
from sqlalchemy.orm import Session

from campaigns.enrolling import Place, calendar, place_of
from campaigns.models import Enrolment, RevisionLesson
from campaigns.standing import Standing, future
from courseletter.web import finding
from courseletter.web.moments import local
from courseletter.web.site import Site
from courseletter.web.speech import Speech, speech
from templates.languages import marked

# What a page says after its reader was led back to it.
DONE: Final = {
    "pace": marked("Saved. These are your new dates."),
    "pace_kept": marked("Saved, for when lessons come again."),
    "paused": marked("Paused. Your place is kept."),
    "resumed": marked("The course goes on."),
    "next": marked("It is on its way and will be with you in a minute."),
    "had": marked("That lesson has already been sent to you; no second one is on its way."),
    "not_now": marked("It cannot come just now. Your place is kept, and it comes on its day."),
    "taken_back": marked("It was called back in time. It comes on its day."),
    "skipped": marked("Skipped. You can still read it here."),
    "unskipped": marked("It is back in its place."),
    "not_skipped": marked("Nothing was skipped: the course has moved on since you opened that page."),
    "again": marked("Another copy is on its way and will be with you in a minute."),
    "not_again": marked("No copy was sent: one is on its way already, or it was sent a few times today."),
}


@dataclass(frozen=True, slots=True)
class _Undo:
    """The page that takes an act back, and the fields that say what there was before."""

    page: str
    fields: tuple[str, ...] = ()


_UNDO: Final = {
    "pace": _Undo("pace", ("pace", "day", "hour", "zone")),
    "pace_kept": _Undo("pace", ("pace", "day", "hour", "zone")),
    "paused": _Undo("resume"),
    "resumed": _Undo("pause", ("until",)),
    "next": _Undo("take-back", ("lesson", "until")),
    "again": _Undo("take-back", ("lesson",)),
    "skipped": _Undo("unskip", ("lesson",)),
}


@dataclass(frozen=True, slots=True)
class Reader:
    """Moments are in the reader's zone. `received` went out to them; `skipped` they may read here."""

    token: str
    enrolment: Enrolment
    place: Place
    lessons: dict[str, RevisionLesson]
    received: dict[str, RevisionLesson]
    skipped: dict[str, RevisionLesson]
    calendar: list[tuple[RevisionLesson, datetime]]

    @property
    def language(self) -> str:
        return finding.revision_of(self.enrolment.course).language

    @property
    def speech(self) -> Speech:
        return speech(self.language)

    @property
    def upcoming(self) -> tuple[RevisionLesson, datetime] | None:
        return self.calendar[0] if self.calendar else None

    @property
    def in_flight(self) -> RevisionLesson | None:
        """The lesson that is queued and on its way."""
        return self.lessons.get(self.enrolment.queued_lesson or "")

    @property
    def resting(self) -> bool:
        """Whether the reader takes a break, with or without a day on which it ends."""
        state, until = self.enrolment.state, self.enrolment.paused_until
        return state == "paused" or (state == "active" and until is not None)

    @property
    def chooses(self) -> bool:
        """Whether the reader's page asks when lessons shall come: not while none do."""
        return self.enrolment.state == "active" and not self.resting

    @property
    def readable(self) -> dict[str, RevisionLesson]:
        """What lies behind this reader, in reading order."""
        return _in_order(self.skipped | self.received)

    @property
    def total(self) -> int:
        return _count(self.lessons)

    @property
    def done(self) -> int:
        return _count(self.readable)

    def would(self, after: Standing, now: datetime) -> list[tuple[RevisionLesson, datetime]] | None:
        """The calendar that another standing leads to; None where it is the present one."""
        place = self.place
        if after == place.standing:
            return None
        dates = future(place.timetable, place.profile, after, now)
        return [(self.lessons[id], local(at, place.zone)) for id, at in dates if id in self.lessons]


def reader_of(session: Session, site: Site, token: str) -> Reader:
    """Whose token it is; NotFound for any other."""
    enrolment = finding.enrolment(session, site, token)
    place = place_of(session, enrolment)
    lessons = finding.lessons_of(enrolment.course)
    received = finding.received(session, enrolment)
    passed = {mark.lesson for mark in place.standing.progress.marks if mark.status == "skipped"}
    dates = calendar(session, enrolment, site.installation.clock.now())
    return Reader(
        token,
        enrolment,
        place,
        lessons,
        received,
        {id: lesson for id, lesson in lessons.items() if id in passed and id not in received},
        [(lessons[id], local(at, place.zone)) for id, at in dates if id in lessons],
    )


def show(site: Site, reader: Reader, template: str, status: int = 200, **context: Any) -> HTMLResponse:
    """Answer with a page of this reader's, in the language of their course."""
    enrolment, links = reader.enrolment, site.installation.links
    headers = context.pop("headers", None)
    return site.pages.show(
        template,
        status,
        headers,
        language=reader.language,
        reader=reader,
        course=enrolment.course,
        revision=finding.revision_of(enrolment.course),
        subscriber=enrolment.subscriber,
        joined=local(enrolment.joined_at, reader.place.zone),
        home=site.path(links.learn(enrolment.id)),
        leave=site.path(links.unsubscribe(enrolment.course.list_id, enrolment.subscriber_id)),
        **context,
    )


def lead_back(site: Site, reader: Reader, done: str, **before: str) -> RedirectResponse:
    """Lead to the reader's own page, so that reloading it asks for nothing again. `before` serves Undo."""
    home = site.path(site.installation.links.learn(reader.enrolment.id))
    return RedirectResponse(f"{home}?{urlencode({'done': done, **before})}", 303)


def note_of(reader: Reader, query: Mapping[str, str]) -> dict[str, Any] | None:
    """What was just done, in words, and the form that takes it back, as `lead_back` wrote them."""
    done = query.get("done", "")
    if done not in DONE:
        return None
    undo = _UNDO.get(done)
    given = undo is not None and all(field in query for field in undo.fields)
    return {
        "text": reader.speech.say(DONE[done]),
        "undo": undo.page if undo and given else "",
        "fields": {field: query[field] for field in undo.fields} if undo and given else {},
    }


def _in_order(lessons: dict[str, RevisionLesson]) -> dict[str, RevisionLesson]:
    return dict(sorted(lessons.items(), key=lambda one: one[1].position))


def _count(lessons: dict[str, RevisionLesson]) -> int:
    """Without the welcome."""
    return sum(lesson.kind == "lesson" for lesson in lessons.values())
