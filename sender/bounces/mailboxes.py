"""A mailbox where the bounces go, read by IMAP or POP3. It should be used for nothing else.

What concerned a delivery of ours is deleted once it is recorded; everything else stays for a person to read,
marked as seen where the protocol knows such a mark.
"""

import imaplib
import logging
import poplib
import ssl
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, Literal, Protocol

from courseletter.errors import CourseletterError
from sender.bounces.intake import Intake
from sender.bounces.mime import MOST_OCTETS
from sender.bounces.recording import Effect

_TIMEOUT: Final = 60.0  # seconds for one answer
_MOST_MAILS: Final = 500  # a poll; the rest waits for the next
_MOST_LINES: Final = 10_000  # of a mail over MOST_OCTETS that POP3 is asked for
_STAYS: Final = (Effect.FOREIGN, Effect.NOTHING)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Account:
    """Where the mailbox is. `folder` is IMAP's; `ca_file`: the authority to trust instead of the system's."""

    host: str
    port: int
    security: Literal["tls", "starttls", "none"]
    username: str
    password: str
    folder: str = "INBOX"
    ca_file: str | None = None


class Mailbox(Protocol):
    def poll(self, intake: Intake) -> Counter[Effect]:
        """Take in what is new. CourseletterError: the mailbox cannot be read; nothing is lost."""
        ...


class ImapMailbox:
    """RFC 3501. New is what is not \\Seen."""

    def __init__(self, account: Account) -> None:
        self._account = account

    def poll(self, intake: Intake) -> Counter[Effect]:
        effects: Counter[Effect] = Counter()
        with _explained(self._account), self._opened() as box:
            _expect(box.select(_quoted(self._account.folder)))
            unseen = _expect(box.uid("SEARCH", "UNSEEN"))[0] or b""
            for uid in unseen.decode("ascii").split()[:_MOST_MAILS]:
                effect = intake.take_mail(_imap_body(box, uid))
                effects[effect] += 1
                flag = r"(\Seen)" if effect in _STAYS else r"(\Seen \Deleted)"
                _expect(box.uid("STORE", uid, "+FLAGS.SILENT", flag))
            box.expunge()
        return effects

    @contextmanager
    def _opened(self) -> Iterator[imaplib.IMAP4]:
        account, context = self._account, _tls(self._account)
        if account.security == "tls":
            box: imaplib.IMAP4 = imaplib.IMAP4_SSL(
                account.host, account.port, ssl_context=context, timeout=_TIMEOUT
            )
        else:
            box = imaplib.IMAP4(account.host, account.port, timeout=_TIMEOUT)
        try:
            if account.security == "starttls":
                box.starttls(context)
            box.login(account.username, account.password)
            yield box
        finally:
            with suppress(imaplib.IMAP4.error, OSError):
                box.logout()


class Pop3Mailbox:
    """RFC 1939. New is what this process has not left there: the protocol keeps no marks."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._left: set[bytes] = set()

    def poll(self, intake: Intake) -> Counter[Effect]:
        effects: Counter[Effect] = Counter()
        with _explained(self._account), self._opened() as box:
            listed = dict(line.split(maxsplit=1) for line in box.uidl()[1])
            sizes = dict(line.split()[:2] for line in box.list()[1])
            self._left &= set(listed.values())
            new = [number for number, uid in listed.items() if uid not in self._left]
            for number in new[:_MOST_MAILS]:
                effect = intake.take_mail(self._body(box, number, listed[number], int(sizes.get(number, 0))))
                effects[effect] += 1
                if effect in _STAYS:
                    self._left.add(listed[number])
                else:
                    box.dele(int(number))
            box.quit()  # only now are they deleted
        return effects

    def _body(self, box: poplib.POP3, number: bytes, uid: bytes, size: int) -> bytes:
        try:
            reading = box.retr if size <= MOST_OCTETS else partial(box.top, howmuch=_MOST_LINES)
            return b"\r\n".join(reading(int(number))[1])
        except poplib.error_proto:  # a line that does not end, say: the next look passes it over
            self._left.add(uid)
            raise

    @contextmanager
    def _opened(self) -> Iterator[poplib.POP3]:
        account, context = self._account, _tls(self._account)
        if account.security == "tls":
            box: poplib.POP3 = poplib.POP3_SSL(account.host, account.port, timeout=_TIMEOUT, context=context)
        else:
            box = poplib.POP3(account.host, account.port, timeout=_TIMEOUT)
        try:
            if account.security == "starttls":
                box.stls(context)
            box.user(account.username)
            box.pass_(account.password)
            yield box
        finally:
            box.close()


def _imap_body(box: imaplib.IMAP4, uid: str) -> bytes:
    """The mail's first MOST_OCTETS; b"" for one that somebody has just deleted."""
    answer = _expect(box.uid("FETCH", uid, f"(BODY.PEEK[]<0.{MOST_OCTETS}>)"))
    return next((bytes(one[1]) for one in answer if isinstance(one, tuple)), b"")


def _expect(answer: tuple[str, list[Any]]) -> list[Any]:
    status, data = answer
    if status != "OK":
        raise imaplib.IMAP4.error(" ".join(str(one) for one in data))
    return data


def _quoted(folder: str) -> str:
    return '"' + folder.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _tls(account: Account) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=account.ca_file)


@contextmanager
def _explained(account: Account) -> Iterator[None]:
    try:
        yield
    except (imaplib.IMAP4.error, poplib.error_proto, OSError, EOFError) as error:
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise CourseletterError(
            f"The bounce mailbox at {account.host} cannot be read: {reason}. "
            "Check the settings of [mailbox]; nothing is lost."
        ) from None
