"""The list of people: filters in its address, pages by keys, views, and acts upon those who are chosen."""

import csv
import io
import re
from typing import Any

import pytest
from colleagues import Colleague, add_user
from reading_room import World
from sqlalchemy import insert, select

from campaigns.models import Course
from subscribers import consent, segments, tags
from subscribers.acts.models import BulkAct
from subscribers.consent import Evidence
from subscribers.models import MailingList, Membership, Subscriber, SuppressionReason
from subscribers.people import Details, find_or_create
from subscribers.segments import Condition, Rule
from subscribers.suppression import suppress

NAMES = ("Ana", "Bea", "Caio", "Dina", "Edu")
FILTERED = {
    "": NAMES,
    "status=subscribed": ("Ana", "Bea"),
    "status=pending": ("Caio",),
    "status=left": ("Dina",),
    "status=held": ("Edu",),
    "list=quiet-nights&status=subscribed": ("Ana", "Bea"),
    "list=quiet-nights": ("Ana", "Bea", "Caio", "Dina", "Edu"),
    "tag=VIP": ("Ana",),
    "tag=vip&status=pending": (),
    "q=b": ("Bea",),
    "q=BEA@inbox": ("Bea",),
    "q=a&status=pending": (),
    "source=form": ("Caio",),
    "segment=1": ("Ana",),
    "since=2026-11-03": NAMES,
    "since=2026-11-04": (),
    "until=2026-11-02": (),
    "until=2026-11-03&tag=vip": ("Ana",),
}


@pytest.fixture
def people(world: World) -> World:
    """Two who are subscribed, one who has to confirm, one who left, one whose address bounced."""
    opened, now = world.installation, world.clock.now()
    with opened.database.write() as session:
        of = session.scalars(select(MailingList)).one()
        of.slug = "quiet-nights"
        for name in NAMES:
            person, _ = find_or_create(session, f"{name.lower()}@inbox.example.org", Details(name), now)
            if name == "Caio":
                consent.request(session, of, person, Evidence(), now)
            else:
                consent.add(session, of, person, Evidence(), now)
            if name == "Ana":
                tags.add(session, person, "VIP", now)
            if name == "Dina":
                consent.withdraw(session, of, person, Evidence(), now)
            if name == "Edu":
                suppress(session, opened.settings.key, person.email.upper(), SuppressionReason.BOUNCED, now)
        segments.save(session, "The best", Rule((Condition("tag", "vip", "has"),)), now)
    return world


@pytest.fixture
def admin(people: World) -> Colleague:
    return Colleague(people.app, people.installation, add_user(people.installation, "admin"))


@pytest.fixture
def marketer(people: World) -> Colleague:
    return Colleague(people.app, people.installation, add_user(people.installation, "marketer"))


def names(page: str) -> list[str]:
    return re.findall(r'href="/subscribers/\d+" dir="auto">([^<]+)<', page)


def ids(world: World, *wanted: str) -> list[str]:
    with world.installation.database.read() as session:
        found = dict(session.execute(select(Subscriber.first_name, Subscriber.id)).all())
        return [str(found[one]) for one in wanted]


def acts(world: World) -> list[BulkAct]:
    return world.all(BulkAct)


def test_each_filter_in_the_address_says_who_is_listed(marketer: Colleague) -> None:
    for query, wanted in FILTERED.items():
        page = marketer.get(f"/subscribers?{query}").text
        assert names(page) == sorted(wanted, reverse=True), query
        people = "1 person" if len(wanted) == 1 else f"{len(wanted)} people"
        assert re.search(rf'id="found" tabindex="-1">\s*{people}', page), query


@pytest.mark.parametrize(
    ("query", "field", "told"),
    [
        ("status=nonsense", "status", "There is no such status"),
        ("list=gone", "list", "not there any more"),
        ("course=gone", "course", "gone"),
        ("segment=99", "segment", "not there any more"),
        ("segment=x", "segment", "not there any more"),
        ("source=import-x", "source", "There is no such source"),
        ("since=yesterday", "since", "is no day"),
        ("until=2026-02-30", "until", "is no day"),
        ("tag=%00", "tag", "nothing that we know"),
    ],
)
def test_a_filter_that_means_nothing_is_told_at_its_field(
    marketer: Colleague, query: str, field: str, told: str
) -> None:
    answer = marketer.get(f"/subscribers?{query}")
    assert answer.status_code == 422
    assert told in answer.text
    assert f'id="{field}-problem"' in answer.text
    assert names(answer.text) == []


