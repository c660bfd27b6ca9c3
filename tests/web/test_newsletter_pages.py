"""The pages of newsletters by their answers: what is refused, undone, said once more; the mail as a page."""

import re

import pytest
from colleagues import Colleague, add_user
from reading_room import World
from sqlalchemy import select

from campaigns.links import track_clicks
from campaigns.models import Course
from campaigns.newsletters import drafting
from campaigns.newsletters.models import Issue, IssueState
from sender import wishes
from sender.erasing import erase
from sender.models import Delivery
from sender.newsletters.writing import send_due
from subscribers import consent, estimating
from subscribers.consent import Evidence
from subscribers.models import Subscriber
from subscribers.people import Details, find_or_create


@pytest.fixture
def marketer(world: World) -> Colleague:
    return Colleague(
        world.app, world.installation, add_user(world.installation, "marketer", name="Mira Holt")
    )


@pytest.fixture
def issue(world: World) -> str:
    """A draft in German, for two readers."""
    now = world.clock.now()
    with world.installation.database.write() as session:
        newsletter = drafting.create_newsletter(session, "Gartenbrief", now, language="de", zone="UTC")
        row = drafting.create_issue(session, newsletter, "Frost <b>", now)
        row.lesson.body = "Der Frost ist da, {{ subscriber.first_name | default('liebe Leser') }}."
        for name in ("ada", "bea"):
            join(world, session, newsletter, name)
        return row.lesson_id


def join(world: World, session, newsletter: Course, name: str) -> None:
    address = f"{name}@example.org"
    person, _ = find_or_create(session, address, Details(name.title()), world.clock.now())
    consent.add(session, newsletter.mailing_list, person, Evidence(), world.clock.now())


def state(world: World) -> str:
    return str(world.all(Issue)[0].state)


def press(marketer: Colleague, issue: str, **more: str) -> int:
    """Send, with the people that were seen."""
    fields = {"include-0": f"list:{more.pop('list', '2')}", "when": "now", "confirmed": "2", **more}
    return marketer.post(f"/issues/{issue}/send", **fields).status_code


def test_sending_confirms_the_number_that_was_seen(world: World, marketer: Colleague, issue: str) -> None:
    page = marketer.get(f"/issues/{issue}").text
    assert "Send to 2 people" in page
    assert "Frost &lt;b&gt;" in page
    with world.installation.database.write() as session:
        join(world, session, drafting.newsletters(session)[0], "cleo")
    assert press(marketer, issue) == 409
    assert state(world) == IssueState.DRAFT
    assert press(marketer, issue, confirmed="3") == 303
    assert state(world) == IssueState.SCHEDULED
    page = marketer.get(f"/issues/{issue}").text
    assert "It goes to 3 people" in page
    assert f'action="/issues/{issue}/take-back"' in page.partition('id="toast"')[2]
    assert world.all(Issue)[0].author == "Mira Holt"


def test_a_sample_is_told_as_one_and_sends_nothing(
    world: World, marketer: Colleague, issue: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(estimating, "MANY", 1)
    monkeypatch.setattr(estimating, "SIZE", 2)
    with world.installation.database.write() as session:
        join(world, session, drafting.newsletters(session)[0], "cleo")
    page = marketer.get(f"/issues/{issue}").text
    assert re.search(r"About \d+ people get it|Few people get it, or nobody", page)
    assert re.search(r'name="confirmed" value=""', page)
    answer = marketer.post(f"/issues/{issue}/send", **{"include-0": "list:2", "when": "now", "confirmed": ""})
    assert answer.status_code == 409
    assert "Now 3 people get it. Look again." in answer.text
    assert 'name="confirmed" value="3"' in answer.text
    assert "Send to 3 people" in answer.text
    assert state(world) == IssueState.DRAFT
    assert 'name="confirmed" value="3"' in marketer.get(f"/issues/{issue}?exact=yes").text
    assert press(marketer, issue, confirmed="3") == 303


def test_home_tells_what_goes_out_soon_and_what_was_stopped(
    world: World, marketer: Colleague, issue: str
) -> None:
    press(marketer, issue)
    page = marketer.get("/").text
    assert "Newsletters in these hours" in page
    assert re.search(r"About \d+ messages leave in the next 24 hours", page)
    assert f'href="/issues/{issue}"' in page
    assert "Frost &lt;b&gt;" in page
    with world.installation.database.write() as session:
        row = session.get_one(Issue, issue)
        row.state, row.why = IssueState.PAUSED, "its hour was missed"
    page = marketer.get("/").text
    assert "has stopped going out" in page
    assert "Its hour was missed." in page
    assert "Newsletters in these hours" not in page


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"when": "at", "day": "soon", "time": "09:00"}, "Choose the day on which it goes"),
        ({"when": "at", "day": "2026-11-10", "time": "25:00"}, "Write the hour like 09:00"),
        ({"when": "at", "day": "2020-11-10", "time": "09:00"}, "Choose a day from today on"),
        ({"when": "at", "day": "9999-12-31", "time": "09:00"}, "Choose a day from today on"),
        ({"include-0": "list:1 OR 1=1"}, "Choose lists, tags and segments from what is there"),
        ({"include-0": "tag:999"}, "is no more"),
        ({"subject-1": "Frost <b>"}, "the same"),
        ({"subject-1": "a", "share": "5"}, "from 10 to 100"),
        ({"subject-1": "a", "hours": "9999"}, "from 1 to 72"),
        ({"subject-1": "a", "share": "many"}, "whole number"),
        ({"subject-1": "Ice\r\nBcc: eve@evil.example"}, "line"),
    ],
)
def test_what_makes_no_sense_is_told_and_nothing_is_kept(
    world: World, marketer: Colleague, issue: str, fields: dict[str, str], words: str
) -> None:
    before = world.all(Issue)[0]
    answer = marketer.post(f"/issues/{issue}", **{"include-0": "list:2", "when": "now", **fields})
    assert answer.status_code == 422
    assert words in answer.text
    after = world.all(Issue)[0]
    assert (after.audience, after.day, after.subjects) == (before.audience, before.day, before.subjects)


