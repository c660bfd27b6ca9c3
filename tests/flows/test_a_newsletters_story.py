"""A newsletter's story, in a browser and by real SMTP: two subjects, a winner, a day that is full, nobody."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from campaigns.links import track_clicks
from campaigns.models import Course
from campaigns.newsletters import drafting
from campaigns.newsletters.models import Issue
from courseletter.accounts import sessions
from courseletter.accounts.models import Role, User
from courseletter.demo import Demo, read_article
from sender.stored_mail import StoredMail
from subscribers import consent
from subscribers.consent import Evidence
from subscribers.models import Subscriber
from subscribers.people import Details, find_or_create

START = datetime(2026, 3, 11, 14, 42, tzinfo=UTC)
PERSON = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
READERS = 100  # so many that, however the keyed hash divides them, each subject is tested on some
BODY = "Frost is on the beds.\n\n[Read on](https://notes.example.org/frost)\n"


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    with Demo(tmp_path, tmp_path / "mailbox", START) as running:
        running.create_course(read_article(None))
        yield running


@pytest.fixture
def desk(demo: Demo, chromium: Browser) -> Iterator[Page]:
    """A marketer's browser, signed in to the workshop; it follows links as a person's would."""
    page = chromium.new_page(user_agent=PERSON, viewport={"width": 1280, "height": 800})
    sign_in(page, demo)
    yield page
    page.context.close()


def sign_in(page: Page, demo: Demo) -> None:
    with demo.installation.database.write() as session:
        user = session.query(User).first()
        if user is None:
            user = User(
                email="mira@example.org", email_key="mira@example.org", name="Mira Holt", role=Role.MARKETER,
                password_hash="", created_at=START,
            )  # fmt: skip
            session.add(user)
            session.flush()
        session_id = sessions.begin(session, user, demo.now())
    page.context.add_cookies([{"name": "courseletter", "value": session_id, "url": address(demo, "/")}])


def address(demo: Demo, path: str) -> str:
    return demo.installation.settings.base_url + path


def begin(demo: Demo, title: str, readers: int = READERS) -> str:
    """A draft of a newsletter that counts clicks, for so many readers; returns its id."""
    with demo.installation.database.write() as session:
        found = drafting.newsletters(session)
        newsletter = found[0] if found else create(session, demo)
        for number in range(readers):
            person, _ = find_or_create(session, f"reader{number:02}@inbox.example.org", Details(), demo.now())
            consent.add(session, newsletter.mailing_list, person, Evidence(), demo.now())
        issue = drafting.create_issue(session, newsletter, title, demo.now())
        issue.lesson.body, issue.lesson.preheader = BODY, "What to do before it comes"
        return issue.lesson_id


def create(session, demo: Demo) -> Course:
    newsletter = drafting.create_newsletter(session, "Garden letter", demo.now(), language="en", zone="UTC")
    track_clicks(session, newsletter, True)
    return newsletter


def arrived(demo: Demo, *subjects: str) -> list[StoredMail]:
    return [mail for mail in demo.mailbox.messages() if mail.subject in subjects]


def click(page: Page, mail: StoredMail) -> None:
    found = re.search(r"https?://\S+/go/[^\s)]+", mail.text)
    assert found is not None
    answer = page.request.get(found[0], max_redirects=0)
    assert (answer.status, answer.headers["location"]) == (302, "https://notes.example.org/frost")


def choose(desk: Page, label: str, value: str) -> None:
    """Type into the plan, and wait until it has come back with it: what is typed meanwhile would be lost."""
    desk.get_by_label(label).fill(value)
    desk.get_by_label(label).press("Tab")
    expect(desk.get_by_label(label)).to_have_attribute("value", value)
    expect(desk.locator(".htmx-settling")).to_have_count(0)


def test_an_ab_test_whose_winner_people_have_chosen(demo: Demo, desk: Page, page: Page) -> None:
    issue = begin(demo, "Frost")
    desk.goto(address(demo, f"/issues/{issue}"))
    choose(desk, "Subject B", "Three evenings before the frost")
    choose(desk, "Tested on, in percent", "50")
    choose(desk, "Decided after, in hours", "2")
    expect(desk.locator("#reach")).to_have_text(f"{READERS} people get it")
    desk.get_by_role("button", name=f"Send to {READERS} people").click()
    expect(desk.locator("#waits")).to_have_text(f"It goes to {READERS} people")
    demo.move_to(demo.now())
    first, second = arrived(demo, "Frost"), arrived(demo, "Three evenings before the frost")
    assert len(second) >= 5
    assert first
    tested = len(first) + len(second)

    demo.move_to(demo.now() + timedelta(minutes=10))
    for mail in second[:6]:
        click(desk, mail)
    for mail in first:  # a program, as its name says, follows every link and decides nothing
        click(page, mail)
    demo.move_to(demo.now() + timedelta(minutes=30))
    assert len(arrived(demo, "Frost", "Three evenings before the frost")) == tested

    demo.move_to(START + timedelta(hours=3))
    everybody = arrived(demo, "Frost", "Three evenings before the frost")
    assert len(everybody) == READERS
    assert len(arrived(demo, "Frost")) == len(first)
    desk.goto(address(demo, f"/issues/{issue}"))
    expect(desk.get_by_text("Subject B has won")).to_be_visible()
    expect(desk.locator("#found")).to_contain_text(f"{READERS} people have received it")

    link = re.search(r"https?://\S+/read/\S+", everybody[0].text)
    assert link is not None
    desk.goto(link[0])
    expect(desk.get_by_role("heading", level=1)).to_have_text("Frost")
    desk.get_by_role("link", name="Leave this list").click()
    desk.get_by_role("button", name="Leave this list").click()
    expect(desk.get_by_role("heading", level=1)).to_have_text("Done. You have left the list.")


def test_a_day_that_is_full_of_lessons_moves_the_newsletter_to_the_next(demo: Demo, desk: Page) -> None:
    demo.sign_up()
    with demo.installation.database.write() as session:
        person = session.query(Subscriber).one()
        person.daily_cap = 1
    lesson_at = demo.next_moment()
    assert lesson_at is not None
    demo.move_to(lesson_at)
    lessons = len(demo.mailbox.messages())
    issue = begin(demo, "Frost", readers=1)
    with demo.installation.database.write() as session:
        newsletter = drafting.newsletters(session)[0]
        person = session.query(Subscriber).filter(Subscriber.daily_cap == 1).one()
        consent.add(session, newsletter.mailing_list, person, Evidence(), demo.now())
        reader = person.email
    desk.goto(address(demo, f"/issues/{issue}"))
    desk.get_by_role("button", name="Send to 2 people").click()
    expect(desk.locator("#waits")).to_have_text("It goes to 2 people")
    demo.move_to(demo.now())
    assert [mail.to for mail in arrived(demo, "Frost")] == ["reader00@inbox.example.org"]
    desk.goto(address(demo, f"/issues/{issue}"))
    expect(desk.locator("#held")).to_have_text("1 person waits for tomorrow")
    sent_at = demo.now()
    demo.move_to(sent_at + timedelta(hours=23))
    assert len(arrived(demo, "Frost")) == 1
    demo.move_to(sent_at + timedelta(days=2))
    _, late = arrived(demo, "Frost")
    assert reader in late.to
    assert len(demo.mailbox.messages()) > lessons


def test_a_newsletter_to_nobody_is_a_calm_line(demo: Demo, desk: Page) -> None:
    issue = begin(demo, "Frost", readers=0)
    desk.goto(address(demo, f"/issues/{issue}"))
    expect(desk.locator("#reach")).to_have_text("0 people get it")
    expect(desk.get_by_text("Nobody would get this issue")).to_be_visible()
    expect(desk.locator("#send")).to_be_disabled()
    demo.move_to(demo.now() + timedelta(days=1))
    assert demo.mailbox.messages() == []
    with demo.installation.database.read() as session:
        assert session.get_one(Issue, issue).state == "draft"
