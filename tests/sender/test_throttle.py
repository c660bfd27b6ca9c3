"""Buckets, plans and learned rates: how fast a relay and a domain may be sent to."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sender.throttle import (
    BURST,
    FULL,
    LONGEST_QUEUE,
    NOTHING_YET,
    ONE_WARNING,
    RECOVERY,
    SLOWEST,
    UNLIMITED,
    DomainRates,
    Limits,
    Slowdown,
    Tally,
    WarmUp,
    domain_of,
    next_day,
    slowed,
)

NOW = datetime(2026, 3, 11, 14, 42, tzinfo=UTC)
SECOND = timedelta(seconds=1)
RATES = st.floats(1 / 60, 1000)


@pytest.mark.parametrize(("rate", "tokens"), [(0.02, 1), (0.1, 1), (0.5, 5), (1.0, 10), (20.0, 200)], ids=str)
def test_a_full_bucket_holds_ten_seconds_and_one_token_at_least(rate: float, tokens: int) -> None:
    assert FULL.tokens(rate, NOW) == tokens
    assert FULL.take(tokens, rate, NOW).tokens(rate, NOW) == 0


def test_tokens_come_back_at_the_rate() -> None:
    bucket = FULL.take(10, 1.0, NOW)
    assert [bucket.tokens(1.0, NOW + seconds * SECOND) for seconds in (0, 0.9, 1, 2.5, 10, 60)] == [
        *(0, 0, 1, 2, 10, 10)
    ]


def test_what_was_not_sent_after_all_is_put_back_and_never_overflows() -> None:
    bucket = FULL.take(10, 1.0, NOW).take(-4, 1.0, NOW)
    assert bucket.tokens(1.0, NOW) == 4
    assert bucket.take(-100, 1.0, NOW).tokens(1.0, NOW) == 10


def test_a_bucket_that_a_wrong_clock_has_emptied_is_full() -> None:
    rate = 20.0
    ahead = NOW + timedelta(days=365)
    spoilt = FULL.take(200, rate, ahead)
    assert spoilt.tokens(rate, ahead) == 0
    assert spoilt.tokens(rate, NOW) == 200
    assert spoilt.take(150, rate, NOW).tokens(rate, NOW) == 50


@given(RATES, st.lists(st.tuples(st.floats(0, 30), st.integers(0, 5000)), max_size=30))
def test_over_any_time_no_more_than_the_rate_and_one_burst(
    rate: float, wishes: list[tuple[float, int]]
) -> None:
    bucket, now, taken = FULL, NOW, 0
    for seconds, wish in wishes:
        now += timedelta(seconds=seconds)
        count = min(wish, bucket.tokens(rate, now))
        bucket, taken = bucket.take(count, rate, now), taken + count
        burst = max(1.0, rate * BURST.total_seconds())
        assert taken <= burst + rate * (now - NOW).total_seconds() + 0.001


@given(RATES, st.integers(1, 50))
def test_those_who_wait_are_told_the_moment_of_their_token(rate: float, number: int) -> None:
    bucket = FULL.take(FULL.tokens(rate, NOW), rate, NOW)
    for place in range(1, number + 1):
        bucket = bucket.queue(rate, NOW)
        turn = bucket.queue_until
        assert turn <= NOW + LONGEST_QUEUE
        assert bucket.tokens(rate, turn) >= place or turn == NOW + LONGEST_QUEUE or place > rate * 10


# --- Warm-up and daily caps


def test_the_default_plan() -> None:
    plan = WarmUp(200)
    assert [plan.allowance(day) for day in (1, 2, 3, 4, 5, 6, 7, 14, 21)] == [
        *(200, 300, 450, 675, 1012, 1518, 2278, 38_923, 665_051)
    ]


@pytest.mark.parametrize(
    ("limits", "day", "allowance"),
    [
        (Limits(), 1, None),
        (Limits(per_day=1000), 1, 1000),
        (Limits(per_day=1000, warm_up=WarmUp(200)), 1, 200),
        (Limits(per_day=1000, warm_up=WarmUp(200)), 5, 1000),
        (Limits(warm_up=WarmUp(200, 2)), 3, 800),
    ],
)
def test_the_cap_is_the_plans_ceiling(limits: Limits, day: int, allowance: int | None) -> None:
    assert limits.allowance(day) == allowance


def test_a_plan_never_overflows() -> None:
    assert WarmUp(10**9, 10).allowance(10_000) > 10**9


@pytest.mark.parametrize(
    ("tally", "now", "at"),
    [
        (NOTHING_YET, NOW, Tally(date(2026, 3, 11), 1, 0)),
        (Tally(date(2026, 3, 11), 4, 90), NOW, Tally(date(2026, 3, 11), 4, 90)),
        (Tally(date(2026, 3, 10), 4, 90), NOW, Tally(date(2026, 3, 11), 5, 0)),
        (Tally(date(2026, 1, 1), 4, 90), NOW, Tally(date(2026, 3, 11), 5, 0)),  # idle days do not count
        (Tally(date(2026, 3, 10), 4, 0), NOW, Tally(date(2026, 3, 11), 4, 0)),  # nor do those of an ill relay
        (Tally(date(2026, 3, 12), 4, 90), NOW, Tally(date(2026, 3, 12), 4, 90)),  # a clock that was set back
        (Tally(date(2031, 3, 12), 4, 90), NOW, Tally(date(2026, 3, 11), 5, 0)),  # and one that was far ahead
    ],
)
def test_a_day_counts_when_something_was_sent_on_it(tally: Tally, now: datetime, at: Tally) -> None:
    assert tally.at(now) == at


def test_a_day_ends_at_midnight_utc() -> None:
    assert next_day(NOW) == datetime(2026, 3, 12, tzinfo=UTC)
    late = datetime.fromisoformat("2026-03-11T23:30:00-05:00")  # is the 12th already
    assert next_day(late) == datetime(2026, 3, 13, tzinfo=UTC)


# --- Domains that ask us to slow down


@pytest.mark.parametrize(
    ("address", "domain"),
    [
        ("ada@Example.ORG", "example.org"),
        ("ada@googlemail.com", "gmail.com"),
        ("ada@hotmail.com", "outlook.com"),
        ("ada@gmail.com", "gmail.com"),
    ],
)
def test_a_providers_domains_count_as_one(address: str, domain: str) -> None:
    assert domain_of(address) == domain


def test_an_own_rate_goes_before_the_one_for_all() -> None:
    rates = DomainRates(20, {"gmail.com": 5})
    assert (rates.of("gmail.com"), rates.of("example.org")) == (5, 20)
    assert DomainRates().of("gmail.com") is None
    assert [bool(one) for one in (DomainRates(), DomainRates(1), DomainRates(own={"a.test": 1}))] == [
        *(False, True, True)
    ]


def test_a_rate_is_halved_down_to_one_a_minute() -> None:
    slowdown, now, rates = None, NOW, []
    for _ in range(12):
        slowdown = slowed(slowdown, 20, now)
        rates.append(slowdown.rate)
        now += ONE_WARNING
    assert rates[0] == 10
    assert 5 < rates[1] < 5.1, "half of what it had come to by then"
    assert all(later < earlier for earlier, later in pairwise(rates[:7]))
    assert slowed(Slowdown(SLOWEST, NOW), 20, NOW + ONE_WARNING).rate >= SLOWEST


def test_complaints_that_come_together_halve_once() -> None:
    first = slowed(None, 20, NOW)
    assert slowed(first, 20, NOW + ONE_WARNING - SECOND) is first


@pytest.mark.parametrize(
    ("normal", "part", "rate"),
    [
        (20, 0, 10),
        (20, 0.25, 15),
        (20, 0.5, 20),
        (20, 9, 20),
        (None, 0, 10),
        (None, 0.25, 15),
        (None, 0.5, None),
    ],
)
def test_a_rate_comes_back_evenly(normal: float | None, part: float, rate: float | None) -> None:
    slowdown, now = Slowdown(10, NOW), NOW + part * RECOVERY
    assert slowdown.now(normal, now) == rate
    assert slowdown.is_over(normal, now) == (part >= 0.5)


def test_a_domain_without_a_limit_is_halved_from_an_assumed_one() -> None:
    assert slowed(None, None, NOW).rate == UNLIMITED / 2
