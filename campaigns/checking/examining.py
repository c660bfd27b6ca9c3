"""All points of one mail. One that holds an author's own code is looked at in the sandbox's child."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from campaigns.checking import affiliates, clients, duties, legibility, linking, pictures, promises, structure
from campaigns.checking.finding import Finding, blocking
from campaigns.checking.mail import Expected, Mail
from campaigns.checking.showing import show
from templates import sandbox
from templates.compiled import CompiledLesson
from templates.errors import TemplateError

# Bytes, or letters of a lesson. What is larger is blocked anyway, and would keep others waiting.
LOOKED_AT = 2 * duties.LARGEST

_CHECKS: tuple[Callable[[Mail], Iterable[Finding]], ...] = (
    duties.size,
    duties.document,
    duties.unsubscribe,
    duties.postal_address,
    pictures.alternative_text,
    pictures.file,
    linking.address,
    linking.text,
    legibility.contrast_light,
    legibility.contrast_dark,
    legibility.text_size,
    legibility.button_size,
    structure.headings,
    structure.tables,
    structure.elements,
    duties.text_part,
    pictures.balance,
    clients.support,
    affiliates.disclosure,
    promises.days,
)


class Target(NamedTuple):
    """An address that a mail sends readers to, or takes a picture from."""

    address: str
    line: int | None
    picture: bool


@dataclass(frozen=True, slots=True)
class Examined:
    findings: tuple[Finding, ...]
    targets: tuple[Target, ...] = ()
    size: int = 0  # bytes of HTML that a recipient gets at most


def examine(compiled: CompiledLesson, context: dict[str, Any], expected: Expected) -> Examined:
    """Look at a lesson that was compiled with its lines. What was found is remembered."""
    try:
        return _remembered(compiled, json.dumps(context, sort_keys=True), expected)
    except TemplateError:
        message = "The mail is too much to be checked in 2 seconds."
        mend = "Nest its elements less, and make its styles and loops simpler."
        return Examined((blocking("markup", message, mend),))


@lru_cache(maxsize=256)
def _remembered(compiled: CompiledLesson, context: str, expected: Expected) -> Examined:
    values = json.loads(context)
    if not compiled.expert:
        return _examine(compiled, values, expected)
    job = {"compiled": compiled.to_json(), "context": values, "expected": asdict(expected)}
    found = sandbox.run(compiled.name, "campaigns.checking.examining:in_the_child", **job)
    return Examined(
        tuple(Finding.from_json(one) for one in found["findings"]),
        tuple(Target(*one) for one in found["targets"]),
        found["size"],
    )


def in_the_child(job: Mapping[str, Any]) -> dict[str, Any]:
    """The task of the sandbox's child."""
    said: dict[str, Any] = job["expected"]
    values: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in said.items()
    }
    compiled = CompiledLesson.from_json(job["compiled"])
    examined = _examine(compiled, job["context"], Expected(**values))
    return {**asdict(examined), "targets": [tuple(one) for one in examined.targets]}


def _examine(compiled: CompiledLesson, context: dict[str, Any], expected: Expected) -> Examined:
    shown = show(compiled, context)
    mail = Mail(shown, expected)
    if shown.size > LOOKED_AT:
        return Examined(tuple(duties.size(mail)), size=shown.size)
    findings = tuple(finding for check in _CHECKS for finding in check(mail))
    links = [Target(link.href, mail.line(link.element), False) for link in mail.authors_links]
    seen = [Target(one.get("src") or "", mail.line(one), True) for one in mail.all("img")]
    return Examined(findings, (*links, *seen), shown.size)
