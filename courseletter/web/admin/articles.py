"""A new course: an article is read and reviewed, days and hour are chosen, and a draft is there."""

import re
from dataclasses import replace
from datetime import datetime
from importlib.resources import files
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import exists, select
from sqlalchemy.orm import Session
from starlette.datastructures import FormData

from campaigns import drafting, posts, reviewing
from campaigns import wording as words
from campaigns.article import Article
from campaigns.cadence import Cadence
from campaigns.models import Article as ArticleRow
from campaigns.models import Course, Post
from campaigns.reading import posts_in, read_source
from campaigns.reading.sources import MOST_READ, Source, named, open_source
from campaigns.reviewing import PartKind, Plan, Review
from campaigns.schedule import Step, Timetable
from campaigns.splitting import warnings
from courseletter.errors import InvalidInput, NotFound
from courseletter.web.admin import cadences
from courseletter.web.admin.access import Marketer, MarketerUploads, MarketerWrites, Visitor
from courseletter.web.admin.cadences import Rhythm
from courseletter.web.admin.courses import timeline
from courseletter.web.admin.forms import Form, Posted, Uploaded
from courseletter.web.admin.posts import came
from courseletter.web.admin.shell import Note, Undo, lead_to, show
from courseletter.web.site import READ, Here, Site
from courseletter.zones import zone_of

router = APIRouter()

WEEKLY: Final = Cadence(weekdays=frozenset({3}), start=8 * 60)  # what the form begins with
BEGUN: Final = 100  # that the list shows
FILTERS: Final = ("all", "kept", "out")
_ADDRESS: Final = re.compile(r"https?://", re.IGNORECASE)


@router.api_route("/articles", methods=READ)
def show_begun(visitor: Marketer, site: Here, request: Request) -> HTMLResponse:
    """What was read and became no course yet, the newest first."""
    with site.installation.database.read() as session:
        begun = select(ArticleRow).where(~exists().where(Course.article_id == ArticleRow.id))
        newest = session.scalars(begun.order_by(ArticleRow.id.desc()).limit(BEGUN))
        rows = [(row, reviewing.review_of(row).title or row.title) for row in newest]
    return show(request, site, visitor, "articles.html", place="courses", rows=rows)


@router.api_route("/articles/new", methods=READ)
def show_new(visitor: Marketer, site: Here, request: Request) -> HTMLResponse:
    return _new_page(request, site, visitor, {})


@router.post("/articles")
def read_article(visitor: MarketerUploads, form: Uploaded, site: Here, request: Request) -> Response:
    """One article, or all posts of an export or a feed, to choose from."""
    opened = site.installation
    try:
        source = _source(form, site)
        form_, found = posts_in(source)
        with opened.database.write() as session:
            if len(found) > 1:
                brought = posts.bring(session, found, source.name, form_, opened.clock.now())
                return lead_to(site, "/posts", came(brought), source=source.name)
            row = drafting.add_article(session, read_source(source, form_), opened.clock.now())
    except InvalidInput as problem:
        told = InvalidInput(str(problem), field=_filled(form))
        return _new_page(request, site, visitor, form.texts(), told)
    return lead_to(site, f"/articles/{row.id}")


@router.api_route("/articles/{article_id}", methods=READ)
def show_review(
    article_id: int, visitor: Marketer, site: Here, request: Request, parts: str = "all"
) -> HTMLResponse:
    with site.installation.database.read() as session:
        row = article_row(session, article_id)
        return _review_page(request, site, visitor, row, only=parts)


@router.post("/articles/{article_id}/target")
def change_target(article_id: int, visitor: MarketerWrites, form: Posted, site: Here) -> Response:
    """Minutes a lesson should take; the plan follows."""
    with site.installation.database.write() as session:
        row = article_row(session, article_id)
        tenths = form.number("tenths")
        if tenths is None:
            raise InvalidInput("Say how many minutes a lesson should take, in tenths.", field="tenths")
        # A slider passes many places on its way, and none of them is a step to take back.
        changed = reviewing.with_target(reviewing.review_of(row), tenths / 10)
        row.review = {**(row.review or {}), **changed.to_json()}
    return lead_to(site, f"/articles/{article_id}")


