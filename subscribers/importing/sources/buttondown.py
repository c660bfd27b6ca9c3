"""Buttondown: the type of a subscriber is their status."""

from typing import Final

from subscribers.importing.mapping import Source, Status

BUTTONDOWN: Final = Source(
    key="buttondown",
    title="Buttondown",
    signature=frozenset(("email", "notes", "metadata", "tags", "subscriber type")),
    columns={
        "email": "email",
        "notes": "field:notes",
        "metadata": "attributes",
        "tags": "tags",
        "subscriber type": "status",
        "creation date": "created_at",
        "ip address": "optin_ip",
    },
    statuses={
        "regular": Status.SUBSCRIBED,
        "premium": Status.SUBSCRIBED,
        "gifted": Status.SUBSCRIBED,
        "trialed": Status.SUBSCRIBED,
        "unactivated": Status.PENDING,
        "unpaid": Status.SUBSCRIBED,
        "unsubscribed": Status.UNSUBSCRIBED,
        "removed": Status.UNSUBSCRIBED,
        "undeliverable": Status.BOUNCED,
        "complained": Status.COMPLAINED,
        "spammy": Status.COMPLAINED,
        "blocked": Status.COMPLAINED,
    },
)
