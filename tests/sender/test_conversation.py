"""One SMTP connection with a server that misbehaves in every phase: how far it came, and what that means.

Every case is held in lock-step, with PIPELINING, with CHUNKING, and in full swing; what the server saw is
compared verb by verb, and the next message must go through.
"""

import re
from dataclasses import dataclass
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scripted_smtp import DEFAULTS, DRIP, DROP, RESET, SILENCE, Answer, Script, Step
from talking import ENVELOPE, LOCAL, MESSAGE, TIMEOUTS, Split, Talk, flags

from courseletter.errors import CourseletterError
from sender.conversation import Conversation
from sender.relay import Relay
from sender.replies import Outcome, judge
from sender.transport import Attempt, Envelope, Parcel, Phase

BIG = b"Subject: big\r\n\r\n" + (b"x" * 70 + b"\r\n") * 3000  # more than three blocks of 64 KiB
DATA_VERBS = ["EHLO", "MAIL", "RCPT", "DATA"]
BDAT_VERBS = ["EHLO", "MAIL", "RCPT", "BDAT"]


@dataclass(frozen=True)
class Mode:
    offers: tuple[str, ...]
    at_once: int  # verbs said in one write, after EHLO
    in_swing: bool = False  # a message went through just before

    @property
    def verbs(self) -> list[str]:
        return BDAT_VERBS if "CHUNKING" in self.offers else DATA_VERBS

    def script(self, **answers: bytes | Step) -> Script:
        """Each answer is given once, to the message under test; before and after it all is well."""
        told: dict[str, Answer] = {}
        for verb, answer in answers.items():
            good = DEFAULTS.get(verb, Step())
            told[verb] = [*([good] if self.in_swing else []), answer, good]
        return Script(offers=(*self.offers, "8BITMIME", "SMTPUTF8"), **told)

    def talk(self, script: Script) -> Talk:
        talk = Talk(script)
        if self.in_swing:
            assert talk.deliver().accepted
            script.lines[1:] = []  # EHLO stays
            script.messages.clear()
            talk.writes.clear()
        return talk


MODES = {
    "lock-step": Mode((), 1),
    "PIPELINING": Mode(("PIPELINING",), 3),
    "PIPELINING reused": Mode(("PIPELINING",), 3, True),
    "CHUNKING in lock-step": Mode(("CHUNKING",), 1),
    "CHUNKING": Mode(("CHUNKING", "PIPELINING"), 2),
    "CHUNKING in full swing": Mode(("CHUNKING", "PIPELINING"), 3, True),
}


@dataclass(frozen=True)
class Case:
    script: dict[str, bytes | Step]
    phase: str
    outcome: str
    flags: frozenset[str] = frozenset()
    wait: float | None = None  # the time-out that ran out
    doubtful: bool = False  # in doubt where the message had gone out along with it
    kept: bool = False  # the connection carries the next message


def case(phase: str, outcome: str, *flags: str, wait=None, doubtful=False, kept=False, **script) -> Case:
    return Case(script, phase, outcome, frozenset(flags), wait, doubtful, kept)


def refused(phase: str, outcome: str, *flags: str, **script) -> Case:
    return case(phase, outcome, *flags, kept=True, **script)


CASES = {
    "MAIL 451": refused("mail", "deferred", MAIL=b"451 4.3.0 later\r\n"),
    "MAIL 550": refused("mail", "deferred", "pause_send", MAIL=b"550 5.7.1 not you\r\n"),
    "MAIL dropped": case("mail", "deferred", MAIL=DROP, doubtful=True),
    "MAIL silence": case("mail", "deferred", MAIL=SILENCE, wait=TIMEOUTS.command, doubtful=True),
    "MAIL garbage": case("mail", "deferred", MAIL=b"\xff\xfe\r\n", doubtful=True),
    "RCPT 450": refused("rcpt", "deferred", "soft", RCPT=b"450 4.2.0 greylisted\r\n"),
    "RCPT 450 throttled": refused("rcpt", "deferred", "throttle", RCPT=b"450 4.7.1 slow\r\n"),
    "RCPT 421": case("rcpt", "deferred", "relay_trouble", RCPT=b"421 4.3.2 closing\r\n"),
    "RCPT 550": refused("rcpt", "failed", "suppress", RCPT=b"550 5.1.1 nobody\r\n"),
    "RCPT 552": refused("rcpt", "failed", "soft", RCPT=b"552 5.2.2 full\r\n"),
    "RCPT 554": refused("rcpt", "failed", "policy", RCPT=b"554 5.7.1 blocked\r\n"),
    "RCPT 550 in two lines": refused(
        "rcpt", "failed", "suppress", RCPT=b"550-5.1.1 no\r\n550 5.1.1 body\r\n"
    ),
    "RCPT code mix": case("rcpt", "deferred", RCPT=b"550-a\r\n250 b\r\n", doubtful=True),
    "RCPT 354": case("rcpt", "deferred", RCPT=b"354 eager\r\n", doubtful=True),
    "RCPT dropped": case("rcpt", "deferred", RCPT=DROP, doubtful=True),
    "RCPT drip": case("rcpt", "deferred", RCPT=DRIP, wait=TIMEOUTS.command, doubtful=True),
    "DATA 451": refused("data", "deferred", DATA=b"451 4.3.0 later\r\n"),
    "DATA 554": refused("data", "failed", "policy", DATA=b"554 5.5.1 no\r\n"),
    "DATA 421": case("data", "deferred", "relay_trouble", DATA=b"421 4.3.2 closing\r\n"),
    "DATA 250": case("data", "deferred", DATA=b"250 already?\r\n"),
    "DATA silence": case("data", "deferred", DATA=SILENCE, wait=TIMEOUTS.data),
    "DATA dropped": case("data", "deferred", DATA=DROP),
    "DOT 250": case("dot", "accepted", kept=True, DOT=b"250 2.0.0 queued as 7\r\n"),
    "DOT 451": refused("dot", "deferred", DOT=b"451 4.3.0 later\r\n"),
    "DOT 421": case("dot", "deferred", "relay_trouble", DOT=b"421 4.3.2 closing\r\n"),
    "DOT 554": refused("dot", "failed", "policy", DOT=b"554 5.7.1 spam\r\n"),
    "DOT 354": case("dot", "unknown", DOT=b"354 more?\r\n"),
    "DOT dropped": case("dot", "unknown", DOT=DROP),
    "DOT reset": case("dot", "unknown", DOT=RESET),
    "DOT held": case("dot", "unknown", DOT=SILENCE, wait=TIMEOUTS.dot),
    "DOT partial": case("dot", "unknown", DOT=Step(b"250-2.0.0 que", "drop")),
    "DOT partial lines": case(
        "dot", "unknown", DOT=Step(b"250-2.0.0 queued\r\n", "silence"), wait=TIMEOUTS.dot
    ),
    "DOT drip": case("dot", "unknown", DOT=DRIP, wait=TIMEOUTS.dot),
    "DOT garbage": case("dot", "unknown", DOT=b"\x00\xff\r\n"),
    "DOT 250 then reset": case("dot", "accepted", DOT=Step(b"250 2.0.0 ok\r\n", "reset")),
    "DOT 250 then more": case("dot", "accepted", DOT=b"250 2.0.0 ok\r\n250 2.0.0 ok\r\n"),
}


