"""A reader's lessons: read on the web, asked for now, skipped, sent once more. A link shows, a press acts."""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from campaigns import image_addresses, questions
from campaigns.enrolling import lock
from campaigns.models import Enrolment, RevisionLesson
from campaigns.schedule import Profile, Timetable
from campaigns.standing import Standing
from courseletter.errors import InvalidInput, NotFound
from courseletter.web.finding import ARRIVED
from courseletter.web.learning import pace_page, read_until
from courseletter.web.lesson_body import page_html
from courseletter.web.moments import local
from courseletter.web.pages import LESSON_POLICY
from courseletter.web.reader import Reader, lead_back, reader_of, show
from courseletter.web.site import READ, Fields, Here, Site
from sender.models import Delivery
from sender.wishes import next_now, pause, send_again, skip, take_back, unskip
from subscribers import quotas

router = APIRouter(prefix="/learn/{token}")


@router.api_route("/lessons/{lesson_id}", methods=READ)
def show_lesson(token: str, lesson_id: str, site: Here, answered: str = "") -> HTMLResponse:
    """A lesson that lies behind this reader, as it was sent, addressed to nobody."""
    with site.installation.database.read() as session:
        reader = reader_of(session, site, token)
        return lesson_page(session, site, reader, readable(reader, lesson_id), answered=bool(answered))


def lesson_page(
    session: Session,
    site: Site,
    reader: Reader,
    lesson: RevisionLesson,
    *,
    answered: bool = False,
    typed: str = "",
    wrong: str = "",
) -> HTMLResponse:
    """The lesson with its question, if it asks one; `wrong` is what is wrong with the answer typed."""
    order = list(reader.readable.values())
    at = order.index(lesson)
    here = image_addresses.at_home(session, lesson.body, site.installation.settings.base_url)
    question = questions.question_of(session, lesson.lesson_id)
    given = questions.answer_of(session, question, reader.enrolment.subscriber) if question else None
    return show(
        site,
        reader,
        "lesson.html",
        422 if wrong else 200,
        headers={"Content-Security-Policy": LESSON_POLICY},
        lesson=lesson,
        body=page_html(here, lesson.revision.language) if lesson.format == "markdown" else "",
        before=order[at - 1] if at else None,
        after=order[at + 1] if at + 1 < len(order) else None,
        upcoming=reader.upcoming if at + 1 == len(order) else None,
        question=question,
        given=given.text if given else "",
        answered=answered and given is not None,
        typed=typed,
        wrong=wrong,
    )


@router.api_route("/lessons/{lesson_id}/again", methods=READ)
def show_again(token: str, lesson_id: str, site: Here) -> HTMLResponse:
    with site.installation.database.read() as session:
        reader = reader_of(session, site, token)
        lesson = readable(reader, lesson_id)
        return show(site, reader, "again.html", lesson=lesson, sent=lesson_id in reader.received)


@router.post("/lessons/{lesson_id}/again")
def send_copy(token: str, lesson_id: str, site: Here) -> Response:
    """Another copy of a lesson that arrived; it moves no date (S15)."""
    now, key = site.installation.clock.now(), site.installation.settings.key
    with site.installation.database.write() as session:
        reader = reader_of(session, site, token)
        delivery = _newest(session, reader.enrolment, lesson_id)
        if delivery is None:
            raise NotFound("This lesson has not been sent to you.")
        writing = session.begin_nested()
        try:
            send_again(session, delivery, now, key)
            granted = quotas.take_copy(session, reader.enrolment.id, now)
        except InvalidInput:
            granted = False
        if not granted:
            writing.rollback()
            return lead_back(site, reader, "not_again")
    return lead_back(site, reader, "again", lesson=lesson_id)


@router.api_route("/next", methods=READ)
def show_next(token: str, site: Here) -> HTMLResponse:
    return _asked(site, token, "next.html", Standing.next_now)


