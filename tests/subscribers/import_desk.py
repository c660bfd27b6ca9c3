"""A desk where tests import files: each test names its file's text, and reads what became of the people."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select

from courseletter.clock import MovableClock
from courseletter.database import Database
from subscribers import tags
from subscribers.importing import running, undoing
from subscribers.importing.mapping import ImportSettings
from subscribers.importing.models import Import, ImportProblem
from subscribers.importing.problems import Problem
from subscribers.importing.reading import tables_in
from subscribers.importing.running import Importer, Progress, Watch
from subscribers.models import ConsentEntry, MailingList, Membership, Subscriber, Suppression
from subscribers.names import fold

KEY = b"a secret for tests, 32 bytes long"


class Desk:
    """Imports into the list `letter` of one database."""

    def __init__(self, database: Database, folder: Path, now: datetime) -> None:
        self.database = database
        self.clock = MovableClock(now)
        self.folder = folder
        self.importer = Importer(database, KEY, self.clock)
        with database.write() as session:
            session.add(MailingList(slug="letter", name="Letter", created_at=now))

    def file(self, content: str | bytes, name: str = "list.csv") -> Path:
        path = self.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def settings(self, path: Path, **chosen: Any) -> ImportSettings:
        columns: dict[str, str] = {}
        tables = tables_in(path)
        for table, source in tables:
            columns |= {**dict(source.suggest(table.headings)), **columns}
        columns |= chosen.pop("columns", {})
        return ImportSettings(tables[0][1].key, tuple(columns.items()), **{"list_slug": "letter", **chosen})

    def begin(self, path: Path, **chosen: Any) -> int:
        settings = self.settings(path, **chosen)
        with self.database.write() as session:
            return running.begin(session, path, path.name, settings, "Ana", self.clock.now()).id

    def bring(self, content: str | bytes | Path, name: str = "list.csv", **chosen: Any) -> Import:
        path = content if isinstance(content, Path) else self.file(content, name)
        return self.importer.carry_out(self.begin(path, **chosen))

    def try_out(
        self, content: str | bytes | Path, name: str = "list.csv", **chosen: Any
    ) -> tuple[Progress, list[Problem]]:
        path = content if isinstance(content, Path) else self.file(content, name)
        told: list[Problem] = []
        return self.importer.try_out(path, self.settings(path, **chosen), lambda _: None, told.extend), told

    def undo(self, import_id: int, watch: Watch = lambda _: None) -> dict[str, int]:
        counts = undoing.take_back(self.database, import_id, self.clock, watch=watch).counts
        told = (undoing.TAKEN_BACK, undoing.RESTORED, undoing.KEPT)
        return {name: counts[name] for name in told if counts.get(name)}

    def person(self, email: str) -> Subscriber:
        with self.database.read() as session:
            return session.scalars(select(Subscriber).where(Subscriber.address_key == fold(email))).one()

    def emails(self) -> list[str]:
        with self.database.read() as session:
            return list(session.scalars(select(Subscriber.email).order_by(Subscriber.id)))

    def statuses(self) -> dict[str, str]:
        """Everybody's status on the list."""
        found = select(Subscriber.email, Membership.status).join(Membership).order_by(Subscriber.id)
        with self.database.read() as session:
            return dict(session.execute(found).all())

    def suppressed(self) -> dict[str, str]:
        found = select(Suppression.email, Suppression.reason).order_by(Suppression.id)
        with self.database.read() as session:
            return {email or "": reason for email, reason in session.execute(found)}

    def ledger(self, email: str) -> Sequence[ConsentEntry]:
        lines = select(ConsentEntry).where(ConsentEntry.subscriber_id == self.person(email).id)
        with self.database.read() as session:
            return session.scalars(lines.order_by(ConsentEntry.id)).all()

    def tags(self, email: str) -> list[str]:
        with self.database.read() as session:
            return list(tags.of(session, self.person(email)))

    def problems(self, import_id: int) -> list[tuple[int, str]]:
        """Line and reason of every row that was not taken, or not whole."""
        found = select(ImportProblem.line, ImportProblem.reason).where(ImportProblem.import_id == import_id)
        with self.database.read() as session:
            return list(session.execute(found.order_by(ImportProblem.id)).all())
