"""One mail as a mail client gets it, parsed, with the author's line of each element."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from lxml.etree import iterwalk
from lxml.html import HtmlElement, HTMLParser, document_fromstring

from campaigns.checking.showing import OURS, Shown
from campaigns.checking.styles import Style, computed, ruled
from campaigns.checking.stylesheet import Rule
from templates.tracing import ATTRIBUTE, LINE_CLASS

# What is drawn as nothing: no-break and other spaces, joiners, soft hyphens, padding of previews.
_EMPTY = re.compile(r"[\s\u00ad\u034f\u2000-\u200f\u2028-\u202f\u205f-\u2064\ufeff\u3000]+")


@dataclass(frozen=True, slots=True)
class Expected:
    """What the checks hold a mail to, of its course and its sender."""

    language: str
    address: str  # postal, in one line
    disclosures: tuple[str, ...] = ()
    expert: bool = False
    weekdays: tuple[str, ...] = ()  # in the course's language, from Monday
    chosen: tuple[int, ...] = ()  # the weekdays on which lessons come
    tomorrow: str = ""
    lesson_word: str = ""


class Run(NamedTuple):
    """A run of text and the element it stands in."""

    element: HtmlElement
    text: str


class Link(NamedTuple):
    element: HtmlElement
    href: str
    words: str  # what it shows, alternative texts included


class Mail:
    def __init__(self, shown: Shown, expected: Expected) -> None:
        self.shown = shown
        self.expected = expected
        # The author's tags are at most 200 deep (templates.mjml), ours come on top of them.
        parser = HTMLParser(encoding="utf-8", huge_tree=True)
        self.root = document_fromstring(shown.html.encode("utf-8", "replace"), parser=parser)

    @cached_property
    def elements(self) -> list[HtmlElement]:
        """Every element, in the order of the document; comments are none."""
        return [element for element in self.root.iter() if isinstance(element.tag, str)]

    @cached_property
    def _ruled(self) -> dict[HtmlElement, list[Rule]]:
        return ruled(self.root)

    @cached_property
    def light(self) -> dict[HtmlElement, Style]:
        return computed(self.root, self._ruled, "light")

    @cached_property
    def dark(self) -> dict[HtmlElement, Style]:
        return computed(self.root, self._ruled, "dark")

    def is_shown(self, element: HtmlElement) -> bool:
        return self.light[element].shown

    def all(self, *tags: str) -> Iterator[HtmlElement]:
        return (element for element in self.elements if element.tag in tags)

    @cached_property
    def runs(self) -> list[Run]:
        """The visible text, in order."""
        seen = ((holder, in_line(text)) for holder, text in _pieces(self.root) if text)
        return [Run(holder, text) for holder, text in seen if text and self.is_shown(holder)]

    @cached_property
    def links(self) -> list[Link]:
        """The links that can be seen, in order; those without an address have ''."""
        return [
            Link(element, (element.get("href") or "").strip(), words(element))
            for element in self.all("a")
            if self.is_shown(element)
            and (element.get("href") or not (element.get("name") or element.get("id")))
        ]

    @property
    def authors_links(self) -> Iterator[Link]:
        """The links that a lesson's author wrote, but for those to the course's own pages."""
        return (
            link
            for link in self.links
            if self.line(link.element) is not None and not link.href.startswith(OURS)
        )

    def line(self, element: HtmlElement) -> int | None:
        """The author's line that an element comes from; None for what the theme wrote."""
        for one in (element, *element.iterancestors()):
            said = one.get(ATTRIBUTE, "")
            if said.isdecimal() and len(said) < 9:
                return int(said)
            if found := LINE_CLASS.search(one.get("class", "")):
                return int(found[1])
        return None


def words(element: HtmlElement) -> str:
    """What an element shows, in one line, pictures as their alternative texts."""
    parts = (f" {one.get('alt', '')} " if one.tag == "img" else text for one, text in _pieces(element))
    return in_line("".join(parts))


def _pieces(root: HtmlElement) -> Iterator[tuple[HtmlElement, str]]:
    """The text of an element in order, each piece with the element it stands in."""
    for event, element in iterwalk(root, events=("start", "end", "comment")):
        if event == "start":
            yield element, element.text or ""
        elif element is not root:
            yield element.getparent(), element.tail or ""


def in_line(text: str) -> str:
    return _EMPTY.sub(" ", text).strip()


def letters(text: str) -> str:
    """Letters and digits alone: spaces, dashes and quotation marks differ between the two parts."""
    return "".join(char for char in text.casefold() if char.isalnum())
