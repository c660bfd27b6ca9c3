"""Following a link of a mail: counted, by a HEAD as a scanner's; led on nowhere but to the stored address."""

from datetime import timedelta

import pytest
from httpx2 import Response
from reading_room import World
from sqlalchemy import select, update
from starlette.testclient import TestClient

from campaigns.models import Course, Enrolment, Link
from sender import clicks
from sender.erasing import erase
from sender.models import Click, Delivery
from subscribers.models import ConsentEntry, Subscriber

STUDY = "https://journal.example/study?id=7&page=2#results"
FIREFOX = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0"}


@pytest.fixture
def reader(world: World) -> World:
    """Ana's welcome has come, with a link that is counted."""
    world.sign_up()
    world.confirm()
    with world.installation.database.write() as session:
        session.execute(update(Course).values(tracks_clicks=True))
    world.receive(1)
    with world.installation.database.write() as session:
        mail = session.scalars(select(Delivery).where(Delivery.kind == "lesson")).one()
        session.add(Link(id=41, revision_id=mail.revision_id, lesson_id=mail.lesson_id, address=STUDY))
        session.add(Link(id=42, revision_id=mail.revision_id, lesson_id="les_0000000003", address=STUDY))
    world.clock.move_to(world.clock.now() + timedelta(minutes=20))
    return world


def address(world: World, link: object = 41, delivery: int | None = None) -> str:
    number = delivery or max(one.id for one in world.all(Delivery))
    return f"/go/{link}/{world.installation.links.click_token(number)}"


def follow(world: World, path: str, method: str = "GET", **headers: str) -> Response:
    return world.browser().request(method, path, headers={**FIREFOX, **headers}, follow_redirects=False)


def test_r03_a_get_is_counted_and_led_on(reader: World) -> None:
    answer = follow(reader, address(reader))
    assert (answer.status_code, answer.headers["location"]) == (302, STUDY)
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"
    assert "set-cookie" not in answer.headers
    (click,) = reader.all(Click)
    assert (click.seconds, click.mark) == (1200, "")


def test_r03_a_head_is_led_on_and_counted_as_a_scanners(reader: World) -> None:
    """And a person who comes after it is counted all the same; nothing else is changed by either."""
    before = {table: len(reader.all(table)) for table in (Delivery, Subscriber, Enrolment, ConsentEntry)}
    answer = follow(reader, address(reader), "HEAD")
    assert (answer.status_code, answer.headers["location"]) == (302, STUDY)
    assert [click.mark for click in reader.all(Click)] == ["head"]
    reader.clock.move_to(reader.clock.now() + timedelta(minutes=5))
    follow(reader, address(reader))
    reader.clock.move_to(reader.clock.now() + timedelta(minutes=5))
    clicks.judge(reader.installation.database, reader.clock.now())
    assert [click.scanner for click in reader.all(Click)] == [True, False]
    assert {table: len(reader.all(table)) for table in before} == before


@pytest.mark.parametrize(
    ("headers", "mark"),
    [({"User-Agent": "python-requests/2.32"}, "agent"), ({"Sec-Purpose": "prefetch"}, "prefetch")],
)
def test_a_scanner_is_led_on_and_marked(reader: World, headers: dict[str, str], mark: str) -> None:
    assert follow(reader, address(reader), **headers).status_code == 302
    assert [one.mark for one in reader.all(Click)] == [mark]


def test_r38_an_address_in_the_query_leads_nowhere(reader: World) -> None:
    """The table of attacks: 404 without a Location, or the stored address and no other."""
    for path in (
        "/c/41?url=https://evil.example",
        "/go/41?url=https://evil.example",
        "/go/41/x?url=https://evil.example",
    ):
        answer = follow(reader, path)
        assert answer.status_code == 404, path
        assert "location" not in answer.headers
    answer = follow(reader, address(reader) + "?url=https://evil.example")
    assert answer.headers["location"] == STUDY
    assert len(reader.all(Click)) == 1


def test_r34_tampered_foreign_and_truncated_links_have_the_answer_of_unknown_ones(reader: World) -> None:
    good = address(reader)
    learn = reader.learn_path().rpartition("/")[2]
    unknown = follow(reader, address(reader, 987654))
    paths = [
        good[:-1],
        good[:-10],
        good[:-3] + ("AAA" if not good.endswith("AAA") else "BBB"),
        f"/go/41/{learn}",  # another purpose
        address(reader, 42),  # another lesson's
        address(reader, "٤١"),
        address(reader, "4" * 40),
        address(reader, "41x"),
    ]
    for path in paths:
        answer = follow(reader, path)
        assert (answer.status_code, answer.text) == (404, unknown.text), path
        assert "location" not in answer.headers
    assert reader.all(Click) == []


def test_a_replayed_link_leads_on_each_time(reader: World) -> None:
    for _ in range(3):
        assert follow(reader, address(reader)).status_code == 302
    assert len(reader.all(Click)) == 3


def test_a_mail_that_was_erased_still_leads_on(reader: World) -> None:
    assert follow(reader, address(reader, delivery=987654)).headers["location"] == STUDY
    assert reader.all(Click) == []


def test_a_link_of_an_erased_person_leads_on_and_counts_nothing(reader: World) -> None:
    with reader.installation.database.write() as session:
        person = session.scalars(select(Subscriber)).one()
        erase(session, [person], reader.clock.now(), reader.installation.settings.key)
    assert follow(reader, address(reader)).headers["location"] == STUDY
    assert reader.all(Click) == []


def test_a_reader_gets_to_the_page_even_when_nothing_can_be_counted(here: World) -> None:
    here.sign_up()
    here.confirm()
    here.receive(1)
    database = here.installation.database
    with database.write() as session:
        session.execute(update(Course).values(tracks_clicks=True))
        mail = session.scalars(select(Delivery).where(Delivery.kind == "lesson")).one()
        session.add(Link(id=41, revision_id=mail.revision_id, lesson_id=mail.lesson_id, address=STUDY))
        refuse = "CREATE TRIGGER refuse BEFORE INSERT ON clicks BEGIN SELECT RAISE(ABORT, 'disk full'); END"
        session.connection().exec_driver_sql(refuse)
    browser = TestClient(here.app, base_url="http://letters.example.org", raise_server_exceptions=False)
    assert browser.get(address(here), headers=FIREFOX, follow_redirects=False).status_code == 302
    assert here.all(Click) == []
