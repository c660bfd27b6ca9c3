"""Posts that exports and feeds brought along: found again, and reviewed as articles."""

from dataclasses import replace
from pathlib import Path
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import func, select

from campaigns import posts
from campaigns.models import Post
from campaigns.posts import Brought
from campaigns.reading import posts_in
from campaigns.reading.sources import Source, open_source
from courseletter.errors import InvalidInput, NotFound
from courseletter.web.admin.access import AdminWrites, Marketer, MarketerWrites
from courseletter.web.admin.imports import import_of
from courseletter.web.admin.shell import Note, lead_to, show
from courseletter.web.admin.subscribers import is_number
from courseletter.web.site import READ, Here
from subscribers.importing.models import Import

router = APIRouter()

SHOWN: Final = 50  # of a page


@router.api_route("/posts", methods=READ)
def show_posts(
    visitor: Marketer, site: Here, request: Request, q: str = "", source: str = "", after: str = ""
) -> HTMLResponse:
    """The newest first. `source`: those of one file alone; `after`: so many are passed over."""
    passed = int(after) if is_number(after) else 0
    wanted = posts.named(q[:200])
    if source:
        wanted &= Post.source == source
    columns = (Post.id, Post.title, Post.language, Post.minutes, Post.published_at, Post.source)
    newest = (
        select(*columns, Post.article_id)
        .where(wanted)
        .order_by(Post.published_at.desc().nulls_last(), Post.id)
    )
    with site.installation.database.read() as session:
        rows = session.execute(newest.offset(passed).limit(SHOWN)).all()
        total = session.scalar(select(func.count(Post.id)).where(wanted)) or 0
        sources = session.scalars(select(Post.source).distinct().order_by(Post.source)).all()
    return show(
        request,
        site,
        visitor,
        "posts.html",
        place="courses",
        q=q,
        source=source,
        sources=sources,
        rows=rows,
        total=total,
        passed=passed,
        shown=SHOWN,
    )


@router.post("/posts/{post_id}/review")
def review_post(post_id: str, visitor: MarketerWrites, site: Here) -> Response:
    """Read a post as an article: where it was begun before, what was chosen then."""
    if not is_number(post_id):
        raise NotFound("There is no such post.")
    opened = site.installation
    try:
        with opened.database.write() as session:
            row = posts.to_article(session, int(post_id), opened.clock.now())
    except InvalidInput as problem:
        return lead_to(site, "/posts", Note(str(problem)))
    return lead_to(site, f"/articles/{row.id}")


@router.post("/subscribers/imports/{import_id}/posts")
def bring_posts(import_id: str, visitor: AdminWrites, site: Here) -> Response:
    """Take the posts out of a file whose people are imported."""
    opened = site.installation
    with opened.database.read() as session:
        row = import_of(session, import_id)
    try:
        form, found = posts_in(_file_of(row))
        with opened.database.write() as session:
            brought = posts.bring(session, found, row.name, form, opened.clock.now())
    except InvalidInput as problem:
        return lead_to(site, f"/subscribers/imports/{row.id}", Note(str(problem)))
    return lead_to(site, "/posts", came(brought), source=row.name)


def _file_of(row: Import) -> Source:
    """The file of an import, by the name that people know. Raises InvalidInput where it is not kept."""
    if not Path(row.path).is_file():
        raise InvalidInput("The file is not kept any more. Choose it again under New course.")
    return replace(open_source(row.path), name=row.name)


def came(brought: Brought) -> Note:
    many = f"{brought.new + brought.known:,} posts"
    return Note(
        f"{many} are here to choose from." if brought.new else f"{many} were here before, and are up to date."
    )
