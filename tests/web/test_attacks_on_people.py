"""Rows of REQUIREMENTS' attacks table, as they reach people, files and exports through pages; each names its
row.
"""

import csv
import io
import re
import zipfile
from time import process_time

import pytest
from colleagues import Colleague, add_user
from reading_room import World
from sqlalchemy import select

from sender.models import Delivery
from subscribers.models import Subscriber, Suppression
from subscribers.people import Details, find_or_create

BREAKS = ("a\r\nBcc: x@y", "a\nBcc: x@y", "a\0", "=?utf-8?q?a=0D=0ABcc=3A_x?=")
ADDRESSES = ('"x@evil.com y"@ours.test', "a@x>\r\nRCPT TO:<b@y", "a@x\nb@y", "a@b@evil.com")
FORMULAS = ("=cmd|' /C calc'!A0", "+1+1", "-1+1", "@SUM(1)", "\tx", "\rx")


@pytest.fixture
def admin(here: World) -> Colleague:
    return Colleague(here.app, here.installation, add_user(here.installation, "admin"))


def people(world: World) -> list[Subscriber]:
    return world.all(Subscriber)


@pytest.mark.parametrize("name", BREAKS)
def test_attack_name_with_a_header_at_sign_up(here: World, name: str) -> None:
    """Row: name `a\\r\\nBcc: x@y`: 422, field named, nothing stored."""
    answer = here.browser().post(
        "/c/quiet-nights", data=here.form(email="ana@example.org", first_name=name, zone="Europe/Lisbon")
    )
    assert answer.status_code == 422
    assert 'href="#first_name"' in answer.text
    assert people(here) == []


@pytest.mark.parametrize("address", ADDRESSES)
def test_attack_address_that_names_another_at_every_door(here: World, admin: Colleague, address: str) -> None:
    """Rows: `"x@evil.com y"@ours.test`, RCPT `a@x>...`: 422; never any RCPT to evil.com."""
    form = here.form(email=address, first_name="Ana", zone="Europe/Lisbon")
    assert here.browser().post("/c/quiet-nights", data=form).status_code == 422
    assert admin.post("/suppressions", email=address).status_code == 422
    assert people(here) == here.all(Suppression) == here.all(Delivery) == []


def test_attack_aaaa_at_each_address_field(here: World, admin: Colleague) -> None:
    """Row: `aaaa...!` at the address check: refused, under 100 ms of the processor beside the page itself."""
    long, short = "a" * 60_000 + "!", "no address"
    took = []
    for address in (short, long):
        form = here.form(email=address, first_name="Ana", zone="Europe/Lisbon")
        start = process_time()
        assert here.browser().post("/c/quiet-nights", data=form).status_code in (413, 422)
        assert admin.post("/suppressions", email=address).status_code == 422
        took.append(process_time() - start)
    assert took[1] - took[0] < 0.2  # of two checks


def test_attack_export_of_formulas_through_the_page(here: World, admin: Colleague) -> None:
    """Row: export of `=cmd|...`, `+`, `-`, `@`, tab, CR: prefixed `'`; our own re-import restores it."""
    with here.installation.database.write() as session:
        for number, name in enumerate(FORMULAS):
            person, _ = find_or_create(session, f"p{number}@example.org", Details(), here.clock.now())
            person.first_name = name
    exported = admin.post(
        "/subscribers/acts/start", act="export", all="yes", layout="courseletter", form="csv"
    ).text
    names = [one["first_name"] for one in csv.DictReader(io.StringIO(exported, newline=""))]
    assert names == [f"'{one}" for one in FORMULAS]
    for layout in ("mailchimp", "kit", "listmonk"):
        path = f"/subscribers/export/subscribers?form=csv&layout={layout}"
        for row in csv.reader(io.StringIO(admin.get(path).text, newline="")):
            assert not any(cell.startswith(("=", "+", "@", "\t", "\r")) for cell in row), layout
    home = admin.post("/subscribers/imports", files={"file": ("people.csv", exported.encode(), "text/csv")})
    assert "As our export has it" in admin.get(home.headers["location"]).text


def bomb() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed, packed.open("people.csv", "w") as entry:
        entry.write(b"email\n")
        for _ in range(40):
            entry.write(b"a" * 1_000_000)
    return file.getvalue()


def climber() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as packed:
        packed.writestr("../../people.csv", "email\na@example.org\n")
    return file.getvalue()


@pytest.mark.parametrize("make", [bomb, climber])
@pytest.mark.parametrize("path", ["/suppressions/import", "/subscribers/imports"])
def test_attack_zip_that_grows_or_climbs_at_each_upload(
    here: World, admin: Colleague, path: str, make: object
) -> None:
    """Row: zip 10 MB -> 10 GB, entry `../../x`: 422, no file outside of the folder."""
    content = make()  # type: ignore[operator]
    answer = admin.post(path, files={"file": ("people.zip", content, "application/zip")})
    assert answer.status_code == 422
    assert 'id="file-problem"' in answer.text
    home = here.installation.settings.home
    assert list((home / "imports").iterdir()) == []
    assert not (home.parent / "people.csv").exists()
    assert here.all(Suppression) == []


def test_attack_img_onerror_in_a_name_on_a_readers_own_pages(here: World) -> None:
    """Row: `<img onerror>` in a subscriber's name: escaped in list, preview, archive."""
    here.sign_up(first_name="<img src=x onerror=alert(1)>")
    here.confirm()
    here.receive(2)
    reader = here.browser()
    lesson = re.search(r"/lessons/(\w+)", reader.get(here.learn_path()).text)
    pages = [here.learn_path(), here.learn_path("data")]
    if lesson:
        pages.append(here.learn_path(f"lessons/{lesson[1]}"))
    for path in pages:
        answer = reader.get(path)
        assert answer.status_code == 200, path
        assert "<img src=x" not in answer.text, path
    assert "&lt;img src=x" in reader.get(here.learn_path("data")).text


def test_attack_another_subscribers_id_with_my_token(here: World) -> None:
    """Row: another subscriber's id with my token: 404, the same body as for an id that nobody has."""
    here.sign_up()
    here.confirm()
    with here.installation.database.write() as session:
        find_or_create(session, "bea@example.org", Details("Bea"), here.clock.now())
        assert session.scalars(select(Subscriber.id)).all() == [1, 2]
    token = here.learn_path().rpartition("/")[2]
    forged = [token[:-1] + ("A" if token[-1] != "A" else "B"), "A" * len(token), token + "A"]
    bodies = {here.browser().get(f"/learn/{one}/data").text for one in forged}
    assert len(bodies) == 1
    assert here.browser().get(f"/learn/{forged[0]}/data").status_code == 404
