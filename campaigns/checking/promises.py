"""What a lesson says of the next one and of days: is it true for every reader?"""

import re
from collections.abc import Iterator

from campaigns.checking.finding import Finding, clipped, hint, warning
from campaigns.checking.mail import Mail, words

_SENTENCE = re.compile(r"(?<=[.!?…。！？؟])\s+")
_BLOCKS = frozenset(("p", "li", "td", "th", "h1", "h2", "h3", "h4", "h5", "h6", "div"))
_MEND = "Write {{ lesson.next_when | default('soon') }}: each reader's own day."


def days(mail: Mail) -> Iterator[Finding]:
    """Sentences of the author that name a day for a lesson to come."""
    expected = mail.expected
    told = [*expected.weekdays, *filter(None, [expected.tomorrow])]
    lesson = re.compile(rf"\b{re.escape(expected.lesson_word)}", re.I)
    if not told or not expected.lesson_word:
        return
    day = re.compile(rf"\b({'|'.join(map(re.escape, told))})\b", re.I)
    for element in mail.elements:
        line = mail.line(element)
        if line is None or element.tag not in _BLOCKS or any(one.tag in _BLOCKS for one in element):
            continue
        for sentence in _SENTENCE.split(words(element)):
            named = day.search(sentence)
            if named and lesson.search(sentence):
                yield _of_day(mail, named[1], sentence, line)


def _of_day(mail: Mail, named: str, sentence: str, line: int) -> Finding:
    weekdays = [name.casefold() for name in mail.expected.weekdays]
    said = clipped(sentence, 80)
    if named.casefold() in weekdays and weekdays.index(named.casefold()) not in mail.expected.chosen:
        return warning("promise", f"“{said}” is not true: no lesson comes on a {named}.", _MEND, line)
    message = f"“{said}” is true only for some: pace, pauses and zones move the day."
    return hint("promise", message, _MEND, line)
