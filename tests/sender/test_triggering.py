"""Triggers: tags and finished courses lead people in and out, once each, and never who must not be mailed."""

from datetime import datetime, timedelta

import pytest
from school import BRAND, DAILY, KEY, School, habits
from sqlalchemy import select, update
from test_click_tracking import SHOP, STUDY, publish_with_links

from campaigns import drafting, publishing
from campaigns.links import track_clicks
from campaigns.models import Course, Enrolment, Link, ProfileRecord, Trigger, TriggerMark
from courseletter.database import Database
from courseletter.errors import InvalidInput
from sender import clicks, triggering, triggers
from sender.models import Delivery, Event, State
from sender.planning import tick
from sender.triggering import pull
from sender.wishes import leave, leave_everything
from subscribers import consent, segments, tags
from subscribers.consent import Evidence
from subscribers.models import Segment, Subscriber
from subscribers.people import NOTHING_SAID, find_or_create
from subscribers.segments import Condition, Rule

ZONES = {"ada": "Europe/Paris", "bob": "Europe/Lisbon"}


class Two:
    """A school with a second course, to be led into."""

    def __init__(self, school: School) -> None:
        self.school = school
        self.first = school.course_id
        article, lessons = habits()
        with school.database.write() as session:
            now = school.clock.now()
            row = drafting.add_article(session, article, now)
            course = drafting.create_course(
                session, row, lessons, cadence=DAILY, zone="Europe/Berlin", now=now, slug="second"
            )
            publishing.publish(session, course, BRAND, now)
            self.second = course.id

    def trigger(self, course: str, act: triggers.Act, **options: object) -> int:
        with self.school.database.write() as session:
            for name, kind in (("finished", Course), ("then", Course), ("segment", Segment)):
                if name in options:
                    options[name] = session.get_one(kind, options[name])
            made = triggers.add(
                session,
                session.get_one(Course, course),
                act,
                self.school.clock.now(),
                **options,  # type: ignore[arg-type]
            )
            return made.id

    def tag(self, email: str = "ada@inbox.example.org", name: str = "pro") -> None:
        with self.school.database.write() as session:
            person = session.scalars(select(Subscriber).where(Subscriber.email == email)).one()
            tags.add(session, person, name, self.school.clock.now())

    def pull(self) -> dict[str, int]:
        return dict(pull(self.school.database, self.school.clock.now(), KEY))

    def states(self) -> dict[str, str]:
        """Ada's, by course."""
        with self.school.database.read() as session:
            rows = session.execute(select(Enrolment.course_id, Enrolment.state))
            return {"first" if course == self.first else "second": state for course, state in rows}


@pytest.fixture
def two(database: Database, now: datetime) -> Two:
    return Two(School(database, now))


def test_a_tag_leads_into_a_course_once(two: Two) -> None:
    two.school.enrol()
    two.trigger(two.second, "enrol", tag="Pro")
    assert two.pull() == {}
    two.tag()
    assert two.pull() == {"enrolled": 1}
    assert two.pull() == {}
    assert two.states() == {"first": "active", "second": "active"}
    with two.school.database.read() as session:
        assert session.scalars(select(TriggerMark.outcome)).all() == ["enrolled"]


def test_finishing_a_course_leads_into_the_next(two: Two) -> None:
    two.school.enrol()
    two.trigger(two.second, "enrol", finished=two.first)
    two.school.live()
    assert two.states() == {"first": "completed"}
    assert two.pull() == {"enrolled": 1}
    two.school.live()
    assert two.states() == {"first": "completed", "second": "completed"}
    assert len(two.school.subjects()) == 8


def test_a_goal_ends_a_course_and_switches_to_another(two: Two) -> None:
    enrolment = two.school.enrol()
    two.school.work()
    two.trigger(two.first, "end", tag="bought", then=two.second)
    two.tag(name="Bought")
    assert two.pull() == {"ended": 1}
    assert two.states() == {"first": "left", "second": "active"}
    assert two.school.enrolment(enrolment).due_at is None
    with two.school.database.read() as session:
        (left,) = session.scalars(select(Event).where(Event.kind == "left")).all()
        assert left.data["why"] == "got the tag bought"
        course = session.get_one(Course, two.first)
        ada = session.scalars(select(Subscriber)).one()
        assert consent.is_confirmed(session, course.mailing_list, ada), "a goal is no unsubscribe"


def test_an_exit_calls_back_what_is_queued(two: Two) -> None:
    two.school.enrol()
    tick(two.school.database, two.school.clock.now())
    two.trigger(two.first, "end", tag="bought")
    two.tag(name="bought")
    two.pull()
    two.school.mailer.work()
    assert two.school.subjects() == []
    assert [one.state for one in two.school.deliveries()] == [State.CANCELLED]


