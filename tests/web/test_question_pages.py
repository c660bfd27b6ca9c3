"""What marketers ask and read: one question a lesson, counts by choice, answers in words."""

import pytest
from colleagues import Colleague, add_user
from reading_room import World

from campaigns import questions
from campaigns.models import Answer, Course, Lesson, Question
from subscribers.models import Subscriber


@pytest.fixture
def marketer(shop: World) -> Colleague:
    return Colleague(shop.app, shop.installation, add_user(shop.installation, "marketer"))


@pytest.fixture
def course(shop: World) -> Course:
    return next(one for one in shop.all(Course) if one.revision_id)


@pytest.fixture
def lesson(shop: World, course: Course) -> Lesson:
    return next(one for one in shop.all(Lesson) if one.course_id == course.id and one.kind == "lesson")


def test_a_question_is_asked_answered_counted_and_removed(
    shop: World, marketer: Colleague, course: Course, lesson: Lesson
) -> None:
    path = f"/courses/{course.id}/questions"
    form = {"lesson": lesson.id, "text": "Which one?", "choices": "The lamp\n*The screen\n\n"}
    assert marketer.post(path, **form).status_code == 303
    (question,) = shop.all(Question)
    assert (question.choices, question.right) == (["The lamp", "The screen"], "The screen")
    with shop.installation.database.write() as session:
        row = session.get_one(Question, question.id)
        people = session.query(Subscriber).limit(3).all()
        for person, said in zip(people, ["The lamp", "The screen", "The screen"], strict=True):
            questions.answer(session, row, person, said, shop.clock.now())
    page = marketer.get(path).text
    assert "3 people have answered." in page
    assert '<td class="number">2</td>' in page
    marketer.post(path, lesson=lesson.id, text="And why?", choices="")
    assert [one.text for one in shop.all(Question)] == ["And why?"]
    assert "The screen" in marketer.get(path).text, "answers stay with their words"
    marketer.post(f"{path}/{lesson.id}/remove")
    assert shop.all(Question) == shop.all(Answer) == []


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"text": ""}, "text"),
        ({"text": "x" * 501}, "text"),
        ({"choices": "one"}, "choices"),
        ({"choices": "*a\n*b"}, "choices"),
        ({"choices": "\n".join(map(str, range(13)))}, "choices"),
        ({"lesson": "les_ZZZZZZZZZZ"}, "lesson"),
    ],
)
def test_a_question_that_cannot_be_asked_is_422_and_keeps_what_was_typed(
    shop: World, marketer: Colleague, course: Course, lesson: Lesson, form: dict[str, str], field: str
) -> None:
    typed = {"lesson": lesson.id, "text": "Which one?", "choices": "a\nb", **form}
    page = marketer.post(f"/courses/{course.id}/questions", **typed)
    assert page.status_code == 422
    assert f'id="{field}-problem"' in page.text
    assert typed["text"] in page.text
    assert shop.all(Question) == []


def test_a_certificate_is_switched_on_and_off(shop: World, marketer: Colleague, course: Course) -> None:
    for given in (True, False):
        fields = {"certificate": "yes"} if given else {}
        assert marketer.post(f"/courses/{course.id}/certificate", **fields).status_code == 303
        found = next(one for one in shop.all(Course) if one.id == course.id)
        assert found.certificate is given
        assert ("checked" in marketer.get(f"/courses/{course.id}/questions").text) is given


def test_another_courses_lesson_is_not_found(shop: World, marketer: Colleague, lesson: Lesson) -> None:
    assert marketer.post(f"/courses/crs_ZZZZZZZZZZ/questions/{lesson.id}/remove").status_code == 404
