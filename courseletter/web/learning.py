"""A reader's own pages of a course: at what pace it comes, the next lesson now, a break, what came so far."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Final

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy.orm import Session

from campaigns.cadence import Cadence
from campaigns.enrolling import Place, calendar, lock, place_of
from campaigns.models import Enrolment, RevisionLesson
from campaigns.rhythm import interval_phrase
from campaigns.standing import future
from courseletter.errors import InvalidInput, NotFound
from courseletter.web import finding
from courseletter.web.choices import Choice, as_label, days_of, hours, places
from courseletter.web.lesson_body import page_html
from courseletter.web.moments import local, short_day
from courseletter.web.pages import LESSON_POLICY
from courseletter.web.site import READ, Fields, Here, Site
from courseletter.zones import zone_named
from sender.wishes import change_rhythm, next_now, pause, resume
from subscribers.people import MINUTES_A_DAY

router = APIRouter()

PACES: Final = ("slower", "normal", "faster")
LONGEST_PAUSE: Final = timedelta(days=2 * 366)
FIELDS: Final = {
    "pace": "how often",
    "day": "the day",
    "hour": "the hour",
    "zone": "where you are",
    "until": "the day to pause until",
}
# What a page says after its reader was led back to it.
DONE: Final = {
    "pace": "Saved. These are your new dates.",
    "paused": "Paused. Your place is kept.",
    "resumed": "The course goes on.",
    "next": "It is on its way and will be with you in a minute.",
    "had": "That lesson has already been sent to you; no second one is on its way.",
    "not_now": "It cannot come just now. Your place is kept, and it comes on its day.",
}


@dataclass(frozen=True, slots=True)
class Reader:
    """One enrolment as its pages show it; moments are in the reader's zone."""

    token: str
    enrolment: Enrolment
    place: Place
    lessons: dict[str, RevisionLesson]
    received: dict[str, RevisionLesson]
    calendar: list[tuple[RevisionLesson, datetime]]

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
    def total(self) -> int:
        return sum(lesson.kind == "lesson" for lesson in self.lessons.values())

    @property
    def done(self) -> int:
        return sum(lesson.kind == "lesson" for lesson in self.received.values())


@router.api_route("/learn/{token}", methods=READ)
def show_pace(token: str, site: Here, done: str = "") -> HTMLResponse:
    with site.installation.database.read() as session:
        return _pace_page(session, site, token, note=DONE.get(done, ""))


@router.post("/learn/{token}/pace")
def save_pace(token: str, site: Here, fields: Fields) -> Response:
    now = site.installation.clock.now()
    with site.installation.database.write() as session:
        reader = _reader(session, site, token)
        try:
            wish = _read_wish(reader, fields)
        except InvalidInput as problem:
            return _pace_page(session, site, token, typed=fields, problem=problem)
        change_rhythm(session, reader.enrolment, now, **wish)
    return _back(site, reader, "pace")


@router.api_route("/learn/{token}/pause", methods=READ)
def show_pause(token: str, site: Here) -> HTMLResponse:
    with site.installation.database.read() as session:
        return _pause_page(session, site, token)


@router.post("/learn/{token}/pause")
def pause_course(token: str, site: Here, fields: Fields) -> Response:
    now = site.installation.clock.now()
    with site.installation.database.write() as session:
        reader = _reader(session, site, token)
        try:
            until = _read_until(fields.get("until", ""), local(now, reader.place.zone).date())
        except InvalidInput as problem:
            return _pause_page(session, site, token, typed=fields, problem=problem)
        pause(session, reader.enrolment, now, until)
    return _back(site, reader, "paused")


@router.post("/learn/{token}/resume")
def resume_course(token: str, site: Here) -> Response:
    now = site.installation.clock.now()
    with site.installation.database.write() as session:
        reader = _reader(session, site, token)
        resume(session, reader.enrolment, now)
    return _back(site, reader, "resumed")


@router.api_route("/learn/{token}/next", methods=READ)
def show_next(token: str, site: Here) -> HTMLResponse:
    now = site.installation.clock.now()
    with site.installation.database.read() as session:
        reader = _reader(session, site, token)
        then = _after_next_now(reader, now)
        if reader.upcoming is None or then is None:
            return _pace_page(session, site, token)
        return site.pages.show(
            "next.html", **_frame(site, reader), lesson=reader.upcoming[0], at=reader.upcoming[1], then=then
        )