def happens(name: str, mode: Mode) -> bool:
    """There is no DATA with CHUNKING; what ends a reused connection at MAIL is tried again unseen (below)."""
    stale = mode.in_swing and mode.verbs == DATA_VERBS and re.match(r"MAIL (dropped|silence|garbage)", name)
    return not stale and not (name.startswith("DATA") and "DATA" not in mode.verbs)


@pytest.mark.parametrize(("name", "mode"), [(n, m) for n in CASES for m in MODES if happens(n, MODES[m])])
def test_phase_verdict_and_what_the_server_saw(name: str, mode: str) -> None:
    case, how = CASES[name], MODES[mode]
    script = how.script(**case.script)
    talk = how.talk(script)
    attempt = talk.deliver()

    in_doubt = case.doubtful and how.in_swing and how.verbs == BDAT_VERBS
    expected = ("dot", "unknown") if in_doubt else (case.phase, case.outcome)
    assert (attempt.phase, judge(attempt).outcome) == expected, attempt
    assert flags(attempt) == case.flags
    assert talk.waits == ([] if case.wait is None else [case.wait])

    verb, answer = next(iter(case.script.items()))
    at = how.verbs.index(verb) if verb in how.verbs else 3
    hung_up = isinstance(answer, Step)
    together = at if hung_up or at > how.at_once else how.at_once
    assert script.verbs() == how.verbs[: together + 1]
    assert script.messages == [MESSAGE] * (verb == "DOT")

    # The next message goes through, after RSET only where the relay still holds this one's MAIL.
    script.lines.clear()
    assert talk.deliver().accepted
    assert script.messages[-1] == MESSAGE
    assert script.sessions == (1 if case.kept else 2)
    holds_mail = verb in ("RCPT", "DATA") or (verb == "DOT" and how.verbs == BDAT_VERBS)
    assert ("RSET" in script.verbs()) == (case.kept and holds_mail and not attempt.accepted)


# --- Before the first message

OPENING_CASES = {
    "greeting 421": case("connect", "deferred", "relay_trouble", GREETING=b"421 4.3.2 busy\r\n"),
    "greeting 554": case("connect", "deferred", "relay_trouble", GREETING=b"554 5.3.2 no service\r\n"),
    "greeting silence": case(
        "connect", "deferred", "relay_trouble", GREETING=SILENCE, wait=TIMEOUTS.greeting
    ),
    "greeting drip": case("connect", "deferred", "relay_trouble", GREETING=DRIP, wait=TIMEOUTS.greeting),
    "greeting garbage": case("connect", "deferred", "relay_trouble", GREETING=b"HTTP/1.1 400 Bad\r\n"),
    "greeting dropped": case("connect", "deferred", "relay_trouble", GREETING=DROP),
    "greeting twice": case("ehlo", "deferred", "relay_trouble", GREETING=b"220 a\r\n220 b\r\n"),
    "EHLO 421": case("ehlo", "deferred", "relay_trouble", "throttle", EHLO=b"421 4.7.0 later\r\n"),
    "EHLO 554": case("ehlo", "deferred", "pause_send", EHLO=b"554 5.7.1 not you\r\n"),
    "EHLO silence": case("ehlo", "deferred", "relay_trouble", EHLO=SILENCE, wait=TIMEOUTS.command),
    "EHLO endless": case("ehlo", "deferred", "relay_trouble", EHLO=b"250-x\r\n" * 100_000),
    "EHLO long line": case("ehlo", "deferred", "relay_trouble", EHLO=b"250 " + b"x" * 10_000_000),
}


