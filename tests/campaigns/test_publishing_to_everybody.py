"""A thousand people under way, any course, edits and choices: what is planned is done, as the model says."""

import random
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from calendars import THOROUGH
from everybody import Everybody
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from school import BRAND
from sqlalchemy import func, select
from worlds import MODEL, effects, load_model

from campaigns.models import Enrolment
from campaigns.moving import effect
from courseletter.clock import MovableClock
from courseletter.database import Database
from sender import switching
from sender.switching import Draft, Former, Target

pytestmark = pytest.mark.skipif(not MODEL.exists(), reason="the reference model is not beside the project")


@pytest.fixture(scope="module")
def model() -> Any:
    return load_model()


def go_over(everybody: Everybody, target: Target) -> dict[int, Any]:
    """Do it as planned. Returns what the plan said of each person."""
    database, course, now = everybody.database, everybody.course_id, everybody.now
    with database.read() as session:
        looking = target.outlook(session, switching.find_course(session, course), now)
        plan, people = looking.plan(session), looking.people(session, limit=120)
        move = looking.move
    before = everybody.standings()
    applying = switching.begin(database, course, target, now, confirmed=plan.fingerprint)
    assert applying is not None
    assert applying.run(MovableClock(now)).moved == len(before)
    after = everybody.standings()
    assert move is not None
    told = {one.enrolment_id: one for one in people}
    for enrolment, said in told.items():
        standing = after[enrolment]
        assert said.state_after == standing.state
        if standing.state == "active":
            coming = (said.after.lesson_id, said.after.at) if said.after else (None, None)
            assert coming == (standing.next_lesson, standing.due_at)
    words = looking._reworded()
    done = Counter(effect(move, before[one], after[one], words) for one in after)
    assert plan.numbers == done
    assert all(said.effect is effect(move, before[one], after[one], words) for one, said in told.items())
    for planned in plan.edits:
        assert not planned.edit.lesson_id or sum(planned.reach.values()) == len(after)
    return told


@settings(
    max_examples=2 * THOROUGH,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(seed=st.integers(0, 2**32))
def test_s18_to_s24_everybody_gets_what_the_model_says(database: Database, model: Any, seed: int) -> None:
    everybody = Everybody(database, model, random.Random(seed))
    dice = everybody.dice
    for _ in range(2):
        everybody.tick()
        choices = everybody.edit()
        told = go_over(everybody, Draft(BRAND, choices))
        says = everybody.publish_in_model(choices)
        everybody.check()
        for enrolment, person in told.items():
            name = says[everybody.life_of[enrolment]]
            assert person.effect in effects(name, person.state_before)
        everybody.now += timedelta(minutes=dice.choice([0, 30, 90, 3000]))
    everybody.tick()
    steps = dice.randint(1, 2)
    go_over(everybody, Former(3 - steps))
    everybody.roll_back_in_model(steps)
    everybody.check()
    with database.read() as session:
        lived_by = session.scalars(
            select(func.count(Enrolment.revision_id.distinct())).where(
                Enrolment.course_id == everybody.course_id
            )
        ).one()
    assert lived_by == 1
