"""MailPoet for WordPress: a status on the list and one over all; the second is stricter."""

from typing import Final

from subscribers.importing.mapping import Source, Status

MAILPOET: Final = Source(
    key="mailpoet",
    title="MailPoet",
    signature=frozenset(("email", "list status", "global status")),
    columns={
        "email": "email",
        "first name": "first_name",
        "last name": "last_name",
        "list status": "status",
        "global status": "status",
        "list": "tags",
    },
    statuses={
        "subscribed": Status.SUBSCRIBED,
        "unconfirmed": Status.PENDING,
        "inactive": Status.SUBSCRIBED,  # has not opened for long; it is no wish of theirs
        "unsubscribed": Status.UNSUBSCRIBED,
        "bounced": Status.BOUNCED,
    },
)
