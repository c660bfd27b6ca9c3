"""People as columns: our own, which say everything and come back whole, or another program's."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from subscribers.exporting.records import Record, Shared

Cells = list[str]

_JSON: Final = json.JSONEncoder(ensure_ascii=False)  # made once, for a million rows


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns of one program. `cells` are a record's texts in their order."""

    key: str
    title: str
    columns: tuple[str, ...]
    cells: Callable[[Record], Cells]


def text_of(value: Any) -> str:
    """A value of a record as a cell: objects and lists as JSON."""
    if value is None:
        return ""
    if isinstance(value, Shared):
        return value.text
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict | list):
        return _JSON.encode(value)
    return str(value)


_OWN: Final = (
    *("email", "first_name", "last_name", "language", "zone", "minute", "weekdays", "daily_cap"),
    *("no_tracking", "created_at", "tags", "lists", "consent", "suppressed", "courses", "fields"),
)


def _own(record: Record) -> Cells:
    return [  # in the order of _OWN; to ask each value what it is takes a tenth of an export
        record["email"],
        record["first_name"],
        record["last_name"],
        record["language"] or "",
        record["zone"] or "",
        text_of(record["minute"]),
        text_of(record["weekdays"]),
        str(record["daily_cap"]),
        "true" if record["no_tracking"] else "false",
        record["created_at"],
        record["tags"].text,
        record["lists"].text,
        _JSON.encode(record["consent"]),
        text_of(record["suppressed"]),
        text_of(record["courses"]),
        record["fields"].text,
    ]


def _status(record: Record) -> str:
    """The one word that other programs have for a person: the strictest of all their lists and of ours."""
    reason = (record["suppressed"] or {}).get("reason")
    if reason in ("bounced", "complained"):
        return str(reason)
    standings = {one["status"] for one in record["lists"].values()}
    if "complained" in standings:
        return "complained"
    if reason or standings == {"unsubscribed"}:
        return "unsubscribed"
    return "subscribed" if "confirmed" in standings else "pending"


def _agreed(record: Record) -> tuple[str, str]:
    """When and from where they last agreed."""
    lines = [one for one in record["consent"] if one["act"] in ("confirmed", "added")]
    return (lines[-1]["at"], lines[-1].get("ip", "")) if lines else ("", "")


def _seconds(moment: str) -> str:
    """`2024-01-02 15:04:05`, in UTC, as most programs read it."""
    return moment[:19].replace("T", " ")


def _mailchimp(record: Record) -> Cells:
    at, ip = _agreed(record)
    return [
        record["email"],
        record["first_name"],
        record["last_name"],
        _seconds(record["created_at"]),
        _seconds(at),
        ip,
        record["zone"] or "",
        ",".join(f'"{name}"' for name in record["tags"]),
        _status(record),
    ]


_KIT: Final = {
    "subscribed": "active",
    "pending": "inactive",
    "unsubscribed": "cancelled",
    "bounced": "bounced",
    "complained": "complained",
}


def _kit(record: Record) -> Cells:
    state = _KIT[_status(record)]
    created = _seconds(record["created_at"])
    return [record["email"], record["first_name"], state, f"{created} UTC", ", ".join(record["tags"])]


_LISTMONK: Final = {"subscribed": "enabled", "pending": "unconfirmed", "unsubscribed": "disabled"}


def _listmonk(record: Record) -> Cells:
    name = f"{record['first_name']} {record['last_name']}".strip()
    status = _LISTMONK.get(_status(record), "blocklisted")
    created = f"{_seconds(record['created_at'])}.000000 +0000 UTC"
    return ["", record["email"], name, text_of(record["fields"]), status, created, created]


OWN: Final = Layout("courseletter", "Courseletter", _OWN, _own)
LAYOUTS: Final[Sequence[Layout]] = (
    OWN,
    Layout(
        "mailchimp",
        "Mailchimp",
        (
            *("Email Address", "First Name", "Last Name", "OPTIN_TIME", "CONFIRM_TIME", "CONFIRM_IP"),
            *("TIMEZONE", "TAGS", "STATUS"),
        ),
        _mailchimp,
    ),
    Layout("kit", "Kit", ("email", "first_name", "state", "created_at", "tags"), _kit),
    Layout(
        "listmonk",
        "listmonk",
        ("uuid", "email", "name", "attributes", "status", "created_at", "updated_at"),
        _listmonk,
    ),
)
BY_KEY: Final = {layout.key: layout for layout in LAYOUTS}