@router.post("/learn/{token}/next")
def send_next(token: str, site: Here, fields: Fields) -> Response:
    """The page names its lesson, so that an old page pressed again never sends the lesson after it."""
    now = site.installation.clock.now()
    with site.installation.database.write() as session:
        reader = _reader(session, site, token)
        lock(session, reader.enrolment)
        if fields.get("lesson", "") != reader.enrolment.next_lesson:
            return _back(site, reader, "had")
        sent = next_now(session, reader.enrolment, now)
    return _back(site, reader, "next" if sent else "not_now")


@router.api_route("/learn/{token}/lessons/{lesson_id}", methods=READ)
def show_lesson(token: str, lesson_id: str, site: Here) -> HTMLResponse:
    """A lesson that this reader has had, as it was sent, addressed to nobody."""
    with site.installation.database.read() as session:
        reader = _reader(session, site, token)
        lesson = reader.received.get(lesson_id)
        if lesson is None:
            raise NotFound("This lesson has not been sent to you.")
        order = list(reader.received.values())
        at = order.index(lesson)
        return site.pages.show(
            "lesson.html",
            headers={"Content-Security-Policy": LESSON_POLICY},
            **_frame(site, reader),
            lesson=lesson,
            body=page_html(lesson.body, lesson.revision.language) if lesson.format == "markdown" else "",
            before=order[at - 1] if at else None,
            after=order[at + 1] if at + 1 < len(order) else None,
            upcoming=reader.upcoming if at + 1 == len(order) else None,
        )


def _pace_page(
    session: Session,
    site: Site,
    token: str,
    *,
    note: str = "",
    typed: dict[str, str] | None = None,
    problem: InvalidInput | None = None,
) -> HTMLResponse:
    reader = _reader(session, site, token)
    now = site.installation.clock.now()
    return site.pages.show(
        "pace.html",
        422 if problem else 200,
        **_frame(site, reader),
        **_pace_choices(reader, typed or {}, now),
        upcoming=reader.upcoming,
        in_flight=reader.in_flight,
        can_ask=_after_next_now(reader, now) is not None,
        tomorrow=local(now, reader.place.zone).date() + timedelta(days=1),
        note=note,
        typed=typed or {},
        problem=problem,
        names=FIELDS,
    )


def _pause_page(
    session: Session,
    site: Site,
    token: str,
    *,
    typed: dict[str, str] | None = None,
    problem: InvalidInput | None = None,
) -> HTMLResponse:
    reader = _reader(session, site, token)
    if reader.enrolment.state not in ("active", "paused"):
        return _pace_page(session, site, token)
    now = site.installation.clock.now()
    return site.pages.show(
        "pause.html",
        422 if problem else 200,
        **_frame(site, reader),
        upcoming=reader.upcoming,
        tomorrow=local(now, reader.place.zone).date() + timedelta(days=1),
        typed=typed or {},
        problem=problem,
    )


def _reader(session: Session, site: Site, token: str) -> Reader:
    enrolment = finding.enrolment(session, site, token)
    place = place_of(session, enrolment)
    lessons = finding.lessons_of(enrolment.course)
    dates = calendar(session, enrolment, site.installation.clock.now())
    return Reader(
        token,
        enrolment,
        place,
        lessons,
        finding.received(session, enrolment),
        [(lessons[lesson_id], local(at, place.zone)) for lesson_id, at in dates if lesson_id in lessons],
    )


def _frame(site: Site, reader: Reader) -> dict[str, Any]:
    """What every page of a reader shows around its own matter."""
    enrolment, links = reader.enrolment, site.installation.links
    return {
        "reader": reader,
        "course": enrolment.course,
        "revision": finding.revision_of(enrolment.course),
        "subscriber": enrolment.subscriber,
        "joined": local(enrolment.joined_at, reader.place.zone),
        "home": site.path(links.learn(enrolment.id)),
        "leave": site.path(links.unsubscribe(enrolment.course.list_id, enrolment.subscriber_id)),
    }


