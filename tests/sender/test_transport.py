"""The contracts of transports and of pools, held by those on the wire and those in memory alike."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from memory_relay import MemoryPool, MemoryRelay, MemoryTransport

from courseletter.errors import InvalidInput
from sender.event_loop import LoopThread
from sender.mailbox import LocalMailbox
from sender.pool import SmtpPool
from sender.relay import Relay
from sender.replies import Outcome, judge
from sender.smtp import SmtpTransport
from sender.transport import Attempt, Envelope, Parcel, Phase, Pool, Reply, Report, Transport

ENVELOPE = Envelope("b+7-abc@bounces.example.org", "robin@example.net")
MESSAGE = b"Subject: hello\r\n\r\n.\r\nbody\r\n"


def bodies(box: LocalMailbox) -> list[bytes]:
    """What arrived, without the two lines that the mailbox puts on top."""
    return [mail.raw.partition(b"\r\n")[2].partition(b"\r\n")[2] for mail in box.messages()]


# --- Transports


@dataclass(frozen=True)
class Bench:
    transport: Transport
    arrived: Callable[[], list[bytes]]


@pytest.fixture(params=["smtp", "memory"])
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    if request.param == "memory":
        memory = MemoryTransport()
        yield Bench(memory, lambda: [delivered.message for delivered in memory.delivered])
        memory.close()
        return
    with LocalMailbox(tmp_path / "mails") as box:
        smtp = SmtpTransport(Relay(box.host, box.port, security="none"))
        yield Bench(smtp, lambda: bodies(box))
        smtp.close()


def test_accepted_messages_arrive_byte_for_byte(bench: Bench) -> None:
    for _ in range(3):
        attempt = bench.transport.deliver(ENVELOPE, MESSAGE, lambda: True)
        assert attempt.accepted
        assert judge(attempt).outcome is Outcome.ACCEPTED
    assert bench.arrived() == [MESSAGE] * 3


def test_before_dot_is_asked_once_and_no_means_no(bench: Bench) -> None:
    asked: list[int] = []
    attempt = bench.transport.deliver(ENVELOPE, MESSAGE, lambda: bool(asked.append(1)))
    assert asked == [1]
    assert attempt.phase is Phase.DATA
    assert judge(attempt).outcome is Outcome.ABANDONED
    assert bench.arrived() == []
    assert bench.transport.deliver(ENVELOPE, MESSAGE, lambda: True).accepted


def test_an_exception_in_before_dot_delivers_nothing(bench: Bench) -> None:
    def broken() -> bool:
        raise RuntimeError("database down")

    with pytest.raises(RuntimeError, match="database down"):
        bench.transport.deliver(ENVELOPE, MESSAGE, broken)
    assert bench.arrived() == []
    assert bench.transport.deliver(ENVELOPE, MESSAGE, lambda: True).accepted
    assert bench.arrived() == [MESSAGE]


@pytest.mark.parametrize(
    "message", [b"a\nb\r\n", b"a\r\n.\nMAIL FROM:<x@y>\r\n", b"a\rb\r\n", b"\n.\r\n", b"no end", b""]
)
def test_r07_bare_line_ends_are_refused(bench: Bench, message: bytes) -> None:
    with pytest.raises(InvalidInput):
        bench.transport.deliver(ENVELOPE, message, lambda: True)
    assert bench.arrived() == []


def test_r09_international_recipient_arrives(bench: Bench) -> None:
    assert bench.transport.deliver(Envelope("", "jürgen@example.org", True), MESSAGE, lambda: True).accepted
    assert bench.arrived() == [MESSAGE]


# --- Pools

Open = Callable[[int, Report], Pool]


@dataclass(frozen=True)
class PoolBench:
    open: Open
    arrived: Callable[[], list[bytes]]


@pytest.fixture(params=["smtp", "memory"])
def pools(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[PoolBench]:
    if request.param == "memory":
        relay = MemoryRelay()
        yield PoolBench(
            lambda size, report: MemoryPool(size, report, relay),
            lambda: [delivered.message for delivered in relay.delivered],
        )
        return
    with LocalMailbox(tmp_path / "mails") as box:
        local = Relay(box.host, box.port, security="none")
        yield PoolBench(lambda size, report: SmtpPool(local, size, report), lambda: bodies(box))


def test_each_parcel_is_reported_once_and_not_within_send(pools: PoolBench) -> None:
    reports: list[tuple[int, bool]] = []
    sending = False

    async def story() -> None:
        nonlocal sending
        pool = pools.open(3, lambda parcel, attempt: report(parcel, attempt))
        waiting = [Parcel(ENVELOPE, b"%d\r\n" % number, reference=number) for number in range(20)]

        def report(parcel: Parcel, attempt: Attempt) -> None:
            assert not sending
            reports.append((parcel.reference, attempt.accepted))
            hand_over()

        def hand_over() -> None:
            nonlocal sending
            while waiting and pool.free:
                sending = True
                pool.send(waiting.pop(0))
                sending = False

        hand_over()
        assert (pool.free, reports) == (0, [])
        while len(reports) < 20:
            await asyncio.sleep(0)
        assert pool.free == 3
        await pool.close()
        assert pool.free == 0

    in_a_loop(story())
    assert sorted(reports) == [(number, True) for number in range(20)]
    assert sorted(pools.arrived()) == sorted(b"%d\r\n" % number for number in range(20))


def test_close_lets_parcels_end_and_then_takes_no_more(pools: PoolBench) -> None:
    reports: list[Attempt] = []

    async def story() -> None:
        pool = pools.open(2, lambda parcel, attempt: reports.append(attempt))
        for _ in range(2):
            pool.send(Parcel(ENVELOPE, MESSAGE))
        with pytest.raises(RuntimeError):
            pool.send(Parcel(ENVELOPE, MESSAGE))
        await pool.close()
        with pytest.raises(RuntimeError):
            pool.send(Parcel(ENVELOPE, MESSAGE))

    in_a_loop(story())
    assert [attempt.accepted for attempt in reports] == [True, True]


def test_r22_a_parcel_that_may_not_be_sent_is_not(pools: PoolBench) -> None:
    reports: list[Attempt] = []

    async def story() -> None:
        pool = pools.open(1, lambda parcel, attempt: reports.append(attempt))
        pool.send(Parcel(ENVELOPE, MESSAGE, may_send=lambda: False))
        await pool.close()

    in_a_loop(story())
    assert [judge(attempt).outcome for attempt in reports] == [Outcome.ABANDONED]
    assert pools.arrived() == []


# --- What is given to them


@pytest.mark.parametrize("message", [b"", b"no end", b"only LF\n", b"only CR\r"])
def test_r07_a_parcel_ends_in_crlf(message: bytes) -> None:
    with pytest.raises(InvalidInput):
        Parcel(ENVELOPE, message)


@pytest.mark.parametrize(
    "address",
    [
        "a@x>\r\nRCPT TO:<b@y",
        "a@x\r\n",
        "a\n@x",
        "a\x00@x",
        "a b@x",
        '"x@evil.com y"@ours.test',
        "a@x> SIZE=1",
        "a@müller.de",
        "a@b@c",
        "",
        "postmaster",
        "a\u2028@x",
    ],
)
def test_r08_no_envelope_breaks_out_of_its_command(address: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        Envelope("b@example.org", address)
    assert refusal.value.field == "recipient"
    if address:
        with pytest.raises(InvalidInput) as refusal:
            Envelope(address, "a@example.org")
        assert refusal.value.field == "return_path"


# --- The relay in memory

NOBODY = Attempt(Phase.RCPT, reply=Reply(550, "5.1.1", "nobody"))
LOST = Attempt(Phase.DOT, error="connection lost")


def test_memory_answers_as_told_and_asks_before_the_dot_only_when_it_gets_there() -> None:
    memory = MemoryTransport()
    memory.answer("robin@example.net", NOBODY)
    memory.answer("robin@example.net", LOST)
    memory.answer("robin@example.net", LOST, arrives=True)
    asked: list[int] = []
    attempts = [memory.deliver(ENVELOPE, MESSAGE, lambda: not asked.append(1)) for _ in range(4)]
    assert attempts[:3] == [NOBODY, LOST, LOST]
    assert attempts[3].accepted
    assert len(asked) == 3
    assert len(memory.delivered) == 2


def in_a_loop(story: Coroutine[Any, Any, None]) -> None:
    loop = LoopThread()  # the browser's tests keep one running in this thread
    try:
        loop.run(story)
    finally:
        loop.stop()
