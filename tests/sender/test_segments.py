"""Segments: each condition means what it says, and nothing typed becomes part of a statement."""

from datetime import datetime, timedelta

import pytest
from school import School
from sqlalchemy import select, text

from courseletter.database import Database
from courseletter.errors import InvalidInput, NotFound
from sender.segmenting import COMPILERS
from subscribers import consent, segments, tags
from subscribers.consent import Evidence
from subscribers.models import CustomField, MailingList, Segment, Subscriber
from subscribers.people import Details, find_or_create
from subscribers.segments import Condition, Rule

PEOPLE = [
    ("ana@example.org", "Ana", {"city": "Porto", "age": 41, "vip": True, "born": "1984-11-02"}),
    ("bea@example.org", "Bea", {"city": "Köln", "age": "unknown", "vip": False}),
    ("cyd@example.net", "Cyd", {}),
]
HOSTILE = [
    "'; DROP TABLE subscribers; --",
    '" OR 1=1 --',
    "%",
    "_",
    "\\",
    "x' || (SELECT 1) || '",
    "$.a",
    '"].b["',
    "\0",
]


@pytest.fixture
def people(database: Database, now: datetime) -> Database:
    with database.write() as session:
        letter = MailingList(slug="letter", name="Letter", created_at=now)
        session.add(letter)
        session.add_all(
            CustomField(name=name, kind=kind)
            for name, kind in (("city", "text"), ("age", "number"), ("vip", "yes_no"), ("born", "date"))
        )
        for number, (email, name, fields) in enumerate(PEOPLE):
            person, _ = find_or_create(session, email, Details(name), now - timedelta(days=10 * number))
            person.fields = fields
        ana, bea, _ = session.scalars(select(Subscriber).order_by(Subscriber.id)).all()
        consent.add(session, letter, ana, Evidence(), now)
        consent.add(session, letter, bea, Evidence(), now)
        consent.withdraw(session, letter, bea, Evidence(), now)
        tags.add(session, ana, "VIP", now)
    return database


def matching(database: Database, now: datetime, *conditions: tuple[str, ...], any: bool = False) -> list[str]:
    rule = Rule(tuple(Condition(*one) for one in conditions), any)
    with database.read() as session:
        wanted = segments.compiled(session, Rule.from_json(rule.to_json()), now, COMPILERS)
        names = list(session.scalars(select(Subscriber.first_name).where(wanted).order_by(Subscriber.id)))
        assert segments.count(session, wanted) == len(names)
    return names


@pytest.mark.parametrize(
    ("condition", "names"),
    [
        (("field", "city", "is", "Porto"), ["Ana"]),
        (("field", "city", "is_not", "Porto"), ["Bea", "Cyd"]),
        (("field", "city", "contains", "ORT"), ["Ana"]),
        (("field", "city", "contains", "%"), []),
        (("field", "city", "set"), ["Ana", "Bea"]),
        (("field", "city", "unset"), ["Cyd"]),
        (("field", "age", "more", "40"), ["Ana"]),
        (("field", "age", "less", "40,5"), []),
        (("field", "age", "is_not", "40"), ["Ana", "Bea", "Cyd"]),
        (("field", "vip", "is", "yes"), ["Ana"]),
        (("field", "vip", "is_not", "yes"), ["Bea", "Cyd"]),
        (("field", "born", "less", "1990-01-01"), ["Ana"]),
        (("field", "email", "contains", "example.net"), ["Cyd"]),
        (("field", "first_name", "is", "Bea"), ["Bea"]),
        (("tag", "vip", "has"), ["Ana"]),
        (("tag", "vip", "has_not"), ["Bea", "Cyd"]),
        (("tag", "never used", "has"), []),
        (("list", "letter", "confirmed"), ["Ana"]),
        (("list", "letter", "left"), ["Bea"]),
        (("list", "letter", "not_on"), ["Cyd"]),
        (("since", "", "last", "5"), ["Ana"]),
        (("since", "", "not_last", "15"), ["Cyd"]),
        (("since", "", "before", "2026-03-01"), ["Cyd"]),
        (("since", "", "after", "2026-03-02"), ["Ana"]),
        (("mail", "", "last", "30"), []),
        (("click", "", "not_last", "30"), ["Ana", "Bea", "Cyd"]),
    ],
)
def test_each_condition(
    people: Database, now: datetime, condition: tuple[str, ...], names: list[str]
) -> None:
    assert matching(people, now, condition) == names


