"""Who has a lesson open: their page says so again and again, and who falls silent has gone."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from campaigns.models import Lesson, Presence

SILENCE: Final = timedelta(seconds=50)  # after which somebody has gone: two missed beats and a slow one
WRITING: Final = timedelta(minutes=1)  # since their last save


def mark(session: Session, lesson: Lesson, user_id: int, name: str, now: datetime) -> None:
    """This person has the lesson open now."""
    session.execute(delete(Presence).where(Presence.lesson_id == lesson.id, Presence.seen_at < now - SILENCE))
    session.merge(Presence(lesson_id=lesson.id, user_id=user_id, name=name, seen_at=now))


def told(session: Session, lesson: Lesson, user_id: int, now: datetime) -> str:
    """`Marek is writing. Ines is reading`: who else has it open; "" where nobody else has."""
    here = select(Presence.name).where(
        Presence.lesson_id == lesson.id, Presence.user_id != user_id, Presence.seen_at >= now - SILENCE
    )
    names = session.scalars(here.order_by(Presence.name)).all()
    wrote = lesson.saved_at is not None and lesson.saved_at >= now - WRITING
    writing = [name for name in names if wrote and name == lesson.saved_by]
    reading = [name for name in names if name not in writing]
    return ". ".join(
        _sentence(who, verb) for who, verb in ((writing, "writing"), (reading, "reading")) if who
    )


def _sentence(names: list[str], verb: str) -> str:
    listed = ", ".join(names[:-1]) + (" and " if len(names) > 1 else "") + names[-1]
    return f"{listed} {'is' if len(names) == 1 else 'are'} {verb}"
