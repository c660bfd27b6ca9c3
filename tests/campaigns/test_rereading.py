"""An article that changed is a diff of lessons: what it changed is taken over, what a person wrote stays."""

from datetime import datetime

import pytest
from sqlalchemy.orm import Session

from campaigns import drafting
from campaigns.article import Article
from campaigns.cadence import Cadence
from campaigns.models import Course, Lesson
from campaigns.reading import read_bytes
from campaigns.rereading import Reread, paired, update_course
from campaigns.splitting import SplitSettings, split
from courseletter.database import Database
from courseletter.errors import InvalidInput
from courseletter.ids import new_id

SECTIONS = {
    "Start small": "It is the size of the step that decides whether you take it on a wet morning. ",
    "Choose a cue": "A kettle that boils each day at seven can carry another habit on its whistle. ",
    "Forgive a bad day": "Missing once teaches nothing about who you are, missing twice begins a custom. ",
}
NEW = ("Keep a diary", "Writing three lines before sleep turns progress into something one can read. ")


def article(sections: dict[str, str], notice: str = "") -> Article:
    body = "".join(f"## {title}\n\n{text * 20}\n\n" for title, text in sections.items())
    intro = "Habits are what a day is made of, and most of them were never chosen by anybody in particular."
    return read_bytes(f"# Three Small Habits\n\n{notice}{intro}\n\n{body}".encode(), "habits.md")


@pytest.fixture
def course_id(database: Database, now: datetime) -> str:
    with database.write() as session:
        original = article(SECTIONS)
        row = drafting.add_article(session, original, now)
        return drafting.create_course(
            session, row, split(original), cadence=Cadence(), zone="UTC", now=now
        ).id


def reread(database: Database, course_id: str, changed: Article, now: datetime) -> Reread:
    with database.write() as session:
        return update_course(session, session.get_one(Course, course_id), changed, SplitSettings(), now)


def draft(database: Database, course_id: str) -> dict[str, str]:
    """Title to id, in order."""
    with database.read() as session:
        return {one.title: one.id for one in session.get_one(Course, course_id).lessons}


def test_the_same_article_changes_nothing(database: Database, course_id: str, now: datetime) -> None:
    before = draft(database, course_id)
    assert reread(database, course_id, article(SECTIONS), now) == Reread()
    assert draft(database, course_id) == before


def test_a_changed_section_is_the_lesson_it_was(database: Database, course_id: str, now: datetime) -> None:
    before = draft(database, course_id)
    changed = {**SECTIONS, "Choose a cue": SECTIONS["Choose a cue"].replace("seven", "eight")}
    told = reread(database, course_id, article(changed), now)
    assert "Choose a cue" in told.changed  # and perhaps who quotes it: the recap and teaser beside it
    assert (told.added, told.removed, told.kept) == ([], [], [])
    assert draft(database, course_id) == before
    with database.read() as session:
        body = session.get_one(Lesson, before["Choose a cue"]).body
        assert "eight" in body
        assert "seven" not in body


def test_sections_come_go_and_move(database: Database, course_id: str, now: datetime) -> None:
    before = draft(database, course_id)
    names = ["Forgive a bad day", "Start small"]
    changed = {NEW[0]: NEW[1], **{name: SECTIONS[name] for name in names}}
    told = reread(database, course_id, article(changed), now)
    assert (told.added, told.removed, told.kept) == ([NEW[0]], ["Choose a cue"], [])
    after = draft(database, course_id)
    assert list(after)[1:] == [NEW[0], *names]
    assert all(after[name] == before[name] for name in names)
    with database.read() as session:
        course = session.get_one(Course, course_id)
        assert [one.subject for one in course.lessons][1:] == [
            f"{number}/3: {name}" for number, name in enumerate([NEW[0], *names], 1)
        ]


def test_what_a_person_wrote_stays(database: Database, course_id: str, now: datetime) -> None:
    own = new_id("les")

    def edit(session: Session) -> None:
        course = session.get_one(Course, course_id)
        course.lessons[1].body += "\n\nAnd one sentence of my own."
        course.lessons[2].subject = "My subject"
        course.lessons[3].position += 1
        fresh = {"title": "Mine", "subject": "Mine", "body": "Quite another matter.", "kind": "lesson"}
        session.add(Lesson(id=own, course_id=course_id, position=3, **fresh))

    with database.write() as session:
        edit(session)
    changed = {name: text.replace("i", "I", 1) for name, text in SECTIONS.items()}
    told = reread(database, course_id, article(changed), now)
    assert (told.kept, told.added, told.removed) == (["Start small"], [], [])
    assert "Choose a cue" in told.changed
    assert list(draft(database, course_id))[1:] == [
        "Start small",
        "Choose a cue",
        "Mine",
        "Forgive a bad day",
    ]
    with database.read() as session:
        course = session.get_one(Course, course_id)
        assert course.lessons[1].body.endswith("And one sentence of my own.")
        assert course.lessons[2].subject == "My subject"
        assert course.lessons[2].body.startswith("A kettle that boIls")


def test_r19_a_disclosure_that_the_article_has_now_is_the_courses(
    database: Database, course_id: str, now: datetime
) -> None:
    notice = "This post contains affiliate links. We may earn a commission, at no extra cost to you."
    with database.write() as session:
        session.get_one(Course, course_id).disclosures = ["My own notice."]
    reread(database, course_id, article(SECTIONS, f"{notice}\n\n"), now)
    with database.read() as session:
        assert session.get_one(Course, course_id).disclosures == ["My own notice.", notice]


def test_a_course_without_an_article_has_nothing_to_compare_with(
    database: Database, course_id: str, now: datetime
) -> None:
    with database.write() as session:
        session.get_one(Course, course_id).article_id = None
    with pytest.raises(InvalidInput, match="not made of an article"):
        reread(database, course_id, article(SECTIONS), now)


def test_texts_are_paired_with_what_they_became() -> None:
    old = ["one two three four", "five six seven eight", "nothing like it"]
    assert paired(old, ["five six seven nine", "one two three four"]) == {0: 1, 1: 0}
