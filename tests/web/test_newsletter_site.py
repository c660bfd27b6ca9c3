"""A newsletter's own pages: signing up and confirming, its archive and feed."""

import re
from datetime import timedelta

import feedparser
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect
from reading_room import World
from show_room import accept_all
from sqlalchemy import select
from starlette.testclient import TestClient

from campaigns.models import Course
from campaigns.newsletters import drafting, scheduling
from campaigns.newsletters.drafting import Wishes
from campaigns.newsletters.models import Issue, IssueState
from sender.models import Delivery
from sender.newsletters.writing import send_due
from subscribers import consent, form_tokens, tags
from subscribers.audiences import Audience, Part
from subscribers.consent import Evidence
from subscribers.models import ConsentEntry, Membership, Subscriber
from subscribers.people import NOTHING_SAID, find_or_create

HOME = "/n/the-garden-letter"
BODY = "The first frost is on the beds. <script>alert(1)</script>\n\n[Cover them](https://notes.example.org/frost)\n"


def found_newsletter(world: World, *, archive: bool = True, language: str = "en") -> Course:
    """A newsletter with one reader."""
    with world.installation.database.write() as session:
        now = world.clock.now()
        newsletter = drafting.create_newsletter(
            session, "The Garden Letter", now, language=language, zone="Europe/Lisbon"
        )
        newsletter.archive = archive
        reader, _ = find_or_create(session, "reader@example.org", NOTHING_SAID, now)
        consent.add(session, newsletter.mailing_list, reader, Evidence(), now)
        return newsletter


def send(world: World, newsletter: Course, title: str, audience: Audience | None = None) -> str:
    """Send an issue to everybody on its list, and have it taken; returns its id."""
    opened = world.installation
    with opened.database.write() as session:
        now = world.clock.now()
        own = session.get_one(Course, newsletter.id)
        issue = drafting.create_issue(session, own, title, now)
        issue.lesson.body = BODY
        drafting.settle(
            session, issue, Wishes(audience or Audience((Part("list", newsletter.list_id),))), now
        )
        brand = opened.brands.of(session, own)
        scheduling.schedule(session, issue, brand, opened.settings.key, now)
        lesson_id = issue.lesson_id
    send_due(opened.database, world.clock.now())
    accept_all(opened)
    world.clock.move_to(world.clock.now() + timedelta(minutes=10))
    send_due(opened.database, world.clock.now())
    with opened.database.read() as session:
        assert session.get_one(Issue, lesson_id).state == IssueState.SENT
    return lesson_id


def form(world: World, **fields: str) -> dict[str, str]:
    shown_at = world.clock.now() - timedelta(minutes=1)
    token = form_tokens.make(world.installation.settings.key, "the-garden-letter", shown_at)
    return {form_tokens.TOKEN: token, form_tokens.TRAP: "", **fields}


def confirm_path(world: World, email: str) -> str:
    with world.installation.database.read() as session:
        person = session.scalars(select(Subscriber).where(Subscriber.email == email)).one()
        (membership,) = session.scalars(select(Membership).where(Membership.subscriber_id == person.id))
        link = world.installation.links.confirm(membership.list_id, person.id)
    return link.removeprefix(world.installation.settings.base_url)


def test_r15_a_stranger_signs_up_for_a_newsletter_and_gets_nothing_before_they_confirm(world: World) -> None:
    newsletter = found_newsletter(world)
    page = world.browser().get(HOME)
    assert "The Garden Letter" in page.text
    assert "this newsletter and for nothing else" in page.text
    asked = world.browser().post(HOME, data=form(world, email="ana@example.org", first_name="Ana"))
    assert "The Garden Letter" in asked.text
    assert [one.kind for one in world.all(Delivery)] == ["confirmation"]
    send(world, newsletter, "Frost")
    assert sorted(one.kind for one in world.all(Delivery)) == ["confirmation", "issue"]
    path = confirm_path(world, "ana@example.org")
    assert "The issues will go to" in world.browser().get(path).text
    done = world.browser().post(path)
    assert "The next issue comes to you as soon as it is out." in done.text
    assert "You are in already" in world.browser().post(path).text
    with world.installation.database.read() as session:
        person = session.scalars(select(Subscriber).where(Subscriber.email == "ana@example.org")).one()
        assert person.first_name == "Ana"
        acts = session.scalars(
            select(ConsentEntry).where(ConsentEntry.subscriber_id == person.id).order_by(ConsentEntry.id)
        ).all()
        assert [one.act for one in acts] == ["requested", "confirmed"]
        assert "this newsletter and for nothing else" in acts[0].wording
        assert acts[1].wording.startswith("The Garden Letter\nIs it you?")
    send(world, newsletter, "Thaw")
    with world.installation.database.read() as session:
        mails = session.scalars(select(Delivery).where(Delivery.subscriber_id == person.id)).all()
        assert [one.kind for one in mails] == ["confirmation", "issue"]


