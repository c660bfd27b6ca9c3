"""Whether a course counts clicks, and on which links: a row for each address of a revision's lesson."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from campaigns.models import Course, Link, Revision
from courseletter.upserting import insert
from templates.click_links import addresses
from templates.compiled import CompiledLesson


def track_clicks(session: Session, course: Course, tracked: bool) -> None:
    """Count clicks on mails written from now on, or on none of them."""
    course.tracks_clicks = tracked
    if tracked and course.revision is not None:
        store_links(session, course.revision)


def store_links(session: Session, revision: Revision) -> None:
    """Give every address that a revision's lessons link to its id. Repeating it changes nothing."""
    rows = [
        {"revision_id": revision.id, "lesson_id": lesson.lesson_id, "address": address}
        for lesson in revision.lessons
        for address in addresses(CompiledLesson.from_json(lesson.compiled))
    ]
    if rows:
        session.execute(insert(session, Link).on_conflict_do_nothing(), rows)


def links_of(session: Session, revision_id: int, lesson_id: str) -> dict[str, int]:
    """The ids of a lesson's stored links by their addresses; none where clicks were never counted."""
    wanted = select(Link.address, Link.id).where(Link.revision_id == revision_id, Link.lesson_id == lesson_id)
    return dict(session.execute(wanted).all())
