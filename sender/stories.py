"""The story of one delivery: what happened to it and when, how it stands, and what happens next.

Told from its row, its events and what came back; nothing here changes anything.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from campaigns.models import Course, Enrolment, Lesson
from campaigns.rhythm import moment_phrase
from courseletter.errors import NotFound
from courseletter.zones import zone_of
from sender import instance
from sender.claiming import ASKED_FOR
from sender.models import Delivery, Event, State
from sender.retrying import Retrying, UnknownPolicy
from sender.wishes import is_held

Level = Literal["", "good", "warn", "bad"]

OUTCOMES: Final[dict[State, tuple[str, Level]]] = {
    State.READY: ("Queued", ""),
    State.CLAIMED: ("Leaving", ""),
    State.IN_DOUBT: ("Leaving", ""),
    State.ACCEPTED: ("Delivered", "good"),
    State.DEFERRED: ("Waits for another try", "warn"),
    State.UNKNOWN: ("In doubt", "bad"),
    State.FAILED: ("Failed", "bad"),
    State.CANCELLED: ("Called back", ""),
    State.EXPIRED: ("Given up", "bad"),
}


@dataclass(frozen=True, slots=True)
class Beat:
    """One thing that happened."""

    at: datetime
    title: str
    text: str
    level: Level = ""


@dataclass(frozen=True, slots=True)
class Story:
    delivery: int
    subscriber: int
    email: str
    name: str
    lesson: str
    course: str
    course_id: str
    zone: str
    outcome: str
    level: Level
    undecided: bool  # it may have arrived, and a person may say so
    arrived: bool
    beats: tuple[Beat, ...]
    last_answer: str  # where no beat tells it
    onward: str  # what happens next, and when


def story(session: Session, delivery_id: int, now: datetime, retrying: Retrying) -> Story:
    """Tell what became of a delivery. Raises NotFound."""
    delivery = session.get(Delivery, delivery_id)
    if delivery is None:
        raise NotFound(f"There is no delivery {delivery_id}. See `courseletter delivery in-doubt`.")
    course = session.get_one(Course, delivery.course_id)
    lesson = session.get(Lesson, delivery.lesson_id) if delivery.lesson_id else None
    enrolment = session.get(Enrolment, delivery.enrolment_id) if delivery.enrolment_id else None
    person = delivery.subscriber
    zone = zone_of((enrolment and enrolment.profile.zone) or person.zone or course.zone)
    label, level = outcome_of(delivery)
    beats = tuple(sorted(_beats(session, delivery), key=lambda beat: beat.at))
    answer = said(delivery.reply)
    stops = instance.why_silent(session), course.paused_at is not None and delivery.kind == "lesson"
    return Story(
        delivery=delivery.id,
        subscriber=person.id,
        email=person.email,
        name=f"{person.first_name} {person.last_name}".strip() or person.email,
        lesson=lesson.title if lesson else "The mail that asks whether it is them",
        course=course.title,
        course_id=course.id,
        zone=zone.key,
        outcome=label,
        level=level,
        undecided=delivery.state == State.UNKNOWN and delivery.finished_at is None,
        arrived=has_arrived(delivery),
        beats=beats,
        last_answer="" if any(answer in beat.text for beat in beats) else answer,
        onward=onward(delivery, enrolment, now, zone, retrying, *stops),
    )


def outcome_of(delivery: Delivery) -> tuple[str, Level]:
    """Its state in a word or two, and whether that is trouble."""
    state = State(delivery.state)
    if state is State.UNKNOWN and delivery.finished_at:
        return "Counts as delivered", "warn"
    if state is State.ACCEPTED and delivery.attempts > 1:
        return f"Delivered, try {delivery.attempts}", "good"
    return OUTCOMES[state]


def has_arrived(delivery: Delivery) -> bool:
    decided = delivery.state == State.UNKNOWN and delivery.finished_at is not None
    return delivery.state == State.ACCEPTED or decided


def onward(
    delivery: Delivery,
    enrolment: Enrolment | None,
    now: datetime,
    zone: ZoneInfo,
    retrying: Retrying,
    held: str | None,
    paused: bool,
) -> str:
    """What happens to it next and when, as far as that is known."""

    def at(moment: datetime) -> str:
        return moment_phrase(moment.astimezone(zone))

    state = State(delivery.state)
    if state in (State.READY, State.DEFERRED) and held:
        return f"It waits: no mail is sent at all, because {held}."
    if state in (State.READY, State.DEFERRED) and paused:
        return "It waits: the course is paused. When it goes on, the schedule dates the lesson anew."
    match state:
        case State.READY:
            return "It leaves with the next round of the sender."
        case State.CLAIMED:
            free = (
                f" Should that sender end, another takes it at {at(delivery.lease_until)}."
                if delivery.lease_until
                else ""
            )
            return f"A sender is writing it now.{free}"
        case State.IN_DOUBT:
            until = f" until {at(delivery.lease_until)}" if delivery.lease_until else ""
            return f"It is on the wire. If no answer comes{until}, it counts as in doubt."
        case State.DEFERRED:
            last = at((delivery.first_attempt_at or now) + retrying.deadline)
            number = delivery.attempts + 1
            return f"Try {number} is at {at(delivery.due_at)}. After {last} nothing more is tried."
        case State.UNKNOWN if delivery.finished_at:
            return "It counts as had, and no copy goes by itself."
        case State.UNKNOWN:
            return _in_doubt(delivery, at(delivery.due_at), retrying.unknown)
        case State.ACCEPTED:
            return (
                "Nothing more. The mail server answers for it from here; should it come back, it stands here."
            )
        case State.FAILED | State.EXPIRED | State.CANCELLED:
            return _of_lesson(delivery, enrolment, at)


def _in_doubt(delivery: Delivery, due: str, unknown: UnknownPolicy) -> str:
    if unknown == "hold":
        return "It waits for you: say whether it arrived, else it stays here, and so does the next lesson."
    if delivery.retried_unknown:
        return f"It was tried twice. At {due} it counts as had, unless you say before what became of it."
    return f"It is tried once more at {due}, unless you say before what became of it."


def _of_lesson(delivery: Delivery, enrolment: Enrolment | None, at: Any) -> str:
    if enrolment is None or delivery.copy or delivery.run != enrolment.run:
        return "Nothing more: no other copy goes by itself."
    if enrolment.state == "left":
        return "Nothing more: they get nothing of this course any longer."
    if enrolment.next_lesson != delivery.lesson_id:
        return "The lesson was passed over since."
    if is_held(enrolment):
        return "It failed too often and is held: release it once the cause is mended, or skip it."
    if enrolment.due_at is None:
        return "It comes when they go on with the course."
    return f"The lesson is due again at {at(enrolment.due_at)}."


def _beats(session: Session, delivery: Delivery) -> Iterator[Beat]:
    happened = session.scalars(select(Event).where(Event.delivery_id == delivery.id).order_by(Event.id)).all()
    again = any(event.at < delivery.created_at for event in happened)
    by = "It was asked for." if delivery.by == ASKED_FOR else "By the schedule."
    yield Beat(delivery.created_at, "Queued again" if again else "Queued", by)
    if delivery.first_attempt_at is not None:
        yield Beat(delivery.first_attempt_at, "First try", "A sender took it up.")
    for event in happened:
        yield told(event)
    if delivery.state == State.ACCEPTED and delivery.finished_at is not None:
        tries = f"At try {delivery.attempts}. " if delivery.attempts > 1 else ""
        yield Beat(delivery.finished_at, "Accepted", f"{tries}{said(delivery.reply)}", "good")


def told(event: Event) -> Beat:
    """An event in words."""
    data = event.data
    reply = said(str(data.get("reply") or data.get("text") or data.get("why") or ""))
    match event.kind:
        case "deferred":
            return Beat(event.at, "Put off", reply, "warn")
        case "ready":
            return Beat(event.at, "Given to another relay", reply, "warn")
        case "unknown":
            return Beat(event.at, "In doubt", reply or "The sender ended before the answer came.", "bad")
        case "failed":
            return Beat(event.at, "Refused for good", reply, "bad")
        case "expired":
            return Beat(event.at, "Given up", f"{reply} Two days had passed.".strip(), "bad")
        case "cancelled":
            return Beat(event.at, "Called back", reply)
        case "given_up":
            return Beat(event.at, "Counts as had", "The second try ended in doubt, too.", "warn")
        case "settled":
            arrived = "it arrived" if data.get("arrived") else "it was lost, and is sent again"
            return Beat(event.at, "A person decided", f"They found that {arrived}.")
        case "bounced":
            return Beat(
                event.at, f"Came back ({data.get('bounce')} bounce)", _with_status(data, reply), "bad"
            )
        case "complained":
            return Beat(event.at, "Called spam by the reader", "Their provider told us.", "bad")
    return Beat(event.at, event.kind.replace("_", " ").capitalize(), reply)


def said(reply: str) -> str:
    """What a mail server or we wrote down, as a sentence; strangers write these."""
    text = " ".join(reply.split())[:300].rstrip(".")
    return f"{text[:1].upper()}{text[1:]}." if text else ""


def _with_status(data: dict[str, Any], reply: str) -> str:
    status = data.get("status")
    return f"{status}: {reply}" if status and not reply.startswith(str(status)) else reply
