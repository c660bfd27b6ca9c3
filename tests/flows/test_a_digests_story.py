"""A digest's story, in a browser and by real SMTP, from a feed that is served on this machine."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from feeds import ADDRESS, Feed, served
from playwright.sync_api import Browser, Page, expect
from test_a_newsletters_story import START, address, arrived, create, sign_in

from campaigns.newsletters import drafting
from courseletter.demo import Demo, read_article
from subscribers import consent
from subscribers.consent import Evidence
from subscribers.people import Details, find_or_create

MONDAY = START.replace(day=16, hour=9, minute=0)  # START is a Wednesday


@pytest.fixture
def feed() -> Feed:
    found = Feed(etag='"1"')
    found.publish("Snowdrops", START - timedelta(days=20))
    return found


@pytest.fixture
def demo(tmp_path: Path, feed: Feed) -> Iterator[Demo]:
    with served(feed) as fetcher, Demo(tmp_path, tmp_path / "mailbox", START, fetcher) as running:
        running.create_course(read_article(None))
        with running.installation.database.write() as session:
            newsletter = create(session, running)
            newsletter.archive = True
            for name in ("ada", "bea"):
                details = Details(name.title())
                person, _ = find_or_create(session, f"{name}@inbox.example.org", details, running.now())
                consent.add(session, newsletter.mailing_list, person, Evidence(), running.now())
        yield running


@pytest.fixture
def desk(demo: Demo, chromium: Browser) -> Iterator[Page]:
    page = chromium.new_page(viewport={"width": 1280, "height": 800})
    sign_in(page, demo)
    yield page
    page.context.close()


def set_up(desk: Page, demo: Demo, *, send: bool) -> None:
    with demo.installation.database.read() as session:
        (newsletter,) = drafting.newsletters(session)
    desk.goto(address(demo, f"/newsletters/{newsletter.id}"))
    desk.get_by_role("link", name="Set up a digest").click()
    desk.get_by_label("Its address").fill(ADDRESS)
    desk.get_by_label("Subject").fill("{{ digest.title }}, {{ subscriber.first_name | default('friend') }}")
    desk.get_by_label("Introduction").fill("This is new:")
    if send:
        desk.get_by_label("Send it at once").check()
    desk.get_by_role("button", name="Switch it on").click()
    expect(desk.locator("#toast")).to_contain_text("The feed is looked at Mondays at 9:00.")


def test_what_a_site_publishes_arrives_on_mondays(demo: Demo, desk: Page, page: Page, feed: Feed) -> None:
    set_up(desk, demo, send=True)
    feed.publish("Frost", START + timedelta(days=1), "<p>Cover what is tender.</p><script>alert(1)</script>")
    feed.publish("Birds", START + timedelta(days=2), "<p>Feed them, {{ subscriber.email }}.</p>")
    feed.etag = '"2"'
    desk.get_by_role("button", name="What would go out now").click()
    expect(desk.get_by_role("heading", name="2 entries would go out now.")).to_be_visible()
    demo.move_to(MONDAY - timedelta(minutes=1))
    assert arrived(demo, "Birds, Ada") == []
    demo.move_to(MONDAY)
    (to_ada,), (to_bea,) = arrived(demo, "Birds, Ada"), arrived(demo, "Birds, Bea")
    assert "ada@inbox.example.org" in to_ada.to
    assert "bea@inbox.example.org" in to_bea.to
    assert to_ada.text.index("Birds") < to_ada.text.index("Cover what is tender.")
    assert "{{ subscriber.email }}" in to_ada.text  # a stranger's words stay words
    assert "alert(1)" not in to_ada.text
    assert "Snowdrops" not in to_ada.text
    link = re.search(r"https?://\S+/go/[^\s)]+", to_ada.text)
    assert link is not None
    found = page.request.get(link[0], max_redirects=0)
    assert found.headers["location"] == "https://notes.example.org/birds"

    feed.status = 503
    demo.move_to(MONDAY + timedelta(days=7, minutes=30))
    sign_in(desk, demo)  # a session does not last so long
    desk.goto(address(demo, "/newsletters"))
    desk.get_by_role("link", name="Look at it").click()
    expect(desk.locator("#trouble")).to_contain_text("answered with an error (503)")
    feed.status, feed.etag = 200, '"3"'
    feed.publish("Spring", START + timedelta(days=8))
    demo.move_to(MONDAY + timedelta(days=7, minutes=50))
    assert len(arrived(demo, "Spring, Ada")) == 1
    page.goto(address(demo, "/n/garden-letter"))
    expect(page.get_by_role("link", name="Spring, friend")).to_be_visible()
    mails = len(demo.mailbox.messages())
    demo.move_to(MONDAY + timedelta(days=15))  # nothing new: no issue
    assert len(demo.mailbox.messages()) == mails


def test_a_draft_waits_until_a_person_has_looked(demo: Demo, desk: Page, feed: Feed) -> None:
    set_up(desk, demo, send=False)
    feed.publish("Frost", START + timedelta(days=1))
    feed.etag = '"2"'
    demo.move_to(MONDAY + timedelta(hours=3))
    assert arrived(demo, "Frost, Ada") == []
    desk.goto(address(demo, "/newsletters"))
    desk.get_by_role("link", name="Frost, friend").click()
    desk.get_by_role("button", name="Send to 2 people").click()
    expect(desk.locator("#waits")).to_have_text("It goes to 2 people")
    demo.move_to(demo.now())
    assert len(arrived(demo, "Frost, Ada")) == 1
