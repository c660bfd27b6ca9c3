"""The options that say when lessons come."""

from datetime import date
from itertools import pairwise
from typing import Annotated

import typer

from campaigns.cadence import Cadence
from campaigns.folders import DAYS, minute_of
from courseletter.errors import InvalidInput

Days = Annotated[
    str | None, typer.Option(help="Weekdays lessons come on: mon,thu or daily; else any, a week apart.")
]
Time = Annotated[str, typer.Option(help="Local hour, like 09:00, or a window, like 09:00-17:00.")]
Gap = Annotated[
    int | None,
    typer.Option(help="Days from one lesson to the next; else so that each of --days is used.", min=1),
]
Start = Annotated[str | None, typer.Option(help="A cohort's first day, like 2026-03-02; else at sign-up.")]


def cadence_of(days: str | None, time: str, gap: int | None, start: str | None) -> Cadence:
    """The cadence that the options describe. Raises InvalidInput naming the option that is wrong."""
    opening, _, closing = time.partition("-")
    cohort = date_of(start, "--start") if start else None
    weekdays = weekdays_of("daily" if days is None else days)
    return Cadence(
        weekdays=weekdays,
        start=minute_of(opening, "--time"),
        end=minute_of(closing, "--time") if closing else None,
        gap=gap or (_closest(weekdays) if days else Cadence().gap),
        cohort_start=cohort,
        catch_up="one_a_day" if cohort else "shift",
    )


def weekdays_of(days: str) -> frozenset[int]:
    """`mon,thu` or `daily`. Raises InvalidInput."""
    names = DAYS if days.strip().lower() == "daily" else [one.strip().lower()[:3] for one in days.split(",")]
    unknown = [name for name in names if name not in DAYS]
    if unknown:
        raise InvalidInput(f"--days: “{unknown[0]}” is no weekday. Write mon,thu or daily.", field="days")
    return frozenset(DAYS.index(name) for name in names)


def _closest(weekdays: frozenset[int]) -> int:
    """The days between the two nearest weekdays: the largest gap that leaves none of them out."""
    days = sorted(weekdays)
    return min(later - earlier for earlier, later in pairwise([*days, days[0] + 7]))


def date_of(text: str, where: str) -> date:
    """`2026-03-02` as a date. Raises InvalidInput naming `where` it stands."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidInput(f"{where}: “{text}” is no date. Write it like 2026-03-02.", field="date") from None