def test_who_met_it_before_is_passed_over_unless_asked_for(two: Two) -> None:
    two.school.enrol()
    two.tag()
    two.trigger(two.second, "enrol", tag="pro")
    assert two.pull() == {}
    two.trigger(two.second, "enrol", tag="pro", also_before=True)
    assert two.pull() == {"enrolled": 1}


def test_who_must_not_be_mailed_is_not_led_anywhere(two: Two) -> None:
    """Suppressed, has left that course, never confirmed anything, waits for their answer."""
    school = two.school
    suppressed, left = school.enrol("suppressed@example.org"), school.enrol("left@example.org")
    with school.database.write() as session:
        now, second = school.clock.now(), session.get_one(Course, two.second)
        gone = session.get_one(Enrolment, left).subscriber
        consent.add(session, second.mailing_list, gone, Evidence(), now)
        consent.withdraw(session, second.mailing_list, gone, Evidence(), now)
        leave_everything(session, session.get_one(Enrolment, suppressed).subscriber, now, Evidence(), KEY)
        find_or_create(session, "stranger@example.org", NOTHING_SAID, now)
        asked, _ = find_or_create(session, "asked@example.org", NOTHING_SAID, now)
        consent.request(session, second.mailing_list, asked, Evidence(), now)
        consent.add(session, session.get_one(Course, two.first).mailing_list, asked, Evidence(), now)
    two.trigger(two.second, "enrol", tag="pro")
    for name in ("suppressed", "left", "stranger", "asked"):
        two.tag(f"{name}@example.org")
    assert two.pull() == {"suppressed": 1, "left before": 1, "not confirmed": 2}
    assert "second" not in two.states()


def test_a_completed_course_is_not_reopened_and_who_left_it_by_a_goal_goes_on(two: Two) -> None:
    """S17: leaving keeps the place, and finishing is for once."""
    enrolment = two.school.enrol()
    two.trigger(two.first, "end", tag="rest")
    two.trigger(two.first, "enrol", tag="again")
    two.tag(name="rest")
    two.pull()
    two.tag(name="again")
    assert two.pull() == {"enrolled": 1}
    assert two.school.enrolment(enrolment).state == "active"
    two.school.live()
    two.trigger(two.first, "enrol", tag="once more")
    two.tag(name="once more")
    two.pull()
    assert two.school.enrolment(enrolment).state == "completed"


def test_a_course_that_is_not_published_is_waited_for(two: Two) -> None:
    two.school.enrol()
    with two.school.database.write() as session:
        course = session.get_one(Course, two.second)
        revision, course.revision_id = course.revision_id, None
    two.trigger(two.second, "enrol", tag="pro")
    two.tag()
    assert two.pull() == {}
    with two.school.database.write() as session:
        session.get_one(Course, two.second).revision_id = revision
    assert two.pull() == {"enrolled": 1}


def test_many_people_are_led_in_chunks(two: Two, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(triggering, "CHUNK", 2)
    for number in range(5):
        two.school.enrol(f"reader{number}@example.org")
        two.tag(f"reader{number}@example.org")
    two.trigger(two.second, "enrol", tag="pro", also_before=True)
    assert two.pull() == {"enrolled": 5}


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({}, "tag"),
        ({"tag": " "}, "tag"),
        ({"tag": "a,b"}, "tag"),
        ({"tag": "pro", "finished": "second"}, "tag"),
        ({"finished": "first"}, "finished"),
        ({"tag": "pro", "then": "second"}, "then"),
        ({"tag": "pro", "then": "first", "act": "end"}, "then"),
        ({"finished": "second", "then": "second", "act": "end"}, "finished"),
    ],
)
def test_a_trigger_that_makes_no_sense_is_refused(two: Two, options: dict[str, str], field: str) -> None:
    act = options.pop("act", "enrol")
    named = {name: getattr(two, text) if name != "tag" else text for name, text in options.items()}
    with pytest.raises(InvalidInput) as problem:
        two.trigger(two.first, "end" if act == "end" else "enrol", **named)
    assert problem.value.field == field
    with two.school.database.read() as session:
        assert session.scalars(select(Trigger)).all() == []


def test_leaving_the_course_oneself_is_not_undone_by_a_tag(two: Two) -> None:
    enrolment = two.school.enrol()
    two.school.wish(enrolment, leave, Evidence())
    two.trigger(two.first, "enrol", tag="pro")
    two.tag()
    assert two.pull() == {"not confirmed": 1}
    two.school.clock.move_to(two.school.clock.now() + timedelta(days=9))
    assert two.school.enrolment(enrolment).state == "left"