@pytest.mark.parametrize("name", OPENING_CASES)
def test_an_opening_that_fails(name: str) -> None:
    case = OPENING_CASES[name]
    script = Script(**case.script)
    talk = Talk(script)
    attempt = talk.deliver()
    assert (attempt.phase, judge(attempt).outcome) == (case.phase, case.outcome)
    assert flags(attempt) == case.flags
    assert talk.waits == ([] if case.wait is None else [case.wait])
    assert script.lines == ([] if name.startswith("greeting") else ["EHLO [127.0.0.1]"])


def test_a_relay_that_knows_no_ehlo_is_told_helo() -> None:
    script = Script(EHLO=b"502 5.5.1 what?\r\n")
    assert Talk(script).deliver().accepted
    assert script.verbs() == ["EHLO", "HELO", "MAIL", "RCPT", "DATA"]
    script = Script(EHLO=b"500 what?\r\n", HELO=b"502 what?\r\n")
    assert flags(Talk(script).deliver()) == {"pause_send"}


def test_no_connection_in_time() -> None:
    talk = Conversation(Relay("relay.example.org", 587), TIMEOUTS)
    talk.send(Parcel(ENVELOPE, MESSAGE))
    assert talk.wait == TIMEOUTS.connect
    talk.timed_out()
    ending = talk.take_ending()
    assert ending is not None
    assert ending.attempt.error == "cannot connect to relay.example.org port 587: timed out"
    assert flags(ending.attempt) == {"relay_trouble"}


def test_ehlo_name_is_given_or_the_address() -> None:
    script = Script()
    Talk(script).deliver()
    Talk(script, Relay("127.0.0.1", 25, security="none", ehlo_name="mail.example.org")).deliver()
    hellos = [line for line in script.lines if line.startswith("EHLO")]
    assert hellos == ["EHLO [127.0.0.1]", "EHLO mail.example.org"]
    talk = Conversation(LOCAL, TIMEOUTS)
    talk.connected("::1")
    talk.received(b"220 hello\r\n")
    assert talk.to_write() == b"EHLO [IPv6:::1]\r\n"


# --- TLS and AUTH (REQUIREMENTS 10)

SECRET = {"username": "robin", "password": "secret"}


def encrypted(**more) -> Relay:
    return Relay("relay.example.org", 587, **more)


def test_r10_starttls_and_implicit_tls_deliver() -> None:
    script = Script(encrypts=True)
    assert Talk(script, encrypted()).deliver().accepted
    assert script.verbs()[:3] == ["EHLO", "STARTTLS", "EHLO"]
    script = Script()
    assert Talk(script, encrypted(security="tls")).deliver().accepted
    assert script.verbs()[:2] == ["EHLO", "MAIL"]


@pytest.mark.parametrize(
    ("answers", "seen"),
    [
        ({"STARTTLS": b"454 4.7.0 not now\r\n"}, ["EHLO", "STARTTLS"]),
        ({"STARTTLS": b"502 5.5.1 what\r\n"}, ["EHLO", "STARTTLS"]),
        ({"STARTTLS": DROP}, ["EHLO", "STARTTLS"]),
        ({"STARTTLS": Step(b"220 go\r\n", "drop")}, ["EHLO", "STARTTLS"]),
        ({"STARTTLS": b"220 go\r\n250 injected\r\n"}, ["EHLO", "STARTTLS"]),
        ({"STARTTLS": b"220 go\r\n2"}, ["EHLO", "STARTTLS"]),
        ({"EHLO": b"250-stripped\r\n250 AUTH PLAIN\r\n"}, ["EHLO"]),
    ],
)
def test_r10_without_tls_nothing_is_sent_and_it_defers(answers: dict, seen: list[str]) -> None:
    script = Script(encrypts=True, **answers)
    attempt = Talk(script, encrypted(**SECRET)).deliver()
    assert attempt.phase is Phase.STARTTLS
    assert judge(attempt).outcome is Outcome.DEFERRED
    assert judge(attempt).relay_trouble
    assert not judge(attempt).pause_send
    assert script.verbs() == seen


def test_r10_octets_that_come_while_tls_starts_end_the_conversation() -> None:
    script = Script(encrypts=True, STARTTLS=Step(b"220 go\r\n250 injected\r\n"))
    talk = Talk(script, encrypted(), split=lambda octets: octets.splitlines(keepends=True))
    attempt = talk.deliver()
    assert attempt.error == "the relay sent data between STARTTLS and the handshake"
    assert talk.conversation is not None
    assert not talk.conversation.wants_tls


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_r10_bad_certificate_defers(security: str) -> None:
    script = Script(encrypts=True)
    talk = Talk(
        script, encrypted(security=security, **SECRET), handshake="TLS failed: self-signed certificate"
    )
    attempt = talk.deliver()
    assert attempt == Attempt(Phase.STARTTLS, error="TLS failed: self-signed certificate")
    assert flags(attempt) == {"relay_trouble"}
    assert "MAIL" not in script.verbs()


