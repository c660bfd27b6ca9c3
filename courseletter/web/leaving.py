"""Leaving: one press in the mail program (RFC 8058) or on the page. Done first, the reason asked after."""

from datetime import datetime
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from sqlalchemy import select
from sqlalchemy.orm import Session

from campaigns.enrolling import enrol, place_of
from campaigns.models import Enrolment
from courseletter.web import finding, wording
from courseletter.web.site import READ, Fields, Here, Site, evidence_of
from courseletter.web.speech import Speech, speech
from sender.models import Event
from sender.reasons_given import LEFT_BECAUSE
from sender.wishes import leave_everything, unsubscribe
from subscribers import consent, suppression
from subscribers.models import MailingList, Membership, MemberStatus, Subscriber
from subscribers.tokens import Purpose
from templates.languages import marked

router = APIRouter()

REASONS: Final = {
    "too_often": marked("It came too often"),
    "not_expected": marked("It was not what I expected"),
    "learned": marked("I have learned what I needed"),
    "never_asked": marked("I never asked for it"),
}


@router.api_route("/unsubscribe/{token}", methods=READ)
def show_leave(token: str, site: Here) -> HTMLResponse:
    with site.installation.database.read() as session:
        mailing_list, subscriber = finding.member(session, site, Purpose.UNSUBSCRIBE, token)
        standing = finding.status(session, mailing_list, subscriber)
        if standing not in (MemberStatus.PENDING, MemberStatus.CONFIRMED):
            return _left(session, site, token, mailing_list, subscriber)
        return _ask(session, site, token, "leave.html", wording.LEAVE)


@router.post("/unsubscribe/{token}")
def leave(token: str, site: Here, request: Request) -> HTMLResponse:
    """Whatever the body says or lacks: the token is the permission, and leaving must never fail on a form."""
    with site.installation.database.write() as session:
        mailing_list, subscriber = finding.member(session, site, Purpose.UNSUBSCRIBE, token)
        words = _words(session, mailing_list, wording.LEAVE)
        evidence = evidence_of(request, site, "/unsubscribe", words)
        unsubscribe(session, mailing_list.id, subscriber.id, site.installation.clock.now(), evidence)
    return show_leave(token, site)  # what is done stays done, whatever becomes of the page


@router.api_route("/unsubscribe/{token}/everything", methods=READ)
def show_leave_all(token: str, site: Here) -> HTMLResponse:
    with site.installation.database.read() as session:
        mailing_list, subscriber = finding.member(session, site, Purpose.UNSUBSCRIBE, token)
        if suppression.is_suppressed(session, site.installation.settings.key, subscriber.email):
            return _left(session, site, token, mailing_list, subscriber)
        return _ask(session, site, token, "leave_everything.html", wording.LEAVE_EVERYTHING)


@router.post("/unsubscribe/{token}/everything")
def leave_all(token: str, site: Here, request: Request) -> HTMLResponse:
    installation, now = site.installation, site.installation.clock.now()
    with installation.database.write() as session:
        mailing_list, subscriber = finding.member(session, site, Purpose.UNSUBSCRIBE, token)
        words = _words(session, mailing_list, wording.LEAVE_EVERYTHING)
        evidence = evidence_of(request, site, "/unsubscribe", words)
        leave_everything(session, subscriber, now, evidence, installation.settings.key)
    return show_leave(token, site)


@router.post("/unsubscribe/{token}/back")
def come_back(token: str, site: Here, request: Request) -> HTMLResponse:
    """Pressed by mistake: on the list again, and the course goes on where it stopped (S17)."""
    installation, now = site.installation, site.installation.clock.now()
    with installation.database.write() as session:
        mailing_list, subscriber = finding.member(session, site, Purpose.UNSUBSCRIBE, token)
        words = _words(session, mailing_list, wording.COME_BACK)
        evidence = evidence_of(request, site, "/unsubscribe", words)
        suppression.lift_own(session, installation.settings.key, subscriber.email)
        consent.come_back(session, mailing_list, subscriber, evidence, now)
        course = finding.course_of(session, mailing_list)
        enrolment = finding.enrolment_of(session, course, subscriber)
        pace = ""
        if course is not None and enrolment is not None:
            enrolment = enrol(session, course, subscriber, now)
            pace = site.path(installation.links.learn(enrolment.id))
        return site.pages.show(
            "back.html",
            language=_speech(session, mailing_list).language,
            mailing_list=mailing_list,
            course=course,
            enrolment=enrolment,
            pace=pace,
        )


