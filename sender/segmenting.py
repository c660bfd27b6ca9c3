"""What segments ask of courses and of mail: who waits for a lesson, who clicked something lately."""

from collections.abc import Mapping
from typing import Final

from sqlalchemy import ColumnElement, exists, not_

from campaigns.drafting import find_course
from campaigns.models import Enrolment, Lesson
from courseletter.errors import InvalidInput, NotFound
from sender.models import Click, Delivery, State
from subscribers.models import Subscriber
from subscribers.segments import Asked, Compiler, Condition, days_ago

HOWS: Final[Mapping[str, Mapping[str, str]]] = {
    "course": {
        "in": "is in",
        "not_in": "is not in",
        "paused": "has paused",
        "finished": "has finished",
        "left": "has left",
    },
    "lesson": {"waits": "waits for", "had": "has had", "not_had": "has not had"},
    "mail": {"last": "got one in the last days", "not_last": "got none in the last days"},
    "click": {"last": "clicked in the last days", "not_last": "has not clicked in the last days"},
}
_STATES: Final = {
    "in": ("active", "paused"),
    "paused": ("paused",),
    "finished": ("completed",),
    "left": ("left",),
}


def _course(asked: Asked) -> ColumnElement[bool]:
    one = asked.one
    try:
        course = find_course(asked.session, one.what)
    except NotFound as error:
        raise InvalidInput(str(error)) from None
    enrolled = exists().where(Enrolment.subscriber_id == Subscriber.id, Enrolment.course_id == course.id)
    if one.how == "not_in":
        return not_(enrolled)
    if one.how not in _STATES:
        raise InvalidInput(f"“{one.how}” cannot be asked of a course.")
    return enrolled.where(Enrolment.state.in_(_STATES[one.how]))


def _lesson(asked: Asked) -> ColumnElement[bool]:
    one = asked.one
    if asked.session.get(Lesson, one.what) is None:
        raise InvalidInput(f"there is no lesson “{one.what}”.")
    if one.how == "waits":
        return exists().where(Enrolment.subscriber_id == Subscriber.id, Enrolment.next_lesson == one.what)
    had = exists().where(
        Delivery.subscriber_id == Subscriber.id,
        Delivery.lesson_id == one.what,
        Delivery.state == State.ACCEPTED,
    )
    return {"had": had, "not_had": not_(had)}[_how(one)]


def _mail(asked: Asked) -> ColumnElement[bool]:
    one = asked.one
    got = exists().where(
        Delivery.subscriber_id == Subscriber.id,
        Delivery.created_at >= days_ago(one.value, asked.now),
        Delivery.state == State.ACCEPTED,
    )
    return {"last": got, "not_last": not_(got)}[_how(one)]


def _click(asked: Asked) -> ColumnElement[bool]:
    one = asked.one
    clicked = (
        exists()
        .where(Delivery.subscriber_id == Subscriber.id, Click.delivery_id == Delivery.id)
        .where(Click.at >= days_ago(one.value, asked.now), Click.scanner.is_(False))
    )
    return {"last": clicked, "not_last": not_(clicked)}[_how(one)]


def _how(one: Condition) -> str:
    if one.how not in HOWS[one.about]:
        raise InvalidInput(f"“{one.how}” cannot be asked of it. Choose one from the list.")
    return one.how


COMPILERS: Final[Mapping[str, Compiler]] = {
    "course": _course,
    "lesson": _lesson,
    "mail": _mail,
    "click": _click,
}
