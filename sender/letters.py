"""A delivery becomes a letter: its reader's context, the signed bytes and the envelope."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from campaigns.models import Course, RevisionLesson
from courseletter.config import SenderSettings
from courseletter.errors import CourseletterError
from sender.context import LessonContexts, confirmation_context
from sender.dkim import DkimKey
from sender.links import Links
from sender.message import Letterhead, PreparedMail, Stamp, message_id
from sender.models import Delivery
from sender.readers import reader_of, syllabus_of
from sender.return_path import return_path
from sender.transport import Envelope
from subscribers.models import Subscriber
from templates.brand import Brand
from templates.compiling import CompiledLesson, compile_notice

_MOST_PREPARED = 100  # some hundred kilobytes each


@dataclass(frozen=True, slots=True)
class Letter:
    """One message, signed, with its envelope and the context that its bytes follow from."""

    envelope: Envelope
    message: bytes
    context: dict[str, Any]


@dataclass(frozen=True, slots=True)
class _PreparedLesson:
    mail: PreparedMail
    contexts: LessonContexts


class Composer:
    """Writes letters in the name of one brand. Prepared mails are kept: a revision never changes."""

    def __init__(
        self,
        brand: Brand,
        sender: SenderSettings,
        links: Links,
        key: bytes,
        dkim_keys: Sequence[DkimKey] = (),
    ) -> None:
        self._brand = brand
        self._sender = sender
        self._links = links
        self._key = key
        self._dkim_keys = dkim_keys
        self._lessons: dict[tuple[int, str], _PreparedLesson] = {}
        self._confirmations: dict[str, PreparedMail] = {}  # by language

    def compose(self, session: Session, delivery: Delivery) -> Letter:
        """The letter of a claimed delivery. A context frozen by an earlier attempt is used again."""
        course = session.get_one(Course, delivery.course_id)
        if delivery.kind == "confirmation":
            mail = self._confirmation(course.language)
            context = delivery.context or self._confirmation_context(course, delivery.subscriber)
        else:
            lesson = self._lesson(session, course, delivery)
            mail = lesson.mail
            context = delivery.context or lesson.contexts.of(reader_of(session, delivery))
        return self._letter(delivery, mail, context)

    def _confirmation_context(self, course: Course, subscriber: Subscriber) -> dict[str, Any]:
        confirm = self._links.confirm(course.list_id, subscriber.id)
        return confirmation_context(course.title, subscriber.email, confirm, self._brand)

    def _letter(self, delivery: Delivery, mail: PreparedMail, context: dict[str, Any]) -> Letter:
        domain = self._sender.domain
        reader = context["subscriber"]
        dated = delivery.dated_at or delivery.due_at
        stamp = Stamp(
            to_name=" ".join(name for name in (reader["first_name"], reader["last_name"]) if name),
            to_address=reader["email"],
            message_id=message_id(self._key, delivery.id, domain),
            date=dated,
            signed_at=dated,
            unsubscribe_url=context["links"].get("unsubscribe", ""),
        )
        sent_from = return_path(self._key, delivery.id, self._sender.bounce_domain or domain)
        envelope = Envelope(sent_from, stamp.to_address, mail.needs_smtputf8)
        return Letter(envelope, mail.write(context, stamp), context)

    def _lesson(self, session: Session, course: Course, delivery: Delivery) -> _PreparedLesson:
        lesson = session.get(RevisionLesson, (delivery.revision_id, delivery.lesson_id))
        if lesson is None:
            raise CourseletterError("The lesson is not in the revision it was queued from; cancel it.")
        key = (lesson.revision_id, lesson.lesson_id)
        if key not in self._lessons:
            if len(self._lessons) == _MOST_PREPARED:
                self._lessons.clear()
            self._lessons[key] = self._prepared(course, lesson)
        return self._lessons[key]

    def _prepared(self, course: Course, lesson: RevisionLesson) -> _PreparedLesson:
        revision = lesson.revision
        return _PreparedLesson(
            self._mail(
                CompiledLesson.from_json(lesson.compiled),
                revision.language,
                list_id=f"{course.id}.{self._sender.domain}",
                list_name=revision.title,
            ),
            LessonContexts(syllabus_of(course, revision), lesson.lesson_id, self._brand, self._links),
        )

    def _confirmation(self, language: str) -> PreparedMail:
        if language not in self._confirmations:
            compiled = compile_notice("confirm", self._brand, language)
            self._confirmations[language] = self._mail(compiled, language, auto_submitted=True)
        return self._confirmations[language]

    def _mail(self, compiled: CompiledLesson, language: str, **particulars: Any) -> PreparedMail:
        letterhead = Letterhead(
            from_name=self._sender.from_name or self._brand.name,
            from_address=self._sender.from_address,
            reply_to=self._sender.reply_to,
            language=language,
            **particulars,
        )
        return PreparedMail(compiled, letterhead, self._dkim_keys)
