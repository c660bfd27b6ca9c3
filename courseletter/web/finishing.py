"""What stays of a course: its certificate, and what a reader answered to the questions of its lessons."""

from dataclasses import replace
from datetime import datetime
from urllib.parse import urlencode

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from campaigns import questions
from courseletter.errors import InvalidInput, NotFound
from courseletter.web.finding import ARRIVED, revision_of
from courseletter.web.lessons import lesson_page, readable
from courseletter.web.moments import local
from courseletter.web.problems import told
from courseletter.web.reader import Reader, reader_of, show
from courseletter.web.site import READ, Fields, Here, Site
from sender.models import Delivery
from subscribers.names import check_name
from templates.certificate import Certificate, as_pdf, fits_pdf, size_that_fits

router = APIRouter(prefix="/learn/{token}")


@router.post("/lessons/{lesson_id}/answer")
def answer(token: str, lesson_id: str, site: Here, fields: Fields) -> Response:
    """Keep the answer; given again, the new one takes its place."""
    with site.installation.database.write() as session:
        reader = reader_of(session, site, token)
        lesson = readable(reader, lesson_id)
        question = questions.question_of(session, lesson.lesson_id)
        if question is None:
            raise NotFound("This lesson asks nothing.")
        typed = fields.get("answer", "")
        now = site.installation.clock.now()
        try:
            questions.answer(session, question, reader.enrolment.subscriber, typed, now)
        except InvalidInput as problem:
            wrong = told(problem, reader.speech, "answer").text
            return lesson_page(session, site, reader, lesson, typed=typed, wrong=wrong)
    home = site.path(site.installation.links.learn(reader.enrolment.id))
    return RedirectResponse(f"{home}/lessons/{lesson_id}?answered=1#question", 303)


@router.api_route("/certificate", methods=READ)
def show_certificate(token: str, site: Here, name: str = "") -> HTMLResponse:
    with site.installation.database.read() as session:
        reader = reader_of(session, site, token)
        certificate, wrong = _certificate(session, site, reader, ""), ""
        try:
            certificate = _certificate(session, site, reader, name)
        except InvalidInput as problem:
            wrong = told(problem, reader.speech, "first_name").text
        return show(
            site,
            reader,
            "certificate.html",
            422 if wrong else 200,
            certificate=certificate,
            fitting=size_that_fits,
            pdf=fits_pdf(certificate),
            query=urlencode({"name": certificate.name}),
            typed=name or certificate.name,
            wrong=wrong,
        )


@router.api_route("/certificate.{form}", methods=READ)
def download_certificate(token: str, form: str, site: Here, name: str = "") -> Response:
    with site.installation.database.read() as session:
        reader = reader_of(session, site, token)
        certificate = _certificate(session, site, reader, name)
    if form == "pdf" and certificate.name and fits_pdf(certificate):
        return _file(as_pdf(certificate), "application/pdf", "certificate.pdf")
    if form != "svg" or not certificate.name:
        raise NotFound("There is no such certificate.")
    picture = site.pages.show(
        "_certificate.svg",
        language=certificate.language,
        certificate=certificate,
        fitting=size_that_fits,
    )
    return _file(bytes(picture.body), "image/svg+xml", "certificate.svg")


def _certificate(session: Session, site: Site, reader: Reader, name: str) -> Certificate:
    """The reader's own; with another name, as they wish to be called. NotFound before the end."""
    enrolment = reader.enrolment
    if not (enrolment.course.certificate and enrolment.state == "completed"):
        raise NotFound("There is no certificate before the end.")
    person, speech, revision = enrolment.subscriber, reader.speech, revision_of(enrolment.course)
    at = local(_finished(session, reader), reader.place.zone)
    certificate = Certificate(
        language=revision.language,
        heading=speech.say("Certificate"),
        name=f"{person.first_name} {person.last_name}".strip(),
        has_finished=speech.say("has finished the course"),
        course=revision.title,
        lessons=speech.count("One lesson", "%(num)s lessons", reader.done, num=reader.done),
        day=speech.date(at),
        brand=site.installation.brands.of_revision(revision).name,
        at=at,
    )
    return replace(certificate, name=check_name(name)) if name.strip() else certificate


def _finished(session: Session, reader: Reader) -> datetime:
    """When the last lesson came; who skipped them all finished when they joined."""
    arrived = select(func.max(Delivery.finished_at)).where(
        Delivery.enrolment_id == reader.enrolment.id, Delivery.copy == 0, Delivery.state.in_(ARRIVED)
    )
    return session.scalar(arrived) or reader.enrolment.joined_at


def _file(content: bytes, media_type: str, name: str) -> Response:
    """Always saved, never shown: no picture of ours runs in a reader's session."""
    return Response(
        content, media_type=media_type, headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )
