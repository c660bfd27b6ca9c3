"""Courses: the list, one course with its lessons and people, its settings, pausing it."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from campaigns import brand_editing, comparing, counting, history, links, publishing
from campaigns.brands import FIRST
from campaigns.cadence import Cadence
from campaigns.comparing import Change, Edit
from campaigns.counting import Crowd
from campaigns.drafting import draft_timetable
from campaigns.enrolling import timetable_of
from campaigns.models import Article, Course, Lesson
from campaigns.preview import simulate
from campaigns.rules import rules
from campaigns.schedule import Profile, Timetable
from campaigns.slots import instant
from courseletter.errors import InvalidInput, NotFound
from courseletter.web.admin import cadences
from courseletter.web.admin.access import Marketer, MarketerWrites, Visitor
from courseletter.web.admin.cadences import Rhythm
from courseletter.web.admin.forms import Form, Posted
from courseletter.web.admin.shell import Note, lead_to, show
from courseletter.web.choices import Choice
from courseletter.web.site import READ, Here, Site
from courseletter.zones import zone_of
from sender import pausing
from subscribers.addresses import check_header_text

router = APIRouter()

DAY: Final = timedelta(days=1)
PACES: Final = ("slower", "normal", "faster")
_RULES: Final = {
    "At": "another hour",
    "Sends on": "other days",
    "Zone": "another zone",
    "Title": "its title",
    "Brand": "another brand",
}
WHERE: Final = ("Sends on", "At", "Zone", "Start", "Pace", "Quiet hours", "Holidays")


@dataclass(frozen=True, slots=True)
class Row:
    """A lesson on the rail."""

    lesson: Lesson
    number: int  # 0 is the welcome
    when: str
    waiting: int  # get it next
    live: bool
    edited: bool


@dataclass(frozen=True, slots=True)
class Stop:
    """A day on the way of somebody who signs up now."""

    mark: str  # W, 1, 2 ... or nothing on a holiday
    at: datetime | None
    day: date
    live: bool = True


@router.api_route("/courses", methods=READ)
def show_courses(visitor: Marketer, site: Here, request: Request) -> HTMLResponse:
    with site.installation.database.read() as session:
        courses = session.scalars(
            select(Course).where(Course.kind == "course").order_by(Course.title, Course.id)
        ).all()
        crowds = counting.crowds(session)
        rows = [
            (one, Cadence.from_json(one.cadence).phrase(), crowds.get(one.id, Crowd())) for one in courses
        ]
        begun = session.scalar(
            select(func.count()).select_from(Article).where(~exists().where(Course.article_id == Article.id))
        )
    return show(request, site, visitor, "courses.html", place="courses", rows=rows, begun=begun)


@router.api_route("/courses/{course_id}", methods=READ)
def show_course(
    course_id: str, visitor: Marketer, site: Here, request: Request, dates: str = "draft"
) -> HTMLResponse:
    with site.installation.database.read() as session:
        course = course_of(session, course_id)
        return _page(request, site, visitor, session, course, dates=dates)


@router.api_route("/courses/{course_id}/paces", methods=READ)
def show_paces(course_id: str, visitor: Marketer, site: Here, request: Request) -> HTMLResponse:
    """At what pace people go. The course's page takes it from here when asked: everybody is looked at."""
    with site.installation.database.read() as session:
        course = course_of(session, course_id)
        counts = counting.paces(session, course.id)
    return show(request, site, visitor, "paces.html", place="courses", course=course, paces=_in_words(counts))


@router.post("/courses/{course_id}/pause")
def pause(course_id: str, visitor: MarketerWrites, site: Here) -> Response:
    title = _title(site, course_id)
    pausing.pause_course(site.installation.database, course_id, site.installation.clock.now())
    note = Note(f"“{title}” is paused. Nobody loses their place.")
    return lead_to(site, f"/courses/{course_id}", note)


@router.post("/courses/{course_id}/resume")
def resume(course_id: str, visitor: MarketerWrites, site: Here) -> Response:
    title = _title(site, course_id)
    pausing.resume_course(site.installation.database, course_id, site.installation.clock.now())
    note = Note(f"“{title}” goes on. Whoever waited gets the next lesson on their next day.")
    return lead_to(site, f"/courses/{course_id}", note)


