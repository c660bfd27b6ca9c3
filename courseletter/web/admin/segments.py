"""Segments: a question about people, built of conditions, counted as it changes, saved under a name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.datastructures import QueryParams
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from campaigns.models import Course, RevisionLesson
from courseletter.errors import InvalidInput, NotFound
from courseletter.web.admin.access import Marketer, MarketerWrites, Visitor
from courseletter.web.admin.forms import Posted
from courseletter.web.admin.shell import Note, lead_to, show
from courseletter.web.admin.subscribers import is_number
from courseletter.web.site import READ, Here, Site
from sender.segmenting import COMPILERS
from sender.segmenting import HOWS as ABOVE
from subscribers import custom_fields, estimating, segments, tags
from subscribers.estimating import Sample
from subscribers.listing import counted, page
from subscribers.models import MailingList, Segment, Subscriber
from subscribers.segments import Condition, Rule

router = APIRouter()

HOWS: Final[Mapping[str, Mapping[str, str]]] = {**segments.HOWS, **ABOVE}
FOUND: Final = 25
FEW: Final = 1_000  # people who are left are told; of more, that there are
TAGS: Final = 200  # offered
NO_VALUE: Final = ("set", "unset")
PLAIN: Final = {
    "field:email": "Email",
    "field:first_name": "First name",
    "field:last_name": "Last name",
    "field:language": "Language",
    "field:zone": "Time zone",
    "since:": "On the list since",
}


NTH: Final = ("first", "second", "third", "fourth", "fifth")


@dataclass(frozen=True, slots=True)
class Row:
    """One condition as the form has it: a subject like `tag:VIP`, how, and a value where one is asked for."""

    subject: str
    how: str
    value: str

    @property
    def about(self) -> str:
        return self.subject.partition(":")[0]

    @property
    def hows(self) -> Mapping[str, str]:
        return HOWS.get(self.about, {})

    @property
    def asks_value(self) -> bool:
        return self.about in ("field", "since", "mail", "click") and self.how not in NO_VALUE

    def condition(self) -> Condition:
        return Condition(
            self.about, self.subject.partition(":")[2], self.how or next(iter(self.hows), ""), self.value
        )


@router.api_route("/segments", methods=READ)
def build(visitor: Marketer, site: Here, request: Request) -> HTMLResponse:
    return _page(request, site, visitor, request.query_params)


@router.api_route("/segments/{segment_id}", methods=READ)
def show_segment(segment_id: str, visitor: Marketer, site: Here, request: Request) -> Response:
    with site.installation.database.read() as session:
        found = session.get(Segment, int(segment_id)) if is_number(segment_id) else None
    if found is None:
        raise NotFound("There is no segment with this number.")
    rule = Rule.from_json(found.rule)
    typed = {"any": "yes" if rule.any else "", "name": found.name}
    for place, one in enumerate(rule.conditions):
        typed |= {
            f"subject-{place}": f"{one.about}:{one.what}",
            f"how-{place}": one.how,
            f"value-{place}": one.value,
        }
    return _page(request, site, visitor, typed)


@router.post("/segments")
def save(visitor: MarketerWrites, form: Posted, site: Here, request: Request) -> Response:
    opened, typed = site.installation, form.texts()
    rule, now = _rule(typed), opened.clock.now()
    try:
        with opened.database.write() as session:
            segments.compiled(session, rule, now, COMPILERS)
            row = segments.save(session, typed.get("name", ""), rule, now)
    except InvalidInput as problem:
        return _page(request, site, visitor, typed, problem)
    return lead_to(
        site, f"/segments/{row.id}", Note(f"“{row.name}” is saved. Who is in it changes by itself.")
    )


def _rows(typed: Mapping[str, str] | QueryParams) -> list[Row]:
    """The conditions that were chosen, in their order; one whose subject was taken out is gone."""
    rows = []
    for place in range(segments.MOST + 1):
        subject = typed.get(f"subject-{place}", "")
        if subject:
            rows.append(Row(subject, typed.get(f"how-{place}", ""), typed.get(f"value-{place}", "")))
    return [
        one if one.how in one.hows else Row(one.subject, next(iter(one.hows), ""), one.value) for one in rows
    ]


def _rule(typed: Mapping[str, str] | QueryParams) -> Rule:
    """What is asked so far: a condition whose value is still to be typed asks nothing yet."""
    asked = (one for one in _rows(typed) if one.value.strip() or not one.asks_value)
    return Rule(tuple(one.condition() for one in asked), typed.get("any") == "yes")


@dataclass(frozen=True, slots=True)
class Culprit:
    """The condition that takes out the last people of those before it, and the address without it."""

    nth: str
    people: int
    without: str


def _culprit(session: Session, rows: Sequence[Row], rule: Rule, now: datetime) -> Culprit | None:
    """Of conditions that nobody meets all of. None: there is one alone, or any of them would do."""
    left = counted(session, segments.compiled(session, Rule(), now), FEW)
    if rule.any or len(rule.conditions) < 2 or len(rule.conditions) != len(rows):
        return None
    for place in range(len(rows)):
        narrower = Rule(rule.conditions[: place + 1])
        found = counted(session, segments.compiled(session, narrower, now, COMPILERS), FEW)
        if not found:
            nth = NTH[place] if place < len(NTH) else f"{place + 1}th"
            return Culprit(nth, left, urlencode(_query([*rows[:place], *rows[place + 1 :]])))
        left = found
    return None


def _query(rows: Sequence[Row]) -> dict[str, str]:
    """These conditions as the form sends them."""
    return {
        f"{name}-{place}": value
        for place, one in enumerate(rows)
        for name, value in (("subject", one.subject), ("how", one.how), ("value", one.value))
    }


@dataclass(frozen=True, slots=True)
class Found:
    """Who matches, of how many. `roughly`: as far as a sample tells; then `people` are some of it."""

    matching: int = 0
    total: int = 0
    people: Sequence[Subscriber] = ()
    more: bool = False
    culprit: Culprit | None = None
    roughly: bool = False


def _exactly(session: Session, rows: Sequence[Row], rule: Rule, now: datetime) -> Found:
    wanted = segments.compiled(session, rule, now, COMPILERS)
    newest = page(session, wanted, FOUND)
    return Found(
        segments.count(session, wanted),
        segments.count(session, segments.compiled(session, Rule(), now)),
        newest.people,
        newest.later is not None,
        None if newest.people else _culprit(session, rows, rule, now),
    )


def _roughly(session: Session, sample: Sample, rule: Rule, now: datetime) -> Found:
    drawn = select(Subscriber.id).where(sample.has(Subscriber.id))
    everybody = segments.compiled(session, Rule(), now)
    wanted = segments.compiled(session, rule, now, COMPILERS)
    matching = session.scalars(drawn.where(wanted)).all()
    total = session.scalars(drawn.where(everybody)).all()
    some = page(session, Subscriber.id.in_(sorted(matching)[-FOUND:]), FOUND)
    return Found(sample.scaled(len(matching)), sample.scaled(len(total)), some.people, roughly=True)


def _page(
    request: Request,
    site: Site,
    visitor: Visitor,
    typed: Mapping[str, str] | QueryParams,
    problem: InvalidInput | None = None,
) -> HTMLResponse:
    opened, rows, found = site.installation, _rows(typed), Found()
    with opened.database.read() as session:
        now = opened.clock.now()
        sample = None if typed.get("exact") == "yes" else estimating.draw(session)
        try:
            if sample is None:
                found = _exactly(session, rows, _rule(typed), now)
            else:
                found = _roughly(session, sample, _rule(typed), now)
        except InvalidInput as wrong:
            problem = problem or wrong
        subjects = _subjects(session)
        saved = segments.every(session)
    return show(
        request,
        site,
        visitor,
        "segments.html",
        place="subscribers",
        rows=[*rows, Row("", "", "")],
        any=typed.get("any") == "yes",
        name=typed.get("name", ""),
        subjects=subjects,
        saved=saved,
        found=found,
        problem=problem,
    )


def _subjects(session: Session) -> dict[str, dict[str, str]]:
    """What may be asked about, by group: value of the select -> its words."""
    fields = custom_fields.kinds(session)
    lists = session.execute(select(MailingList.slug, MailingList.name).order_by(MailingList.name)).all()
    courses = session.scalars(
        select(Course).where(Course.revision_id.is_not(None)).order_by(Course.title)
    ).all()
    found = {
        "A person": {**PLAIN, **{f"field:{one}": one for one in fields}},
        "Tag": {f"tag:{name}": name for name in tags.names(session, TAGS)},
        "List": {f"list:{slug}": name for slug, name in lists},
        "Course": {f"course:{one.slug}": one.title for one in courses},
    }
    for course in courses:
        lessons = select(RevisionLesson.lesson_id, RevisionLesson.title).where(
            RevisionLesson.revision_id == course.revision_id
        )
        ordered = session.execute(lessons.order_by(RevisionLesson.position)).all()
        found[f"Lesson of {course.title}"] = {f"lesson:{one}": title for one, title in ordered}
    found["Mail"] = {"mail:": "Any mail", "click:": "Any link"}
    return {group: choices for group, choices in found.items() if choices}
