"""Whoever came by an import goes with it as long as no mail and nothing of theirs is in the way."""

from datetime import timedelta
from pathlib import Path

import pytest
from school import KEY, School
from sqlalchemy import select

from campaigns.models import Course, TriggerMark
from courseletter.lists import detach
from sender import triggering, triggers
from sender.models import Event
from subscribers.importing import running, undoing
from subscribers.importing.mapping import ImportSettings
from subscribers.importing.running import Importer
from subscribers.models import Subscriber

LIST = "email,confirmed at\nada@example.org,2026-01-01\nbea@example.org,2026-01-01\n"
COLUMNS = (("email", "email"), ("confirmed at", "confirmed_at"))


@pytest.fixture
def import_id(school: School, tmp_path: Path) -> int:
    """Two people have come with the tag “pro”, which a trigger has met."""
    path = tmp_path / "list.csv"
    path.write_text(LIST)
    settings = ImportSettings("plain", COLUMNS, "letter", extra_tags=("pro",))
    with school.database.write() as session:
        course = session.get_one(Course, school.course_id)
        triggers.add(session, course, "end", school.clock.now(), tag="pro")
        begun = running.begin(session, path, path.name, settings, "Ana", school.clock.now()).id
    Importer(school.database, KEY, school.clock).carry_out(begun)
    school.clock.move_to(school.clock.now() + timedelta(minutes=1))
    triggering.pull(school.database, school.clock.now(), KEY)
    with school.database.read() as session:
        assert len(session.scalars(select(TriggerMark)).all()) == 2
    return begun


def test_what_a_trigger_has_met_goes(school: School, import_id: int) -> None:
    done = undoing.take_back(school.database, import_id, school.clock, detach)
    assert (done.counts["taken_back"], done.counts.get("kept", 0)) == (2, 0)
    with school.database.read() as session:
        assert session.scalars(select(TriggerMark)).all() == []


def test_whoever_did_something_in_a_course_stays(school: School, import_id: int) -> None:
    with school.database.write() as session:
        ada = session.scalars(select(Subscriber).where(Subscriber.email == "ada@example.org")).one()
        session.add(Event(at=school.clock.now(), kind="left", subscriber_id=ada.id))
    done = undoing.take_back(school.database, import_id, school.clock, detach)
    assert (done.counts["taken_back"], done.counts["kept"]) == (1, 1)
