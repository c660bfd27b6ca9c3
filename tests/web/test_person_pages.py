"""One person's record: edited with everything wrong told at once, who changed what, proof, and all of it."""

import io
import json
import re
import zipfile

import pytest
from colleagues import Colleague, add_user
from reading_room import World
from sqlalchemy import select

from sender.models import Delivery
from subscribers import tags
from subscribers.models import Change, CustomField, MailingList, Subscriber, SuppressionReason
from subscribers.people import Details, find_or_create
from subscribers.signing_up import in_words
from subscribers.suppression import is_suppressed, suppress

ANA = "ana.pereira@example.org"


@pytest.fixture
def ana(world: World) -> World:
    """Somebody who signed up, confirmed and got two mails."""
    world.sign_up()
    world.confirm()
    world.receive(2)
    with world.installation.database.write() as session:
        for name, kind in (("plan", "text"), ("seats", "number"), ("vip", "yes_no"), ("born", "date")):
            session.add(CustomField(name=name, kind=kind))
        find_or_create(session, "bea@example.org", Details("Bea"), world.clock.now())
    return world


@pytest.fixture
def admin(ana: World) -> Colleague:
    return Colleague(ana.app, ana.installation, add_user(ana.installation, "admin", name="Ines"))


def person(world: World) -> Subscriber:
    with world.installation.database.read() as session:
        return session.get_one(Subscriber, 1)


def note_of(browser: Colleague, path: str) -> str:
    return re.search(r'id="toast">\s*<p>(.*?)</p>', browser.get(path).text)[1]  # type: ignore[index]


TYPED = {
    "first_name": "Anna",
    "last_name": "Pereira",
    "email": "anna@example.org",
    "zone": "Europe/Berlin",
    "language": "pt-BR",
    "daily_cap": "1",
    "tags": "early riser, VIP",
    "field-plan": "pro",
    "field-seats": "3.5",
    "field-vip": "yes",
    "field-born": "1990-02-03",
}


def test_everything_is_edited_and_each_change_is_written_down(ana: World, admin: Colleague) -> None:
    answer = admin.post("/subscribers/1/edit", **TYPED)
    assert answer.status_code == 303
    one = person(ana)
    assert (one.first_name, one.email, one.address_key, one.zone, one.language) == (
        *("Anna", "anna@example.org", "anna@example.org"),
        *("Europe/Berlin", "pt-BR"),
    )
    assert one.fields == {"plan": "pro", "seats": 3.5, "vip": True, "born": "1990-02-03"}
    changes = {(row.what, row.before, row.after, row.by) for row in ana.all(Change)}
    assert ("email", ANA, "anna@example.org", "Ines") in changes
    assert ("tags", "", "early riser, VIP", "Ines") in changes
    assert ("vip", "", "yes", "Ines") in changes
    assert ("daily_cap", "3", "1", "Ines") in changes
    assert one.daily_cap == 1
    assert len(changes) == 11
    page = admin.get("/subscribers/1/edit").text
    assert f"From “{ANA}” to “anna@example.org”, by Ines." in page
    assert "Address changed" in admin.get("/subscribers/1/history").text


def test_an_edit_is_undone_and_that_is_written_down_too(ana: World, admin: Colleague) -> None:
    admin.post("/subscribers/1/edit", **TYPED)
    page = admin.get("/subscribers/1/edit").text
    toast = page.partition('id="toast"')[2]
    back = dict(re.findall(r'name="([^"]+)" value="([^"]*)"', toast))
    admin.post("/subscribers/1/edit", **back)
    one = person(ana)
    assert (one.first_name, one.email, one.zone, one.fields) == ("Ana", ANA, "Europe/Lisbon", {})
    assert len(ana.all(Change)) == 22


def test_nothing_changed_is_no_change(ana: World, admin: Colleague) -> None:
    admin.post("/subscribers/1/edit", first_name="Ana", email=ANA)
    assert ana.all(Change) == []
    assert note_of(admin, "/subscribers/1/edit") == "Nothing was changed."


def test_all_that_is_wrong_is_told_at_its_field_and_nothing_is_lost(ana: World, admin: Colleague) -> None:
    wrong = {
        "first_name": "x" * 101,
        "email": "ana@@example.org",
        "zone": "Europe/Nowhere",
        "language": "Portuguese!",
        "daily_cap": "0",
        "tags": "x" * 81,
        "field-seats": "three",
        "field-vip": "perhaps",
        "field-born": "32.13.1990",
    }
    answer = admin.post("/subscribers/1/edit", **wrong, last_name="kept", **{"field-plan": "typed"})
    assert answer.status_code == 422
    assert "9 things to fix" in answer.text
    for name in wrong:
        assert f'id="{name}-problem"' in answer.text, name
        assert f'href="#{name}"' in answer.text, name
    assert 'value="kept"' in answer.text
    assert 'value="typed"' in answer.text
    assert 'value="three"' in answer.text
    assert person(ana).last_name == ""
    assert ana.all(Change) == []


