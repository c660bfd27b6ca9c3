"""A suppression list from elsewhere, or our own export of one: whoever is on it is never written to."""

import re
from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any, Final

from courseletter.database import Database
from courseletter.errors import InvalidInput
from courseletter.spreadsheet import restored
from courseletter.upserting import insert
from subscribers.addresses import check_address
from subscribers.importing import values
from subscribers.importing.mapping import heading_key
from subscribers.importing.reading import tables_in
from subscribers.importing.tables import Problem
from subscribers.importing.values import Unreadable
from subscribers.models import Suppression, SuppressionReason
from subscribers.names import fold
from subscribers.suppression import address_hash

CHUNK: Final = 2_000
_HASH: Final = re.compile(r"[0-9a-f]{64}")
_REASONS: Final = {
    **{str(reason): reason for reason in SuppressionReason},
    "complaint": SuppressionReason.COMPLAINED,
    "spam": SuppressionReason.COMPLAINED,
    "bounce": SuppressionReason.BOUNCED,
    "hard bounce": SuppressionReason.BOUNCED,
    "unsubscribe": SuppressionReason.UNSUBSCRIBED,
}


def add_all(database: Database, path: Path, key: bytes, now: datetime) -> tuple[int, list[Problem]]:
    """Put everybody in a file on the list; returns how many were not there yet, and the rows that name
    nobody.

    A row without a reason we know is on the list by hand. Safe to repeat.
    """
    problems: list[Problem] = []
    rows, added = _rows(path, key, now, problems), 0
    while chunk := list(islice(rows, CHUNK)):
        with database.write() as session:
            adding = insert(session, Suppression).values(chunk)
            adding = adding.on_conflict_do_nothing(index_elements=["address_hash"])
            added += len(session.scalars(adding.returning(Suppression.id)).all())
    return added, problems


def _rows(path: Path, key: bytes, now: datetime, problems: list[Problem]) -> Iterator[dict[str, Any]]:
    for table, source in tables_in(path):
        names = [heading_key(heading) for heading in table.headings]
        email = next(
            (heading for heading, target in source.suggest(table.headings) if target == "email"), None
        )
        if email is None:
            raise InvalidInput("No column is the email address. Call one “email”.", field="file")
        names[table.headings.index(email)] = "email"
        for row in table.rows():
            if isinstance(row, Problem):
                problems.append(row)
                continue
            line, cells = row
            said = dict(zip(names, map(restored, cells), strict=True))
            try:
                yield _row(said, key, now)
            except InvalidInput as error:
                problems.append(Problem(line, str(error), said["email"][:200]))


def _row(said: dict[str, str], key: bytes, now: datetime) -> dict[str, Any]:
    reason = _REASONS.get(said.get("reason", "").strip().casefold(), SuppressionReason.MANUAL)
    try:
        at = values.moment(said.get("at", ""))
    except Unreadable:
        at = now
    row = {"reason": reason, "at": at, "note": said.get("note", "")[:500]}
    digest = said.get("hash", "").strip()
    if not said["email"].strip() and _HASH.fullmatch(digest):  # erased: nothing else is known of them
        return {"email": None, "address_key": None, "address_hash": digest, **row}
    address = str(check_address(said["email"]))
    told = {"email": address, "address_key": fold(address), "address_hash": address_hash(key, address)}
    return {**told, **row}
