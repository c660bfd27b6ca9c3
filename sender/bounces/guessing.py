"""Bounces in no standard form, and the automatic replies that are none.

First the marks that no person and no holiday reply has, then the marks of an automatic reply, then the bounce
forms that flufl.bounce knows. Of its answer only the yes or no is used: whom a mail is about, our tokens say.
"""

import logging
import re
from email.message import Message
from typing import Final

from flufl.bounce import all_failures

from sender.bounces.mime import Mail
from sender.bounces.report import NOTHING, Report
from sender.bounces.status import code_of, kind_of

# It logs a traceback for each mail that it stumbles over: anybody could fill the disk with those.
logging.getLogger("flufl.bounce").setLevel(logging.CRITICAL)

_MOST_TEXT: Final = 16 * 1024  # what a server has to say comes before the mail that it gives back

_DAEMON: Final = re.compile(
    r"mailer-?daemon|mail delivery (?:sub)?system|mail delivery service|postmaster|mail administrator|"
    r"mdaemon|mail-?gateway|delivery (?:status|failure)|delivery@|bounces?@",
    re.IGNORECASE,
)
_FAILURE_SUBJECT: Final = re.compile(
    r"undeliver|delivery (?:status )?(?:notification )?(?:\(?failure|failed|has failed)|"
    r"fail(?:ed|ure) (?:mail )?(?:delivery|notice)|returned mail|returning message to sender|"
    r"message (?:not|could not be) delivered|could ?n[o']t (?:be )?deliver|"
    r"unzustellbar|undelivrable|non remis|no se (?:ha podido|pudo) entregar|"
    r"退信|投递失败|配信(?:不能|エラー)",
    re.IGNORECASE,
)
_FAILURE_WORDS: Final = re.compile(
    r"hi\. this is the \S{1,80} program at|permanent (?:fatal )?error|could not be delivered|"
    r"wasn['’]t able to deliver|unable to deliver|delivery to the following recipients? failed|"
    r"your message (?:to \S{1,100} )?(?:couldn['’]t|cannot|can not) be delivered|"
    r"returned to sender|undeliverable|konnte nicht zugestellt werden|"
    r"n['’]a pas pu être (?:remis|délivré)|no se pudo entregar",
    re.IGNORECASE,
)
_STILL_TRYING: Final = re.compile(
    r"\bdelay(?:ed)?\b|still (?:being )?(?:trying|retried)|will (?:be retried|keep trying|retry|continue)|"
    r"do not need to resend|warning message only|\bwarning:",
    re.IGNORECASE,
)
_AWAY_SUBJECT: Final = re.compile(
    r"out of (?:the )?office|auto(?:matic|mated)?[- ]?(?:reply|response|antwort)|"
    r"on (?:vacation|holiday|leave)|away from|automatische antwort|abwesen|"
    r"réponse automatique|respuesta automática|risposta automatica|автоответ|自動返信|自动回复",
    re.IGNORECASE,
)
_AWAY_FIELDS: Final = ("x-autoreply", "x-autorespond", "x-autoreply-from", "x-mail-autoreply", "x-vacation")


def read_other(mail: Mail) -> Report:
    """Return what a mail that is neither DSN nor feedback report says; NOTICE for all that is no bounce."""
    failed = mail.head.get("x-failed-recipients")
    if failed or (_from_daemon(mail) and _says_so(mail)):
        return _failure(mail, failed)
    if _is_automatic(mail):
        return NOTHING
    temporary, permanent = _known_forms(mail)
    return _failure(mail, "") if permanent and not temporary else NOTHING


def is_automatic_reply(mail: Mail) -> bool:
    """Whether a program wrote it: RFC 3834's field, those before it, or the null sender of a report."""
    return _is_automatic(mail) or _from_daemon(mail) or mail.head.type == "multipart/report"


def _failure(mail: Mail, address: str) -> Report:
    text = mail.text[:_MOST_TEXT]
    if _STILL_TRYING.search(f"{mail.head.get('subject')}\n{text[:1000]}"):
        return NOTHING
    kind = kind_of("", text)
    return Report(kind, code_of("", text), _telling_line(text), address=address.partition(",")[0].strip())


def _telling_line(text: str) -> str:
    """The line that gives the reason: the one with a reply code in it, else what comes first."""
    coded = re.search(r"^.{0,200}\b[45]\d\d[ -].{0,300}", text, re.MULTILINE)
    return coded[0].strip() if coded else text[:300].strip()


def _from_daemon(mail: Mail) -> bool:
    sender = mail.head.get("from") or mail.head.get("sender")
    return bool(_DAEMON.search(sender[:500])) or mail.head.get("return-path").strip() == "<>"


def _says_so(mail: Mail) -> bool:
    subject = mail.head.get("subject")[:500]
    return bool(_FAILURE_SUBJECT.search(subject) or _FAILURE_WORDS.search(mail.text[:_MOST_TEXT]))


def _is_automatic(mail: Mail) -> bool:
    head = mail.head
    submitted = head.get("auto-submitted").partition(";")[0].strip().lower()
    return (
        submitted not in ("", "no")
        or any(head.get(name) for name in _AWAY_FIELDS)
        or head.get("precedence").strip().lower() in ("auto_reply", "auto-reply", "junk")
        or bool(_AWAY_SUBJECT.search(head.get("subject")[:500]))
    )


def _known_forms(mail: Mail) -> tuple[bool, bool]:
    """Whether flufl.bounce finds a temporary, and a permanent failure."""
    try:
        temporary, permanent = all_failures(_shallow(mail))
    except Exception:  # a detector stumbles over a mail made for it: then it is no bounce that it knows
        return False, False
    return bool(temporary), bool(permanent)


def _shallow(mail: Mail) -> Message:
    """The mail anew, as the library wants it: one level deep and short."""
    whole = Message()
    whole["From"] = " ".join(mail.head.get("from").split()) or "unknown@invalid"  # a detector needs one
    for name in ("Subject", "To", "X-Mailer"):
        whole[name] = " ".join(mail.head.get(name.lower()).split())
    texts = [leaf for leaf in mail.leaves if leaf.type.startswith("text/")]
    if not mail.head.type.startswith("multipart/"):
        whole.set_payload(mail.text[:_MOST_TEXT])
        return whole
    whole["Content-Type"] = "multipart/mixed"
    for leaf in texts[:4]:
        part = Message()
        part["Content-Type"] = "text/plain"
        if description := leaf.get("content-description"):
            part["Content-Description"] = " ".join(description.split())
        part.set_payload(leaf.text[: _MOST_TEXT // 4])
        whole.attach(part)
    return whole
