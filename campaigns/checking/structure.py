"""How a mail is built: headings, tables, and elements that no mail may hold."""

from collections.abc import Iterator

from campaigns.checking.finding import Finding, blocking, clipped, hint, warning
from campaigns.checking.mail import Mail, words

_LEVELS = {f"h{level}": level for level in range(1, 7)}
_REFUSED = {
    "script": "Take it out: link to a page that does what it did.",
    "form": "Take it out: link to a page with the form.",
    "input": "Take it out: link to a page with the form.",
    "select": "Take it out: link to a page with the form.",
    "textarea": "Take it out: link to a page with the form.",
    "button": "Write <mj-button href>, or [text](address){button}.",
    "iframe": "Take it out: link to the page.",
    "frame": "Take it out: link to the page.",
    "object": "Take it out: link to the file.",
    "embed": "Take it out: link to the file.",
    "applet": "Take it out: link to the file.",
    "base": "Take it out, and write whole addresses.",
    "link": "Take it out: write its styles into <mj-style>.",
}


def headings(mail: Mail) -> Iterator[Finding]:
    found = [element for element in mail.all(*_LEVELS) if mail.is_shown(element) and words(element)]
    if not any(element.tag == "h1" for element in found):
        yield hint("headings", "The mail has no main heading.", "Write its title as <h1>.")
    before = 0
    for element in found:
        level, line = _LEVELS[element.tag], mail.line(element)
        name = clipped(words(element))
        if before and level > before + 1:
            message = f"The heading “{name}” is of level {level} and follows one of level {before}."
            yield warning("headings", message, f"Make it a heading of level {before + 1}.", line)
        elif level == 1 and before:
            message = f"“{name}” is a second main heading."
            yield warning("headings", message, "Make it a heading of level 2.", line)
        before = level


def tables(mail: Mail) -> Iterator[Finding]:
    for table in mail.all("table"):
        if table.get("role") in ("presentation", "none") or next(table.iter("th"), None) is not None:
            continue
        message = "A table for layout is not marked as such, and is read out as rows and columns."
        mend = 'Write <table role="presentation">, or give a table of data a row of <th>.'
        yield warning("table-role", message, mend, mail.line(table))


def elements(mail: Mail) -> Iterator[Finding]:
    for element in mail.elements:
        line = mail.line(element)
        if element.tag in _REFUSED:
            message = f"<{element.tag}> does not work in mail, and mail servers take it for an attack."
            yield blocking("element", message, _REFUSED[element.tag], line)
        elif element.tag == "meta" and (element.get("http-equiv") or "").lower() == "refresh":
            message = "A mail that leads on by itself is taken for an attack."
            yield blocking("element", message, "Take <meta http-equiv=refresh> out.", line)
        for name in element.attrib:
            if str(name).startswith("on"):
                message = f"The attribute {name} is a script, which mail clients take out."
                yield blocking("element", message, f"Take {name} out.", line)
