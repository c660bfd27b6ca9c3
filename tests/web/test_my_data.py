"""R18 by a reader's own link: all of it shown, taken along, erased, and nobody revived."""

import re
from datetime import timedelta
from html import unescape

import pytest
from reading_room import World
from sqlalchemy import select
from starlette.testclient import TestClient

from campaigns.models import Enrolment, Link
from courseletter.database import Base
from courseletter.errors import InvalidInput
from sender.models import Click, Delivery, State
from sender.planning import tick
from subscribers import tags
from subscribers.erasure import check_not_erased
from subscribers.importing.models import Import, ImportedPerson, ImportProblem
from subscribers.models import Change, ConsentEntry, Membership, Subscriber, Suppression
from subscribers.suppression import is_suppressed

ANA = "ana.pereira@example.org"


def text_of(html: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html)))


@pytest.fixture
def reader(world: World) -> World:
    """Ana has had the welcome and two lessons, has a tag, and has told why she paused."""
    world.sign_up()
    world.confirm()
    world.receive(3)
    with world.installation.database.write() as session:
        ana = session.scalars(select(Subscriber)).one()
        ana.fields = {"city": "Porto <b>"}
        tags.add(session, ana, "early riser", world.clock.now())
    return world


def everything_stored(world: World) -> str:
    """But for how often a network address asked for something, which nobody's name stands at and days end."""
    tables = [one for one in Base.metadata.sorted_tables if one.name != "quotas"]
    with world.installation.database.read() as session:
        return str([[tuple(row) for row in session.execute(select(one))] for one in tables])


def erase(world: World, typed: str = ANA) -> None:
    answer = world.browser().post(world.learn_path("data/erase"), data={"address": typed})
    assert answer.status_code == 200
    assert "Erased" in answer.text


def test_r18_a_reader_sees_what_is_known(reader: World) -> None:
    page = reader.browser().get(reader.learn_path("data")).text
    shown = text_of(page)
    for known in (
        ANA,
        "Porto <b>",
        "early riser",
        "on the list since 3 November 2026",
        "192.0.2.7",
        "Lisbon",
    ):
        assert known in shown
    assert "You confirmed: Quiet nights" in shown
    assert "Noise that wakes without waking" in shown
    assert "<b>" not in page


def test_r18_a_reader_takes_everything_along(reader: World) -> None:
    answer = reader.browser().get(reader.learn_path("data/download"))
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["content-disposition"].startswith("attachment")
    known = answer.json()
    assert known["person"]["email"] == ANA
    assert known["person"]["fields"] == {"city": "Porto <b>"}
    assert known["tags"] == ["early riser"]
    assert [one["act"] for one in known["consent"]] == ["requested", "confirmed"]
    assert known["consent"][0]["ip"] == "192.0.2.7"
    assert [one["state"] for one in known["mails"]] == ["accepted"] * 4
    assert known["courses"][0]["zone"] == "Europe/Lisbon"


def test_a_reader_says_that_no_click_of_theirs_is_counted(reader: World) -> None:
    assert "Do not count my clicks" in reader.browser().get(reader.learn_path("data")).text
    for choice, said in (("off", "No click of yours is counted."), ("on", "we count which of its links")):
        page = reader.browser().post(reader.learn_path("data/tracking"), data={"clicks": choice}).text
        assert said in page
        assert [one.no_tracking for one in reader.all(Subscriber)] == [choice == "off"]


def test_r18_the_links_that_a_reader_followed_are_in_the_export(reader: World) -> None:
    with reader.installation.database.write() as session:
        mail = session.scalars(select(Delivery).where(Delivery.lesson_id == "les_0000000001")).one()
        link = Link(
            revision_id=mail.revision_id, lesson_id=mail.lesson_id, address="https://example.org/lamp"
        )
        session.add(link)
        session.flush()
        session.add(Click(at=reader.clock.now(), delivery_id=mail.id, link_id=link.id, seconds=90, mark=""))
    known = reader.browser().get(reader.learn_path("data/download")).json()
    assert [one["link"] for one in known["clicks"]] == ["https://example.org/lamp"]


def test_r18_erasing_leaves_a_keyed_hash_and_nothing_that_tells_who_it_was(reader: World) -> None:
    before = len(reader.all(Delivery))
    erase(reader)
    stored = everything_stored(reader)
    for trace in (ANA, "Ana", "Porto", "192.0.2.7"):
        assert trace not in stored, trace
    assert len(reader.all(Delivery)) == before, "the counts stay"
    assert reader.all(ConsentEntry) == reader.all(Membership) == []
    (mark,) = reader.all(Suppression)
    assert (mark.email, mark.reason) == (None, "erased")
    with reader.installation.database.read() as session:
        assert is_suppressed(session, reader.installation.settings.key, ANA.upper())


