"""A claimed delivery becomes a letter: its reader's context, the signed bytes and the envelope."""

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from sqlalchemy import select, tuple_
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, joinedload

from campaigns import image_addresses
from campaigns.brands import Brands
from campaigns.cadence import Cadence
from campaigns.links import links_of
from campaigns.models import Course, Revision, RevisionLesson
from courseletter.errors import CourseletterError
from courseletter.zones import zone_of
from sender.claiming import Claim
from sender.context import (
    Addressee,
    IssueContexts,
    LessonContexts,
    Reader,
    Syllabus,
    SyllabusLesson,
    confirmation_context,
)
from sender.dkim import DkimKey
from sender.facts import moment
from sender.letterheads import Origin, letterhead
from sender.links import Links
from sender.message import PreparedMail, Stamp, message_id
from sender.return_path import opt_out_address, return_path
from sender.transport import Envelope
from subscribers.models import MailingList
from subscribers.suppression import address_hash
from templates.brand import Brand
from templates.click_links import through
from templates.compiled import CompiledLesson

log = logging.getLogger(__name__)

_MOST_PREPARED = 100  # some hundred kilobytes each


class Letter(NamedTuple):
    """One message, signed, with its envelope; `address_hash` is what a suppression would know it by."""

    claim: Claim
    envelope: Envelope
    message: bytes
    address_hash: str


class _Key(NamedTuple):
    """What a lesson's mail is prepared for: readers whose clicks are counted get other addresses."""

    revision_id: int | None
    lesson_id: str | None
    tracked: bool


@dataclass(frozen=True, slots=True)
class _PreparedLesson:
    mail: PreparedMail
    contexts: LessonContexts | IssueContexts
    list_id: int
    zone: str
    own_zones: bool  # whether days are counted in each reader's own zone


@dataclass(frozen=True, slots=True)
class _PreparedNotice:
    mail: PreparedMail
    course_title: str
    list_id: int
    brand: Brand