def test_all_of_these_and_any_of_these(people: Database, now: datetime) -> None:
    both = (("tag", "VIP", "has"), ("field", "city", "is", "Köln"))
    assert matching(people, now, *both) == []
    assert matching(people, now, *both, any=True) == ["Ana", "Bea"]
    assert matching(people, now) == ["Ana", "Bea", "Cyd"]


def test_course_progress_and_mail(school: School) -> None:
    ana, bea = school.enrol("ana@example.org", "Ana"), school.enrol("bea@example.org", "Bea")
    school.work()
    now = school.clock.now()
    waiting = school.enrolment(ana).next_lesson
    with school.database.read() as session:
        welcome = session.execute(text("SELECT lesson_id FROM deliveries LIMIT 1")).scalar_one()
    course = school.course_id
    assert matching(school.database, now, ("course", course, "in")) == ["Ana", "Bea"]
    assert matching(school.database, now, ("course", course, "not_in")) == []
    assert matching(school.database, now, ("lesson", waiting, "waits")) == ["Ana", "Bea"]
    assert matching(school.database, now, ("lesson", welcome, "had")) == ["Ana", "Bea"]
    assert matching(school.database, now, ("lesson", waiting, "not_had")) == ["Ana", "Bea"]
    assert matching(school.database, now, ("mail", "", "last", "1")) == ["Ana", "Bea"]
    assert bea


@pytest.mark.parametrize("harmful", HOSTILE)
def test_r41_what_somebody_types_is_never_part_of_a_statement(
    people: Database, now: datetime, harmful: str
) -> None:
    for condition in (
        ("field", "city", "is", harmful),
        ("field", "city", "contains", harmful),
        ("field", "first_name", "more", harmful),
        ("list", harmful, "confirmed"),
    ):
        if "\0" in harmful:
            with pytest.raises(InvalidInput):
                matching(people, now, condition)
            continue
        assert matching(people, now, condition) in ([], ["Ana", "Bea", "Cyd"], ["Ana", "Bea"])
    for refused in (
        ("field", harmful, "is", "x"),
        ("field", "city", harmful, "x"),
        (harmful, "city", "is", "x"),
    ):
        with pytest.raises(InvalidInput):
            matching(people, now, refused)
    with people.read() as session:
        assert len(session.scalars(select(Subscriber)).all()) == 3


def test_r41_every_value_is_a_bound_parameter(people: Database, now: datetime) -> None:
    rule = Rule((Condition("field", "city", "is", "Porto'x"), Condition("tag", "tag'x", "has")))
    with people.read() as session:
        statement = select(Subscriber.id).where(segments.compiled(session, rule, now))
        written = str(statement.compile(people.engine))
    assert "'x" not in written


@pytest.mark.parametrize(
    ("condition", "told"),
    [
        (("field", "nothing", "is", "x"), "nobody has a field"),
        (("field", "age", "more", "many"), "is no number"),
        (("field", "age", "contains", "4"), "contains nothing"),
        (("field", "vip", "is", "perhaps"), "a yes or a no"),
        (("field", "born", "less", "soon"), "is no day"),
        (("since", "", "last", "-1"), "is no number of days"),
        (("since", "", "last", "9" * 30), "is no number of days"),
        (("tag", "a,b", "has"), "no commas"),
        (("course", "none", "in"), "No course is called"),
        (("lesson", "none", "had"), "there is no lesson"),
        (("tag", "x" * 201, "has"), "nothing that we know"),
    ],
)
def test_a_condition_that_makes_no_sense_is_named(
    people: Database, now: datetime, condition: tuple[str, ...], told: str
) -> None:
    with pytest.raises(InvalidInput, match=f"Condition 1.*{told}"):
        matching(people, now, condition)


def test_segments_are_saved_by_name(people: Database, now: datetime) -> None:
    with people.write() as session:
        segments.save(session, " Porto ", Rule((Condition("field", "city", "is", "Porto"),)), now)
        segments.save(session, "Porto", Rule((Condition("tag", "VIP", "has"),)), now)
        assert [one.name for one in segments.every(session)] == ["Porto"]
        assert Rule.from_json(segments.named(session, "Porto").rule).conditions[0].about == "tag"
        with pytest.raises(NotFound, match="There is: Porto"):
            segments.named(session, "Lisbon")
        with pytest.raises(InvalidInput, match="a name"):
            segments.save(session, " ", Rule(), now)
    with people.read() as session:
        assert session.scalars(select(Segment)).one().name == "Porto"
    with pytest.raises(InvalidInput, match="at most 20"):
        matching(people, now, *[("tag", "a", "has")] * 21)
