"""What people are to a list, what they did about it, and why they are mailed nothing: the words of tables."""

from enum import StrEnum


class MemberStatus(StrEnum):
    """Where a subscriber stands on one list."""

    PENDING = "pending"  # asked, and not yet confirmed: gets nothing but the confirmation mail
    CONFIRMED = "confirmed"
    UNSUBSCRIBED = "unsubscribed"
    COMPLAINED = "complained"  # pressed “this is spam”: never mailed again


class ConsentAct(StrEnum):
    """What a subscriber did about a list. Appended to the ledger, never changed."""

    REQUESTED = "requested"
    CONFIRMED = "confirmed"
    ADDED = "added"  # by an admin, who vouches for the consent
    UNSUBSCRIBED = "unsubscribed"
    COMPLAINED = "complained"  # to their mail provider, who told us
    TAKEN_BACK = "taken_back"  # what an import said of them, with the import


class SuppressionReason(StrEnum):
    UNSUBSCRIBED = "unsubscribed"  # from everything
    BOUNCED = "bounced"
    COMPLAINED = "complained"
    ERASED = "erased"
    MANUAL = "manual"