@pytest.mark.parametrize("typed", ["bea@example.org", "BEA@Example.org", " bea@example.ORG "])
def test_an_address_that_somebody_has_is_refused_in_every_spelling(
    ana: World, admin: Colleague, typed: str
) -> None:
    answer = admin.post("/subscribers/1/edit", email=typed)
    assert answer.status_code == 422
    assert "Somebody else has this address: Bea" in answer.text
    assert 'id="email-problem"' in answer.text
    assert person(ana).email == ANA


def test_another_spelling_of_the_same_address_is_taken(ana: World, admin: Colleague) -> None:
    admin.post("/subscribers/1/edit", email="Ana.Pereira@example.org")
    assert (person(ana).email, person(ana).address_key) == ("Ana.Pereira@example.org", ANA)


def test_r18_the_address_of_somebody_who_was_erased_is_not_entered(ana: World, admin: Colleague) -> None:
    admin.post("/subscribers/acts/start", act="erase", id="2", person="2", number="bea@example.org")
    assert "erased on its owner" in admin.post("/subscribers/1/edit", email="bea@example.org").text


def test_a_no_comes_along_to_another_address(ana: World, admin: Colleague) -> None:
    key, now = ana.installation.settings.key, ana.clock.now()
    with ana.installation.database.write() as session:
        suppress(session, key, ANA, SuppressionReason.UNSUBSCRIBED, now)
    admin.post("/subscribers/1/edit", email="other@example.org")
    with ana.installation.database.read() as session:
        assert is_suppressed(session, key, "other@example.org")
        assert is_suppressed(session, key, ANA)


def test_a_mailbox_that_failed_is_left_behind(ana: World, admin: Colleague) -> None:
    key = ana.installation.settings.key
    with ana.installation.database.write() as session:
        suppress(session, key, ANA, SuppressionReason.BOUNCED, ana.clock.now())
    admin.post("/subscribers/1/edit", email="other@example.org")
    with ana.installation.database.read() as session:
        assert not is_suppressed(session, key, "other@example.org")


def test_an_address_that_is_suppressed_is_refused(ana: World, admin: Colleague) -> None:
    with ana.installation.database.write() as session:
        now = ana.clock.now()
        suppress(session, ana.installation.settings.key, "x@example.org", SuppressionReason.MANUAL, now)
    assert "on the suppression list" in admin.post("/subscribers/1/edit", email="x@example.org").text


def test_another_zone_moves_what_comes_next(ana: World, admin: Colleague) -> None:
    before = ana.enrolment().due_at
    admin.post("/subscribers/1/edit", zone="America/New_York")
    after = ana.enrolment().due_at
    assert before is not None
    assert after is not None
    assert (after - before).total_seconds() == 5 * 3600


def test_attack_a_line_break_in_a_name_is_refused(ana: World, admin: Colleague) -> None:
    """Row: name `a\\r\\nBcc: x@y` -> 422, field named, nothing stored."""
    for name in ("first_name", "last_name"):
        for bad in ("a\r\nBcc: x@y", "a\nb", "a\0b", "=?utf-8?q?a=0D=0ABcc=3A_x?="):
            answer = admin.post("/subscribers/1/edit", **{name: bad})
            assert answer.status_code == 422, bad
            assert f'id="{name}-problem"' in answer.text
    assert (person(ana).first_name, person(ana).last_name) == ("Ana", "")


@pytest.mark.parametrize(
    "bad",
    ['"x@evil.com y"@ours.test', "a@x>\r\nRCPT TO:<b@y", "a" * 5000 + "!", "a@b@c", "@", "a@[127.0.0.1]"],
)
def test_attack_an_address_that_is_no_address_is_refused(ana: World, admin: Colleague, bad: str) -> None:
    """Rows: `"x@evil.com y"@ours.test`; RCPT `a@x>...`; `aaaa...!` at the address check."""
    answer = admin.post("/subscribers/1/edit", email=bad)
    assert answer.status_code == 422
    assert 'id="email-problem"' in answer.text
    assert person(ana).email == ANA


def test_what_they_agreed_to_stands_on_a_page_to_print(ana: World, admin: Colleague) -> None:
    page = admin.get("/subscribers/1/proof").text
    assert "Proof of consent" in page
    assert "What we keep" in page, "the very words of the form"
    for said in ("192.0.2.7", "/c/quiet-nights", "asked to join", "confirmed", "SHA-256"):
        assert said in page
    assert "confirmed" in admin.get("/subscribers/1/lists").text


