"""Time zones by name. The tz database of the tzdata package counts, not the machine's."""

from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo

from courseletter.errors import InvalidInput

MINUTES_A_DAY = 24 * 60
LONGEST_NAME = 64  # the longest real one has 30 characters


@cache
def zone_of(name: str) -> ZoneInfo:
    """The zone with a name that was checked before it was stored."""
    return ZoneInfo(name)


def zone_named(text: str) -> ZoneInfo:
    """The IANA zone that a person named; letter case and spaces for underscores are forgiven.

    Only names of the tz database are looked up, so that a path never reaches the file system.
    Raises InvalidInput with the nearest name.
    """
    wanted = text[: LONGEST_NAME + 1].strip().casefold().replace(" ", "_")
    names = _zone_names()
    if wanted in names:
        return zone_of(names[wanted])
    shown = "".join(letter if letter.isprintable() else "?" for letter in text[:LONGEST_NAME])
    raise InvalidInput(
        f"No time zone is called “{shown}”. {_nearest(wanted)}Zones are named like Europe/Berlin or UTC.",
        field="zone",
    )


def _nearest(wanted: str) -> str:
    """“Did you mean ...? ”, or nothing where no zone and no place in one sounds alike."""
    names = _zone_names()
    places = {name.rpartition("/")[2]: name for name in names}
    found = get_close_matches(wanted, names, 1) or [
        places[place] for place in get_close_matches(wanted.rpartition("/")[2], places, 1)
    ]
    return f"Did you mean {names[found[0]]}? " if found else ""


@cache
def _zone_names() -> dict[str, str]:
    """Every name of the tz database that stands for a place or UTC, by its casefolded form."""
    names = files("tzdata").joinpath("zones").read_text("ascii").split()
    return {name.casefold(): name for name in names if name != "Factory"}  # Factory: a machine not set up yet
