"""The import wizard and the export page: file, columns, dry run, import, undo, and what comes out again."""

import csv
import re
from typing import Any

import pytest
from colleagues import Colleague, add_user
from reading_room import World
from sqlalchemy import select, update

from campaigns.models import Course
from courseletter.web.admin import forms
from sender.models import Delivery
from subscribers.importing.files import MOST_OCTETS
from subscribers.importing.models import Import
from subscribers.models import Subscriber
from subscribers.people import NOTHING_SAID, find_or_create

LIST = b"email,First name,Stadt,confirmed at\nana@example.org,Ana,Porto,2024-01-02\nbad@@example.org,Bad,,\n"


@pytest.fixture
def admin(world: World) -> Colleague:
    return Colleague(world.app, world.installation, add_user(world.installation, "admin"))


def _upload(admin: Colleague, content: bytes = LIST, name: str = "people.csv") -> Any:
    return admin.post("/subscribers/imports", files={"file": (name, content, "text/csv")})


def _columns(page: str) -> dict[str, str]:
    """What the form of the columns would send as it stands."""
    found = {}
    for name, options in re.findall(
        r'<select id="[^"]*" name="([^"]+)"[^>]*>(.*?)</select>', page, re.DOTALL
    ):
        chosen = re.search(r'value="([^"]*)" selected', options)
        found[name] = chosen[1] if chosen else ""
    return found


def _place_of(page: str, heading: str) -> str:
    return re.search(rf'for="(column-\d+)"[^>]*><code>{heading}<', page)[1]


def _emails(world: World) -> list[str]:
    with world.installation.database.read() as session:
        return list(session.scalars(select(Subscriber.email).where(Subscriber.email.like("%@example.org"))))


def test_from_file_to_people_and_back(world: World, admin: Colleague) -> None:
    home = _upload(admin).headers["location"].removesuffix("/columns")
    page = admin.get(f"{home}/columns").text
    assert "This looks like a plain list" in page
    assert page.index("Stadt") < page.index("First name"), "what is open comes first"
    slug = re.search(r'<select id="list".*?<option value="([^"]+)">', page, re.DOTALL)[1]
    chosen = _columns(page) | {
        _place_of(page, "Stadt"): "text",
        "list": slug,
        "consent": "keep",
        "tags": "moved",
    }
    assert admin.post(f"{home}/columns", **chosen).headers["location"] == home
    tried = admin.get(home).text
    assert "1 person of 2 would come in" in tried
    assert "Two @ signs. Did you mean bad@example.org?" in tried
    assert _emails(world) == []
    mend = list(csv.DictReader(admin.get(f"{home}/skipped.csv").text.splitlines()))
    assert [row["email"] for row in mend] == ["bad@@example.org"]
    admin.post(f"{home}/start")
    assert "1 person came in" in admin.get(home).text
    assert _emails(world) == ["ana@example.org"]
    admin.post(f"{home}/start")
    with world.installation.database.read() as session:
        assert session.scalars(select(Import.state)).all() == ["done"], "a second press is no second import"
        assert session.scalars(
            select(Subscriber).where(Subscriber.email == "ana@example.org")
        ).one().fields == {"stadt": "Porto"}
    assert "people.csv" in admin.get("/subscribers/imports").text
    admin.post(f"{home}/undo")
    assert "1 person removed" in admin.get(home).text
    assert _emails(world) == []


def test_how_far_it_is_taken_back_is_told_and_then_what_could_not_be(world: World, admin: Colleague) -> None:
    home = _upload(admin).headers["location"].removesuffix("/columns")
    number = int(home.rpartition("/")[2])

    def stands(**values: Any) -> str:
        values["touched_at"] = world.clock.now()
        with world.installation.database.write() as session:
            session.execute(update(Import).where(Import.id == number).values(values))
        return admin.get(home).text

    page = stands(state="taking back", percent=40, taken=3)
    assert "40 % taken back" in page
    assert "rows taken" not in page
    page = stands(state="taken back", counts={"taken_back": 1, "restored": 2, "lost town": 2, "lost age": 1})
    assert "1 person removed, 2 as before." in page
    assert "age of 1 person, town of 2 people. The field is gone by now, or of another kind." in page


def test_why_an_import_has_stopped_is_told_and_it_can_be_taken_back(world: World, admin: Colleague) -> None:
    home = _upload(admin).headers["location"].removesuffix("/columns")
    with world.installation.database.write() as session:
        row = session.scalars(select(Import)).one()
        row.state, row.touched_at, row.why = "running", world.clock.now(), "list.csv is not there any more."
    page = admin.get(home).text
    assert "It has stopped at 0 %" in page
    assert "list.csv is not there any more." in page
    assert 'id="resume"' in page
    assert 'id="undo-import"' in page
    admin.post(f"{home}/undo")
    assert "Taken back" in admin.get(home).text


