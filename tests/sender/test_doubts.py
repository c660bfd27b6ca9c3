"""What may have arrived is listed to the last one; under `hold` a person decides about it."""

import pytest
from school import School

from courseletter.errors import InvalidInput, NotFound
from sender.doubts import doubts, settle
from sender.models import State
from sender.retrying import UNKNOWN_REST, Retrying
from sender.transport import Attempt, Phase

ADA = "ada@inbox.example.org"
SILENCE = Attempt(Phase.DOT, error="the relay did not answer in time")


@pytest.fixture
def held(school: School) -> School:
    """A school whose policy is `hold`, and whose welcome went past the dot without an answer."""
    school.retrying = Retrying("hold")
    school.mailer = school.new_mailer()
    school.enrol()
    school.memory.answer(ADA, SILENCE, arrives=True)
    school.work()
    return school


def test_hold_sends_nothing_again_by_itself(held: School) -> None:
    held.clock.move_to(held.clock.now() + 10 * UNKNOWN_REST)
    held.work()
    assert [one.state for one in held.deliveries()] == [State.UNKNOWN]
    assert len(held.memory.delivered) == 1
    with held.database.read() as session:
        (doubt,) = doubts(session)
    assert (doubt.email, doubt.why, doubt.undecided) == (ADA, SILENCE.error, True)


def test_what_has_arrived_counts_as_had(held: School) -> None:
    held.change(lambda session: settle(session, 1, held.clock.now(), arrived=True))
    held.live()
    assert len(held.subjects()) == len(set(held.subjects())) == 4
    with held.database.read() as session:
        assert not doubts(session)[0].undecided


def test_what_was_lost_is_sent_again(held: School) -> None:
    held.change(lambda session: settle(session, 1, held.clock.now(), arrived=False))
    held.work()
    assert held.deliveries()[0].state == State.ACCEPTED
    assert len(held.memory.delivered) == 2


@pytest.mark.parametrize("arrived", [True, False])
def test_a_doubt_is_settled_once(held: School, arrived: bool) -> None:
    held.change(lambda session: settle(session, 1, held.clock.now(), arrived=arrived))
    with pytest.raises(InvalidInput, match="not in doubt"):
        held.change(lambda session: settle(session, 1, held.clock.now(), arrived=not arrived))
    with pytest.raises(NotFound):
        held.change(lambda session: settle(session, 99, held.clock.now(), arrived=True))


def test_each_event_is_listed_when_the_second_try_is_silent_too(school: School) -> None:
    school.enrol()
    for _ in range(2):
        school.memory.answer(ADA, SILENCE, arrives=True)
    school.live()
    with school.database.read() as session:
        listed = doubts(session)
    copies = len(school.subjects()) - len(set(school.subjects()))
    assert len(listed) == 2
    assert copies <= len(listed)
