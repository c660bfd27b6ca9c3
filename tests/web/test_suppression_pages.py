"""The suppression list in the workshop: looked up, added to, brought in, and released once."""

import pytest
from colleagues import Colleague, add_user
from reading_room import World
from sqlalchemy import select

from subscribers.models import Release, Suppression, SuppressionReason
from subscribers.people import Details, find_or_create
from subscribers.suppression import is_suppressed, suppress

BOUNCED = "full@example.org"


@pytest.fixture
def held(world: World) -> World:
    with world.installation.database.write() as session:
        for address, reason in (
            (BOUNCED, SuppressionReason.BOUNCED),
            ("left@example.org", SuppressionReason.UNSUBSCRIBED),
            ("Spam@example.org", SuppressionReason.COMPLAINED),
            ("ÄRGER@Straße.example.org", SuppressionReason.MANUAL),
        ):
            suppress(session, world.installation.settings.key, address, reason, world.clock.now())
    return world


@pytest.fixture
def admin(held: World) -> Colleague:
    return Colleague(held.app, held.installation, add_user(held.installation, "admin", name="Ines"))


def is_held(world: World, address: str) -> bool:
    with world.installation.database.read() as session:
        return is_suppressed(session, world.installation.settings.key, address)


def test_addresses_are_found_by_their_beginning_and_by_reason(admin: Colleague) -> None:
    for query, found in {
        "": (BOUNCED, "left@", "Spam@", "ÄRGER@"),
        "q=FUL": (BOUNCED,),
        "q=spam@example.org": ("Spam@",),
        "q=ärg": ("ÄRGER@",),
        "q=Ärger@STRASSE.example.org": ("ÄRGER@",),
        "reason=unsubscribed": ("left@",),
        "q=left&reason=bounced": (),
        "q=nobody": (),
    }.items():
        table = admin.get(f"/suppressions?{query}").text.partition('id="held"')[2].partition("</section>")[0]
        for one in (BOUNCED, "left@", "Spam@", "ÄRGER@"):
            assert (one in table) == (one in found), (query, one)


def test_who_was_erased_is_found_by_the_whole_address_alone(held: World, admin: Colleague) -> None:
    with held.installation.database.write() as session:
        row = session.scalars(select(Suppression).where(Suppression.email == BOUNCED)).one()
        row.email = row.address_key = None
        row.reason = SuppressionReason.ERASED
    assert "an address that was erased" in admin.get(f"/suppressions?q={BOUNCED}").text
    assert "an address that was erased" not in admin.get("/suppressions?q=full").text


def test_many_stand_on_pages(held: World, admin: Colleague) -> None:
    with held.installation.database.write() as session:
        for number in range(60):
            address = f"x{number}@example.org"
            suppress(
                session, held.installation.settings.key, address, SuppressionReason.MANUAL, held.clock.now()
            )
    first = admin.get("/suppressions").text
    assert "x59@" in first
    assert "full@" not in first
    second = admin.get(first.partition('id="older" href="')[2].partition('"')[0].replace("&amp;", "&")).text
    assert "full@" in second
    assert "x59@" not in second


def test_an_address_is_added_and_stays_with_who_did_it(held: World, admin: Colleague) -> None:
    assert admin.post("/suppressions", email="new@example.org", note="by telephone").status_code == 303
    assert is_held(held, "NEW@example.org")
    page = admin.get("/suppressions?q=new").text
    assert "by Ines: by telephone" in page
    admin.post("/suppressions", email="new@example.org", note="again")
    assert "was on the list already" in admin.get("/suppressions").text


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"email": "no address", "note": "kept"}, "email"),
        ({"email": "", "note": "kept"}, "email"),
        ({"email": "a@example.org", "note": "x" * 501}, "note"),
    ],
)
def test_what_is_wrong_is_told_at_its_field_and_kept(
    admin: Colleague, fields: dict[str, str], field: str
) -> None:
    answer = admin.post("/suppressions", **fields)
    assert answer.status_code == 422
    assert f'id="{field}-problem"' in answer.text
    assert f'value="{fields["note"]}"' in answer.text


def test_a_release_is_kept_with_name_and_reason_and_happens_once(held: World, admin: Colleague) -> None:
    wrong = admin.post("/suppressions/1/release", why=" ")
    assert wrong.status_code == 422
    assert 'id="why-1-problem"' in wrong.text
    assert is_held(held, BOUNCED)
    assert admin.post("/suppressions/1/release", why="their mailbox was full").status_code == 303
    assert not is_held(held, BOUNCED)
    (released,) = held.all(Release)
    assert (released.email, released.reason, released.by, released.why) == (
        *(BOUNCED, "bounced"),
        *("Ines", "their mailbox was full"),
    )
    page = admin.get("/suppressions").text.partition('id="released"')[2]
    assert all(one in page for one in (BOUNCED, "Bounced", "Ines", "their mailbox was full"))
    with held.installation.database.write() as session:
        suppress(
            session, held.installation.settings.key, BOUNCED, SuppressionReason.BOUNCED, held.clock.now()
        )
        again = session.scalars(select(Suppression.id).where(Suppression.email == BOUNCED)).one()
    answer = admin.post(f"/suppressions/{again}/release", why="really")
    assert "was released before" in answer.text
    assert is_held(held, BOUNCED)


@pytest.mark.parametrize("number", [2, 3])
def test_who_said_no_is_released_by_nobody(held: World, admin: Colleague, number: int) -> None:
    answer = admin.post(f"/suppressions/{number}/release", why="please")
    assert answer.status_code == 422
    assert "Only they can take it back" in answer.text
    assert f"release-{number}" not in admin.get("/suppressions").text


def test_a_file_is_brought_in_with_a_word_for_each_row_that_names_nobody(
    held: World, admin: Colleague
) -> None:
    content = b"email,reason\none@example.org,spam\nbad@@example.org,\nfull@example.org,\n"
    answer = admin.post("/suppressions/import", files={"file": ("never.csv", content, "text/csv")})
    assert answer.status_code == 200
    assert "1 address was added." in answer.text
    assert "1 row named nobody" in answer.text
    assert "bad@@example.org" in answer.text
    assert is_held(held, "one@example.org")
    assert list((held.installation.settings.home / "imports").iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"%PDF-1.7", b"name\nAna\n"])
def test_a_file_that_is_none_is_told_at_its_field(admin: Colleague, content: bytes) -> None:
    answer = admin.post("/suppressions/import", files={"file": ("never.csv", content, "text/csv")})
    assert answer.status_code == 422
    assert 'id="file-problem"' in answer.text
    assert admin.post("/suppressions/import").status_code == 422


def test_the_list_is_exported_from_its_page(admin: Colleague) -> None:
    assert "/subscribers/export/suppression?form=csv" in admin.get("/suppressions").text
    assert BOUNCED in admin.get("/subscribers/export/suppression?form=csv").text


def test_whose_address_is_held_in_other_capitals_is_listed_as_kept_from_mail(
    held: World, admin: Colleague
) -> None:
    with held.installation.database.write() as session:
        find_or_create(session, "ärger@strasse.example.org", Details("Lea"), held.clock.now())
    assert "Lea" in admin.get("/subscribers?status=held").text
