"""When a digest is made: weekly and monthly, over clock changes and the year's end."""

from datetime import UTC, datetime

import pytest

from campaigns.digests.rhythm import Rhythm

DAILY = frozenset(range(7))


@pytest.mark.parametrize(
    ("every", "days", "zone", "after", "then"),
    [
        ("week", {0}, "UTC", "2026-03-11T14:42", "2026-03-16T09:00"),
        ("week", {2}, "UTC", "2026-03-11T08:59", "2026-03-11T09:00"),
        ("week", {2}, "UTC", "2026-03-11T09:00", "2026-03-18T09:00"),
        ("week", {0, 3}, "UTC", "2026-03-16T09:00", "2026-03-19T09:00"),
        ("week", DAILY, "America/New_York", "2026-03-07T15:00", "2026-03-08T13:00"),  # the clock is put on
        ("month", {0}, "UTC", "2026-03-11T00:00", "2026-04-06T09:00"),
        ("month", {0}, "UTC", "2026-04-06T09:00", "2026-05-04T09:00"),
        ("month", DAILY, "UTC", "2026-12-31T23:00", "2027-01-01T09:00"),
        ("month", {0, 4}, "UTC", "2026-12-31T23:00", "2027-01-01T09:00"),  # a Friday
        ("month", {0}, "Pacific/Kiritimati", "2026-03-31T20:00", "2026-04-05T19:00"),  # its 6 April, 9:00
    ],
)
def test_the_next_hour(every, days, zone: str, after: str, then: str) -> None:
    rhythm = Rhythm(every, frozenset(days), 9 * 60, zone)
    moment = datetime.fromisoformat(after).replace(tzinfo=UTC)
    assert rhythm.after(moment) == datetime.fromisoformat(then).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("every", "days", "phrase"),
    [
        ("week", {0, 3}, "Mondays and Thursdays at 9:00"),
        ("week", DAILY, "every day at 9:00"),
        ("month", {0}, "the first Monday of each month at 9:00"),
        ("month", {0, 3, 5}, "the first Monday, Thursday or Saturday of each month at 9:00"),
        ("month", DAILY, "the first day of each month at 9:00"),
    ],
)
def test_its_words(every, days, phrase: str) -> None:
    assert Rhythm(every, frozenset(days), 9 * 60, "UTC").phrase() == phrase