@router.post("/next")
def send_next(token: str, site: Here, fields: Fields) -> Response:
    """The page names its lesson, so that an old page pressed again never sends the lesson after it."""
    now, lesson = site.installation.clock.now(), fields.get("lesson", "")
    with site.installation.database.write() as session:
        reader = reader_of(session, site, token)
        lock(session, reader.enrolment)
        if lesson != reader.enrolment.next_lesson:
            return lead_back(site, reader, "had")
        until = reader.enrolment.paused_until
        if not next_now(session, reader.enrolment, now):
            return lead_back(site, reader, "not_now")
    return lead_back(site, reader, "next", lesson=lesson, until=until.isoformat() if until else "")


@router.post("/take-back")
def call_next_back(token: str, site: Here, fields: Fields) -> Response:
    """Undo of “send it now”: what has not left yet comes on its day again, and a break goes on."""
    now, until = site.installation.clock.now(), fields.get("until", "")
    with site.installation.database.write() as session:
        reader = reader_of(session, site, token)
        take_back(session, reader.enrolment, now)
        still = _under_way(session, reader.enrolment, fields.get("lesson", ""))
        if until and not still:
            with suppress(InvalidInput):  # a break that is over by now
                pause(session, reader.enrolment, now, read_until(until, local(now, reader.place.zone).date()))
    return lead_back(site, reader, "had" if still else "taken_back")


@router.api_route("/skip", methods=READ)
def show_skip(token: str, site: Here) -> HTMLResponse:
    return _asked(site, token, "skip.html", Standing.skip)


@router.post("/skip")
def skip_next(token: str, site: Here, fields: Fields) -> Response:
    now, lesson = site.installation.clock.now(), fields.get("lesson", "")
    with site.installation.database.write() as session:
        reader = reader_of(session, site, token)
        lock(session, reader.enrolment)
        named = lesson == reader.enrolment.next_lesson
        if not (named and skip(session, reader.enrolment, now)):
            return lead_back(site, reader, "not_skipped")
    if reader.place.timetable.cohort:  # its place on the calendar is used up
        return lead_back(site, reader, "skipped")
    return lead_back(site, reader, "skipped", lesson=lesson)


@router.post("/unskip")
def bring_back(token: str, site: Here, fields: Fields) -> Response:
    with site.installation.database.write() as session:
        reader = reader_of(session, site, token)
        lesson, now = fields.get("lesson", ""), site.installation.clock.now()
        back = unskip(session, reader.enrolment, lesson, now)
    return lead_back(site, reader, "unskipped" if back else "not_skipped")


def _asked(
    site: Site, token: str, template: str, wish: Callable[[Standing, Timetable, Profile, datetime], Standing]
) -> HTMLResponse:
    """The page that asks about the next lesson, with what the wish would do to the days of those after it;
    the reader's own page where there is nothing to ask.
    """
    now = site.installation.clock.now()
    with site.installation.database.read() as session:
        reader = reader_of(session, site, token)
        place = reader.place
        then = reader.would(wish(place.standing, place.timetable, place.profile, now), now)
        if reader.upcoming is None or then is None:
            return pace_page(session, site, reader.token)
        lesson, at = reader.upcoming
        return show(site, reader, template, lesson=lesson, at=at, then=then)


def readable(reader: Reader, lesson_id: str) -> RevisionLesson:
    lesson = reader.readable.get(lesson_id)
    if lesson is None:
        raise NotFound("This lesson has not been sent to you.")
    return lesson


def _newest(session: Session, enrolment: Enrolment, lesson_id: str) -> Delivery | None:
    """The last copy of it that may have arrived."""
    copies = select(Delivery).where(
        Delivery.enrolment_id == enrolment.id,
        Delivery.lesson_id == lesson_id,
        Delivery.state.in_(ARRIVED),
    )
    return session.scalar(copies.order_by(Delivery.id.desc()).limit(1))


def _under_way(session: Session, enrolment: Enrolment, lesson_id: str) -> bool:
    """Whether this lesson has left, or is leaving, in spite of having been called back."""
    newest = select(Delivery.state).where(
        Delivery.enrolment_id == enrolment.id, Delivery.lesson_id == lesson_id
    )
    return session.scalar(newest.order_by(Delivery.id.desc()).limit(1)) in ARRIVED
