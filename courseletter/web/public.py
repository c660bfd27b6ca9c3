"""Signing up and confirming: the two pages before a course begins. Nothing here tells who is known to us."""

import re
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from sqlalchemy.orm import Session

from campaigns.cadence import Cadence
from campaigns.enrolling import calendar, enrol, place_of
from campaigns.models import Course, Enrolment, Revision, RevisionLesson
from courseletter.errors import InvalidInput
from courseletter.web import asking, finding, wording
from courseletter.web.choices import places, read_rhythm, rhythms
from courseletter.web.moments import local
from courseletter.web.problems import Problem, told
from courseletter.web.site import READ, Fields, Here, Site, evidence_of
from courseletter.web.speech import Speech, speech
from sender.wishes import change_rhythm
from subscribers import consent, form_tokens, signing_up
from subscribers.consent import Outcome
from subscribers.people import Details
from subscribers.signing_up import SignUpForm
from subscribers.tokens import Purpose
from templates.dialect import render_html

router = APIRouter()

FIELDS: Final = ("first_name", "email", "when", "zone")
# A shop's tracking mark in a link, or the word itself, where the article says that some links are paid for.
_AFFILIATE: Final = re.compile(r"affiliate|//amzn\.to/|[?&](?:tag|ref|aff\w*)=", re.IGNORECASE)
_SHORTEST_LEAD: Final = 40  # characters; what is shorter is a greeting


@router.api_route("/c/{slug}", methods=READ)
def show_sign_up(slug: str, site: Here) -> HTMLResponse:
    with site.installation.database.read() as session:
        return _form(site, finding.published(session, slug), {}, [])


@router.post("/c/{slug}")
def sign_up(slug: str, site: Here, fields: Fields, request: Request) -> HTMLResponse:
    with site.installation.database.write() as session:
        course = finding.published(session, slug)
        spoken = speech(finding.revision_of(course).language)
        form, problems = _read(fields, spoken)
        if problems:
            return _form(site, course, fields, problems)
        asked = asking.ask(session, site, request, course, form, fields, wording.SIGN_UP, spoken)
        return asked or _form(site, course, fields, [], again=True)


@router.api_route("/confirm/{token}", methods=READ)
def show_confirm(token: str, site: Here) -> HTMLResponse:
    with site.installation.database.read() as session:
        mailing_list, subscriber = finding.member(session, site, Purpose.CONFIRM, token)
        offer = finding.offer_of(session, mailing_list)
        if consent.is_confirmed(session, mailing_list, subscriber):
            if offer.kind == "newsletter":
                return _subscribed(session, site, offer, Outcome.ALREADY)
            if (enrolment := finding.enrolment_of(session, offer, subscriber)) is not None:
                return _welcome(session, site, enrolment, Outcome.ALREADY)
        return site.pages.show(
            "confirm.html",
            language=offer.language,
            course=offer,
            brand=finding.brand_of(session, site, offer),
            subscriber=subscriber,
            token=token,
            words=speech(offer.language).say_all(_confirming(offer)),
        )


@router.post("/confirm/{token}")
def confirm(token: str, site: Here, request: Request) -> HTMLResponse:
    now = site.installation.clock.now()
    with site.installation.database.write() as session:
        mailing_list, subscriber = finding.member(session, site, Purpose.CONFIRM, token)
        course = finding.offer_of(session, mailing_list)
        words = wording.shown(course.title, speech(course.language).say_all(_confirming(course)))
        evidence = evidence_of(request, site, "/confirm", words)
        outcome = consent.confirm(session, mailing_list, subscriber, evidence, now)
        if outcome is Outcome.CLOSED:
            return _closed(session, site, course)
        if course.kind == "newsletter":
            if outcome is Outcome.DONE:
                signing_up.grant(session, mailing_list, subscriber, site.installation.settings.key)
            return _subscribed(session, site, course, outcome)
        enrolment = finding.enrolment_of(session, course, subscriber)
        if outcome is Outcome.DONE:
            asked = signing_up.grant(session, mailing_list, subscriber, site.installation.settings.key)
            enrolment = enrol(session, course, subscriber, now)
            _take_over(session, enrolment, asked, now)
        elif enrolment is None:
            enrolment = enrol(session, course, subscriber, now)
        return _welcome(session, site, enrolment, outcome)


def _confirming(offer: Course) -> dict[str, str]:
    return wording.CONFIRM_NEWSLETTER if offer.kind == "newsletter" else wording.CONFIRM


def _closed(session: Session, site: Site, offer: Course) -> HTMLResponse:
    home = finding.sign_up_path(offer)
    brand = finding.brand_of(session, site, offer)
    return site.pages.show("closed.html", language=offer.language, course=offer, brand=brand, sign_up=home)


def _subscribed(session: Session, site: Site, newsletter: Course, outcome: Outcome) -> HTMLResponse:
    return site.pages.show(
        "subscribed.html",
        language=newsletter.language,
        brand=finding.brand_of(session, site, newsletter),
        newsletter=newsletter,
        again=outcome is Outcome.ALREADY,
    )


