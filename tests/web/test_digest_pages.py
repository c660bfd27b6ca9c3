"""A digest's page by its answers: what is kept, what is refused, what would go out now."""

from dataclasses import replace
from datetime import timedelta
from html import unescape

import pytest
from colleagues import Colleague, add_user
from feeds import ADDRESS, Feed
from httpx2 import Response
from reading_room import START, World

from campaigns.digests.models import Digest, DigestEntry
from campaigns.newsletters import drafting
from campaigns.newsletters.models import Issue
from sender.newsletters import digesting

FORM = {
    "url": ADDRESS, "first": "0", "every": "week", "days": "0", "time": "09:00", "zone": "Europe/Lisbon",
    "subject": "{{ digest.title }}", "introduction": "", "most": "10", "pictures": "yes", "mode": "draft",
}  # fmt: skip


@pytest.fixture
def feed() -> Feed:
    feed = Feed()
    feed.publish("Old news", START - timedelta(days=9))
    return feed


@pytest.fixture
def here_with(here: World, feed: Feed) -> World:
    with here.installation.database.write() as session:
        drafting.create_newsletter(session, "Garden letter", START, language="en", zone="Europe/Lisbon")
    installation = replace(here.installation, fetcher=feed.fetcher())
    here.app.state.site = replace(here.app.state.site, installation=installation)
    return replace(here, installation=installation)


@pytest.fixture
def marketer(here_with: World) -> Colleague:
    user = add_user(here_with.installation, "marketer", name="Mira Holt")
    return Colleague(here_with.app, here_with.installation, user)


def path(world: World) -> str:
    with world.installation.database.read() as session:
        return f"/newsletters/{drafting.newsletters(session)[0].id}/digest"


def post(marketer: Colleague, world: World, act: str = "", **fields: str) -> Response:
    return marketer.post(path(world) + act, **{**FORM, **fields})


def look(world: World) -> None:
    opened, now = world.installation, world.clock.now()
    digesting.look(opened.database, opened.brands, opened.fetcher, opened.settings.key, now)


def test_what_was_there_when_it_was_set_up_is_not_sent(
    here_with: World, marketer: Colleague, feed: Feed
) -> None:
    assert "Switch it on" in marketer.get(path(here_with)).text
    assert post(marketer, here_with).status_code == 303
    page = marketer.get(path(here_with)).text
    assert "Saved. The feed is looked at Mondays at 9:00." in page
    assert "Mon 9 Nov, 09:00, your time" in page
    feed.publish("Frost", START)
    here_with.clock.move_to(START + timedelta(days=6))
    look(here_with)
    (issue,) = here_with.all(Issue)
    assert marketer.get(f"/issues/{issue.lesson_id}").text.count("Frost") >= 1


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"url": ""}, "Write the feed’s address"),
        ({"url": "ftp://notes.example.org/feed"}, "only http:// and https:// are read"),
        ({"url": "https://user@"}, "is no web address"),
        ({"days": "9"}, "Choose at least one day."),
        ({"time": "soon"}, "Write the hour like 09:00."),
        ({"zone": "Mars/Olympus"}, "No time zone is called"),
        ({"subject": " "}, "Write a subject."),
        ({"subject": "{{ digest.titel }}"}, "is not a merge field"),
        ({"subject": "=?utf-8?q?a=0D=0ABcc=3A_x?="}, "The subject has a line break"),
        ({"introduction": "Hello {{ nobody }}"}, "Line 1:"),
        ({"most": "0"}, "Write a number from 1 to 50."),
        ({"most": "many"}, "Write a whole number."),
        ({"first": "51"}, "Write a number from 0 to 50."),
    ],
)
def test_what_cannot_be_is_told_beside_its_field(
    here_with: World, marketer: Colleague, fields: dict[str, str], said: str
) -> None:
    answer = post(marketer, here_with, **fields)
    assert answer.status_code == 422
    assert said in answer.text
    assert 'id="problems"' in answer.text
    assert here_with.all(Digest) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"status": 503}, "answered with an error (503)."),
        ({"answer": b"<html><body>Hello</body></html>"}, "is no feed: give the address"),
        ({"status": 302, "headers": {"location": "http://127.0.0.1/"}}, "address not allowed"),
    ],
)
def test_a_feed_that_cannot_be_read_is_not_set_up(
    here_with: World, marketer: Colleague, feed: Feed, change: dict, said: str
) -> None:
    for name, value in change.items():
        setattr(feed, name, value)
    answer = post(marketer, here_with)
    assert (answer.status_code, said in answer.text) == (422, True)
    assert post(marketer, here_with, "/preview").status_code == 422
    assert here_with.all(Digest) == []


