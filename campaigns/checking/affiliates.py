"""Links by which the sender earns, and the disclosure that has to stand above the first (REQUIREMENTS 19)."""

import re
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

from campaigns.checking.finding import Finding, blocking, clipped, warning
from campaigns.checking.mail import Link, Mail, in_line, letters

_NETWORKS = (
    "amzn.to", "awin1.com", "tidd.ly", "shareasale.com", "shrsl.com", "anrdoezrs.net", "dpbolvw.net",
    "jdoqocy.com", "kqzyfj.com", "tkqlhce.com", "linksynergy.com", "prf.hn", "pxf.io", "sjv.io",
    "redirectingat.com", "viglink.com", "clickbank.net", "rstyle.me", "digistore24.com", "partnerize.com",
    "webgains.com", "tradedoubler.com", "impact.com",
)  # fmt: skip
_CERTAIN = frozenset(("affid", "aff_id", "affiliate", "affiliate_id", "awinaffid", "irclickid", "afftrack"))
_LIKELY = frozenset(("ref", "aff", "partner"))
_SAID_SO = re.compile(r"\W{0,3}[(\[*][^)\]]{0,30}(?:affil|afil|werbe|provision|アフィ|شريك|שותפ)", re.I)


def disclosure(mail: Mail) -> Iterator[Finding]:
    earning = [(link, sure) for link in mail.authors_links if (sure := affiliate(link)) is not None]
    # The first that surely is one, then the first that may be.
    for link, sure in (*[one for one in earning if one[1]][:1], *earning[:1]):
        told = [said for said in mail.expected.disclosures if letters(said)]
        above = letters(_text_above(mail, link))
        if any(letters(said) in above for said in told) or _has_box_above(mail, link):
            continue
        name = clipped(link.words or link.href)
        message = f"“{name}” looks like an affiliate link, and nothing above it says that you earn by it."
        mend = "Add the disclosure to the course, or a :::disclosure box above the link."
        if told:
            mend = "Put the disclosure above it."
        severe = blocking if sure or told else warning
        yield severe("disclosure", message, mend, mail.line(link.element))
        return


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