def test_r35_a_newsletter_s_form_never_tells_who_is_known(world: World) -> None:
    found_newsletter(world)
    answers = [
        TestClient(world.app, base_url="http://letters.example.org", client=(f"198.51.{host}.1", 1)).post(
            HOME, data=form(world, email=email)
        )
        for host, email in enumerate(("new@example.org", "reader@example.org", "new@example.org"))
    ]
    assert len({(one.status_code, one.content) for one in answers}) == 1


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"email": "ana@example"}, "email"),
        ({"email": ""}, "email"),
        ({"email": "a@example.org", "first_name": "a\r\nb"}, "first_name"),
    ],
)
def test_bad_input_is_422_at_its_field(world: World, fields: dict[str, str], field: str) -> None:
    found_newsletter(world)
    answer = world.browser().post(HOME, data=form(world, **fields))
    assert answer.status_code == 422
    assert f'id="{field}-problem"' in answer.text


def test_a_program_and_who_is_too_quick_are_written_to_by_nobody(world: World) -> None:
    found_newsletter(world)
    program = form(world, email="bot@example.org") | {form_tokens.TRAP: "https://example.org"}
    assert "Look in your inbox" in world.browser().post(HOME, data=program).text
    replayed = form(world, email="ana@example.org") | {form_tokens.TOKEN: "1.x.y"}
    assert "Press once more" in world.browser().post(HOME, data=replayed).text
    assert world.all(Delivery) == []


def test_who_has_left_is_not_brought_back_by_an_old_mail(world: World) -> None:
    newsletter = found_newsletter(world)
    world.browser().post(HOME, data=form(world, email="ana@example.org"))
    path = confirm_path(world, "ana@example.org")
    with world.installation.database.write() as session:
        person = session.scalars(select(Subscriber).where(Subscriber.email == "ana@example.org")).one()
        own = session.get_one(Course, newsletter.id)
        consent.withdraw(session, own.mailing_list, person, Evidence(), world.clock.now())
    page = world.browser().post(path).text
    assert "You have left this newsletter" in page
    assert HOME in page


def test_the_archive_shows_what_was_sent_to_the_list_and_its_feed_is_whole(world: World) -> None:
    newsletter = found_newsletter(world)
    first, second = send(world, newsletter, "Frost & <b>ice</b>"), send(world, newsletter, "Thaw")
    page = world.browser().get(HOME).text
    assert page.index("Thaw") < page.index("Frost &amp; &lt;b&gt;ice&lt;/b&gt;")
    issue = world.browser().get(f"{HOME}/{first}")
    assert "The first frost is on the beds." in issue.text
    assert "<script>" not in issue.text
    assert "/unsubscribe/" not in issue.text, "a public page carries nobody's link"
    answer = world.browser().get(f"{HOME}/feed.xml")
    assert answer.headers["content-type"] == "application/atom+xml; charset=utf-8"
    feed = feedparser.parse(answer.content)
    assert not feed.bozo
    assert feed.feed.title == "The Garden Letter"
    assert [one.link.rpartition("/")[2] for one in feed.entries] == [second, first]
    assert "The first frost" in feed.entries[1].content[0].value
    assert re.search(r"Frost & <b>ice</b>|Frost &", feed.entries[1].title)


def test_nothing_is_public_without_an_archive_nor_what_went_to_a_few(world: World) -> None:
    newsletter = found_newsletter(world)
    with world.installation.database.write() as session:
        person = session.scalars(select(Subscriber)).one()
        tags.add(session, person, "vip", world.clock.now())
        tag = tags.find_or_create(session, "vip").id
    private = send(world, newsletter, "For a few", Audience((Part("tag", tag),)))
    assert "For a few" not in world.browser().get(HOME).text
    assert world.browser().get(f"{HOME}/{private}").status_code == 404
    shown = send(world, newsletter, "For all")
    with world.installation.database.write() as session:
        session.get_one(Course, newsletter.id).archive = False
    for path in (f"{HOME}/{shown}", f"{HOME}/feed.xml", "/n/elsewhere", f"{HOME}/les_nowhere000"):
        assert world.browser().get(path).status_code == 404
    assert "For all" not in world.browser().get(HOME).text
    assert "feed.xml" not in world.browser().get(HOME).text


def test_what_has_not_gone_out_yet_is_not_public(world: World) -> None:
    newsletter, opened = found_newsletter(world), world.installation
    lesson_id = send(world, newsletter, "Tomorrow")
    for state in (IssueState.SCHEDULED, IssueState.SENDING, IssueState.PAUSED, IssueState.CANCELLED):
        with opened.database.write() as session:
            session.get_one(Issue, lesson_id).state = state
        assert "Tomorrow" not in world.browser().get(HOME).text, state
        assert "Tomorrow" not in world.browser().get(f"{HOME}/feed.xml").text, state
        assert world.browser().get(f"{HOME}/{lesson_id}").status_code == 404, state


def test_the_pages_in_a_browser(page: Page, served: World) -> None:
    newsletter = found_newsletter(served)
    lesson_id = send(served, newsletter, "Frost, and what to do before it")
    root = served.installation.settings.base_url
    for path in (HOME, f"{HOME}/{lesson_id}"):
        page.goto(root + path)
        for theme in ("dark", "light"):
            page.emulate_media(color_scheme="dark" if theme == "dark" else "light", reduced_motion="reduce")
            found = Axe().run(page)
            assert found.violations_count == 0, f"{path}, {theme}: {found.generate_report()}"
        page.set_viewport_size({"width": 320, "height": 640})
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    page.get_by_role("link", name="Subscribe").click()
    page.get_by_label("Email").fill("nobody")
    page.get_by_role("button", name="Subscribe").click()
    expect(page.locator("#email-problem")).to_be_visible()
