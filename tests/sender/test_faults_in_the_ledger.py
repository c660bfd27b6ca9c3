"""Every fault of a relay, through the whole sender: what the ledger says then, and what becomes of it.

The server follows a script: it does one thing wrong, then all is well. The phases and verdicts of more such
cases are held by test_conversation.py.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from school import KEY, School
from scripted_smtp import DRIP, DROP, SILENCE, USUAL, Answer, Script, Step
from sqlalchemy import select
from talking import LOCAL, Talk, TalkingPool

from sender.bounces.models import Bounce
from sender.doubts import doubts
from sender.models import State
from sender.relay import Relay
from subscribers.suppression import is_suppressed

ADA = "ada@inbox.example.org"
LONG = 100_000  # octets: more than is written at once
ENCRYPTED = Relay("relay.example.org", 587)
WITH_PASSWORD = Relay("relay.example.org", 587, username="robin", password="secret")
LOCK_STEP, CHUNKS = (), ("PIPELINING", "CHUNKING")

HELLO = ["EHLO"]
SECURED = ["EHLO", "STARTTLS"]
KNOWN = ["EHLO", "STARTTLS", "EHLO", "AUTH"]
MAIL, RCPT, DATA = ["EHLO", "MAIL"], ["EHLO", "MAIL", "RCPT"], ["EHLO", "MAIL", "RCPT", "DATA"]
BDAT = ["EHLO", "MAIL", "RCPT", "BDAT"]


@dataclass(frozen=True)
class Fault:
    """`state` and `attempts` are the ledger's after the fault, `then` is the state when all is well again."""

    saw: list[str]  # the verbs that the server heard
    state: State
    attempts: int
    then: State = State.ACCEPTED
    script: dict[str, bytes | Step] = field(default_factory=dict)
    took: int = 0  # whole messages that the server got by then
    bounce: str = ""  # the kind that is written down
    relay: Relay = LOCAL
    handshake: str = ""
    offers: tuple[str, ...] = LOCK_STEP
    octets: int = 0
    rest: int = 1  # minutes that the relay is left alone


def fault(saw: list[str], state: State, attempts: int = 1, **more: Any) -> Fault:
    """What is no field of Fault is what the script answers, by verb."""
    fields = {name: more.pop(name) for name in list(more) if name in Fault.__dataclass_fields__}
    return Fault(saw, state, attempts, script=more, **fields)


