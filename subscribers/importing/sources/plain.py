"""Any other file: what columns are usually called, and the usual words for a status."""

from typing import Final

from subscribers.importing.mapping import Source, Status

_NAMES: Final = {
    "email": ("email", "e mail", "email address", "e mail address", "mail", "address", "correo", "courriel"),
    "first_name": ("first name", "firstname", "given name", "vorname", "prénom", "nombre"),
    "last_name": ("last name", "lastname", "surname", "family name", "nachname", "nom", "apellidos"),
    "full_name": ("name", "full name", "fullname"),
    "language": ("language", "locale", "lang", "sprache"),
    "zone": ("zone", "time zone", "timezone", "tz"),
    "status": ("status", "state", "subscription status"),
    "tags": ("tags", "tag", "labels", "groups"),
    "created_at": ("created at", "created", "date added", "subscribed at", "signup date", "joined at"),
    "optin_at": ("optin time", "opt in time", "opted in at"),
    "optin_ip": ("optin ip", "opt in ip", "signup ip"),
    "confirmed_at": ("confirmed at", "confirm time", "confirmation time", "consent at", "double optin at"),
    "confirmed_ip": ("confirmed ip", "confirm ip", "confirmation ip", "consent ip", "ip", "ip address"),
    "unsubscribed_at": ("unsubscribed at", "unsub time", "unsubscribe date"),
}

PLAIN: Final = Source(
    key="plain",
    title="a plain list",
    signature=frozenset(),
    columns={name: target for target, names in _NAMES.items() for name in names},
    statuses={
        **dict.fromkeys(("", "subscribed", "active", "confirmed", "enabled"), Status.SUBSCRIBED),
        **dict.fromkeys(("pending", "unconfirmed", "waiting", "requested"), Status.PENDING),
        **dict.fromkeys(
            ("unsubscribed", "inactive", "cancelled", "canceled", "opted out", "disabled", "removed"),
            Status.UNSUBSCRIBED,
        ),
        **dict.fromkeys(("bounced", "cleaned", "undeliverable", "hard bounced"), Status.BOUNCED),
        **dict.fromkeys(
            ("complained", "complaint", "spam", "abuse", "blocklisted", "blocked"), Status.COMPLAINED
        ),
    },
)