def _pace_choices(reader: Reader, typed: dict[str, str], now: datetime) -> dict[str, Any]:
    profile, cadence = reader.place.profile, reader.place.timetable.cadence
    own_days, days = days_of(cadence, profile.weekdays)
    minute = cadence.start if profile.minute is None else profile.minute
    window = Choice("", "Any time of the course’s hours") if cadence.end is not None else None
    own_hour = "" if window and profile.minute is None else str(minute)
    return {
        "evergreen": cadence.cohort_start is None,
        "own_zone": cadence.zone_mode == "subscriber",
        "paces": _paces(reader, now),
        "days": days,
        "hours": [*([window] if window else []), *hours([minute, cadence.start])],
        "places": places(now, [str(reader.place.zone)]),
        "chosen": {
            "pace": str(profile.pace),
            "day": own_days,
            "hour": own_hour,
            "zone": str(reader.place.zone),
            **typed,
        },
    }


def _paces(reader: Reader, now: datetime) -> list[tuple[Choice, str]]:
    """The paces, each with the dates that it would give (S7: the dates come first)."""
    place, cadence = reader.place, reader.place.timetable.cadence
    names = {"slower": "Slower", "normal": as_label(interval_phrase(cadence.gap)), "faster": "Faster"}
    if str(place.profile.pace) not in names:
        names[str(place.profile.pace)] = as_label(interval_phrase(int(place.profile.pace)))
    return [(Choice(pace, name), _next_two(reader, pace, now)) for pace, name in names.items()]


def _next_two(reader: Reader, pace: str, now: datetime) -> str:
    place = reader.place
    profile = replace(place.profile, pace=int(pace) if pace.isdigit() else pace)
    standing = place.standing.changed(place.timetable, profile, now)
    dates = [short_day(local(at, place.zone)) for _, at in future(place.timetable, profile, standing, now)]
    return ", then ".join(dates[:2])


def _after_next_now(reader: Reader, now: datetime) -> list[tuple[RevisionLesson, datetime]] | None:
    """What would follow if the next lesson went now; None where it cannot."""
    place = reader.place
    after = place.standing.next_now(place.timetable, place.profile, now)
    if after == place.standing:
        return None
    dates = future(place.timetable, place.profile, after, now)
    return [
        (reader.lessons[lesson_id], local(at, place.zone))
        for lesson_id, at in dates
        if lesson_id in reader.lessons
    ]


def _read_wish(reader: Reader, fields: dict[str, str]) -> dict[str, Any]:
    """The rhythm that the form asks for. What is the course's own stays the course's own."""
    profile, cadence = reader.place.profile, reader.place.timetable.cadence
    pace = fields.get("pace", str(profile.pace))
    if pace not in (*PACES, str(profile.pace)):
        raise InvalidInput("There is no such pace. Choose one of these.", field="pace")
    return {
        "zone": zone_named(fields["zone"]).key if fields.get("zone") else profile.zone,
        "minute": _read_minute(fields.get("hour"), profile.minute, cadence),
        "weekdays": _read_days(fields.get("day"), profile.weekdays, cadence),
        "pace": int(pace) if pace.isdigit() else pace,
    }


def _read_minute(text: str | None, own: int | None, cadence: Cadence) -> int | None:
    if text is None:
        return own
    if text == "":
        return None
    if not text.isdecimal() or int(text) >= MINUTES_A_DAY:
        raise InvalidInput("No day has this hour. Choose one from the list.", field="hour")
    return None if own is None and cadence.end is None and int(text) == cadence.start else int(text)


def _read_days(text: str | None, own: frozenset[int] | None, cadence: Cadence) -> frozenset[int] | None:
    if text is None or text == "keep":
        return own
    if text == "":
        return None
    if text not in tuple("0123456"):
        raise InvalidInput("No week has this day. Choose one from the list.", field="day")
    wanted = frozenset({int(text)})
    return None if own is None and wanted == cadence.weekdays else wanted


def _read_until(text: str, today: date) -> date | None:
    """The day a break ends, or None where no day was given."""
    if not text.strip():
        return None
    try:
        until = date.fromisoformat(text.strip())
    except ValueError:
        raise InvalidInput("This is no day. Write it like 2026-12-01.", field="until") from None
    if until <= today:
        raise InvalidInput("This day has passed. Choose one from tomorrow on.", field="until")
    if until > today + LONGEST_PAUSE:
        raise InvalidInput("Choose a day within two years, or leave it empty.", field="until")
    return until


def _back(site: Site, reader: Reader, done: str) -> RedirectResponse:
    """Lead to the reader's own page, so that reloading it asks for nothing again."""
    home = site.path(site.installation.links.learn(reader.enrolment.id))
    return RedirectResponse(f"{home}?done={done}", 303)