DEFERRED, FAILED, UNKNOWN, ACCEPTED = State.DEFERRED, State.FAILED, State.UNKNOWN, State.ACCEPTED
FAULTS = {
    "greeting 421": fault([], DEFERRED, 0, GREETING=b"421 4.3.2 busy\r\n"),
    "greeting 554": fault([], DEFERRED, 0, GREETING=b"554 5.3.2 no service\r\n"),
    "greeting silence": fault([], DEFERRED, 0, GREETING=SILENCE),
    "EHLO 502": fault(["EHLO", "HELO", *DATA[1:]], ACCEPTED, EHLO=b"502 5.5.1 what?\r\n", took=1),
    "EHLO 502, TLS wanted": fault(HELLO, DEFERRED, 0, EHLO=b"502 5.5.1 what?\r\n", relay=ENCRYPTED, rest=30),
    "STARTTLS 454": fault(SECURED, DEFERRED, 0, STARTTLS=b"454 4.7.0 not now\r\n", relay=ENCRYPTED),
    "STARTTLS stripped": fault(HELLO, DEFERRED, 0, EHLO=b"250 stripped\r\n", relay=ENCRYPTED),
    "bad certificate": fault(SECURED, DEFERRED, 0, handshake="TLS failed: expired", relay=ENCRYPTED),
    "injected before TLS": fault(
        SECURED, DEFERRED, 0, STARTTLS=b"220 go\r\n250 injected\r\n", relay=ENCRYPTED
    ),
    "AUTH 454": fault(KNOWN, DEFERRED, 0, AUTH=b"454 4.7.0 later\r\n", relay=WITH_PASSWORD),
    "AUTH 535": fault(KNOWN, DEFERRED, 0, AUTH=b"535 5.7.8 wrong\r\n", relay=WITH_PASSWORD, rest=30),
    "MAIL 451": fault(MAIL, DEFERRED, MAIL=b"451 4.3.0 later\r\n"),
    "MAIL 550": fault(MAIL, DEFERRED, 0, MAIL=b"550 5.7.1 not you\r\n", rest=30),
    "RCPT 450": fault(RCPT, DEFERRED, RCPT=b"450 4.2.0 greylisted\r\n"),
    "RCPT 421": fault(RCPT, DEFERRED, 0, RCPT=b"421 4.3.2 closing\r\n"),
    "RCPT 550": fault(RCPT, FAILED, then=FAILED, bounce="hard", RCPT=b"550 5.1.1 nobody\r\n"),
    "RCPT 552": fault(RCPT, FAILED, then=FAILED, bounce="soft", RCPT=b"552 5.2.2 full\r\n"),
    "DATA 451": fault(DATA, DEFERRED, DATA=b"451 4.3.0 later\r\n"),
    "DATA 554": fault(DATA, FAILED, then=FAILED, DATA=b"554 5.5.1 no\r\n"),
    "drop in a long message": fault(DATA, DEFERRED, BODY=DROP, octets=LONG),
    "drop in a long chunk": fault(BDAT, DEFERRED, BODY=DROP, octets=LONG, offers=CHUNKS),
    "drop in a short message": fault(DATA, UNKNOWN, BODY=DROP),
    "drop at the dot": fault(DATA, UNKNOWN, DOT=DROP, took=1),
    "drop after the last chunk": fault(BDAT, UNKNOWN, DOT=DROP, took=1, offers=CHUNKS),
    "250 held": fault(DATA, UNKNOWN, DOT=SILENCE, took=1),
    "partial 250-": fault(DATA, UNKNOWN, DOT=Step(b"250-2.0.0 que", "drop"), took=1),
    "garbage": fault(DATA, UNKNOWN, DOT=b"\x00\xff\r\n", took=1),
    "250 then reset": fault(DATA, ACCEPTED, DOT=Step(b"250 2.0.0 ok\r\n", "reset"), took=1),
    "one octet a second": fault(DATA, UNKNOWN, DOT=DRIP, took=1),
    "the same before the dot": fault(RCPT, DEFERRED, RCPT=DRIP),
}


@pytest.mark.parametrize("name", FAULTS)
def test_the_ledger_knows_what_the_relay_did(school: School, name: str) -> None:
    one = FAULTS[name]
    script, talk = _send_through(school, one)
    enrolment = school.enrol(ADA)
    school.work()
    (row,) = school.deliveries()
    assert (row.state, row.attempts) == (one.state, one.attempts), row.reply
    assert script.verbs() == one.saw
    assert len(script.messages) == one.took
    assert len(school.change(doubts)) == (one.state == UNKNOWN)
    assert school.change(lambda session: session.scalar(select(Bounce.kind))) == (one.bounce or None)
    assert school.change(lambda session: is_suppressed(session, KEY, ADA)) == (one.bounce == "hard")
    assert school.enrolment(enrolment).state == ("left" if one.bounce == "hard" else "active")
    if one.state in (DEFERRED, UNKNOWN):
        first, last = (30, 30) if one.state == UNKNOWN else (4, 6) if one.attempts else (one.rest, one.rest)
        assert timedelta(minutes=first) <= row.due_at - school.clock.now() <= timedelta(minutes=last)

    talk.handshake = ""
    school.clock.move_to(school.clock.now() + timedelta(minutes=31))
    school.work()
    school.mailer.close()
    (row,) = school.deliveries()
    assert row.state == one.then
    copies = len(script.messages)
    assert copies == (one.then == ACCEPTED) + (one.took if one.state == UNKNOWN else 0)
    assert len(set(script.messages)) <= 1, "every attempt has the same octets"


def _send_through(school: School, fault: Fault) -> tuple[Script, Talk]:
    told: dict[str, Answer] = {verb: [bad, USUAL] for verb, bad in fault.script.items()}
    encrypts = fault.relay is not LOCAL
    script = Script(offers=(*fault.offers, "AUTH PLAIN"), encrypts=encrypts, **told)
    talk = Talk(script, fault.relay, handshake=fault.handshake)

    def passed(seconds: float) -> None:
        school.clock.move_to(school.clock.now() + timedelta(seconds=seconds))

    school.open_pool = lambda report: TalkingPool(talk, report, passed)  # type: ignore[assignment,method-assign,return-value]
    school.mailer = school.new_mailer()
    if fault.octets:
        school.swell(fault.octets)
    return script, talk
