"""Erasing many people. Nothing brings them back, so there is no undo."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from sender.erasing import erase
from subscribers.acts.doing import Doing, Kind, Outcome
from subscribers.models import Subscriber


def _erase(doing: Doing, ids: Sequence[int]) -> Outcome:
    people = select(Subscriber).where(Subscriber.id.in_(ids), Subscriber.erased_at.is_(None))
    erase(doing.session, doing.session.scalars(people).all(), doing.now, doing.key)
    return Outcome({one: {} for one in ids})


def _nothing(_session: Session, _typed: Mapping[str, str]) -> dict[str, Any]:
    return {}


ERASE: Final = Kind("erase", _erase, None, _nothing, chunk=500)
