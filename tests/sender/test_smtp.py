"""The SMTP client against a server that misbehaves in every phase: how far it came, and what that means."""

import re
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from scripted_smtp import DRIP, DROP, RESET, SILENCE, Certificates, ScriptedSmtp, Step, make_certificates

from courseletter.errors import CourseletterError, InvalidInput
from sender.replies import Outcome, judge
from sender.smtp import Attempt, Envelope, Phase, Relay, SmtpTransport, Timeouts

PATIENT = Timeouts(connect=10, greeting=10, command=10, data=10, block=10, dot=10, quit=1)
QUICK = 0.15
ENVELOPE = Envelope("b+7-abc@bounces.example.org", "robin@example.net")
MESSAGE = b"Subject: hello\r\n\r\n.\r\n..two\r\nMAIL FROM:<x@y>\r\n.\r\n"
BIG = b"Subject: big\r\n\r\n" + b"x" * 70 + b"\r\n" * 2_000_000


def plain(server: ScriptedSmtp) -> Relay:
    return Relay("127.0.0.1", server.port, security="none")


def encrypted(server: ScriptedSmtp, certificates: Certificates, **more) -> Relay:
    return Relay("localhost", server.port, ca_file=certificates.authority, **more)


def send(
    relay: Relay,
    envelope: Envelope = ENVELOPE,
    message: bytes = MESSAGE,
    before_dot: Callable[[], bool] = lambda: True,
    timeouts: Timeouts = PATIENT,
) -> Attempt:
    transport = SmtpTransport(relay, timeouts)
    try:
        return transport.deliver(envelope, message, before_dot)
    finally:
        transport.close()


def flags(attempt: Attempt) -> set[str]:
    verdict = judge(attempt)
    names = ("pause_send", "suppress", "soft", "policy", "relay_trouble", "throttle")
    return {name for name in names if getattr(verdict, name)}


# what the server does | time-out made short | phase | outcome | flags
CASES = {
    "greeting 421": ({"GREETING": b"421 4.3.2 busy\r\n"}, None, "connect", "deferred", {"relay_trouble"}),
    "greeting 554": (
        {"GREETING": b"554 5.3.2 no service\r\n"},
        None,
        "connect",
        "deferred",
        {"relay_trouble"},
    ),
    "greeting silence": ({"GREETING": SILENCE}, "greeting", "connect", "deferred", {"relay_trouble"}),
    "greeting garbage": (
        {"GREETING": b"HTTP/1.1 400 Bad\r\n"},
        None,
        "connect",
        "deferred",
        {"relay_trouble"},
    ),
    "greeting dropped": ({"GREETING": DROP}, None, "connect", "deferred", {"relay_trouble"}),
    "EHLO 502": ({"EHLO": b"502 5.5.1 what\r\n"}, None, "ehlo", "deferred", {"pause_send"}),
    "EHLO 421": ({"EHLO": b"421 4.7.0 later\r\n"}, None, "ehlo", "deferred", {"relay_trouble", "throttle"}),
    "EHLO endless": ({"EHLO": b"250-x\r\n" * 100_000}, None, "ehlo", "deferred", {"relay_trouble"}),
    "EHLO long line": ({"EHLO": b"250 " + b"x" * 10_000_000}, None, "ehlo", "deferred", {"relay_trouble"}),
    "MAIL 451": ({"MAIL": b"451 4.3.0 later\r\n"}, None, "mail", "deferred", set()),
    "MAIL 550": ({"MAIL": b"550 5.7.1 not you\r\n"}, None, "mail", "deferred", {"pause_send"}),
    "MAIL dropped": ({"MAIL": DROP}, None, "mail", "deferred", set()),
    "MAIL silence": ({"MAIL": SILENCE}, "command", "mail", "deferred", set()),
    "RCPT 450": ({"RCPT": b"450 4.2.0 greylisted\r\n"}, None, "rcpt", "deferred", set()),
    "RCPT 450 throttled": ({"RCPT": b"450 4.7.1 slow\r\n"}, None, "rcpt", "deferred", {"throttle"}),
    "RCPT 421": ({"RCPT": b"421 4.3.2 closing\r\n"}, None, "rcpt", "deferred", {"relay_trouble"}),
    "RCPT 550": ({"RCPT": b"550 5.1.1 nobody\r\n"}, None, "rcpt", "failed", {"suppress"}),
    "RCPT 552": ({"RCPT": b"552 5.2.2 full\r\n"}, None, "rcpt", "failed", {"soft"}),
    "RCPT 554": ({"RCPT": b"554 5.7.1 blocked\r\n"}, None, "rcpt", "failed", {"policy"}),
    "RCPT code mix": ({"RCPT": b"250-a\r\n550 b\r\n"}, None, "rcpt", "deferred", set()),
    "RCPT 354": ({"RCPT": b"354 eager\r\n"}, None, "rcpt", "deferred", set()),
    "RCPT two replies": ({"RCPT": b"250 ok\r\n354 go\r\n"}, None, "data", "deferred", set()),
    "DATA 451": ({"DATA": b"451 4.3.0 later\r\n"}, None, "data", "deferred", set()),
    "DATA 554": ({"DATA": b"554 5.5.1 no\r\n"}, None, "data", "failed", {"policy"}),
    "DATA 250": ({"DATA": b"250 already?\r\n"}, None, "data", "deferred", set()),
    "DATA silence": ({"DATA": SILENCE}, "data", "data", "deferred", set()),
    "DOT 250": ({}, None, "dot", "accepted", set()),
    "DOT 451": ({"DOT": b"451 4.3.0 later\r\n"}, None, "dot", "deferred", set()),
    "DOT 421": ({"DOT": b"421 4.3.2 closing\r\n"}, None, "dot", "deferred", {"relay_trouble"}),
    "DOT 554": ({"DOT": b"554 5.7.1 spam\r\n"}, None, "dot", "failed", {"policy"}),
    "DOT 354": ({"DOT": b"354 more?\r\n"}, None, "dot", "unknown", set()),
    "DOT dropped": ({"DOT": DROP}, None, "dot", "unknown", set()),
    "DOT reset": ({"DOT": RESET}, None, "dot", "unknown", set()),
    "DOT held": ({"DOT": SILENCE}, "dot", "dot", "unknown", set()),
    "DOT partial": ({"DOT": Step(b"250-2.0.0 que", "drop")}, None, "dot", "unknown", set()),
    "DOT partial lines": ({"DOT": Step(b"250-2.0.0 queued\r\n", "silence")}, "dot", "dot", "unknown", set()),
    "DOT drip": ({"DOT": DRIP}, "dot", "dot", "unknown", set()),
    "DOT garbage": ({"DOT": b"\x00\xff\r\n"}, None, "dot", "unknown", set()),
    "DOT 250 then reset": ({"DOT": Step(b"250 2.0.0 ok\r\n", "reset")}, None, "dot", "accepted", set()),
}