def test_a_frozen_issue_is_not_edited_and_can_be_taken_back(
    world: World, marketer: Colleague, issue: str
) -> None:
    newsletter = world.all(Course)[-1]
    editor = f"/courses/{newsletter.id}/lessons/{issue}/edit"
    assert "Review and send" in marketer.get(editor).text
    assert marketer.get(f"/courses/{newsletter.id}").status_code == 404  # it is no course
    assert press(marketer, issue) == 303
    assert marketer.get(editor).headers["location"].endswith(f"/issues/{issue}")
    late = marketer.send("PUT", editor, title="x", subject="x", body="late")
    assert (late.status_code, "take it back" in late.text) == (422, True)
    assert marketer.post(f"/issues/{issue}/remove").status_code == 422
    assert marketer.post(f"/issues/{issue}/take-back").status_code == 303
    assert state(world) == IssueState.DRAFT
    assert marketer.post(f"/issues/{issue}/remove").status_code == 303
    assert marketer.get(f"/issues/{issue}").status_code == 404
    assert marketer.post(f"/issues/{issue}/restore").status_code == 303
    assert marketer.get(f"/issues/{issue}").status_code == 200


def test_cancelling_can_be_undone(world: World, marketer: Colleague, issue: str) -> None:
    press(marketer, issue)
    send_due(world.installation.database, world.clock.now())
    marketer.post(f"/issues/{issue}/cancel")
    assert state(world) == IssueState.CANCELLED
    assert f'action="/issues/{issue}/bring-back"' in marketer.get(f"/issues/{issue}").text
    marketer.post(f"/issues/{issue}/bring-back")
    assert state(world) == IssueState.PAUSED
    page = marketer.get(f"/issues/{issue}").text
    assert "Resume it, and whoever has not got it gets it." in page
    marketer.post(f"/issues/{issue}/resume")
    assert state(world) == IssueState.SENDING


def test_a_newsletter_that_is_paused_says_so_and_goes_on(
    world: World, marketer: Colleague, issue: str
) -> None:
    with world.installation.database.write() as session:
        newsletter = drafting.newsletters(session)[0]
        newsletter.paused_at, newsletter.paused_why = world.clock.now(), "10 of 200 were refused"
        home = f"/newsletters/{newsletter.id}"
    assert "10 of 200 were refused" in marketer.get("/newsletters").text
    assert marketer.post(f"{home}/resume").status_code == 303
    assert "10 of 200" not in marketer.get("/newsletters").text
    assert marketer.post(home, name=" ").status_code == 422
    assert marketer.post(home, name="Gartenpost", tracks_clicks="yes").status_code == 303
    with world.installation.database.read() as session:
        newsletter = drafting.newsletters(session)[0]
        assert (newsletter.title, newsletter.tracks_clicks) == ("Gartenpost", True)


