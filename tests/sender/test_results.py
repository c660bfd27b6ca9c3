"""Results: the numbers kept per day equal a recount, whenever counted and whatever was forgotten."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from school import BRAND, School
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from campaigns.models import Course, Enrolment, Link, RevisionLesson
from courseletter.database import Database
from courseletter.weeks import week_of
from sender import clicks, results, wishes
from sender.models import Click, Counted, Delivery, Event, Result, State
from sender.results import Place, bring_up_to_date
from sender.scanners import Hit, scanned
from sender.switching import Draft, begin

KEEP = timedelta(days=20)
NUMBERS = [name for name in Result.__table__.c.keys() if name not in (*Place._fields, "day")]  # noqa: SIM118
KINDS = ["left", "paused", "paused", "resumed", "bounced", "complained", "finished", "unfinished"]
HUMAN_PACE = 40 * 60  # seconds between two acts, so that none fall together


@dataclass
class Story:
    """All that ever happened, kept apart from the database, which forgets."""

    joined: dict[int, datetime] = field(default_factory=dict)
    mails: dict[int, list[Delivery]] = field(default_factory=lambda: defaultdict(list))  # by enrolment
    events: dict[int, list[Event]] = field(default_factory=lambda: defaultdict(list))  # by enrolment
    hits: dict[int, list[Hit]] = field(default_factory=lambda: defaultdict(list))  # by delivery


class Life:
    """People who receive, click, pause, leave, come back and bounce, at random, straight in the ledger."""

    def __init__(self, school: School, seed: int) -> None:
        self.school, self.random, self.story = school, Random(seed), Story()
        with school.database.write() as session:
            course = session.get_one(Course, school.course_id)
            course.tracks_clicks = True
            revision = course.revision
            assert revision is not None
            self.revision_id = revision.id
            self.lessons = [one.lesson_id for one in revision.lessons]
            for lesson in self.lessons:
                for number in range(4):
                    address = f"https://a.example/{lesson}/{number}"
                    session.add(Link(revision_id=revision.id, lesson_id=lesson, address=address))
        self.reached: Counter[int] = Counter()

    def act(self) -> None:
        self.school.clock.move_to(
            self.school.clock.now() + timedelta(seconds=self.random.randint(60, HUMAN_PACE * 4))
        )
        acts = [self.join, self.receive, self.receive, self.receive, self.click, self.click, self.scan]
        acts += [self.happen, self.happen, self.copy]
        self.random.choice(acts)()

    def join(self) -> None:
        now = self.school.clock.now()
        number = self.school.enrol(f"reader{len(self.story.joined)}@inbox.example.org")
        self.story.joined[number] = now

    def receive(self) -> None:
        waiting = [one for one in self.story.joined if self.reached[one] < len(self.lessons)]
        if waiting:
            enrolment = self.random.choice(waiting)
            lesson = self.lessons[self.reached[enrolment]]
            self.reached[enrolment] += 1
            state = self.random.choices([State.ACCEPTED, State.UNKNOWN, State.FAILED], [8, 1, 1])[0]
            self.deliver(enrolment, lesson, state=state)

    def copy(self) -> None:
        mail = self.some_mail()
        if mail is not None and mail.lesson_id is not None:
            self.deliver(
                mail.enrolment_id or 0, mail.lesson_id, copy=len(self.story.mails[mail.enrolment_id or 0]) + 1
            )

    def deliver(self, enrolment: int, lesson: str, state: State = State.ACCEPTED, copy: int = 0) -> None:
        now = self.school.clock.now()
        with self.school.database.write() as session:
            person = session.get_one(Enrolment, enrolment).subscriber_id
            mail = Delivery(
                kind="lesson",
                subscriber_id=person,
                course_id=self.school.course_id,
                enrolment_id=enrolment,
                lesson_id=lesson,
                revision_id=self.revision_id,
                copy=copy,
                state=state,
                due_at=now,
                created_at=now,
                finished_at=now,
            )
            session.add(mail)
        self.story.mails[enrolment].append(mail)

    def happen(self) -> None:
        """An event of somebody's: some are of no consequence."""
        if not self.story.joined:
            return
        enrolment = self.random.choice(list(self.story.joined))
        kind = self.random.choice(KINDS)
        reported = kind in ("bounced", "complained")
        mails = [one for one in self.story.mails[enrolment] if one.copy == 0]
        if reported and not mails:
            return
        with self.school.database.write() as session:
            person = session.get_one(Enrolment, enrolment).subscriber_id
            about = {
                "subscriber_id": person,
                "course_id": self.school.course_id,
                "at": self.school.clock.now(),
            }
            made = [
                Event(
                    kind=kind,
                    delivery_id=self.random.choice(mails).id if reported else None,
                    data={},
                    **about,
                )
            ]
            if reported and self.random.random() < 0.5:
                made.append(Event(kind="left", data={}, **about))
            session.add_all(made)
        self.story.events[enrolment] += made

    def click(self) -> None:
        mail = self.some_mail()
        if mail is not None:
            self.follow(mail, self.random.randrange(4), self.random.choice(["", "", "", "agent"]))

    def scan(self) -> None:
        """Several links at once, a second apart, in any order."""
        mail = self.some_mail()
        if mail is not None:
            for number in self.random.sample(range(4), self.random.randint(2, 4)):
                self.follow(mail, number)
                self.school.clock.move_to(self.school.clock.now() + timedelta(seconds=1))

    def follow(self, mail: Delivery, number: int, mark: str = "") -> None:
        now = self.school.clock.now()
        with self.school.database.write() as session:
            links = select(Link.id).where(Link.lesson_id == mail.lesson_id).order_by(Link.id)
            link = session.scalars(links).all()[number]
            way = clicks.way_of(session, link, mail.id)
            if way.mail is not None:
                clicks.record(session, way.mail, link, mark, now)
                session.flush()
                made = session.scalars(select(Click).order_by(Click.id.desc()).limit(1)).one()
                self.story.hits[made.delivery_id].append(Hit(made.seconds, link, mark))

    def some_mail(self) -> Delivery | None:
        arrived = [m for mails in self.story.mails.values() for m in mails if m.state != State.FAILED]
        return self.random.choice(arrived[-40:]) if arrived else None


