"""Our own exports, which say everything there is to say of a person."""

from typing import Final

from subscribers.importing.mapping import Source

SUBSCRIBERS: Final = Source(
    key="courseletter",
    title="Courseletter",
    signature=frozenset(("email", "lists", "consent", "suppressed", "courses", "daily cap")),
    columns={
        "email": "email",
        "first name": "first_name",
        "last name": "last_name",
        "language": "language",
        "zone": "zone",
        "minute": "minute",
        "weekdays": "weekdays",
        "daily cap": "daily_cap",
        "no tracking": "no_tracking",
        "created at": "created_at",
        "tags": "tags",
        "lists": "lists",
        "consent": "consent",
        "courses": "courses",
        "suppressed": "suppressed",
        "fields": "attributes",
    },
    escaped=True,
)
