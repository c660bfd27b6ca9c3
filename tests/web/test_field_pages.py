"""Custom fields in the workshop: defined, filled in, called otherwise, read anew, removed, brought back."""

import pytest
from colleagues import Colleague, add_user
from playwright.sync_api import Page, expect
from reading_room import World
from sqlalchemy import select
from test_workshop_in_a_browser import address, check, owner, workshop

from campaigns.models import Course
from subscribers.models import CustomField, Subscriber

__all__ = ["owner", "workshop"]  # fixtures


@pytest.fixture
def admin(shop: World) -> Colleague:
    return Colleague(shop.app, shop.installation, add_user(shop.installation, "admin", name="Ines"))


def cities(world: World) -> list[object]:
    with world.installation.database.read() as session:
        return [one.fields for one in session.scalars(select(Subscriber).order_by(Subscriber.id).limit(2))]


def test_a_field_is_defined_filled_in_renamed_and_that_is_undone(shop: World, admin: Colleague) -> None:
    assert admin.post("/fields", name="City", kind="text").status_code == 422
    assert admin.post("/fields", name="ctiy", kind="text").status_code == 303
    assert '<a href="/fields/ctiy">ctiy</a>' in admin.get("/fields").text
    assert 'id="field-ctiy"' in admin.get("/subscribers/1/edit").text
    assert "field:ctiy" in admin.get("/segments").text
    admin.post("/subscribers/1/edit", **{"field-ctiy": "Porto"})
    answer = admin.post("/fields/ctiy/rename", name="city")
    page = admin.get(answer.headers["location"]).text
    assert "“ctiy” is called “city” for one person." in page
    assert cities(shop) == [{"city": "Porto"}, {}]
    admin.post("/subscribers/acts/1/undo")
    assert cities(shop) == [{"ctiy": "Porto"}, {}]


def test_a_field_that_nobody_has_is_renamed_at_once(shop: World, admin: Colleague) -> None:
    admin.post("/fields", name="ctiy", kind="text")
    assert admin.post("/fields/ctiy/rename", name="city").headers["location"].endswith("/fields/city")
    assert admin.post("/fields/city/retype", kind="date").headers["location"].endswith("/fields/city")
    assert [(one.name, one.kind) for one in shop.all(CustomField)] == [("city", "date")]


def test_what_cannot_be_read_is_told_at_its_field(admin: Colleague) -> None:
    admin.post("/fields", name="age", kind="text")
    admin.post("/subscribers/1/edit", **{"field-age": "old"})
    page = admin.post("/fields/age/retype", kind="number")
    assert page.status_code == 422
    assert "1 person has something else there: “old” (1)" in page.text
    assert 'id="kind-problem"' in page.text


def test_a_kind_is_told_in_words(admin: Colleague) -> None:
    admin.post("/fields", name="vip", kind="text")
    admin.post("/subscribers/1/edit", **{"field-vip": "yes"})
    admin.post("/fields/vip/retype", kind="yes_no")
    page = admin.get("/subscribers/acts").text
    assert "“vip” is yes or no for one person" in page
    assert "yes_no" not in page


def test_a_field_that_mails_ask_for_stays_as_it_is(shop: World, admin: Colleague) -> None:
    admin.post("/fields", name="city", kind="text")
    with shop.installation.database.write() as session:
        course = session.scalars(select(Course).where(Course.revision_id.is_(None))).one()
        lesson = course.lessons[0]
        lesson.body += "\n\nHow is {{ subscriber.city | default('it') }}?"
        title = course.title
    for act in ("remove", "rename"):
        page = admin.post(f"/fields/city/{act}", name="town")
        assert page.status_code == 422, act
        assert f"of “{title}”" in page.text, act
    with shop.installation.database.write() as session:
        lesson = session.get_one(type(lesson), lesson.id)
        lesson.body = lesson.body.replace("subscriber.city", "subscriber.city_of_birth")
    assert admin.post("/fields/city/remove").status_code == 303


def test_a_removed_field_is_brought_back(shop: World, admin: Colleague) -> None:
    admin.post("/fields", name="city", kind="text")
    admin.post("/subscribers/1/edit", **{"field-city": "Porto"})
    page = admin.get(admin.post("/fields/city/remove").headers["location"]).text
    assert "kept for 30 days" in page
    assert 'id="restore-city"' in page
    assert 'value="Porto"' not in admin.get("/subscribers/1/edit").text
    admin.post("/fields/city/restore")
    assert 'value="Porto"' in admin.get("/subscribers/1/edit").text
    assert admin.get("/fields/nothing").status_code == 404


def test_fields_in_a_browser(owner: Page, workshop: World) -> None:
    owner.goto(address(workshop, "/fields"))
    check(owner, "no fields")
    owner.get_by_label("Name").fill("Favourite colour")
    owner.get_by_role("button", name="Define it").press("Enter")
    expect(owner.get_by_role("alert")).to_contain_text("small letters")
    check(owner, "fields, refused")
    owner.get_by_label("Name").fill("colour")
    owner.get_by_role("button", name="Define it").press("Enter")
    expect(owner.get_by_role("link", name="colour")).to_be_visible()
    check(owner, "fields")
    owner.get_by_role("link", name="colour").click()
    expect(owner.get_by_role("heading", level=1)).to_have_text("colour")
    check(owner, "field")
    owner.get_by_role("button", name="Remove this field").press("Enter")
    expect(owner.get_by_role("button", name="Bring it back")).to_be_visible()
    check(owner, "fields, removed")
    owner.get_by_role("button", name="Undo").press("Enter")
    expect(owner.get_by_role("heading", level=1)).to_have_text("colour")
