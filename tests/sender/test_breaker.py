"""When a relay is left alone, and for how long."""

from datetime import UTC, datetime, timedelta

import pytest

from sender.breaker import CLOSED, LONGEST_REST, Breaker
from sender.replies import Outcome, Verdict

NOW = datetime(2026, 3, 11, 14, 42, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
TROUBLE = Verdict(Outcome.DEFERRED, "421 busy", relay_trouble=True)
REFUSED = Verdict(Outcome.DEFERRED, "535 wrong password", pause_send=True)
TAKEN = Verdict(Outcome.ACCEPTED, "250 ok", relay_well=True)
SAYS_NOTHING = [
    Verdict(Outcome.FAILED, "cannot be written: no zone"),
    Verdict(Outcome.ABANDONED, "called back before it went out"),
    Verdict(Outcome.UNKNOWN, "connection lost"),
]


def test_rests_double_up_to_half_an_hour_and_begin_anew_after_a_good_answer() -> None:
    breaker, now, rests = CLOSED, NOW, []
    for _ in range(8):
        breaker = breaker.after(TROUBLE, now)
        assert breaker.open_until is not None
        rests.append((breaker.open_until - now) / MINUTE)
        now = breaker.open_until
    assert rests == [1, 2, 4, 8, 16, 30, 30, 30]
    assert breaker.after(TAKEN, now) is CLOSED


def test_half_open_from_the_end_of_the_rest_until_a_good_answer() -> None:
    breaker = CLOSED.after(TROUBLE, NOW)
    states = [(one.lets_pass(now), one.is_half_open(now)) for one, now in [
        (CLOSED, NOW),
        (breaker, NOW),
        (breaker, NOW + MINUTE - timedelta(seconds=1)),
        (breaker, NOW + MINUTE),
        (breaker.after(TAKEN, NOW + MINUTE), NOW + MINUTE),
    ]]  # fmt: skip
    assert states == [(True, False), (False, False), (False, False), (True, True), (True, False)]


@pytest.mark.parametrize("verdict", [TROUBLE, REFUSED, TAKEN])
def test_what_ends_during_a_rest_began_before_it_and_changes_nothing(verdict: Verdict) -> None:
    breaker = CLOSED.after(TROUBLE, NOW)
    assert breaker.after(verdict, NOW + MINUTE / 2) is breaker


def test_a_rest_that_a_wrong_clock_has_begun_is_over() -> None:
    breaker = CLOSED.after(TROUBLE, NOW + timedelta(days=365))
    assert (breaker.lets_pass(NOW), breaker.is_half_open(NOW), breaker.rest(NOW)) == (True, True, timedelta())
    assert breaker.after(TAKEN, NOW) is CLOSED
    an_hour_back = CLOSED.after(REFUSED, NOW)
    assert not an_hour_back.lets_pass(NOW)


@pytest.mark.parametrize("verdict", SAYS_NOTHING, ids=lambda one: str(one.outcome))
def test_what_says_nothing_about_the_relay_neither_opens_nor_closes(verdict: Verdict) -> None:
    half_open = Breaker(NOW - MINUTE, 3, "421 busy")
    assert half_open.after(verdict, NOW) is half_open
    assert CLOSED.after(verdict, NOW) is CLOSED


def test_a_refusal_of_our_account_rests_the_longest_at_once() -> None:
    assert CLOSED.after(REFUSED, NOW) == Breaker(NOW + LONGEST_REST, 1, "535 wrong password")
