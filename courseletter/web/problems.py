"""What is wrong with a form, in the reader's language.

What is said below in English is marked here to be translated. Of what nobody meets who only uses the page
(a zone that is none, a name with a line break) the others say how to mend the field.
"""

from dataclasses import dataclass
from typing import Final

from courseletter.errors import InvalidInput
from courseletter.web.speech import Speech
from subscribers.addresses import AddressRefused
from templates.languages import marked

NAMES: Final = {
    "first_name": marked("the first name"),
    "email": marked("the email address"),
    "when": marked("when it shall come"),
    "zone": marked("where you are"),
    "pace": marked("how often"),
    "day": marked("the day"),
    "hour": marked("the hour"),
    "until": marked("the day to pause until"),
    "answer": marked("the answer"),
}
_CHOOSE: Final = marked("Choose one from the list.")
# Word for word what `signing_up`, `questions` and `learning` raise; a test holds them together.
_EXACT: Final = frozenset(
    {
        marked("Type the address the lessons shall go to."),
        marked("The end is missing, such as “.com”."),
        marked("There is no such pace. Choose one of these."),
        marked("No day has this hour. Choose one from the list."),
        marked("No week has this day. Choose one from the list."),
        marked("This is no day. Write it like 2026-12-01."),
        marked("This day has passed. Choose one from tomorrow on."),
        marked("Choose a day within two years, or leave it empty."),
        marked("Choose one of the answers."),
        marked("Write an answer, in 2000 characters at most."),
    }
)
# What most people mistype in an address, in the words of email-validator.
_WHY: Final = frozenset(
    {
        marked("An email address must have an @-sign"),
        marked("There must be something before the @-sign"),
        marked("An email address cannot have two periods in a row"),
        marked("An email address cannot start with a period"),
        marked("An email address cannot end with a period"),
        marked("The email address contains invalid characters before the @-sign"),
        marked("The part after the @-sign contains invalid characters"),
    }
)
_MENDS: Final = {
    "first_name": marked("This name cannot be used. Write it on one line, with 100 characters at most."),
    "email": marked("This address cannot be used. Write it like name@example.org."),
    "answer": marked("Choose an answer, or write one in 2,000 characters at most."),
    "until": marked("Choose a day from tomorrow on and within two years, or leave it empty."),
}


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one field, and what the summary calls that field."""

    field: str
    name: str
    text: str


def told(error: InvalidInput, speech: Speech, fallback: str) -> Problem:
    """The problem of the form's field `error.field`, or of `fallback` where the form has no such field."""
    field = error.field if error.field in NAMES else fallback
    return Problem(field, speech.say(NAMES[field]), _said(error, field, speech))


def _said(error: InvalidInput, field: str, speech: Speech) -> str:
    text = str(error)
    if speech.language == "en":
        return text
    if text in _EXACT:
        return speech.say(text)
    mend = speech.say(_MENDS.get(field, _CHOOSE))
    if isinstance(error, AddressRefused) and error.why in _WHY:
        return f"{speech.say(error.why)}. {mend}"
    return mend
