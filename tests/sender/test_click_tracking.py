"""Clicks from the mail to the page: which mails carry our links, what is written, judged and forgotten."""

import re
from datetime import timedelta
from email import message_from_bytes, policy

import pytest
from school import BRAND, KEY, LINKS, ORIGIN, School
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from campaigns import publishing
from campaigns.brands import Brands
from campaigns.links import links_of, track_clicks
from campaigns.models import Course, Link
from courseletter.errors import NotFound
from sender import clicks, wishes
from sender.claiming import claim, give_back
from sender.letters import Composer
from sender.models import Click, Delivery
from sender.planning import tick
from subscribers.models import Subscriber
from subscribers.tokens import Purpose

STUDY = "https://journal.example/study?id=7&page=2"
SHOP = "https://shop.example/notebook"
WAY = re.compile(r"https://letters\.example\.org/go/(\d+)/([\w.-]+)")


def publish_with_links(school: School, *, tracked: bool = True) -> None:
    def publish(session: Session) -> None:
        course = session.get_one(Course, school.course_id)
        for lesson in course.lessons:
            lesson.body += f"\n[A study]({STUDY}) and [a notebook]({SHOP}).\n"
        track_clicks(session, course, tracked)
        session.flush()
        publishing.publish(session, course, BRAND, school.clock.now())

    school.change(publish)


@pytest.fixture
def linked(school: School) -> School:
    publish_with_links(school)
    return school


def parts(message: bytes) -> tuple[str, str]:
    mail = message_from_bytes(message, policy=policy.default)
    text, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert text is not None
    assert html is not None
    return text.get_content(), html.get_content()


def test_r38_the_links_of_a_lesson_carry_stored_ids_and_the_mails_token(linked: School) -> None:
    linked.enrol()
    linked.work()
    (delivery,) = linked.deliveries()
    text, html = parts(linked.memory.delivered[0].message)
    with linked.database.read() as session:
        stored = links_of(session, delivery.revision_id, delivery.lesson_id)
    assert {STUDY, SHOP} <= stored.keys()
    for part in (text, html):
        found = WAY.findall(part)
        assert {int(link) for link, _ in found} == {stored[STUDY], stored[SHOP]}
        assert {LINKS.tokens.read(Purpose.CLICK, token) for _, token in found} == {(delivery.id,)}
        assert "journal.example" not in part
        assert "shop.example" not in part
    assert "https://notes.example.org" in html, "the brand's own site is no lesson's link"


def test_a_course_without_tracking_has_plain_addresses(school: School) -> None:
    publish_with_links(school, tracked=False)
    school.enrol()
    school.work()
    text, html = parts(school.memory.delivered[0].message)
    assert STUDY in text
    assert SHOP in html
    assert not WAY.search(text + html)
    with school.database.read() as session:
        assert session.scalars(select(Link)).all() == []


def test_who_wants_no_tracking_gets_plain_addresses_beside_others(linked: School) -> None:
    linked.enrol()
    linked.enrol("bo@inbox.example.org", "Bo")
    linked.change(
        lambda s: s.execute(update(Subscriber).where(Subscriber.first_name == "Bo").values(no_tracking=True))
    )
    linked.work()
    mails = {one.envelope.recipient: one.message for one in linked.memory.delivered}
    assert not WAY.search("".join(parts(mails["bo@inbox.example.org"])))
    assert WAY.search("".join(parts(mails["ada@inbox.example.org"])))


def test_a_second_attempt_says_the_same_whatever_was_switched_meanwhile(linked: School) -> None:
    """Each attempt is byte-identical: what is tracked is frozen with the first claim."""
    linked.enrol()
    tick(linked.database, linked.clock.now())
    composer = Composer(Brands(BRAND), ORIGIN, LINKS, KEY)
    written = []
    for tracked in (True, False):
        linked.change(lambda s, on=tracked: track_clicks(s, s.get_one(Course, linked.course_id), on))
        claims = claim(linked.database, linked.clock.now(), 10)
        with linked.database.read() as session:
            composer.learn(session, claims)
        written.append(composer.compose(claims[0]).message)
        give_back(linked.database, claims)
    assert written[0] == written[1]
    assert WAY.search("".join(parts(written[0])))


def test_switching_on_stores_the_links_of_what_is_published(school: School) -> None:
    publish_with_links(school, tracked=False)
    for _ in range(2):
        school.change(lambda s: track_clicks(s, s.get_one(Course, school.course_id), True))
    school.enrol()
    school.work()
    assert WAY.search("".join(parts(school.memory.delivered[0].message)))


# Following a link.


