"""The mailroom: what it opens, and that a look into the mailbox never ends it."""

import threading
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from courseletter.config import BouncesSettings, MailboxSettings, Settings
from courseletter.errors import CourseletterError
from courseletter.installation import Installation, create_keys, open_installation
from courseletter.mailroom import Mailroom, look_once
from sender.bounces.intake import Intake
from sender.bounces.mailboxes import Account, ImapMailbox, Pop3Mailbox
from sender.bounces.recording import Effect


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    return open_installation(Settings(home=tmp_path, secret_key="0123456789abcdef0123456789abcdef"))


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
        look_once(Box(answer), installation.intake())
    assert said in caplog.text
