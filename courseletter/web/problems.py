"""What is wrong with a form, in the reader's language: English says it exactly, the others by the field."""

from dataclasses import dataclass
from typing import Final

from courseletter.errors import InvalidInput
from courseletter.web.speech import Speech
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
    exact = speech.language == "en"
    text = str(error) if exact else speech.say(_MENDS.get(field, _CHOOSE))
    return Problem(field, speech.say(NAMES[field]), text)