class Composer:
    """Writes letters, each in its course's brand. Prepared mails are kept: a revision never changes.

    `takes_mail`: whether mail to the bounce domain is read, so that readers may also leave by mail.
    `metadata_field`: a header that the relay takes off, keeps, and gives back with its reports.
    """

    def __init__(
        self,
        brands: Brands,
        origin: Origin,
        links: Links,
        key: bytes,
        dkim_keys: Sequence[DkimKey] = (),
        *,
        takes_mail: bool = False,
        metadata_field: str | None = None,
    ) -> None:
        self._brands = brands
        self._origin = origin
        self._links = links
        self._key = key
        self._dkim_keys = dkim_keys
        self._takes_mail = takes_mail
        self._metadata = f"{metadata_field}: %s\r\n" if metadata_field else ""
        self._lessons: dict[_Key, _PreparedLesson] = {}
        self._lists: dict[int, str] = {}  # the names of those that issues go out on
        self._broken: dict[tuple[object, ...], str] = {}  # why a lesson or notice cannot be prepared
        self._confirmations: dict[str, _PreparedNotice] = {}  # by course, as they are now

    def learn(self, session: Session, claims: Collection[Claim]) -> None:
        """Prepare the mails that these deliveries are of, so that compose() needs no database."""
        if len(self._lessons) > _MOST_PREPARED:
            self._lessons.clear()
        wanted = {_key(one) for one in claims if one.kind != "confirmation"}
        missing = wanted - self._lessons.keys() - self._broken.keys()
        lessons = (
            select(RevisionLesson)
            .where(
                tuple_(RevisionLesson.revision_id, RevisionLesson.lesson_id).in_({key[:2] for key in missing})
            )
            .options(joinedload(RevisionLesson.revision))
        )
        for lesson in session.scalars(lessons) if missing else ():
            course = session.get_one(Course, lesson.revision.course_id)
            for key in [one for one in missing if one[:2] == (lesson.revision_id, lesson.lesson_id)]:
                ways = self._ways(session, lesson) if key.tracked else {}
                try:
                    self._lessons[key] = self._prepared(session, course, lesson, ways)
                except SQLAlchemyError:
                    raise  # the database is in trouble, not the lesson: what is claimed waits for its lease
                except Exception as error:  # its own deliveries fail, and those of no other (REQUIREMENTS 27)
                    log.exception("lesson %s cannot be prepared", lesson.lesson_id)
                    self._broken[key] = str(error)
        lists = {one.list_id for one in claims if one.list_id} - self._lists.keys()
        if lists:
            named = select(MailingList.id, MailingList.name).where(MailingList.id.in_(lists))
            self._lists |= dict(session.execute(named).all())
        asking = {one.course_id for one in claims if one.kind == "confirmation"}
        for course in session.scalars(select(Course).where(Course.id.in_(asking))) if asking else ():
            try:
                self._confirmations[course.id] = self._notice(session, course)
            except SQLAlchemyError:
                raise
            except Exception as error:
                log.exception("the confirmation of course %s cannot be prepared", course.id)
                self._confirmations.pop(course.id, None)
                self._broken[None, course.id] = str(error)

    def compose(self, claim: Claim) -> Letter:
        """The letter of a claimed delivery, from the facts that its first claim froze."""
        if claim.kind == "confirmation":
            notice = self._confirmations.get(claim.course_id)
            if notice is None:
                raise CourseletterError(self._broken[None, claim.course_id])
            confirm = self._links.confirm(notice.list_id, claim.subscriber_id)
            email = claim.facts["email"]
            context = confirmation_context(notice.course_title, email, confirm, notice.brand)
            return self._letter(claim, notice.mail, context)
        key = _key(claim)
        lesson = self._lessons.get(key)
        if lesson is None:
            missing = "The lesson is not in the revision it was queued from; cancel it."
            raise CourseletterError(self._broken.get(key, missing))
        list_id = claim.list_id or lesson.list_id
        if isinstance(lesson.contexts, IssueContexts):
            context = lesson.contexts.of(_addressee(claim, lesson, list_id, self._lists[list_id]))
        else:
            context = lesson.contexts.of(_reader(claim, lesson))
        if key.tracked:
            context["links"]["click_token"] = self._links.click_token(claim.delivery_id)
        return self._letter(claim, lesson.mail, context, self._opt_out(list_id, claim.subscriber_id))

    def _opt_out(self, list_id: int, subscriber_id: int) -> str:
        """Where a mail may be sent to leave the list; "" where nobody would read it."""
        if not self._takes_mail:
            return ""
        address = opt_out_address(self._key, list_id, subscriber_id, self._origin.bounce_domain)
        return f"{address}?subject=unsubscribe"  # some programs do not send a mail without a subject

    def _letter(self, claim: Claim, mail: PreparedMail, context: dict[str, Any], opt_out: str = "") -> Letter:
        domain = self._origin.domain
        reader = context["subscriber"]
        dated = claim.dated_at
        stamp = Stamp(
            to_name=" ".join(filter(None, (reader["first_name"], reader["last_name"]))),
            to_address=reader["email"],
            message_id=message_id(self._key, claim.delivery_id, domain),
            date=dated,
            signed_at=dated,
            unsubscribe_url=context["links"].get("unsubscribe", ""),
            unsubscribe_mailto=opt_out,
        )
        sent_from = return_path(self._key, claim.delivery_id, self._origin.bounce_domain)
        envelope = Envelope(sent_from, stamp.to_address, mail.needs_smtputf8)
        known_by = address_hash(self._key, stamp.to_address)
        message = mail.write(context, stamp)
        if self._metadata:  # above what is signed: it does not reach the reader
            message = (self._metadata % sent_from).encode() + message
        return Letter(claim, envelope, message, known_by)

    def _ways(self, session: Session, lesson: RevisionLesson) -> dict[str, str]:
        """By which way clicks on each of its links are counted."""
        stored = links_of(session, lesson.revision_id, lesson.lesson_id)
        return {address: self._links.click(link) for address, link in stored.items()}

    def _prepared(
        self, session: Session, course: Course, lesson: RevisionLesson, ways: Mapping[str, str]
    ) -> _PreparedLesson:
        revision = lesson.revision
        # The revision keeps where its pictures were when it was published.
        stored = image_addresses.at_home(session, lesson.compiled, self._links.base_url)
        compiled, brand = CompiledLesson.from_json(stored), self._brands.of_revision(revision)
        compiled = through(compiled, {to: way for to, way in ways.items() if to != brand.url})
        list_id = f"{course.id}.{self._origin.domain}"
        return _PreparedLesson(
            self._mail(brand, compiled, revision.language, list_id=list_id, list_name=revision.title),
            self._contexts(course, lesson, brand),
            course.list_id,
            revision.zone,
            Cadence.from_json(revision.cadence).zone_mode == "subscriber",
        )

    def _contexts(
        self, course: Course, lesson: RevisionLesson, brand: Brand
    ) -> LessonContexts | IssueContexts:
        revision = lesson.revision
        if lesson.kind == "issue":
            said = (revision.title, lesson.title, lesson.minutes, revision.language)
            return IssueContexts(*said, brand, self._links)
        return LessonContexts(_syllabus(course, revision), lesson.lesson_id, brand, self._links)

    def _notice(self, session: Session, course: Course) -> _PreparedNotice:
        from templates.compiling import compile_notice  # 4 MB, which only who asks for consent needs

        brand = self._brands.of(session, course)
        kind: Literal["confirm", "subscribe"] = "subscribe" if course.kind == "newsletter" else "confirm"
        compiled = compile_notice(kind, brand, course.language)
        mail = self._mail(brand, compiled, course.language, auto_submitted=True)
        return _PreparedNotice(mail, course.title, course.list_id, brand)

    def _mail(
        self, brand: Brand, compiled: CompiledLesson, language: str, **particulars: Any
    ) -> PreparedMail:
        head = letterhead(brand, self._origin, language=language, **particulars)
        return PreparedMail(compiled, head, self._dkim_keys)


