"""Drafts become revisions: what is checked, what is frozen, and what a refusal leaves behind."""

from dataclasses import replace
from datetime import date, datetime

import pytest
from school import BRAND, School, habits
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from campaigns import drafting, history, publishing
from campaigns.cadence import Cadence
from campaigns.models import Course, Enrolment, Lesson, Revision
from courseletter.database import Database
from courseletter.errors import InvalidInput, NotFound
from templates.brand import Brand


def draft(session: Session, now: datetime, slug: str | None = None) -> Course:
    article, lessons = habits()
    row = drafting.add_article(session, article, now)
    return drafting.create_course(
        session, row, lessons, cadence=Cadence(), zone="Europe/Berlin", now=now, slug=slug
    )


def refused(database: Database, course_id: str, brand: Brand, now: datetime) -> str:
    """Why publishing is refused; nothing may have changed by then."""
    with pytest.raises(InvalidInput) as caught, database.write() as session:
        publishing.publish(session, session.get_one(Course, course_id), brand, now)
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(Revision)) == 0
        assert session.get_one(Course, course_id).revision_id is None
    return str(caught.value)


@pytest.fixture
def course_id(database: Database, now: datetime) -> str:
    with database.write() as session:
        return draft(session, now).id


def test_a_revision_is_the_draft_of_that_moment(database: Database, course_id: str, now: datetime) -> None:
    with database.write() as session:
        course = session.get_one(Course, course_id)
        publishing.publish(session, course, BRAND, now)
        course.lessons[1].title = "Changed later"
    with database.read() as session:
        revision = session.scalars(select(Revision)).one()
        assert [one.title for one in revision.lessons][1] == "Start small"
        assert [one.number for one in revision.lessons] == [0, 1, 2, 3]
        assert {one.lesson_id for one in revision.lessons} == {
            one.id for one in session.get_one(Course, course_id).lessons
        }


def test_r16_no_postal_address_no_publishing(database: Database, course_id: str, now: datetime) -> None:
    why = refused(database, course_id, Brand("Field Notes", " "), now)
    assert "postal address" in why
    assert "\n" not in why


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("body", "Fine.\n\nHello {{ subscriber.__class__ }}", "line 3 of its text: "),
        (
            "body",
            "Hello {{ subscriber.nickname }}",
            "line 1 of its text: No subscriber has a field “nickname”",
        ),
        ("body", ":::takeaway\nnever closed", "line 1"),
        ("subject", "Hi {{ subscriber.first_name", "merge field"),
        ("subject", "=?utf-8?q?a=0D=0ABcc=3A_x?=", "“Start small”: The subject has a line break"),
        ("title", "One\nTwo", "“One Two”: The title has a line break"),
        ("only_if", "subscriber.plan ==", "subscriber.plan"),
    ],
)
def test_a_lesson_that_cannot_be_compiled_is_named_with_its_line(
    database: Database, course_id: str, now: datetime, field: str, value: str, expected: str
) -> None:
    with database.write() as session:
        session.execute(update(Lesson).where(Lesson.position == 1).values({field: value}))
    assert expected in refused(database, course_id, BRAND, now)


@pytest.mark.parametrize(("gap", "promise"), [(7, "then one a week."), (2, "default('tomorrow') }}.")])
def test_the_welcome_promises_the_rhythm_that_is_true(
    database: Database, now: datetime, gap: int, promise: str
) -> None:
    article, lessons = habits()
    with database.write() as session:
        row = drafting.add_article(session, article, now)
        cadence = Cadence(gap=gap)
        course = drafting.create_course(session, row, lessons, cadence=cadence, zone="UTC", now=now)
        assert course.lessons[0].preheader.endswith(promise)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"disclosures": []}, "“This post contains affiliate links. We may earn a"),
        ({"disclosures": ["Some links are ads."]}, "Put it back under disclosures in course.toml"),
        ({"disclaimers": []}, "Put it back under disclaimers in course.toml"),
    ],
)
def test_r19_what_the_article_discloses_cannot_be_lost(
    database: Database, course_id: str, now: datetime, values: dict[str, list[str]], expected: str
) -> None:
    with database.write() as session:
        session.execute(update(Course).values(values))
    assert expected in refused(database, course_id, BRAND, now)


def test_r19_another_way_of_setting_the_disclosure_is_the_same_text(
    database: Database, course_id: str, now: datetime
) -> None:
    with database.write() as session:
        course = session.get_one(Course, course_id)
        course.disclosures = [f"Note: {text.upper()}\u00a0" for text in course.disclosures]
        publishing.publish(session, course, BRAND, now)


