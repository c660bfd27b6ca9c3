"""The words people agree to. The pages show them, and the consent ledger keeps them, from this one place."""

from typing import Final

SIGN_UP: Final = {
    "first_name": "First name",
    "optional": "(if you like)",
    "email": "Email",
    "when": "When shall it come?",
    "zone": "Where you are",
    "button": "Start the course",
    "promise": "We first send a mail to check it is you. Stop at any time with one press.",
    "kept_title": "What we keep",
    "kept": (
        "Your address, the name if you give one, and when and from where you asked, as proof that you did. "
        "We use it to send you this course and for nothing else."
    ),
}
CONFIRM: Final = {
    "heading": "Is it you?",
    "text": "Somebody gave this address for the course. If it was you, press, and the first mail comes.",
    "button": "Yes, start the course",
}
LEAVE: Final = {"button": "Leave the course"}
LEAVE_EVERYTHING: Final = {"button": "Leave everything"}
COME_BACK: Final = {"button": "Come back to the course"}


def shown(title: str, words: dict[str, str]) -> str:
    """The text of a form as it stood on the page, a line each."""
    return "\n".join([title, *words.values()])
