"""What happened to one person, newest last: consent, what was sent and how it fared, pauses and the like."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session, defer

from campaigns.models import Course, Lesson, RevisionLesson
from campaigns.rhythm import day_phrase
from sender.bounces.models import Bounce
from sender.claiming import ASKED_FOR
from sender.models import Delivery, Event
from sender.stories import Level, has_arrived, outcome_of, said
from subscribers.consent import CAME_BACK
from subscribers.models import ConsentAct, ConsentEntry, MailingList, Subscriber
from subscribers.signing_up import in_words
from templates.merge_fields import without_recipient

MOST: Final = 100  # of each kind, the newest
_CONSENT: Final = {
    ConsentAct.REQUESTED: "Signed up",
    ConsentAct.CONFIRMED: "Confirmed that it is them",
    ConsentAct.ADDED: "Added by somebody here",
    ConsentAct.UNSUBSCRIBED: "Unsubscribed",
    ConsentAct.COMPLAINED: "Called the mail spam",
    ConsentAct.TAKEN_BACK: "Put back as it was before",
}
_EVENTS: Final = {
    "paused": "Paused the course",
    "resumed": "Went on with the course",
    "rhythm_changed": "Changed when lessons come",
    "left": "Left the course",
    "skipped": "A lesson was skipped",
    "unskipped": "A skipped lesson was brought back",
    "finished": "Finished the course, without its last lesson",
    "unfinished": "The course goes on",
    "held": "A lesson was held",
    "released": "A held lesson was released",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened, or will."""

    at: datetime
    title: str
    course: str
    outcome: str
    level: Level
    text: str
    rules: tuple[str, ...] = ()
    delivery: int | None = None
    can_be_sent_again: bool = False


def past(session: Session, subscriber: Subscriber, *, open_to_mail: bool) -> list[Entry]:
    """The newest of each kind, in order. `open_to_mail`: what arrived can be sent again."""
    kinds = (_consent(session, subscriber), _deliveries(session, subscriber, open_to_mail))
    # Each kind is read newest first; what happened at one moment stays in its order.
    entries = [one for kind in (*kinds, _events(session, subscriber)) for one in reversed(list(kind))]
    return sorted(entries, key=lambda one: (one.at, one.delivery or 0))


def _consent(session: Session, subscriber: Subscriber) -> Iterator[Entry]:
    ledger = (
        select(ConsentEntry, MailingList.name)
        .outerjoin(MailingList, MailingList.id == ConsentEntry.list_id)
        .where(ConsentEntry.subscriber_id == subscriber.id)
        .order_by(ConsentEntry.at.desc(), ConsentEntry.id.desc())
        .limit(MOST)
    )
    for entry, name in session.execute(ledger):
        act = ConsentAct(entry.act)
        ends = act in (ConsentAct.UNSUBSCRIBED, ConsentAct.COMPLAINED)
        came_back = act is ConsentAct.CONFIRMED and entry.note == CAME_BACK
        note = "" if came_back else in_words(entry.note)
        proof = [f"By {entry.source_url}" if entry.source_url else "", note]
        text = said(". ".join(filter(None, proof))) or "No page is named."
        title = "Came back" if came_back else _CONSENT[act]
        yield Entry(entry.at, title, name or "Everything", "", "warn" if ends else "", text)


def _deliveries(session: Session, subscriber: Subscriber, open_to_mail: bool) -> Iterator[Entry]:
    rows = session.execute(
        select(Delivery, Course.title, Lesson.title, RevisionLesson.number)
        .join(Course, Course.id == Delivery.course_id)
        .outerjoin(Lesson, Lesson.id == Delivery.lesson_id)
        .outerjoin(
            RevisionLesson,
            (RevisionLesson.revision_id == Delivery.revision_id)
            & (RevisionLesson.lesson_id == Delivery.lesson_id),
        )
        .where(Delivery.subscriber_id == subscriber.id)
        .options(defer(Delivery.facts))
        .order_by(Delivery.created_at.desc(), Delivery.id.desc())
        .limit(MOST)
    ).all()
    back = _bounces(session, [row[0].id for row in rows])
    for delivery, course, title, number in rows:
        label, level = outcome_of(delivery)
        bounced = back.get(delivery.id)
        if bounced:
            label, level = ("Called spam" if bounced.kind == "complaint" else "Came back"), "bad"
        name = numbered(number, title) if title else "The mail that asks whether it is them"
        reply = said(bounced.text if bounced else delivery.reply)
        answer = f"The answer: {reply}" if reply else ""
        text = " ".join(filter(None, (_asked(delivery), answer)))
        again = open_to_mail and delivery.kind == "lesson" and has_arrived(delivery)
        at = delivery.finished_at or delivery.created_at
        yield Entry(
            at, name, course, label, level, text, ("S14",) if _early(delivery) else (), delivery.id, again
        )


def _early(delivery: Delivery) -> bool:
    return delivery.by == ASKED_FOR and delivery.kind == "lesson" and not delivery.copy


def _asked(delivery: Delivery) -> str:
    if delivery.copy:
        return "Another copy, asked for."
    if _early(delivery):
        return "Asked for at once."
    return ""


def _bounces(session: Session, deliveries: Sequence[int]) -> dict[int, Bounce]:
    found = session.scalars(
        select(Bounce).where(Bounce.delivery_id.in_(deliveries)).order_by(Bounce.id)
    ).all()
    return {one.delivery_id: one for one in found}


def _events(session: Session, subscriber: Subscriber) -> Iterator[Entry]:
    rows = session.execute(
        select(Event, Course.title, Lesson.title)
        .outerjoin(Course, Course.id == Event.course_id)
        .outerjoin(Lesson, Lesson.id == Event.data["lesson"].as_string())
        .where(
            Event.subscriber_id == subscriber.id, Event.delivery_id.is_(None), Event.kind.in_(tuple(_EVENTS))
        )
        .order_by(Event.at.desc(), Event.id.desc())
        .limit(MOST)
    )
    for event, course, lesson in rows:
        level: Level = "warn" if event.kind in ("held", "paused", "left") else ""
        yield Entry(event.at, _EVENTS[event.kind], course or "", "", level, _said_of(event, lesson))


def _said_of(event: Event, lesson: str | None) -> str:
    data = event.data
    if event.kind == "paused":
        until = data.get("until")
        return f"Until {day_phrase(date.fromisoformat(until))}." if until else "Until they go on."
    if event.kind == "rhythm_changed":
        return f"Pace: {data.get('pace')}."
    return said(str(data.get("why") or lesson or ""))


def numbered(number: int | None, title: str) -> str:
    """“Lesson 2: Start small”; of a welcome, or a lesson that no revision names, the title alone."""
    title = without_recipient(title)
    return f"Lesson {number}: {title}" if number else title
