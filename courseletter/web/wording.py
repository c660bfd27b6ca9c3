"""The words people agree to. The pages show them, and the consent ledger keeps them, from this one place."""

from typing import Final

from templates.languages import marked

SIGN_UP: Final = {
    "first_name": marked("First name"),
    "optional": marked("(if you like)"),
    "email": marked("Email"),
    "when": marked("When shall it come?"),
    "zone": marked("Where you are"),
    "button": marked("Start the course"),
    "promise": marked("We first send a mail to check it is you. Stop at any time with one press."),
    "kept_title": marked("What we keep"),
    "kept": marked(
        "Your address, the name if you give one, and when and from where you asked, as proof that you did. "
        "We use it to send you this course and for nothing else."
    ),
}
SUBSCRIBE: Final = {
    **{name: SIGN_UP[name] for name in ("first_name", "optional", "email")},
    "button": marked("Subscribe"),
    **{name: SIGN_UP[name] for name in ("promise", "kept_title")},
    "kept": marked(
        "Your address, the name if you give one, and when and from where you asked, as proof that you did. "
        "We use it to send you this newsletter and for nothing else."
    ),
}
CONFIRM: Final = {
    "heading": marked("Is it you?"),
    "text": marked(
        "Somebody gave this address for the course. If it was you, press, and the first mail comes."
    ),
    "button": marked("Yes, start the course"),
}
CONFIRM_NEWSLETTER: Final = {
    "heading": CONFIRM["heading"],
    "text": marked(
        "Somebody gave this address for the newsletter. If it was you, press, and the next issue comes."
    ),
    "button": marked("Yes, send it to me"),
}
LEAVE: Final = {"button": marked("Leave the course")}
LEAVE_EVERYTHING: Final = {"button": marked("Leave everything")}
COME_BACK: Final = {"button": marked("Come back to the course")}


def shown(title: str, words: dict[str, str]) -> str:
    """The text of a form as it stood on the page, a line each."""
    return "\n".join([title, *words.values()])
