"""Ghost: members. Its first column is an id, so nothing here goes by order."""

from typing import Final

from subscribers.importing.mapping import Source, Status

GHOST: Final = Source(
    key="ghost",
    title="Ghost",
    signature=frozenset(("id", "email", "name", "subscribed to emails", "labels")),
    columns={
        "email": "email",
        "name": "full_name",
        "note": "field:note",
        "subscribed to emails": "status",
        "created at": "created_at",
        "labels": "tags",
        "tiers": "field:tiers",
        "products": "field:tiers",
    },
    statuses={"true": Status.SUBSCRIBED, "false": Status.UNSUBSCRIBED},
)