def recount(story: Story, lessons: Sequence[str]) -> Counter[tuple[str, str]]:
    """(lesson, what) -> how many, person by person, from the story alone."""
    found: Counter[tuple[str, str]] = Counter()
    for enrolment in story.joined:
        events = story.events[enrolment]
        mails = [one for one in story.mails[enrolment] if not one.copy]
        received = [one for one in mails if one.state in (State.ACCEPTED, State.UNKNOWN)]
        for mail, after in zip(received, [*received[1:], None], strict=False):
            since = [
                one
                for one in events
                if one.at >= mail.finished_at and (after is None or one.at < after.finished_at)
            ]
            told = {one.at for one in events if one.kind in ("bounced", "complained")}
            left = [one for one in since if one.kind == "left"]
            paused = [one for one in since if one.kind == "paused"]
            verdicts = scanned(story.hits[mail.id])
            counts = {
                "received": 1,
                "clicked": any(not one for one in verdicts),
                "scanner_clicks": sum(verdicts),
                "stopped": after is None and stands_stopped(since),
                "paused": bool(paused),
                "unsubscribed": bool(left) and left[0].at not in told,
            }
            for name, number in counts.items():
                found[mail.lesson_id or "", name] += number
        for mail in mails:
            for kind in ("bounced", "complained"):
                of_it = any(one.kind == kind and one.delivery_id == mail.id for one in events)
                found[mail.lesson_id or "", kind] += of_it
        found[lessons[-1], "finished"] += finished(received, events, lessons[-1])
    return +found


def stands_stopped(since: Sequence[Event]) -> bool:
    """Who has stopped goes on by the next mail, or by passing the end over."""
    told = [one.kind for one in since if one.kind in ("left", "paused", "finished")]
    return bool(told) and told[-1] != "finished"


def finished(received: Sequence[Delivery], events: Sequence[Event], last: str) -> int:
    """1: they have, by the last mail or without it."""
    done = {one.finished_at: "mail" for one in received if one.finished_at and one.lesson_id == last}
    done |= {one.at: one.kind for one in events if one.kind in ("finished", "unfinished")}
    by_mail = passed_over = counts = False
    for _, what in sorted(done.items()):
        if what == "mail":
            by_mail = counts = True
        else:
            passed_over = what == "finished"
            counts = by_mail or passed_over
    return counts


def kept(database: Database) -> Counter[tuple[str, str]]:
    sums = [func.sum(getattr(Result, name)) for name in NUMBERS]
    with database.read() as session:
        rows = session.execute(select(Result.lesson_id, *sums).group_by(Result.lesson_id)).all()
    found = Counter({(row[0], name): n for row in rows for name, n in zip(NUMBERS, row[1:], strict=True)})
    return +found


