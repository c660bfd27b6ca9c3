"""Saving a lesson of a draft: nobody overwrites what they have not seen, and nothing unusable is stored."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from school import School
from sqlalchemy import select

from campaigns import editing
from campaigns.editing import LessonText, Saved, Stale
from campaigns.models import Lesson
from courseletter.errors import InvalidInput, NotFound


@pytest.fixture
def lesson_id(school: School) -> str:
    with school.database.read() as session:
        return session.scalars(select(Lesson.id).where(Lesson.position == 1)).one()


def saved(school: School, lesson_id: str) -> Saved:
    with school.database.read() as session:
        return Saved.of(editing.find_lesson(session, school.course_id, lesson_id))


def rewrite(school: School, lesson_id: str, version: str, text: LessonText, by: str, now: datetime) -> Saved:
    with school.database.write() as session:
        lesson = editing.find_lesson(session, school.course_id, lesson_id, to_write=True)
        return editing.rewrite(lesson, version, text, by, now)


def test_what_is_saved_is_there_with_who_and_when(school: School, lesson_id: str, now: datetime) -> None:
    before = saved(school, lesson_id)
    assert (before.by, before.at) == ("", None)
    text = replace(before.text, title="Start tiny", body="word " * 600, gap_days=3, only_if="subscriber.plan")
    after = rewrite(school, lesson_id, before.text.version, text, "Mira", now)
    assert saved(school, lesson_id) == after == Saved(text, "Mira", now)
    with school.database.read() as session:
        assert session.get_one(Lesson, lesson_id).minutes == 3, (
            "600 words are no longer the minutes of before"
        )


def test_the_second_of_two_is_told_what_the_first_saved(
    school: School, lesson_id: str, now: datetime
) -> None:
    base = saved(school, lesson_id)
    theirs = replace(base.text, subject="Theirs")
    rewrite(school, lesson_id, base.text.version, theirs, "Marek", now)
    mine = replace(base.text, body="Mine")
    with pytest.raises(Stale, match="Marek saved this lesson while you wrote") as stale:
        rewrite(school, lesson_id, base.text.version, mine, "Mira", now)
    assert stale.value.theirs == Saved(theirs, "Marek", now)
    assert saved(school, lesson_id).text == theirs, "nothing of the second is stored"
    again = rewrite(school, lesson_id, theirs.version, mine, "Mira", now)
    assert (again.text, again.by) == (mine, "Mira")


def test_the_same_text_is_no_conflict_and_no_save(school: School, lesson_id: str, now: datetime) -> None:
    base = saved(school, lesson_id)
    assert rewrite(school, lesson_id, "an old version", base.text, "Mira", now) == base


@pytest.mark.parametrize(
    ("changed", "field", "message"),
    [
        ({"title": " "}, "title", "needs a title"),
        ({"subject": ""}, "subject", "needs a subject"),
        ({"subject": "a\r\nBcc: x@y"}, "subject", "on one line"),
        ({"subject": "=?utf-8?q?a=0D=0ABcc=3A_x?="}, "subject", "line break"),
        ({"preheader": "a\nb"}, "preheader", "on one line"),
        ({"body": "a\x00b"}, "body", "NUL"),
        ({"body": "a\ud800b"}, "body", "not valid Unicode"),
        ({"body": "x" * 500_001}, "body", "Make two lessons"),
        ({"gap_days": 0}, "gap_days", "from 1 to 999"),
        ({"gap_days": 1000}, "gap_days", "from 1 to 999"),
        ({"only_if": "subscriber.n == 3"}, "only_if", "cannot be read"),
    ],
)
def test_what_cannot_be_used_is_refused_at_its_field(
    school: School, lesson_id: str, now: datetime, changed: dict[str, Any], field: str, message: str
) -> None:
    base = saved(school, lesson_id)
    with pytest.raises(InvalidInput, match=message) as refused:
        rewrite(school, lesson_id, base.text.version, replace(base.text, **changed), "Mira", now)
    assert refused.value.field == field
    assert saved(school, lesson_id) == base


def test_faults_in_the_text_are_saved_and_block_publishing_alone(
    school: School, lesson_id: str, now: datetime
) -> None:
    base = saved(school, lesson_id)
    text = replace(base.text, body=":::takeaway\nnot closed, {{ nonsense }}")
    assert rewrite(school, lesson_id, base.text.version, text, "Mira", now).text == text


def test_a_lesson_of_another_course_and_one_taken_out_are_not_found(school: School, lesson_id: str) -> None:
    with school.database.write() as session:
        with pytest.raises(NotFound):
            editing.find_lesson(session, "crs_0000000000", lesson_id)
        session.get_one(Lesson, lesson_id).removed = True
        session.flush()
        with pytest.raises(NotFound):
            editing.find_lesson(session, school.course_id, lesson_id)