@pytest.mark.parametrize("name", CASES)
def test_phase_and_verdict(name: str) -> None:
    script, short, phase, outcome, expected_flags = CASES[name]
    timeouts = replace(PATIENT, **{short: QUICK}) if short else PATIENT
    with ScriptedSmtp(**script) as server:
        attempt = send(plain(server), timeouts=timeouts)
        assert attempt.phase == phase, attempt
        assert judge(attempt).outcome == outcome
        assert flags(attempt) == expected_flags
    # The message is complete at the server exactly when the dot was sent.
    assert len(server.messages) == (1 if phase == "dot" else 0)


def test_mid_data_drop_is_not_in_doubt() -> None:
    with ScriptedSmtp(BODY=DROP) as server:
        attempt = send(plain(server), message=BIG)
    assert attempt.phase is Phase.DATA
    assert judge(attempt).outcome is Outcome.DEFERRED
    assert server.messages == []


def test_refusal_in_the_middle_of_the_body_is_heard_and_the_connection_dropped() -> None:
    with ScriptedSmtp(BODY=Step(b"552 5.3.4 too big\r\n", "drop")) as server:
        transport = SmtpTransport(plain(server), PATIENT)
        attempt = transport.deliver(ENVELOPE, BIG, lambda: True)
        assert attempt.phase is Phase.DATA
        assert judge(attempt).outcome in (
            Outcome.FAILED,
            Outcome.DEFERRED,
        )  # the reply may be lost to a reset
        transport.deliver(ENVELOPE, MESSAGE, lambda: True)
        assert server.connections == 2
        transport.close()


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        (b"421 4.3.2 closing", Outcome.DEFERRED),
        (b"552 5.3.4 too big", Outcome.FAILED),
        (b"250 ok", Outcome.DEFERRED),
    ],
)
def test_a_reply_before_the_dot_keeps_the_message_out_of_doubt(reply: bytes, outcome: Outcome) -> None:
    with ScriptedSmtp(DATA=[b"354 go on\r\n" + reply + b"\r\n", b"354 go on\r\n"]) as server:
        transport = SmtpTransport(plain(server), PATIENT)
        attempt = transport.deliver(ENVELOPE, MESSAGE, lambda: True)
        assert attempt.phase is Phase.DATA
        assert judge(attempt).outcome is outcome
        assert transport.deliver(ENVELOPE, MESSAGE, lambda: True).accepted
        transport.close()
    assert server.connections == 2
    assert server.messages == [MESSAGE]