def _take_over(session: Session, enrolment: Enrolment, asked: Details, now: datetime) -> None:
    """Give the place the rhythm of this request, where its person is known and has another one elsewhere."""
    own = place_of(session, enrolment).profile
    zone, minute, days = asked.zone or own.zone, asked.minute, asked.weekdays
    wanted = replace(
        own,
        zone=zone,
        minute=own.minute if minute is None else minute,
        weekdays=own.weekdays if days is None else frozenset(days),
    )
    if wanted != own:
        change_rhythm(
            session,
            enrolment,
            now,
            zone=zone,
            minute=wanted.minute,
            weekdays=wanted.weekdays,
            pace=own.pace,
        )


def _welcome(session: Session, site: Site, enrolment: Enrolment, outcome: Outcome) -> HTMLResponse:
    """The true dates of this very reader."""
    place = place_of(session, enrolment)
    lessons = finding.lessons_of(enrolment.course)
    dates = calendar(session, enrolment, site.installation.clock.now())
    return site.pages.show(
        "welcome.html",
        language=enrolment.course.language,
        course=enrolment.course,
        enrolment=enrolment,
        again=outcome is Outcome.ALREADY,
        zone=str(place.zone),
        dates=[
            (lessons[lesson_id], local(at, place.zone))
            for lesson_id, at in dates
            if lesson_id in lessons and lessons[lesson_id].kind == "lesson"
        ],
        pace=site.path(site.installation.links.learn(enrolment.id)),
    )


def _form(
    site: Site, course: Course, fields: dict[str, str], problems: list[Problem], *, again: bool = False
) -> HTMLResponse:
    """The form as it was typed. `again`: one more press is asked for, by whoever it was."""
    revision = finding.revision_of(course)
    lessons = [lesson for lesson in revision.lessons if lesson.kind == "lesson"]
    cadence = Cadence.from_json(revision.cadence)
    spoken = speech(revision.language)
    own, others = rhythms(cadence, spoken)
    return site.pages.show(
        "sign_up.html",
        422 if problems else 200,
        language=spoken.language,
        course=course,
        revision=revision,
        words=spoken.say_all(wording.SIGN_UP),
        lead=_lead(revision),
        minutes=_minutes(lessons, spoken),
        lessons=[(lesson, _has_affiliate_links(revision, lesson)) for lesson in lessons],
        own=own,
        others=others,
        zone=fields.get("zone") or revision.zone,
        places=places(site.installation.clock.now(), [revision.zone], spoken)
        if cadence.zone_mode == "subscriber"
        else [],
        typed=fields,
        again=again,
        token=form_tokens.make(site.installation.settings.key, course.slug, site.installation.clock.now()),
        problems=_texts(problems),
        summary_of=[(problem.field, problem.name) for problem in problems],
    )


def _read(fields: dict[str, str], spoken: Speech) -> tuple[SignUpForm, list[Problem]]:
    """The form as typed, and everything that is wrong with it."""
    found: list[InvalidInput] = []
    minute, weekdays = None, None
    try:
        minute, weekdays = read_rhythm(fields.get("when", ""))
    except InvalidInput as problem:
        found.append(problem)
    details = Details(fields.get("first_name", ""), fields.get("zone") or None, minute, weekdays)
    form = SignUpForm(fields.get("email", ""), details)
    found += signing_up.check(form)
    return form, [told(one, spoken, "when") for one in found]


def _texts(problems: list[Problem]) -> dict[str, str]:
    """What stands under each field, "" where nothing is wrong."""
    return {**dict.fromkeys(FIELDS, ""), **{problem.field: problem.text for problem in problems}}


def _lead(revision: Revision) -> str:
    """The welcome's first real paragraph."""
    welcome = next((lesson for lesson in revision.lessons if lesson.kind == "welcome"), None)
    return _first_real_paragraph(welcome.body) if welcome else ""


@lru_cache(maxsize=256)
def _first_real_paragraph(body: str) -> str:
    from lxml.html import fromstring

    page = fromstring(f"<div>{render_html(body)}</div>")
    paragraphs = (" ".join("".join(map(str, one.itertext())).split()) for one in page.iter("p"))
    return next((one for one in paragraphs if len(one) >= _SHORTEST_LEAD), "")


def _minutes(lessons: list[RevisionLesson], spoken: Speech) -> str:
    """`1 to 2 min each`."""
    shortest, longest = min(one.minutes for one in lessons), max(one.minutes for one in lessons)
    if shortest == longest:
        return spoken.say("%(minutes)s\xa0min each", minutes=shortest)
    return spoken.say("%(shortest)s to %(longest)s\xa0min each", shortest=shortest, longest=longest)


def _has_affiliate_links(revision: Revision, lesson: RevisionLesson) -> bool:
    return bool(revision.disclosures) and bool(_AFFILIATE.search(lesson.body))
