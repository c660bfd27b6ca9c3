"""Newsletters and the drafts of their issues: made, found, changed while nothing is scheduled."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from campaigns.cadence import Cadence
from campaigns.drafting import checked_slug, free_slug
from campaigns.models import Course, Lesson
from campaigns.newsletters import testing
from campaigns.newsletters.models import Issue, IssueState
from campaigns.newsletters.timing import When
from campaigns.slots import MINUTES_A_DAY
from courseletter.errors import InvalidInput, NotFound
from courseletter.ids import new_id
from courseletter.zones import zone_named
from subscribers import audiences
from subscribers.addresses import check_header_text
from subscribers.audiences import Audience, Part
from subscribers.models import MailingList
from templates.problems import in_line

FURTHEST: Final = timedelta(days=366)  # ahead that an issue can be scheduled
LONGEST_NAME: Final = 120


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a person chooses for an issue beside its text. `subjects`: those beside the lesson's own."""

    audience: Audience
    when: When = field(default_factory=When)
    subjects: tuple[str, ...] = ()
    share: int = 20
    hours: int = 4

    @classmethod
    def of(cls, issue: Issue) -> "Wishes":
        return cls(
            Audience.from_json(issue.audience),
            When(issue.day, issue.minute),
            tuple(issue.subjects),
            issue.share,
            issue.hours,
        )


def create_newsletter(
    session: Session,
    title: str,
    now: datetime,
    *,
    language: str,
    zone: str,
    slug: str | None = None,
    mailing_list: MailingList | None = None,
) -> Course:
    """A newsletter with a list of its own, or with one that is here and no course's. Raises InvalidInput."""
    title = checked_title(title)
    if mailing_list is None:
        slug = checked_slug(session, slug) if slug else free_slug(session, title)
        mailing_list = MailingList(slug=slug, name=title, created_at=now)
    elif session.scalar(select(Course.id).where(Course.list_id == mailing_list.id)):
        raise InvalidInput(f"“{mailing_list.name}” has its course or newsletter already.", field="list")
    newsletter = Course(
        id=new_id("nws"),
        kind="newsletter",
        slug=mailing_list.slug,
        title=title,
        language=language,
        zone=str(zone_named(zone)),
        cadence=Cadence().to_json(),
        mailing_list=mailing_list,
        created_at=now,
    )
    session.add(newsletter)
    session.flush()
    return newsletter


def checked_title(text: str) -> str:
    """A newsletter's name, as mails can carry it. Raises InvalidInput."""
    title = check_header_text(" ".join(text.split()), "name")
    if not title or len(title) > LONGEST_NAME:
        raise InvalidInput(f"Give the newsletter a name of at most {LONGEST_NAME} characters.", field="name")
    return title


def newsletters(session: Session) -> list[Course]:
    return list(session.scalars(select(Course).where(Course.kind == "newsletter").order_by(Course.title)))


def find_newsletter(session: Session, name: str) -> Course:
    """The newsletter with this slug or id. Raises NotFound."""
    found = session.scalar(
        select(Course).where((Course.slug == name) | (Course.id == name), Course.kind == "newsletter")
    )
    if found is None:
        raise NotFound(f"No newsletter is called “{name}”. See `courseletter newsletter list`.")
    return found


def create_issue(session: Session, newsletter: Course, title: str, now: datetime) -> Issue:
    """A draft for everybody on the newsletter's list. Raises InvalidInput."""
    title = " ".join(title.split())
    if not title:
        raise InvalidInput("Give the issue a title.", field="title")
    last = session.scalar(select(func.max(Lesson.position)).where(Lesson.course_id == newsletter.id))
    lesson = Lesson(
        id=new_id("les"),
        course=newsletter,
        position=0 if last is None else last + 1,
        kind="issue",
        title=check_header_text(title, "title"),
        subject=title,
        body="",
    )
    own = Audience((Part("list", newsletter.list_id),))
    issue = Issue(lesson=lesson, audience=own.to_json(), created_at=now)
    session.add(issue)
    session.flush()
    return issue


def find_issue(session: Session, issue_id: str, *, to_write: bool = False) -> Issue:
    """Raises NotFound, also for a draft that was thrown away."""
    issue = session.get(Issue, issue_id, with_for_update=True if to_write else None)
    if issue is None or issue.lesson.removed:
        raise NotFound(
            "There is no such issue. See `courseletter newsletter list`, or the address is not whole."
        )
    return issue


def settle(session: Session, issue: Issue, wishes: Wishes, now: datetime) -> None:
    """Take on what a person chose. Raises InvalidInput, naming the field, and for what is no draft."""
    require_draft(issue)
    check(session, issue, wishes, now)
    issue.audience = wishes.audience.to_json()
    issue.day, issue.minute = wishes.when.day, wishes.when.minute
    issue.subjects = list(wishes.subjects)
    issue.share, issue.hours = wishes.share, wishes.hours


def check(session: Session, issue: Issue, wishes: Wishes, now: datetime) -> None:
    """Raise InvalidInput for wishes that no issue can have."""
    audiences.check(session, wishes.audience)
    _check_when(wishes.when, now.date())
    _check_subjects([issue.lesson.subject, *wishes.subjects])
    for value, (least, most), name, unit in (
        (wishes.share, testing.SHARES, "share", "percent"),
        (wishes.hours, testing.HOURS, "hours", "hours"),
    ):
        if not least <= value <= most:
            raise InvalidInput(f"Write a number from {least} to {most} {unit}.", field=name)


def throw_away(issue: Issue) -> None:
    """Take a draft out of sight. Raises InvalidInput for one that somebody may have got."""
    require_draft(issue)
    issue.lesson.removed = True


def bring_back(session: Session, issue_id: str) -> None:
    """Take back throw_away(). Raises NotFound."""
    issue = session.get(Issue, issue_id, with_for_update=True)
    if issue is None:
        raise NotFound("There is no such issue.")
    issue.lesson.removed = False


def require_draft(issue: Issue) -> None:
    if issue.state != IssueState.DRAFT:
        raise InvalidInput(
            f"This issue is {issue.state}: take it back to a draft to change it."
            if issue.state == IssueState.SCHEDULED
            else f"This issue is {issue.state} and stays as it is. Write another one.",
            field="issue",
        )


def _check_when(when: When, today: date) -> None:
    if (when.day is None) != (when.minute is None):
        raise InvalidInput("Choose a day and an hour, or send at once.", field="day")
    if when.day is not None and not -timedelta(days=1) <= when.day - today <= FURTHEST:
        raise InvalidInput("Choose a day from today on, within a year.", field="day")
    if when.minute is not None and not 0 <= when.minute < MINUTES_A_DAY:
        raise InvalidInput("Write the hour like 09:00.", field="time")


def _check_subjects(subjects: list[str]) -> None:
    if len(subjects) > testing.MOST:
        raise InvalidInput(f"A test has at most {testing.MOST} subjects.", field="subjects")
    for subject in subjects[1:]:
        check_header_text(subject, "subjects")
        if not subject.strip():
            raise InvalidInput("A subject is empty. Write it, or take it out.", field="subjects")
        if broken := in_line(subject):
            raise InvalidInput(broken[0], field="subjects")
    if len(set(subjects)) < len(subjects):
        raise InvalidInput("Two of the subjects are the same: there is nothing to test.", field="subjects")
