"""Pictures: what stands for them, what they are, and whether there is text beside them."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from lxml.html import HtmlElement

from campaigns.checking.clients import image_support
from campaigns.checking.finding import Finding, blocking, clipped, warning
from campaigns.checking.mail import Mail
from templates.tracing import UNNAMED

_WIDEST = 1200  # px: twice what the mail is wide
_LEAST_WORDS = 40  # for each picture
_FILE_NAME = re.compile(
    r"\S+\.(?:jpe?g|png|gif|webp|svg|bmp|heic|avif)|(?:img|dsc|image|screenshot)[\W_]*\d*", re.I
)
_DECORATIVE = "or, where it only decorates, leave it empty"


def alternative_text(mail: Mail) -> Iterator[Finding]:
    for picture in _pictures(mail):
        line, alt = mail.line(picture), picture.get("alt")
        if alt is None or _unnamed(picture):
            message = (
                f"The picture {_name(picture)} has no alternative text: many readers see nothing at all."
            )
            yield blocking("image-alt", message, f'Say what it shows, alt="…", {_DECORATIVE}: alt="".', line)
        elif _FILE_NAME.fullmatch(alt.strip()):
            message = f"The alternative text “{clipped(alt)}” is the name of a file."
            yield warning("image-alt", message, f"Say what the picture shows, {_DECORATIVE}.", line)


def _unnamed(picture: HtmlElement) -> bool:
    return any(UNNAMED in one.get("class", "").split() for one in picture.iterancestors())


def file(mail: Mail) -> Iterator[Finding]:
    for picture in _pictures(mail):
        line, src = mail.line(picture), (picture.get("src") or "").strip()
        kind = _kind(src)
        if lacking := image_support(kind):
            message = f"The picture {_name(picture)} is {kind.upper()}, which {lacking} does not show."
            yield warning("image-file", message, "Save it as JPEG, PNG or GIF.", line)
        elif not re.match(r"https?://", src, re.I):
            message = f"The picture {_name(picture)} has no address that readers can reach."
            yield warning(
                "image-file", message, "Put it on the web and write its whole address, https://….", line
            )
        width = re.match(r"\s*(\d{1,6})\s*(?:px)?\s*$", picture.get("width", ""))
        if not width:
            message = (
                f"The picture {_name(picture)} has no width: Outlook for Windows shows it as large as it is."
            )
            mend = 'Put it into a paragraph of its own, or give it one: {width=480}, or width="480" in HTML.'
            yield warning("image-file", message, mend, line)
        elif int(width[1]) > _WIDEST:
            message = f"The picture {_name(picture)} is {width[1]}\u00a0px wide, and the mail is 600."
            yield warning("image-file", message, "Make it 600\u00a0px wide or less.", line)


def balance(mail: Mail) -> Iterator[Finding]:
    pictures = [one for one in _pictures(mail) if mail.line(one) is not None]
    said = sum(len(run.text.split()) for run in mail.runs if mail.line(run.element) is not None)
    if pictures and said < _LEAST_WORDS * len(pictures):
        message = (
            f"It has {_count(said, 'word')} beside {_count(len(pictures), 'picture')}: mail "
            "servers take mails of pictures for spam, and many readers see none."
        )
        yield warning("image-balance", message, "Say in words what the pictures say.", mail.line(pictures[0]))


def _pictures(mail: Mail) -> Iterator[HtmlElement]:
    return (picture for picture in mail.all("img") if mail.is_shown(picture))


def _kind(src: str) -> str:
    """The type of a picture as its address tells it: `svg`, `base64` ..."""
    if src.lower().startswith("data:"):
        return "base64"
    try:
        path = urlsplit(src).path
    except ValueError:
        return ""
    return path.rpartition(".")[2].lower() if "." in path.rpartition("/")[2] else ""


def _name(picture: HtmlElement) -> str:
    src = picture.get("src") or ""
    name = src if src.lower().startswith("data:") else src.rpartition("/")[2] or src
    return clipped(name, 40) or "without address"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
