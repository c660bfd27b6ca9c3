"""listmonk: attributes are JSON, times as Go writes them; blocked people have complained."""

from typing import Final

from subscribers.importing.mapping import Source, Status

LISTMONK: Final = Source(
    key="listmonk",
    title="listmonk",
    signature=frozenset(("uuid", "email", "name", "attributes", "status")),
    columns={
        "email": "email",
        "name": "full_name",
        "attributes": "attributes",
        "status": "status",
        "created at": "created_at",
    },
    statuses={
        "enabled": Status.SUBSCRIBED,
        "disabled": Status.UNSUBSCRIBED,
        "blocklisted": Status.COMPLAINED,
        "unconfirmed": Status.PENDING,
        "confirmed": Status.SUBSCRIBED,
        "unsubscribed": Status.UNSUBSCRIBED,
    },
)