@router.api_route("/courses/{course_id}/settings", methods=READ)
def show_settings(course_id: str, visitor: Marketer, site: Here, request: Request) -> HTMLResponse:
    with site.installation.database.read() as session:
        course = course_of(session, course_id)
        return _settings_page(request, site, visitor, session, course)


@router.post("/courses/{course_id}/settings")
def save_settings(
    course_id: str, visitor: MarketerWrites, form: Posted, site: Here, request: Request
) -> Response:
    with site.installation.database.write() as session:
        course = course_of(session, course_id)
        try:
            rhythm = cadences.read(form, Cadence.from_json(course.cadence))
            title = checked_title(form.text("title"))
            brand_id = _brand_id(session, site, form, course)
        except InvalidInput as problem:
            return _settings_page(request, site, visitor, session, course, form, problem)
        course.title, course.zone = title, rhythm.zone
        if clicks := form.text("clicks"):
            links.track_clicks(session, course, clicks == "count")
        course.cadence = rhythm.cadence.to_json()
        brand_editing.choose(course, brand_id)
        published = course.revision is not None
    rest = " Learners see nothing of it before you publish." if published else ""
    return lead_to(site, f"/courses/{course_id}", Note(f"The settings are saved.{rest}"))


def _brand_id(session: Session, site: Site, form: Form, course: Course) -> str:
    """The brand that was chosen; where there is but one, the form does not ask."""
    chosen = form.text("brand", course.brand_id or FIRST)
    if all(one.id != chosen for one in site.installation.brands.every(session)):
        raise InvalidInput("This brand is gone. Choose one that is there.", field="brand")
    return chosen


def course_of(session: Session, course_id: str) -> Course:
    course = session.get(Course, course_id)
    if course is None or course.kind != "course":
        raise NotFound("There is no such course.")
    return course


def checked_title(text: str) -> str:
    title = " ".join(text.split())
    if not title:
        raise InvalidInput("A course needs a title: it stands on the sign-up page.", field="title")
    if len(title) > 200:
        raise InvalidInput("This title is longer than 200 characters. Shorten it.", field="title")
    return check_header_text(title, "title")


def timeline(timetable: Timetable, zone: ZoneInfo, now: datetime, live: set[str]) -> list[Stop]:
    """The way of somebody who signs up now, in the course's own zone, and the holidays in it."""
    welcomes = {step.id for step in timetable.steps if step.welcome}
    stops: list[Stop] = []
    number = 0
    for lived in simulate(timetable, Profile(zone.key), now):
        number += lived.lesson not in welcomes
        at = lived.at.astimezone(zone)
        mark = "W" if lived.lesson in welcomes else str(number)
        stops.append(Stop(mark, at, at.date(), lived.lesson in live))
    if not stops:
        return []
    cadence, last = timetable.cadence, stops[-1].day
    rests = [
        Stop("", None, day)
        for day in cadence.holidays
        if stops[0].day < day < last and day.weekday() in cadence.weekdays
    ]
    return sorted([*stops, *rests], key=lambda stop: stop.day)


def _in_words(counts: dict[str, int]) -> list[tuple[str, int]]:
    """The three paces, then who has chosen days of their own."""
    named = [(name.capitalize(), counts.get(name, 0)) for name in PACES]
    own = sum(count for pace, count in counts.items() if pace not in PACES)
    return [*named, ("Days of their own", own)]


def _title(site: Site, course_id: str) -> str:
    with site.installation.database.read() as session:
        return course_of(session, course_id).title


