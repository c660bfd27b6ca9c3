"""A/B tests of subjects: who gets which, and which has won. Pure, but for the split's SQL.

Who is in the test follows from a keyed hash of the person's id, so that it is the same whoever computes it
and whenever, and nobody can choose it.
"""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple, Self

from sqlalchemy import BigInteger, ColumnElement, cast

from courseletter.keyed_hash import keyed_hash

MOST: Final = 4  # subjects
SHARES: Final = (10, 100)  # percent, the least and the most
HOURS: Final = (1, 72)
FEWEST: Final = 5  # people who clicked, all subjects together: fewer say nothing

_BUCKETS: Final = 10_000
_PRIME: Final = 2**31 - 1


class Split(NamedTuple):
    """A keyed polynomial over a prime field: any three people fall independently (Carter and Wegman, 1979).

    Both databases compute it in whole numbers of 64 bits.
    """

    a: int
    b: int
    c: int

    @classmethod
    def of(cls, key: bytes, issue_id: str) -> Self:
        digest = keyed_hash(key, f"ab-test:{issue_id}".encode())
        a, b, c = (int.from_bytes(digest[at : at + 4], "big") % _PRIME for at in (0, 4, 8))
        return cls(a, b, c)

    def bucket(self, person: Any) -> Any:
        """The bucket, of 10,000, of a subscriber's id, a number or a column of numbers."""
        return ((person * self.a + self.b) % _PRIME * person + self.c) % _PRIME % _BUCKETS

    def group(self, person: int, share: int, subjects: int) -> int | None:
        """The place of the subject that one person gets in the test; None: whoever gets the one that wins."""
        bucket: int = self.bucket(person)
        return bucket % subjects if bucket < share * _BUCKETS // 100 else None

    def is_tested(self, person: Any, share: int) -> ColumnElement[bool]:
        """Whether somebody is among the percent who are in the test."""
        tested: ColumnElement[bool] = self.bucket(cast(person, BigInteger)) < share * _BUCKETS // 100
        return tested

    def subject(self, person: Any, subjects: int) -> ColumnElement[int]:
        """The place of the subject that somebody in the test gets."""
        place: ColumnElement[int] = self.bucket(cast(person, BigInteger)) % subjects
        return place


class Tried(NamedTuple):
    """How a subject did: people who received it, and of them who clicked, scanners left out."""

    received: int
    clicked: int

    @property
    def rate(self) -> float:
        return self.clicked / self.received if self.received else 0.0


class Verdict(NamedTuple):
    winner: int  # the subject's place
    sentence: str


def decide(tried: Sequence[Tried]) -> Verdict:
    """The subject of which most readers clicked. Of equals, and where too few clicked, the first one."""
    clicked = sum(one.clicked for one in tried)
    if clicked < FEWEST:
        people = "Nobody" if not clicked else f"Only {clicked} {'person' if clicked == 1 else 'people'}"
        return Verdict(0, f"{people} clicked, which says nothing: the first subject goes to the others.")
    best = max(one.rate for one in tried)
    first, *others = (place for place, one in enumerate(tried) if one.rate == best)
    told = f"{best:.1%} of its readers clicked"
    if others:
        return Verdict(first, f"A tie, {told.replace('its', 'their')}: the first of them goes to the others.")
    return Verdict(first, f"Subject {'ABCD'[first]} has won: {told}.")
