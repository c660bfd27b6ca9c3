"""How long lists of people take on the server: `python -m benchmarks.people [PEOPLE] [postgresql]`.

100,000 people on SQLite if you say nothing, each of whom has had ten letters: filtered, searched, paged
through, counted by segment and by audience (first by a sample, then all of them), and tagged in bulk.
Prints the median of each and its 95th percentile on the wall, and what it takes of the processor: of ours,
and of PostgreSQL's, which is what to go by on a machine that is busy otherwise.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from time import perf_counter, process_time
from urllib.parse import urlencode

from sqlalchemy import select, text
from starlette.testclient import TestClient

from benchmarks import databases, population
from benchmarks.crowd import BRAND, NOW, gather
from benchmarks.workshop import HOST, signed_in
from campaigns.models import RevisionLesson
from courseletter.acts import ground_of
from courseletter.clock import MovableClock
from courseletter.config import BrandSettings, Settings
from courseletter.database import Database
from courseletter.installation import Installation, open_installation
from courseletter.web.app import create_app
from sender.acts.leaving import UNSUBSCRIBE
from subscribers.acts import running
from subscribers.acts.tagging import TAG
from subscribers.filters import Filters

COURSE = "how-to-sleep-better-without-trying-harder"
TIMES = 40
EXACTLY = 4  # times that everybody is counted


def measure(folder: Path, people: int, kind: str) -> Iterator[tuple[str, dict[str, float]]]:
    """Milliseconds of pages, seconds of acts, one after the other."""
    with getattr(databases, kind)(folder) as database:
        address = database.engine.url.render_as_string(hide_password=False)
        opened = open_at(folder, address)
        issue = fill(opened, people)
        yield from timed(opened, people, issue)
        opened.database.close()


def open_at(folder: Path, address: str) -> Installation:
    settings = Settings(
        home=folder,
        database_url=address,
        secret_key="0123456789abcdef0123456789abcdef",
        brand=BrandSettings(name=BRAND.name, address=BRAND.address),
    )
    return open_installation(settings, MovableClock(NOW))


def fill(opened: Installation, people: int) -> str:
    """Let so many people have lived; returns the id of an issue that is to be planned for them."""
    opened.database.upgrade()
    course = gather(opened.database, people)
    with opened.database.write() as session:
        population.furnish(session, course, opened.settings.key)
    population.mail(opened.database, course)
    with opened.database.write() as session:
        issue = population.write(session)
    population.analyse(opened.database)
    return issue


def timed(opened: Installation, people: int, issue: str) -> Iterator[tuple[str, dict[str, float]]]:
    client = TestClient(create_app(opened), base_url=HOST)
    client.cookies.set("courseletter", signed_in(opened.database), domain="127.0.0.1")
    for name, path in _pages(people).items():
        yield name, _timed(client, path, opened.database)
    with opened.database.read() as session:
        lesson = session.scalars(select(RevisionLesson.lesson_id).order_by(RevisionLesson.position)).first()
    for name, path in (_segments(str(lesson)) | _audiences(issue)).items():
        yield name, _timed(client, path, opened.database)
        yield f"{name}, all", _timed(client, f"{path}&exact=yes", opened.database, EXACTLY)
    for name in ("tagged", "unsubscribed"):
        yield name, _acted(opened, name)


def _segments(lesson: str) -> dict[str, str]:
    """The builder, with each condition by itself, and with several."""
    mailed, clicked = ("mail:", "last", "30"), ("click:", "last", "30")
    asked: dict[str, list[tuple[str, str, str]]] = {
        "everybody": [],
        "a tag": [("tag:some", "has", "")],
        "not a tag": [("tag:many", "has_not", "")],
        "a list": [(f"list:{COURSE}", "confirmed", "")],
        "not a list": [("list:second", "not_on", "")],
        "since": [("since:", "last", "90")],
        "a field": [("field:plan", "is", "free")],
        "a field of nobody": [("field:city", "is", "Porto")],
        "an address": [("field:email", "contains", "r99")],
        "a course": [(f"course:{COURSE}", "in", "")],
        "not a course": [(f"course:{COURSE}", "not_in", "")],
        "waits for": [(f"lesson:{lesson}", "waits", "")],
        "had": [(f"lesson:{lesson}", "had", "")],
        "not had": [(f"lesson:{lesson}", "not_had", "")],
        "mailed": [mailed],
        "clicked": [clicked],
        "not clicked": [("click:", "not_last", "30")],
        "all of five": [
            ("tag:many", "has", ""),
            (f"list:{COURSE}", "confirmed", ""),
            (f"lesson:{lesson}", "had", ""),
            ("click:", "not_last", "30"),
            ("field:plan", "is", "free"),
        ],
    }
    several = [asked[one][0] for one in ("a tag", "clicked", "not had", "a field of nobody")]
    found = {f"segment: {name}": _segment(conditions) for name, conditions in asked.items()}
    return found | {"segment: any of four": f"{_segment(several)}&any=yes"}


def _segment(conditions: list[tuple[str, str, str]]) -> str:
    fields = {
        f"{name}-{place}": value
        for place, one in enumerate(conditions)
        for name, value in zip(("subject", "how", "value"), one, strict=True)
    }
    return f"/segments?{urlencode(fields)}"


def _audiences(issue: str) -> dict[str, str]:
    """The plan of an issue: list 1 is the course's, 3 its own; tags and segments are population.py's."""
    asked = {
        "its list": "include-0=list:3",
        "another list": "include-0=list:1",
        "two lists": "include-0=list:3&include-1=list:1",
        "a tag": "include-0=tag:3",
        "a segment": "include-0=segment:2",
        "without a segment": "include-0=list:1&exclude-0=segment:2",
        "a list, a tag, a segment": "include-0=list:1&include-1=tag:2&include-2=segment:3"
        "&exclude-0=tag:3&exclude-1=segment:2",
        "two subjects": "include-0=list:1&subject-1=Another",
    }
    return {f"audience: {name}": f"/issues/{issue}?when=now&{query}" for name, query in asked.items()}


def _pages(people: int) -> dict[str, str]:
    columns = "&".join(f"column={one}" for one in ("course", "next", "click", "lists", "tags"))
    lists = {
        "all": "",
        "a page half-way": f"before={people // 2}",
        "by address": "q=reader4",
        "by name": "q=ad",
        "by both names": "q=ada+reader+17",
        "by name, of a rare tag": "q=ada&tag=rare",
        "status subscribed": "status=subscribed",
        "status pending": "status=pending",
        "status left": "status=left",
        "status held": "status=held",
        "a list": "list=second",
        "pending on a list": "list=second&status=pending",
        "a rare tag": "tag=rare",
        "one in a hundred": "tag=some",
        "half of all": "tag=many",
        "a rare tag and a status": "tag=rare&status=pending",
        "a course": f"course={COURSE}",
        "an import": "source=import-1",
        "a form": "source=form",
        "since": "since=2026-01-01",
        "before all": "until=2010-01-01",
        "a segment": "segment=1",
        "a segment of any": "segment=4",
        "more columns": columns,
        "counted to the last": "exact=yes",
    }
    others = {
        "a person": "/subscribers/1000",
        "their fields": "/subscribers/1000/edit",
        "their history": "/subscribers/1000/history",
        "suppressed": "/suppressions",
        "suppressed, found": "/suppressions?q=reader4",
    }
    return {name: f"/subscribers?{query}" for name, query in lists.items()} | others


def _timed(client: TestClient, path: str, database: Database, times: int = TIMES) -> dict[str, float]:
    taken, worked = [], []
    client.get(path)
    served = _served(database)
    for _ in range(times):
        start, cpu = perf_counter(), process_time()
        assert client.get(path).status_code == 200, path
        taken.append(1000 * (perf_counter() - start))
        worked.append(1000 * (process_time() - cpu))
    return {
        "median": round(median(taken), 1),
        "p95": round(quantiles(taken, n=20)[-1], 1),
        "ours": round(median(worked), 1),
        "server": round((_served(database) - served) / times, 1),
    }


def _served(database: Database) -> float:
    """Milliseconds of the processor that PostgreSQL has spent on our connections; 0 on SQLite."""
    if database.is_sqlite:
        return 0
    ours = text("SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid IS NOT NULL")
    with database.engine.connect() as connection:
        pids = connection.execute(ours).scalars().all()
    ticks = 0
    for pid in pids:
        with suppress(OSError):
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])  # utime, stime: proc(5)
    return 1000 * ticks / os.sysconf("SC_CLK_TCK")


def _acted(opened: Installation, what: str) -> dict[str, float]:
    """Seconds for an act upon everybody who has the tag “many”, and for undoing it."""
    kind, argument = (TAG, {"tag": "fresh"}) if what == "tagged" else (UNSUBSCRIBE, {"note": ""})
    selection, ground = {"filters": Filters(tag="many").chosen()}, ground_of(opened)
    with opened.database.write() as session:
        wanted = ground.meant(session, selection, NOW)
        row = running.begin(session, kind, argument, selection, wanted, "", "us", NOW)
    took = {}
    for name in ("done", "undone"):
        start = perf_counter()
        running.carry_out(ground, row.id)
        took[name] = round(perf_counter() - start, 1)
        if name == "done":
            with opened.database.write() as session:
                running.want_undo(session, ground.kinds, running.find(session, row.id), "us", NOW)
    return {"people": row.people, **took}


def main(people: int = 100_000, kind: str = "sqlite") -> None:
    with TemporaryDirectory() as folder:
        for name, figures in measure(Path(folder), people, kind):
            print(f"{name:26}" + "".join(f"   {key} {value:,}" for key, value in figures.items()), flush=True)


if __name__ == "__main__":
    main(*(int(one) if one.isdigit() else one for one in sys.argv[1:]))  # type: ignore[arg-type]
