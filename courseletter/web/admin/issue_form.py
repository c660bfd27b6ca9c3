"""The form of an issue's plan: whom, when and which subjects, as it is typed and as it is meant."""

from collections.abc import Mapping
from datetime import date, time
from typing import Final, get_args

from sqlalchemy import select
from sqlalchemy.orm import Session

from campaigns.newsletters import testing
from campaigns.newsletters.drafting import Wishes
from campaigns.newsletters.timing import When
from courseletter.errors import InvalidInput
from courseletter.web.admin.issue_words import hour
from subscribers.audiences import MOST, Audience, Kind, Part
from subscribers.models import MailingList, Segment, Tag

SIDES: Final = ("include", "exclude")
PROPOSED: Final = "09:00"
_TITLES: Final[Mapping[Kind, str]] = {"list": "Lists", "tag": "Tags", "segment": "Segments"}
_OFFERED: Final = 200  # of each kind


def typed_of(wishes: Wishes) -> dict[str, str]:
    """The fields as they hold what is saved."""
    when = wishes.when
    typed = {
        "when": "now" if when.day is None else "at",
        "day": when.day.isoformat() if when.day else "",
        "time": PROPOSED if when.minute is None else hour(when.minute),
        "share": str(wishes.share),
        "hours": str(wishes.hours),
    }
    for side, parts in zip(SIDES, (wishes.audience.include, wishes.audience.exclude), strict=True):
        typed |= {f"{side}-{place}": str(part) for place, part in enumerate(parts)}
    return typed | {f"subject-{place}": one for place, one in enumerate(wishes.subjects, start=1)}


def wishes_of(typed: Mapping[str, str]) -> Wishes:
    """What the fields mean. Raises InvalidInput, naming the field."""
    include, exclude = (tuple(Part.parse(one) for one in chosen) for chosen in rows(typed).values())
    subjects = (typed.get(f"subject-{place}", "").strip() for place in range(1, testing.MOST))
    return Wishes(
        Audience(tuple(dict.fromkeys(include)), tuple(dict.fromkeys(exclude))),
        _when(typed),
        tuple(filter(None, subjects)),
        _number(typed, "share", 20),
        _number(typed, "hours", 4),
    )


def rows(typed: Mapping[str, str]) -> dict[str, list[str]]:
    """The parts that are chosen on each side, in order; one that was taken out is gone."""
    return {
        side: [one for place in range(MOST) if (one := typed.get(f"{side}-{place}", ""))] for side in SIDES
    }


def choices(session: Session) -> dict[str, dict[str, str]]:
    """What can be chosen, by kind: the part as the field has it -> its name."""
    tables: Mapping[Kind, type[MailingList] | type[Tag] | type[Segment]] = {
        "list": MailingList,
        "tag": Tag,
        "segment": Segment,
    }
    found = {}
    for kind in get_args(Kind):
        table = tables[kind]
        named = session.execute(select(table.id, table.name).order_by(table.name).limit(_OFFERED))
        found[_TITLES[kind]] = {str(Part(kind, number)): name for number, name in named}
    return {title: parts for title, parts in found.items() if parts}


def _when(typed: Mapping[str, str]) -> When:
    if typed.get("when", "now") != "at":
        return When()
    try:
        day = date.fromisoformat(typed.get("day", ""))
    except ValueError:
        raise InvalidInput("Choose the day on which it goes.", field="day") from None
    try:
        at = time.fromisoformat(typed.get("time", ""))
    except ValueError:
        raise InvalidInput("Write the hour like 09:00.", field="time") from None
    return When(day, at.hour * 60 + at.minute)


def _number(typed: Mapping[str, str], name: str, usual: int) -> int:
    text = typed.get(name, "").strip()
    if not text:
        return usual
    if not (text.isascii() and text.isdigit() and len(text) < 5):
        raise InvalidInput("Write a whole number.", field=name)
    return int(text)