def test_r10_what_was_offered_before_tls_is_forgotten() -> None:
    # In the clear AUTH was offered; the encrypted EHLO offers none.
    hello: list[bytes | Step] = [b"250-x\r\n250-AUTH PLAIN\r\n250 STARTTLS\r\n", b"250 x\r\n"]
    attempt = Talk(Script(encrypts=True, EHLO=hello), encrypted(**SECRET)).deliver()
    assert attempt.phase is Phase.AUTH
    assert attempt.error == "the relay does not offer AUTH PLAIN or LOGIN"
    assert flags(attempt) == {"relay_trouble"}


@pytest.mark.parametrize("more", [{}, {"security": "tls", **SECRET}])
def test_r10_without_ehlo_there_is_neither_tls_nor_auth(more: dict) -> None:
    script = Script(EHLO=b"502 5.5.1 what?\r\n")
    attempt = Talk(script, encrypted(**more)).deliver()
    assert flags(attempt) == {"pause_send"}
    assert (attempt.error or "").startswith("the relay knows no EHLO, so it can neither encrypt nor")
    assert script.verbs() == ["EHLO"]


@pytest.mark.parametrize(
    ("offers", "more", "secrets"),
    [
        ("AUTH LOGIN PLAIN", {"password": "sécret"}, ["\0robin\0sécret"]),
        ("AUTH LOGIN", {"password": "sécret"}, ["robin", "sécret"]),
        ("AUTH PLAIN LOGIN", {"password": "s", "mechanism": "LOGIN"}, ["robin", "s"]),
        ("AUTH PLAIN XOAUTH2", {"token": lambda: "abc"}, ["user=robin\1auth=Bearer abc\1\1"]),
    ],
)
def test_auth_mechanisms(offers: str, more: dict, secrets: list[str]) -> None:
    script = Script(encrypts=True, offers=(offers,))
    assert Talk(script, encrypted(username="robin", **more)).deliver().accepted
    assert script.secrets == secrets
    assert script.verbs()[:4] == ["EHLO", "STARTTLS", "EHLO", "AUTH"]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (b"535 5.7.8 wrong password\r\n", {"pause_send"}),
        (b"454 4.7.0 temporary\r\n", {"relay_trouble", "throttle"}),
    ],
)
def test_auth_refused(answer: bytes, expected: set[str]) -> None:
    script = Script(encrypts=True, AUTH=answer)
    attempt = Talk(script, encrypted(**SECRET)).deliver()
    assert attempt.phase is Phase.AUTH
    assert judge(attempt).outcome is Outcome.DEFERRED
    assert flags(attempt) == expected
    assert script.verbs()[-1] == "AUTH"


def test_xoauth2_refusal_is_fetched_with_an_empty_line() -> None:
    answers: dict = {"AUTH": b"334 eyJzdGF0dXMiOiI0MDEifQ==\r\n", "": b"535 5.7.8 expired\r\n"}
    script = Script(encrypts=True, **answers)
    attempt = Talk(script, encrypted(username="robin", token=lambda: "old")).deliver()
    assert attempt.reply is not None
    assert attempt.reply.code == 535


def test_no_token_defers() -> None:
    def no_token() -> str:
        raise CourseletterError("the token endpoint is down")

    attempt = Talk(Script(encrypts=True), encrypted(username="robin", token=no_token)).deliver()
    assert attempt == Attempt(Phase.AUTH, error="no access token for the relay: the token endpoint is down")


# --- In how few steps


@pytest.mark.parametrize("mode", MODES)
def test_writes(mode: str) -> None:
    how = MODES[mode]
    talk = how.talk(how.script())
    assert talk.deliver().accepted
    after_ehlo = talk.writes if how.in_swing else talk.writes[1:]
    said = [re.findall(rb"^(?:MAIL|RCPT|DATA|BDAT|Subject)", write, re.MULTILINE) for write in after_ehlo]
    assert (
        said
        == {
            "lock-step": [[b"MAIL"], [b"RCPT"], [b"DATA"], [b"Subject", b"MAIL"]],
            "PIPELINING": [[b"MAIL", b"RCPT", b"DATA"], [b"Subject", b"MAIL"]],
            "PIPELINING reused": [[b"MAIL", b"RCPT", b"DATA"], [b"Subject", b"MAIL"]],
            "CHUNKING in lock-step": [[b"MAIL"], [b"RCPT"], [b"BDAT", b"Subject", b"MAIL"]],
            "CHUNKING": [[b"MAIL", b"RCPT"], [b"BDAT", b"Subject", b"MAIL"]],
            "CHUNKING in full swing": [[b"MAIL", b"RCPT", b"BDAT", b"Subject", b"MAIL"]],
        }[mode]
    )  # the last MAIL is a line of the message


@pytest.mark.parametrize("mode", MODES)
def test_r07_dot_stuffed_only_where_a_dot_ends_the_message(mode: str) -> None:
    how = MODES[mode]
    script = how.script()
    talk = how.talk(script)
    message = b".begins\r\n" + MESSAGE
    assert talk.deliver(message).accepted
    assert script.messages == [message]
    assert script.wire[-1].count(b"\r\n..") == (1 if "BDAT" in how.verbs else 3)
    assert script.verbs().count("MAIL") == 1