def _key(claim: Claim) -> _Key:
    tracked = claim.facts.get("tracked", False)  # facts that were frozen by an older version lack it
    return _Key(claim.revision_id, claim.lesson_id, bool(tracked))


def _syllabus(course: Course, revision: Revision) -> Syllabus:
    lessons = (
        SyllabusLesson(one.lesson_id, one.kind, one.number, one.title, one.minutes, one.recap, one.teaser)
        for one in revision.lessons
    )
    return Syllabus(revision.title, revision.language, course.list_id, tuple(lessons))


def _addressee(claim: Claim, lesson: _PreparedLesson, list_id: int, list_name: str) -> Addressee:
    facts = claim.facts
    joined = moment(facts["joined_at"]) or claim.until
    return Addressee(
        subscriber_id=claim.subscriber_id,
        delivery_id=claim.delivery_id,
        email=facts["email"],
        first_name=facts["first_name"],
        last_name=facts["last_name"],
        fields=facts["fields"],
        joined_on=joined.astimezone(zone_of(lesson.zone)).date(),
        list_id=list_id,
        list_name=list_name,
    )


def _reader(claim: Claim, lesson: _PreparedLesson) -> Reader:
    facts = claim.facts
    own = facts["zone"] if lesson.own_zones else None
    joined = moment(facts["joined_at"]) or claim.until
    zone = zone_of(own or lesson.zone)
    return Reader(
        subscriber_id=claim.subscriber_id,
        enrolment_id=claim.enrolment_id or 0,
        email=facts["email"],
        first_name=facts["first_name"],
        last_name=facts["last_name"],
        fields=facts["fields"],
        joined_on=joined.astimezone(zone).date(),
        previous=facts["previous"],
        next=facts["next_lesson"],
        next_at=moment(facts["next_at"]),
        zone=zone,
    )
