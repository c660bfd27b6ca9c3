"""Where links lead and whether they say so."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from campaigns.checking.finding import Finding, clipped, hint, warning
from campaigns.checking.mail import Mail

_EMPTY_WORDS = {
    "en": "here|click here|click|link|this link|read more|more|learn more|this|go|see here|find out more",
    "de": "hier|klicken sie hier|hier klicken|klick hier|link|mehr|weiterlesen|mehr erfahren|mehr lesen",
    "fr": "ici|cliquez ici|cliquer ici|lien|ce lien|lire la suite|en savoir plus|plus|suite",
    "es": "aquí|haz clic aquí|haga clic aquí|pulsa aquí|enlace|este enlace|leer más|más|ver más|saber más",
    "pt": "aqui|clique aqui|link|este link|ler mais|leia mais|mais|saber mais|saiba mais",
    "it": "qui|clicca qui|cliccare qui|link|questo link|leggi tutto|leggi di più|di più|scopri di più",
    "nl": "hier|klik hier|link|deze link|lees meer|meer|lees verder|meer weten",
    "ar": "هنا|اضغط هنا|انقر هنا|رابط|اقرأ المزيد|المزيد",
    "he": "כאן|לחצו כאן|לחץ כאן|קישור|קרא עוד|קראו עוד|עוד",
}
_LONGEST = 40
_MEND = "Write the whole address: https://…"


def address(mail: Mail) -> Iterator[Finding]:
    for link in mail.links:
        name, line = clipped(link.words or link.href or "a link"), mail.line(link.element)
        href = link.href
        if href.startswith("#"):
            message = f"“{name}” leads to a place within the mail, which many clients do not do."
            yield warning("link-address", message, "Link to the page on the web.", line)
        elif not href:
            yield warning("link-address", f"“{name}” leads nowhere: its address is not whole.", _MEND, line)
        elif fault := _fault(href):
            yield warning("link-address", f"“{name}” leads to {clipped(href)}: {fault}.", _MEND, line)


def _fault(href: str) -> str | None:
    try:
        parts = urlsplit(href)
        host = parts.hostname or ""
    except ValueError:
        return "that is no address"
    if parts.scheme in ("mailto", "tel"):
        return None if parts.path or parts.query else "nothing comes after the colon"
    if parts.scheme not in ("http", "https"):
        return "that is no web address" if parts.scheme else "readers are on no page that it could start from"
    if "." not in host and ":" not in host:
        return "readers cannot reach it"
    return "it holds a space" if re.search(r"\s", href) else None


def text(mail: Mail) -> Iterator[Finding]:
    empty = set(
        _EMPTY_WORDS.get(mail.expected.language.partition("-")[0].lower(), _EMPTY_WORDS["en"]).split("|")
    )
    for link in mail.links:
        line = mail.line(link.element)
        # What is longer says something.
        said = re.sub(r"[\W_]+$|^[\W_]+", "", link.words[:_LONGEST]).lower()
        if not link.words:
            message = f"The link to {clipped(link.href) or 'nowhere'} has no words."
            mend = "Give it text, or its picture an alternative text that says where it leads."
            yield warning("link-text", message, mend, line)
        elif said in empty:
            message = f"“{clipped(link.words)}” does not say where it leads: links are read out alone."
            yield warning("link-text", message, "Let the link's text name what is behind it.", line)
        elif re.match(r"https?://\S{40,}$", link.words):
            message = f"The link shows its address, {clipped(link.words, 40)}."
            yield hint("link-text", message, "Let the link's text name what is behind it.", line)
