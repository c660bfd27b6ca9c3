"""What is of the mail as a whole: its size, language, title, and what it must carry (REQUIREMENTS 16)."""

import re
from collections.abc import Iterator

from campaigns.checking.finding import Finding, blocking, clipped, warning
from campaigns.checking.mail import Mail, letters
from campaigns.checking.showing import LARGE, LINKS

LARGEST = 100 * 1024  # bytes; Gmail cuts at 102 KB
_LEAST_IN_TEXT = 0.9  # of the words
_WORD = re.compile(r"\w{4,}")


def size(mail: Mail) -> Iterator[Finding]:
    kilobytes = f"{mail.shown.size / 1024:.0f}\u00a0KB"
    mend = "Shorten it, or split it into two."
    if mail.shown.size >= LARGEST:
        message = f"The mail is {kilobytes}: after 102, Gmail cuts it off, and with it the unsubscribe link."
        yield blocking("size", message, mend)
    elif mail.shown.size > LARGE:
        yield warning("size", f"The mail is {kilobytes}, and Gmail cuts mails off at 102\u00a0KB.", mend)


def document(mail: Mail) -> Iterator[Finding]:
    title = mail.root.findtext(".//title")
    if not (title or "").strip():
        yield warning("document", "The mail has no title.", "Write <mj-title> into <mj-head>.")
    # "und" is what the compiler writes where the author says nothing (BCP 47: undetermined).
    if mail.root.get("lang", "und") == "und":
        mend = f'Begin with <mjml lang="{mail.expected.language}">.'
        yield warning("document", "The mail does not say its language: it is read out in a wrong one.", mend)


def unsubscribe(mail: Mail) -> Iterator[Finding]:
    mend = "Put {{ links.unsubscribe }} into its foot, as a link that can be seen."
    address = LINKS["unsubscribe"]
    if not any(link.href == address and link.words for link in mail.links):
        yield blocking("unsubscribe", "The mail shows no unsubscribe link.", mend)
    if address not in mail.shown.text:
        yield blocking("unsubscribe", "The plain text has no unsubscribe link.", mend)


def postal_address(mail: Mail) -> Iterator[Finding]:
    mend = "Put {{ sender.address }} into its foot."
    address = letters(mail.expected.address)
    if not address or address not in letters(" ".join(run.text for run in mail.runs)):
        yield blocking("postal-address", "The mail does not show the sender's postal address.", mend)
    if not address or address not in letters(mail.shown.text):
        yield blocking("postal-address", "The plain text lacks the sender's postal address.", mend)


def text_part(mail: Mail) -> Iterator[Finding]:
    text = mail.shown.text
    for link in mail.authors_links:
        if link.href.startswith("#"):
            continue
        if link.href and link.href not in text and link.href.removeprefix("mailto:") not in text:
            message = f"The plain text lacks the address of “{clipped(link.words or link.href)}”."
            mend = "Make it an ordinary link: [text](address), or <a href> in an <mj-text>."
            yield warning("text-part", message, mend, mail.line(link.element))
    said = [word for run in mail.runs if mail.line(run.element) for word in _WORD.findall(run.text.lower())]
    written = set(_WORD.findall(text.lower()))
    lacking = [word for word in said if word not in written]
    if len(lacking) > (1 - _LEAST_IN_TEXT) * len(said):
        message = f"The plain text lacks “{clipped(' '.join(lacking))}”."
        yield warning("text-part", message, "Write it as text, not in what only HTML shows.")
