"""Which column becomes what: suggested from the header, overruled by a person, kept with the import (pure).

A target is written as a text: `email`, `first_name`, `field:city`, `field:born:date`, `position:a-course`; a
column with the target "" is ignored.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, Final, Self

from courseletter.errors import InvalidInput
from subscribers.importing.values import KINDS, Order

IGNORED: Final = ""
FIELD: Final = "field"
POSITION: Final = "position"
FIELD_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")


class Status(StrEnum):
    """What another program knows of a person's will and of their mailbox, the stricter the later."""

    SUBSCRIBED = "subscribed"
    PENDING = "pending"
    UNSUBSCRIBED = "unsubscribed"
    BOUNCED = "bounced"
    COMPLAINED = "complained"


# What a column may become, in the words of the page.
TARGETS: Final[Mapping[str, str]] = {
    "email": "Email",
    "first_name": "First name",
    "last_name": "Last name",
    "full_name": "Full name",
    "language": "Language",
    "zone": "Time zone",
    "status": "Status",
    "tags": "Tags",
    "created_at": "On the list since",
    "optin_at": "Asked for at",
    "optin_ip": "Asked from",
    "confirmed_at": "Consent given at",
    "confirmed_ip": "Consent evidence",
    "unsubscribed_at": "Unsubscribed at",
    "attributes": "Custom fields, as JSON",
    # What our own exports write.
    "minute": "Own hour",
    "weekdays": "Own weekdays",
    "daily_cap": "Most a day",
    "no_tracking": "No click is counted",
    "lists": "Lists, as JSON",
    "consent": "Consent ledger, as JSON",
    "suppressed": "Suppression, as JSON",
    "courses": "Courses, as JSON",
}
# May stand over several columns, as in the files of one zip; of several statuses the strictest counts.
MANY: Final = ("tags", "status", "unsubscribed_at")


class Consent(StrEnum):
    """What becomes of people whom the file calls subscribed."""

    KEEP = "keep"  # with evidence in the file: confirmed; without: asked for, not confirmed
    VOUCH = "vouch"  # an admin says how they consented: confirmed, and the words are in the ledger
    ASK = "ask"  # all of them have to confirm


@dataclass(frozen=True, slots=True)
class ImportSettings:
    """All that a person decided about one file."""

    source: str
    columns: tuple[tuple[str, str], ...]  # (heading, target), in the file's order
    list_slug: str | None = None
    consent: Consent = Consent.KEEP
    note: str = ""  # how they consented, where an admin vouches
    order: Order | None = None  # what comes first in 02/03/2024
    extra_tags: tuple[str, ...] = ()
    origin: str = "import"  # as the ledger calls it

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        return cls(
            source=stored["source"],
            columns=tuple((heading, target) for heading, target in stored["columns"]),
            list_slug=stored["list_slug"],
            consent=Consent(stored["consent"]),
            note=stored["note"],
            order=Order(stored["order"]) if stored["order"] else None,
            extra_tags=tuple(stored["extra_tags"]),
            origin=stored["origin"],
        )


def check(settings: ImportSettings) -> None:
    """Raise InvalidInput that names the column as its field, unless the settings can be carried out."""
    taken: dict[str, str] = {}
    for heading, target in settings.columns:
        if target == IGNORED:
            continue
        _check_target(heading, target)
        name = ":".join(target.split(":")[:2])
        if name in taken and name not in MANY:
            raise InvalidInput(
                f"“{taken[name]}” and “{heading}” are both to be {in_words(target)}. Ignore one of them.",
                field=heading,
            )
        taken[name] = heading
    if "email" not in taken:
        raise InvalidInput(
            "No column is the email address. Say which one is. The first line of the file names them.",
            field="email",
        )
    if settings.consent is Consent.VOUCH and not settings.note.strip():
        raise InvalidInput("Say how these people consented; it is kept in the ledger.", field="note")
    if settings.list_slug is None and "lists" not in taken:
        raise InvalidInput("Choose the list that these people come to.", field="list")


def in_words(target: str) -> str:
    kind, _, rest = target.partition(":")
    if kind == FIELD:
        return f"the custom field {rest.partition(':')[0]}"
    if kind == POSITION:
        return f"the lesson reached in {rest}"
    return f"“{TARGETS[kind]}”" if kind in TARGETS else "ignored"


def field_name(heading: str) -> str:
    """A heading as a custom field's name: `Plan (EUR)` is `plan_eur`."""
    name = re.sub(r"[^a-z0-9]+", "_", heading.casefold()).strip("_")[:40].rstrip("_")
    return name if FIELD_NAME.fullmatch(name) else f"field_{name}"[:40].rstrip("_")


def _check_target(heading: str, target: str) -> None:
    kind, _, rest = target.partition(":")
    name, _, of = rest.partition(":")
    if kind == FIELD and FIELD_NAME.fullmatch(name) and (of or "text") in KINDS:
        return
    if (kind == POSITION and rest) or (kind in TARGETS and not rest):
        return
    raise InvalidInput(
        f"“{heading}” cannot become “{target}”. Choose one of {', '.join(TARGETS)}, "
        f"field:NAME or field:NAME:KIND ({', '.join(KINDS)}), or position:COURSE.",
        field=heading,
    )


@dataclass(frozen=True, slots=True)
class Source:
    """A program whose exports we know by their header: every heading of `signature` is in it.

    `columns` name targets by heading, `statuses` the words of its status column, in lower case; one that is
    not among them is never guessed. `always` is the status of a file that only has one kind of people.
    """

    key: str
    title: str
    signature: frozenset[str]
    columns: Mapping[str, str]
    statuses: Mapping[str, Status] = field(default_factory=dict)
    always: Status | None = None
    escaped: bool = False  # formulas are prefixed, as in our own exports

    def knows_email(self, headings: Sequence[str]) -> bool:
        return any(target == "email" for _, target in self.suggest(headings))

    def suggest(self, headings: Sequence[str]) -> tuple[tuple[str, str], ...]:
        """What each column becomes; what the source does not name is ignored."""
        suggested = []
        taken: set[str] = set()
        for heading in headings:
            target = self.columns.get(heading_key(heading), IGNORED)
            if target in taken and target not in MANY:
                target = IGNORED
            taken.add(target)
            suggested.append((heading, target))
        return tuple(suggested)


def heading_key(heading: str) -> str:
    """A heading as it is compared: case, spaces and underscores do not count."""
    return re.sub(r"[\s_\-]+", " ", heading.strip().strip("\ufeff").casefold()).strip()
