"""From a link to what it names: the list and person of a token, their course, their place, their lessons."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from campaigns.models import Course, Enrolment, Revision, RevisionLesson
from courseletter.errors import CourseletterError, NotFound
from courseletter.web.site import Site
from sender.models import Delivery, State
from subscribers.models import MailingList, Membership, MemberStatus, Subscriber
from subscribers.tokens import Purpose
from templates.brand import Brand

ARRIVED = (State.IN_DOUBT, State.ACCEPTED, State.UNKNOWN)  # past the final dot: it may have been read


class Erased(CourseletterError):
    """The link of a mail whose reader was erased. There is nothing left to leave or to change."""


def member(session: Session, site: Site, purpose: Purpose, token: str) -> tuple[MailingList, Subscriber]:
    """Return the list and the subscriber that a token was made for; NotFound where one is gone."""
    list_id, subscriber_id = site.installation.tokens.read(purpose, token)
    mailing_list, subscriber = session.get(MailingList, list_id), session.get(Subscriber, subscriber_id)
    if mailing_list is None or subscriber is None:
        raise NotFound("This link leads to nobody any more.")
    if subscriber.erased_at is not None:
        raise Erased("Everything about this person was erased.")
    return mailing_list, subscriber


def enrolment(session: Session, site: Site, token: str) -> Enrolment:
    (enrolment_id,) = site.installation.tokens.read(Purpose.LEARN, token)
    found = session.get(Enrolment, enrolment_id)
    if found is None:
        raise NotFound("This link leads to nobody any more.")
    if found.subscriber.erased_at is not None:
        raise Erased("Everything about this person was erased.")
    return found


def enrolment_of(session: Session, course: Course | None, subscriber: Subscriber) -> Enrolment | None:
    if course is None:
        return None
    return session.scalar(select(Enrolment).filter_by(course_id=course.id, subscriber_id=subscriber.id))


def published(session: Session, slug: str) -> Course:
    course = session.scalar(select(Course).where(Course.slug == slug, Course.revision_id.is_not(None)))
    if course is None:
        raise NotFound("There is no course at this address.")
    return course


def course_of(session: Session, mailing_list: MailingList) -> Course | None:
    """The course that the list belongs to; a newsletter's, or one that was imported, has none."""
    return session.scalar(select(Course).where(Course.list_id == mailing_list.id, Course.kind == "course"))


def offer_of(session: Session, mailing_list: MailingList) -> Course:
    """The course or newsletter that people come to the list for. Raises NotFound where there is none."""
    found = session.scalar(select(Course).where(Course.list_id == mailing_list.id))
    if found is None:
        raise NotFound("There is no course at this address.")
    return found


def brand_of(session: Session, site: Site, offer: Course) -> Brand:
    """The brand that a course is published in, or that a newsletter's next issue will be from."""
    brands = site.installation.brands
    return brands.of_revision(offer.revision) if offer.revision else brands.of(session, offer)


def sign_up_path(offer: Course) -> str:
    return f"/{'n' if offer.kind == 'newsletter' else 'c'}/{offer.slug}"


def newsletter(session: Session, slug: str) -> Course:
    found = session.scalar(select(Course).where(Course.slug == slug, Course.kind == "newsletter"))
    if found is None:
        raise NotFound("There is no newsletter at this address.")
    return found


def language_of(session: Session, mailing_list: MailingList) -> str:
    """That of the course or newsletter that the list belongs to; English for one that was imported."""
    return session.scalar(select(Course.language).where(Course.list_id == mailing_list.id)) or "en"


def revision_of(course: Course) -> Revision:
    if course.revision is None:
        raise NotFound("There is no course at this address.")
    return course.revision


def lessons_of(course: Course) -> dict[str, RevisionLesson]:
    """What the revision in force teaches, in order, by lesson id."""
    return {lesson.lesson_id: lesson for lesson in revision_of(course).lessons}


def received(session: Session, enrolment: Enrolment) -> dict[str, RevisionLesson]:
    """The lessons that went to this reader, in reading order, in the words they were sent in."""
    rows = session.scalars(
        select(RevisionLesson)
        .join(
            Delivery,
            (Delivery.revision_id == RevisionLesson.revision_id)
            & (Delivery.lesson_id == RevisionLesson.lesson_id),
        )
        .where(Delivery.enrolment_id == enrolment.id, Delivery.state.in_(ARRIVED))
        .order_by(Delivery.id)
    ).unique()
    latest = {lesson.lesson_id: lesson for lesson in rows}
    return dict(sorted(latest.items(), key=lambda one: one[1].position))


def status(session: Session, mailing_list: MailingList, subscriber: Subscriber) -> MemberStatus | None:
    found = session.get(Membership, (mailing_list.id, subscriber.id))
    return MemberStatus(found.status) if found else None
