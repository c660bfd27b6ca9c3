"""What becomes of a chunk's people: new, known or kept out; asked of the database for all of them at once."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import func, select, true
from sqlalchemy.orm import Session

from courseletter.upserting import insert
from subscribers import custom_fields
from subscribers.importing import comparing, staging
from subscribers.importing.problems import Problem
from subscribers.importing.reading import Chunk
from subscribers.importing.staging import KNOWN, MEMBERS, PEOPLE, SUPPRESSED, TAGS
from subscribers.models import MailingList, MemberStatus, Tag

SOME: Final = 5_000  # people whom we know, of whom what they were is in memory at once


@dataclass(frozen=True, slots=True)
class Decided:
    """What becomes of a chunk's people, by their rows. Who is in none of these is new."""

    known: dict[int, int]  # their subscriber
    refused: set[int]  # known, and kept out
    withheld: dict[int, str]  # the reason of their suppression
    pending: int  # of all who are not kept out: have to be asked
    kept_out: list[Problem]

    def some_known(self) -> Iterator[Sequence[int]]:
        """The rows of all who are known, some at a time: what an import changes of them is remembered."""
        rows = sorted({*self.known, *self.refused})
        for start in range(0, len(rows), SOME):
            yield rows[start : start + SOME]


def decide(session: Session, chunk: Chunk, now: datetime, *, make: bool = False) -> Decided:
    """Decide about the people of a chunk that is filled in. `make`: lists, tags and fields nobody had yet."""
    if make:
        _make(session, chunk, now)
    known: dict[int, int] = {}
    refused = set()
    if staging.look_up(session, hold=make):
        comparing.compare(session, now)
        known = dict(
            session.execute(select(KNOWN.c.row, KNOWN.c.subscriber_id).where(~KNOWN.c.kept_out)).all()
        )
        refused = set(session.scalars(select(KNOWN.c.row).where(KNOWN.c.kept_out)))
    withheld = dict(session.execute(select(SUPPRESSED.c.row, SUPPRESSED.c.reason)).all())
    kept_out: list[Problem] = [
        (part, line, email, _why(withheld.get(row)), False, [])
        for row, (part, line, email) in lines_of(session, {*refused, *withheld}).items()
    ]
    return Decided(known, refused, withheld, _pending(session), kept_out)


def _make(session: Session, chunk: Chunk, now: datetime) -> None:
    """Make the lists, tags and custom fields that the chunk names and nobody had yet."""
    lists = select(MEMBERS.c.slug).where(MEMBERS.c.slug.not_in(select(MailingList.slug))).distinct()
    for slug in session.scalars(lists).all():
        session.add(MailingList(slug=slug, name=slug.replace("-", " ").capitalize(), created_at=now))
    session.flush()
    if chunk.kinds:
        custom_fields.learn(session, chunk.kinds)
    tags = select(func.min(TAGS.c.name), TAGS.c.name_key).where(true()).group_by(TAGS.c.name_key)
    adding = insert(session, Tag).from_select(["name", "name_key"], tags)
    session.execute(adding.on_conflict_do_nothing(index_elements=["name_key"]))


def lines_of(session: Session, rows: Collection[int]) -> dict[int, tuple[str, int, str]]:
    """Part, line and address of some rows."""
    if not rows:
        return {}
    found = select(PEOPLE.c.row, PEOPLE.c.part, PEOPLE.c.line, PEOPLE.c.email).order_by(PEOPLE.c.row)
    return {row: (part, line, email) for row, part, line, email in session.execute(found) if row in rows}


def _why(reason: str | None) -> str:
    if reason is not None:
        return f"On the suppression list ({reason}), which wins over every import."
    return "Left here before. No import undoes that; only they can."


def _pending(session: Session) -> int:
    stands = select(MEMBERS.c.stands).where(MEMBERS.c.status == MemberStatus.PENDING)
    kept_out = select(KNOWN.c.row).where(KNOWN.c.kept_out)
    wanted = PEOPLE.c.row.not_in(kept_out), PEOPLE.c.row.not_in(select(SUPPRESSED.c.row))
    counted = select(func.count()).select_from(PEOPLE).where(PEOPLE.c.stands.in_(stands), *wanted)
    return session.scalar(counted) or 0