@router.post("/articles/{article_id}/undo")
def undo(article_id: int, visitor: MarketerWrites, site: Here) -> Response:
    """Back to the choices before the last one; pressed again, it is made again."""
    with site.installation.database.write() as session:
        row = article_row(session, article_id)
        before = (row.review or {}).get("before")
        if before is not None:
            row.review = _stored(Review.from_json(before), row)
    return lead_to(site, f"/articles/{article_id}")


@router.post("/articles/{article_id}/parts/{key}/{act}")
def decide(
    article_id: int, key: str, act: str, visitor: MarketerWrites, form: Posted, site: Here, request: Request
) -> Response:
    """One choice about one part: toggle, title, merge or split."""
    with site.installation.database.write() as session:
        row = article_row(session, article_id)
        article, review = Article.from_dict(row.payload), reviewing.review_of(row)
        part = reviewing.part_of(article, review, key)
        match act:
            case "toggle":
                on = form.text("on") == "1"
                review = reviewing.toggled(article, review, key, on=on)
                note = f"“{part.title}” is {'in the course' if on else 'left out'}."
            case "title":
                try:
                    review = reviewing.retitled(article, review, key, form.text("title"))
                except InvalidInput as problem:
                    return _review_page(
                        request, site, visitor, row, problem=problem, typed=(key, form.text("title"))
                    )
                note = f"“{part.title}” is called “{review.titles[key]}” now."
            case "merge":
                review = reviewing.merged(article, review, key)
                note = f"“{part.title}” goes on the section before it."
            case "split":
                review = reviewing.divided(article, review, key, form.text("before"))
                note = f"“{part.title}” is divided."
            case _:
                raise NotFound("There is no such act.")
        row.review = _stored(review, row)
    path = f"/articles/{article_id}"
    return lead_to(site, path, Note(note, Undo(f"{path}/undo", {})))


@router.api_route("/articles/{article_id}/rhythm", methods=READ)
def show_rhythm(article_id: int, visitor: Marketer, site: Here, request: Request) -> HTMLResponse:
    """Days, hour and welcome. With choices in the query, the dates they give."""
    with site.installation.database.read() as session:
        row = article_row(session, article_id)
        asked = Form(FormData([*request.query_params.multi_items()])) if request.query_params else None
        return _rhythm_page(request, site, visitor, row, asked)


@router.post("/articles/{article_id}/rhythm")
def make_course(
    article_id: int, visitor: MarketerWrites, form: Posted, site: Here, request: Request
) -> Response:
    opened = site.installation
    try:
        with opened.database.write() as session:
            course, messages = _make(session, article_row(session, article_id), form, opened.clock.now())
            note = f"“{course.title}” is a draft of {messages} messages. Nobody gets anything yet."
    except InvalidInput as problem:
        with opened.database.read() as session:
            return _rhythm_page(request, site, visitor, article_row(session, article_id), form, problem)
    return lead_to(site, f"/courses/{course.id}", Note(note))


def _make(session: Session, row: ArticleRow, form: Form, now: datetime) -> tuple[Course, int]:
    """The draft, and of how many messages it is. Raises InvalidInput."""
    rhythm = cadences.read(form, WEEKLY)
    review = replace(reviewing.review_of(row), title=reviewing.checked_title(form.text("title")))
    made = reviewing.plan(Article.from_dict(row.payload), review)
    if made.refusal:
        raise InvalidInput(made.refusal, field="title")
    row.review = _stored(review, row)
    course = drafting.create_course(
        session, row, made.lessons, cadence=rhythm.cadence, zone=rhythm.zone, now=now
    )
    return course, len(made.lessons)


def article_row(session: Session, article_id: int) -> ArticleRow:
    row = session.get(ArticleRow, article_id)
    if row is None:
        raise NotFound("There is no such article.")
    return row


def _stored(review: Review, row: ArticleRow) -> dict[str, Any]:
    """The review to keep, with the one before it."""
    before = {name: value for name, value in (row.review or {}).items() if name != "before"}
    return {**review.to_json(), "before": before or Review().to_json()}


def _filled(form: Form) -> str:
    """The field of the way that was chosen."""
    if form.file("file") is not None:
        return "file"
    return "text" if form.text("text").strip() and not form.text("address").strip() else "address"