def test_a_filter_is_taken_off_by_its_chip(marketer: Colleague) -> None:
    page = marketer.get("/subscribers?tag=vip&status=subscribed").text
    assert 'href="/subscribers?status=subscribed" id="without-tag"' in page
    assert 'href="/subscribers?tag=vip" id="without-status"' in page


def test_pages_follow_each_other_without_a_gap(people: World, marketer: Colleague) -> None:
    with people.installation.database.write() as session:
        for number in range(120):
            find_or_create(session, f"x{number:03}@example.org", Details(f"X{number:03}"), people.clock.now())
    seen: list[str] = []
    path = "/subscribers"
    while path:
        page = marketer.get(path).text
        seen += names(page)
        older = re.search(r'id="older" href="([^"]+)"', page)
        path = older[1].replace("&amp;", "&") if older else ""
    assert len(seen) == len(set(seen)) == 125
    assert seen[0] == "X119"
    newer = re.search(r'id="newer" href="([^"]+)"', page)
    assert newer
    assert names(marketer.get(newer[1].replace("&amp;", "&")).text) == seen[50:100]


def test_many_are_counted_no_further_than_a_thousand_at_once(people: World, marketer: Colleague) -> None:
    rows = [
        {
            "email": f"x{number}@example.org",
            "address_key": f"x{number}@example.org",
            "first_name": f"X{number}",
            "fields": {},
            "created_at": people.clock.now(),
        }
        for number in range(1100)
    ]
    with people.installation.database.write() as session:
        session.execute(insert(Subscriber), rows)
    for query, all_of_them in (("", "1,105"), ("q=x", "1,100"), ("since=2026-11-03", "1,105")):
        page = marketer.get(f"/subscribers?{query}").text
        assert "More than 1,000 people" in page, query
        exact = re.search(r'id="count" href="([^"]+)"', page)
        assert exact, query
        page = marketer.get(exact[1].replace("&amp;", "&")).text
        assert re.search(rf'id="found" tabindex="-1">\s*{all_of_them} people', page), query


def test_columns_are_chosen_in_the_address(marketer: Colleague) -> None:
    page = marketer.get("/subscribers?column=tags&column=lists&column=nonsense").text
    assert re.findall(r'<th scope="col">([^<]+)</th>', page) == ["Person", "Lists", "Tags"]
    assert "VIP" in page


def test_a_view_is_saved_shared_and_taken_away(people: World, admin: Colleague, marketer: Colleague) -> None:
    query = "status=pending&column=tags"
    answer = admin.post("/subscribers/views", query=f"q=c&{query}", name=" Who  waits ", shared="yes")
    assert answer.headers["location"].endswith(query)
    admin.post("/subscribers/views", query="tag=vip", name="Mine")
    assert (
        "Who waits" in marketer.get("/subscribers").text,
        "Mine" in marketer.get("/subscribers").text,
    ) == (
        True,
        False,
    )
    wrong = admin.post("/subscribers/views", query=query, name=" ")
    assert wrong.status_code == 422
    assert 'id="name-problem"' in wrong.text
    assert names(wrong.text) == ["Caio"]
    assert marketer.post("/subscribers/views/1/remove").status_code == 404
    assert admin.post("/subscribers/views/1/remove").status_code == 303
    assert "Who waits" not in marketer.get("/subscribers").text


def press(browser: Colleague, act: str, **fields: Any) -> Any:
    return browser.post("/subscribers/acts/start", act=act, **fields)


