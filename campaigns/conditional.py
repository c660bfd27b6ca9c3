"""Lessons that not everybody gets: the conditions of a revision (`only_if`), and who meets them."""

from collections.abc import Mapping

from campaigns.models import Revision
from campaigns.standing import Meets
from subscribers.models import Subscriber
from templates.conditions import Condition, parse


def conditions_of(revision: Revision | None) -> Mapping[str, Condition]:
    """The conditions of the lessons that have one, by lesson id."""
    return {
        one.lesson_id: parse(one.only_if) for one in (revision.lessons if revision else ()) if one.only_if
    }


def meets(conditional: Mapping[str, Condition], subscriber: Subscriber) -> Meets:
    """Whether the subscriber gets a lesson: always, where it has no condition."""
    names = {
        "email": subscriber.email,
        "first_name": subscriber.first_name,
        "last_name": subscriber.last_name,
    }
    context = {"subscriber": {**subscriber.fields, **names}}
    return lambda lesson: lesson not in conditional or conditional[lesson].holds(context)