def _page(
    request: Request,
    site: Site,
    visitor: Visitor,
    session: Session,
    course: Course,
    *,
    dates: str = "draft",
) -> HTMLResponse:
    now, revision = site.installation.clock.now(), course.revision
    crowd, waiting = counting.crowd_of(session, course.id), counting.waiting_for(session, course.id)
    brand = site.installation.brands.of(session, course)
    edits = [*comparing.edits(course), *comparing.rebranded(course, brand)]
    rows = _rows(course, edits, waiting)
    as_published = dates == "published" and revision is not None
    timetable = timetable_of(course) if as_published else draft_timetable(course)
    live = {one.lesson_id for one in revision.lessons} if revision else {one.id for one in course.lessons}
    zone = zone_of(timetable.zone)
    today = now.astimezone(zone_of(site.installation.settings.timezone)).date()
    yesterday = instant(today - DAY, 0, zone), instant(today, 0, zone)
    return show(
        request,
        site,
        visitor,
        "course.html",
        place="courses",
        course=course,
        revision=revision,
        moving=history.unfinished(session, course.id),
        tab="lessons",
        crowd=crowd,
        rows=rows,
        fullest=max((row.waiting for row in rows), default=0),
        joined=counting.joined_between(session, *yesterday, course.id),
        edits=edits,
        edited=summary(edits),
        rules=_rules(course, edits),
        stops=timeline(timetable, zone, now, live),
        as_published=as_published,
        zone=zone.key,
    )


def _settings_page(
    request: Request,
    site: Site,
    visitor: Visitor,
    session: Session,
    course: Course,
    form: Form | None = None,
    problem: InvalidInput | None = None,
) -> HTMLResponse:
    now, cadence = site.installation.clock.now(), Cadence.from_json(course.cadence)
    return show(
        request,
        site,
        visitor,
        "course_settings.html",
        place="courses",
        course=course,
        revision=course.revision,
        tab="settings",
        title=form.text("title") if form else course.title,
        brands=[Choice(one.id, one.brand.name) for one in site.installation.brands.every(session)],
        chosen_brand=form.text("brand") if form else course.brand_id or FIRST,
        keep_days=site.installation.settings.clicks.keep_days,
        tracked=form.text("clicks") == "count" if form else course.tracks_clicks,
        **cadences.shown(Rhythm(cadence, course.zone), now, form),
        problem=problem,
        names=cadences.NAMES,
    )


def _rows(course: Course, edits: list[Edit], waiting: dict[str, int]) -> list[Row]:
    gap = Cadence.from_json(course.cadence).gap
    new = {edit.lesson for edit in edits if edit.change is Change.NEW}
    edited = {edit.lesson for edit in edits if edit.change is Change.EDITED}
    return [
        Row(
            lesson,
            number,
            _when(lesson, number, gap),
            waiting.get(lesson.id, 0),
            live=course.revision is not None and lesson.id not in new,
            edited=lesson.id in edited,
        )
        for number, lesson in publishing.numbered(course)
    ]


def _when(lesson: Lesson, number: int, gap: int) -> str:
    if lesson.kind == "welcome":
        return "Welcome, at once after sign-up"
    days = lesson.gap_days or gap
    later = f"{days} {'day' if days == 1 else 'days'}"
    if number == 1 and lesson.gap_days is None:
        return f"{later} or less after the welcome"
    return f"{later} later"


def _rules(course: Course, edits: list[Edit]) -> list[tuple[str, str, str]]:
    """(rule, what it is in force, what the draft says where that differs)."""
    changed = {edit.name: edit for edit in edits if edit.change is Change.RULE}
    now = rules(Cadence.from_json(course.cadence), course.zone)
    return [
        (
            name,
            changed[name].old if name in changed else now[name],
            changed[name].new if name in changed else "",
        )
        for name in now
        if name in WHERE or name in changed
    ]


def summary(edits: list[Edit]) -> str:
    """The edits in one sentence."""
    parts = []
    for change, one, many in (
        (Change.NEW, "the new lesson {}", "{} new lessons"),
        (Change.REMOVED, "{} taken out", "{} lessons taken out"),
        (Change.MOVED, "{} moved", "{} lessons moved"),
        (Change.EDITED, "new words in {}", "new words in {} lessons"),
    ):
        names = [edit.name for edit in edits if edit.change is change]
        if names:
            parts.append(one.format(f"“{names[0]}”") if len(names) == 1 else many.format(len(names)))
    for edit in edits:
        if edit.change is Change.RULE:
            parts.append(_RULES.get(edit.name, f"{edit.name[0].lower()}{edit.name[1:]}"))
    text = ", ".join(parts[:-1]) + (" and " if len(parts) > 1 else "") + (parts[-1] if parts else "")
    return f"{text[:1].upper()}{text[1:]}."
