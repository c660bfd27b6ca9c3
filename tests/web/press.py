"""A newsletter for tests and pictures: one issue in draft, and one sent whose subjects were tested."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from feeds import ADDRESS, Feed
from reading_room import World
from show_room import accept_all
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from campaigns.digests import setting_up
from campaigns.digests.rhythm import Rhythm
from campaigns.links import track_clicks
from campaigns.models import Course, Link
from campaigns.newsletters import drafting
from campaigns.newsletters.drafting import Wishes
from campaigns.newsletters.models import Issue
from campaigns.newsletters.timing import When
from sender.models import Click, Delivery
from sender.newsletters import results, steering
from sender.newsletters.writing import send_due
from subscribers.models import Membership, MemberStatus, Subscriber

BODY = "The first frost is on the beds.\n\n[Cover what is tender](https://notes.example.org/frost)\n"


def newsletters(world: World) -> tuple[str, str]:
    """The ids of a draft with a plan, and of an issue that everybody has."""
    with world.installation.database.write() as session:
        newsletter = _found(session, world)
        sent = _issue(session, world, newsletter, "Before the frost", "Three evenings before the frost")
    opened = world.installation
    now, key = opened.clock.now(), opened.settings.key
    steering.schedule(opened.database, opened.brands, sent.lesson_id, key, now, "Mira Holt")
    _send(world, sent.lesson_id)
    with world.installation.database.write() as session:
        newsletter = session.get_one(Course, newsletter.id)
        draft = _issue(session, world, newsletter, "What the birds need in winter", "Feed them, or not?")
        day = world.clock.now().date() + timedelta(days=1)
        wishes = Wishes.of(draft)
        planned = Wishes(wishes.audience, When(day, 9 * 60), wishes.subjects, 20, 4)
        drafting.settle(session, draft, planned, world.clock.now())
    return draft.lesson_id, sent.lesson_id


def digest(world: World) -> str:
    """The newsletter's id, fed by a site with one note; every Monday and Thursday as a draft."""
    site, opened = Feed(), world.installation
    site.publish("What the birds need in winter", world.clock.now() - timedelta(days=2))
    with opened.database.read() as session:
        newsletter_id = drafting.find_newsletter(session, "the-garden-letter").id
    rhythm = Rhythm("week", frozenset({0, 3}), 9 * 60, "Europe/London")
    chosen = setting_up.Wishes(ADDRESS, rhythm, introduction="Good morning. This is new on our site:")
    setting_up.set_up(opened.database, site.fetcher(), newsletter_id, chosen, 0, world.clock.now())
    return newsletter_id


def _found(session: Session, world: World) -> Course:
    now = world.clock.now()
    newsletter = drafting.create_newsletter(
        session, "The Garden Letter", now, language="en", zone="Europe/London"
    )
    track_clicks(session, newsletter, True)
    people = session.scalars(select(Subscriber.id).order_by(Subscriber.id)).all()
    rows = [
        {
            "list_id": newsletter.list_id,
            "subscriber_id": one,
            "status": MemberStatus.PENDING if place % 19 == 5 else MemberStatus.CONFIRMED,
            "changed_at": now,
        }
        for place, one in enumerate(people)
    ]
    session.execute(insert(Membership), rows)
    return newsletter


def _issue(session: Session, world: World, newsletter: Course, title: str, other: str) -> Issue:
    issue = drafting.create_issue(session, newsletter, title, world.clock.now())
    issue.lesson.body, issue.lesson.preheader = BODY, "Two minutes from the garden"
    wishes = Wishes(Wishes.of(issue).audience, subjects=(other,))
    drafting.settle(session, issue, wishes, world.clock.now())
    return issue


def _send(world: World, issue_id: str) -> None:
    """Test, click, decide, send to the others and count, all at one moment."""
    database, now = world.installation.database, world.clock.now()
    send_due(database, now)
    accept_all(world.installation)
    with database.write() as session:
        issue = session.get_one(Issue, issue_id)
        tested = session.scalars(select(Delivery).where(Delivery.lesson_id == issue_id)).all()
        _click(session, [one for place, one in enumerate(tested) if place % 7 < _eagerness(issue, one)], now)
        issue.decide_at = issue.next_at = now
    send_due(database, now)
    accept_all(world.installation)
    with database.write() as session:
        session.get_one(Issue, issue_id).next_at = now
        end = now + timedelta(days=1)
        results.keep_day(session, now.date(), results.count_day(session, now - timedelta(days=1), end))
    send_due(database, now)


def _eagerness(issue: Issue, mail: Delivery) -> int:
    return 3 if mail.revision_id == issue.revisions[1] else 2


def _click(session: Session, mails: Sequence[Delivery], now: datetime) -> None:
    links = {link.revision_id: link.id for link in session.scalars(select(Link))}
    session.add_all(
        Click(at=now, delivery_id=one.id, link_id=links[one.revision_id or 0], seconds=60, scanner=False)
        for one in mails
    )
