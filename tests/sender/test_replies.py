"""What every reply means, as a table."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sender.replies import Outcome, judge
from sender.transport import Attempt, Phase, Reply

FLAGS = ("pause_send", "suppress", "soft", "policy", "relay_trouble", "throttle")
FIRST = datetime(2025, 3, 3, 7, 0, tzinfo=UTC)

# phase | reply | outcome | flags
REPLIES = [
    ("connect", "421 4.3.2 busy", "deferred", "relay_trouble"),
    ("connect", "554 5.3.2 go away", "deferred", "relay_trouble"),
    ("ehlo", "502 5.5.1 what", "deferred", "pause_send"),
    ("ehlo", "421 4.3.2 busy", "deferred", "relay_trouble"),
    ("starttls", "454 4.7.0 no TLS now", "deferred", "relay_trouble throttle"),
    ("starttls", "502 5.5.1 what", "deferred", "relay_trouble"),
    ("auth", "535 5.7.8 wrong password", "deferred", "pause_send"),
    ("auth", "454 4.3.0 later", "deferred", "relay_trouble"),
    ("mail", "451 4.3.0 later", "deferred", ""),
    ("mail", "421 4.3.0 closing", "deferred", "relay_trouble"),
    ("mail", "550 5.7.1 sender refused", "deferred", "pause_send"),
    ("mail", "530 5.7.0 authenticate first", "deferred", "pause_send"),
    ("rcpt", "450 4.2.0 greylisted", "deferred", "soft"),
    ("rcpt", "450 4.7.1 slow down", "deferred", "throttle"),
    ("rcpt", "451 too many messages from you", "deferred", "throttle"),
    ("rcpt", "452 4.5.3 too many recipients", "deferred", "throttle"),
    ("rcpt", "452 4.2.2 mailbox full for now", "deferred", "soft"),
    ("rcpt", "421 4.7.28 rate limited", "deferred", "relay_trouble throttle"),
    ("rcpt", "550 5.1.1 nobody", "failed", "suppress"),
    ("rcpt", "550 5.1.2 no such host", "failed", "suppress"),
    ("rcpt", "553 5.1.3 bad syntax", "failed", "suppress"),
    ("rcpt", "551 5.1.6 moved", "failed", "suppress"),
    ("rcpt", "556 5.1.10 null MX", "failed", "suppress"),
    ("rcpt", "550 5.1.0 other address status", "failed", ""),
    ("rcpt", "550 5.1.8 bad sender", "failed", ""),
    ("rcpt", "552 5.2.2 mailbox full", "failed", "soft"),
    ("rcpt", "550 5.2.2 mailbox full", "failed", "soft"),
    ("rcpt", "552 mailbox full", "failed", "soft"),
    ("rcpt", "550 5.2.1 disabled", "failed", ""),
    ("rcpt", "553 5.6.7 no SMTPUTF8", "failed", ""),
    ("rcpt", "554 5.7.1 blocked", "failed", "policy"),
    ("rcpt", "550 no such user here", "failed", ""),
    ("rcpt", "450 5.1.1 says one thing and another", "deferred", "soft"),
    ("rcpt", "550 4.1.1 says one thing and another", "failed", ""),
    ("data", "451 4.3.0 later", "deferred", ""),
    ("data", "554 5.5.1 no", "failed", "policy"),
    ("dot", "250 2.0.0 queued", "accepted", ""),
    ("dot", "250 ok", "accepted", ""),
    ("dot", "451 4.3.0 later", "deferred", ""),
    ("dot", "421 4.3.2 closing", "deferred", "relay_trouble"),
    ("dot", "452 4.7.0 throttled", "deferred", "throttle"),
    ("dot", "550 5.1.1 nobody after all", "failed", "policy"),
    ("dot", "554 5.7.1 spam", "failed", "policy"),
    ("dot", "354 more?", "unknown", ""),
]

ERRORS = [
    ("connect", "deferred", "relay_trouble"),
    ("ehlo", "deferred", "relay_trouble"),
    ("starttls", "deferred", "relay_trouble"),
    ("auth", "deferred", "relay_trouble"),
    ("mail", "deferred", ""),
    ("rcpt", "deferred", ""),
    ("data", "deferred", ""),
    ("dot", "unknown", ""),
]


@pytest.mark.parametrize(("phase", "reply", "outcome", "flags"), REPLIES)
def test_every_reply_has_its_verdict(phase: str, reply: str, outcome: str, flags: str) -> None:
    code, _, text = reply.partition(" ")
    verdict = judge(Attempt(Phase(phase), reply=Reply.of(int(code), text)))
    assert verdict.outcome == outcome
    assert {name for name in FLAGS if getattr(verdict, name)} == set(flags.split())
    assert verdict.reason.startswith(code)
    trouble = verdict.relay_trouble or verdict.pause_send or verdict.outcome is Outcome.UNKNOWN
    assert verdict.relay_well is not trouble, "an answer about a message is a good sign of the relay"


@pytest.mark.parametrize(("phase", "outcome", "flags"), ERRORS)
def test_a_lost_connection_is_in_doubt_only_after_the_dot(phase: str, outcome: str, flags: str) -> None:
    verdict = judge(Attempt(Phase(phase), error="connection lost"))
    assert verdict.outcome == outcome
    assert {name for name in FLAGS if getattr(verdict, name)} == set(flags.split())
    assert verdict.reason == "connection lost"
    assert not verdict.relay_well


def test_abandoned_is_neither_failed_nor_deferred() -> None:
    verdict = judge(Attempt(Phase.DATA, abandoned=True))
    assert (verdict.outcome, verdict.relay_well) == (Outcome.ABANDONED, False)


@given(
    st.sampled_from(Phase),
    st.integers(200, 599),
    st.text(max_size=40) | st.from_regex(r"[245]\.\d\.\d+ x", fullmatch=True),
)
def test_only_a_2xx_at_the_dot_is_accepted_and_only_rcpt_suppresses(
    phase: Phase, code: int, text: str
) -> None:
    verdict = judge(Attempt(phase, reply=Reply.of(code, text)))
    assert (verdict.outcome is Outcome.ACCEPTED) == (phase is Phase.DOT and code < 300)
    assert (verdict.outcome is Outcome.UNKNOWN) == (phase is Phase.DOT and 300 <= code < 400)
    assert not verdict.suppress or (phase is Phase.RCPT and code >= 500)
    assert verdict.reason.isprintable()


def test_reply_reads_enhanced_codes() -> None:
    assert Reply.of(550, "5.01.10 null MX") == Reply(550, "5.1.10", "null MX")
    assert Reply.of(550, "5.1.1") == Reply(550, "5.1.1", "")
    assert Reply.of(550, "5.1.1.1 not one") == Reply(550, None, "5.1.1.1 not one")
    assert str(Reply.of(550, "5.1.1 nobody")) == "550 5.1.1 nobody"