def test_those_who_are_ticked_are_tagged_and_it_is_undone(people: World, marketer: Colleague) -> None:
    chosen = ids(people, "Bea", "Caio")
    page = marketer.post("/subscribers/acts", act="tag", id=chosen, query="q=b").text
    assert "<h1>Tag 2 people</h1>" in page
    assert all(f'name="id" value="{one}"' in page for one in chosen)
    answer = press(marketer, "tag", id=chosen, query="status=subscribed", tag="fair")
    assert answer.headers["location"].endswith("/subscribers?status=subscribed")
    page = marketer.get(answer.headers["location"]).text
    assert "2 people got the tag “fair”." in page
    undo = re.search(r'action="(/subscribers/acts/\d+/undo)"', page)
    assert undo
    assert names(marketer.get("/subscribers?tag=fair").text) == ["Caio", "Bea"]
    page = marketer.get(marketer.post(undo[1]).headers["location"]).text
    assert "Undone for 2 people" in page
    assert names(marketer.get("/subscribers?tag=fair").text) == []
    (row,) = acts(people)
    assert (row.by, row.undone_by, row.chosen, row.argument) == (
        "Marketer",
        "Marketer",
        "Ticked one by one",
        {"tag": "fair"},
    )


def test_everybody_who_matches_and_not_only_the_page(people: World, admin: Colleague) -> None:
    answer = press(admin, "unsubscribe", all="yes", query="list=quiet-nights&status=subscribed", note="moved")
    assert "2 people are unsubscribed" in admin.get(answer.headers["location"]).text
    (row,) = acts(people)
    assert row.chosen.startswith("Status: Subscribed; List: ")
    assert names(admin.get("/subscribers?status=held").text) == ["Edu", "Bea", "Ana"]


def test_what_was_typed_is_not_kept_with_an_act(people: World, admin: Colleague) -> None:
    press(admin, "tag", all="yes", query="q=ana@inbox", tag="fair")
    (row,) = acts(people)
    assert "ana" not in f"{row.chosen} {row.selection} {row.argument}"


def test_nobody_ticked_is_told_on_the_list(admin: Colleague) -> None:
    answer = admin.post("/subscribers/acts", act="tag", query="status=pending")
    assert answer.status_code == 422
    assert "Nobody is chosen" in answer.text
    assert names(answer.text) == ["Caio"]


@pytest.mark.parametrize(
    ("act", "fields", "field", "told"),
    [
        ("tag", {"tag": "a,b"}, "tag", "no commas"),
        ("tag", {"tag": "x" * 90}, "tag", "longer than 80"),
        ("untag", {"tag": "unknown"}, "tag", "Nobody has this tag"),
        ("join", {"list": "", "note": "x"}, "list", "Choose the list"),
        ("join", {"list": "quiet-nights"}, "note", "Say how they agreed"),
        ("enrol", {"course": "gone"}, "course", "Choose a course"),
        ("ask", {}, "course", "Choose a course"),
        ("suppress", {}, "note", "Say why"),
        ("suppress", {"note": "x" * 501}, "note", "at most 500"),
        ("erase", {"number": "4"}, "number", "Type the number of people, 2"),
    ],
)
def test_what_is_wrong_with_an_act_is_told_at_its_field_and_kept(
    people: World, admin: Colleague, act: str, fields: dict[str, str], field: str, told: str
) -> None:
    answer = press(admin, act, id=ids(people, "Ana", "Bea"), **fields)
    assert answer.status_code == 422
    assert told in answer.text
    assert f'id="{field}-problem"' in answer.text
    assert answer.text.count('name="id"') == 2
    for name in fields.keys() - {"list", "course"}:
        assert fields[name] in answer.text or act == "untag"
    assert acts(people) == []


def test_erasing_names_the_number_and_asks_for_it(people: World, admin: Colleague) -> None:
    chosen = ids(people, "Ana", "Bea")
    assert "Type 2, the number of people" in admin.post("/subscribers/acts", act="erase", id=chosen).text
    answer = press(admin, "erase", id=chosen, number="2")
    page = admin.get(answer.headers["location"]).text
    assert "2 people are erased." in page
    assert "/undo" not in page
    assert names(admin.get("/subscribers").text) == ["Edu", "Dina", "Caio"]


def test_who_is_chosen_is_exported_and_it_is_written_down(people: World, admin: Colleague) -> None:
    answer = press(admin, "export", all="yes", query="status=subscribed", layout="courseletter", form="csv")
    assert answer.headers["content-disposition"] == 'attachment; filename="subscribers.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [one["email"] for one in rows] == ["ana@inbox.example.org", "bea@inbox.example.org"]
    (row,) = acts(people)
    assert (row.kind, row.people, row.by, row.chosen) == ("export", 2, "Admin", "Status: Subscribed")
    assert press(admin, "export", all="yes", layout="nonsense", form="csv").status_code == 404


