"""What a report does to the person it is about, on both databases; and that a forged one does nothing."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from desk import Desk
from samples import BOUNCES, FROM, MESSAGE_ID, READER, RETURN_PATH, SAMPLES, Sample
from school import KEY, School

from campaigns.models import Course
from sender import pausing, wishes
from sender.bounces.models import Bounce
from sender.bounces.recording import Effect
from sender.bounces.report import Kind, Report
from sender.message import message_id
from sender.models import Delivery, State
from sender.planning import tick
from sender.return_path import opt_out_address, return_path
from sender.transport import Attempt, Phase, Reply
from subscribers import consent
from subscribers.consent import Evidence, Outcome
from subscribers.models import ConsentEntry, Membership, Subscriber, Suppression
from subscribers.people import find

ADA = "ada@inbox.example.org"


@pytest.fixture
def desk(school: School) -> Desk:
    return Desk(school)


def test_a_hard_bounce_suppresses_and_ends_every_course(desk: Desk) -> None:
    assert desk.tell(Kind.HARD) is Effect.SUPPRESSED
    (suppression,) = desk.all(Suppression)
    assert (suppression.email, suppression.reason) == (ADA, "bounced")
    assert desk.school.enrolment(desk.enrolment_id).state == "left"
    (event,) = desk.events("bounced")
    assert (event.delivery_id, event.data["bounce"]) == (desk.sent.id, "hard")
    desk.school.live()
    assert len(desk.school.memory.delivered) == 1, "nothing more is sent"
    assert [one.state for one in desk.school.deliveries()] == [State.ACCEPTED], (
        "that it was accepted stays true"
    )


def test_r26_what_is_queued_is_called_back_by_a_hard_bounce(desk: Desk) -> None:
    moment = desk.school.next_moment()
    assert moment is not None
    desk.school.clock.move_to(moment)
    tick(desk.school.database, moment)
    assert [one.state for one in desk.school.deliveries()] == [State.ACCEPTED, State.READY]
    desk.tell(Kind.HARD)
    assert [one.state for one in desk.school.deliveries()] == [State.ACCEPTED, State.CANCELLED]


def test_a_refusal_for_our_sake_is_written_down_and_leaves_the_reader_alone(desk: Desk) -> None:
    assert desk.tell(Kind.REFUSED) is Effect.COUNTED
    assert [one.kind for one in desk.all(Bounce)] == ["refused"]
    assert desk.all(Suppression) == []
    assert desk.school.enrolment(desk.enrolment_id).state == "active"


def test_a_complaint_suppresses_and_marks_the_membership_for_good(desk: Desk) -> None:
    assert desk.tell(Kind.COMPLAINT) is Effect.SUPPRESSED
    (suppression,) = desk.all(Suppression)
    assert (suppression.email, suppression.reason) == (ADA, "complained")
    assert [one.status for one in desk.all(Membership)] == ["complained"]
    assert [one.act for one in desk.all(ConsentEntry)] == ["added", "complained"]
    assert desk.school.enrolment(desk.enrolment_id).state == "left"
    assert len(desk.events("complained")) == 1


@pytest.mark.parametrize("act", ["add", "confirm", "come_back", "withdraw"])
def test_nothing_undoes_a_complaint(desk: Desk, act: str) -> None:
    desk.tell(Kind.COMPLAINT)

    def again(session):  # type: ignore[no-untyped-def]
        course, subscriber = session.get_one(Course, desk.school.course_id), find(session, ADA)
        now = desk.school.clock.now() + timedelta(days=1)
        return getattr(consent, act)(session, course.mailing_list, subscriber, Evidence(), now)

    assert desk.school.change(again) in (Outcome.CLOSED, Outcome.ALREADY)
    assert [one.status for one in desk.all(Membership)] == ["complained"]
    desk.school.live()
    assert len(desk.school.memory.delivered) == 1


def test_a_wish_from_a_feedback_loop_unsubscribes_and_no_more(desk: Desk) -> None:
    raw = next(one.raw for one in SAMPLES if one.name == "feedback: opt-out")
    assert desk.mail(raw) is Effect.UNSUBSCRIBED
    assert [one.status for one in desk.all(Membership)] == ["unsubscribed"]
    assert desk.all(Suppression) == []
    assert desk.mail(raw) is Effect.UNSUBSCRIBED
    assert [one.act for one in desk.all(ConsentEntry)] == ["added", "unsubscribed"]


def test_r17_a_mail_to_the_unsubscribe_address_unsubscribes_for_ever(desk: Desk) -> None:
    (member,) = desk.all(Membership)
    address = opt_out_address(KEY, member.list_id, member.subscriber_id, BOUNCES)
    desk.school.clock.move_to(desk.school.clock.now() + timedelta(days=3650))
    raw = f"From: <{ADA}>\r\nTo: <{address}>\r\nSubject: unsubscribe\r\n\r\n".encode()
    for _ in range(2):
        assert desk.intake.take_mail(raw) is Effect.UNSUBSCRIBED
    assert [one.status for one in desk.all(Membership)] == ["unsubscribed"]
    assert [(one.act, one.source_url) for one in desk.all(ConsentEntry)][1:] == [
        ("unsubscribed", "mail to the unsubscribe address")
    ]


@pytest.mark.parametrize(
    "address",
    [
        "u+1-1-" + "a" * 32 + f"@{BOUNCES}",
        opt_out_address(b"l" * 32, 1, 1, BOUNCES),
        opt_out_address(KEY, 1, 2, BOUNCES).replace("u+1-2-", "u+1-1-"),
        opt_out_address(KEY, 1, 1, "other.example.org"),
        opt_out_address(KEY, 999, 999, BOUNCES),
    ],
)
def test_r11_a_forged_wish_unsubscribes_nobody(desk: Desk, address: str) -> None:
    raw = f"From: <{ADA}>\r\nTo: <{address}>\r\nSubject: unsubscribe\r\n\r\n".encode()
    assert desk.intake.take_mail(raw, address) is Effect.FOREIGN
    assert desk.untouched()


@pytest.mark.parametrize("sample", SAMPLES, ids=[one.name for one in SAMPLES])
def test_r11_no_sample_without_a_genuine_name_does_anything(here: Desk, sample: Sample) -> None:
    """The same mails with the signatures of another installation, about a real address of ours."""
    forged = sample.raw.replace(READER.encode(), ADA.encode())
    for genuine, foreign in (
        (RETURN_PATH, return_path(b"l" * 32, here.sent.id, BOUNCES)),
        (MESSAGE_ID, message_id(b"l" * 32, here.sent.id, FROM)),
    ):
        forged = forged.replace(genuine.encode(), foreign.encode())
    assert here.intake.take_mail(forged) in (Effect.FOREIGN, Effect.NOTHING)
    assert here.untouched()


@pytest.mark.parametrize("sample", SAMPLES, ids=[one.name for one in SAMPLES])
def test_a_sample_about_a_delivery_of_ours_does_what_its_kind_says(here: Desk, sample: Sample) -> None:
    expected = {
        Kind.HARD: (Effect.SUPPRESSED, "bounced"),
        Kind.COMPLAINT: (Effect.SUPPRESSED, "complained"),
        Kind.SOFT: (Effect.COUNTED, None),
        Kind.REFUSED: (Effect.COUNTED, None),
        Kind.UNSUBSCRIBE: (Effect.UNSUBSCRIBED, None),
        Kind.NOTICE: (Effect.NOTHING, None),
    }
    effect, reason = expected[sample.kind]
    assert here.mail(sample.raw) is effect
    assert [one.reason for one in here.all(Suppression)] == ([reason] if reason else [])
    if sample.kind is Kind.NOTICE:
        assert here.untouched()


@pytest.fixture
def here(school_on_sqlite: School) -> Desk:
    """On SQLite alone: for what no database can change."""
    return Desk(school_on_sqlite)


def test_r11_the_address_in_a_report_is_never_believed(desk: Desk) -> None:
    desk.school.enrol("bob@inbox.example.org", "Bob")
    raw = next(one.raw for one in SAMPLES if one.name == "postfix unknown user")
    assert desk.mail(raw.replace(READER.encode(), b"bob@inbox.example.org")) is Effect.SUPPRESSED
    assert [one.email for one in desk.all(Suppression)] == [ADA]


def test_a_message_id_of_ours_is_enough_and_only_for_its_own_reader(desk: Desk) -> None:
    desk.school.enrol("bob@inbox.example.org", "Bob")
    given = (message_id(KEY, desk.sent.id, FROM),)
    assert desk.intake.take(Report(Kind.HARD, names=given)) is Effect.FOREIGN
    assert desk.intake.take(Report(Kind.HARD, names=given, address="bob@inbox.example.org")) is Effect.FOREIGN
    assert desk.untouched()
    assert (
        desk.intake.take(Report(Kind.HARD, names=given, address="ADA@Inbox.example.org")) is Effect.SUPPRESSED
    )
    assert [one.email for one in desk.all(Suppression)] == [ADA]


@pytest.mark.parametrize("number", [0, 999, 2**31 - 1])
def test_a_delivery_that_is_unknown_or_erased_concerns_nobody(desk: Desk, number: int) -> None:
    report = Report(Kind.HARD, names=(return_path(KEY, number, BOUNCES),), address=ADA)
    assert desk.intake.take(report) is Effect.FOREIGN
    assert desk.untouched()


@pytest.mark.parametrize("address", ["\0", "a\0b@x", "\ud800@x", "x" * 5000, "'; DROP TABLE bounces; --"])
def test_no_address_harms_the_look_up(desk: Desk, address: str) -> None:
    assert desk.intake.take(Report(Kind.HARD, names=("<a@b>",), address=address)) is Effect.FOREIGN


@pytest.mark.parametrize("text", ["a\0b", "line\r\nBcc: x@y", "\ud800 half", "é" * 5000, "\x1b[2J\u202e"])
def test_what_a_server_says_is_kept_short_and_on_one_line(desk: Desk, text: str) -> None:
    desk.tell(Kind.HARD, text=text)
    (bounce,) = desk.all(Bounce)
    assert len(bounce.text) <= 500
    assert bounce.text.isprintable()
    assert desk.events("bounced")[0].data["text"] == bounce.text


@pytest.mark.parametrize("kind", [Kind.HARD, Kind.SOFT, Kind.REFUSED, Kind.COMPLAINT])
def test_a_report_told_twice_is_recorded_once(desk: Desk, kind: Kind) -> None:
    desk.tell(kind)
    before = [len(desk.all(table)) for table in (Bounce, Suppression, ConsentEntry)]
    moment = desk.all(Bounce)[0].at
    desk.school.clock.move_to(desk.school.clock.now() + timedelta(hours=1))
    assert desk.tell(kind) is Effect.KNOWN
    assert [len(desk.all(table)) for table in (Bounce, Suppression, ConsentEntry)] == before
    assert desk.all(Bounce)[0].at == moment
    assert len(desk.events("bounced", "complained")) == 1


def test_many_at_once_with_the_same_news_are_one(desk: Desk) -> None:
    with ThreadPoolExecutor(5) as five:
        effects = list(five.map(lambda _: desk.tell(Kind.COMPLAINT), range(10)))
    assert Counter(effects) == {Effect.SUPPRESSED: 1, Effect.KNOWN: 9}
    assert len(desk.events("complained")) == len(desk.events("left")) == 1


def test_reports_in_any_order_come_to_the_same(desk: Desk) -> None:
    told = [desk.tell(kind) for kind in (Kind.COMPLAINT, Kind.HARD, Kind.SOFT)]
    assert told[0] is Effect.SUPPRESSED
    assert [one.reason for one in desk.all(Suppression)] == ["complained"], "the first reason stays"
    assert [one.kind for one in desk.all(Bounce)] == ["complaint", "hard", "soft"]


def test_a_bounce_of_somebody_who_left_still_suppresses(desk: Desk) -> None:
    desk.school.wish(desk.enrolment_id, wishes.leave, Evidence())
    assert desk.tell(Kind.HARD) is Effect.SUPPRESSED
    assert [one.status for one in desk.all(Membership)] == ["unsubscribed"]
    assert len(desk.events("left")) == 1


def test_a_soft_answer_in_the_conversation_counts_like_a_soft_bounce(desk: Desk) -> None:
    full = Attempt(Phase.RCPT, reply=Reply.of(552, "5.2.2 mailbox full"))
    desk.school.memory.answer(ADA, full)
    desk.school.clock.move_to(desk.school.next_moment() or desk.school.clock.now())
    desk.school.work()
    failed = desk.school.deliveries()[-1]
    assert failed.state == State.FAILED
    assert [(one.delivery_id, one.kind) for one in desk.all(Bounce)] == [(failed.id, "soft")]


def test_a_mailbox_refused_in_the_conversation_counts_like_a_hard_bounce(desk: Desk) -> None:
    school = desk.school
    other = School(school.database, school.clock.now(), memory=school.memory)
    enrolments = [desk.enrolment_id, other.enrol()]
    school.work()
    school.memory.answer(ADA, Attempt(Phase.RCPT, reply=Reply.of(550, "5.1.1 no such user")))
    school.clock.move_to(school.next_moment() or school.clock.now())
    school.work()
    failed = next(one for one in school.deliveries() if one.state == State.FAILED)
    (bounce,) = desk.all(Bounce)
    assert (bounce.delivery_id, bounce.kind, bounce.status) == (failed.id, "hard", "5.1.1")
    assert bounce.text == "550 5.1.1 no such user"
    assert [one.reason for one in desk.all(Suppression)] == ["bounced"]
    assert [school.enrolment(one).state for one in enrolments] == ["left", "left"]
    assert len(desk.events("bounced")) == 1
    assert len(desk.events("left")) == 2
    assert desk.tell(Kind.HARD, failed) is Effect.KNOWN


def sent_every(desk: Desk, days: float, count: int) -> list[Delivery]:
    """So many accepted deliveries of one person, as many days apart."""
    made = []
    for number in range(count):
        at = desk.school.clock.now() + timedelta(days=days * number)
        with desk.school.database.write() as session:
            row = Delivery(
                kind="lesson",
                subscriber_id=desk.sent.subscriber_id,
                course_id=desk.school.course_id,
                state=State.ACCEPTED,
                due_at=at,
                created_at=at,
                finished_at=at,
            )
            session.add(row)
            session.flush()
            made.append(row)
    return made


def soften(desk: Desk, deliveries: list[Delivery]) -> list[Effect]:
    effects = []
    for one in deliveries:
        desk.school.clock.move_to(one.due_at + timedelta(minutes=1))
        effects.append(desk.tell(Kind.SOFT, one))
    return effects


@pytest.mark.parametrize(
    ("days", "count", "suppressed"),
    [
        (3.5, 5, True),
        (3.4, 5, False),
        (7, 4, False),
        (7, 5, True),
        (1, 14, False),
        (1, 15, True),
        (0, 30, False),
    ],
)
def test_five_soft_bounces_on_different_sends_over_fourteen_days_suppress(
    desk: Desk, days: float, count: int, suppressed: bool
) -> None:
    effects = soften(desk, sent_every(desk, days, count))
    assert effects[:-1] == [Effect.COUNTED] * (count - 1)
    assert effects[-1] is (Effect.SUPPRESSED if suppressed else Effect.COUNTED)
    assert [one.reason for one in desk.all(Suppression)] == (["bounced"] if suppressed else [])


def test_the_same_send_counts_once(desk: Desk) -> None:
    (sent,) = sent_every(desk, 7, 1)
    assert soften(desk, [sent] * 9) == [Effect.COUNTED] + [Effect.KNOWN] * 8


def test_a_mail_that_arrived_in_between_begins_the_count_anew(desk: Desk) -> None:
    sent = sent_every(desk, 7, 8)
    assert soften(desk, sent[:4] + sent[5:]) == [Effect.COUNTED] * 7
    assert desk.all(Suppression) == []


def test_what_was_refused_for_our_sake_is_no_sign_of_life(desk: Desk) -> None:
    sent = sent_every(desk, 7, 6)
    soften(desk, sent[:2])
    desk.tell(Kind.REFUSED, sent[2])
    assert soften(desk, sent[3:])[-1] is Effect.SUPPRESSED


def fill(desk: Desk, count: int) -> list[Delivery]:
    """So many deliveries of the course, each to a reader of its own, all accepted now."""
    now = desk.school.clock.now()
    with desk.school.database.write() as session:
        people = [
            Subscriber(email=f"r{n}@x.example", address_key=f"r{n}@x.example", created_at=now)
            for n in range(count)
        ]
        session.add_all(people)
        session.flush()
        rows = [
            Delivery(
                kind="lesson",
                subscriber_id=one.id,
                course_id=desk.school.course_id,
                state=State.ACCEPTED,
                due_at=now,
                created_at=now,
                finished_at=now,
            )
            for one in people
        ]
        session.add_all(rows)
        session.flush()
        return rows


def paused(desk: Desk) -> bool:
    with desk.school.database.read() as session:
        return session.get_one(Course, desk.school.course_id).paused_at is not None


def test_r13_complaints_warn_at_one_in_a_thousand_and_pause_at_three(desk: Desk) -> None:
    rows = fill(desk, 1999)  # and the welcome: two thousand
    told = []
    for one in rows[:6]:
        desk.tell(Kind.COMPLAINT, one)
        told.append(
            (len(desk.events("complaints_warned")), len(desk.events("complaints_paused")), paused(desk))
        )
    assert told == [(0, 0, False)] + [(1, 0, False)] * 4 + [(1, 1, True)]
    (event,) = desk.events("complaints_paused")
    assert event.course_id == desk.school.course_id
    assert event.data == {"complaints": 6, "deliveries": 2000, "days": 7}
    desk.tell(Kind.COMPLAINT, rows[6])
    assert len(desk.events("complaints_paused")) == 1


def test_r13_a_pause_stops_the_send_and_a_person_releases_it(desk: Desk) -> None:
    moment = desk.school.next_moment()
    assert moment is not None
    rows = fill(desk, 10)
    desk.school.clock.move_to(moment)
    tick(desk.school.database, moment)
    for one in rows[:3]:
        desk.tell(Kind.COMPLAINT, one)
    assert paused(desk)
    assert desk.school.deliveries()[-1].state == State.CANCELLED, "what was queued is called back"
    assert desk.school.work().total() == 0
    pausing.resume_course(desk.school.database, "three-small-habits", desk.school.clock.now())
    desk.school.live()
    assert len(desk.school.memory.delivered) == 4


def test_r13_one_complaint_among_few_readers_is_no_rate(desk: Desk) -> None:
    desk.tell(Kind.COMPLAINT)
    assert not paused(desk)
    assert len(desk.events("complaints_warned")) == 1


def test_r13_complaints_of_long_ago_do_not_count(desk: Desk) -> None:
    rows = fill(desk, 3)
    for one in rows[:2]:
        desk.tell(Kind.COMPLAINT, one)
    desk.school.clock.move_to(desk.school.clock.now() + timedelta(days=7))
    desk.tell(Kind.COMPLAINT, rows[2])
    assert not paused(desk)


def test_r13_complaints_about_another_course_do_not_count(desk: Desk) -> None:
    rows, now = fill(desk, 3), desk.school.clock.now()
    with desk.school.database.write() as session:
        like = session.get_one(Course, desk.school.course_id)
        other = Course(
            id="crs_0THER00000",
            slug="other",
            title="Other",
            language="en",
            zone=like.zone,
            cadence=like.cadence,
            list_id=like.list_id,
            created_at=now,
        )
        session.add(other)
        session.flush()
        session.get_one(Delivery, rows[0].id).course_id = other.id
    for one in rows:
        desk.tell(Kind.COMPLAINT, one)
    assert not paused(desk)
