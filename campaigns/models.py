"""Tables of what is taught: articles, courses, their lessons and revisions, and who is enrolled where."""

from datetime import date, datetime
from typing import Any, Literal

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, foreign, mapped_column, relationship

from courseletter.database import Base
from subscribers.models import MailingList, Segment, Subscriber, Tag
from templates.brand import Face

Kind = Literal["welcome", "lesson", "issue"]
Format = Literal["markdown", "mjml"]
IMAGE_SUFFIXES = {"image/jpeg": "jpg", "image/png": "png"}


class Article(Base):
    """An article as it was read: sections, disclosures, and every decision with its score and reason."""

    __tablename__ = "articles"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    language: Mapped[str] = mapped_column(String(35))
    source: Mapped[str] = mapped_column(default="")
    form: Mapped[str] = mapped_column(String(16))
    payload: Mapped[dict[str, Any]]
    review: Mapped[dict[str, Any] | None]  # what a person overruled (campaigns/reviewing.py)
    created_at: Mapped[datetime]


class Post(Base):
    """A post that an export or a feed brought along, as it was published: to be read as an article."""

    __tablename__ = "posts"
    __table_args__ = (
        UniqueConstraint("form", "key"),
        Index("ix_posts_published_at", "published_at"),
        Index("ix_posts_article_id", "article_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    form: Mapped[str] = mapped_column(String(16))  # substack, ghost, wxr or feed
    key: Mapped[str] = mapped_column(String(300))  # the same at every export
    source: Mapped[str] = mapped_column(String(200))  # the file that it came in last
    title: Mapped[str]
    html: Mapped[str] = mapped_column(Text)
    base: Mapped[str] = mapped_column(Text)  # the address that relative links start from, or ""
    language: Mapped[str | None] = mapped_column(String(35))
    minutes: Mapped[float]  # of reading
    published_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    article_id: Mapped[int | None] = mapped_column(ForeignKey("articles.id"))


class Course(Base):
    """A course: its draft (here and in `lessons`), and the revision that is in force.

    Or a newsletter: its lessons are issues (campaigns/newsletters/), each with revisions of its own, and none
    of them is in force.
    """

    __tablename__ = "courses"

    id: Mapped[str] = mapped_column(String(20), primary_key=True)  # crs_..., the same in a course folder
    kind: Mapped[Literal["course", "newsletter"]] = mapped_column(String(12), default="course")
    archive: Mapped[bool] = mapped_column(default=False)  # a newsletter's sent issues are there for everybody
    slug: Mapped[str] = mapped_column(String(80), unique=True)
    title: Mapped[str]
    language: Mapped[str] = mapped_column(String(35))
    zone: Mapped[str] = mapped_column(String(64))
    cadence: Mapped[dict[str, Any]]
    disclosures: Mapped[list[Any]] = mapped_column(default=list)
    disclaimers: Mapped[list[Any]] = mapped_column(default=list)
    list_id: Mapped[int] = mapped_column(ForeignKey("mailing_lists.id"))
    article_id: Mapped[int | None] = mapped_column(ForeignKey("articles.id"))
    # None: the first brand. No foreign key: brands are marked as removed, never deleted.
    brand_id: Mapped[str | None] = mapped_column(String(20))
    revision_id: Mapped[int | None] = mapped_column(ForeignKey("revisions.id", use_alter=True))
    publishes: Mapped[int] = mapped_column(default=0)
    certificate: Mapped[bool] = mapped_column(default=False)  # for who has finished it
    paused_at: Mapped[datetime | None]
    paused_why: Mapped[str | None]  # what stopped it; None: a person did
    tracks_clicks: Mapped[bool] = mapped_column(default=False)  # of mails written from now on
    created_at: Mapped[datetime]

    mailing_list: Mapped[MailingList] = relationship()
    article: Mapped[Article | None] = relationship()
    lessons: Mapped[list["Lesson"]] = relationship(
        back_populates="course",
        order_by="Lesson.position",
        primaryjoin="and_(Lesson.course_id == Course.id, Lesson.removed.is_(False))",
    )
    revision: Mapped["Revision | None"] = relationship(foreign_keys=[revision_id])


CONTENT = (
    *("position", "kind", "title", "subject", "preheader", "recap", "teaser"),
    *("gap_days", "only_if", "format", "body", "minutes"),
)


class LessonContent:
    """What a lesson says, in the draft and in a revision alike: the columns named in CONTENT."""

    position: Mapped[int]
    kind: Mapped[Kind] = mapped_column(String(8))
    title: Mapped[str]
    subject: Mapped[str]
    preheader: Mapped[str] = mapped_column(default="")
    recap: Mapped[str] = mapped_column(default="")
    teaser: Mapped[str] = mapped_column(default="")
    gap_days: Mapped[int | None]  # own gap; None: the rhythm's
    only_if: Mapped[str] = mapped_column(default="")
    format: Mapped[Format] = mapped_column(String(8), default="markdown")
    body: Mapped[str]
    minutes: Mapped[int] = mapped_column(default=1)


class Lesson(LessonContent, Base):
    """A lesson of the draft. Its id is stable for ever: edits, moves and roll-backs keep it."""

    __tablename__ = "lessons"

    id: Mapped[str] = mapped_column(String(20), primary_key=True)  # les_...
    course_id: Mapped[str] = mapped_column(ForeignKey("courses.id"), index=True)
    source: Mapped[str] = mapped_column(default="")
    removed: Mapped[bool] = mapped_column(
        default=False
    )  # from the draft; revisions and deliveries name it still
    saved_at: Mapped[datetime | None]  # by a person, in the editor
    saved_by: Mapped[str] = mapped_column(String(100), default="")  # their name
    set_aside: Mapped[str | None]  # its text in the other format, from before it was switched

    course: Mapped[Course] = relationship(back_populates="lessons")


class Question(Base):
    """What a lesson asks its readers on the web: to think about in words, or with choices, a quiz."""

    __tablename__ = "questions"

    id: Mapped[int] = mapped_column(primary_key=True)
    lesson_id: Mapped[str] = mapped_column(ForeignKey("lessons.id"), unique=True)
    text: Mapped[str]
    choices: Mapped[list[Any]]  # empty: answered in words
    right: Mapped[str] = mapped_column(default="")  # of the choices; "": none is right or wrong
    created_at: Mapped[datetime]


class Answer(Base):
    """A reader's answer, in their words or those of the choice. The newest counts."""

    __tablename__ = "answers"

    question_id: Mapped[int] = mapped_column(ForeignKey("questions.id"), primary_key=True)
    subscriber_id: Mapped[int] = mapped_column(ForeignKey("subscribers.id"), primary_key=True, index=True)
    text: Mapped[str]
    at: Mapped[datetime]


_CAUSES = ("tag_id", "finished_id", "clicked", "segment_id")
_HOW_MANY = " + ".join(f"(CASE WHEN {name} IS NULL THEN 0 ELSE 1 END)" for name in _CAUSES)


class Trigger(Base):
    """Who gets a tag, finishes a course, follows a link or comes to be in a segment, enters this course or
    ends it; and may enter another then.
    """

    __tablename__ = "triggers"
    __table_args__ = (
        CheckConstraint(f"{_HOW_MANY} = 1", name="when"),
        CheckConstraint("act IN ('enrol', 'end')", name="act"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    course_id: Mapped[str] = mapped_column(ForeignKey("courses.id"), index=True)
    tag_id: Mapped[int | None] = mapped_column(ForeignKey("tags.id"))
    finished_id: Mapped[str | None] = mapped_column(ForeignKey("courses.id"))
    clicked: Mapped[str | None] = mapped_column(Text)  # an address that the course's lessons link to
    segment_id: Mapped[int | None] = mapped_column(ForeignKey("segments.id"))
    act: Mapped[Literal["enrol", "end"]] = mapped_column(String(8))
    then_id: Mapped[str | None] = mapped_column(ForeignKey("courses.id"))  # after an end: entered
    created_at: Mapped[datetime]

    course: Mapped[Course] = relationship(foreign_keys=[course_id])
    tag: Mapped[Tag | None] = relationship()
    finished: Mapped[Course | None] = relationship(foreign_keys=[finished_id])
    segment: Mapped[Segment | None] = relationship()
    then: Mapped[Course | None] = relationship(foreign_keys=[then_id])


class TriggerMark(Base):
    """That a trigger has met a person: it acts on each once."""

    __tablename__ = "trigger_marks"

    trigger_id: Mapped[int] = mapped_column(ForeignKey("triggers.id"), primary_key=True)
    subscriber_id: Mapped[int] = mapped_column(ForeignKey("subscribers.id"), primary_key=True, index=True)
    at: Mapped[datetime]
    outcome: Mapped[str] = mapped_column(String(24))


class Presence(Base):
    """Somebody who has a lesson open in the editor, and when their page last said so."""

    __tablename__ = "presences"

    lesson_id: Mapped[str] = mapped_column(ForeignKey("lessons.id"), primary_key=True)
    user_id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    seen_at: Mapped[datetime]


class Image(Base):
    """A lesson's picture as readers get it. Its id is a hash of it: uploaded twice, kept once."""

    __tablename__ = "images"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)  # of SHA-256, in hex
    media_type: Mapped[str] = mapped_column(String(16))
    width: Mapped[int]
    height: Mapped[int]
    content: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]

    @property
    def path(self) -> str:
        """Where browsers and mail programs find it, behind the installation's address."""
        return f"/images/{self.id}.{IMAGE_SUFFIXES[self.media_type]}"


class BrandRecord(Base):
    """A brand as it was saved (templates.brand.Brand). `removed` ones are kept: a press takes that back."""

    __tablename__ = "brands"

    id: Mapped[str] = mapped_column(String(20), primary_key=True)  # brd_..., or campaigns.brands.FIRST
    name: Mapped[str]
    address: Mapped[str]
    url: Mapped[str]
    from_name: Mapped[str]
    from_local: Mapped[str] = mapped_column(String(64))
    reply_to: Mapped[str] = mapped_column(String(320))
    accent: Mapped[str] = mapped_column(String(7))
    accent_dark: Mapped[str] = mapped_column(String(7))
    titles: Mapped[Face] = mapped_column(String(12))
    text: Mapped[Face] = mapped_column(String(12))
    footer: Mapped[str]
    logo: Mapped[str]  # an address elsewhere; an uploaded one is `image`
    logo_alt: Mapped[str]
    image_id: Mapped[str | None] = mapped_column(ForeignKey("images.id"))
    removed: Mapped[bool] = mapped_column(default=False)

    image: Mapped[Image | None] = relationship()


class Revision(Base):
    """A course as it was published once. Never changed afterwards."""

    __tablename__ = "revisions"
    __table_args__ = (UniqueConstraint("course_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    course_id: Mapped[str] = mapped_column(ForeignKey("courses.id"))
    number: Mapped[int]
    title: Mapped[str]
    language: Mapped[str] = mapped_column(String(35))
    zone: Mapped[str] = mapped_column(String(64))
    cadence: Mapped[dict[str, Any]]
    disclosures: Mapped[list[Any]]
    disclaimers: Mapped[list[Any]]
    brand: Mapped[dict[str, Any] | None]  # as it was then; None in revisions from before this was kept
    published_at: Mapped[datetime]
    author: Mapped[str] = mapped_column(default="")  # the name of who published it; "" on the command line
    note: Mapped[str] = mapped_column(default="")  # what they wrote about it

    lessons: Mapped[list["RevisionLesson"]] = relationship(
        back_populates="revision", order_by="RevisionLesson.position"
    )


class RevisionLesson(LessonContent, Base):
    """A lesson as a revision froze it, with the mail it compiled to."""

    __tablename__ = "revision_lessons"

    revision_id: Mapped[int] = mapped_column(ForeignKey("revisions.id"), primary_key=True)
    lesson_id: Mapped[str] = mapped_column(ForeignKey("lessons.id"), primary_key=True)
    number: Mapped[int]  # 0 is the welcome
    compiled: Mapped[str] = mapped_column(Text)  # templates.compiling.CompiledLesson as JSON

    revision: Mapped[Revision] = relationship(back_populates="lessons")


class Link(Base):
    """An address that a revision's lesson links to. A click is led to what stands here."""

    __tablename__ = "links"
    __table_args__ = (UniqueConstraint("revision_id", "lesson_id", "address"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    revision_id: Mapped[int] = mapped_column(ForeignKey("revisions.id"))
    lesson_id: Mapped[str] = mapped_column(String(20))
    address: Mapped[str] = mapped_column(Text)


class Publish(Base):
    """One change of the revision in force, and how far the course's people have been moved to it.

    A `roll_back` takes publishes back, named by the numbers of their revisions, latest first. As long as
    `finished_at` is None the course's ticks are held; there is at most one such row a course.
    """

    __tablename__ = "publishes"
    __table_args__ = (
        CheckConstraint("kind IN ('publish', 'roll_back')", name="kind"),
        Index("ix_publishes_course_id", "course_id"),
        Index(
            "ix_publishes_under_way",
            "course_id",
            unique=True,
            sqlite_where=text("finished_at IS NULL"),
            postgresql_where=text("finished_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    course_id: Mapped[str] = mapped_column(ForeignKey("courses.id"))
    kind: Mapped[Literal["publish", "roll_back"]] = mapped_column(String(12))
    before_id: Mapped[int | None] = mapped_column(ForeignKey("revisions.id"))
    after_id: Mapped[int] = mapped_column(ForeignKey("revisions.id"))
    taken_back: Mapped[list[Any]] = mapped_column(default=list)
    choices: Mapped[dict[str, Any]]  # campaigns.moving.Choices as JSON
    at: Mapped[datetime]  # the moment that everybody's next lesson is computed for
    people: Mapped[int] = mapped_column(default=0)  # enrolments to move, as they were counted
    moved: Mapped[int] = mapped_column(default=0)
    cursor: Mapped[int] = mapped_column(default=0)  # subscribers up to here have been looked at
    touched_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]

    course: Mapped[Course] = relationship()
    before: Mapped[Revision | None] = relationship(foreign_keys=[before_id])
    after: Mapped[Revision] = relationship(foreign_keys=[after_id])


class ProgressRecord(Base):
    """One distinct state of lessons had, shared by all enrolments in it: a million share a few thousand."""

    __tablename__ = "progress"
    __table_args__ = (UniqueConstraint("course_id", "digest"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    course_id: Mapped[str] = mapped_column(ForeignKey("courses.id"))
    digest: Mapped[str] = mapped_column(String(64))  # SHA-256 of the signature, hex
    payload: Mapped[dict[str, Any]]


class ProfileRecord(Base):
    """One distinct wish about when: zone, own time, own weekdays, pace. Shared like progress."""

    __tablename__ = "profiles"

    id: Mapped[int] = mapped_column(primary_key=True)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    zone: Mapped[str | None] = mapped_column(String(64))
    minute: Mapped[int | None]
    weekdays: Mapped[list[Any] | None]
    pace: Mapped[str] = mapped_column(String(8), default="normal")  # slower | normal | faster | days


# Who has a next lesson, and when: conditions of partial indexes, which a query must repeat to the letter.
HAS_A_MOMENT = "state = 'active' AND due_at IS NOT NULL"
HAS_NONE = "next_lesson IS NOT NULL AND (state <> 'active' OR due_at IS NULL)"


def _partial(name: str, *columns: str, where: str) -> Index:
    return Index(name, *columns, sqlite_where=text(where), postgresql_where=text(where))


class Enrolment(Base):
    """A subscriber's place in a course, and the indexed moment at which something is due."""

    __tablename__ = "enrolments"
    __table_args__ = (
        UniqueConstraint("subscriber_id", "course_id"),  # by person first: who has a page asks by it
        CheckConstraint("state IN ('active', 'paused', 'completed', 'left')", name="state"),
        # Course first: else a paused course's overdue rows lie at the head of the index. Lesson and state are
        # there to be counted: an index more would cost every promotion a write.
        _partial(
            "ix_enrolments_due", "course_id", "due_at", "id", "next_lesson", "state", where=HAS_A_MOMENT
        ),
        _partial("ix_enrolments_resting", "course_id", "next_lesson", "state", "due_at", where=HAS_NONE),
        Index("ix_enrolments_course_id_state_joined_at", "course_id", "state", "joined_at"),
        # Room on the page for the next version of a row: every lesson rewrites its enrolment.
        {"postgresql_with": {"fillfactor": 80}},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    course_id: Mapped[str] = mapped_column(ForeignKey("courses.id"))
    subscriber_id: Mapped[int] = mapped_column(ForeignKey("subscribers.id"))
    # What it lives by: while a publish is under way, the one before for who was not moved yet. No foreign
    # key, nor for the progress: both are rewritten for everybody, and neither is ever deleted.
    revision_id: Mapped[int]
    state: Mapped[str] = mapped_column(String(12), default="active")
    run: Mapped[int] = mapped_column(default=1)
    progress_id: Mapped[int]
    profile_id: Mapped[int] = mapped_column(ForeignKey("profiles.id"))
    joined_at: Mapped[datetime]
    joined_in: Mapped[int] = mapped_column(default=0)
    completed_in: Mapped[int] = mapped_column(default=0)
    reopened: Mapped[list[Any]] = mapped_column(default=list)
    anchor_at: Mapped[datetime | None]
    last_at: Mapped[datetime | None]
    paused_until: Mapped[date | None]
    held_until: Mapped[date | None]
    rebase: Mapped[bool] = mapped_column(default=False)
    next_lesson: Mapped[str | None] = mapped_column(String(20))
    planned_at: Mapped[datetime | None]
    due_at: Mapped[datetime | None]
    # The one lesson in flight, and the anchor to return to if it is called back.
    queued_lesson: Mapped[str | None] = mapped_column(String(20))
    queued_by: Mapped[str | None] = mapped_column(String(24))
    queued_anchor_at: Mapped[datetime | None]
    queued_last_at: Mapped[datetime | None]
    failures: Mapped[int] = mapped_column(default=0)  # of the next lesson, in a row

    course: Mapped[Course] = relationship()
    revision: Mapped[Revision] = relationship(
        primaryjoin=lambda: foreign(Enrolment.revision_id) == Revision.id, viewonly=True
    )
    subscriber: Mapped[Subscriber] = relationship()
    progress: Mapped[ProgressRecord] = relationship(
        primaryjoin=lambda: foreign(Enrolment.progress_id) == ProgressRecord.id
    )
    profile: Mapped[ProfileRecord] = relationship()