def _source(form: Form, site: Site) -> Source:
    """What was given in whichever way. Raises InvalidInput."""
    upload, address, text = form.file("file"), form.text("address").strip(), form.text("text")
    if form.text("sample"):
        return named((files("courseletter") / "examples" / "sleep.md").read_bytes(), "sleep.md")
    if upload is not None:
        return named(upload.file.read(MOST_READ + 1), upload.filename or "The file")
    if text.strip() and not address:
        return named(text.encode(), "The pasted text")
    if not address:
        raise InvalidInput("Give an address, a file or the text itself.")
    # Never a path: only what begins so is looked for in the web.
    return open_source(address if _ADDRESS.match(address) else f"https://{address}", site.fetcher)


def _new_page(
    request: Request,
    site: Site,
    visitor: Visitor,
    typed: dict[str, str],
    problem: InvalidInput | None = None,
) -> HTMLResponse:
    with site.installation.database.read() as session:
        has_posts = session.scalar(select(Post.id).limit(1)) is not None
    return show(
        request,
        site,
        visitor,
        "article_new.html",
        place="courses",
        has_posts=has_posts,
        typed=typed,
        problem=problem,
    )


def _review_page(
    request: Request,
    site: Site,
    visitor: Visitor,
    row: ArticleRow,
    *,
    only: str = "all",
    problem: InvalidInput | None = None,
    typed: tuple[str, str] = ("", ""),
) -> HTMLResponse:
    """The review. `typed`: the part whose title cannot be used, and what was typed for it."""
    review = reviewing.review_of(row)
    plan = reviewing.plan(Article.from_dict(row.payload), review)
    kept = [part for part in plan.parts if part.on]
    shown = {"all": plan.parts, "kept": kept, "out": [part for part in plan.parts if not part.on]}
    only = only if only in FILTERS else "all"
    return show(
        request,
        site,
        visitor,
        "review.html",
        place="courses",
        problem=problem,
        typed=typed,
        row=row,
        review=review,
        plan=plan,
        parts=shown[only],
        only=only,
        counts={"all": len(plan.parts), "kept": len(kept), "out": len(plan.parts) - len(kept)},
        first=next((part.key for part in plan.parts if part.kind is PartKind.SECTION), ""),
        lessons=_lessons(plan),
        longest=max((one.minutes for one in plan.lessons), default=0),
        remarks=warnings(plan.article, plan.lessons, reviewing.settings_of(review)),
        sure=reviewing.SURE,
        tenths=round(review.target * 10),
        step=2,
    )


def _lessons(plan: Plan) -> list[tuple[str, str, int, bool]]:
    """(label, title, minutes, longer than the rest) of each message."""
    usual = sorted(one.minutes for one in plan.lessons)[len(plan.lessons) // 2] if plan.lessons else 0
    return [
        (
            "Welcome" if one.kind == "welcome" else f"Lesson {number}",
            words.shown(one.title),
            max(1, round(one.minutes)),
            one.minutes > 1.6 * usual and one.minutes > 1.5,
        )
        for number, one in enumerate(plan.lessons)
    ]


def _rhythm_page(
    request: Request,
    site: Site,
    visitor: Visitor,
    row: ArticleRow,
    form: Form | None = None,
    problem: InvalidInput | None = None,
) -> HTMLResponse:
    opened, now = site.installation, site.installation.clock.now()
    plan = reviewing.plan(Article.from_dict(row.payload), reviewing.review_of(row))
    rhythm = Rhythm(WEEKLY, opened.settings.timezone)
    doubt = problem
    if form is not None and problem is None:
        try:
            rhythm = cadences.read(form, WEEKLY)
        except InvalidInput as error:
            doubt = error
    return show(
        request,
        site,
        visitor,
        "rhythm.html",
        place="courses",
        row=row,
        plan=plan,
        lessons=_lessons(plan),
        title=form.text("title") if form else plan.article.title,
        **cadences.shown(rhythm, now, form),
        stops=_stops(plan, rhythm, now),
        course_zone=rhythm.zone,
        problem=problem,
        doubt=doubt,
        names=cadences.NAMES,
        step=3,
    )


def _stops(plan: Plan, rhythm: Rhythm, now: datetime) -> list[Any]:
    """The way of somebody who signs up now, before there is a course."""
    steps = tuple(Step(str(n), None, one.kind == "welcome") for n, one in enumerate(plan.lessons))
    timetable = Timetable(rhythm.zone, steps, rhythm.cadence)
    return timeline(timetable, zone_of(rhythm.zone), now, {step.id for step in steps})