def test_replies_that_nobody_asked_for_end_the_conversation() -> None:
    with ScriptedSmtp(RCPT=b"250 ok\r\n354 go\r\n") as server:
        attempt = send(plain(server))
    assert attempt.error == "the relay sent a reply that nobody asked for"
    assert "DATA" not in server.lines


def test_nobody_listening_is_trouble_of_the_relay() -> None:
    with ScriptedSmtp() as server:
        relay = plain(server)
    attempt = send(relay)
    assert attempt.phase is Phase.CONNECT
    assert flags(attempt) == {"relay_trouble"}


def test_a_drip_of_octets_does_not_stretch_the_time_out() -> None:
    with ScriptedSmtp(RCPT=DRIP) as server:
        started = time.monotonic()
        attempt = send(plain(server), timeouts=replace(PATIENT, command=0.3))
        assert time.monotonic() - started < 3
    assert attempt.phase is Phase.RCPT
    assert attempt.error == "the relay did not answer in time"


@pytest.mark.parametrize(
    "hostile",
    [
        b"550-5.1.1 a\rb\x00\x1b[31m\r\n550 5.1.1 " + "naïve".encode() + b"\xff\r\n",
        b"550 5.1.1 " + b"y" * 60_000 + b"\r\n",
        b"550-5.1.1 z\r\n" * 3000 + b"550 5.1.1 end\r\n",
    ],
)
def test_hostile_reply_text_is_capped_and_printable(hostile: bytes) -> None:
    with ScriptedSmtp(RCPT=hostile) as server:
        attempt = send(plain(server))
    assert attempt.reply is not None
    assert attempt.reply.enhanced == "5.1.1"
    assert len(attempt.reply.text) <= 500
    assert attempt.reply.text.isascii()
    assert attempt.reply.text.isprintable()


# --- TLS and AUTH (REQUIREMENTS 10)


def test_r10_starttls_and_implicit_tls_deliver(certificates: Certificates) -> None:
    with ScriptedSmtp(tls=certificates.server) as server:
        assert send(encrypted(server, certificates)).accepted
        assert server.lines[1] == "STARTTLS"
    with ScriptedSmtp(tls=certificates.server, implicit=True) as server:
        assert send(encrypted(server, certificates, security="tls")).accepted


@pytest.mark.parametrize(
    "script",
    [
        {"STARTTLS": b"454 4.7.0 not now\r\n"},
        {"STARTTLS": b"502 5.5.1 what\r\n"},
        {"STARTTLS": Step(b"220 go\r\n", "drop")},
        {"STARTTLS": b"220 go\r\n250 injected\r\n"},
        {"EHLO": b"250-stripped\r\n250 AUTH PLAIN\r\n"},
    ],
)
def test_r10_without_tls_nothing_is_sent_and_it_defers(script: dict, certificates: Certificates) -> None:
    with ScriptedSmtp(tls=certificates.server, **script) as server:
        attempt = send(encrypted(server, certificates, username="robin", password="secret"))
    assert attempt.phase is Phase.STARTTLS
    assert judge(attempt).outcome is Outcome.DEFERRED
    assert judge(attempt).relay_trouble
    assert not judge(attempt).pause_send
    assert server.lines in (["EHLO [127.0.0.1]"], ["EHLO [127.0.0.1]", "STARTTLS"])
    assert ("STARTTLS" in server.lines) == ("STARTTLS" in script)


@pytest.mark.parametrize("fault", ["unknown authority", "other host"])
def test_r10_bad_certificate_defers(fault: str, certificates: Certificates, tmp_path: Path) -> None:
    shown = make_certificates(tmp_path, host="other.test", address="127.0.0.9")
    trusted = shown if fault == "other host" else certificates
    with ScriptedSmtp(tls=shown.server) as server:
        attempt = send(encrypted(server, trusted))
        assert attempt.phase is Phase.STARTTLS
        assert flags(attempt) == {"relay_trouble"}
        assert "TLS failed" in (attempt.error or "")
    assert not [line for line in server.lines if line.startswith("MAIL")]


