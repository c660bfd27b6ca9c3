"""What may be chosen without a script: rhythms, hours, places, and how a reader's own address is shown."""

from datetime import UTC, date, datetime
from zoneinfo import available_timezones

import pytest

from campaigns.cadence import Cadence
from courseletter.errors import InvalidInput
from courseletter.web.choices import days_of, hours, places, read_rhythm, rhythms
from courseletter.web.moments import day, masked, place, short_day, zones
from courseletter.web.speech import speech

THURSDAYS = Cadence(weekdays=frozenset({3}), start=8 * 60)
NOW = datetime(2026, 11, 12, 9, 42, tzinfo=UTC)


@pytest.mark.parametrize(
    ("cadence", "own", "first"),
    [
        (THURSDAYS, "Thursdays at 8:00", "Mondays at 7:00"),
        (Cadence(gap=1), "Every day at 9:00", "Every day at 7:00"),
        (Cadence(), "Once a week at 9:00", "Mondays at 7:00"),
        (
            Cadence(weekdays=frozenset({0, 3}), gap=3, end=17 * 60),
            "Mondays and Thursdays between 9:00 and 17:00",
            "Mondays and Thursdays at 7:00",
        ),
        (
            Cadence(weekdays=frozenset({3}), cohort_start=date(2026, 11, 5)),
            "Thursdays at 9:00",
            "Thursdays at 7:00",
        ),
    ],
)
def test_the_courses_own_rhythm_comes_first_and_others_fit_it(cadence: Cadence, own: str, first: str) -> None:
    its_own, groups = rhythms(cadence)
    assert (its_own.value, its_own.label) == ("", own)
    assert groups[0].choices[0].label == first


@pytest.mark.parametrize(
    ("weekdays", "gap", "english", "german"),
    [
        ({3}, 7, "Once a week", "Einmal in der Woche"),
        ({0, 3}, 7, "Once a week", "Einmal in der Woche"),
        ({0, 3}, 3, "Mondays and Thursdays", "Montag und Donnerstag"),
        (set(range(7)), 3, "Every third day", "Alle 3 Tage"),
    ],
)
def test_how_often_lessons_come_is_told_by_their_days_where_a_gap_would_not_be_true(
    weekdays: set[int], gap: int, english: str, german: str
) -> None:
    assert speech("en").often(frozenset(weekdays), gap) == english
    assert speech("de").often(frozenset(weekdays), gap) == german


def test_every_offered_rhythm_can_be_read_back() -> None:
    _, groups = rhythms(THURSDAYS)
    read = {read_rhythm(choice.value) for group in groups for choice in group.choices}
    assert len(read) == 7 * 4, "seven days, and the course's hour beside three others"
    assert (480, (3,)) in read
    assert read_rhythm("") == (None, None)
    assert read_rhythm("*@420") == (420, None)
    for wrong in ("soon", "3", "3@", "x@7", "@"):
        with pytest.raises(InvalidInput, match="from the list"):
            read_rhythm(wrong)


def test_places_are_all_known_and_tell_their_hour() -> None:
    assert {name for names in zones().values() for name in names} <= available_timezones()
    groups = {group.label: group.choices for group in places(NOW, ["Europe/Lisbon", "Etc/GMT+5"])}
    assert ("Europe/Lisbon", "Lisbon (9:42 now)") in [(one.value, one.label) for one in groups["Europe"]]
    assert [one.value for one in groups["Others"]] == ["Etc/GMT+5"], "an unusual one is not lost"


def test_own_days_and_hours_stay_choosable() -> None:
    assert days_of(THURSDAYS, None)[0] == "3"
    assert days_of(Cadence(), None)[1][0].label == "As the course has it"
    chosen, days = days_of(THURSDAYS, [0, 3])
    assert (chosen, days[0].label) == ("keep", "Monday and Thursday")
    assert "8:07" in [choice.label for choice in hours([487, None])]


def test_moments_places_and_addresses_in_words() -> None:
    assert day(date(2026, 11, 19)) == "Thursday 19\xa0November"
    assert short_day(date(2026, 11, 5)) == "Thu\xa05\xa0Nov"
    assert place("America/Argentina/Buenos_Aires") == "Buenos Aires"
    assert masked("ana.pereira@example.org") == "ana.p...@example.org"
    assert masked("a@example.org") == "a...@example.org"
