"""What is done for many at once is what the plain functions do for each: promoting, and being sent."""

import random
from datetime import datetime, timedelta

import pytest
from school import KEY, School
from sqlalchemy import select

from campaigns.cadence import Cadence
from campaigns.enrolling import place_of, standing_of
from campaigns.models import Enrolment
from campaigns.standing import Standing
from courseletter.database import Database
from sender import wishes
from sender.claiming import Claim, claim
from sender.outcomes import record_window
from sender.planning import tick
from sender.replies import Outcome, Verdict
from sender.retrying import Retrying
from sender.windows import open_window, record_accepted

ZONES = ["Europe/Berlin", "Europe/Lisbon", "America/New_York", "Asia/Kathmandu", None]


def a_crowd(school: School, chance: random.Random, size: int) -> None:
    """Learners who joined at different hours and wished for different things."""
    for number in range(size):
        school.clock.move_to(school.clock.now() + timedelta(minutes=chance.choice([0, 0, 0, 7, 400])))
        enrolment = school.enrol(f"reader{number}@inbox.example.org", zone=chance.choice(ZONES))
        if number % 3 == 0:
            school.work()
        match chance.randrange(7):
            case 0:
                pace = chance.choice(["slower", "faster", 3])
                minute = chance.choice([None, 7 * 60, 20 * 60])
                wishes_of = {"zone": chance.choice(ZONES), "minute": minute, "weekdays": None, "pace": pace}
                school.wish(enrolment, wishes.change_rhythm, **wishes_of)
            case 1:
                school.wish(enrolment, wishes.next_now)
            case 2:
                school.wish(enrolment, wishes.pause, school.clock.now().date() + timedelta(days=2))
            case 3:
                school.wish(enrolment, wishes.pause, None)
    school.work()


def standings(school: School) -> dict[int, Standing]:
    with school.database.read() as session:
        return {row.id: standing_of(row) for row in session.scalars(select(Enrolment))}


def each_promoted(school: School, now: datetime) -> dict[int, Standing]:
    """What the plain function makes of everybody who is due."""
    with school.database.read() as session:
        promoted = {}
        for row in session.scalars(select(Enrolment)):
            place = place_of(session, row)
            promoted[row.id] = place.standing
            if place.standing.due_at is not None and place.standing.due_at <= now:
                _, promoted[row.id] = place.standing.promote(place.timetable, place.profile, now)
        return promoted


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("policy", ["shift", "skip"])
def test_promoting_together_is_promoting_each(
    database: Database, now: datetime, policy: str, seed: int
) -> None:
    school = School(database, now, cadence=Cadence(gap=1, start=8 * 60, catch_up=policy))
    a_crowd(school, random.Random(seed), 40)
    while (moment := school.next_moment()) is not None and moment < now + timedelta(days=9):
        school.clock.move_to(moment + timedelta(minutes=(seed * 37) % 90))
        expected = each_promoted(school, school.clock.now())
        tick(database, school.clock.now())
        assert standings(school) == expected
        ready = {one.enrolment_id for one in school.deliveries() if one.state == "ready"}
        assert ready == {row for row, standing in expected.items() if standing.queued}
        school.mailer.work()


@pytest.mark.parametrize("late", [timedelta(minutes=3), timedelta(hours=3)])
def test_moving_on_together_is_being_sent_each(database: Database, now: datetime, late: timedelta) -> None:
    school = School(database, now, cadence=Cadence(gap=1, start=8 * 60))
    a_crowd(school, random.Random(7), 40)
    compared = 0
    while (moment := school.next_moment()) is not None and moment < now + timedelta(days=9):
        school.clock.move_to(moment)
        tick(database, moment)
        claims = claim(database, moment, 100)
        school.clock.move_to(moment + late)
        expected = each_sent(school, claims)
        with database.write() as session:
            assert len(open_window(session, claims, ["-"] * len(claims), moment)) == len(claims)
        record(school, claims)
        after = standings(school)
        assert {row: after[row] for row in expected} == expected
        compared += len(claims)
    assert compared > 80


def test_the_ordinary_case_needs_no_second_look(database: Database, now: datetime) -> None:
    school = School(database, now)
    a_crowd(school, random.Random(7), 20)
    school.clock.move_to(school.next_moment() or now)
    tick(database, school.clock.now())
    claims = claim(database, school.clock.now(), 100)
    with database.write() as session:
        open_window(session, claims, ["-"] * len(claims), school.clock.now())
        assert record_accepted(session, dict.fromkeys(claims, "250 OK"), school.clock.now()) == []
    assert all(standings(school)[held.enrolment_id or 0].queued is None for held in claims)


def each_sent(school: School, claims: list[Claim]) -> dict[int, Standing]:
    with school.database.read() as session:
        rows = session.scalars(
            select(Enrolment).where(Enrolment.id.in_([one.enrolment_id for one in claims]))
        )
        places = {row.id: place_of(session, row) for row in rows}
    at = school.clock.now()
    return {row: one.standing.sent(one.timetable, one.profile, at) for row, one in places.items()}


def record(school: School, claims: list[Claim]) -> None:
    taken = {held: Verdict(Outcome.ACCEPTED, "250 OK") for held in claims}
    with school.database.write() as session:
        record_window(
            session,
            taken,
            school.clock.now(),
            jitter=lambda: 0.0,
            wait=timedelta(),
            deadline=Retrying().deadline,
            key=KEY,
        )