@pytest.mark.parametrize("mode", ["lock-step", "PIPELINING"])
def test_a_canonical_message_is_not_searched_for_dots(mode: str) -> None:
    talk = Conversation(LOCAL, TIMEOUTS)
    talk.send(Parcel(ENVELOPE, b"a\r\n", canonical=True))
    talk.connected("127.0.0.1")
    said = b""
    for reply in (b"220 hi\r\n", b"250 hi\r\n", b"250 ok\r\n", b"250 ok\r\n", b"354 go\r\n"):
        talk.received(reply)
        said = talk.to_write()
    assert said == b"a\r\n.\r\n"


# --- A refused recipient, and what was said along with it


@pytest.mark.parametrize("mode", ["PIPELINING", "PIPELINING reused"])
@pytest.mark.parametrize(
    ("lone_dot", "sessions"),
    [(b"250 2.0.0 ok\r\n", 1), (b"554 5.5.1 no\r\n", 1), (SILENCE, 2), (DROP, 2), (b"\xff\r\n", 2)],
)
def test_a_relay_that_waits_for_a_message_to_nobody_gets_a_lone_dot(
    mode: str, lone_dot: bytes | Step, sessions: int
) -> None:
    how = MODES[mode]
    script = how.script(RCPT=b"550 5.1.1 nobody\r\n", DATA=b"354 go on\r\n")
    script.told["LONE DOT"] = [lone_dot]
    talk = how.talk(script)
    attempt = talk.deliver()
    assert attempt == Attempt(Phase.RCPT, reply=attempt.reply)
    assert flags(attempt) == {"suppress"}
    assert talk.writes[-1] == b".\r\n"
    assert script.messages == []
    assert talk.deliver().accepted
    assert "RSET" not in script.verbs()
    assert script.sessions == sessions


def test_a_relay_that_takes_a_chunk_for_nobody() -> None:
    how = MODES["CHUNKING in full swing"]
    script = how.script(RCPT=b"550 5.1.1 nobody\r\n")
    script.told["LONE DOT"] = [b"250 2.0.0 ok\r\n"]
    talk = how.talk(script)
    attempt = talk.deliver()
    assert (attempt.phase, flags(attempt)) == (Phase.RCPT, {"suppress"})
    assert script.messages == []
    assert talk.deliver().accepted
    assert "RSET" not in script.verbs()


def test_a_relay_that_refuses_mail_and_wants_the_message_does_not_get_it() -> None:
    how = MODES["PIPELINING"]
    script = how.script(MAIL=b"451 4.3.0 later\r\n", RCPT=b"250 ok\r\n", DATA=b"354 go on\r\n")
    attempt = how.talk(script).deliver()
    assert (attempt.phase, judge(attempt).outcome) == (Phase.MAIL, Outcome.DEFERRED)
    assert script.messages == []


def test_a_relay_that_refuses_mail_and_takes_the_message_leaves_it_in_doubt() -> None:
    how = MODES["CHUNKING in full swing"]
    script = how.script(MAIL=b"451 4.3.0 later\r\n", RCPT=b"250 ok\r\n", DOT=b"250 ok\r\n")
    attempt = how.talk(script).deliver()
    assert (attempt.phase, judge(attempt).outcome) == (Phase.DOT, Outcome.UNKNOWN)
    assert script.messages == [MESSAGE]


# --- Replies before their time


@pytest.mark.parametrize("mode", ["lock-step", "PIPELINING", "PIPELINING reused"])
@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        (b"421 4.3.2 closing", Outcome.DEFERRED),
        (b"552 5.3.4 too big", Outcome.FAILED),
        (b"250 ok", Outcome.DEFERRED),
    ],
)
@pytest.mark.parametrize("pieces", [1, 2])
def test_a_reply_before_the_dot_keeps_the_message_out_of_doubt(
    mode: str, reply: bytes, outcome: Outcome, pieces: int
) -> None:
    def split(octets: bytes) -> list[bytes]:
        return [octets[:-5], octets[-5:]] if pieces == 2 and reply in octets else [octets]

    how = MODES[mode]
    script = how.script(DATA=b"354 go on\r\n" + reply + b"\r\n")
    talk = how.talk(script)
    talk.split = split
    attempt = talk.deliver()
    assert (attempt.phase, judge(attempt).outcome) == (Phase.DATA, outcome)
    assert script.messages == []
    assert talk.deliver().accepted
    assert script.sessions == 2
    assert script.messages == [MESSAGE]


def test_replies_that_nobody_asked_for_end_the_conversation() -> None:
    script = Script(RCPT=b"250 ok\r\n354 go\r\n")
    attempt = Talk(script).deliver()
    assert attempt == Attempt(Phase.DATA, error="the relay sent a reply that nobody asked for")
    assert "DATA" not in script.verbs()


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("answer", [b"552 5.3.4 too big\r\n", Step(b"552 5.3.4 too big\r\n", "drop"), DROP])
def test_a_long_message_refused_in_its_midst_is_not_in_doubt(mode: str, answer: bytes | Step) -> None:
    how = MODES[mode]
    script = how.script(BODY=answer)
    talk = how.talk(script)
    attempt = talk.deliver(BIG)
    assert attempt.phase is Phase.DATA
    assert judge(attempt).outcome is (Outcome.DEFERRED if answer is DROP else Outcome.FAILED)
    assert sum(map(len, talk.writes)) < len(BIG)
    assert script.messages == []
    assert talk.deliver(BIG).accepted
    assert (script.sessions, script.messages) == (2, [BIG])


