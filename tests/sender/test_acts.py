"""Acts upon many: done in chunks, gone on with, undone, and never against somebody's own word."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from newsroom import Newsroom
from school import KEY, School
from sqlalchemy import event, select
from test_wishes_past_the_dot import Meanwhile

from campaigns.models import Enrolment
from courseletter.acts import KINDS, chosen
from courseletter.errors import InvalidInput
from sender import wishes
from sender.acts.asking import AN_HOUR
from sender.models import Delivery, State
from sender.planning import tick
from sender.transport import Attempt, Phase, Reply
from subscribers import consent, tags
from subscribers.acts import running
from subscribers.acts.models import ActedOn, ActState, BulkAct
from subscribers.acts.running import DONE, UNDONE, Ground
from subscribers.consent import Evidence
from subscribers.filters import Filters
from subscribers.models import (
    ConsentAct,
    ConsentEntry,
    MailingList,
    Membership,
    Subscriber,
    SubscriberTag,
    SuppressionReason,
    Tag,
)
from subscribers.people import NOTHING_SAID, find_or_create
from subscribers.suppression import is_suppressed, suppress

MANY = 7


def ground(school: School, chunk: int = 3) -> Ground:
    kinds = {key: replace(one, chunk=chunk) for key, one in KINDS.items()}
    return Ground(school.database, kinds, chosen, school.clock, KEY)


def add(school: School, people: int = MANY) -> list[int]:
    """People who are here and on no list."""
    with school.database.write() as session:
        return [
            find_or_create(session, f"p{one}@inbox.example.org", NOTHING_SAID, school.clock.now())[0].id
            for one in range(people)
        ]


def begin(school: School, kind: str, selection: Mapping[str, Any] | None = None, **typed: str) -> int:
    selection, now = selection or {"filters": {}}, school.clock.now()
    with school.database.write() as session:
        argument = KINDS[kind].check(session, typed)
        wanted = chosen(session, selection, now)
        return running.begin(session, KINDS[kind], argument, selection, wanted, "Everybody", "Ines", now).id


def act(school: School, kind: str, selection: Mapping[str, Any] | None = None, **typed: str) -> BulkAct:
    act_id = begin(school, kind, selection, **typed)
    running.carry_out(ground(school), act_id)
    return the(school, act_id)


def undo(school: School, row: BulkAct) -> BulkAct:
    with school.database.write() as session:
        running.want_undo(session, KINDS, running.find(session, row.id), "Ines", school.clock.now())
    running.carry_out(ground(school), row.id)
    return the(school, row.id)


def the(school: School, act_id: int) -> BulkAct:
    with school.database.read() as session:
        return session.get_one(BulkAct, act_id)


def slug(school: School) -> str:
    with school.database.read() as session:
        return session.scalars(select(Enrolment)).first().course.mailing_list.slug  # type: ignore[union-attr]


def statuses(school: School) -> dict[int, str]:
    with school.database.read() as session:
        return dict(session.execute(select(Membership.subscriber_id, Membership.status)).all())


def tagged(school: School, name: str) -> int:
    with school.database.read() as session:
        has = select(SubscriberTag.subscriber_id).join(Tag).where(Tag.name == name)
        return len(session.scalars(has).all())


def states(school: School) -> list[str]:
    with school.database.read() as session:
        return list(session.scalars(select(Enrolment.state).order_by(Enrolment.id)))


def test_many_are_tagged_and_it_is_undone(school: School) -> None:
    add(school)
    done = act(school, "tag", tag="fair")
    assert (done.state, done.counts, done.seen, tagged(school, "fair")) == ("done", {DONE: MANY}, MANY, MANY)
    assert done.selection is None
    back = undo(school, done)
    assert (back.state, back.counts[UNDONE], tagged(school, "fair")) == ("undone", MANY, 0)
    assert back.undone_by == "Ines"


def test_who_had_the_tag_before_keeps_it(school: School) -> None:
    first, *_ = add(school)
    with school.database.write() as session:
        tags.add(session, session.get_one(Subscriber, first), "fair", school.clock.now())
    done = act(school, "tag", tag="Fair")
    assert done.counts == {DONE: MANY - 1, "already": 1}
    undo(school, done)
    assert tagged(school, "fair") == 1


def test_a_tag_is_taken_off_and_put_on_again(school: School) -> None:
    ids = add(school)
    act(school, "tag", {"ids": ids[:4]}, tag="fair")
    done = act(school, "untag", tag="fair")
    assert done.counts == {DONE: 4, "already": MANY - 4}
    assert tagged(school, "fair") == 0
    undo(school, done)
    assert tagged(school, "fair") == 4


def test_only_who_was_there_when_it_began(school: School) -> None:
    add(school, 3)
    waiting = begin(school, "tag", tag="fair")
    add(school, 5)
    running.carry_out(ground(school), waiting)
    assert tagged(school, "fair") == 3


def test_what_stopped_half_way_is_gone_on_with_by_whoever_comes(school: School) -> None:
    add(school)
    act_id, half = begin(school, "tag", tag="fair"), ground(school)
    with school.database.write() as session:
        running.find(session, act_id).fence = "somebody"
    assert running._next_chunk(half, act_id, "somebody")
    assert tagged(school, "fair") == 3
    with school.database.read() as session:
        assert running.abandoned(session, school.clock.now()) == []
        assert running.abandoned(session, school.clock.now() + 2 * running.LEASE) == [act_id]
    running.carry_out(half, act_id)
    assert not running._next_chunk(half, act_id, "somebody")
    assert (the(school, act_id).counts, tagged(school, "fair")) == ({DONE: MANY}, MANY)


def test_it_is_stopped_by_a_person_and_what_was_done_is_undone(school: School) -> None:
    add(school)
    act_id = begin(school, "tag", tag="fair")
    with school.database.write() as session:
        running.find(session, act_id).fence = "somebody"
    assert running._next_chunk(ground(school), act_id, "somebody")
    with school.database.write() as session:
        running.stop(running.find(session, act_id), school.clock.now())
    running.carry_out(ground(school), act_id)
    assert (the(school, act_id).state, tagged(school, "fair")) == (ActState.STOPPED, 3)
    undo(school, the(school, act_id))
    assert tagged(school, "fair") == 0


def test_nobody_chosen_is_told(school: School) -> None:
    add(school)
    with pytest.raises(InvalidInput, match="Nobody is chosen"):
        begin(school, "tag", {"filters": {"q": "zzz"}}, tag="fair")


def test_it_is_undone_once_and_in_time(school: School) -> None:
    add(school)
    done = act(school, "tag", tag="fair")
    undo(school, done)
    with pytest.raises(InvalidInput, match="cannot be undone"):
        undo(school, done)
    old = act(school, "tag", tag="fair")
    school.clock.move_to(school.clock.now() + 2 * running.UNDONE_FOR)
    with pytest.raises(InvalidInput, match="cannot be undone"):
        undo(school, old)


def test_r14_who_comes_to_a_list_is_vouched_for_in_the_ledger(school: School) -> None:
    enrolment = school.enrol()
    add(school)
    with school.database.write() as session:
        suppress(session, KEY, "p0@inbox.example.org", SuppressionReason.BOUNCED, school.clock.now())
    with pytest.raises(InvalidInput, match="Say how they agreed"):
        begin(school, "join", list=slug(school))
    done = act(school, "join", list=slug(school), note="paper forms of the fair")
    assert done.counts == {DONE: MANY - 1, "suppressed": 1, "already": 1}
    assert sorted(statuses(school).values()) == ["confirmed"] * MANY
    with school.database.read() as session:
        lines = session.scalars(
            select(ConsentEntry).where(ConsentEntry.source_url == f"bulk act {done.id}")
        ).all()
        assert {(one.act, one.wording, one.note) for one in lines} == {
            ("added", "paper forms of the fair", "Ines: paper forms of the fair")
        }
    undo(school, done)
    assert list(statuses(school)) == [school.enrolment(enrolment).subscriber_id]


def test_who_left_before_is_put_on_no_list(school: School) -> None:
    enrolment = school.enrol()
    school.wish(enrolment, wishes.leave, Evidence())
    done = act(school, "join", list=slug(school), note="paper forms")
    assert done.counts == {"left before": 1}
    assert set(statuses(school).values()) == {"unsubscribed"}


@pytest.mark.parametrize("kind", ["leave", "unsubscribe"])
def test_many_leave_and_are_brought_back_where_they_stood(school: School, kind: str) -> None:
    for one in range(3):
        school.enrol(f"s{one}@inbox.example.org")
    school.work()
    before = [(one.state, one.next_lesson) for one in map(school.enrolment, (1, 2, 3))]
    done = act(school, kind, list=slug(school), note="the course moved")
    assert set(statuses(school).values()) == {"unsubscribed"}
    assert states(school) == ["left"] * 3
    school.live()
    assert len(school.memory.delivered) == 3  # the welcomes, which were out before
    back = undo(school, done)
    assert (back.counts[UNDONE], set(statuses(school).values())) == (3, {"confirmed"})
    assert [(one.state, one.next_lesson) for one in map(school.enrolment, (1, 2, 3))] == before
    with school.database.read() as session:
        assert not is_suppressed(session, KEY, "s0@inbox.example.org")


def test_what_is_queued_is_called_back_and_comes_after_the_undoing(school: School) -> None:
    enrolment = school.enrol()
    school.work()
    moment = school.next_moment()
    assert moment is not None
    school.clock.move_to(moment)
    tick(school.database, school.clock.now())
    queued = school.enrolment(enrolment).queued_lesson
    assert queued is not None
    done = act(school, "unsubscribe")
    assert [one.state for one in school.deliveries()] == [State.ACCEPTED, State.CANCELLED]
    undo(school, done)
    assert school.enrolment(enrolment).next_lesson == queued


def test_a_lesson_that_did_not_arrive_while_its_readers_were_out_comes_after_the_undoing(
    school: School,
) -> None:
    """Past the dot as they leave, refused for now after it, and nobody waited for a second try."""
    school.enrol()
    done: list[BulkAct] = []
    refused = Attempt(Phase.DOT, reply=Reply.of(451, "4.3.0 later"))
    school.memory = Meanwhile(lambda: done.append(act(school, "unsubscribe", list=slug(school))), refused)
    school.mailer = school.new_mailer()
    school.work()
    undo(school, done[0])
    school.live()
    assert len(school.subjects()) == len(set(school.subjects())) == 4
    assert school.subjects()[0] == "Three Small Habits"


@pytest.mark.parametrize("kind", ["leave", "unsubscribe", "suppress"])
def test_r26_an_undo_brings_nobody_back_who_said_no_in_between(school: School, kind: str) -> None:
    enrolment = school.enrol()
    school.enrol("bea@inbox.example.org")
    done = act(school, kind, list=slug(school), note="a mistake")
    school.wish(enrolment, wishes.leave, Evidence(source_url="https://letters.example.org/unsubscribe"))
    back = undo(school, done)
    assert back.counts[UNDONE] == 1
    ada, bea = school.subscriber(), school.subscriber("bea@inbox.example.org")
    assert statuses(school) == {ada.id: "unsubscribed", bea.id: "confirmed"}
    assert school.enrolment(enrolment).state == "left"


def test_their_own_word_is_written_down_once_beside_ours(school: School) -> None:
    enrolment = school.enrol()
    act(school, "unsubscribe")
    for _ in range(2):
        school.wish(enrolment, wishes.leave, Evidence(source_url="https://letters.example.org/unsubscribe"))
    with school.database.read() as session:
        said = session.scalars(
            select(ConsentEntry.source_url).where(ConsentEntry.act == ConsentAct.UNSUBSCRIBED)
        )
        assert list(said) == ["bulk act 1", "https://letters.example.org/unsubscribe"]


def test_many_are_enrolled_and_get_the_course(school: School) -> None:
    school.enrol()
    ids = add(school)
    done = act(school, "enrol", course=school.course_id, note="asked at the fair")
    assert done.counts == {DONE: MANY, "already": 1}
    assert states(school) == ["active"] * (MANY + 1)
    places = [school.enrolment(one) for one in range(1, MANY + 2)]
    assert len({(one.due_at, one.next_lesson, one.progress_id, one.profile_id) for one in places}) == 1
    school.work()
    assert len(school.memory.delivered) == MANY + 1
    undo(school, done)
    assert states(school) == ["active"] + ["left"] * MANY
    assert set(statuses(school)) - set(ids) == {school.subscriber().id}


def test_who_has_not_agreed_is_not_enrolled(school: School) -> None:
    school.enrol()
    add(school, 2)
    done = act(school, "enrol", course=school.course_id)
    assert done.counts == {"already": 1, "not confirmed": 2}


def test_r18_many_are_erased_and_nothing_brings_them_back(school: School) -> None:
    school.enrol()
    add(school, 4)
    done = act(school, "erase")
    assert done.counts == {DONE: 5}
    with school.database.read() as session:
        assert session.scalars(select(Subscriber.email).where(Subscriber.erased_at.is_(None))).all() == []
        assert session.scalars(select(ActedOn)).all() == []
        assert is_suppressed(session, KEY, "p3@inbox.example.org")
    with pytest.raises(InvalidInput, match="cannot be undone"):
        undo(school, done)


@pytest.mark.parametrize("kind", ["erase", "enrol", "undo of enrol"])
def test_many_take_no_more_statements_than_few(school: School, kind: str) -> None:
    school.enrol()
    counts = []
    for few_or_many in (2, 9):
        with school.database.write() as session:
            ids = [
                find_or_create(
                    session, f"{few_or_many}-{one}@inbox.example.org", NOTHING_SAID, school.clock.now()
                )[0].id
                for one in range(few_or_many)
            ]
        typed = {} if kind == "erase" else {"course": school.course_id, "note": "asked at the fair"}
        act_id = begin(school, kind.rpartition(" ")[2], {"ids": ids}, **typed)
        whole = ground(school, chunk=20)
        if kind == "undo of enrol":
            running.carry_out(whole, act_id)
            school.work()
            with school.database.write() as session:
                running.want_undo(session, KINDS, running.find(session, act_id), "Ines", school.clock.now())
        with statements(school) as said:
            running.carry_out(whole, act_id)
        counts.append(len(said))
        assert the(school, act_id).seen == few_or_many
    assert counts[0] == counts[1]


@contextmanager
def statements(school: School) -> Iterator[list[str]]:
    """What the database is told meanwhile."""
    said: list[str] = []

    def hear(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        said.append(statement)

    event.listen(school.database.engine, "before_cursor_execute", hear)
    yield said
    event.remove(school.database.engine, "before_cursor_execute", hear)


def wait(school: School, people: int) -> None:
    """People on the course's list who have to confirm, as an import leaves them."""
    with school.database.write() as session:
        course = session.get_one(Enrolment, 1).course
        for number in range(people):
            person, _ = find_or_create(
                session, f"w{number}@inbox.example.org", NOTHING_SAID, school.clock.now()
            )
            consent.request(session, course.mailing_list, person, Evidence(), school.clock.now())