def clicked(school: School, delivery: Delivery, link: int, mark: str = "", after: int = 3600) -> None:
    moment = delivery.finished_at + timedelta(seconds=after)

    def click(session: Session) -> None:
        way = clicks.way_of(session, link, delivery.id)
        if way.mail is not None:
            clicks.record(session, way.mail, link, mark, moment)

    school.change(click)


def stored_links(school: School) -> list[int]:
    delivery = school.deliveries()[0]
    with school.database.read() as session:
        return sorted(links_of(session, delivery.revision_id, delivery.lesson_id).values())


@pytest.fixture
def received(linked: School) -> School:
    linked.enrol()
    linked.work()
    return linked


def all_clicks(school: School) -> list[Click]:
    with school.database.read() as session:
        return list(session.scalars(select(Click).order_by(Click.id)))


def test_a_click_is_written_with_the_time_since_delivery(received: School) -> None:
    (delivery,) = received.deliveries()
    clicked(received, delivery, stored_links(received)[0], after=95)
    (click,) = all_clicks(received)
    assert (click.delivery_id, click.seconds, click.mark, click.scanner) == (delivery.id, 95, "", None)


def test_a_link_of_another_lesson_is_none_of_this_mails(received: School) -> None:
    (delivery,) = received.deliveries()
    with received.database.read() as session:
        foreign = session.scalars(select(Link.id).where(Link.lesson_id != delivery.lesson_id)).first()
        assert foreign is not None
        for link in (foreign, 987654):
            with pytest.raises(NotFound):
                clicks.way_of(session, link, delivery.id)


def test_a_mail_that_is_gone_still_leads_on_and_counts_nothing(received: School) -> None:
    with received.database.read() as session:
        way = clicks.way_of(session, stored_links(received)[0], 987654)
    assert way.address.startswith("https://")
    assert way.mail is None


@pytest.mark.parametrize("who", ["course", "reader"])
def test_what_is_switched_off_later_is_not_counted_and_leads_on(received: School, who: str) -> None:
    (delivery,) = received.deliveries()
    off = (
        update(Course).values(tracks_clicks=False)
        if who == "course"
        else update(Subscriber).values(no_tracking=True)
    )
    received.change(lambda session: session.execute(off))
    clicked(received, delivery, stored_links(received)[0])
    assert all_clicks(received) == []


def test_a_copys_click_is_the_lessons(received: School) -> None:
    (delivery,) = received.deliveries()
    received.change(
        lambda s: wishes.send_again(s, s.get_one(Delivery, delivery.id), received.clock.now(), KEY)
    )
    received.work()
    _, copy = received.deliveries()
    assert copy.copy == 1
    clicked(received, copy, stored_links(received)[0])
    assert [one.delivery_id for one in all_clicks(received)] == [delivery.id]


def test_clicks_are_judged_once_when_a_scanners_round_is_over(received: School) -> None:
    (delivery,) = received.deliveries()
    first, second = stored_links(received)[:2]
    clicked(received, delivery, first, after=2)
    clicked(received, delivery, second, "agent", after=30)
    clicked(received, delivery, first, after=600)
    at = delivery.finished_at
    assert clicks.judge(received.database, at + timedelta(seconds=100)) == 2
    assert [one.scanner for one in all_clicks(received)] == [True, True, None]
    assert clicks.judge(received.database, at + timedelta(hours=1)) == 1
    assert clicks.judge(received.database, at + timedelta(hours=2)) == 0
    assert [one.scanner for one in all_clicks(received)] == [True, True, False]


def test_what_is_forgotten_does_not_come_back(received: School) -> None:
    (delivery,) = received.deliveries()
    link, at = stored_links(received)[0], delivery.finished_at
    clicked(received, delivery, link)
    clicks.judge(received.database, at + timedelta(hours=2))
    assert clicks.forget(received.database, at) == 0
    assert clicks.forget(received.database, at + timedelta(days=90)) == 1
    assert all_clicks(received) == []
    clicked(received, delivery, link, after=91 * 86400)
    assert all_clicks(received) == [], "its reader would be counted twice"
    assert clicks.forget(received.database, at) == 0, "nor by a longer time to keep"
    clicked(received, delivery, link, after=91 * 86400)
    assert all_clicks(received) == []


def test_a_link_that_is_followed_for_ever_fills_no_disk(received: School) -> None:
    (delivery,) = received.deliveries()
    link = stored_links(received)[0]
    for number in range(clicks.MOST + 3):
        clicked(received, delivery, link, after=3600 + number)
    assert len(all_clicks(received)) == clicks.MOST
    assert clicks.judge(received.database, delivery.finished_at + timedelta(days=1)) == clicks.MOST
