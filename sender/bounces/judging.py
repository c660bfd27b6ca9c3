"""The two decisions that take more than one report: is a mailbox dead, is a send unwelcome. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import takewhile
from typing import Final

SOFT_BOUNCES: Final = 5
SOFT_SPAN: Final = timedelta(days=14)

RATE_WINDOW: Final = timedelta(days=7)
WARN_RATE: Final = 0.001
PAUSE_RATE: Final = 0.003
FEWEST: Final = 1000  # deliveries that a rate is reckoned from, be there fewer


@dataclass(frozen=True, slots=True)
class Sent:
    """One delivery that left us, and when it came back; None: it did not."""

    bounced_at: datetime | None


def is_worn_out(history: Iterable[Sent]) -> bool:
    """Whether a mailbox counts as dead: the newest first, five sends in a row came back, over 14 days.

    In a row, because a mailbox that took a mail in between is alive: somebody emptied it. Over 14 days,
    because a daily course would else end in the one week in which its reader's mailbox is full.
    """
    row: Sequence[datetime] = [
        one.bounced_at for one in takewhile(lambda one: one.bounced_at is not None, history) if one.bounced_at
    ]
    return len(row) >= SOFT_BOUNCES and max(row) - min(row) >= SOFT_SPAN


class Alarm(StrEnum):
    NONE = "none"
    WARN = "warn"
    PAUSE = "pause"


def alarm(complaints: int, deliveries: int) -> Alarm:
    """What the complaints of the last seven days ask for, by mail providers' own limits (REQUIREMENTS 13).

    Reckoned from a thousand deliveries at least: one complaint among ten readers is a person, not a rate. So
    one warns and three pause a small course.
    """
    rate = complaints / max(deliveries, FEWEST)
    if rate >= PAUSE_RATE:
        return Alarm.PAUSE
    return Alarm.WARN if rate >= WARN_RATE else Alarm.NONE
