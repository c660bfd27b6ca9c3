"""Questions that lessons ask on the web, and what readers answer. One a lesson, one answer a person."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from campaigns.models import Answer, Course, Lesson, Question
from courseletter.errors import InvalidInput
from courseletter.upserting import insert
from subscribers.models import Subscriber

LONGEST: Final = 2000  # characters of an answer in words
_LONGEST_QUESTION: Final = 500
_MOST_CHOICES: Final = 12


@dataclass(frozen=True, slots=True)
class Answers:
    """What was answered to one question: counts by choice, or the newest in words."""

    lesson: Lesson
    question: Question
    people: int
    counts: dict[str, int]
    newest: list[str]


def ask(
    session: Session, lesson: Lesson, text: str, choices: Sequence[str], right: str, now: datetime
) -> None:
    """Give the lesson this question, in place of the one it has. Answers stay with their words."""
    text, choices = text.strip(), list(dict.fromkeys(one.strip() for one in choices if one.strip()))
    if not 1 <= len(text) <= _LONGEST_QUESTION:
        raise InvalidInput(f"Write the question, in {_LONGEST_QUESTION} characters at most.", field="text")
    if len(choices) == 1 or len(choices) > _MOST_CHOICES or max(map(len, choices), default=0) > 200:
        raise InvalidInput(
            f"Give 2 to {_MOST_CHOICES} choices of 200 characters at most, or none for an answer in words.",
            field="choices",
        )
    if right and right not in choices:
        raise InvalidInput("The right choice is none of the choices.", field="choices")
    values = {"text": text, "choices": choices, "right": right}
    asking = insert(session, Question).values(lesson_id=lesson.id, created_at=now, **values)
    session.execute(asking.on_conflict_do_update(index_elements=["lesson_id"], set_=values))


def drop(session: Session, lesson: Lesson) -> None:
    """Take the question away, with all that was answered to it."""
    theirs = select(Question.id).where(Question.lesson_id == lesson.id)
    session.execute(delete(Answer).where(Answer.question_id.in_(theirs)))
    session.execute(delete(Question).where(Question.lesson_id == lesson.id))


def question_of(session: Session, lesson_id: str) -> Question | None:
    return session.scalar(select(Question).where(Question.lesson_id == lesson_id))


def answer_of(session: Session, question: Question, subscriber: Subscriber) -> Answer | None:
    return session.get(Answer, (question.id, subscriber.id))


def answer(session: Session, question: Question, subscriber: Subscriber, text: str, now: datetime) -> None:
    """Keep an answer; a later one takes its place. InvalidInput(field="answer") where it is none."""
    text = text.replace("\r\n", "\n").strip()
    if question.choices and text not in question.choices:
        raise InvalidInput("Choose one of the answers.", field="answer")
    if not 1 <= len(text) <= LONGEST or "\0" in text:
        raise InvalidInput(f"Write an answer, in {LONGEST} characters at most.", field="answer")
    keeping = insert(session, Answer).values(
        question_id=question.id, subscriber_id=subscriber.id, text=text, at=now
    )
    session.execute(
        keeping.on_conflict_do_update(
            index_elements=["question_id", "subscriber_id"], set_={"text": text, "at": now}
        )
    )


def answers(session: Session, course: Course, most: int) -> list[Answers]:
    """What the course's readers have answered, in the order of its lessons; `most` in words a question."""
    asked = session.execute(
        select(Lesson, Question)
        .join(Question, Question.lesson_id == Lesson.id)
        .where(Lesson.course_id == course.id)
        .order_by(Lesson.position, Lesson.id)
    )
    return [_answers(session, lesson, question, most) for lesson, question in asked]


def _answers(session: Session, lesson: Lesson, question: Question, most: int) -> Answers:
    given = session.scalars(
        select(Answer.text).where(Answer.question_id == question.id).order_by(Answer.at.desc())
    ).all()
    counted = Counter(given)
    counts = {choice: counted.get(choice, 0) for choice in question.choices}
    return Answers(lesson, question, len(given), counts, [] if question.choices else list(given[:most]))