def test_r10_what_was_offered_before_tls_is_forgotten(certificates: Certificates) -> None:
    # In the clear AUTH was offered; the encrypted EHLO offers none.
    hello = [b"250-x\r\n250-AUTH PLAIN\r\n250 STARTTLS\r\n", b"250 x\r\n"]
    with ScriptedSmtp(tls=certificates.server, EHLO=hello) as server:
        attempt = send(encrypted(server, certificates, username="robin", password="secret"))
    assert attempt.phase is Phase.AUTH
    assert attempt.error == "the relay does not offer AUTH PLAIN or LOGIN"


@pytest.mark.parametrize(
    ("offers", "more", "secrets"),
    [
        ("AUTH LOGIN PLAIN", {"password": "sécret"}, ["\0robin\0sécret"]),
        ("AUTH LOGIN", {"password": "sécret"}, ["robin", "sécret"]),
        ("AUTH PLAIN LOGIN", {"password": "s", "mechanism": "LOGIN"}, ["robin", "s"]),
        ("AUTH PLAIN XOAUTH2", {"token": lambda: "abc"}, ["user=robin\1auth=Bearer abc\1\1"]),
    ],
)
def test_auth_mechanisms(offers: str, more: dict, secrets: list[str], certificates: Certificates) -> None:
    with ScriptedSmtp(tls=certificates.server, offers=(offers,)) as server:
        assert send(encrypted(server, certificates, username="robin", **more)).accepted
    assert server.secrets == secrets


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (b"535 5.7.8 wrong password\r\n", {"pause_send"}),
        (b"454 4.7.0 temporary\r\n", {"relay_trouble", "throttle"}),
    ],
)
def test_auth_refused(answer: bytes, expected: set[str], certificates: Certificates) -> None:
    with ScriptedSmtp(tls=certificates.server, AUTH=answer) as server:
        attempt = send(encrypted(server, certificates, username="robin", password="secret"))
    assert attempt.phase is Phase.AUTH
    assert judge(attempt).outcome is Outcome.DEFERRED
    assert flags(attempt) == expected


def test_xoauth2_refusal_is_fetched_with_an_empty_line(certificates: Certificates) -> None:
    script: dict = {"AUTH": b"334 eyJzdGF0dXMiOiI0MDEifQ==\r\n", "": b"535 5.7.8 expired\r\n"}
    with ScriptedSmtp(tls=certificates.server, **script) as server:
        attempt = send(encrypted(server, certificates, username="robin", token=lambda: "old"))
    assert attempt.reply is not None
    assert attempt.reply.code == 535


def test_no_token_defers(certificates: Certificates) -> None:
    def no_token() -> str:
        raise CourseletterError("the token endpoint is down")

    with ScriptedSmtp(tls=certificates.server) as server:
        attempt = send(encrypted(server, certificates, username="robin", token=no_token))
    assert (attempt.phase, attempt.reply) == (Phase.AUTH, None)


@pytest.mark.parametrize(
    ("field", "settings"),
    [
        ("security", {"host": "relay.example.org", "port": 25, "security": "none"}),
        ("username", {"host": "127.0.0.1", "port": 25, "security": "none", "username": "a", "password": "b"}),
        ("password", {"host": "relay.example.org", "port": 587, "username": "a"}),
        ("ehlo_name", {"host": "relay.example.org", "port": 587, "ehlo_name": "a\r\nMAIL FROM:<x@y>"}),
    ],
)
def test_r10_unsafe_relay_settings_are_refused_by_name(field: str, settings: dict) -> None:
    with pytest.raises(InvalidInput) as refusal:
        Relay(**settings)
    assert refusal.value.field == field


def test_a_relay_does_not_show_its_secrets() -> None:
    assert "hidden" not in repr(Relay("relay.example.org", 587, username="robin", password="hidden"))


def test_unreadable_ca_file_is_said() -> None:
    with pytest.raises(CourseletterError, match="CA file"):
        SmtpTransport(Relay("relay.example.org", 587, ca_file=Path("/nowhere/ca.pem")))


# --- Messages and envelopes (REQUIREMENTS 7 to 9)


def test_r07_dot_stuffed_as_one_message() -> None:
    with ScriptedSmtp() as server:
        assert send(plain(server)).accepted
    assert server.messages == [MESSAGE]
    assert server.wire[0].count(b"\r\n..") == 3
    assert len([line for line in server.lines if line.startswith("MAIL")]) == 1


@pytest.mark.parametrize("message", [b"a\r\n.\nMAIL FROM:<x@y>\r\n", b"a\rb\r\n", b"\n.\r\n", b"no end", b""])
def test_r07_bare_line_ends_are_refused_before_any_byte(message: bytes) -> None:
    with ScriptedSmtp() as server, pytest.raises(InvalidInput):
        send(plain(server), message=message)
    assert server.connections == 0


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