@pytest.mark.parametrize("mode", MODES)
def test_a_short_message_dropped_in_its_midst_is_in_doubt(mode: str) -> None:
    how = MODES[mode]
    attempt = how.talk(how.script(BODY=DROP)).deliver()  # it had all left, and nobody knows how far it came
    assert (attempt.phase, judge(attempt).outcome) == (Phase.DOT, Outcome.UNKNOWN)


# --- A relay that reads slowly


def in_the_midst(mode: str, message: bytes = MESSAGE) -> Conversation:
    """A conversation whose last octets have been written, but the transport says that they have not left."""
    how = MODES[mode]
    talk = how.talk(how.script())

    def stop_reading() -> bool:
        assert talk.conversation is not None
        talk.conversation.blocked()
        talk.deaf = True
        return True

    parcel = Parcel(ENVELOPE, message, may_send=stop_reading)
    if talk.conversation is None:
        talk.open(parcel)
    else:
        talk.conversation.send(parcel)
    assert talk.conversation is not None
    while not talk.deaf:
        if octets := talk.conversation.to_write():
            talk.perform(talk.session.hear(octets if not talk.deaf else b""))
    return talk.conversation


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("end", ["lost", "timed out", "refused", "taken?"])
def test_what_has_not_left_this_process_is_not_in_doubt(mode: str, end: str) -> None:
    talk = in_the_midst(mode, BIG)
    assert talk.to_write() == b""
    assert talk.wait == TIMEOUTS.block
    if end == "lost":
        talk.lost("connection lost")
    elif end == "timed out":
        talk.timed_out()
    else:
        talk.received(b"552 5.3.4 too big\r\n" if end == "refused" else b"250 2.0.0 ok\r\n")
    ending = talk.take_ending()
    assert ending is not None
    assert talk.over
    assert ending.attempt.phase is Phase.DATA
    assert judge(ending.attempt).outcome is (Outcome.FAILED if end == "refused" else Outcome.DEFERRED)


@pytest.mark.parametrize("mode", MODES)
def test_once_all_has_left_the_relay_has_its_time(mode: str) -> None:
    talk = in_the_midst(mode, BIG)
    turn = talk.turn
    talk.unblocked()
    assert talk.turn > turn
    assert talk.wait == TIMEOUTS.dot
    talk.timed_out()
    ending = talk.take_ending()
    assert ending is not None
    assert (ending.attempt.phase, judge(ending.attempt).outcome) == (Phase.DOT, Outcome.UNKNOWN)


def test_blocked_in_full_swing_it_is_as_if_nothing_had_been_said() -> None:
    talk = in_the_midst("CHUNKING in full swing")
    talk.lost("connection lost")
    ending = talk.take_ending()
    assert ending is not None
    assert ending.stale
    assert ending.attempt.phase is Phase.MAIL


def test_a_long_message_goes_out_block_by_block() -> None:
    talk = Talk(Script(offers=("PIPELINING",)))
    parcel = Parcel(ENVELOPE, BIG)
    talk.open(parcel)
    conversation = talk.conversation
    assert conversation is not None
    talk.perform(talk.session.hear(conversation.to_write()))  # EHLO
    talk.perform(talk.session.hear(conversation.to_write()))  # MAIL, RCPT, DATA
    blocks = 0
    while octets := conversation.to_write():
        blocks += 1
        assert len(octets) <= 64 * 1024
        conversation.blocked()
        assert conversation.to_write() == b""
        conversation.unblocked()
        talk.perform(talk.session.hear(octets))
    assert blocks == 4
    assert talk.script.messages == [BIG]


# --- May it be sent?


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("message", [MESSAGE, BIG], ids=["short", "long"])
def test_r22_what_may_not_be_sent_any_more_is_not(mode: str, message: bytes) -> None:
    how = MODES[mode]
    script = how.script()
    talk = how.talk(script)
    asked: list[int] = []
    attempt = talk.deliver(message, may_send=lambda: bool(asked.append(1)))
    assert attempt.abandoned
    assert judge(attempt).outcome is Outcome.ABANDONED
    assert asked == [1]
    assert script.messages == []
    assert b"".join(talk.writes).count(b"Subject") == (message == BIG)  # begun, but not ended
    script.lines.clear()
    assert talk.deliver().accepted
    kept = "BDAT" in how.verbs and message == MESSAGE
    assert script.sessions == (1 if kept else 2)
    # In full swing not even MAIL had been said.
    assert ("RSET" in script.verbs()) == (kept and not how.in_swing)
    assert script.messages == [MESSAGE]


@pytest.mark.parametrize("mode", MODES)
def test_r22_it_is_asked_when_everything_else_is_agreed(mode: str) -> None:
    how = MODES[mode]
    script = how.script()
    talk = how.talk(script)

    def may_send() -> bool:
        said = script.verbs()
        assert said == (["EHLO"] if how.at_once == 3 and "BDAT" in how.verbs else how.verbs[: len(said)])
        assert b"Subject" not in b"".join(talk.writes)
        return True

    assert talk.deliver(may_send=may_send).accepted


