"""The doctor's look at a relay: real sockets, real TLS."""

import socket

import pytest
from certificates import Certificates
from scripted_smtp import ScriptedSmtp

from sender.doctor.finding import Level
from sender.doctor.tls import look_at_relay
from sender.relay import Relay


def relay(port: int, certificates: Certificates, **details) -> Relay:
    details = {"security": "starttls", "ca_file": certificates.authority} | details
    return Relay("localhost", port, **details)


def test_r12_a_relay_with_tls_that_lets_us_in_is_well(certificates: Certificates) -> None:
    for implicit in (False, True):
        with ScriptedSmtp(tls=certificates.server, implicit=implicit) as server:
            asked = relay(
                server.port, certificates, security="tls" if implicit else "starttls",
                username="letters", password="secret",
            )  # fmt: skip
            found = look_at_relay("main", asked)
        assert found.level is Level.GOOD, found
        assert "TLSv1.3" in found.said
        assert server.messages == []
        assert "MAIL" not in server.verbs()


def test_r12_a_relay_without_tls_is_bad_and_hears_no_password(certificates: Certificates) -> None:
    with ScriptedSmtp() as server:
        found = look_at_relay("main", relay(server.port, certificates, username="letters", password="secret"))
    assert (found.level, "no STARTTLS" in found.said) == (Level.BAD, True)
    assert server.secrets == []


def test_r12_a_certificate_that_nobody_vouches_for_is_bad(certificates: Certificates) -> None:
    with ScriptedSmtp(tls=certificates.server) as server:
        found = look_at_relay("main", relay(server.port, certificates, ca_file=None))
    assert (found.level, "cannot be trusted" in found.said) == (Level.BAD, True), found


def test_r12_an_account_that_is_refused_is_bad(certificates: Certificates) -> None:
    with ScriptedSmtp(tls=certificates.server, AUTH=b"535 5.7.8 wrong password\r\n") as server:
        found = look_at_relay("main", relay(server.port, certificates, username="letters", password="secret"))
    assert (found.level, "535 5.7.8 wrong password" in found.said) == (Level.BAD, True), found


@pytest.mark.parametrize("answer", [b"421 4.3.2 busy\r\n", b"554 5.3.2 go away\r\n", b"garbage\r\n"])
def test_r12_a_relay_that_does_not_greet_is_not_reached(certificates: Certificates, answer: bytes) -> None:
    with ScriptedSmtp(GREETING=answer) as server:
        assert look_at_relay("main", relay(server.port, certificates)).level is Level.UNKNOWN
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    assert "cannot be reached" in look_at_relay("main", relay(port, certificates)).said
