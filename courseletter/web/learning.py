"""A reader's own page of a course: at what pace it comes, a break, what came so far."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.orm import Session

from campaigns.cadence import Cadence
from campaigns.preview import at_pace
from campaigns.schedule import Profile
from courseletter.errors import InvalidInput
from courseletter.web.choices import Choice, days_of, hours, places
from courseletter.web.moments import local
from courseletter.web.problems import Problem, told
from courseletter.web.reader import Reader, lead_back, note_of, reader_of, show
from courseletter.web.site import READ, Fields, Here, Site
from courseletter.zones import MINUTES_A_DAY, zone_named
from sender.wishes import change_rhythm, pause, resume

router = APIRouter(prefix="/learn/{token}")

PACES: Final = ("slower", "normal", "faster")
LONGEST_PAUSE: Final = timedelta(days=2 * 366)


@router.api_route("", methods=READ)
def show_pace(token: str, site: Here, request: Request) -> HTMLResponse:
    with site.installation.database.read() as session:
        return pace_page(session, site, token, query=request.query_params)


@router.post("/pace")
def save_pace(token: str, site: Here, fields: Fields) -> Response:
    now = site.installation.clock.now()
    with site.installation.database.write() as session:
        reader = reader_of(session, site, token)
        try:
            wish = _read_wish(reader, fields)
        except InvalidInput as problem:
            return pace_page(session, site, token, typed=fields, problem=told(problem, reader.speech, "hour"))
        before = reader.place.profile
        change_rhythm(session, reader.enrolment, now, **wish)
    return lead_back(site, reader, "pace" if reader.chooses else "pace_kept", **_typed(before))


@router.api_route("/pause", methods=READ)
def show_pause(token: str, site: Here) -> HTMLResponse:
    with site.installation.database.read() as session:
        return _pause_page(session, site, token)


@router.post("/pause")
def pause_course(token: str, site: Here, fields: Fields) -> Response:
    now = site.installation.clock.now()
    with site.installation.database.write() as session:
        reader = reader_of(session, site, token)
        try:
            until = read_until(fields.get("until", ""), local(now, reader.place.zone).date())
        except InvalidInput as problem:
            wrong = told(problem, reader.speech, "until")
            return _pause_page(session, site, token, typed=fields, problem=wrong)
        done = pause(session, reader.enrolment, now, until)
    return lead_back(site, reader, "paused" if done else "")


@router.post("/resume")
def resume_course(token: str, site: Here) -> Response:
    now = site.installation.clock.now()
    with site.installation.database.write() as session:
        reader = reader_of(session, site, token)
        until = reader.enrolment.paused_until
        done = resume(session, reader.enrolment, now)
    if not done:
        return lead_back(site, reader, "")
    return lead_back(site, reader, "resumed", until=until.isoformat() if until else "")


def pace_page(
    session: Session,
    site: Site,
    token: str,
    *,
    query: Mapping[str, str] | None = None,
    typed: dict[str, str] | None = None,
    problem: Problem | None = None,
) -> HTMLResponse:
    reader = reader_of(session, site, token)
    now = site.installation.clock.now()
    place = reader.place
    return show(
        site,
        reader,
        "pace.html",
        422 if problem else 200,
        **_pace_choices(reader, typed or {}, now),
        upcoming=reader.upcoming,
        in_flight=reader.in_flight,
        can_ask=place.standing.why_not_now(place.timetable, now) is None,
        tomorrow=local(now, place.zone).date() + timedelta(days=1),
        note=note_of(reader, query or {}),
        typed=typed or {},
        problem=problem,
    )


def _pause_page(
    session: Session,
    site: Site,
    token: str,
    *,
    typed: dict[str, str] | None = None,
    problem: Problem | None = None,
) -> HTMLResponse:
    reader = reader_of(session, site, token)
    if reader.enrolment.state not in ("active", "paused"):
        return pace_page(session, site, token, problem=problem)
    now = site.installation.clock.now()
    return show(
        site,
        reader,
        "pause.html",
        422 if problem else 200,
        upcoming=reader.upcoming,
        tomorrow=local(now, reader.place.zone).date() + timedelta(days=1),
        typed=typed or {},
        problem=problem,
    )


def _pace_choices(reader: Reader, typed: dict[str, str], now: datetime) -> dict[str, Any]:
    profile, cadence = reader.place.profile, reader.place.timetable.cadence
    speech = reader.speech
    own_days, days = days_of(cadence, profile.weekdays, speech)
    minute = cadence.start if profile.minute is None else profile.minute
    window = Choice("", speech.say("Any time of the course’s hours")) if cadence.end is not None else None
    own_hour = "" if window and profile.minute is None else str(minute)
    return {
        "evergreen": cadence.cohort_start is None,
        "own_zone": cadence.zone_mode == "subscriber",
        "paces": _paces(reader, now),
        "days": days,
        "hours": [*([window] if window else []), *hours([minute, cadence.start])],
        "places": places(now, [str(reader.place.zone)], speech),
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
    place, speech = reader.place, reader.speech
    cadence = place.timetable.cadence
    usual = speech.often(place.profile.weekdays or cadence.weekdays, max(cadence.gap, cadence.min_gap))
    names = {"slower": speech.say("Slower"), "normal": usual, "faster": speech.say("Faster")}
    if str(place.profile.pace) not in names:
        names[str(place.profile.pace)] = speech.interval(int(place.profile.pace))
    return [(Choice(pace, name), _next_two(reader, pace, now)) for pace, name in names.items()]


def _next_two(reader: Reader, pace: str, now: datetime) -> str:
    place, wanted = reader.place, int(pace) if pace.isdigit() else pace
    calendar = at_pace(place.timetable, place.profile, place.standing, now, wanted)
    dates = [reader.speech.short_day(local(at, place.zone)) for _, at in calendar]
    if len(dates) < 2:
        return "".join(dates)
    return reader.speech.say("%(first)s, then %(second)s", first=dates[0], second=dates[1])


def _typed(profile: Profile) -> dict[str, str]:
    """The profile as the form would say it, to go back to. "" is the course's own."""
    days = sorted(profile.weekdays or ())
    return {
        "pace": str(profile.pace),
        "day": "keep" if len(days) > 1 else "".join(map(str, days)),
        "hour": "" if profile.minute is None else str(profile.minute),
        "zone": profile.zone or "",
    }


def _read_wish(reader: Reader, fields: dict[str, str]) -> dict[str, Any]:
    """The rhythm that the form asks for. What is the course's own stays the course's own."""
    profile, cadence = reader.place.profile, reader.place.timetable.cadence
    pace = fields.get("pace", str(profile.pace))
    if pace not in (*PACES, str(profile.pace)):
        raise InvalidInput("There is no such pace. Choose one of these.", field="pace")
    return {
        "zone": _read_zone(fields.get("zone"), profile.zone),
        "minute": _read_minute(fields.get("hour"), profile.minute, cadence),
        "weekdays": _read_days(fields.get("day"), profile.weekdays, cadence),
        "pace": int(pace) if pace.isdigit() else pace,
    }


def _read_zone(text: str | None, own: str | None) -> str | None:
    if text is None:
        return own
    return zone_named(text).key if text else None


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


def read_until(text: str, today: date) -> date | None:
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
