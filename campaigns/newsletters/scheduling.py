"""Scheduling an issue: its mails are checked, compiled and frozen, one a subject, and its waves planned."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from campaigns import publishing
from campaigns.checking.finding import Finding, Severity
from campaigns.links import store_links
from campaigns.models import CONTENT, Course, Lesson, Revision, RevisionLesson
from campaigns.newsletters import drafting, timing
from campaigns.newsletters.drafting import Wishes
from campaigns.newsletters.models import Issue, IssueState
from campaigns.newsletters.testing import Split
from campaigns.newsletters.timing import Wave, When
from courseletter.errors import InvalidInput
from subscribers.fields import KnownFields
from subscribers.models import Subscriber
from templates.brand import Brand
from templates.compiling import compile_lesson, validate
from templates.errors import TemplateError


class NotSendable(InvalidInput):
    """The issue cannot be sent as it is; `findings` says why, one line each, with place and mend."""

    def __init__(self, title: str, findings: Sequence[str]) -> None:
        super().__init__(f"“{title}” cannot be sent yet. " + " ".join(findings), field="issue")
        self.findings = list(findings)


def findings_of(session: Session, issue: Issue, brand: Brand) -> list[Finding]:
    """What the checks say of the issue, the worst first; the blocking ones stop it."""
    return publishing.check(session, issue.lesson.course, brand, only=issue.lesson).findings


def schedule(
    session: Session, issue: Issue, brand: Brand, key: bytes, now: datetime, author: str = ""
) -> None:
    """Freeze a draft and plan its waves; nobody gets anything yet. Raises NotSendable or InvalidInput."""
    drafting.require_draft(issue)
    wishes, lesson = Wishes.of(issue), issue.lesson
    drafting.check(session, issue, wishes, now)
    if not wishes.audience.include:
        raise InvalidInput("Nobody is chosen: name a list, a tag or a segment.", field="audience")
    if wishes.subjects and not lesson.course.tracks_clicks:
        raise InvalidInput(
            "A test of subjects is decided by clicks, and this newsletter counts none. Switch counting on.",
            field="subjects",
        )
    blocking = [
        one.sentence for one in findings_of(session, issue, brand) if one.severity is Severity.BLOCKING
    ]
    if blocking:
        raise NotSendable(lesson.title, blocking)
    issue.revisions = [one.id for one in _frozen(session, issue, brand, now, author)]
    issue.split = list(Split.of(key, issue.lesson_id)) if wishes.subjects else []
    issue.phase = "test" if wishes.subjects else "rest"
    issue.state, issue.scheduled_at, issue.author = IssueState.SCHEDULED, now, author
    plan(issue, planned(session, issue, now))


def freeze_for_the_rest(session: Session, issue: Issue, now: datetime) -> None:
    """The mail that has won once more, for everybody else: results tell them from those it was tested on."""
    course = issue.lesson.course
    session.refresh(course, with_for_update=True)  # its revisions are numbered one after the other
    won = session.get_one(Revision, issue.revisions[issue.winner or 0])
    (said,) = won.lessons
    content = {name: getattr(said, name) for name in (*CONTENT, "number", "compiled", "lesson_id")}
    rest = _revision(course, won, won.brand, now, won.author, RevisionLesson(**content))
    session.add(rest)
    session.flush()
    if course.tracks_clicks:
        store_links(session, rest)
    issue.revisions = [*issue.revisions, rest.id]


def going_out(session: Session, until: datetime) -> Sequence[Issue]:
    """Issues that have something to send by then, the next first."""
    states = (IssueState.SCHEDULED, IssueState.SENDING)
    wanted = select(Issue).where(Issue.next_at <= until, Issue.state.in_(states)).order_by(Issue.next_at)
    return session.scalars(wanted.options(joinedload(Issue.lesson).joinedload(Lesson.course))).all()


def held(session: Session) -> Sequence[Issue]:
    """Issues that were paused by something else than a person."""
    wanted = select(Issue).where(Issue.state == IssueState.PAUSED, Issue.why != "")
    return session.scalars(wanted.order_by(Issue.lesson_id).options(joinedload(Issue.lesson))).all()


def take_back(issue: Issue) -> None:
    """Make a scheduled issue a draft again. Raises InvalidInput once somebody may have got it."""
    if issue.state != IssueState.SCHEDULED:
        raise InvalidInput(f"This issue is {issue.state}: only a scheduled one goes back.", field="issue")
    issue.state, issue.scheduled_at, issue.next_at = IssueState.DRAFT, None, None
    issue.revisions, issue.split, issue.waves, issue.phase = [], [], [], None


def planned(session: Session, issue: Issue, not_before: datetime, when: When | None = None) -> list[Wave]:
    """The waves for the zones that people are in now, at the issue's own hour or another one."""
    zones = session.scalars(select(Subscriber.zone).distinct())
    wanted = when or When(issue.day, issue.minute)
    return timing.waves(wanted, zones, issue.lesson.course.zone, not_before)


def plan(issue: Issue, waves: Sequence[Wave]) -> None:
    """Let these waves come next."""
    issue.waves = [wave.to_json() for wave in waves]
    issue.cursor, issue.next_at = 0, waves[0].at


def _frozen(session: Session, issue: Issue, brand: Brand, now: datetime, author: str) -> list[Revision]:
    """A revision a subject, each with the issue's mail, compiled."""
    lesson, course = issue.lesson, issue.lesson.course
    session.refresh(course, with_for_update=True)  # its revisions are numbered one after the other
    source, fields = publishing.source_of(course, 0, lesson), KnownFields(session)
    revisions = []
    for subject in issue.all_subjects:
        try:
            mail = compile_lesson(replace(source, subject=subject), brand)
            validate(mail, fields)
        except TemplateError as error:
            raise NotSendable(lesson.title, [str(error)]) from None
        said = publishing.frozen(0, lesson, mail)
        said.subject = subject
        revisions.append(_revision(course, course, brand.to_json(), now, author, said))
    session.add_all(revisions)
    session.flush()
    if course.tracks_clicks:
        for revision in revisions:
            store_links(session, revision)
    return revisions


def _revision(
    course: Course,
    like: Course | Revision,
    brand: dict[str, Any] | None,
    now: datetime,
    author: str,
    said: RevisionLesson,
) -> Revision:
    course.publishes += 1
    return Revision(
        course_id=course.id,
        number=course.publishes,
        published_at=now,
        author=author,
        brand=brand,
        lessons=[said],
        **{name: getattr(like, name) for name in publishing.ABOUT},
    )