def test_r08_a_title_no_header_can_carry_makes_no_course(database: Database, now: datetime) -> None:
    article, lessons = habits()
    bad = replace(article, title="=?utf-8?q?a=0D=0ABcc=3A_x?=")
    with database.write() as session:
        row = drafting.add_article(session, bad, now)
        with pytest.raises(InvalidInput, match="The title has a line break"):
            drafting.create_course(session, row, lessons, cadence=Cadence(), zone="UTC", now=now)
        assert session.scalar(select(func.count()).select_from(Course)) == 0


def test_a_course_without_lessons_is_refused(database: Database, course_id: str, now: datetime) -> None:
    with database.write() as session:
        session.execute(update(Lesson).where(Lesson.kind == "lesson").values(removed=True))
    assert "no lesson" in refused(database, course_id, BRAND, now)


def test_people_under_way_are_moved_after_a_publish_and_not_by_it(school: School) -> None:
    enrolment = school.enrol()

    def publish_again(session: Session) -> None:
        course = session.get_one(Course, school.course_id)
        course.lessons[1].title = "Start smaller"
        assert publishing.publish(session, course, BRAND, school.clock.now()).number == 2
        assert history.is_under_way(session, course.id)
        assert session.get_one(Enrolment, enrolment).revision.number == 1

    school.change(publish_again)


def test_where_nobody_is_enrolled_a_publish_is_done_at_once(school: School) -> None:
    assert not school.change(lambda session: history.is_under_way(session, school.course_id))


def test_an_unchanged_draft_makes_no_revision_also_with_people_under_way(school: School) -> None:
    school.enrol()

    def publish_again(session: Session) -> int:
        course = session.get_one(Course, school.course_id)
        return publishing.publish(session, course, BRAND, school.clock.now()).number

    assert school.change(publish_again) == 1
    assert school.change(lambda session: session.scalar(select(func.count()).select_from(Revision))) == 1


def test_a_new_footer_is_a_change(database: Database, course_id: str, now: datetime) -> None:
    with database.write() as session:
        course = session.get_one(Course, course_id)
        publishing.publish(session, course, BRAND, now)
        moved = replace(BRAND, address="2 Other Street")
        assert publishing.publish(session, course, moved, now).number == 2


def test_a_copy_says_the_same_and_has_ids_of_its_own(
    database: Database, course_id: str, now: datetime
) -> None:
    with database.write() as session:
        course = session.get_one(Course, course_id)
        copied = drafting.copy_course(session, course, now)
        assert copied.slug == "three-small-habits-2"
        assert copied.list_id != course.list_id
        assert not {one.id for one in copied.lessons} & {one.id for one in course.lessons}
        assert [one.body for one in copied.lessons] == [one.body for one in course.lessons]
        assert copied.disclosures == course.disclosures
        assert publishing.publish(session, copied, BRAND, now).number == 1
        with pytest.raises(InvalidInput, match="already"):
            drafting.copy_course(session, course, now, slug="three-small-habits")


@pytest.mark.parametrize("start", [date(9999, 12, 31), date(1, 1, 1)])
def test_a_first_day_in_another_age_is_refused(database: Database, now: datetime, start: date) -> None:
    article, lessons = habits()
    with database.write() as session:
        row = drafting.add_article(session, article, now)
        cadence = Cadence(cohort_start=start)
        with pytest.raises(InvalidInput, match="more than ten years away"):
            drafting.create_course(session, row, lessons, cadence=cadence, zone="UTC", now=now)


def test_names_in_links_are_checked_and_never_shared(database: Database, now: datetime) -> None:
    with database.write() as session:
        assert draft(session, now).slug == "three-small-habits"
        assert draft(session, now).slug == "three-small-habits-2"
        with pytest.raises(InvalidInput, match="already"):
            draft(session, now, slug="three-small-habits")
        with pytest.raises(InvalidInput, match="small letters"):
            draft(session, now, slug="../Habits")


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("Über Öl & Ärger!", "uber-ol-arger"),
        ("習慣について", "course"),
        ("What’s the Connection?", "whats-the-connection"),
        ("x" * 300, "x" * 60),
    ],
)
def test_a_title_becomes_a_name_in_links(title: str, slug: str) -> None:
    assert drafting.slug_of(title) == slug


def test_an_unknown_course_names_those_that_exist(database: Database, course_id: str) -> None:
    with database.read() as session, pytest.raises(NotFound, match="three-small-habits"):
        drafting.find_course(session, "nothing")
