"""Mautic: tags are joined by |, and `doNotEmail` says no in several ways."""

from typing import Final

from subscribers.importing.mapping import Source, Status
from subscribers.importing.values import NO, YES

MAUTIC: Final = Source(
    key="mautic",
    title="Mautic",
    signature=frozenset(("email", "donotemail")),
    columns={
        "email": "email",
        "firstname": "first_name",
        "first name": "first_name",
        "lastname": "last_name",
        "last name": "last_name",
        "donotemail": "status",
        "tags": "tags",
        "timezone": "zone",
        "preferred locale": "language",
        "city": "field:city",
        "country": "field:country",
        "company": "field:company",
        "date identified": "created_at",
    },
    statuses={
        **dict.fromkeys(NO, Status.SUBSCRIBED),
        **dict.fromkeys(YES, Status.UNSUBSCRIBED),
    },
)
