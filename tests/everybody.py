"""A course in the database with a thousand people under way, and the reference model of each of them."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from school import BRAND
from sqlalchemy import insert, select
from sqlalchemy.orm import Session
from worlds import World, facts, facts_of_model

from campaigns import enrolling, publishing
from campaigns.groups import Members
from campaigns.models import Course, Enrolment, Lesson
from campaigns.moving import Choices
from campaigns.schedule import Timetable
from campaigns.standing import Standing
from courseletter.database import Database
from courseletter.ids import new_id
from sender.planning import tick
from subscribers.models import MailingList, Subscriber


class Everybody:
    """`lives` are the different ones: every one of the `learners` lives one of them."""

    def __init__(
        self, database: Database, model: Any, dice: random.Random, *, lives: int = 30, learners: int = 1_000
    ) -> None:
        self.database, self.model, self.dice = database, model, dice
        prefix = f"{new_id('les')[-8:]}-"
        first = World(model, dice, prefix=prefix)
        self.timetable = replace(first.timetable, publishes=1)
        self.stack: list[Timetable] = []
        self.words: dict[int, Mapping[str, str]] = {1: {}}  # by revision: what lessons say
        self.lives = [
            World(model, dice, prefix=prefix, timetable=self.timetable, now=first.now - self._a_while())
            for _ in range(lives)
        ]
        for life in self.lives:
            life.live_until(first.now)
        self.now = max(life.now for life in self.lives)
        with database.write() as session:
            self.course_id = self._found(session).id
            self._enrol(session, learners)

    def _a_while(self) -> timedelta:
        return timedelta(minutes=self.dice.randrange(150 * 1440))

    def _found(self, session: Session) -> Course:
        slug = new_id("course").lower().replace("_", "-")
        course = Course(
            id=new_id("crs"),
            slug=slug,
            title="A course",
            language="en",
            zone=self.timetable.zone,
            cadence={},
            mailing_list=MailingList(slug=slug, name=slug, created_at=self.now),
            created_at=self.now,
        )
        session.add(course)
        self._redraft(session, course, self.timetable, {})
        publishing.publish(session, course, BRAND, self.now)
        return course

    def _enrol(self, session: Session, learners: int) -> None:
        people = [
            {
                "email": f"reader{number}@{self.course_id.lower()}.example.org",
                "address_key": f"reader{number}@{self.course_id.lower()}.example.org",
                "created_at": self.now,
            }
            for number in range(learners)
        ]
        found = session.scalars(
            insert(Subscriber).returning(Subscriber.id, sort_by_parameter_order=True), people
        )
        patterns = [self._pattern(session, life) for life in self.lives]
        rows = [
            {**patterns[number % len(patterns)], "subscriber_id": subscriber}
            for number, subscriber in enumerate(found)
        ]
        made = session.scalars(insert(Enrolment).returning(Enrolment.id, sort_by_parameter_order=True), rows)
        self.life_of = {enrolment: number % len(patterns) for number, enrolment in enumerate(made)}

    def _pattern(self, session: Session, life: World) -> dict[str, Any]:
        course = session.get_one(Course, self.course_id)
        row = Enrolment(course=course, revision_id=course.revision_id)
        with session.no_autoflush:
            enrolling.store(session, row, life.standing, life.profile)
        session.flush()
        names = [column.key for column in Enrolment.__mapper__.column_attrs if column.key != "id"]
        shared = {"course_id": course.id, "progress_id": row.progress.id, "profile_id": row.profile.id}
        return {name: getattr(row, name) for name in names} | shared

    # What the marketer does

    def tick(self) -> None:
        """Tick the course, and the model of everybody. Twice: what is dated anew may be due at once."""
        for _ in range(2):
            tick(self.database, self.now)
            for life in self.lives:
                life.enrolment = self.model.promote(life.course(), life.who(), life.enrolment, self.now)

    def edit(self) -> Choices:
        """Change the draft at random. Returns the marketer's choices about it."""
        new, choices = self._an_edit()
        rewritten = {step.id: f"Words {new.publishes}." for step in new.steps if self.dice.random() < 0.2}
        self.words[new.publishes] = {**self.words[self.timetable.publishes], **rewritten}
        with self.database.write() as session:
            course = session.get_one(Course, self.course_id)
            self._redraft(session, course, new, self.words[new.publishes])
        self.draft = new
        return choices

    def _an_edit(self) -> tuple[Timetable, Choices]:
        maker = self.lives[0]
        while True:
            new, choices = maker.edited()
            # What changes nothing is no revision.
            edited = (new.steps, new.cadence) != (self.timetable.steps, self.timetable.cadence)
            if edited and any(not step.welcome for step in new.steps):
                return new, choices

    def _redraft(
        self, session: Session, course: Course, timetable: Timetable, words: Mapping[str, str]
    ) -> None:
        known = {one.id: one for one in session.scalars(select(Lesson).where(Lesson.course_id == course.id))}
        for lesson in known.values():
            lesson.removed = True
        for position, step in enumerate(timetable.steps):
            lesson = known.get(step.id) or Lesson(id=step.id, course_id=course.id)
            lesson.removed, lesson.position, lesson.gap_days = False, position, step.gap
            lesson.kind = "welcome" if step.welcome else "lesson"
            lesson.title = lesson.subject = step.id
            lesson.body = words.get(step.id, "Words.")
            session.add(lesson)
        course.cadence = timetable.cadence.to_json()
        session.flush()
        session.refresh(course, ["lessons"])

    # The comparison

    def publish_in_model(self, choices: Choices) -> list[str]:
        """Let the model publish the draft to everybody. Returns what it says this did, life by life."""
        old, new = self.timetable, self.draft
        before = self.model.Course(
            "C", old.zone, self.lives[0].revision(old, self.words[old.publishes]), publishes=new.publishes - 1
        )
        theirs = self.lives[0].revision(new, self.words[new.publishes])
        people = [(life.who(), life.enrolment) for life in self.lives]
        _, after = self.model.publish(before, theirs, people, self.now, choices.policies, choices.reopen)
        told = [
            self.model.effect(before.revision, theirs, was, now)
            for (_, was), now in zip(people, after, strict=True)
        ]
        self.stack.append(old)
        self._go_over(new, after)
        return told

    def roll_back_in_model(self, steps: int) -> None:
        """Let the model take back the last publishes, one after the other."""
        for _ in range(steps):
            course = self.lives[0].course()
            people = [(life.who(), life.enrolment) for life in self.lives]
            _, after = self.model.roll_back(course, people, self.now)
            self._go_over(self.stack.pop(), after)

    def _go_over(self, timetable: Timetable, after: Sequence[Any]) -> None:
        self.timetable = timetable
        for life, enrolment in zip(self.lives, after, strict=True):
            life.timetable, life.enrolment, life.stack = timetable, enrolment, list(self.stack)
            life.publishes = max(life.publishes, timetable.publishes)

    def standings(self) -> dict[int, Standing]:
        with self.database.read() as session:
            return {one.enrolment_id: one.standing for one in Members(session).read(list(self.life_of))}

    def check(self) -> None:
        """Everybody stands where the model says."""
        for enrolment, standing in self.standings().items():
            life = self.lives[self.life_of[enrolment]]
            assert facts(standing) == facts_of_model(life.enrolment), (
                life.timetable,
                life.profile,
                life.done,
            )
