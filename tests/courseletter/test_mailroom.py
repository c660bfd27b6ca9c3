"""The mailroom: what it opens, and that a look into the mailbox never ends it."""

import smtplib
import socket
import threading
from collections import Counter
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from certificates import Certificates
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)
from school import KEY, School
from sqlalchemy import select

from courseletter.clock import MovableClock
from courseletter.config import BouncesSettings, MailboxSettings, Settings, SmtpSettings
from courseletter.errors import ConfigError, CourseletterError
from courseletter.installation import Installation, create_keys, open_installation
from courseletter.mailroom import Mailroom, look_once
from sender.bounces.intake import Intake
from sender.bounces.listener import BounceListener
from sender.bounces.mailboxes import Account, ImapMailbox, Pop3Mailbox
from sender.bounces.recording import Effect
from sender.instance import FILE_NAME
from sender.mailbox import LocalMailbox
from subscribers.models import Membership


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    opened = open_installation(Settings(home=tmp_path, secret_key="0123456789abcdef0123456789abcdef"))
    opened.database.upgrade()
    return opened


def with_mailbox(installation: Installation, **settings: object) -> Installation:
    mailbox = MailboxSettings.model_validate(
        {"host": "imap.example.org", "username": "bounces", "password": "secret", **settings}
    )
    return replace(installation, settings=installation.settings.model_copy(update={"mailbox": mailbox}))


def test_without_settings_nothing_is_opened(installation: Installation) -> None:
    threads = threading.active_count()
    with Mailroom(installation):
        assert threading.active_count() == threads
    assert installation.bounce_mailbox() is None
    assert installation.bounce_listener(installation.intake()) is None


@pytest.mark.parametrize(
    ("protocol", "security", "kind", "port"),
    [
        ("imap", "tls", ImapMailbox, 993),
        ("imap", "starttls", ImapMailbox, 143),
        ("pop3", "tls", Pop3Mailbox, 995),
        ("pop3", "none", Pop3Mailbox, 110),
    ],
)
def test_a_mailbox_has_its_usual_port(
    installation: Installation, protocol: str, security: str, kind: type, port: int
) -> None:
    mailbox = with_mailbox(installation, protocol=protocol, security=security).bounce_mailbox()
    assert isinstance(mailbox, kind)
    assert mailbox._account == Account("imap.example.org", port, security, "bounces", "secret")


def test_the_dns_names_the_host_that_takes_bounces(installation: Installation) -> None:
    bounces = BouncesSettings(host_name="mx.example.org", listen_port=2525)
    settings = installation.settings.model_copy(update={"bounces": bounces})
    create_keys(settings)
    records = [str(one) for one in replace(installation, settings=settings).dns_records()]
    assert any(record.endswith("MX 10 mx.example.org") for record in records)


def listening_with(installation: Installation, **bounces: str) -> BounceListener | None:
    settings = BouncesSettings.model_validate({"listen_port": 2525, **bounces})
    told = installation.settings.model_copy(update={"bounces": settings})
    return replace(installation, settings=told).bounce_listener(installation.intake())


def test_the_listener_offers_tls_with_the_certificate_that_is_set(
    installation: Installation, certificates: Certificates
) -> None:
    pem = (certificates.authority.parent / "server.pem").read_text()
    key, _, chain = pem.partition("-----BEGIN CERTIFICATE-----")
    home = installation.settings.home
    (home / "both.pem").write_text(pem)
    (home / "chain.pem").write_text(f"-----BEGIN CERTIFICATE-----{chain}")
    (home / "key.pem").write_text(key)
    for files in (
        {"certificate": "both.pem"},
        {"certificate": str(home / "chain.pem"), "certificate_key": "key.pem"},
    ):
        listener = listening_with(installation, **files)
        assert listener is not None
        assert listener._tls is not None
    without = listening_with(installation)
    assert without is not None
    assert without._tls is None


@pytest.mark.parametrize("files", ["missing", "not PEM", "without a key", "encrypted key"])
def test_a_certificate_that_cannot_be_used_is_said(
    installation: Installation, certificates: Certificates, files: str
) -> None:
    pem = (certificates.authority.parent / "server.pem").read_bytes()
    key, begin, chain = pem.partition(b"-----BEGIN CERTIFICATE-----")
    secret = load_pem_private_key(key, None).private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret")
    )
    content = {"not PEM": b"x", "without a key": begin + chain, "encrypted key": secret + begin + chain}
    if files in content:
        (installation.settings.home / "server.pem").write_bytes(content[files])
    with pytest.raises(ConfigError, match=r"bounces\.certificate: .*\.pem cannot be used: .* Give a PEM"):
        listening_with(installation, certificate="server.pem")


class Box:
    def __init__(self, answer: Counter[Effect] | Exception) -> None:
        self._answer = answer

    def poll(self, intake: Intake) -> Counter[Effect]:
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Counter({Effect.SUPPRESSED: 2}), "suppressed"),
        (CourseletterError("no such host"), "no such host"),
        (RuntimeError("database is locked"), "the next look goes on"),
    ],
)
def test_a_look_tells_what_it_found_and_survives_what_it_did_not(
    installation: Installation,
    caplog: pytest.LogCaptureFixture,
    answer: Counter[Effect] | Exception,
    said: str,
) -> None:
    with caplog.at_level("INFO"):
        look_once(installation, Box(answer), installation.intake())
    assert said in caplog.text


def test_r25_a_copy_of_the_database_leaves_the_originals_mailbox_alone(
    installation: Installation, caplog: pytest.LogCaptureFixture
) -> None:
    """It knows the same deliveries, and would delete what came back to the original."""
    look_once(installation, Box(Counter()), installation.intake())
    (installation.settings.home / FILE_NAME).unlink()
    look_once(installation, Box(RuntimeError("must not be read")), installation.intake())
    assert "The bounce mailbox is left alone: the data folder does not know this database" in caplog.text
    assert "must not be read" not in caplog.text


@pytest.mark.parametrize("listening", [True, False])
def test_readers_may_leave_by_mail_where_it_is_read(tmp_path: Path, now: datetime, listening: bool) -> None:
    bounces = BouncesSettings(listen_port=free_port() if listening else None)
    with LocalMailbox(tmp_path / "mails") as box:
        smtp = SmtpSettings(host=box.host, port=box.port, security="none")
        settings = Settings(home=tmp_path, secret_key=KEY.decode(), smtp=smtp, bounces=bounces)
        create_keys(settings)
        installation = open_installation(settings, MovableClock(now))
        installation.database.upgrade()
        school = School(installation.database, now)
        school.enrol()
        school.mailer = installation.mailer()
        school.work()
        school.mailer.close()
        (mail,) = box.messages()
    header = next(value for name, value in mail.headers if name == "List-Unsubscribe")
    assert header.startswith("<http://127.0.0.1:8000/unsubscribe/")
    assert (", <mailto:u+1-1-" in header) == listening
    if listening:
        mailto = header.partition("<mailto:")[2].rstrip(">")
        with (
            Mailroom(installation),
            smtplib.SMTP("127.0.0.1", bounces.listen_port or 0, timeout=10) as client,
        ):
            to, _, subject = mailto.partition("?subject=")
            client.sendmail("ada@inbox.example.org", [to], f"Subject: {subject}\r\n\r\n")
        with installation.database.read() as session:
            assert [one.status for one in session.scalars(select(Membership))] == ["unsubscribed"]
    installation.database.close()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])