@pytest.mark.parametrize("act", ["join", "leave", "ask", "unsubscribe", "suppress", "erase", "export"])
def test_r33_marketers_tag_and_enrol_and_nothing_else(people: World, marketer: Colleague, act: str) -> None:
    chosen = ids(people, "Ana")
    for path in ("/subscribers/acts", "/subscribers/acts/start"):
        assert marketer.post(path, act=act, id=chosen, number="1", note="x").status_code == 403
    page = marketer.get("/subscribers").text
    assert f'value="{act}"' not in page
    assert acts(people) == []


def test_r33_a_marketer_does_not_undo_what_an_admin_did(
    people: World, admin: Colleague, marketer: Colleague
) -> None:
    press(admin, "suppress", id=ids(people, "Ana"), note="by telephone")
    assert marketer.post("/subscribers/acts/1/undo").status_code == 403
    assert marketer.post("/subscribers/acts/1/stop").status_code == 403
    assert "undo-act" not in marketer.get("/subscribers/acts/1").text
    assert admin.post("/subscribers/acts/1/undo").status_code == 303
    assert admin.post("/subscribers/acts/1/undo").status_code == 422


def test_who_was_left_out_and_why_stands_on_the_acts_page(people: World, admin: Colleague) -> None:
    with people.installation.database.read() as session:
        course = session.scalars(select(Course)).one().id
    answer = press(admin, "enrol", all="yes", course=course)
    page = admin.get(answer.headers["location"]).text
    assert "2 people are enrolled, 3 people left out." in page
    page = admin.get("/subscribers/acts/1").text
    assert '<dt>Course</dt><dd dir="auto">Sleep and the quiet room</dd>' in page
    for words in ("kept from all mail", "they left by themselves", "have not agreed"):
        assert words in page
    assert "2 people are enrolled" in admin.get("/subscribers/acts").text


def test_one_person_is_led_back_to_and_erased_by_their_address(people: World, admin: Colleague) -> None:
    (ana,) = ids(people, "Ana")
    page = admin.post("/subscribers/acts", act="leave", id=ana, person=ana).text
    assert "Take one person off a list" in page
    answer = press(admin, "leave", id=ana, person=ana, list="quiet-nights")
    assert answer.headers["location"].endswith(f"/subscribers/{ana}/lists")
    assert "One person is off the list" in admin.get(answer.headers["location"]).text
    wrong = press(admin, "erase", id=ana, person=ana, number="1")
    assert "Type the address of this person" in wrong.text
    assert press(admin, "erase", id=ana, person=ana, number="ANA@inbox.example.org").status_code == 303
    assert admin.get(f"/subscribers/{ana}").status_code == 404


def test_attack_img_onerror_in_a_name_is_escaped_in_list_acts_and_pages(
    people: World, admin: Colleague
) -> None:
    """Row: `<img onerror>` in a subscriber's name."""
    with people.installation.database.write() as session:
        person = session.scalars(select(Subscriber).where(Subscriber.first_name == "Ana")).one()
        person.first_name = person.last_name = '<img src=x onerror="alert(1)">'
        person.fields = {"city": "<img src=y onerror=z>"}
        tags.add(session, person, "<img src=t>", people.clock.now())
        number = person.id
    paths = [f"/subscribers/{number}{path}" for path in ("", "/edit", "/lists", "/history", "/proof")]
    for path in ("/subscribers?column=tags", "/subscribers?q=ana", *paths):
        page = admin.get(path)
        assert page.status_code == 200, path
        assert "<img" not in page.text, path
    assert "&lt;img" in admin.get("/subscribers").text
    assert "<img" not in admin.post("/subscribers/acts", act="tag", id=str(number)).text


def test_statuses_are_told_apart_on_one_page(people: World, admin: Colleague) -> None:
    page = admin.get("/subscribers").text
    for words in ("Kept from mail", "Has to confirm", "Has left", "Subscribed"):
        assert words in page
    with people.installation.database.write() as session:
        session.query(Membership).delete()
    assert "On no list" in admin.get("/subscribers?status=none").text