def test_the_mail_in_the_browser_and_the_ways_to_leave(world: World, marketer: Colleague, issue: str) -> None:
    assert press(marketer, issue) == 303
    send_due(world.installation.database, world.clock.now())
    world.deliver()
    mail = world.all(Delivery)[0]
    links, browser = world.installation.links, world.browser()
    path = links.read(mail.id).removeprefix(world.installation.settings.base_url)
    page = browser.get(path)
    assert page.status_code == 200
    assert '<html lang="de"' in page.text
    assert "Der Frost ist da, liebe Leser." in page.text  # addressed to nobody
    assert "<h1>Frost &lt;b&gt;</h1>" in page.text
    assert page.headers["cache-control"] == "no-store"
    assert browser.get(path[:-1]).status_code == 404
    assert browser.get(path.replace("/read/", "/learn/")).status_code == 404
    leave = links.unsubscribe(mail.list_id or 0, mail.subscriber_id)
    leave = leave.removeprefix(world.installation.settings.base_url)
    assert leave in page.text
    assert '<html lang="de"' in browser.get(leave).text
    assert browser.post(leave).status_code == 200
    with world.installation.database.write() as session:
        reader, key = session.get_one(Subscriber, mail.subscriber_id), world.installation.settings.key
        erase(session, [reader], world.clock.now(), key)
    assert browser.get(path).status_code == 200
    assert "Frost" not in browser.get(path).text


def test_results_as_a_file(world: World, marketer: Colleague, issue: str) -> None:
    assert press(marketer, issue) == 303
    send_due(world.installation.database, world.clock.now())
    world.deliver()
    with world.installation.database.write() as session:
        mail = session.scalars(select(Delivery)).first()
        assert mail is not None
        wishes.unsubscribe(session, mail.list_id or 0, mail.subscriber_id, world.clock.now(), Evidence())
    rows = marketer.get(f"/issues/{issue}/results.csv").text.splitlines()
    assert rows[0].startswith("subject,group,queued,received,on_their_way,not_delivered,clicked")
    assert rows[1].startswith("Frost <b>,,2,2,0,0,0")


def test_who_gets_it_is_named_and_with_which_subject(world: World, marketer: Colleague, issue: str) -> None:
    page = marketer.get(f"/issues/{issue}").text
    named = page[page.index('id="them"') :]
    assert [name for name in ("Ada", "Bea") if f">{name}</a>" in named] == ["Ada", "Bea"]
    assert "Gets" not in named
    with world.installation.database.write() as session:
        track_clicks(session, drafting.newsletters(session)[0], True)
        for number in range(60):
            join(world, session, drafting.newsletters(session)[0], f"reader{number}")
    test = {"when": "now", "include-0": "list:2", "subject-1": "Ice", "share": "50", "hours": "4"}
    named = marketer.get(f"/issues/{issue}", params=test).text
    assert "10 of 62" in named
    row = re.compile(r'/subscribers/(\d+)".*?<td data-l="Gets" class="second">(.*?)</td>', re.S)
    foretold = {int(person): words for person, words in row.findall(named[named.index('id="them"') :])}
    assert len(foretold) == 10
    assert marketer.post(f"/issues/{issue}/send", confirmed="62", **test).status_code == 303
    send_due(world.installation.database, world.clock.now())
    first, second = world.all(Issue)[0].revisions
    subjects = {first: "Subject A", second: "Subject B"}
    got = {mail.subscriber_id: subjects[mail.revision_id] for mail in world.all(Delivery)}
    assert foretold == {person: got.get(person, "The one that wins") for person in foretold}


def test_who_is_left_out_is_named_with_the_reason(world: World, marketer: Colleague, issue: str) -> None:
    with world.installation.database.write() as session:
        newsletter = drafting.newsletters(session)[0]
        ada = session.scalars(select(Subscriber).where(Subscriber.email == "ada@example.org")).one()
        wishes.unsubscribe(session, newsletter.list_id, ada.id, world.clock.now(), Evidence())
    page = marketer.get(f"/issues/{issue}").text
    assert "1 person gets it" in page
    assert "Has not confirmed, or has left" in page
    assert "Ada" in page.partition("Who does not get it")[2]


def test_a_test_without_counted_clicks_is_refused(world: World, marketer: Colleague, issue: str) -> None:
    fields = {"subject-1": "Eis", "share": "100"}
    assert press(marketer, issue, **fields) == 422
    assert state(world) == IssueState.DRAFT
    with world.installation.database.write() as session:
        newsletter = drafting.newsletters(session)[0]
        track_clicks(session, newsletter, True)
        for number in range(40):  # so that some get each subject
            join(world, session, newsletter, f"reader{number}")
    assert press(marketer, issue, confirmed="42", **fields) == 303
    assert state(world) == IssueState.SCHEDULED
