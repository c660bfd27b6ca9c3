"""What a lesson's mail knows of its reader: a pure table, from plain values."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from sender.context import (
    LessonContexts,
    Reader,
    Syllabus,
    SyllabusLesson,
    confirmation_context,
    date_in_words,
    day_in_words,
)
from sender.links import Links
from subscribers.tokens import Purpose, Tokens
from templates.brand import Brand

BRAND = Brand("Field Notes", "1 Example Street, Bristol", "https://notes.example.org")
TOKENS = Tokens(b"k" * 32)
LINKS = Links("https://letters.example.org", TOKENS)
SYLLABUS = Syllabus(
    title="Small habits",
    language="en",
    list_id=7,
    lessons=(
        SyllabusLesson("les_0", "welcome", 0, "Welcome", 1, "", "Start small: two minutes."),
        SyllabusLesson("les_1", "lesson", 1, "Start small", 2, "The welcome.", "A cue for it."),
        SyllabusLesson(
            "les_2", "lesson", 2, "One cue", 3, "Two minutes are enough.", "When it breaks: begin."
        ),
        SyllabusLesson("les_3", "lesson", 3, "When it breaks", 2, "One cue.", ""),
    ),
)
READER = Reader(
    subscriber_id=5,
    enrolment_id=9,
    email="ada@example.org",
    first_name="Ada",
    last_name="Lovelace",
    fields={"city": "London", "email": "a field of the same name never hides the address"},
    joined_on=date(2026, 3, 1),
    previous="les_1",
    next="les_3",
    next_at=datetime(2026, 3, 19, 23, 30, tzinfo=UTC),
    zone=ZoneInfo("Europe/Berlin"),
)


def context(lesson: str = "les_2", syllabus: Syllabus = SYLLABUS, **changes: Any) -> dict[str, Any]:
    return LessonContexts(syllabus, lesson, BRAND, LINKS).of(READER._replace(**changes))


def test_all_that_a_lesson_is_filled_with() -> None:
    home = LINKS.learn(9)
    assert context() == {
        "subscriber": {
            "city": "London",
            "first_name": "Ada",
            "last_name": "Lovelace",
            "email": "ada@example.org",
            "joined": "1 March 2026",
        },
        "lesson": {
            "number": 2,
            "total": 3,
            "title": "One cue",
            "minutes": 3,
            "next_when": "Friday 20 March",  # in Berlin, it is past midnight
        },
        "course": {"title": "Small habits", "total": 3},
        "sender": {"name": "Field Notes", "address": "1 Example Street, Bristol"},
        "links": {
            "web": f"{home}/lessons/les_2",
            "previous": f"{home}/lessons/les_1",
            "next_now": f"{home}/next",
            "pause": f"{home}/pause",
            "preferences": home,
            "unsubscribe": LINKS.unsubscribe(7, 5),
        },
        "previous": {"number": 1, "title": "Start small", "recap": "Two minutes are enough."},
        "next": {"number": 3, "title": "When it breaks", "teaser": "begin.", "when": "Friday 20 March"},
    }


def test_links_are_signed_for_their_one_reader() -> None:
    assert TOKENS.read(Purpose.LEARN, LINKS.learn(9).rpartition("/")[2]) == (9,)
    assert TOKENS.read(Purpose.UNSUBSCRIBE, LINKS.unsubscribe(7, 5).rpartition("/")[2]) == (7, 5)


@pytest.mark.parametrize("previous", [None, "les_0", "les_gone"])
def test_there_may_be_nothing_to_look_back_on(previous: str | None) -> None:
    made = context("les_1", previous=previous)
    assert made["previous"] is None
    assert made["links"]["previous"] == LINKS.learn(9)


def test_the_lesson_before_and_after_are_the_readers_own() -> None:
    made = context("les_3", previous="les_2", next="les_1")
    assert made["previous"] == {"number": 2, "title": "One cue", "recap": "One cue."}
    assert (made["next"]["number"], made["next"]["teaser"]) == (1, "two minutes.")


@pytest.mark.parametrize("changes", [{"next": None}, {"next": "les_gone"}, {"next_at": None}])
def test_at_the_end_nothing_comes_next(changes: dict[str, Any]) -> None:
    made = context(**changes)
    assert made["next"] is None
    assert made["lesson"]["next_when"] == ""


def test_the_first_and_the_last_lesson_have_one_neighbour() -> None:
    made = context("les_1", previous="les_3", next="les_0")
    assert made["previous"] == {"number": 3, "title": "When it breaks", "recap": ""}
    assert made["next"]["teaser"] == ""


@pytest.mark.parametrize(
    ("language", "joined", "next_when"),
    [
        ("en", "1 March 2026", "Friday 20 March"),
        ("en-US", "March 1, 2026", "Friday, March 20"),
        ("de", "1. März 2026", "Freitag, 20. März"),
        ("ru", "1 марта 2026\u202fг.", "пятница, 20 марта"),
        ("zh", "2026年3月1日", "3月20日星期五"),
        ("not a language", "1 March 2026", "Friday 20 March"),
    ],
)
def test_days_are_in_words_of_the_courses_language(language: str, joined: str, next_when: str) -> None:
    made = context(syllabus=replace(SYLLABUS, language=language))
    assert made["subscriber"]["joined"] == joined == date_in_words(READER.joined_on, language)
    assert made["lesson"]["next_when"] == next_when == day_in_words(date(2026, 3, 20), language)


def test_a_confirmation_does_not_name_whom_a_stranger_may_have_named() -> None:
    confirm = LINKS.confirm(7, 5)
    assert confirmation_context("Small habits", "ada@example.org", confirm, BRAND) == {
        "subscriber": {"first_name": "", "last_name": "", "email": "ada@example.org"},
        "course": {"title": "Small habits"},
        "sender": {"name": "Field Notes", "address": "1 Example Street, Bristol"},
        "links": {"confirm": confirm},
    }
