"""Whether the pages and pictures that a course points to are there: asked of their servers, only on demand.

By the fetcher that refuses private addresses (REQUIREMENTS 39), a few at a time, each address once.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor

from campaigns.checking.examining import Target
from campaigns.checking.finding import Finding, clipped, hint, warning
from campaigns.reading.fetching import Answer, Fetcher
from courseletter.errors import InvalidInput

_AT_ONCE = 8
_SECONDS = 10.0
_LARGEST_PICTURE = 1024 * 1024  # bytes
_MOST = 500  # addresses a course; more would take minutes
_GONE = frozenset((404, 410))
_NOT_FOR_PROGRAMS = frozenset((401, 403, 405, 406, 407, 429, 451, 999))


def default_fetcher() -> Fetcher:
    return Fetcher(seconds=_SECONDS)


def check(targets: Mapping[str, Iterable[Target]], fetcher: Fetcher) -> dict[str, list[Finding]]:
    """The findings of each lesson, by its id, where `targets` are its addresses."""
    web = {one.address for many in targets.values() for one in many if re.match(r"https?://", one.address)}
    asked = sorted(web)[:_MOST]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        answers = dict(zip(asked, pool.map(lambda address: _ask(fetcher, address), asked), strict=True))
    return {lesson: list(_findings(many, answers)) for lesson, many in targets.items()}


def _ask(fetcher: Fetcher, address: str) -> Answer | str:
    """The answer, or why there is none."""
    try:
        return fetcher.probe(address)
    except InvalidInput as error:
        # Its advice is for somebody who wants to read the page.
        said = str(error).removeprefix(address).lstrip(": ")
        return re.split(r"[:.] ", said, maxsplit=1)[0]


def _findings(targets: Iterable[Target], answers: Mapping[str, Answer | str]) -> Iterator[Finding]:
    for target in dict.fromkeys(targets):
        answer = answers.get(target.address)
        name = clipped(target.address)
        if isinstance(answer, str):
            message = f"{name} cannot be reached: {answer}."
            yield warning("link-alive", message, "Open it in your browser, and mend or drop it.", target.line)
        elif answer is not None:
            yield from _of_status(target, answer.status, name)
            if target.picture and answer.status < 300:
                yield from _of_picture(target, answer, name)


def _of_status(target: Target, status: int, name: str) -> Iterator[Finding]:
    if status in _GONE:
        message = f"{name} does not exist: its server answers {status}."
        yield warning("link-alive", message, "Mend the address, or take the link out.", target.line)
    elif status in _NOT_FOR_PROGRAMS:
        message = f"{name} answers {status}: it does not let programs in."
        yield hint("link-alive", message, "Open it in your browser to see that it is there.", target.line)
    elif status >= 400:
        message = f"{name} does not work: its server answers {status}."
        yield warning("link-alive", message, "Check again later, and mend or drop it.", target.line)


def _of_picture(target: Target, answer: Answer, name: str) -> Iterator[Finding]:
    if not answer.content_type.startswith("image/"):
        message = f"{name} is no picture but {answer.content_type or 'of no known type'}."
        yield warning("image-file", message, "Give the address of the picture itself.", target.line)
    if answer.length is not None and answer.length > _LARGEST_PICTURE:
        message = f"The picture {name} has {answer.length / 1024 / 1024:.1f}\u00a0MB: phones load it slowly."
        yield warning("image-file", message, "Save it 1200\u00a0px wide and below 1\u00a0MB.", target.line)
