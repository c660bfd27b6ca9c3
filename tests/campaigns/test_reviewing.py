"""A review laid over an article: what is left out, brought back, merged, divided, renamed; and undone."""

from dataclasses import replace

import pytest

from campaigns import reviewing
from campaigns.article import Article, Role
from campaigns.reading import read_bytes
from campaigns.reviewing import OPENING, Part, PartKind, Plan, Review
from courseletter.errors import InvalidInput, NotFound

FILL = "It is the size of the step that decides whether you take it on a wet morning in November. " * 15
SECOND = "A cue is a moment that comes by itself, every day, whether or not you feel like it. " * 15
TEXT = f"""# Three small habits

This post contains affiliate links. We may earn a commission, at no extra cost to you.

Habits are what a day is made of, and most of them were never chosen by anybody in particular.

## Start small

{FILL}

{SECOND}

## Choose a cue

{SECOND}

Share on Facebook

## Forgive a bad day

{FILL}

This text is for education only and is not a substitute for medical advice.
"""


@pytest.fixture(scope="module")
def article() -> Article:
    """As read, with a line of a share bar among it, which Markdown readers do not look for."""
    read = read_bytes(TEXT.encode(), "habits.md")
    pieces = [
        replace(one, role=Role.DROPPED, score=0.9, reason="belongs to a share bar")
        if one.block.text.startswith("Share on")
        else one
        for one in read.pieces
    ]
    return replace(read, pieces=tuple(pieces))


def part(plan: Plan, title: str) -> Part:
    return next(one for one in plan.parts if one.title.startswith(title))


def titles(plan: Plan) -> list[str]:
    return [one.title for one in plan.lessons if one.kind == "lesson"]


def test_an_article_nobody_touched_is_as_it_was_read(article: Article) -> None:
    assert reviewing.reviewed(article, Review()) == article
    plan = reviewing.plan(article, Review())
    assert titles(plan) == ["Start small", "Choose a cue", "Forgive a bad day"]
    kinds = [(one.kind, one.on, one.lessons) for one in plan.parts]
    assert (PartKind.DISCLOSURE, True, ()) in kinds
    assert (PartKind.DISCLAIMER, True, ()) in kinds
    assert (PartKind.DROPPED, False, ()) in kinds
    assert part(plan, "Start small").lessons == ("Lesson 1",)
    assert next(one for one in plan.parts if one.key == OPENING).lessons == ("Welcome",)


def test_a_section_is_left_out_and_comes_back(article: Article) -> None:
    key = part(reviewing.plan(article, Review()), "Choose a cue").key
    out = reviewing.toggled(article, Review(), key, on=False)
    plan = reviewing.plan(article, out)
    assert titles(plan) == ["Start small", "Forgive a bad day"]
    assert not part(plan, "Choose a cue").on
    assert part(plan, "Forgive a bad day").lessons == ("Lesson 2",)
    assert reviewing.toggled(article, out, key, on=True) == Review()


def test_a_dropped_piece_is_brought_back_and_stays_a_row(article: Article) -> None:
    key = part(reviewing.plan(article, Review()), "Share on").key
    back = reviewing.toggled(article, Review(), key, on=True)
    plan = reviewing.plan(article, back)
    assert part(plan, "Share on").on
    assert "Share on Facebook" in plan.lessons[2].body
    assert reviewing.toggled(article, back, key, on=False) == Review()


def test_r19_a_notice_switched_off_stays_in_the_text(article: Article) -> None:
    """Whoever overrules reading says that it is no notice; the words do not vanish."""
    plan = reviewing.plan(article, Review())
    key = next(one.key for one in plan.parts if one.kind is PartKind.DISCLOSURE)
    off = reviewing.plan(article, reviewing.toggled(article, Review(), key, on=False))
    assert off.article.disclosures == ()
    assert "affiliate links" in "".join(one.body for one in off.lessons)