@pytest.mark.parametrize("seed", range(3))
def test_the_numbers_equal_a_recount(school: School, seed: int) -> None:
    """Counted now and then, over months, while what is older than 20 days is forgotten."""
    life = Life(school, seed)
    counting = Random(seed)
    for _ in range(180):
        life.act()
        if counting.random() < 0.15:
            school.clock.move_to(school.clock.now() + timedelta(hours=counting.randint(1, 60)))
        if counting.random() < 0.2:
            bring_up_to_date(school.database, school.clock.now(), KEEP)
    school.clock.move_to(school.clock.now() + timedelta(hours=3))
    bring_up_to_date(school.database, school.clock.now(), KEEP)
    expected = recount(life.story, life.lessons)
    assert {name for _, name in expected} == set(NUMBERS), "a story in which everything happens"
    assert kept(school.database) == expected
    with school.database.read() as session:
        forgotten = sum(map(len, life.story.hits.values())) - (
            session.scalar(select(func.count(Click.id))) or 0
        )
    assert forgotten > 0
    bring_up_to_date(school.database, school.clock.now() + timedelta(days=40), KEEP)
    with school.database.read() as session:
        assert session.scalars(select(Click)).all() == []
    assert kept(school.database) == expected


def test_each_number_stands_with_the_week_of_sign_up(school: School) -> None:
    for days in (0, 5, 5, 8):  # Wednesday; Monday of the week after, twice; Thursday after that
        school.clock.move_to(datetime(2026, 3, 11, 14, 42, tzinfo=UTC) + timedelta(days=days))
        number = len(school.deliveries())
        school.enrol(f"reader{number}@inbox.example.org")
        school.work()
    bring_up_to_date(school.database, school.clock.now(), KEEP)
    with school.database.read() as session:
        welcome = select(RevisionLesson.lesson_id).where(RevisionLesson.number == 0).scalar_subquery()
        weeks = select(Result.cohort, func.sum(Result.received)).where(Result.lesson_id == welcome)
        found = session.execute(weeks.group_by(Result.cohort).order_by(Result.cohort)).all()
    assert [(f"{week:%a %d %b}", people) for week, people in found] == [("Mon 09 Mar", 1), ("Mon 16 Mar", 3)]


def test_a_week_begins_on_monday_in_utc(school: School) -> None:
    number = school.enrol()
    for day in range(9, 17):
        for hour in (0, 23):
            moment = datetime(2026, 3, day, hour, 59, 59, 999_999, tzinfo=UTC)
            school.change(lambda s, at=moment: s.execute(update(Enrolment).values(joined_at=at)))
            with school.database.read() as session:
                week = session.scalar(select(week_of(Enrolment.joined_at)).where(Enrolment.id == number))
            assert week == moment.date() - timedelta(days=moment.weekday())


def test_pausing_is_taken_back_by_the_next_lesson(school: School) -> None:
    number = school.enrol()
    school.work()
    school.clock.move_to(school.clock.now() + timedelta(hours=1))
    school.wish(number, wishes.pause, None)
    bring_up_to_date(school.database, school.clock.now(), KEEP)
    assert {name: n for (_, name), n in kept(school.database).items()} == {
        "received": 1,
        "paused": 1,
        "stopped": 1,
    }
    school.clock.move_to(school.clock.now() + timedelta(days=3))
    school.wish(number, wishes.resume)
    school.live()
    bring_up_to_date(school.database, school.clock.now(), KEEP)
    found = Counter(name for (_, name), n in kept(school.database).items() for _ in range(n))
    assert found["paused"] == 1
    assert found["stopped"] == 0


def test_a_revision_more_moves_no_number(school: School) -> None:
    """Lessons keep their ids, so results outlive revisions."""
    school.enrol()
    school.work()

    def reword(session: Session) -> None:
        session.get_one(Course, school.course_id).lessons[1].title = "Another title"

    school.change(reword)
    moving = begin(school.database, school.course_id, Draft(BRAND), school.clock.now())
    assert moving is not None
    moving.run(school.clock)
    school.enrol("bo@inbox.example.org")
    school.work()
    bring_up_to_date(school.database, school.clock.now(), KEEP)
    (received,) = [n for (_, name), n in kept(school.database).items() if name == "received"]
    assert received == 2


def test_what_is_settled_is_not_counted_again(school: School) -> None:
    school.enrol()
    school.work()
    bring_up_to_date(school.database, school.clock.now() + timedelta(days=2), KEEP)
    school.change(lambda s: s.execute(update(Delivery).values(state=State.FAILED)))
    bring_up_to_date(school.database, school.clock.now() + timedelta(days=3), KEEP)
    assert sum(kept(school.database).values()) == 1


def test_a_clock_that_went_back_overwrites_nothing(school: School) -> None:
    school.enrol()
    school.work()
    bring_up_to_date(school.database, school.clock.now() + timedelta(hours=2), KEEP)
    school.change(lambda s: s.execute(update(Delivery).values(state=State.FAILED)))
    bring_up_to_date(school.database, school.clock.now() + timedelta(hours=1), KEEP)
    assert sum(kept(school.database).values()) == 1
    with school.database.read() as session:
        assert results.counted_until(session) == school.clock.now() + timedelta(hours=2)
        assert session.scalars(select(Counted)).one().forgotten is not None
