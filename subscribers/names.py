"""How people, their addresses and their tags may be called, and how names are compared. Knows no database."""

import unicodedata
from typing import Final

from courseletter.errors import InvalidInput
from subscribers.addresses import check_header_text

NAME_LENGTH: Final = 100  # characters
TAG_LENGTH: Final = 80
SEPARATOR: Final = ","  # between the tags of one cell or one field, so no tag has it in its name


def fold(address: str) -> str:
    """Return the form in which addresses are compared: one spelling for all cases and Unicode forms."""
    return unicodedata.normalize("NFKC", address).casefold()


def check_name(text: str, field: str = "first_name") -> str:
    """Return a name that may stand in a header and on a page, else InvalidInput naming `field`."""
    name = text.strip(" ")
    if name.isprintable() and "=?" not in name and len(name) <= NAME_LENGTH:
        return name  # nearly all of them: none of what follows can be wrong
    check_header_text(name, field)
    if any(unicodedata.category(one) == "Cc" for one in name):
        raise InvalidInput("The name has a control character in it. Type it again.", field=field)
    if len(name) > NAME_LENGTH:
        raise InvalidInput(f"The name is longer than {NAME_LENGTH} characters. Shorten it.", field=field)
    return name


def check_tag(text: str) -> str:
    """Return the tag's name in one spelling of its spaces, else InvalidInput naming `tag`."""
    name = " ".join(unicodedata.normalize("NFC", text).split())
    if not name:
        raise InvalidInput("The tag has no name. Type one.", field="tag")
    if SEPARATOR in name or any(unicodedata.category(one)[0] == "C" for one in name):
        raise InvalidInput("A tag has no commas and no control characters. Leave them out.", field="tag")
    if len(name) > TAG_LENGTH:
        raise InvalidInput(f"The tag is longer than {TAG_LENGTH} characters. Shorten it.", field="tag")
    return name
