"""What a visit of the doctor leaves behind, and how it holds sends."""

from datetime import datetime, timedelta

import pytest
from school import School
from sqlalchemy import select

from courseletter.database import Database
from sender.doctor.finding import Finding, bad, good, unanswered
from sender.doctor.visit import last_found, write_down
from sender.instance import recognise, why_silent
from sender.models import Event, State
from sender.troubles import troubles

WELL = [good("SPF", "example.org names your relay.")]
ILL = [*WELL, bad("DKIM", "example.org has no record.", "Publish it.")]
SILENT = [unanswered("DKIM", "the DNS does not answer.", "Try again in a while.")]


@pytest.fixture
def school(database: Database, now: datetime, tmp_path) -> School:
    school = School(database, now)
    assert recognise(database, tmp_path, now) is None
    return school


def visit(school: School, found: list[Finding], *, blocks: bool) -> str | None:
    return school.change(lambda session: write_down(session, found, school.clock.now(), blocks=blocks))


def test_r12_what_was_found_is_kept(school: School) -> None:
    assert visit(school, ILL, blocks=False) is None
    with school.database.read() as session:
        assert last_found(session) == ILL
        assert [one.about for one in troubles(session, school.clock.now()).unbelieved] == ["DKIM"]
        assert not troubles(session, school.clock.now()).blocked


def test_r12_something_bad_holds_sends_where_the_settings_say_so_until_it_is_mended(school: School) -> None:
    school.enrol()
    why = visit(school, ILL, blocks=True)
    assert why == "DKIM: example.org has no record. Publish it."
    assert not school.work()
    assert school.memory.delivered == []
    with school.database.read() as session:
        assert why_silent(session) == why
        assert troubles(session, school.clock.now()).blocked
    school.clock.move_to(school.clock.now() + timedelta(minutes=10))
    assert visit(school, WELL, blocks=True) is None
    school.work()
    assert [one.state for one in school.deliveries()] == [State.ACCEPTED]
    with school.database.read() as session:
        kinds = session.scalars(select(Event.kind).where(Event.kind.like("sends_%")).order_by(Event.id)).all()
    assert kinds == ["sends_blocked", "sends_unblocked"]


def test_r12_a_warning_and_a_silent_dns_hold_nothing(school: School) -> None:
    school.enrol()
    visit(school, ILL, blocks=False)
    visit(school, SILENT, blocks=True)
    school.work()
    assert [one.state for one in school.deliveries()] == [State.ACCEPTED]
