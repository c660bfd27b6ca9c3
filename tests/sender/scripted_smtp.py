"""An SMTP server that follows a script: well-behaved but for the answers it was told to give."""

import base64
import socket
import ssl
import struct
import threading
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID


class _Hangup(Exception):
    pass


@dataclass(frozen=True)
class Step:
    """Say `octets`, then go on, or hang up, reset, say nothing more, or drip single octets for ever."""

    octets: bytes = b""
    then: str = "go on"


DROP = Step(then="drop")
RESET = Step(then="reset")
SILENCE = Step(then="silence")
DRIP = Step(b"250-", then="drip")

Answer = bytes | Step | list[bytes | Step]

DEFAULTS: dict[str, bytes] = {
    "GREETING": b"220 scripted.test ESMTP\r\n",
    "STARTTLS": b"220 2.0.0 go ahead\r\n",
    "AUTH": b"235 2.7.0 welcome\r\n",
    "MAIL": b"250 2.1.0 ok\r\n",
    "RCPT": b"250 2.1.5 ok\r\n",
    "RSET": b"250 2.0.0 ok\r\n",
    "DATA": b"354 go on\r\n",
    "DOT": b"250 2.0.0 queued\r\n",
    "QUIT": b"221 2.0.0 bye\r\n",
}


class ScriptedSmtp:
    """Answers by verb, e.g. `RCPT=b"550 5.1.1 no\\r\\n"`; a list gives its items in turn, the last for ever.

    BODY is what happens as soon as the first octets of the message are read, if anything.
    """

    def __init__(
        self,
        *,
        tls: ssl.SSLContext | None = None,
        implicit: bool = False,
        offers: tuple[str, ...] = ("8BITMIME", "SMTPUTF8", "AUTH PLAIN LOGIN XOAUTH2"),
        **answers: Answer,
    ) -> None:
        self.lines: list[str] = []  # every command line, as it came
        self.secrets: list[str] = []  # what was said to AUTH, decoded
        self.messages: list[bytes] = []  # complete ones, dot-stuffing undone
        self.wire: list[bytes] = []  # the same, as they came
        self.connections = 0
        self._tls, self._implicit, self._offers = tls, implicit, offers
        self._answers = {
            k: list(v) if isinstance(v, list) else [v] for k, v in {**DEFAULTS, **answers}.items()
        }
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._over = threading.Event()

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(self, *exc: object) -> None:
        self._over.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._open:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(5)

    def _start(self, target, *args) -> None:
        thread = threading.Thread(target=target, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self.connections += 1
                self._open.append(connection)
                self._start(self._serve, connection)

    def _serve(self, connection: socket.socket) -> None:
        session = _Session(self, connection)
        with suppress(OSError, _Hangup):
            session.run()
        with suppress(OSError):
            session.connection.close()


class _Session:
    def __init__(self, server: ScriptedSmtp, connection: socket.socket) -> None:
        self.server, self.connection = server, connection
        self.buffer = b""
        self.encrypted = False

    def run(self) -> None:
        if self.server._implicit:
            self.encrypt()
        self.answer("GREETING")
        while True:
            line = self.read_until(b"\r\n").decode("utf-8", "replace")
            self.server.lines.append(line)
            verb = line.partition(" ")[0].upper()
            if verb == "EHLO" and "EHLO" not in self.server._answers:
                self.connection.sendall(self.hello())
            elif verb == "AUTH" and self.server._answers["AUTH"] == [DEFAULTS["AUTH"]]:
                self.authenticate(line)
            elif verb == "DATA":
                if self.answer("DATA").startswith(b"354"):
                    self.read_message()
            else:
                said = self.answer(verb)
                if verb == "STARTTLS" and said.startswith(b"220"):
                    self.encrypt()
                if verb == "QUIT":
                    return

    def hello(self) -> bytes:
        offers = [*self.server._offers]
        if self.server._tls is not None and not self.encrypted:
            offers.append("STARTTLS")
        lines = ["scripted.test", *offers]
        return b"".join(
            f"250{' ' if at == len(lines) - 1 else '-'}{line}\r\n".encode() for at, line in enumerate(lines)
        )

    def authenticate(self, line: str) -> None:
        mechanism, _, initial = line.removeprefix("AUTH ").partition(" ")
        if mechanism == "LOGIN":
            for prompt in (b"334 VXNlcm5hbWU6\r\n", b"334 UGFzc3dvcmQ6\r\n"):
                self.connection.sendall(prompt)
                self.server.secrets.append(base64.b64decode(self.read_until(b"\r\n")).decode())
        else:
            self.server.secrets.append(base64.b64decode(initial).decode())
        self.answer("AUTH")

    def read_message(self) -> None:
        if "BODY" in self.server._answers:
            self.fill()
            self.answer("BODY")
        octets = b"\r\n" + self.buffer
        while b"\r\n.\r\n" not in octets:
            self.fill()
            octets = b"\r\n" + self.buffer
        body, _, self.buffer = octets.partition(b"\r\n.\r\n")
        body = body[2:] + b"\r\n"
        self.server.wire.append(body)
        self.server.messages.append(body.replace(b"\r\n..", b"\r\n.").removeprefix(b"."))
        self.answer("DOT")

    def answer(self, verb: str) -> bytes:
        answers = self.server._answers.get(verb, [b"502 5.5.1 what?\r\n"])
        step = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(step, bytes):
            step = Step(step)
        if step.octets:
            self.connection.sendall(step.octets)
        if step.then == "drip":
            while not self.server._over.wait(0.02):
                self.connection.sendall(b"x")
        if step.then == "silence":
            self.server._over.wait(10)
        if step.then == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        if step.then != "go on":
            raise _Hangup
        return step.octets

    def encrypt(self) -> None:
        assert self.server._tls is not None
        self.connection = self.server._tls.wrap_socket(self.connection, server_side=True)
        self.server._open.append(self.connection)
        self.encrypted = True

    def read_until(self, end: bytes) -> bytes:
        while end not in self.buffer:
            self.fill()
        line, _, self.buffer = self.buffer.partition(end)
        return line

    def fill(self) -> None:
        octets = self.connection.recv(65536)
        if not octets:
            raise _Hangup
        self.buffer += octets


@dataclass(frozen=True)
class Certificates:
    """An authority of our own and a server certificate of it."""

    authority: Path
    server: ssl.SSLContext


def make_certificates(folder: Path, host: str = "localhost", address: str = "127.0.0.1") -> Certificates:
    authority_key, server_key = (
        ec.generate_private_key(ec.SECP256R1()),
        ec.generate_private_key(ec.SECP256R1()),
    )
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test authority")])
    usage = {"digital_signature": True, "content_commitment": False, "key_encipherment": False}
    usage |= {"data_encipherment": False, "key_agreement": False, "crl_sign": True}
    usage |= {"encipher_only": False, "decipher_only": False}
    authority = (
        _certificate(issuer, issuer, authority_key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.KeyUsage(key_cert_sign=True, **usage), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(authority_key.public_key()), critical=False)
        .sign(authority_key, SHA256())
    )
    names = [x509.DNSName(host), x509.IPAddress(ip_address(address))]
    leaf = (
        _certificate(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)]), issuer, server_key)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()), critical=False
        )
        .sign(authority_key, SHA256())
    )
    (folder / "ca.pem").write_bytes(authority.public_bytes(Encoding.PEM))
    (folder / "server.pem").write_bytes(
        server_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        + leaf.public_bytes(Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem")
    return Certificates(folder / "ca.pem", context)


def _certificate(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
    )
