"""Moments, places and addresses as people read them: `Thursday 19 November`, `8:00`, `Lisbon`."""

from datetime import date, datetime
from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo

from campaigns.rhythm import MONTHS, WEEKDAYS, time_phrase


def day(moment: date) -> str:
    """`Thursday 19 November`; the day and its month never part at a line's end."""
    return f"{WEEKDAYS[moment.weekday()]} {moment.day}\xa0{MONTHS[moment.month - 1]}"


def short_day(moment: date) -> str:
    """`Thu 19 Nov`."""
    return f"{WEEKDAYS[moment.weekday()][:3]}\xa0{moment.day}\xa0{MONTHS[moment.month - 1][:3]}"


def day_month(moment: date) -> str:
    """`12 November`."""
    return f"{moment.day}\xa0{MONTHS[moment.month - 1]}"


def clock(moment: datetime) -> str:
    """`09:41`, as the workshop writes it."""
    return f"{moment:%H:%M}"


def hour(moment: datetime) -> str:
    """`8:00`, the local time of a moment that carries its zone."""
    return time_phrase(moment.hour * 60 + moment.minute)


def place(zone: str) -> str:
    """The city a time zone is named after."""
    return zone.rpartition("/")[2].replace("_", " ")


def masked(address: str) -> str:
    """`ana.p...@example.org`: enough to know one's own, too little for who looks over the shoulder."""
    local, _, domain = address.rpartition("@")
    return f"{local[: max(1, min(5, len(local) // 2))]}...@{domain}"


@cache
def zones() -> dict[str, list[str]]:
    """All zones a person may live in, by region, as the IANA table of countries lists them."""
    table = (files("tzdata") / "zoneinfo" / "zone.tab").read_text(encoding="utf-8")
    names = sorted(line.split("\t")[2] for line in table.splitlines() if not line.startswith("#"))
    regions: dict[str, list[str]] = {}
    for name in names:
        regions.setdefault(name.partition("/")[0], []).append(name)
    return regions


def local(moment: datetime, zone: ZoneInfo) -> datetime:
    return moment.astimezone(zone)
