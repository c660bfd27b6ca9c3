"""The queue of hints: there with its batch or not at all, and made anew for another Procrastinate."""

from collections.abc import Iterator

import pytest
from school import School
from sqlalchemy import text
from sqlalchemy.orm import Session

from courseletter import jobs
from courseletter.database import Database, DatabaseError
from sender.planning import tick


@pytest.fixture
def queue(on_postgresql: Database) -> Iterator[jobs.Jobs]:
    yield jobs.Jobs(on_postgresql)
    with on_postgresql.write() as session:
        session.execute(text(f"TRUNCATE {jobs.SCHEMA}.procrastinate_jobs CASCADE"))


def waiting(database: Database, queue: jobs.Jobs) -> int:
    with database.read() as session:
        return queue.waiting(session)


def test_a_job_is_there_with_its_batch_or_not_at_all(on_postgresql: Database, queue: jobs.Jobs, now) -> None:
    school = School(on_postgresql, now)
    school.enrol()

    def announce(session: Session, queued: int) -> None:
        queue.defer(session, queued)
        assert waiting(on_postgresql, queue) == 0, "nobody sees it before the commit"

    def fail(session: Session, queued: int) -> None:
        announce(session, queued)
        raise RuntimeError("the power is cut")

    assert tick(on_postgresql, now, fail) == {}
    assert (school.deliveries(), waiting(on_postgresql, queue)) == ([], 0)
    tick(on_postgresql, now, announce)
    assert (len(school.deliveries()), waiting(on_postgresql, queue)) == (1, 1)
    tick(on_postgresql, now, announce)
    assert waiting(on_postgresql, queue) == 1, "nothing new, no job"


def test_another_procrastinate_gets_its_own_tables(on_postgresql: Database, queue: jobs.Jobs) -> None:
    jobs.check(on_postgresql)
    with on_postgresql.write() as session:
        queue.defer(session, 2)
        session.execute(text(f"COMMENT ON SCHEMA {jobs.SCHEMA} IS 'of an older version'"))
    with pytest.raises(DatabaseError, match="courseletter db upgrade"):
        jobs.check(on_postgresql)
    on_postgresql.upgrade()
    jobs.check(on_postgresql)
    assert waiting(on_postgresql, queue) == 0
    with on_postgresql.write() as session:
        queue.defer(session, 2)
    on_postgresql.upgrade()
    assert waiting(on_postgresql, queue) == 2, "the same version keeps them"