def test_may_send_that_raises_lets_nothing_out() -> None:
    def broken() -> bool:
        raise RuntimeError("no clock")

    talk = Talk(Script())
    with pytest.raises(RuntimeError):
        talk.deliver(may_send=broken)
    assert talk.conversation is not None
    talk.conversation.lost("the protocol's callback failed")  # as the event loop says then
    ending = talk.conversation.take_ending()
    assert ending is not None
    assert ending.attempt.phase is Phase.DATA
    assert talk.script.messages == []


# --- One connection for several messages


@pytest.mark.parametrize(
    "answers",
    [
        {"DOT": [Step(b"250 ok\r\n", "drop"), b"250 ok\r\n"]},  # closed while idle
        {"DOT": [b"250 ok\r\n421 4.4.2 idle\r\n", b"250 ok\r\n"]},
        {"DOT": [b"250 ok\r\n42", b"250 ok\r\n"]},
        {"MAIL": [b"250 ok\r\n", DROP, b"250 ok\r\n"]},
        {"MAIL": [b"250 ok\r\n", SILENCE, b"250 ok\r\n"]},
        {"MAIL": [b"250 ok\r\n", b"421 4.7.0 enough\r\n", b"250 ok\r\n"]},
    ],
)
@pytest.mark.parametrize("mode", ["lock-step", "PIPELINING", "CHUNKING"])
def test_a_connection_gone_stale_is_opened_again_unseen(answers: dict, mode: str) -> None:
    script = Script(offers=MODES[mode].offers, **answers)
    talk = Talk(script)
    assert talk.deliver().accepted
    if mode == "CHUNKING" and talk.conversation is not None:
        talk.conversation.timed_out()  # a rest: it is not in full swing any more
    assert talk.deliver().accepted
    assert script.sessions == 2
    assert len(script.messages) == 2


def test_421_to_the_next_mail_in_full_swing_is_unseen_too() -> None:
    script = Script(
        offers=("PIPELINING", "CHUNKING"),
        MAIL=[b"250 ok\r\n", Step(b"421 4.7.0 enough\r\n", "drop"), b"250 ok\r\n"],
    )
    talk = Talk(script)
    assert talk.deliver().accepted
    assert talk.deliver().accepted
    assert script.sessions == 2
    assert len(script.messages) == 2


def test_a_parcel_is_given_back_only_once() -> None:
    script = Script(MAIL=[b"250 ok\r\n", b"421 4.3.2 enough\r\n"])
    talk = Talk(script)
    assert talk.deliver().accepted
    attempt = talk.deliver()
    assert attempt.phase is Phase.MAIL
    assert flags(attempt) == {"relay_trouble"}
    assert script.sessions == 2


@pytest.mark.parametrize("mode", ["lock-step", "PIPELINING", "CHUNKING"])
def test_failed_rset_opens_a_new_connection(mode: str) -> None:
    script = Script(
        offers=MODES[mode].offers, RCPT=[b"550 5.1.1 no\r\n", b"250 ok\r\n"], RSET=b"500 what\r\n"
    )
    talk = Talk(script)
    assert not talk.deliver().accepted
    assert talk.deliver().accepted
    assert script.sessions == 2


def test_after_a_rest_the_relay_is_asked_before_it_is_sent_a_body_and_after_a_long_one_left_alone() -> None:
    script = Script(offers=("PIPELINING", "CHUNKING"))
    talk = Talk(script)
    talk.deliver()
    conversation = talk.conversation
    assert conversation is not None
    assert conversation.idle
    assert conversation.wait == TIMEOUTS.rest
    conversation.timed_out()
    assert conversation.idle
    assert conversation.wait == TIMEOUTS.idle
    talk.writes.clear()
    talk.deliver()
    assert len(talk.writes) == 2
    conversation.timed_out()
    conversation.timed_out()
    assert not conversation.idle
    assert conversation.to_write() == b"QUIT\r\n"
    assert conversation.wait == TIMEOUTS.quit
    conversation.received(b"221 bye\r\n")
    assert conversation.over


def test_quit_waits_for_what_is_on_its_way() -> None:
    script = Script()
    talk = Talk(script)
    parcel = Parcel(ENVELOPE, MESSAGE)
    talk.open(parcel)
    assert talk.conversation is not None
    talk.conversation.quit()
    talk.run()
    ending = talk.conversation.take_ending()
    assert ending is not None
    assert ending.attempt.accepted
    assert talk.conversation.over
    assert script.lines[-1] == "QUIT"


def test_an_idle_connection_that_says_goodbye_in_vain_ends() -> None:
    talk = Talk(Script(QUIT=SILENCE))
    talk.deliver()
    assert talk.conversation is not None
    talk.conversation.quit()
    talk.run()
    assert talk.conversation.over
    assert talk.waits == [TIMEOUTS.quit]


# --- Envelopes and hostile replies (REQUIREMENTS 7 to 9)


def test_null_return_path_is_allowed() -> None:
    script = Script()
    assert Talk(script).deliver(envelope=Envelope("", "robin@example.net")).accepted
    assert "MAIL FROM:<>" in script.lines


