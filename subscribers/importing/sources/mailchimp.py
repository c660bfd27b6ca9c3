"""Mailchimp: a zip of three files: who is subscribed, who has unsubscribed, who was cleaned (bounced)."""

from typing import Final

from subscribers.importing.mapping import Source, Status

_COLUMNS: Final = {
    "email address": "email",
    "first name": "first_name",
    "last name": "last_name",
    "optin time": "optin_at",
    "optin ip": "optin_ip",
    "confirm time": "confirmed_at",
    "confirm ip": "confirmed_ip",
    "timezone": "zone",
    "unsub time": "unsubscribed_at",
    "clean time": "unsubscribed_at",
    "tags": "tags",
    "status": "status",
}
_STATUSES: Final = {
    "subscribed": Status.SUBSCRIBED,
    "pending": Status.PENDING,
    "unsubscribed": Status.UNSUBSCRIBED,
    "cleaned": Status.BOUNCED,
    "bounced": Status.BOUNCED,
    "complained": Status.COMPLAINED,
}
# What every one of its exports has; ratings and ids are missing in newer ones.
_FEW: Final = frozenset(("email address", "optin time", "confirm time"))

SUBSCRIBED: Final = Source("mailchimp", "Mailchimp", _FEW, _COLUMNS, _STATUSES, always=Status.SUBSCRIBED)
UNSUBSCRIBED: Final = Source(
    "mailchimp-unsubscribed",
    "Mailchimp",
    _FEW | {"unsub time"},
    _COLUMNS,
    _STATUSES,
    always=Status.UNSUBSCRIBED,
)
CLEANED: Final = Source(
    "mailchimp-cleaned", "Mailchimp", _FEW | {"clean time"}, _COLUMNS, _STATUSES, always=Status.BOUNCED
)