@router.post("/unsubscribe/{token}/reason")
def tell_why(token: str, site: Here, fields: Fields) -> HTMLResponse:
    now = site.installation.clock.now()
    with site.installation.database.write() as session:
        mailing_list, subscriber = finding.member(session, site, Purpose.UNSUBSCRIBE, token)
        reason = fields.get("reason", "")
        if reason in REASONS and _reason_given(session, mailing_list, subscriber) is None:
            course = finding.course_of(session, mailing_list)
            session.add(
                Event(
                    at=now,
                    kind=LEFT_BECAUSE,
                    subscriber_id=subscriber.id,
                    course_id=course.id if course else None,
                    data={"reason": reason, "list": mailing_list.id},
                )
            )
            session.flush()
        return _left(session, site, token, mailing_list, subscriber)


def _ask(session: Session, site: Site, token: str, template: str, words: dict[str, str]) -> HTMLResponse:
    """A page whose button leaves."""
    mailing_list, subscriber = finding.member(session, site, Purpose.UNSUBSCRIBE, token)
    spoken = _speech(session, mailing_list)
    return site.pages.show(
        template,
        language=spoken.language,
        mailing_list=mailing_list,
        subscriber=subscriber,
        course=finding.course_of(session, mailing_list),
        token=token,
        words=spoken.say_all(words),
    )


def _words(session: Session, mailing_list: MailingList, words: dict[str, str]) -> str:
    """The button as it stood on the page, for the ledger."""
    return _speech(session, mailing_list).say_all(words)["button"]


def _speech(session: Session, mailing_list: MailingList) -> Speech:
    """The language of the list's course or newsletter."""
    return speech(finding.language_of(session, mailing_list))


def _left(
    session: Session, site: Site, token: str, mailing_list: MailingList, subscriber: Subscriber
) -> HTMLResponse:
    """The page after: what is over, what still comes, and the ways back."""
    course = finding.course_of(session, mailing_list)
    enrolment = finding.enrolment_of(session, course, subscriber)
    key = site.installation.settings.key
    spoken = _speech(session, mailing_list)
    return site.pages.show(
        "left.html",
        language=spoken.language,
        mailing_list=mailing_list,
        course=course,
        subscriber=subscriber,
        token=token,
        others=_other_lists(session, mailing_list, subscriber),
        everything=suppression.is_suppressed(session, key, subscriber.email),
        next_number=_next_number(session, enrolment, site.installation.clock.now()),
        reasons=spoken.say_all(REASONS),
        reason=_reason_given(session, mailing_list, subscriber),
    )


def _next_number(session: Session, enrolment: Enrolment | None, now: datetime) -> int | None:
    """The number of the lesson that coming back would bring; None for the welcome, and at the end."""
    if enrolment is None or enrolment.state != "left":
        return None
    place = place_of(session, enrolment)
    back = place.standing.rejoined(place.timetable, place.profile, now)
    lesson = finding.lessons_of(enrolment.course).get(back.next_lesson or "")
    return lesson.number or None if lesson else None


def _other_lists(session: Session, mailing_list: MailingList, subscriber: Subscriber) -> list[str]:
    return list(
        session.scalars(
            select(MailingList.name)
            .join(Membership, Membership.list_id == MailingList.id)
            .where(
                Membership.subscriber_id == subscriber.id,
                Membership.list_id != mailing_list.id,
                Membership.status == MemberStatus.CONFIRMED,
            )
            .order_by(MailingList.name)
        )
    )


def _reason_given(session: Session, mailing_list: MailingList, subscriber: Subscriber) -> str | None:
    """The reason told for this list, if any; it is asked for once."""
    told = session.scalars(
        select(Event.data).where(Event.subscriber_id == subscriber.id, Event.kind == LEFT_BECAUSE)
    )
    return next((data["reason"] for data in told if data["list"] == mailing_list.id), None)
