"""Whether a mail can be read: contrast in light and dark, the size of text and of buttons."""

from collections.abc import Iterable, Iterator

from campaigns.checking import colour
from campaigns.checking.colour import contrast
from campaigns.checking.finding import Finding, clipped, warning
from campaigns.checking.mail import Mail, Run
from campaigns.checking.styles import Style

# WCAG 2.2, 1.4.3: large is 18 pt, or 14 pt and bold.
ENOUGH, ENOUGH_LARGE = 4.5, 3.0
_LARGE, _LARGE_BOLD = 24.0, 18.66  # px
_SMALLEST = 13.0  # px: what is smaller, iPhones enlarge
_THUMB = 44.0  # px, as Apple's guidelines have it; WCAG 2.5.5
_A_BUTTONS_ROOM = 8.0  # px of padding, from which a link is drawn as a button


def contrast_light(mail: Mail) -> Iterator[Finding]:
    styled = ((run, mail.light[run.element]) for run in mail.runs)
    yield from _contrast(mail, styled, "contrast", "")


def contrast_dark(mail: Mail) -> Iterator[Finding]:
    """Of what looks otherwise in the dark; the rest has its finding in the light."""
    styled = (
        (run, dark)
        for run in mail.runs
        if (dark := mail.dark[run.element])[:2] != mail.light[run.element][:2]  # colour and ground
    )
    yield from _contrast(mail, styled, "contrast-dark", " in dark clients")


def _contrast(mail: Mail, styled: Iterable[tuple[Run, Style]], code: str, where: str) -> Iterator[Finding]:
    seen = set()
    for run, style in styled:
        if style.ground is None:
            continue
        text, least, line = style.colour.over(style.ground), _least(style), mail.line(run.element)
        found = contrast(text, style.ground)
        if found >= least or (text, style.ground, line) in seen:
            continue
        seen.add((text, style.ground, line))
        message = (
            f"“{clipped(run.text, 40)}” is hard to read{where}: {text} on {style.ground} has a contrast of "
            f"{found:.1f}, and {least:.1f} is the least."
        )
        mend = f"Make the text {colour.readable(text, style.ground, least)}, or change what is behind it."
        yield warning(code, message, mend, line)


def _least(style: Style) -> float:
    large = style.size >= _LARGE or (style.size >= _LARGE_BOLD and style.weight >= 700)
    return ENOUGH_LARGE if large else ENOUGH


def text_size(mail: Mail) -> Iterator[Finding]:
    seen = set()
    for run in mail.runs:
        size, line = mail.light[run.element].size, mail.line(run.element)
        if size >= _SMALLEST or (size, line) in seen:
            continue
        seen.add((size, line))
        message = f"“{clipped(run.text, 40)}” is {size:.0f}\u00a0px small, too small for a phone."
        yield warning("text-size", message, f"Make it {_SMALLEST:.0f}\u00a0px or larger.", line)


def button_size(mail: Mail) -> Iterator[Finding]:
    for link in mail.links:
        style = mail.light[link.element]
        if not _is_button(style):
            continue
        room = style.padding[0] + style.padding[2]
        cell = link.element.getparent()
        if cell is not None and cell.tag == "td" and mail.light[cell].filled:
            room += mail.light[cell].padding[0] + mail.light[cell].padding[2]
        height = style.line_height + room
        if height < _THUMB:
            message = (
                f"The button “{clipped(link.words, 40)}” is {height:.0f}\u00a0px high, too low for a thumb."
            )
            mend = f"Give it {(_THUMB - height) / 2:.0f}\u00a0px more padding above and below."
            yield warning("button-size", message, mend, mail.line(link.element))


def _is_button(style: Style) -> bool:
    roomy = max(style.padding) >= _A_BUTTONS_ROOM
    return (style.filled or roomy) and style.block
