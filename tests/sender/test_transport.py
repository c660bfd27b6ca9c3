"""The contract of a transport, held by the one on the wire and the one in memory alike."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from courseletter.errors import InvalidInput
from sender.mailbox import LocalMailbox
from sender.memory import MemoryTransport
from sender.replies import Outcome, judge
from sender.smtp import Relay, SmtpTransport
from sender.transport import Attempt, Envelope, Phase, Reply, Transport

ENVELOPE = Envelope("b+7-abc@bounces.example.org", "robin@example.net")
MESSAGE = b"Subject: hello\r\n\r\n.\r\nbody\r\n"


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
        yield Bench(
            smtp, lambda: [mail.raw.partition(b"\r\n")[2].partition(b"\r\n")[2] for mail in box.messages()]
        )
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


def test_r07_bare_line_ends_are_refused(bench: Bench) -> None:
    with pytest.raises(InvalidInput):
        bench.transport.deliver(ENVELOPE, b"a\nb\r\n", lambda: True)
    assert bench.arrived() == []


def test_r09_international_recipient_arrives(bench: Bench) -> None:
    assert bench.transport.deliver(Envelope("", "jürgen@example.org", True), MESSAGE, lambda: True).accepted
    assert bench.arrived() == [MESSAGE]


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
