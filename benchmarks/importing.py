"""A list brought over and taken out again: rows generated, imported with consent and tags, exported, on
both databases.

`python -m benchmarks.importing [rows]`. Peaks of memory are of this process and of the one that reads the
file.
"""

import json
import resource
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from time import perf_counter, process_time
from typing import Any

from benchmarks.databases import postgresql, sqlite
from courseletter.clock import SystemClock
from courseletter.database import Database
from subscribers.exporting import writing
from subscribers.exporting.forms import Form
from subscribers.exporting.layouts import OWN
from subscribers.exporting.records import People
from subscribers.importing import running
from subscribers.importing.mapping import ImportSettings
from subscribers.importing.reading import tables_in
from subscribers.importing.running import Importer
from subscribers.models import MailingList

KEY = b"a secret for benchmarks, 32 bytes"
HEAD = "Email Address,First Name,Last Name,OPTIN_TIME,OPTIN_IP,CONFIRM_TIME,CONFIRM_IP,TIMEZONE,LEID,TAGS"
TAGS = ("pain", "clinic", "spring", "webinar", "vip")


def generate(path: Path, rows: int) -> None:
    """A Mailchimp export of so many people, each with evidence of consent and two tags."""
    random = Random(5)
    with path.open("w", encoding="utf-8") as file:
        file.write(HEAD + "\n")
        for row in range(rows):
            name, domain = f"name{random.getrandbits(12)}", f"firm{random.getrandbits(9)}.example"
            at = f"202{row % 5}-0{row % 9 + 1}-1{row % 10} {row % 24:02}:{row % 60:02}:{row * 7 % 60:02}"
            ip, tag = f"203.0.113.{row % 250}", random.choice(TAGS)
            file.write(
                f"{name}.{random.getrandbits(40):x}@{domain},{name.title()},Family{random.getrandbits(14)},"
                f'{at},{ip},{at},{ip},Europe/Lisbon,{row},"""{tag}"",""moved"""\n'
            )


def measure(folder: Path, rows: int) -> dict[str, Any]:
    """Seconds on the wall and of the processor, by database, and the most memory in MB."""
    path = folder / "people.csv"
    generate(path, rows)
    found: dict[str, Any] = {"rows": rows, "octets": path.stat().st_size}
    for name, opened in (("sqlite", sqlite), ("postgresql", postgresql)):
        with opened(folder) as database:
            database.upgrade()
            brought = _timed(_bring, database, path)
            found[name] = {"import": brought, "export": _timed(_take, database, folder / "out.csv")}
    found["rss_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    found["rss_mb_reader"] = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
    return found


def _timed(act: Callable[[Database, Path], None], database: Database, path: Path) -> dict[str, float]:
    wall, cpu = perf_counter(), process_time()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    act(database, path)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    reader = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {
        "wall_s": round(perf_counter() - wall, 1),
        "cpu_s": round(process_time() - cpu, 1),
        "reader_cpu_s": round(reader, 1),
    }


def _bring(database: Database, path: Path) -> None:
    now = datetime.now(UTC)
    with database.write() as session:
        session.add(MailingList(slug="letter", name="Letter", created_at=now))
        session.flush()
        ((table, source),) = tables_in(path)
        settings = ImportSettings(source.key, source.suggest(table.headings), "letter")
        import_id = running.begin(session, path, path.name, settings, "a benchmark", now).id
    done = Importer(database, KEY, SystemClock()).carry_out(import_id)
    assert done.state == "done"


def _take(database: Database, path: Path) -> None:
    with path.open("wb") as file, database.read() as session:
        writing.write(Form.CSV, file, OWN, People(session, KEY))


if __name__ == "__main__":
    with TemporaryDirectory() as temporary:
        print(json.dumps(measure(Path(temporary), int(sys.argv[1]) if sys.argv[1:] else 1_000_000), indent=2))