def _click_on_the_last_mail(two: Two, address: str, *, seconds: int, mark: str = "") -> None:
    with two.school.database.write() as session:
        mail = session.scalars(select(Delivery).order_by(Delivery.id.desc()).limit(1)).one()
        link = session.scalars(
            select(Link).where(Link.address == address, Link.revision_id == mail.revision_id)
        ).first()
        assert link is not None
        two.school.clock.move_to(two.school.clock.now() + timedelta(seconds=seconds))
        clicks.record(session, mail, link.id, mark, two.school.clock.now())
    two.school.clock.move_to(two.school.clock.now() + timedelta(minutes=2))
    clicks.judge(two.school.database, two.school.clock.now())


def test_a_followed_link_is_a_goal_and_a_scanner_reaches_none(two: Two) -> None:
    publish_with_links(two.school)
    two.school.enrol()
    two.school.work()
    two.trigger(two.first, "end", clicked=SHOP, then=two.second)
    _click_on_the_last_mail(two, SHOP, seconds=3_600, mark="HEAD")
    _click_on_the_last_mail(two, STUDY, seconds=3_600)
    assert two.pull() == {}
    _click_on_the_last_mail(two, SHOP, seconds=3_600)
    assert two.pull() == {"ended": 1}
    assert two.pull() == {}
    assert two.states() == {"first": "left", "second": "active"}
    with two.school.database.read() as session:
        (left,) = session.scalars(select(Event).where(Event.kind == "left")).all()
        assert left.data["why"] == f"followed {SHOP}"


def test_the_same_link_of_another_course_is_no_goal_of_this_one(two: Two) -> None:
    publish_with_links(two.school)
    with two.school.database.write() as session:
        second = session.get_one(Course, two.second)
        track_clicks(session, second, True)
        second.lessons[0].body += f"\n[A notebook]({SHOP}).\n"
        session.flush()
        publishing.publish(session, second, BRAND, two.school.clock.now())
    two.school.enrol()
    two.school.work()
    two.trigger(two.second, "end", clicked=SHOP)
    two.trigger(two.first, "end", clicked=SHOP)
    _click_on_the_last_mail(two, SHOP, seconds=3_600)
    assert two.pull() == {"ended": 1}
    assert two.states() == {"first": "left"}


def test_who_comes_to_be_in_a_segment_enters_a_course(two: Two) -> None:
    two.school.enrol()
    two.school.enrol("bo@inbox.example.org", "Bo")
    with two.school.database.write() as session:
        rule = Rule((Condition("tag", "pro", "has"), Condition("field", "first_name", "is", "Ada")))
        tags.find_or_create(session, "pro")
        segment = segments.save(session, "Ada and pro", rule, two.school.clock.now()).id
    two.trigger(two.second, "enrol", segment=segment)
    two.tag("bo@inbox.example.org")
    assert two.pull() == {}
    two.tag()
    assert two.pull() == {"enrolled": 1}
    assert two.states()["second"] == "active"


def test_a_link_that_nobody_is_sent_or_that_is_not_counted_is_refused(two: Two) -> None:
    with pytest.raises(InvalidInput, match="counts no clicks") as problem:
        two.trigger(two.second, "end", clicked=SHOP)
    assert problem.value.field == "clicked"
    publish_with_links(two.school)
    with pytest.raises(InvalidInput, match="No lesson that is published links there"):
        two.trigger(two.first, "end", clicked="https://example.org/elsewhere")


def test_r27_somebody_whose_place_cannot_be_reckoned_stops_no_trigger(two: Two) -> None:
    """As by the name of a zone that the tz database has given up."""
    ada, bob = (two.school.enrol(f"{who}@inbox.example.org", zone=zone) for who, zone in ZONES.items())
    two.school.work()
    two.trigger(two.first, "end", tag="out")
    two.trigger(two.first, "enrol", tag="back")
    for who in ZONES:
        two.tag(f"{who}@inbox.example.org", "out")
    assert two.pull() == {"ended": 2}
    damage = update(ProfileRecord).where(ProfileRecord.zone == ZONES["ada"]).values(zone="Mars/Base")
    two.school.change(lambda session: session.execute(damage))
    for who in ZONES:
        two.tag(f"{who}@inbox.example.org", "back")
    assert two.pull() == {"not possible": 1, "enrolled": 1}
    assert [two.school.enrolment(one).state for one in (ada, bob)] == ["left", "active"]
    assert two.pull() == {}


def test_r27_a_trigger_that_cannot_be_followed_stops_no_other(two: Two) -> None:
    two.school.enrol()
    two.tag()
    rule, now = Rule((Condition("tag", "pro", "has"),)), two.school.clock.now()
    segment = two.school.change(lambda session: segments.save(session, "Pro", rule, now).id)
    two.trigger(two.first, "end", segment=segment)
    two.trigger(two.second, "enrol", tag="pro", also_before=True)
    broken = update(Segment).values(rule={"conditions": "?"})
    two.school.change(lambda session: session.execute(broken))
    assert two.pull() == {"enrolled": 1}