def test_r15_who_waits_is_asked_once_and_nobody_who_is_suppressed(school: School) -> None:
    school.enrol()
    school.work()
    wait(school, 3)
    with school.database.write() as session:
        suppress(session, KEY, "w0@inbox.example.org", SuppressionReason.MANUAL, school.clock.now())
    first = act(school, "ask", course=school.course_id)
    assert first.counts == {DONE: 2, "suppressed": 1, "not waiting": 1}
    school.work()
    asked = [one.envelope.recipient for one in school.memory.delivered[1:]]
    assert asked == ["w1@inbox.example.org", "w2@inbox.example.org"]
    assert act(school, "ask", course=school.course_id).counts == {
        "suppressed": 1,
        "not waiting": 1,
        "already": 2,
    }


def test_r15_who_waits_for_a_newsletter_is_asked_about_the_newsletter(school: School) -> None:
    newsroom = Newsroom(school)
    with school.database.write() as session:
        letters = session.get_one(MailingList, newsroom.list_id)
        person, _ = find_or_create(session, "ana@inbox.example.org", NOTHING_SAID, school.clock.now())
        consent.request(session, letters, person, Evidence(), school.clock.now())
    assert act(school, "ask", course=newsroom.newsletter_id).counts == {DONE: 1}
    school.work()
    (mail,) = school.memory.delivered
    assert mail.envelope.recipient == "ana@inbox.example.org"
    with pytest.raises(InvalidInput, match="published"):
        begin(school, "enrol", course=newsroom.newsletter_id, note="asked at the fair")


def test_the_questions_are_spread_over_the_hours(school: School) -> None:
    school.enrol()
    wait(school, 5)
    asking = begin(school, "ask", course=school.course_id)
    with school.database.write() as session:
        running.find(session, asking).counts = {DONE: AN_HOUR - 2}
    running.carry_out(ground(school), asking)
    done = the(school, asking)
    due = sorted(one.due_at for one in school.deliveries() if one.kind == "confirmation")
    hours = [(one - school.clock.now()).total_seconds() / 3600 for one in due]
    assert hours == [0, 0, 1, 1, 1]
    undo(school, done)
    with school.database.read() as session:
        left = session.scalars(select(Delivery.state).where(Delivery.kind == "confirmation"))
        assert set(left) == {State.CANCELLED}


def test_filters_say_who_is_meant(school: School) -> None:
    add(school)
    assert act(school, "tag", {"filters": Filters(q="p1").chosen()}, tag="one").counts == {DONE: 1}
    assert act(school, "tag", {"filters": Filters(tag="one").chosen()}, tag="two").counts == {DONE: 1}
