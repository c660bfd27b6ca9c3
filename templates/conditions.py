"""Conditions: `subscriber.plan == "pro" and not subscriber.city`, of `:::if` and a lesson's `only_if`.

`and` binds tighter than `or` and there are no brackets, so a condition is alternatives of tests. The author's
text is never handed to Jinja2: `expression()` is written from the parsed tests.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from courseletter.errors import InvalidInput
from templates.merge_fields import NAMES, literal, lookup, present, shown, subscripts

_STRING = r'"[^"\n]*"'
_TEST = re.compile(
    rf"(?:(?P<no>not) +(?P<unset>{NAMES})"
    rf"|(?P<path>{NAMES})(?: *(?P<op>==|!=) *(?P<value>{_STRING})"
    rf"| +in +\[ *(?P<values>{_STRING}(?: *, *{_STRING})*) *\])?)(?![\w.])"
)
_JOIN = re.compile(r" +(and|or) +")


@dataclass(frozen=True, slots=True)
class Test:
    """One field compared with texts, or with nothing: then it asks whether the field is set."""

    path: str
    values: tuple[str, ...] | None = None
    negated: bool = False

    def holds(self, context: Mapping[str, object]) -> bool:
        value = lookup(context, self.path)
        found = present(value) if self.values is None else shown(value) in self.values
        return found is not self.negated

    def expression(self) -> str:
        value = subscripts(self.path)
        if self.values is None:
            return f"{'not ' if self.negated else ''}({value} | present)"
        operator = "not in" if self.negated else "in"
        return f"({value} | shown) {operator} [{', '.join(map(literal, self.values))}]"


@dataclass(frozen=True, slots=True)
class Condition:
    """True when every test of at least one alternative holds. A missing field is an empty one."""

    alternatives: tuple[tuple[Test, ...], ...]

    def holds(self, context: Mapping[str, object]) -> bool:
        return any(all(test.holds(context) for test in tests) for tests in self.alternatives)

    def expression(self) -> str:
        """The same as a Jinja2 expression of stage 2."""
        return " or ".join(" and ".join(test.expression() for test in tests) for tests in self.alternatives)


def parse(text: str) -> Condition:
    """Read a condition; raises InvalidInput that names the place where it stops making sense."""
    text = text.strip()
    alternatives: list[tuple[Test, ...]] = []
    tests: list[Test] = []
    at = 0
    while True:
        match = _TEST.match(text, at)
        if not match:
            raise _unreadable(text, at)
        tests.append(_test(match))
        at = match.end()
        if at == len(text):
            break
        join = _JOIN.match(text, at)
        if not join:
            raise _unreadable(text, at)
        if join[1] == "or":
            alternatives.append(tuple(tests))
            tests = []
        at = join.end()
    return Condition((*alternatives, tuple(tests)))


def _test(match: re.Match[str]) -> Test:
    if match["no"]:
        return Test(match["unset"], negated=True)
    if match["values"]:
        return Test(match["path"], tuple(re.findall(r'"([^"\n]*)"', match["values"])))
    if match["op"]:
        return Test(match["path"], (match["value"][1:-1],), negated=match["op"] == "!=")
    return Test(match["path"])


def _unreadable(text: str, at: int) -> InvalidInput:
    rest = text[at : at + 40].strip()
    where = f"at “{rest}”" if rest else "at its end"
    return InvalidInput(
        f"The condition “{text[:80]}” cannot be read {where}. "
        'Write subscriber.plan == "pro", joined by and / or, without brackets.'
    )