def test_a_column_mapped_twice_is_told_beside_it_and_keeps_what_was_chosen(here: World) -> None:
    admin = Colleague(here.app, here.installation, add_user(here.installation, "admin"))
    home = _upload(admin).headers["location"].removesuffix("/columns")
    page = admin.get(f"{home}/columns").text
    twice = _columns(page) | {_place_of(page, "Stadt"): "first_name", "list": "x"}
    answer = admin.post(f"{home}/columns", **twice)
    assert answer.status_code == 422
    assert "are both to be “First name”" in answer.text
    assert 'aria-invalid="true"' in answer.text
    nowhere = admin.post(f"{home}/columns", **_columns(page))
    assert "Choose the list" in nowhere.text


@pytest.mark.parametrize(("content", "told"), [(b"%PDF-1.7", "a PDF"), (b"", "empty")])
def test_what_is_no_list_is_told_and_not_kept(here: World, content: bytes, told: str) -> None:
    admin = Colleague(here.app, here.installation, add_user(here.installation, "admin"))
    answer = _upload(admin, content)
    assert answer.status_code == 422
    assert told in answer.text
    assert list((here.installation.settings.home / "imports").glob("*")) == []
    assert admin.post("/subscribers/imports").status_code == 422


def test_r40_attack_5_gb_upload_is_refused(here: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Attacks: 5 GB: 413 by what it says of itself, and by what comes where it says nothing."""
    admin = Colleague(here.app, here.installation, add_user(here.installation, "admin"))
    said = {
        "content-length": str(5 << 30),
        "origin": "https://letters.example.org",
        "content-type": "text/csv",
    }
    assert admin.client.post("/subscribers/imports", content=b"", headers=said).status_code == 413
    monkeypatch.setattr(forms, "MOST_UPLOADED", 1000)
    assert _upload(admin, b"x" * 2000).status_code == 413
    assert MOST_OCTETS == 2 << 30


def test_everything_can_be_exported(world: World, admin: Colleague) -> None:
    home = _upload(admin).headers["location"].removesuffix("/columns")
    page = admin.get(f"{home}/columns").text
    slug = re.search(r'<select id="list".*?<option value="([^"]+)">', page, re.DOTALL)[1]
    admin.post(f"{home}/columns", **_columns(page) | {"list": slug})
    admin.post(f"{home}/start")
    assert "Take it with you" in admin.get("/subscribers/export").text
    answer = admin.get("/subscribers/export/subscribers?form=csv")
    assert 'filename="subscribers.csv"' in answer.headers["content-disposition"]
    assert "ana@example.org" in answer.text
    assert admin.get("/subscribers/export/subscribers?form=xlsx&layout=kit").content[:2] == b"PK"
    for what in ("deliveries", "events", "suppression"):
        assert admin.get(f"/subscribers/export/{what}?form=jsonl").status_code == 200
    assert admin.get("/subscribers/export/secrets").status_code == 404
    assert admin.get("/subscribers/export/subscribers?form=exe").status_code == 404


def test_marketers_have_no_way_in_or_out(here: World) -> None:
    marketer = Colleague(here.app, here.installation, add_user(here.installation, "marketer"))
    assert marketer.get("/subscribers/imports").status_code == 403
    assert _upload(marketer).status_code == 403
    page = marketer.get("/subscribers").text
    assert "to-import" not in page


def test_r18_who_is_erased_while_an_upload_waits_takes_it_along(world: World, admin: Colleague) -> None:
    home = _upload(admin).headers["location"].removesuffix("/columns")
    kept = world.installation.settings.home / "imports"
    assert len(list(kept.iterdir())) == 1
    with world.installation.database.write() as session:
        person, _ = find_or_create(session, "ana@example.org", NOTHING_SAID, world.clock.now())
    erasing = {"act": "erase", "id": str(person.id), "person": str(person.id)}
    admin.post("/subscribers/acts/start", **erasing, number="ana@example.org")
    assert list(kept.iterdir()) == []
    page = admin.get(admin.get(f"{home}/columns").headers["location"])
    assert page.status_code == 200
    assert "was erased on their wish meanwhile" in page.text
    assert "Upload it again" in page.text
    assert admin.post(f"{home}/columns", list="x").status_code == 303


def test_a_finished_import_offers_to_ask_who_has_to_confirm(world: World, admin: Colleague) -> None:
    content = b"email\nana@example.org\nbea@example.org\n"
    home = _upload(admin, content).headers["location"].removesuffix("/columns")
    page = admin.get(f"{home}/columns").text
    slug = re.search(r'<select id="list".*?<option value="([^"]+)">', page, re.DOTALL)[1]
    admin.post(f"{home}/columns", **_columns(page) | {"list": slug}, consent="keep")
    admin.post(f"{home}/start")
    page = admin.get(home).text
    assert "2 people came without evidence" in page
    query = re.search(r'name="query" value="(source=[^"]+)"', page)[1].replace("&amp;", "&")
    assert (
        "Ask 2 people to confirm" in admin.post("/subscribers/acts", all="yes", query=query, act="ask").text
    )
    course = world.all(Course)[0].id
    answer = admin.post("/subscribers/acts/start", all="yes", query=query, act="ask", course=course)
    assert "2 people will be asked." in admin.get(answer.headers["location"]).text
    waiting = [one for one in world.all(Delivery) if one.kind == "confirmation"]
    assert len(waiting) == 2
    assert world.browser().post(world.confirm_path("ana@example.org")).status_code == 200