def test_changing_the_words_asks_for_no_feed(here_with: World, marketer: Colleague, feed: Feed) -> None:
    post(marketer, here_with)
    asked = len(feed.asked)
    assert post(marketer, here_with, subject="Weekly: {{ digest.title }}", mode="send").status_code == 303
    assert len(feed.asked) == asked
    (digest,) = here_with.all(Digest)
    assert (digest.subject, digest.sends, digest.author) == ("Weekly: {{ digest.title }}", True, "Mira Holt")


def test_a_preview_shows_what_would_go_out_and_keeps_nothing(
    here_with: World, marketer: Colleague, feed: Feed
) -> None:
    hostile = (
        '<script>alert(1)</script><img src="javascript:x"><p>{{ subscriber.email }} &amp; <b>bold</b></p>'
    )
    feed.publish("Frost <b>bites</b>", START, hostile, link="javascript:alert(1)")
    answer = post(marketer, here_with, "/preview", first="1", subject="New: {{ digest.title }}")
    assert answer.status_code == 200
    assert "1 entry would go out now." in answer.text
    assert "New: Frost bites" in answer.text
    assert "{{ subscriber.email }} &amp; bold" in answer.text
    shown = answer.text[answer.text.index('class="read') :]
    assert "<script" not in shown
    assert "javascript:" not in shown
    assert "Nothing would go out now" in post(marketer, here_with, "/preview").text
    assert here_with.all(Digest) == []
    assert here_with.all(DigestEntry) == []


def test_switched_off_and_on_again_it_begins_with_what_comes(
    here_with: World, marketer: Colleague, feed: Feed
) -> None:
    post(marketer, here_with)
    assert marketer.post(path(here_with) + "/off").status_code == 303
    assert "Switched off" in marketer.get(path(here_with)).text
    feed.publish("Frost", START)
    here_with.clock.move_to(START + timedelta(days=6))
    look(here_with)
    assert here_with.all(Issue) == []
    post(marketer, here_with)
    feed.publish("Birds", here_with.clock.now())
    here_with.clock.move_to(START + timedelta(days=13))
    look(here_with)
    (issue,) = here_with.all(Issue)
    with here_with.installation.database.read() as session:
        body = drafting.find_issue(session, issue.lesson_id).lesson.body
    assert "Birds" in body
    assert "Frost" not in body


def test_a_feed_in_trouble_is_told_with_its_time(here_with: World, marketer: Colleague, feed: Feed) -> None:
    post(marketer, here_with)
    feed.status = 503
    here_with.clock.move_to(START + timedelta(days=6))
    look(here_with)
    page = marketer.get(path(here_with)).text
    assert "Mon 9 Nov, 09:12:</strong> https://notes.example.org/feed answered with an error (503)." in page
    assert "It is tried again Mon 9 Nov, 09:17." in page
    listed = marketer.get("/newsletters").text
    assert "The digest of Garden letter, Mon 9 Nov, 09:12." in listed


def test_home_tells_of_a_feed_in_trouble_until_it_is_read_again(
    here_with: World, marketer: Colleague, feed: Feed
) -> None:
    post(marketer, here_with)
    assert "The digest of" not in marketer.get("/").text
    here_with.clock.move_to(START + timedelta(days=6))
    feed.status = 503
    look(here_with)
    page = marketer.get("/").text
    assert "The digest of “Garden letter” needs a look" in page
    assert f"{ADDRESS} answered with an error (503). It is tried again by itself." in unescape(page)
    assert f'{path(here_with)}">Open the digest</a>' in page
    here_with.clock.move_to(START + timedelta(days=6, minutes=5))
    feed.status = 200
    look(here_with)
    assert "The digest of" not in marketer.get("/").text
