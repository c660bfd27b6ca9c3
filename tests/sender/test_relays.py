"""Several relays, their limits and their ills, as all nodes share them in the database."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from threading import Thread
from typing import Any

import pytest
from memory_relay import MemoryPool, MemoryRelay
from school import School
from sqlalchemy import update

from courseletter.database import Database
from sender import relays
from sender.bounces.models import Bounce
from sender.claiming import LEASE
from sender.dispatching import Dispatcher
from sender.lanes import Route
from sender.models import BucketRecord, Delivery, RelayRecord, State
from sender.planning import tick
from sender.relays import Condition, RelayReport
from sender.throttle import RECOVERY, DomainRates, Limits, WarmUp, next_day
from sender.transport import Attempt, Envelope, Phase, Reply

ADA = "ada@inbox.example.org"
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
UNREACHABLE = Attempt(Phase.CONNECT, error="connection refused")
NO_ENTRY = Attempt(Phase.AUTH, reply=Reply.of(535, "5.7.8 wrong password"))
SLOW_DOWN = Attempt(Phase.RCPT, reply=Reply.of(450, "4.7.1 slow down"))

Found = Callable[..., School]


@pytest.fixture
def found(database: Database, now: datetime) -> Found:
    """Found a school whose relays have these limits."""

    def school(domains: DomainRates | None = None, /, **limits: Limits) -> School:
        return School(database, now, limits=limits or None, domains=domains)

    return school


class Counting(MemoryRelay):
    """A relay that counts how often it was tried."""

    tried = 0

    def take(self, envelope: Envelope, message: bytes, may_send: Callable[[], bool]) -> Attempt:
        self.tried += 1
        return super().take(envelope, message, may_send)


def enrol(school: School, number: int, domain: str = "inbox.example.org") -> None:
    for place in range(number):
        school.enrol(f"reader{place}@{domain}", "")


def states(school: School) -> Counter[str]:
    return Counter(str(one.state) for one in school.deliveries())


def report(school: School) -> list[RelayReport]:
    with school.database.read() as session:
        return relays.report(session, school.limits, school.domains, school.clock.now())


def later(school: School, by: timedelta) -> Counter[str]:
    school.clock.move_to(school.clock.now() + by)
    return school.work()


def at_once(school: School, nodes: int) -> None:
    """Several senders work at the same time, each as a node of its own."""
    mailers = [school.new_mailer() for _ in range(nodes)]
    threads = [Thread(target=mailer.work) for mailer in mailers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


# --- Several relays


def test_weights_share_the_load(found: Found) -> None:
    school = found(memory=Limits(weight=3), second=Limits(weight=1))
    enrol(school, 8)
    school.work()
    assert (len(school.memory.delivered), len(school.others["second"].delivered)) == (6, 2)


def test_what_one_relay_cannot_take_goes_through_another_at_once(found: Found) -> None:
    school = found(memory=Limits(), second=Limits())
    school.memory.usual = UNREACHABLE
    enrol(school, 9)
    school.work()
    assert len(school.others["second"].delivered) == 9
    assert states(school) == {State.ACCEPTED: 9}
    assert {one.attempts for one in school.deliveries()} == {1}, "the relay's trouble is charged to nobody"


def test_a_relay_that_has_recovered_gets_its_share_again(found: Found) -> None:
    school = found(memory=Limits(), second=Limits())
    school.memory.usual = UNREACHABLE
    enrol(school, 4)
    school.work()
    school.memory = MemoryRelay()
    school.mailer = school.new_mailer()
    enrol(school, 8, "later.example.org")
    later(school, MINUTE)
    assert (len(school.memory.delivered), len(school.others["second"].delivered)) == (4, 8)


def test_an_ill_relay_is_left_alone_by_a_sender_that_was_started_anew(found: Found) -> None:
    school = found()
    school.memory = Counting()
    school.memory.usual = UNREACHABLE
    school.mailer = school.new_mailer()
    enrol(school, 5)
    school.work()
    assert school.memory.tried == 3, "as many as there are connections"
    for _ in range(3):
        school.mailer = school.new_mailer()
        school.work()
    assert school.memory.tried == 3
    school.mailer = school.new_mailer()
    later(school, MINUTE)
    assert school.memory.tried == 4, "after a rest one message goes first"
    later(school, MINUTE)
    assert school.memory.tried == 4, "and the next rest is twice as long"
    school.memory.usual = Attempt(Phase.DOT, reply=Reply(250, None, "ok"))
    later(school, MINUTE)
    assert len(school.memory.delivered) == 5


def test_a_refusal_of_our_account_fails_nobody_and_waits_for_a_person(found: Found) -> None:
    school = found()
    school.memory.usual = NO_ENTRY
    enrol(school, 5)
    school.work()
    assert states(school) == {State.DEFERRED: 3, State.READY: 2}
    assert {one.attempts for one in school.deliveries()} == {0}
    (shown,) = report(school)
    assert shown.condition is Condition.RESTING
    assert shown.why == "535 5.7.8 wrong password"
    school.memory.usual = Attempt(Phase.DOT, reply=Reply(250, None, "ok"))
    later(school, 29 * MINUTE)
    assert school.memory.delivered == []
    later(school, MINUTE)
    assert len(school.memory.delivered) == 5
    assert report(school)[0].condition is Condition.WELL


def test_a_person_pauses_and_resumes_a_relay(found: Found) -> None:
    school = found(memory=Limits(), second=Limits())
    relays.pause(school.database, "memory", school.clock.now())
    enrol(school, 4)
    school.work()
    assert (len(school.memory.delivered), len(school.others["second"].delivered)) == (0, 4)
    relays.pause(school.database, "second", school.clock.now())
    enrol(school, 4, "later.example.org")
    assert school.work()["accepted"] == 0
    assert [one.condition for one in report(school)] == [Condition.PAUSED] * 2
    relays.resume(school.database, "memory", school.clock.now())
    school.work()
    assert len(school.memory.delivered) == 4


def test_resuming_ends_a_rest(found: Found) -> None:
    school = found()
    school.memory.usual = NO_ENTRY
    enrol(school, 2)
    school.work()
    school.memory.usual = Attempt(Phase.DOT, reply=Reply(250, None, "ok"))
    relays.resume(school.database, "memory", school.clock.now())
    enrol(school, 1, "later.example.org")
    school.work()
    assert len(school.memory.delivered) == 1, "what was put off keeps its moment"
    later(school, 30 * MINUTE)
    assert len(school.memory.delivered) == 3


# --- Limits


def test_what_exceeds_the_days_cap_waits_for_the_next_day_the_oldest_first(found: Found) -> None:
    school = found(memory=Limits(per_day=3))
    enrol(school, 5)
    school.work()
    assert states(school) == {State.ACCEPTED: 3, State.READY: 2}
    assert {one.attempts for one in school.deliveries()[3:]} == {0}
    later(school, MINUTE)
    school.mailer = school.new_mailer()
    later(school, MINUTE)
    assert len(school.memory.delivered) == 3
    shown = report(school)[0]
    assert (shown.condition, shown.until) == (Condition.FULL, datetime(2026, 3, 12, tzinfo=UTC))
    assert (shown.used_today, shown.allowance) == (3, 3)
    school.clock.move_to(datetime(2026, 3, 12, tzinfo=UTC))
    school.work()
    assert [one.envelope.recipient[:7] for one in school.memory.delivered] == [
        f"reader{place}" for place in range(5)
    ]
    dated = message_from_bytes(school.memory.delivered[-1].message, policy=policy.default)["Date"].datetime
    assert dated == school.clock.now(), "it is dated when it goes out"


def test_a_warm_up_grows_with_each_day_of_sending(found: Found) -> None:
    school = found(memory=Limits(per_day=5, warm_up=WarmUp(2)))
    enrol(school, 20)
    sent = []
    for _ in range(5):
        before = len(school.memory.delivered)
        school.work()
        sent.append(len(school.memory.delivered) - before)
        school.clock.move_to(school.clock.now() + DAY)
    assert sent == [2, 3, 4, 5, 5]


def test_a_relay_whose_day_is_used_up_hands_its_share_to_the_others(found: Found) -> None:
    school = found(memory=Limits(weight=9, per_day=2), second=Limits())
    enrol(school, 7)
    school.work()
    assert (len(school.memory.delivered), len(school.others["second"].delivered)) == (2, 5)


@pytest.mark.parametrize(
    ("domains", "limits"),
    [(None, {"memory": Limits(per_day=1)}), (DomainRates(own={"inbox.example.org": 0.1}), {})],
)
def test_what_was_asked_for_goes_before_what_a_schedule_sends(
    found: Found, domains: DomainRates | None, limits: dict[str, Limits]
) -> None:
    school = found(domains, **limits)
    enrol(school, 4)
    tick(school.database, school.clock.now())
    asked = update(Delivery).where(Delivery.id == 4).values(by="learner")
    school.change(lambda session: session.execute(asked))
    school.mailer.work()
    assert [one.envelope.recipient[:7] for one in school.memory.delivered] == ["reader3"]


def test_a_slow_domain_stalls_no_other_and_each_of_its_readers_has_a_turn(found: Found) -> None:
    school = found(DomainRates(own={"slow.example.org": 0.1}))
    enrol(school, 20, "slow.example.org")
    enrol(school, 3)
    school.work()
    assert len(school.memory.delivered) == 1 + 3
    waiting = [one for one in school.deliveries() if one.state == State.READY]
    waits = [round((one.due_at - school.clock.now()).total_seconds()) for one in waiting]
    assert waits == list(range(10, 200, 10))
    assert {(one.attempts, one.first_attempt_at, one.facts) for one in waiting} == {(0, None, None)}
    enrol(school, 1, "slow.example.net")  # somebody else's mail does not care
    for _ in range(25):
        later(school, timedelta(seconds=10))
    slow = [
        one.envelope.recipient
        for one in school.memory.delivered
        if "slow.example.org" in one.envelope.recipient
    ]
    assert slow == [f"reader{place}@slow.example.org" for place in range(20)]


def test_a_domain_that_asks_us_to_slow_down_gets_half_at_every_node_and_recovers(found: Found) -> None:
    school = found(DomainRates(default=1))
    school.memory.answer(ADA, SLOW_DOWN)
    school.enrol(ADA)
    school.work()
    (slow,) = report(school)[0].slow_domains
    assert (slow.domain, slow.per_second, slow.why) == ("inbox.example.org", 0.5, "450 4.7.1 slow down")
    enrol(school, 40)
    school.mailer = school.new_mailer()  # another node
    later(school, MINUTE)
    assert len(school.memory.delivered) == 5, "ten seconds of half a message"
    later(school, RECOVERY / 2)
    assert report(school)[0].slow_domains == []


def test_tokens_with_which_nothing_was_sent_are_put_back(found: Found) -> None:
    school = found(memory=Limits(per_day=5))
    school.memory.usual = UNREACHABLE
    enrol(school, 5)
    for _ in range(4):
        later(school, 10 * MINUTE)
    assert report(school)[0].used_today == 0
    school.memory.usual = Attempt(Phase.DOT, reply=Reply(250, None, "ok"))
    later(school, 30 * MINUTE)
    assert len(school.memory.delivered) == 5


def test_tokens_of_yesterday_are_none_of_today(found: Found) -> None:
    school = found(memory=Limits(per_day=5))
    midnight = next_day(school.clock.now())
    school.clock.move_to(midnight - timedelta(seconds=10))
    enrol(school, 5)
    tick(school.database, school.clock.now())
    routes = [Route("memory", lambda report: MemoryPool(3, report), school.limits["memory"])]
    before, after = (Dispatcher(school.database, routes, school.domains, lambda *_: None) for _ in range(2))
    claims, _ = before.claim(school.clock.now(), 3)
    school.clock.move_to(midnight + timedelta(seconds=10))
    assert len(after.claim(school.clock.now(), 2)[0]) == 2
    for held in claims:
        before.not_sent(before.lanes[0], held)
    before.settle(school.clock.now())
    assert report(school)[0].used_today == 2


def test_a_crash_after_tokens_were_taken_loses_tokens_and_no_mail(found: Found) -> None:
    school = found(memory=Limits(per_day=10))
    enrol(school, 4)
    tick(school.database, school.clock.now())

    def open_pool(report: Any) -> MemoryPool:
        return MemoryPool(3, report)

    routes = [Route("memory", open_pool, school.limits["memory"])]
    crashing = Dispatcher(school.database, routes, school.domains, lambda *_: None)
    claims, _ = crashing.claim(school.clock.now(), 500)
    assert len(claims) == 4
    later(school, LEASE)
    assert len(school.memory.delivered) == 4
    assert report(school)[0].used_today == 8


@pytest.mark.parametrize(("limits", "most"), [(Limits(per_second=1), 10), (Limits(per_day=15), 15)])
def test_nodes_together_never_exceed_a_limit(found: Found, limits: Limits, most: int) -> None:
    school = found(memory=limits)
    enrol(school, 40)
    tick(school.database, school.clock.now())
    at_once(school, 4)
    assert len(school.memory.delivered) == most
    assert states(school) == {State.ACCEPTED: most, State.READY: 40 - most}
    with school.database.read() as session:
        assert session.get_one(RelayRecord, "memory").used == most


def test_nodes_together_never_exceed_a_domains_rate(found: Found) -> None:
    school = found(DomainRates(default=0.5))
    enrol(school, 30)
    tick(school.database, school.clock.now())
    at_once(school, 3)
    assert len(school.memory.delivered) == 5


def test_buckets_that_are_full_again_are_forgotten(found: Found) -> None:
    school = found(DomainRates(default=1))
    enrol(school, 2, "once.example.org")
    school.work()
    school.clock.move_to(school.clock.now() + timedelta(hours=2))
    enrol(school, 1, "later.example.org")
    school.work()
    with school.database.read() as session:
        assert [row.domain for row in session.query(BucketRecord)] == ["later.example.org"]


def test_a_domain_that_asked_us_to_slow_down_is_not_forgotten_before_it_has_recovered(found: Found) -> None:
    school = found(DomainRates(default=1))
    school.memory.answer(ADA, SLOW_DOWN)
    school.enrol(ADA)
    school.work()
    later(school, 10 * MINUTE)
    assert len(school.memory.delivered) == 1
    school.clock.move_to(school.clock.now() + 90 * MINUTE)
    enrol(school, 1, "later.example.org")
    school.work()
    (slow,) = report(school)[0].slow_domains
    assert slow.domain == "inbox.example.org"


def test_where_nothing_is_limited_nothing_is_counted(found: Found) -> None:
    school = found()
    enrol(school, 3)
    school.work()
    with school.database.read() as session:
        row = session.get_one(RelayRecord, "memory")
    assert (row.days, row.used, row.rests) == (0, 0, 0)


# --- The end of a delivery that never gets through


@pytest.mark.parametrize(
    ("answer", "bounces"),
    [
        (UNREACHABLE, 0),
        (Attempt(Phase.RCPT, reply=Reply.of(452, "4.2.2 mailbox full")), 1),
        (Attempt(Phase.RCPT, reply=Reply.of(450, "4.7.1 slow down")), 0),
    ],
    ids=["the relay's trouble", "the mailbox's", "ours"],
)
def test_a_delivery_expires_after_two_days_whatever_was_in_its_way(
    found: Found, answer: Attempt, bounces: int
) -> None:
    school = found()
    school.memory.usual = answer
    school.enrol(ADA)
    start = school.clock.now()
    while State.EXPIRED not in states(school):
        later(school, 30 * MINUTE)
        assert school.clock.now() < start + timedelta(hours=50)
    assert school.clock.now() > start + timedelta(hours=36)
    with school.database.read() as session:
        assert session.query(Bounce).count() == bounces


def test_a_single_mail_takes_a_relay_that_is_well_and_takes_most(found: Found) -> None:
    school = found(main=Limits(weight=3), spare=Limits(weight=1), least=Limits(weight=1))
    assert relays.for_one_mail(report(school)) == "main"
    relays.pause(school.database, "main", school.clock.now())
    assert relays.for_one_mail(report(school)) == "spare"
    relays.resume(school.database, "spare", school.clock.now())  # now it has a row
    rest = {"open_until": school.clock.now() + 10 * MINUTE, "rests": 1, "why": "421 busy"}
    with school.database.write() as session:
        session.execute(update(RelayRecord).where(RelayRecord.name == "spare").values(**rest))
    assert relays.for_one_mail(report(school)) == "least"
    relays.pause(school.database, "least", school.clock.now())
    assert relays.for_one_mail(report(school)) == "spare"
    relays.pause(school.database, "spare", school.clock.now())
    assert relays.for_one_mail(report(school)) is None


def test_what_waits_for_its_domain_is_dated_when_it_goes(database: Database, now: datetime) -> None:
    school = School(database, now, domains=DomainRates(1 / 60))
    for name in ("ada", "bob"):
        school.enrol(f"{name}@inbox.example.org", "")
    school.work()
    sent, waits = school.deliveries()
    assert (sent.state, waits.state) == (State.ACCEPTED, State.READY)
    assert (waits.attempts, waits.facts, waits.dated_at, waits.first_attempt_at) == (0, None, None, None)
    school.clock.move_to(waits.due_at)
    school.work()
    assert school.deliveries()[1].dated_at == waits.due_at