@pytest.mark.parametrize("mode", MODES)
def test_r09_non_ascii_local_part_goes_only_where_smtputf8_is_offered(mode: str) -> None:
    how = MODES[mode]
    envelope = Envelope("b@example.org", "jürgen@example.org")
    script = how.script()
    assert how.talk(script).deliver(envelope=envelope).accepted
    assert "MAIL FROM:<b@example.org> BODY=8BITMIME SMTPUTF8" in script.lines
    assert "RCPT TO:<jürgen@example.org>" in script.lines

    script = Script(offers=(*how.offers, "8BITMIME"))
    talk = Talk(script)
    attempt = talk.deliver(envelope=envelope)
    assert attempt.reply is not None
    assert attempt.reply.enhanced == "5.6.7"
    assert judge(attempt).outcome is Outcome.FAILED
    assert flags(attempt) == set()
    assert script.verbs() == ["EHLO"]
    assert talk.deliver().accepted
    assert talk.deliver(envelope=envelope).reply == attempt.reply  # on an idle connection as well
    assert script.sessions == 1


@pytest.mark.parametrize(
    "hostile",
    [
        b"550-5.1.1 a\rb\x00\x1b[31m\r\n550 5.1.1 " + "naïve".encode() + b"\xff\r\n",
        b"550 5.1.1 " + b"y" * 60_000 + b"\r\n",
        b"550-5.1.1 z\r\n" * 3000 + b"550 5.1.1 end\r\n",
    ],
)
def test_hostile_reply_text_is_capped_and_printable(hostile: bytes) -> None:
    attempt = Talk(Script(RCPT=hostile)).deliver()
    assert attempt.reply is not None
    assert attempt.reply.enhanced == "5.1.1"
    assert len(attempt.reply.text) <= 500
    assert attempt.reply.text.isascii()
    assert attempt.reply.text.isprintable()


def test_error_texts_are_one_line() -> None:
    attempt = Talk(Script(GREETING=b"\x1b]0;title\x07 nonsense\r\n")).deliver()
    assert re.fullmatch(r"[ -~]+", attempt.error or "")


# --- Whatever happens (hypothesis)

CODES = st.sampled_from([220, 235, 250, 250, 250, 251, 334, 354, 354, 421, 450, 451, 500, 503, 550, 552, 554])
REPLIES = st.builds(
    lambda code, lines, text: b"".join(
        b"%d%c%b\r\n" % (code, b" " if at == lines else b"-", text) for at in range(1, lines + 1)
    ),
    CODES,
    st.integers(1, 3),
    st.sampled_from([b"ok", b"5.1.1 no", b"2.0.0 " + b"x" * 200, b""]),
)
STEPS = st.builds(
    lambda octets: Step(octets, "drop" if octets.startswith(b"421") else "go on"), REPLIES
) | st.sampled_from([DROP, RESET, SILENCE, DRIP, Step(b"250 o", "drop"), Step(b"rubbish\r\n")])
VERBS = ("MAIL", "RCPT", "DATA", "DOT", "LONE DOT", "RSET")
# A server that refuses a message in its midst goes away: nothing that it might say then would be SMTP.
MIDST = st.sampled_from([DROP, RESET, SILENCE, Step(b"552 5.3.4 too big\r\n", "drop"), Step()])
ANSWERS = st.fixed_dictionaries(
    {},
    optional={verb: st.lists(STEPS, min_size=1, max_size=5) for verb in VERBS}
    | {"BODY": st.lists(MIDST, max_size=5)},
)
OFFERS = st.sets(st.sampled_from(["PIPELINING", "CHUNKING"])).map(tuple)


@given(OFFERS, ANSWERS, st.integers(0, 2**32))
def test_every_parcel_is_reported_once_and_never_wrongly(offers: tuple, answers: dict, seed: int) -> None:
    script = Script(offers=offers, **answers)
    talk = Talk(script, split=at_random(seed))
    for number in range(6):
        message = b"Subject: %d\r\n\r\n.\r\n" % number
        outcome = judge(talk.deliver(message)).outcome
        replies = [reply for reply, of in script.answered if of == message]
        taken = any(reply.startswith(b"2") for reply in replies)
        assert len(replies) <= 1
        if outcome is Outcome.ACCEPTED:
            assert taken
        if taken:
            assert outcome in (Outcome.ACCEPTED, Outcome.UNKNOWN)


@given(OFFERS, st.dictionaries(st.sampled_from(VERBS), REPLIES), st.integers(0, 2**32))
def test_it_does_not_matter_in_what_pieces_replies_arrive(offers: tuple, answers: dict, seed: int) -> None:
    def outcomes(split: Split) -> tuple[list[Attempt], list[str]]:
        script = Script(offers=offers, **{verb: [answer, DEFAULTS[verb]] for verb, answer in answers.items()})
        talk = Talk(script, split=split)
        return [talk.deliver() for _ in range(3)], script.lines

    whole = outcomes(lambda octets: [octets])
    assert outcomes(at_random(seed)) == whole
    assert outcomes(lambda octets: [bytes([octet]) for octet in octets]) == whole


def at_random(seed: int) -> Split:
    random = Random(seed)

    def split(octets: bytes) -> list[bytes]:
        cuts = sorted(random.choices(range(len(octets) + 1), k=random.randrange(4)))
        return [octets[start:end] for start, end in pairwise([0, *cuts, len(octets)])]

    return split
