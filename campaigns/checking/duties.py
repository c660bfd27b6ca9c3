"""What every mail must carry: unsubscribe link, postal address, disclosure, its whole text as plain text.

REQUIREMENTS 16 and 19; size, language and title stand here too, being of the mail as a whole.
"""

import re
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

from campaigns.checking.finding import Finding, blocking, clipped, warning
from campaigns.checking.mail import Link, Mail, in_line
from campaigns.checking.showing import LARGE, LINKS

LARGEST = 100 * 1024  # bytes; Gmail cuts at 102 KB
_LEAST_IN_TEXT = 0.9  # of the words
_WORD = re.compile(r"\w{4,}")

_NETWORKS = (
    "amzn.to", "awin1.com", "tidd.ly", "shareasale.com", "shrsl.com", "anrdoezrs.net", "dpbolvw.net",
    "jdoqocy.com", "kqzyfj.com", "tkqlhce.com", "linksynergy.com", "prf.hn", "pxf.io", "sjv.io",
    "redirectingat.com", "viglink.com", "clickbank.net", "rstyle.me", "digistore24.com", "partnerize.com",
    "webgains.com", "tradedoubler.com", "impact.com",
)  # fmt: skip
_CERTAIN = frozenset(("affid", "aff_id", "affiliate", "affiliate_id", "awinaffid", "irclickid", "afftrack"))
_LIKELY = frozenset(("ref", "aff", "partner"))
_SAID_SO = re.compile(r"\W{0,3}[(\[*][^)\]]{0,30}(?:affil|afil|werbe|provision|アフィ|شريك|שותפ)", re.I)


def size(mail: Mail) -> Iterator[Finding]:
    kilobytes = f"{mail.shown.size / 1024:.0f}\u00a0KB"
    mend = "Shorten the lesson, or split it into two."
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
    address = _letters(mail.expected.address)
    if not address or address not in _letters(" ".join(run.text for run in mail.runs)):
        yield blocking("postal-address", "The mail does not show the sender's postal address.", mend)
    if not address or address not in _letters(mail.shown.text):
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


def disclosure(mail: Mail) -> Iterator[Finding]:
    found = next(
        ((link, certain) for link in mail.authors_links if (certain := affiliate(link)) is not None),
        None,
    )
    if found is None:
        return
    link, certain = found
    line, name = mail.line(link.element), clipped(link.words or link.href)
    above = _letters(_text_above(mail, link))
    told = [said for said in mail.expected.disclosures if _letters(said)]
    if any(_letters(said) in above for said in told) or _has_box_above(mail, link):
        return
    message = f"“{name}” looks like an affiliate link, and nothing above it says that you earn by it."
    mend = (
        "Put the disclosure above it."
        if told
        else "Add the disclosure to the course, or a :::disclosure box above the link."
    )
    yield (blocking if certain or told else warning)("disclosure", message, mend, line)


def affiliate(link: Link) -> bool | None:
    """Whether the author earns by a link: surely, perhaps (False), or None for no sign of it."""
    try:
        parts = urlsplit(link.href)
        host, keys = (parts.hostname or "").lower(), set(parse_qs(parts.query, keep_blank_values=True))
    except ValueError:
        return None
    keys = {key.lower() for key in keys}
    shop = re.search(r"(?:^|\.)amazon\.[a-z.]{2,6}$", host) is not None
    if any(host == name or host.endswith(f".{name}") for name in _NETWORKS) or keys & _CERTAIN:
        return True
    if (shop and "tag" in keys) or _SAID_SO.match(_text_after(link)):
        return True
    return False if keys & _LIKELY else None


def _text_after(link: Link) -> str:
    return in_line(link.element.tail or "")


def _text_above(mail: Mail, link: Link) -> str:
    above = []
    for run in mail.runs:
        if run.element is link.element or link.element in run.element.iterancestors():
            break
        above.append(run.text)
    return " ".join(above)


def _has_box_above(mail: Mail, link: Link) -> bool:
    """Whether a :::disclosure of the lesson stands above the link."""
    for element in mail.elements:
        if element is link.element:
            return False
        if "notebox" in element.get("class", "").split() and mail.is_shown(element):
            return True
    return False


def _letters(text: str) -> str:
    """Letters and digits alone: spaces, dashes and quotation marks differ between the two parts."""
    return "".join(char for char in text.casefold() if char.isalnum())
