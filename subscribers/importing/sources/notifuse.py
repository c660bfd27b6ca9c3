"""Notifuse: contacts, without a status: whoever is in the file is subscribed."""

from typing import Final

from subscribers.importing.mapping import Source

NOTIFUSE: Final = Source(
    key="notifuse",
    title="Notifuse",
    signature=frozenset(("email", "external id", "first name", "last name", "full name", "timezone")),
    columns={
        "email": "email",
        "external id": "field:external_id",
        "first name": "first_name",
        "last name": "last_name",
        "phone": "field:phone",
        "timezone": "zone",
        "language": "language",
        "country": "field:country",
        "created at": "created_at",
    },
)
