"""Keila: contacts, with custom fields as JSON."""

from typing import Final

from subscribers.importing.mapping import Source, Status

KEILA: Final = Source(
    key="keila",
    title="Keila",
    signature=frozenset(("email", "data", "status", "external id")),
    columns={
        "email": "email",
        "first name": "first_name",
        "last name": "last_name",
        "data": "attributes",
        "status": "status",
        "external id": "field:external_id",
    },
    statuses={
        "active": Status.SUBSCRIBED,
        "unsubscribed": Status.UNSUBSCRIBED,
        "unreachable": Status.BOUNCED,
    },
)
