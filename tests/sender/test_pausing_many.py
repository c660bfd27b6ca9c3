"""Pausing a course while many of its lessons wait: the ledger is not read for each few of them."""

import pytest
from school import School
from sqlalchemy import event

from sender import pausing
from sender.models import State
from sender.planning import tick


@pytest.mark.parametrize("queued", [3, 9])
def test_the_ledger_is_looked_through_twice_whatever_waits_in_it(
    school: School, monkeypatch: pytest.MonkeyPatch, queued: int
) -> None:
    """Once for what waits, and once more for what was being queued meanwhile."""
    monkeypatch.setattr(pausing, "CHUNK", 2)
    for number in range(queued):
        school.enrol(f"reader{number}@inbox.example.org")
    moment = school.next_moment()
    assert moment is not None
    school.clock.move_to(moment)
    tick(school.database, moment)
    looked: list[str] = []

    def look(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith("SELECT enrolments.id \n") and "deliveries" in statement:
            looked.append(statement)

    event.listen(school.database.engine, "before_cursor_execute", look)
    try:
        assert pausing.pause_course(school.database, school.course_id, moment) == queued
    finally:
        event.remove(school.database.engine, "before_cursor_execute", look)
    assert len(looked) == 2
    assert {one.state for one in school.deliveries()} == {State.CANCELLED}
