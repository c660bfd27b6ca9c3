"""The ladder of retries, and its end."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sender.retrying import Retrying, next_attempt

FIRST = datetime(2025, 3, 3, 7, 0, tzinfo=UTC)
DEADLINE = Retrying().deadline


def test_retry_ladder_until_the_deadline() -> None:
    now, waits, attempts = FIRST, [], 1
    while (due := next_attempt(attempts, FIRST, now, 0, DEADLINE)) is not None:
        waits.append(due - now)
        now, attempts = due, attempts + 1
    minutes = [wait.total_seconds() / 60 for wait in waits]
    assert minutes == [5, 15, 30, 60, 120, 240, 360, 360, 360, 360, 360, 360]
    assert now - FIRST < DEADLINE


@given(st.integers(1, 20), st.floats(-1, 1))
def test_jitter_moves_the_wait_by_at_most_a_fifth(attempts: int, jitter: float) -> None:
    plain = next_attempt(attempts, FIRST, FIRST, 0, DEADLINE)
    moved = next_attempt(attempts, FIRST, FIRST, jitter, DEADLINE)
    assert plain is not None
    assert moved is not None
    assert abs((moved - FIRST) / (plain - FIRST) - 1) <= 0.2 + 1e-9


@pytest.mark.parametrize(
    ("now", "deadline", "due"),
    [
        (FIRST + timedelta(hours=42), DEADLINE, FIRST + timedelta(hours=48)),
        (FIRST + timedelta(hours=42, seconds=1), DEADLINE, None),
        (FIRST + timedelta(hours=42, seconds=1), timedelta(hours=72), FIRST + timedelta(hours=48, seconds=1)),
        (FIRST + timedelta(days=9), DEADLINE, None),
    ],
)
def test_deadline(now: datetime, deadline: timedelta, due: datetime | None) -> None:
    assert next_attempt(9, FIRST, now, 0, deadline) == due


def test_jitter_out_of_range_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="jitter"):
        next_attempt(1, FIRST, FIRST, 1.5, DEADLINE)