def test_null_return_path_is_allowed() -> None:
    with ScriptedSmtp() as server:
        assert send(plain(server), envelope=Envelope("", "robin@example.net")).accepted
    assert "MAIL FROM:<>" in server.lines


def test_r09_non_ascii_local_part_goes_only_where_smtputf8_is_offered() -> None:
    envelope = Envelope("b@example.org", "jürgen@example.org")
    with ScriptedSmtp() as server:
        assert send(plain(server), envelope=envelope).accepted
        assert "MAIL FROM:<b@example.org> BODY=8BITMIME SMTPUTF8" in server.lines
        assert "RCPT TO:<jürgen@example.org>" in server.lines
    with ScriptedSmtp(offers=("8BITMIME",)) as server:
        transport = SmtpTransport(plain(server), PATIENT)
        attempt = transport.deliver(envelope, MESSAGE, lambda: True)
        assert attempt.reply is not None
        assert attempt.reply.enhanced == "5.6.7"
        assert judge(attempt).outcome is Outcome.FAILED
        assert flags(attempt) == set()
        assert [line for line in server.lines if not line.startswith("EHLO")] == []
        assert transport.deliver(ENVELOPE, MESSAGE, lambda: True).accepted
        transport.close()
        assert server.connections == 1


# --- One connection for several messages


def test_connection_is_kept_and_rset_only_where_needed() -> None:
    script: dict = {"RCPT": [b"250 ok\r\n", b"250 ok\r\n", b"550 5.1.1 no\r\n", b"250 ok\r\n"]}
    with ScriptedSmtp(**script) as server:
        transport = SmtpTransport(plain(server), PATIENT)
        attempts = [transport.deliver(ENVELOPE, MESSAGE, lambda: True) for _ in range(4)]
        transport.close()
    assert [attempt.accepted for attempt in attempts] == [True, True, False, True]
    assert server.connections == 1
    assert server.lines.count("RSET") == 1
    assert server.lines[-1] == "QUIT"


@pytest.mark.parametrize(
    "script",
    [
        {"DOT": [Step(b"250 ok\r\n", "drop"), b"250 ok\r\n"]},  # closed while idle
        {"DOT": [Step(b"250 ok\r\n421 4.4.2 idle\r\n", "drop"), b"250 ok\r\n"]},
        {"MAIL": [b"250 ok\r\n", DROP, b"250 ok\r\n"]},
        {"MAIL": [b"250 ok\r\n", b"421 4.7.0 enough\r\n", b"250 ok\r\n"]},
    ],
)
def test_a_connection_gone_stale_is_opened_again_unseen(script: dict) -> None:
    with ScriptedSmtp(**script) as server:
        transport = SmtpTransport(plain(server), PATIENT)
        calls: list[int] = []
        for _ in range(2):
            assert transport.deliver(ENVELOPE, MESSAGE, lambda: not calls.append(1)).accepted
        transport.close()
    assert server.connections == 2
    assert len(server.messages) == len(calls) == 2


def test_failed_rset_opens_a_new_connection() -> None:
    script: dict = {"RCPT": [b"550 5.1.1 no\r\n", b"250 ok\r\n"], "RSET": b"500 what\r\n"}
    with ScriptedSmtp(**script) as server:
        transport = SmtpTransport(plain(server), PATIENT)
        assert not transport.deliver(ENVELOPE, MESSAGE, lambda: True).accepted
        assert transport.deliver(ENVELOPE, MESSAGE, lambda: True).accepted
        transport.close()
    assert server.connections == 2


def test_before_dot_comes_after_354_and_before_the_first_octet() -> None:
    with ScriptedSmtp() as server:

        def before_dot() -> bool:
            assert server.lines[-1] == "DATA"
            assert server.messages == []
            return True

        assert send(plain(server), before_dot=before_dot).accepted


def test_ehlo_name_is_given_or_the_address() -> None:
    with ScriptedSmtp() as server:
        send(plain(server))
        send(replace(plain(server), ehlo_name="mail.example.org"))
    hellos = [line for line in server.lines if line.startswith("EHLO")]
    assert hellos == ["EHLO [127.0.0.1]", "EHLO mail.example.org"]


def test_error_texts_are_one_line() -> None:
    with ScriptedSmtp(GREETING=b"\x1b]0;title\x07 nonsense\r\n") as server:
        attempt = send(plain(server))
    assert re.fullmatch(r"[ -~]+", attempt.error or "")