def test_a_section_goes_on_the_one_before_under_a_smaller_heading(article: Article) -> None:
    key = part(reviewing.plan(article, Review()), "Choose a cue").key
    review = reviewing.merged(article, Review(), key)
    plan = reviewing.plan(article, reviewing.with_target(review, 8))
    assert "Choose a cue" not in [one.title for one in plan.parts]
    start = next(one for one in plan.lessons if "Start small" in one.title or "Start small" in one.body)
    assert "### Choose a cue" in start.body
    cut = next(one for one in part(plan, "Start small").cuts if one.text == "Choose a cue")
    again = reviewing.divided(article, review, part(plan, "Start small").key, cut.key)
    assert again == Review()


def test_a_section_is_divided_renamed_and_joined_again(article: Article) -> None:
    section = part(reviewing.plan(article, Review()), "Start small")
    assert len(section.cuts) == 1
    review = reviewing.divided(article, Review(), section.key, section.cuts[0].key)
    plan = reviewing.plan(article, review)
    assert len(titles(plan)) == 4
    added = f"before {section.cuts[0].key}"
    review = reviewing.retitled(article, review, added, "  The  cue\u00a0itself ")
    assert "The cue itself" in titles(reviewing.plan(article, review))
    assert titles(reviewing.plan(article, reviewing.merged(article, review, added))) == [
        "Start small",
        "Choose a cue",
        "Forgive a bad day",
    ]


def test_titles_are_text_and_nothing_else(article: Article) -> None:
    key = part(reviewing.plan(article, Review()), "Start small").key
    plan = reviewing.plan(article, reviewing.retitled(article, Review(), key, "*Start* {{ 7*7 }} <b>"))
    assert plan.lessons[1].title == "*Start* \\{{ 7*7 }} <b>"
    for wrong in ("", "   ", "x" * 201):
        with pytest.raises(InvalidInput):
            reviewing.retitled(article, Review(), key, wrong)


def test_when_nothing_is_left_the_plan_says_so(article: Article) -> None:
    review = Review()
    for one in reviewing.plan(article, review).parts:
        if one.kind is PartKind.SECTION:
            review = reviewing.toggled(article, review, one.key, on=False)
    plan = reviewing.plan(article, review)
    assert plan.lessons == ()
    assert "no text" in plan.refusal


def test_what_cannot_be_is_refused(article: Article) -> None:
    first = next(one for one in reviewing.plan(article, Review()).parts if one.kind is PartKind.SECTION)
    with pytest.raises(InvalidInput, match="no section before"):
        reviewing.merged(article, Review(), first.key)
    with pytest.raises(InvalidInput, match="no such place"):
        reviewing.divided(article, Review(), first.key, "0")
    for key in ("99", "-1", "before 4", "x"):
        with pytest.raises(NotFound):
            reviewing.toggled(article, Review(), key, on=True)


def test_a_review_survives_being_stored(article: Article) -> None:
    plan = reviewing.plan(article, Review())
    review = reviewing.toggled(article, Review(), plan.parts[0].key, on=False)
    review = reviewing.with_target(reviewing.retitled(article, review, OPENING, "First"), 3.5)
    assert Review.from_json(review.to_json()) == review


@pytest.mark.parametrize("minutes", [0.0, 1.0, 2.5, 8.0, 900.0])
def test_the_lengths_follow_the_target(article: Article, minutes: float) -> None:
    review = reviewing.with_target(Review(), minutes)
    settings = reviewing.settings_of(review)
    assert 1 <= settings.target <= 8
    assert settings.minimum < settings.target < settings.maximum
    assert reviewing.plan(article, review).lessons


def test_every_piece_is_in_exactly_one_part_or_lesson(article: Article) -> None:
    plan = reviewing.plan(article, Review())
    body = " ".join(one.body for one in plan.lessons)
    for piece in article.pieces:
        if piece.role is Role.BODY:
            assert body.count(piece.block.markdown) >= 1
