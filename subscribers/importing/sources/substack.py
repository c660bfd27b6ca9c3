"""Substack: a zip with list and posts. `active_subscription` is about money, `email_disabled` of mail."""

from typing import Final

from subscribers.importing.mapping import Source, Status

SUBSTACK: Final = Source(
    key="substack",
    title="Substack",
    signature=frozenset(("email", "active subscription", "email disabled", "created at")),
    columns={
        "email": "email",
        "email disabled": "status",
        "created at": "created_at",
        "plan": "field:plan",
        "first payment at": "field:first_payment_at:date",
    },
    statuses={"false": Status.SUBSCRIBED, "true": Status.UNSUBSCRIBED, "": Status.SUBSCRIBED},
)
