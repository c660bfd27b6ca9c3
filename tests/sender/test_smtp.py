"""Single messages over SMTP, for callers that wait: the connection kept, before_dot, threads, endings."""

import threading

import pytest
from certificates import Certificates
from scripted_smtp import DROP, ScriptedSmtp, Step
from talking import ENVELOPE, MESSAGE

from sender.relay import Relay
from sender.replies import Outcome, judge
from sender.smtp import SmtpTransport
from sender.transport import Phase

CHUNKS = ("PIPELINING", "CHUNKING")


def to(server: ScriptedSmtp) -> SmtpTransport:
    return SmtpTransport(Relay("127.0.0.1", server.port, security="none"))


def test_connection_is_kept_and_rset_only_where_needed() -> None:
    answers: dict = {"RCPT": [b"250 ok\r\n", b"250 ok\r\n", b"550 5.1.1 no\r\n", b"250 ok\r\n"]}
    with ScriptedSmtp(**answers) as server:
        transport = to(server)
        attempts = [transport.deliver(ENVELOPE, MESSAGE, lambda: True) for _ in range(4)]
        transport.close()
    assert [attempt.accepted for attempt in attempts] == [True, True, False, True]
    assert server.sessions == 1
    assert server.lines.count("RSET") == 1
    assert server.lines[-1] == "QUIT"


def test_starttls(certificates: Certificates) -> None:
    with ScriptedSmtp(tls=certificates.server) as server:
        transport = SmtpTransport(Relay("localhost", server.port, ca_file=certificates.authority))
        assert transport.deliver(ENVELOPE, MESSAGE, lambda: True).accepted
        transport.close()
    assert server.messages == [MESSAGE]


@pytest.mark.parametrize("offers", [(), CHUNKS])
def test_before_dot_comes_before_the_first_octet_of_the_message(offers: tuple[str, ...]) -> None:
    with ScriptedSmtp(offers=offers) as server:
        transport = to(server)

        def before_dot() -> bool:
            assert server.lines[-1].startswith("RCPT" if offers else "DATA")
            assert server.messages == []
            return True

        assert transport.deliver(ENVELOPE, MESSAGE, before_dot).accepted
        transport.close()


@pytest.mark.parametrize(
    "answers",
    [
        {"DOT": [Step(b"250 ok\r\n", "drop"), b"250 ok\r\n"]},  # closed while idle
        {"MAIL": [b"250 ok\r\n", DROP, b"250 ok\r\n"]},
        {"MAIL": [b"250 ok\r\n", Step(b"421 4.7.0 enough\r\n", "drop"), b"250 ok\r\n"], "offers": CHUNKS},
    ],
)
def test_before_dot_is_asked_once_even_when_the_connection_is_replaced(answers: dict) -> None:
    with ScriptedSmtp(**answers) as server:
        transport = to(server)
        asked: list[int] = []
        for _ in range(2):
            assert transport.deliver(ENVELOPE, MESSAGE, lambda: not asked.append(1)).accepted
        transport.close()
    assert server.sessions == 2
    assert len(server.messages) == len(asked) == 2


def test_a_connection_lost_at_the_dot_is_in_doubt() -> None:
    with ScriptedSmtp(DOT=DROP) as server:
        transport = to(server)
        attempt = transport.deliver(ENVELOPE, MESSAGE, lambda: True)
        transport.close()
    assert (attempt.phase, judge(attempt).outcome) == (Phase.DOT, Outcome.UNKNOWN)


def test_nobody_listening() -> None:
    with ScriptedSmtp() as server:
        transport = to(server)
    assert transport.deliver(ENVELOPE, MESSAGE, lambda: True).phase is Phase.CONNECT
    transport.close()


def test_close_leaves_no_thread_behind_whether_or_not_it_was_used() -> None:
    before = threading.active_count()
    with ScriptedSmtp() as server:
        transport = to(server)
        transport.close()
        transport = to(server)
        transport.deliver(ENVELOPE, MESSAGE, lambda: True)
        transport.close()
        transport.close()
    assert threading.active_count() == before