def test_r18_one_persons_everything_is_a_zip_with_a_page_and_json(ana: World, admin: Colleague) -> None:
    admin.post("/subscribers/1/edit", **TYPED)
    answer = admin.get("/subscribers/1/everything.zip")
    assert answer.headers["content-disposition"] == 'attachment; filename="subscriber-1.zip"'
    with zipfile.ZipFile(io.BytesIO(answer.content)) as packed:
        assert packed.namelist() == ["everything.html", "everything.json"]
        known = json.loads(packed.read("everything.json"))
        page = packed.read("everything.html").decode()
    assert known["person"]["email"] == "anna@example.org"
    assert {one["what"] for one in known["changes"]} >= {"email", "tags"}
    assert len(known["mails"]) == 3
    for said in ("anna@example.org", "192.0.2.7", "early riser", "What was sent", "1990-02-03"):
        assert said in page
    assert "<script" not in page


def test_r18_what_was_done_with_many_is_erased_with_a_person(ana: World, admin: Colleague) -> None:
    admin.post("/subscribers/acts/start", act="tag", all="yes", tag="fair")
    with zipfile.ZipFile(io.BytesIO(admin.get("/subscribers/1/everything.zip").content)) as packed:
        (act,) = json.loads(packed.read("everything.json"))["acts"]
    assert (act["what"], act["tag"], act["by"]) == ("tag", "fair", "Ines")
    assert "Got the tag “fair”" in admin.get("/subscribers/1/history").text
    admin.post("/subscribers/acts/start", act="erase", id="1", person="1", number=ANA)
    with ana.installation.database.read() as session:
        assert session.execute(select(Delivery.facts, Delivery.reply).distinct()).all() == [(None, "")]
    for path in ("", "/edit", "/lists", "/history", "/proof", "/everything.zip"):
        assert admin.get(f"/subscribers/1{path}").status_code == 404


def test_one_line_tells_of_mails_consent_and_edits(ana: World, admin: Colleague) -> None:
    with ana.installation.database.write() as session:
        tags.add(session, session.get_one(Subscriber, 1), "x", ana.clock.now())
    admin.post("/subscribers/1/edit", tags="")
    page = admin.get("/subscribers/1/history").text
    told = (
        "Signed up",
        "Confirmed that it is them",
        "Delivered",
        "Tags changed",
        "From “x” to nothing, by Ines",
    )
    for one in told:
        assert one in page


def test_what_was_typed_on_the_form_is_shown_in_words(ana: World, admin: Colleague) -> None:
    ana.sign_up("mo@example.org", first_name="Mo", zone="Europe/Berlin", when="5@1080")
    with ana.installation.database.read() as session:
        mo = session.scalars(select(Subscriber).where(Subscriber.email == "mo@example.org")).one()
    for page in ("", "/lists", "/history", "/proof"):
        assert "Mo, Europe/Berlin, Saturday, 18:00" in admin.get(f"/subscribers/{mo.id}{page}").text, page


@pytest.mark.parametrize("note", ["asked at the fair", "{not ours", "7", '{"minute": "soon"}', ""])
def test_a_note_of_our_own_is_shown_as_it_is(note: str) -> None:
    assert in_words(note) == note


def test_a_person_is_added_with_consent_that_is_vouched_for(ana: World, admin: Colleague) -> None:
    typed = {"email": "New@Example.org", "first_name": "Nia", "last_name": "Novak", "zone": "Europe/Berlin"}
    answer = admin.post("/subscribers/new", **typed, list=_slug(ana), note="paper form 12")
    assert answer.status_code == 303
    page = admin.get(answer.headers["location"] + "/lists").text
    assert "Was added by somebody here" in page
    assert "Ines: paper form 12" in page
    assert "Added by hand" in admin.get(answer.headers["location"] + "/history").text


def test_who_cannot_be_added_is_told_at_each_field(ana: World, admin: Colleague) -> None:
    wrong = {"email": "BEA@example.org", "first_name": "a\nb", "zone": "Mars", "list": _slug(ana), "note": ""}
    answer = admin.post("/subscribers/new", **wrong, last_name="kept")
    assert answer.status_code == 422
    for name in ("email", "first_name", "zone", "note"):
        assert f'id="{name}-problem"' in answer.text, name
    assert 'value="kept"' in answer.text
    assert "They are here already, with number 2." in answer.text
    with ana.installation.database.write() as session:
        suppress(
            session,
            ana.installation.settings.key,
            "no@example.org",
            SuppressionReason.MANUAL,
            ana.clock.now(),
        )
    assert "suppression list (manual)" in admin.post("/subscribers/new", email="no@example.org").text
    assert len(ana.all(Subscriber)) == 2


def _slug(world: World) -> str:
    return str(world.all(MailingList)[0].slug)