def test_r18_what_imports_and_colleagues_wrote_down_goes_too(reader: World) -> None:
    now = reader.clock.now()
    with reader.installation.database.write() as session:
        file = Import(
            name="a.csv", path="a.csv", digest="0", settings={}, state="done", started_by="Mira",
            created_at=now, touched_at=now,
        )  # fmt: skip
        session.add(file)
        session.flush()
        session.add(ImportedPerson(import_id=file.id, subscriber_id=1, before={"first_name": "Ana"}))
        for cells in ([ANA.title(), "Porto"], ["bo@example.org", "Lyon"]):
            session.add(
                ImportProblem(
                    import_id=file.id, part="", line=2, text="", reason="late", taken=False, cells=cells
                )
            )
        session.add(Change(subscriber_id=1, at=now, by="Mira", what="city", before="", after="Porto"))
    known = reader.browser().get(reader.learn_path("data/download")).json()
    assert [one["to"] for one in known["changes"]] == ["Porto"]
    erase(reader)
    stored = everything_stored(reader)
    assert "Porto" not in stored
    assert ANA not in stored.lower()
    assert reader.all(ImportedPerson) == reader.all(Change) == []
    assert [one.cells[1] for one in reader.all(ImportProblem)] == ["Lyon"]


def test_r18_nobody_enters_an_erased_address_again(reader: World) -> None:
    erase(reader)
    before = everything_stored(reader)
    with reader.installation.database.read() as session, pytest.raises(InvalidInput, match="erased"):
        check_not_erased(session, reader.installation.settings.key, "Ana.Pereira@Example.org")
    reader.sign_up()
    assert [one.kind for one in reader.all(Delivery)].count("confirmation") == 1
    assert ANA not in everything_stored(reader)
    assert before.count("erased.invalid") == everything_stored(reader).count("erased.invalid")


def test_r18_what_is_on_its_way_stops(reader: World) -> None:
    reader.clock.move_to(reader.enrolment().due_at or reader.clock.now())
    tick(reader.installation.database, reader.clock.now())
    assert [one.state for one in reader.all(Delivery)].count(State.READY) == 1
    erase(reader)
    assert State.READY not in [one.state for one in reader.all(Delivery)]
    reader.clock.move_to(reader.clock.now() + timedelta(days=90))
    tick(reader.installation.database, reader.clock.now())
    assert {one.state for one in reader.all(Enrolment)} == {"left"}
    assert State.READY not in [one.state for one in reader.all(Delivery)]


@pytest.mark.parametrize("typed", ["", "yes", "ana@example.org", ANA + "x"])
def test_erasing_asks_for_the_address(reader: World, typed: str) -> None:
    before = everything_stored(reader)
    answer = reader.browser().post(reader.learn_path("data/erase"), data={"address": typed})
    assert answer.status_code == 422
    assert "Nothing was erased." in answer.text
    assert f'value="{typed}"' in answer.text
    assert everything_stored(reader) == before


def test_the_links_of_an_erased_persons_mails_say_so_and_a_press_to_leave_is_200(reader: World) -> None:
    learn, leave, confirm = reader.learn_path(), reader.leave_path(), reader.confirm_path()
    erase(reader)
    for path in (learn, learn + "/data/download", leave, confirm):
        answer = reader.browser().get(path)
        assert (answer.status_code, "Erased" in answer.text) == (200, True)
    one_click = reader.browser().post(leave, data={"List-Unsubscribe": "One-Click"})
    assert one_click.status_code == 200
    german = TestClient(reader.app, headers={"accept-language": "de"}).get(learn)
    assert "Gelöscht" in german.text


def test_the_ledger_lets_go_of_erased_people_alone(reader: World) -> None:
    reader.sign_up("bo@example.org")
    erase_ids = [one.subscriber_id for one in reader.all(ConsentEntry)]
    with reader.installation.database.write() as session:
        subscriber = session.scalars(select(Subscriber).where(Subscriber.email == ANA)).one()
    learn = reader._path(reader.installation.links.learn(reader.enrolment().id))
    reader.browser().post(learn + "/data/erase", data={"address": ANA})
    left = [one.subscriber_id for one in reader.all(ConsentEntry)]
    assert left == [one for one in erase_ids if one != subscriber.id]
