"""A/B tests of subjects: who is in the test, who gets which subject, and which of them has won."""

from collections import Counter
from itertools import pairwise

import pytest
from school import KEY
from sqlalchemy import Integer, cast, literal, select

from campaigns.newsletters.testing import FEWEST, Split, Tried, decide
from courseletter.database import Database

PEOPLE = range(1, 20_001)


def test_the_split_is_the_same_each_time_and_another_one_for_each_issue() -> None:
    first, again, other = (Split.of(KEY, issue) for issue in ("les_one", "les_one", "les_two"))
    assert first == again != other
    assert Split.of(b"another secret, 32 bytes long ...", "les_one") != first


@pytest.mark.parametrize("issue", ["les_a", "les_b", "les_c", "les_d"])
@pytest.mark.parametrize("subjects", [2, 3, 4])
def test_the_share_is_kept_and_the_subjects_are_even(issue: str, subjects: int) -> None:
    split = Split.of(KEY, issue)
    tested = [bucket for bucket in map(split.bucket, PEOPLE) if bucket < 2_000]
    assert abs(len(tested) - 4_000) < 250  # four standard deviations
    groups = Counter(bucket % subjects for bucket in tested)
    assert max(groups.values()) - min(groups.values()) < 8 * (4_000 / subjects) ** 0.5


def test_neighbours_fall_apart() -> None:
    """Whoever signed up one after the other is in no pattern."""
    buckets = list(map(Split.of(KEY, "les_a").bucket, PEOPLE))
    together = sum(a < 5_000 and b < 5_000 for a, b in pairwise(buckets))
    assert abs(together - 5_000) < 400


def test_the_database_splits_as_the_plain_function_does(database: Database) -> None:
    split = Split.of(KEY, "les_a")
    people = (1, 2, 7, 999, 1_000_000, 2**31 - 1)
    with database.read() as session:
        for person in people:
            column = cast(literal(person), Integer)
            row = session.execute(select(split.is_tested(column, 30), split.subject(column, 3))).one()
            assert (bool(row[0]), row[1]) == (split.bucket(person) < 3_000, split.bucket(person) % 3)


@pytest.mark.parametrize(
    ("tried", "winner", "words"),
    [
        ([Tried(100, 4), Tried(100, 9)], 1, "Subject B has won: 9.0% of its readers clicked."),
        ([Tried(50, 6), Tried(100, 9)], 0, "Subject A has won: 12.0% of its readers clicked."),
        ([Tried(100, 5), Tried(100, 5), Tried(100, 1)], 0, "A tie"),
        ([Tried(100, 1), Tried(100, 8), Tried(50, 4)], 1, "A tie"),
        ([Tried(100, 0), Tried(100, FEWEST - 1)], 0, "Only 4 people clicked"),
        ([Tried(1, 0), Tried(0, 0)], 0, "Nobody clicked"),
        ([Tried(1, 1), Tried(0, 0)], 0, "Only 1 person clicked"),
    ],
)
def test_who_has_won(tried: list[Tried], winner: int, words: str) -> None:
    verdict = decide(tried)
    assert verdict.winner == winner
    assert verdict.sentence.startswith(words)
