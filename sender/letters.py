"""A delivery becomes a letter: its reader's context, the rendered lesson, the bytes and the envelope."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from campaigns.models import Course, RevisionLesson
from courseletter.config import SenderSettings
from courseletter.errors import CourseletterError
from sender.context import confirmation_context, lesson_context
from sender.links import Links
from sender.message import Mail, build, message_id, mime_boundary, needs_smtputf8
from sender.models import Delivery
from sender.return_path import return_path
from sender.smtp import Envelope
from templates.brand import Brand
from templates.compiling import CompiledLesson, compile_notice
from templates.rendering import render


@dataclass(frozen=True, slots=True)
class Letter:
    """One message, unsigned, with its envelope and the context that its bytes follow from."""

    envelope: Envelope
    message: bytes
    context: dict[str, Any]


class Composer:
    """Writes letters in the name of one brand. Compiled lessons are kept: a revision never changes."""

    def __init__(self, brand: Brand, sender: SenderSettings, links: Links, key: bytes) -> None:
        self._brand = brand
        self._sender = sender
        self._links = links
        self._key = key
        self._compiled: dict[tuple[int, str], CompiledLesson] = {}

    def compose(self, session: Session, delivery: Delivery) -> Letter:
        """The letter of a claimed delivery. A context frozen by an earlier attempt is used again."""
        course = session.get_one(Course, delivery.course_id)
        if delivery.kind == "confirmation":
            compiled = compile_notice("confirm", self._brand, course.language)
            context = delivery.context or confirmation_context(
                course, delivery.subscriber, self._brand, self._links
            )
        else:
            lesson = session.get(RevisionLesson, (delivery.revision_id, delivery.lesson_id))
            if lesson is None:
                raise CourseletterError("The lesson is not in the revision it was queued from; cancel it.")
            compiled = self._compiled_of(lesson)
            context = delivery.context or lesson_context(session, delivery, lesson, self._brand, self._links)
        return self._letter(delivery, course, compiled, context)

    def _compiled_of(self, lesson: RevisionLesson) -> CompiledLesson:
        key = (lesson.revision_id, lesson.lesson_id)
        if key not in self._compiled:
            self._compiled[key] = CompiledLesson.from_json(lesson.compiled)
        return self._compiled[key]

    def _letter(
        self, delivery: Delivery, course: Course, compiled: CompiledLesson, context: dict[str, Any]
    ) -> Letter:
        rendered = render(compiled, context)
        domain = self._sender.domain
        reader = context["subscriber"]
        is_lesson = delivery.kind == "lesson"
        mail = Mail(
            from_name=self._sender.from_name or self._brand.name,
            from_address=self._sender.from_address,
            to_name=" ".join(name for name in (reader["first_name"], reader["last_name"]) if name),
            to_address=reader["email"],
            subject=rendered.subject,
            html=rendered.html,
            text=rendered.text,
            message_id=message_id(self._key, delivery.id, domain),
            date=delivery.dated_at or delivery.due_at,
            boundary=mime_boundary(self._key, delivery.id),
            list_id=f"{course.id}.{domain}" if is_lesson else None,
            list_name=course.title if is_lesson else "",
            unsubscribe_url=context["links"]["unsubscribe"] if is_lesson else None,
            reply_to=self._sender.reply_to,
            auto_submitted=not is_lesson,
            language=course.language,
        )
        sent_from = return_path(self._key, delivery.id, self._sender.bounce_domain or domain)
        envelope = Envelope(sent_from, mail.to_address, needs_smtputf8(mail))
        return Letter(envelope, build(mail), context)
