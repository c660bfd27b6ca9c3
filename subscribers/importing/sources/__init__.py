"""The programs people switch from, a module each: what their exports' headers are called, and mean.

Found in public exports and importers of theirs. A file is known by headings that no other program has; of
several sources the one with the longest signature is taken.
"""

from collections.abc import Sequence
from typing import Final

from subscribers.importing.mapping import Source, heading_key
from subscribers.importing.sources import (
    buttondown,
    courseletter,
    ghost,
    keila,
    kit,
    listmonk,
    mailchimp,
    mailpoet,
    mautic,
    notifuse,
    plain,
    substack,
)

ALL: Final[tuple[Source, ...]] = (
    courseletter.SUBSCRIBERS,
    mailchimp.UNSUBSCRIBED,
    mailchimp.CLEANED,
    mailchimp.SUBSCRIBED,
    kit.KIT,
    substack.SUBSTACK,
    ghost.GHOST,
    listmonk.LISTMONK,
    keila.KEILA,
    mailpoet.MAILPOET,
    mautic.MAUTIC,
    notifuse.NOTIFUSE,
    buttondown.BUTTONDOWN,
    plain.PLAIN,
)
BY_KEY: Final = {source.key: source for source in ALL}


def detect(headings: Sequence[str]) -> Source:
    """The program that wrote this header; `plain` where none is known."""
    found = {heading_key(heading) for heading in headings}
    matching = [source for source in ALL if source.signature <= found]
    return max(matching, key=lambda source: len(source.signature), default=plain.PLAIN)
