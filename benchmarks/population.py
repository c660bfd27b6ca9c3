"""What a crowd has lived through: tags, lists, an import, ten letters each, clicks, a newsletter."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, case, cast, func, insert, literal, select, text, update
from sqlalchemy.orm import Session

from benchmarks.mailer import NOW
from campaigns.links import track_clicks
from campaigns.models import Course, Link
from campaigns.newsletters import drafting
from courseletter.database import Database, UtcDateTime
from sender.models import Click, Delivery, Event, State
from subscribers import segments
from subscribers.importing.models import Import, ImportedPerson, ImportState
from subscribers.models import (
    ConsentEntry,
    CustomField,
    MailingList,
    Membership,
    Subscriber,
    SubscriberTag,
    Suppression,
    Tag,
)
from subscribers.segments import Condition, Rule
from subscribers.suppression import address_hash

LETTERS = 10  # each person has had
TAGS = {"rare": 200_000, "some": 100, "many": 2}  # one in so many
TAGGED, FREE = Condition("tag", "some", "has"), Condition("field", "plan", "is", "free")
SEGMENTS = {
    "Of a tag": Rule((TAGGED,)),
    "Clicked lately": Rule((Condition("click", "", "last", "30"),)),
    "Free": Rule((FREE,)),
    "Any of three": Rule((TAGGED, Condition("click", "", "last", "7"), FREE), any=True),
}


def furnish(session: Session, course_id: str, key: bytes) -> None:
    """Tags, lists, statuses, an import, sign-ups and segments, each for its share of the people."""
    person, now = Subscriber.id, literal(NOW, UtcDateTime())
    second = MailingList(slug="second", name="Second", created_at=NOW)
    session.add_all([second, *(CustomField(name=name, kind="text") for name in ("plan", "city"))])
    session.add(
        Import(
            id=1,
            name="people.csv",
            path="",
            digest="",
            settings={},
            state=ImportState.DONE,
            started_by="us",
            created_at=NOW,
            touched_at=NOW,
        )
    )
    session.flush()
    session.execute(
        update(Subscriber).values(
            first_name=func.substr("AdaAnaBeaDanEvaIanLeoMiaNoaZoe", 1 + 3 * (person % 10), 3),
            last_name=literal("Reader ") + cast(person % 977, Subscriber.email.type),
        )
    )
    session.execute(update(Subscriber).where(person % 3 == 0).values(created_at=NOW - timedelta(days=400)))
    first = select(Course.list_id).where(Course.id == course_id).scalar_subquery()
    here = (Membership.list_id == first, Membership.subscriber_id % 50 == 7)
    session.execute(update(Membership).where(*here).values(status="pending"))
    left = (Membership.list_id == first, Membership.subscriber_id % 97 == 0)
    session.execute(update(Membership).where(*left).values(status="unsubscribed"))

    def put(table: type, columns: list[str], *values: object, share: int) -> None:
        rows = select(*values).select_from(Subscriber).where(person % share == 0)  # type: ignore[call-overload]
        session.execute(insert(table).from_select(columns, rows))

    put(
        Membership,
        ["list_id", "subscriber_id", "status", "changed_at"],
        second.id,
        person,
        literal("confirmed"),
        now,
        share=10,
    )
    put(ImportedPerson, ["import_id", "subscriber_id"], literal(1), person, share=4)
    line = [
        "subscriber_id",
        "list_id",
        "act",
        "at",
        "email",
        "wording",
        "wording_hash",
        "source_url",
        "ip",
        "user_agent",
        "note",
    ]
    nothing = [literal("")] * 6
    put(ConsentEntry, line, person, first, literal("requested"), now, Subscriber.email, *nothing, share=200)
    for name, share in TAGS.items():
        tag = Tag(name=name, name_key=name)
        session.add(tag)
        session.flush()
        put(SubscriberTag, ["tag_id", "subscriber_id", "added_at"], literal(tag.id), person, now, share=share)
    held = select(Subscriber.email).where(person % 1000 == 0)
    told = {"reason": "bounced", "at": NOW, "note": ""}
    rows = [
        {"email": one, "address_key": one, "address_hash": address_hash(key, one), **told}
        for one in session.scalars(held)
    ]
    session.execute(insert(Suppression), rows)
    for name, rule in SEGMENTS.items():
        segments.save(session, name, rule, NOW)


def mail(database: Database, course_id: str) -> None:
    """Ten letters for everybody, one a week, each with an event; who came long ago had them long ago. One in
    twenty of each letter never arrived, and one reader in five clicked.
    """
    with database.write() as session:
        links = _links(session, course_id)
    for letter in range(LETTERS):
        run, place = divmod(letter, len(links))
        with database.write() as session:
            if not database.is_sqlite:  # to check the foreign keys of so many takes longer than all else
                session.execute(text("SET LOCAL session_replication_role = replica"))
            _deliver(session, course_id, letter, run + 1, links[place])


def _links(session: Session, course_id: str) -> Sequence[Link]:
    """A link for each lesson of the course."""
    revision = session.get_one(Course, course_id).revision
    assert revision is not None
    links = [
        Link(revision_id=revision.id, lesson_id=one.lesson_id, address="https://example.org/")
        for one in revision.lessons
    ]
    session.add_all(links)
    session.flush()
    return links


def _deliver(session: Session, course_id: str, letter: int, run: int, link: Link) -> None:
    person, week = Subscriber.id, NOW - timedelta(weeks=letter)
    long_ago = literal(week - timedelta(days=300), UtcDateTime())
    at = case((person % 3 == 0, long_ago), else_=literal(week, UtcDateTime()))
    _insert(
        session,
        Delivery,
        kind=literal("lesson"),
        subscriber_id=person,
        course_id=literal(course_id),
        enrolment_id=person,
        run=literal(run),
        lesson_id=literal(link.lesson_id),
        copy=literal(0),
        by=literal("schedule"),
        state=case((person % 20 == letter, literal(State.FAILED)), else_=literal(State.ACCEPTED)),
        due_at=at,
        created_at=at,
        finished_at=at,
        attempts=literal(1),
        reply=literal("250 2.0.0 Ok: queued"),
        retried_unknown=literal(False),
    )
    here = (Delivery.run == run, Delivery.lesson_id == link.lesson_id)
    _insert(
        session,
        Event,
        *here,
        at=Delivery.created_at,
        kind=literal("accepted"),
        subscriber_id=Delivery.subscriber_id,
        delivery_id=Delivery.id,
        course_id=Delivery.course_id,
        data=literal({}, Event.data.type),
    )
    _insert(
        session,
        Click,
        *here,
        (Delivery.subscriber_id + letter) % 5 == 0,
        at=Delivery.created_at,
        delivery_id=Delivery.id,
        link_id=literal(link.id),
        seconds=literal(60),
        mark=literal(""),
        scanner=literal(False),
    )


def _insert(session: Session, table: type, *where: ColumnElement[bool], **columns: Any) -> None:
    session.execute(insert(table).from_select(list(columns), select(*columns.values()).where(*where)))


def write(session: Session) -> str:
    """A newsletter that a quarter of the people have confirmed, and an issue to plan; returns its id."""
    newsletter = drafting.create_newsletter(session, "News", NOW, language="en", zone="UTC")
    track_clicks(session, newsletter, True)
    _insert(
        session,
        Membership,
        Subscriber.id % 4 == 0,
        list_id=literal(newsletter.list_id),
        subscriber_id=Subscriber.id,
        status=literal("confirmed"),
        changed_at=Subscriber.created_at,
    )
    return drafting.create_issue(session, newsletter, "An issue", NOW).lesson_id


def analyse(database: Database) -> None:
    with database.engine.connect() as connection:
        if database.is_sqlite:
            connection.exec_driver_sql("ANALYZE")
        else:
            connection = connection.execution_options(isolation_level="AUTOCOMMIT")
            connection.execute(text("VACUUM ANALYZE"))  # as the database itself would, a minute later
        connection.commit()
