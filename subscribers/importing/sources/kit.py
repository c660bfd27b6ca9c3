"""Kit, once ConvertKit."""

from typing import Final

from subscribers.importing.mapping import Source, Status

KIT: Final = Source(
    key="kit",
    title="Kit",
    signature=frozenset(("email", "first name", "state", "created at", "tags")),
    columns={
        "email": "email",
        "first name": "first_name",
        "last name": "last_name",
        "state": "status",
        "created at": "created_at",
        "tags": "tags",
    },
    statuses={
        "active": Status.SUBSCRIBED,
        "inactive": Status.PENDING,  # has not confirmed
        "bounced": Status.BOUNCED,
        "complained": Status.COMPLAINED,
        "cancelled": Status.UNSUBSCRIBED,
    },
)
