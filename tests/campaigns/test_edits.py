"""What is different between two revisions, edit by edit."""

from typing import Any

from campaigns.cadence import Cadence
from campaigns.edits import Edit, EditKind, edits, passages, reworded, word_differences
from campaigns.models import Revision, RevisionLesson


def lesson(name: str, **values: Any) -> RevisionLesson:
    about: dict[str, Any] = {"title": name, "subject": name, "body": "Words.", "kind": "lesson"}
    plain = {
        "preheader": "",
        "recap": "",
        "teaser": "",
        "only_if": "",
        "format": "markdown",
        "gap_days": None,
    }
    return RevisionLesson(lesson_id=name, compiled="", **(about | plain | values))


def revision(*lessons: RevisionLesson, **values: Any) -> Revision:
    cadence = values.pop("cadence", Cadence(gap=2)).to_json()
    about: dict[str, Any] = {"title": "A course", "language": "en", "zone": "UTC", "disclosures": []}
    for place, one in enumerate(lessons):
        one.position = place
    return Revision(lessons=list(lessons), cadence=cadence, disclaimers=[], **(about | values))


def kinds(found: list[Edit]) -> list[tuple[str, str | None]]:
    return [(edit.kind.value, edit.lesson_id) for edit in found]


def abc(**values: Any) -> Revision:
    return revision(*(lesson(name) for name in "abc"), **values)


def test_nothing_is_no_edit() -> None:
    assert edits(abc(), abc()) == []


def test_lessons_come_go_and_move() -> None:
    after = revision(lesson("c"), lesson("a"), lesson("x"))
    found = edits(abc(), after)
    assert kinds(found) == [("moved", "c"), ("inserted", "x"), ("removed", "b")]
    assert [edit.follows for edit in found] == ["", "a", ""]


def test_the_fewest_lessons_count_as_moved() -> None:
    after = revision(*(lesson(name) for name in "bcdea"))
    assert kinds(edits(revision(*(lesson(name) for name in "abcde")), after)) == [("moved", "a")]


def test_words_gaps_and_numbers_are_told_apart() -> None:
    before = revision(lesson("a", subject="1/2: a"), lesson("b", subject="2/2: b"), lesson("c"))
    after = revision(
        lesson("a", subject="1/3: a"),
        lesson("b", subject="2/3: b", body="Other words."),
        lesson("c", gap_days=9),
    )
    found = edits(before, after)
    assert kinds(found) == [("reworded", "b"), ("gap", "c"), ("renumbered", None)]
    assert [(one.field, one.before, one.after) for one in found[0].differences] == [
        ("body", "Words.", "Other words.")
    ]
    assert [(one.before, one.after) for one in found[1].differences] == [("", "9")]
    assert [one.after for one in found[2].differences] == ["1/3: a"]
    assert reworded(before, after) == {"b"}


def test_the_rhythm_is_told_in_words() -> None:
    after = abc(cadence=Cadence(gap=2, start=7 * 60 + 30, min_gap=2), zone="Europe/Berlin")
    (found,) = edits(abc(), after)
    assert found.kind is EditKind.RHYTHM
    assert [(one.field, one.before, one.after) for one in found.differences] == [
        ("rhythm", "every second day at 9:00", "every second day at 7:30"),
        ("min_gap", "1", "2"),
        ("zone", "UTC", "Europe/Berlin"),
    ]


def test_a_new_disclosure_and_a_new_look() -> None:
    assert kinds(edits(abc(), abc(disclosures=["Ads."]))) == [("about", None)]
    after = abc()
    after.lessons[0].compiled = "another footer"
    assert kinds(edits(abc(), after)) == [("look", None)]


def test_two_texts_become_one_with_what_came_and_went() -> None:
    found = list(
        word_differences("Normal touch can become painful.", "Normal touch may become quite painful.")
    )
    assert found == [
        ("equal", "Normal touch "),
        ("removed", "can "),
        ("added", "may "),
        ("equal", "become "),
        ("added", "quite "),
        ("equal", "painful."),
    ]


def test_only_the_paragraphs_that_differ_are_told() -> None:
    before = "Stays.\n\nOld words here.\n\nStays, too.\n"
    assert list(passages(before, "Stays.\n\nNew words here.\n \nStays, too.\n\nCame.")) == [
        [("removed", "Old "), ("added", "New "), ("equal", "words here.")],
        [("added", "Came.")],
    ]
    assert list(passages(before, before)) == []


def test_a_long_text_is_not_compared_word_by_word() -> None:
    before, after = "word " * 2_500, "word " * 2_501
    assert list(word_differences(before, after)) == [("removed", before), ("added", after)]
