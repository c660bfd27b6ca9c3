"""The pool on real sockets, in both event loops: TLS, several connections, slow readers, closings."""

import asyncio
import socket
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from certificates import Certificates, make_certificates
from scripted_smtp import DRIP, DROP, RESET, SILENCE, ScriptedSmtp, Step
from talking import ENVELOPE, MESSAGE, flags

from sender.event_loop import LoopThread, new_event_loop
from sender.mailbox import LocalMailbox
from sender.pool import SmtpPool
from sender.relay import Relay, Timeouts
from sender.replies import Outcome, judge
from sender.transport import Attempt, Envelope, Parcel, Phase

PATIENT = Timeouts(connect=10, greeting=10, command=10, data=10, block=10, dot=10, quit=2, rest=10, idle=10)
OFFERS = {"lock-step": (), "PIPELINING": ("PIPELINING",), "CHUNKING": ("PIPELINING", "CHUNKING")}
LONG = b"Subject: long\r\n\r\n" + (b"x" * 70 + b"\r\n") * 10_000
HUGE = LONG * 30  # more than two sockets' buffers hold

Run = Callable[[Coroutine[Any, Any, None]], None]


@pytest.fixture(params=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Iterator[Run]:
    """Run a coroutine in a loop of either make; no exception in a callback or a task may go unseen."""
    unseen: list[dict] = []
    make = asyncio.new_event_loop if request.param == "asyncio" else new_event_loop
    loop = LoopThread(make)  # the browser's tests keep one running in this thread
    assert type(loop.running()).__module__.startswith(request.param)
    loop.call(loop.running().set_exception_handler, lambda loop, context: unseen.append(context))
    yield lambda coroutine: loop.run(asyncio.wait_for(coroutine, 20))
    loop.stop()
    assert unseen == []


class Sending:
    """A pool, what it is to send, and what it reports."""

    def __init__(self, relay: Relay, size: int = 1, timeouts: Timeouts = PATIENT) -> None:
        self.pool = SmtpPool(relay, size, self.report, timeouts)
        self.waiting: list[Parcel] = []
        self.reports: list[tuple[Parcel, Attempt]] = []
        self.done = asyncio.Event()

    def report(self, parcel: Parcel, attempt: Attempt) -> None:
        assert self.pool.free or self.pool._closing
        self.reports.append((parcel, attempt))
        self.hand_over()
        if self.pool.free == self.pool._size:
            self.done.set()

    def hand_over(self) -> None:
        while self.waiting and self.pool.free:
            self.pool.send(self.waiting.pop(0))

    async def send(self, *messages: bytes, envelope: Envelope = ENVELOPE, **more: Any) -> list[Attempt]:
        """Send them all, and return their attempts in their order."""
        parcels = [Parcel(envelope, message, **more) for message in messages]
        self.waiting += parcels
        self.reports.clear()
        self.done.clear()
        self.hand_over()
        await self.done.wait()
        ended = dict(self.reports)
        assert len(ended) == len(self.reports), "each is reported once"
        return [ended[parcel] for parcel in parcels]


def plain(server: ScriptedSmtp) -> Relay:
    return Relay("127.0.0.1", server.port, security="none")


def encrypted(server: ScriptedSmtp, certificates: Certificates, **more: Any) -> Relay:
    return Relay("localhost", server.port, ca_file=certificates.authority, **more)


def numbered(count: int) -> list[bytes]:
    return [b"Subject: %d\r\n\r\n.\r\n" % number for number in range(count)]


# --- What arrives


@pytest.mark.parametrize("mode", OFFERS)
def test_messages_arrive_over_one_connection(run: Run, mode: str) -> None:
    async def story() -> None:
        sending = Sending(plain(server))
        attempts = await sending.send(*numbered(20))
        assert all(attempt.accepted for attempt in attempts)
        await sending.pool.close()

    with ScriptedSmtp(offers=OFFERS[mode]) as server:
        run(story())
    assert server.messages == numbered(20)
    assert server.sessions == 1
    assert server.lines[-1] == "QUIT"


@pytest.mark.parametrize("mode", OFFERS)
def test_several_connections_share_the_work(run: Run, mode: str) -> None:
    async def story() -> None:
        sending = Sending(plain(server), size=5)
        attempts = await sending.send(*numbered(100))
        assert all(attempt.accepted for attempt in attempts)
        assert sending.pool.free == 5
        await sending.pool.close()
        assert sending.pool.free == 0

    with ScriptedSmtp(offers=OFFERS[mode]) as server:
        run(story())
    assert sorted(server.messages) == sorted(numbered(100))
    assert server.sessions == 5
    assert server.verbs().count("QUIT") == 5


def test_no_more_connections_than_work(run: Run) -> None:
    async def story() -> None:
        sending = Sending(plain(server), size=5)
        for _ in range(3):
            assert (await sending.send(MESSAGE))[0].accepted
        await sending.pool.close()

    with ScriptedSmtp() as server:
        run(story())
    assert server.sessions == 1


@pytest.mark.parametrize("implicit", [False, True])
@pytest.mark.parametrize("mode", OFFERS)
def test_r10_tls_and_auth(run: Run, mode: str, implicit: bool, certificates: Certificates) -> None:
    async def story() -> None:
        more = {"username": "robin", "password": "sécret", "security": "tls" if implicit else "starttls"}
        sending = Sending(encrypted(server, certificates, **more), size=2)
        attempts = await sending.send(*numbered(10), LONG)
        assert all(attempt.accepted for attempt in attempts)
        await sending.pool.close()

    offers = (*OFFERS[mode], "AUTH PLAIN")
    with ScriptedSmtp(tls=certificates.server, implicit=implicit, offers=offers) as server:
        run(story())
    assert sorted(server.messages) == sorted([*numbered(10), LONG])
    assert server.secrets == ["\0robin\0sécret"] * 2
    assert server.verbs().count("STARTTLS") == (0 if implicit else 2)


def test_an_independent_server_takes_it(run: Run, tmp_path: Path, certificates: Certificates) -> None:
    async def story() -> None:
        sending = Sending(Relay("localhost", box.port, ca_file=certificates.authority), size=3)
        assert all(attempt.accepted for attempt in await sending.send(*numbered(20)))
        await sending.pool.close()

    with LocalMailbox(tmp_path / "mails", tls=certificates.server) as box:  # aiosmtpd
        run(story())
        arrived = sorted(mail.raw.partition(b"Subject")[2] for mail in box.messages())
    assert arrived == sorted(message.removeprefix(b"Subject") for message in numbered(20))


# --- Trouble with the connection


def test_nobody_listening_is_trouble_of_the_relay_once_for_each_parcel(run: Run) -> None:
    async def story() -> None:
        sending = Sending(relay, size=3)
        for attempt in await sending.send(*numbered(7)):
            assert attempt.phase is Phase.CONNECT
            assert (attempt.error or "").startswith(f"cannot connect to 127.0.0.1 port {relay.port}: ")
            assert flags(attempt) == {"relay_trouble"}
        await sending.pool.close()

    with ScriptedSmtp() as server:
        relay = plain(server)
    run(story())


@pytest.mark.parametrize("security", ["starttls", "tls"])
@pytest.mark.parametrize("fault", ["unknown authority", "other host", "dropped", "no TLS at all"])
def test_r10_a_handshake_that_fails_defers(
    run: Run, fault: str, security: str, certificates: Certificates, tmp_path: Path
) -> None:
    async def story() -> None:
        sending = Sending(encrypted(server, trusted, security=security), timeouts=timeouts)
        (attempt,) = await sending.send(MESSAGE)
        assert attempt.phase is Phase.STARTTLS
        assert flags(attempt) == {"relay_trouble"}
        assert "TLS failed" in (attempt.error or "")
        await sending.pool.close()

    shown = make_certificates(tmp_path, host="other.test", address="127.0.0.9")
    # A server that knows no TLS waits for the end of a line.
    timeouts = replace(PATIENT, connect=0.2) if fault == "no TLS at all" else PATIENT
    trusted = shown if fault == "other host" else certificates
    script: dict[str, Any] = {"tls": shown.server, "implicit": security == "tls"}
    if fault in ("dropped", "no TLS at all"):
        after = Step(b"220 go\r\n", "drop" if fault == "dropped" else "go on in the clear")
        script = {
            "tls": shown.server,
            "STARTTLS": after,
            "GREETING": after if security == "tls" else b"220 x\r\n",
        }
    with ScriptedSmtp(**script) as server:
        run(story())
    assert "MAIL" not in server.verbs()


def test_r10_octets_injected_before_tls_end_the_conversation(run: Run, certificates: Certificates) -> None:
    async def story() -> None:
        (attempt,) = await (sending := Sending(encrypted(server, certificates))).send(MESSAGE)
        assert attempt.error == "the relay sent data between STARTTLS and the handshake"
        await sending.pool.close()

    with ScriptedSmtp(tls=certificates.server, STARTTLS=b"220 go\r\n250 injected\r\n") as server:
        run(story())
    assert server.lines == ["EHLO [127.0.0.1]", "STARTTLS"]


@pytest.mark.parametrize("mode", OFFERS)
@pytest.mark.parametrize("dot", [DROP, RESET, Step(b"250-2.0.0 que", "drop")])
def test_a_connection_lost_at_the_dot_is_in_doubt(run: Run, mode: str, dot: Step) -> None:
    async def story() -> None:
        sending = Sending(plain(server))
        (attempt,) = await sending.send(MESSAGE)
        assert (attempt.phase, judge(attempt).outcome) == (Phase.DOT, Outcome.UNKNOWN)
        assert (await sending.send(MESSAGE))[0].accepted
        await sending.pool.close()

    with ScriptedSmtp(offers=OFFERS[mode], DOT=[dot, b"250 ok\r\n"]) as server:
        run(story())
    assert server.sessions == 2


@pytest.mark.parametrize(
    ("short", "phase", "answers"),
    [
        ("greeting", "connect", {"GREETING": SILENCE}),
        ("command", "rcpt", {"RCPT": SILENCE}),
        ("command", "rcpt", {"RCPT": DRIP}),
        ("dot", "dot", {"DOT": SILENCE}),
    ],
)
def test_time_runs_out(run: Run, short: str, phase: str, answers: dict) -> None:
    async def story() -> None:
        sending = Sending(plain(server), timeouts=replace(PATIENT, **{short: 0.1}))
        (attempt,) = await sending.send(MESSAGE)
        assert attempt == Attempt(Phase(phase), error="the relay did not answer in time")
        await sending.pool.close()

    with ScriptedSmtp(**answers) as server:
        run(story())


def test_time_for_the_handshake_runs_out(run: Run, certificates: Certificates) -> None:
    async def story() -> None:
        relay = encrypted(server, certificates, security="tls")
        sending = Sending(relay, timeouts=replace(PATIENT, connect=0.1))
        (attempt,) = await sending.send(MESSAGE)
        assert attempt.phase is Phase.STARTTLS
        assert (attempt.error or "").startswith("TLS failed: ")
        await sending.pool.close()

    with ScriptedSmtp(GREETING=SILENCE) as server:
        run(story())


@pytest.mark.parametrize("mode", OFFERS)
def test_idle_connections_closed_by_the_relay_are_opened_again_unseen(run: Run, mode: str) -> None:
    async def story() -> None:
        sending = Sending(plain(server), size=2)
        assert (await sending.send(MESSAGE))[0].accepted
        while sending.pool._connections:  # until the loop has seen that it is closed
            await asyncio.sleep(0)
        assert (await sending.send(MESSAGE))[0].accepted
        await sending.pool.close()

    with ScriptedSmtp(offers=OFFERS[mode], DOT=[Step(b"250 ok\r\n", "drop"), b"250 ok\r\n"]) as server:
        run(story())
    assert server.messages == [MESSAGE] * 2
    assert server.sessions == 2


def test_a_connection_found_closed_is_replaced_without_a_report(run: Run) -> None:
    async def story() -> None:
        sending = Sending(plain(server))
        attempts = await sending.send(MESSAGE, MESSAGE)
        assert all(attempt.accepted for attempt in attempts)
        await sending.pool.close()

    with ScriptedSmtp(MAIL=[b"250 ok\r\n", DROP, b"250 ok\r\n"]) as server:
        run(story())
    assert server.messages == [MESSAGE] * 2
    assert server.sessions == 2


def test_connections_without_work_are_closed_politely(run: Run) -> None:
    async def story() -> None:
        sending = Sending(plain(server), timeouts=replace(PATIENT, rest=0.01, idle=0.01))
        assert (await sending.send(MESSAGE))[0].accepted
        while sending.pool._connections:
            await asyncio.sleep(0.01)
        assert (await sending.send(MESSAGE))[0].accepted
        await sending.pool.close()

    with ScriptedSmtp() as server:
        run(story())
    assert server.sessions == 2
    assert server.verbs().count("QUIT") == 2


# --- A relay that does not read


@pytest.mark.parametrize("encrypt", [False, True])
@pytest.mark.parametrize("mode", OFFERS)
def test_a_relay_that_does_not_read_is_given_up_before_the_dot(
    run: Run, mode: str, encrypt: bool, certificates: Certificates
) -> None:
    asked: list[int] = []

    async def story() -> None:
        relay = encrypted(server, certificates, security="tls") if encrypt else plain(server)
        sending = Sending(relay, timeouts=replace(PATIENT, block=0.3))
        loop = asyncio.get_running_loop()
        loop.call_later(0.1, lambda: held.append(buffered(sending.pool)))
        (attempt,) = await sending.send(HUGE, may_send=lambda: not asked.append(1))
        assert attempt == Attempt(Phase.DATA, error="the relay does not read what it is sent")
        assert judge(attempt).outcome is Outcome.DEFERRED
        await sending.pool.close()

    held: list[int] = []
    script = {"tls": certificates.server, "implicit": True} if encrypt else {}
    with ScriptedSmtp(offers=OFFERS[mode], BODY=SILENCE, **script) as server:
        run(story())
    assert held[0] < 1024 * 1024  # of 20 MB
    assert asked == []
    assert server.messages == []


def buffered(pool: SmtpPool) -> int:
    """Octets that its transports keep in this process's memory."""
    return sum(one._transport.get_write_buffer_size() for one in pool._connections if one._transport)


def test_a_slow_reader_gets_it_all(run: Run) -> None:
    async def story() -> None:
        sending = Sending(Relay("127.0.0.1", listener.getsockname()[1], security="none"))
        server = await asyncio.start_server(read_slowly, sock=listener)
        (attempt,) = await sending.send(HUGE)
        assert attempt.accepted
        await sending.pool.close()
        server.close()

    async def read_slowly(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 slow.test\r\n")
        await reader.readuntil(b"\r\n")
        writer.write(b"250-slow.test\r\n250 PIPELINING\r\n")
        await reader.readuntil(b"DATA\r\n")
        writer.write(b"250 ok\r\n250 ok\r\n354 go\r\n")
        body = bytearray()
        while not body.endswith(b"\r\n.\r\n"):
            await asyncio.sleep(0)
            body += await reader.read(10_000)
        taken.append(bytes(body))
        writer.write(b"250 ok\r\n")
        await reader.readline()
        writer.write(b"221 bye\r\n")
        writer.close()

    taken: list[bytes] = []
    listener = socket.create_server(("127.0.0.1", 0))
    run(story())
    assert taken == [HUGE + b".\r\n"]


# --- Order and endings


def test_a_report_never_comes_from_within_send(run: Run) -> None:
    async def story() -> None:
        sending = Sending(plain(server))
        assert (await sending.send(MESSAGE))[0].accepted
        sending.waiting.append(
            Parcel(ENVELOPE, MESSAGE, may_send=lambda: False)
        )  # ends at once, in full swing
        sending.reports.clear()
        sending.done.clear()
        sending.hand_over()
        assert sending.reports == []
        await sending.done.wait()
        assert sending.reports[0][1].abandoned
        # So neither can a long row of them overflow the stack.
        attempts = await sending.send(*[MESSAGE] * 5000, envelope=Envelope("", "jürgen@example.org"))
        assert all(attempt.reply and attempt.reply.enhanced == "5.6.7" for attempt in attempts)
        await sending.pool.close()

    with ScriptedSmtp(offers=OFFERS["CHUNKING"]) as server:
        run(story())
    assert server.messages == [MESSAGE]


def test_more_than_is_free_is_a_mistake(run: Run) -> None:
    async def story() -> None:
        sending = Sending(plain(server), size=2)
        for _ in range(2):
            sending.pool.send(Parcel(ENVELOPE, MESSAGE))
        assert sending.pool.free == 0
        with pytest.raises(RuntimeError):
            sending.pool.send(Parcel(ENVELOPE, MESSAGE))
        await sending.pool.close()
        with pytest.raises(RuntimeError):
            sending.pool.send(Parcel(ENVELOPE, MESSAGE))
        assert len(sending.reports) == 2

    with ScriptedSmtp() as server:
        run(story())


def test_close_lets_what_is_on_its_way_end(run: Run) -> None:
    async def story() -> None:
        sending = Sending(plain(server), size=3)
        assert not (await sending.send(MESSAGE))[0].accepted  # and no connection is open
        sending.reports.clear()
        for message in numbered(3):
            sending.pool.send(Parcel(ENVELOPE, message))
        await sending.pool.close()
        assert [attempt.accepted for _, attempt in sending.reports] == [True] * 3

    with ScriptedSmtp(MAIL=[DROP, b"250 ok\r\n"]) as server:
        run(story())
    assert server.verbs().count("QUIT") == 3


def test_r28_close_cuts_off_what_does_not_end_and_reports_it(run: Run) -> None:
    async def story() -> None:
        sending = Sending(plain(server), size=2)
        for message in numbered(2):
            sending.pool.send(Parcel(ENVELOPE, message))
        await sending.pool.close(0.2)
        assert [judge(attempt).outcome for _, attempt in sending.reports] == [Outcome.UNKNOWN] * 2
        assert {attempt.error for _, attempt in sending.reports} == {"the sender was stopped"}

    with ScriptedSmtp(DOT=SILENCE) as server:
        run(story())


def test_a_report_that_raises_harms_no_other(run_unguarded: Run) -> None:
    reports: list[Attempt] = []

    async def story() -> None:
        def report(parcel: Parcel, attempt: Attempt) -> None:
            reports.append(attempt)
            if len(reports) == 1:
                raise RuntimeError("a mistake in the report")

        pool = SmtpPool(plain(server), 1, report, PATIENT)
        for count in (1, 2):
            pool.send(Parcel(ENVELOPE, MESSAGE))
            while len(reports) < count:
                await asyncio.sleep(0)
        await pool.close()

    with ScriptedSmtp() as server:
        run_unguarded(story())
    assert [attempt.accepted for attempt in reports] == [True, True]


def test_may_send_that_raises_ends_its_own_attempt(run_unguarded: Run) -> None:
    def broken() -> bool:
        raise RuntimeError("no clock")

    async def story() -> None:
        sending = Sending(plain(server))
        (attempt,) = await sending.send(MESSAGE, may_send=broken)
        assert (attempt.phase, judge(attempt).outcome) == (Phase.DATA, Outcome.DEFERRED)
        assert (await sending.send(MESSAGE))[0].accepted
        await sending.pool.close()

    with ScriptedSmtp() as server:
        run_unguarded(story())
    assert server.messages == [MESSAGE]


@pytest.fixture(params=["asyncio", "uvloop"])
def run_unguarded(request: pytest.FixtureRequest) -> Iterator[Run]:
    """As run(), where an exception is meant to reach the loop."""
    make = asyncio.new_event_loop if request.param == "asyncio" else new_event_loop
    loop = LoopThread(make)
    loop.call(loop.running().set_exception_handler, lambda loop, context: None)
    yield lambda coroutine: loop.run(asyncio.wait_for(coroutine, 20))
    loop.stop()
