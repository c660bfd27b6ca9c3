"""How long lists of people take on the server: `python -m benchmarks.people [PEOPLE] [postgresql]`.

100,000 people on SQLite if you say nothing: filtered, searched, paged through, counted, and tagged in bulk.
Prints the median of each and its 95th percentile on the wall, and what it takes of the processor: of ours,
and of PostgreSQL's, which is what to go by on a machine that is busy otherwise.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from time import perf_counter, process_time

from sqlalchemy import cast, func, insert, literal, select, text, update
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from benchmarks import databases
from benchmarks.crowd import BRAND, NOW, gather
from benchmarks.workshop import HOST, signed_in
from campaigns.models import Course, Link, RevisionLesson
from courseletter.acts import ground_of
from courseletter.clock import MovableClock
from courseletter.config import BrandSettings, Settings
from courseletter.database import Database, UtcDateTime
from courseletter.installation import Installation, open_installation
from courseletter.web.app import create_app
from sender.acts.leaving import UNSUBSCRIBE
from sender.models import Click, Delivery, State
from subscribers import segments
from subscribers.acts import running
from subscribers.acts.tagging import TAG
from subscribers.filters import Filters
from subscribers.importing.models import Import, ImportedPerson, ImportState
from subscribers.models import (
    ConsentEntry,
    MailingList,
    Membership,
    Subscriber,
    SubscriberTag,
    Suppression,
    Tag,
)
from subscribers.segments import Condition, Rule
from subscribers.suppression import address_hash

TIMES = 40
TAGS = {"rare": 200_000, "some": 100, "many": 2}  # one in so many


def measure(folder: Path, people: int, kind: str) -> Iterator[tuple[str, dict[str, float]]]:
    """Milliseconds of pages, seconds of acts, one after the other."""
    with getattr(databases, kind)(folder) as database:
        settings = Settings(
            home=folder,
            database_url=database.engine.url.render_as_string(hide_password=False),
            secret_key="0123456789abcdef0123456789abcdef",
            brand=BrandSettings(name=BRAND.name, address=BRAND.address),
        )
        opened = open_installation(settings, MovableClock(NOW))
        opened.database.upgrade()
        course = gather(opened.database, people)
        with opened.database.write() as session:
            _furnish(session, course, opened.settings.key)
        _analyse(opened.database)
        client = TestClient(create_app(opened), base_url=HOST)
        client.cookies.set("courseletter", signed_in(opened.database), domain="127.0.0.1")
        for name, path in _pages(people).items():
            yield name, _timed(client, path, opened.database)
        for name in ("tagged", "unsubscribed"):
            yield name, _acted(opened, name)
        opened.database.close()


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
        "a course": "course=how-to-sleep-better-without-trying-harder",
        "an import": "source=import-1",
        "a form": "source=form",
        "since": "since=2026-01-01",
        "before all": "until=2010-01-01",
        "a segment": "segment=1",
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


def _timed(client: TestClient, path: str, database: Database) -> dict[str, float]:
    taken, worked = [], []
    client.get(path)
    served = _served(database)
    for _ in range(TIMES):
        start, cpu = perf_counter(), process_time()
        assert client.get(path).status_code == 200, path
        taken.append(1000 * (perf_counter() - start))
        worked.append(1000 * (process_time() - cpu))
    return {
        "median": round(median(taken), 1),
        "p95": round(quantiles(taken, n=20)[-1], 1),
        "ours": round(median(worked), 1),
        "server": round((_served(database) - served) / TIMES, 1),
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


def _furnish(session: Session, course_id: str, key: bytes) -> None:
    """Tags, lists, statuses, an import, sign-ups, deliveries and clicks, each for its share of the people."""
    person, now = Subscriber.id, literal(NOW, UtcDateTime())
    second = MailingList(slug="second", name="Second", created_at=NOW)
    session.add(second)
    session.add(
        Import(
            id=1,
            name="people.csv",
            path="",
            digest="",
            settings={},
            state=ImportState.DONE,
            started_by="us",
            created_at=NOW,
            touched_at=NOW,
        )
    )
    session.flush()
    session.execute(
        update(Subscriber).values(
            first_name=func.substr("AdaAnaBeaDanEvaIanLeoMiaNoaZoe", 1 + 3 * (person % 10), 3),
            last_name=literal("Reader ") + cast(person % 977, Subscriber.email.type),
        )
    )
    session.execute(update(Subscriber).where(person % 3 == 0).values(created_at=NOW - timedelta(days=400)))
    first = select(Course.list_id).where(Course.id == course_id).scalar_subquery()
    here = (Membership.list_id == first, Membership.subscriber_id % 50 == 7)
    session.execute(update(Membership).where(*here).values(status="pending"))
    left = (Membership.list_id == first, Membership.subscriber_id % 97 == 0)
    session.execute(update(Membership).where(*left).values(status="unsubscribed"))

    def put(table: type, columns: list[str], *values: object, share: int) -> None:
        rows = select(*values).select_from(Subscriber).where(person % share == 0)  # type: ignore[call-overload]
        session.execute(insert(table).from_select(columns, rows))

    put(
        Membership,
        ["list_id", "subscriber_id", "status", "changed_at"],
        second.id,
        person,
        literal("confirmed"),
        now,
        share=10,
    )
    put(ImportedPerson, ["import_id", "subscriber_id"], literal(1), person, share=4)
    line = [
        "subscriber_id",
        "list_id",
        "act",
        "at",
        "email",
        "wording",
        "wording_hash",
        "source_url",
        "ip",
        "user_agent",
        "note",
    ]
    nothing = [literal("")] * 6
    put(ConsentEntry, line, person, first, literal("requested"), now, Subscriber.email, *nothing, share=200)
    for name, share in TAGS.items():
        tag = Tag(name=name, name_key=name)
        session.add(tag)
        session.flush()
        put(SubscriberTag, ["tag_id", "subscriber_id", "added_at"], literal(tag.id), person, now, share=share)
    held = select(Subscriber.email).where(person % 1000 == 0)
    told = {"reason": "bounced", "at": NOW, "note": ""}
    rows = [
        {"email": one, "address_key": one, "address_hash": address_hash(key, one), **told}
        for one in session.scalars(held)
    ]
    session.execute(insert(Suppression), rows)
    _mail(session, course_id)
    segments.save(session, "Of a tag", Rule((Condition("tag", "some", "has"),)), NOW)


def _mail(session: Session, course_id: str) -> None:
    person, now = Subscriber.id, literal(NOW, UtcDateTime())
    lesson = session.scalars(select(RevisionLesson).limit(1)).one()
    link = Link(revision_id=lesson.revision_id, lesson_id=lesson.lesson_id, address="https://example.org/")
    session.add(link)
    session.flush()
    names = ["kind", "subscriber_id", "course_id", "enrolment_id", "run", "lesson_id", "copy", "by", "state"]
    values = ["lesson", person, course_id, person, 1, lesson.lesson_id, 0, "schedule", State.ACCEPTED]
    times = ["due_at", "created_at", "finished_at"]
    rest = {"attempts": 1, "reply": "", "retried_unknown": False}
    wanted = [one if one is person else literal(one) for one in values] + [now] * 3
    rows = select(*wanted, *(literal(one) for one in rest.values()))
    session.execute(insert(Delivery).from_select([*names, *times, *rest], rows))
    clicks = select(now, Delivery.id, literal(link.id), literal(60), literal(""), literal(False))
    columns = ["at", "delivery_id", "link_id", "seconds", "mark", "scanner"]
    session.execute(insert(Click).from_select(columns, clicks.where(Delivery.id % 5 == 0)))


def _analyse(database: Database) -> None:
    with database.engine.connect() as connection:
        if database.is_sqlite:
            connection.exec_driver_sql("ANALYZE")
        else:
            connection = connection.execution_options(isolation_level="AUTOCOMMIT")
            connection.execute(text("VACUUM ANALYZE"))  # as the database itself would, a minute later
        connection.commit()


def main(people: int = 100_000, kind: str = "sqlite") -> None:
    with TemporaryDirectory() as folder:
        for name, figures in measure(Path(folder), people, kind):
            print(f"{name:26}" + "".join(f"   {key} {value:,}" for key, value in figures.items()), flush=True)


if __name__ == "__main__":
    main(*(int(one) if one.isdigit() else one for one in sys.argv[1:]))  # type: ignore[arg-type]
