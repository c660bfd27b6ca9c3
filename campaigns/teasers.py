"""A made teaser: the next lesson's title and its first sentence on one line, put together and taken apart."""

_CLOSED = ("?", "!", "…", ":", "？", "！", "：")


def joined(title: str, sentence: str) -> str:
    return title + _joint(title) + sentence


def behind_title(teaser: str, title: str) -> str:
    """What a made teaser says behind the title, for a mail that shows the title above it. An author's own
    teaser stays as it is.
    """
    return "" if teaser == title else teaser.removeprefix(title + _joint(title))


def _joint(title: str) -> str:
    return " " if title.endswith(_CLOSED) else ": "
