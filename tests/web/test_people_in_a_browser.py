"""The list of people in Chromium: found while one types, tagged in bulk, undone, edited, exported, erased."""

import os
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from reading_room import World
from test_workshop_in_a_browser import address, check, owner, workshop

__all__ = ["owner", "workshop"]  # fixtures


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(os.environ.get("COURSELETTER_PICTURES") or tmp_path)


def look(page: Page, folder: Path, name: str) -> None:
    check(page, name)
    page.set_viewport_size({"width": 1280, "height": 800})
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    page.screenshot(path=folder / f"workshop-{name}.png", full_page=True)


def test_an_admin_finds_tags_in_bulk_undoes_edits_exports_and_erases(
    owner: Page, workshop: World, folder: Path
) -> None:
    people = owner.locator("#found")
    owner.goto(address(workshop, "/subscribers"))
    expect(people).to_have_text("6 people")
    look(owner, folder, "people")

    owner.get_by_label("Address or name").press_sequentially("reader 2")
    expect(people).to_have_text("1 person")
    expect(owner.get_by_label("Address or name")).to_be_focused()
    owner.get_by_label("Address or name").fill("")
    expect(people).to_have_text("6 people")
    owner.get_by_text("Filter", exact=True).click()
    owner.get_by_role("combobox", name="Status").select_option("subscribed")
    expect(owner.get_by_role("link", name="Status: Subscribed")).to_be_visible()
    expect(owner).to_have_url(re.compile(r"subscribers\?status=subscribed"))

    owner.get_by_role("checkbox", name="Choose Reader 2", exact=True).check()
    owner.get_by_role("checkbox", name="Choose Reader 4", exact=True).check()
    owner.get_by_role("button", name="Tag", exact=True).press("Enter")
    expect(owner.get_by_role("heading", level=1)).to_have_text("Tag 2 people")
    owner.get_by_role("button", name="Tag 2 people").press("Enter")
    expect(owner.get_by_role("alert")).to_contain_text("The tag has no name")
    owner.get_by_role("combobox", name="Tag").fill("early riser")
    look(owner, folder, "act")
    owner.get_by_role("button", name="Tag 2 people").press("Enter")
    expect(owner.get_by_role("status").get_by_text("2 people got the tag “early riser”.")).to_be_visible()
    owner.get_by_role("button", name="Undo").press("Enter")
    expect(owner.get_by_role("status").get_by_text("Undone for 2 people.")).to_be_visible()

    owner.goto(address(workshop, "/subscribers"))
    owner.get_by_label("Tick all on this page").check()
    expect(owner.get_by_role("checkbox", name="Choose Reader 0", exact=True)).to_be_checked()
    owner.get_by_label("Tick all on this page").uncheck()
    owner.get_by_label("Everybody who matches").check()
    owner.get_by_role("button", name="Tag", exact=True).press("Enter")
    owner.get_by_role("combobox", name="Tag").fill("fair")
    owner.get_by_role("button", name="Tag 6 people").press("Enter")
    expect(owner.get_by_role("status").get_by_text("6 people got the tag “fair”.")).to_be_visible()

    owner.get_by_role("link", name="Reader 3").click()
    owner.get_by_role("link", name="Fields and tags").click()
    owner.get_by_label("Address").fill("reader2@INBOX.example.org")
    owner.get_by_label("Last name").fill("Lima")
    owner.get_by_role("button", name="Save").press("Enter")
    expect(owner.get_by_role("alert")).to_contain_text("Somebody else has this address")
    expect(owner.get_by_label("Last name")).to_have_value("Lima")
    owner.get_by_label("Address").fill("lima@example.org")
    owner.get_by_role("button", name="Save").press("Enter")
    expect(owner.get_by_text("From “reader3@inbox.example.org” to “lima@example.org”")).to_be_visible()
    look(owner, folder, "person-fields")
    owner.get_by_role("link", name="Lists and consent").click()
    expect(owner.get_by_role("heading", name="What they agreed to")).to_be_visible()
    look(owner, folder, "person-lists")
    owner.get_by_role("link", name="Everything", exact=True).click()
    expect(owner.get_by_text("Got the tag “fair”")).to_be_visible()
    look(owner, folder, "person-everything")
    owner.goto(address(workshop, "/subscribers/4/proof"))
    look(owner, folder, "proof")

    owner.goto(address(workshop, "/subscribers?q=lima"))
    owner.get_by_label("Everybody who matches").check()
    owner.get_by_role("button", name="Export", exact=True).press("Enter")
    with owner.expect_download() as waiting:
        owner.get_by_role("button", name="Export one person").press("Enter")
    assert "lima@example.org" in waiting.value.path().read_text()

    owner.goto(address(workshop, "/subscribers/4/lists"))
    owner.get_by_label("More for Reader 3 Lima").press("Enter")
    owner.get_by_role("button", name="Erase for good").press("Enter")
    owner.get_by_label("Type lima@example.org").fill("lima@example.com")
    owner.get_by_role("button", name="Erase one person for good").press("Enter")
    expect(owner.get_by_role("alert")).to_contain_text("Nobody was erased")
    owner.get_by_label("Type lima@example.org").fill("lima@example.org")
    look(owner, folder, "erase")
    owner.get_by_role("button", name="Erase one person for good").press("Enter")
    expect(owner.get_by_role("status").get_by_text("One person is erased.")).to_be_visible()
    expect(people).to_have_text("5 people")

    owner.goto(address(workshop, "/subscribers/acts"))
    expect(owner.get_by_role("row")).to_have_count(5)
    look(owner, folder, "acts")


def test_an_address_is_suppressed_and_released(owner: Page, workshop: World, folder: Path) -> None:
    owner.goto(address(workshop, "/subscribers"))
    owner.get_by_role("link", name="Suppression").click()
    owner.get_by_label("Why", exact=False).first.fill("asked by telephone")
    form = owner.get_by_role("form", name="Add an address")
    form.get_by_label("Address").fill("not an address")
    form.get_by_role("button").press("Enter")
    expect(owner.get_by_role("alert")).to_contain_text("cannot be used")
    form.get_by_label("Address").fill("someone@example.org")
    form.get_by_label("Why").fill("asked by telephone")
    form.get_by_role("button").press("Enter")
    expect(owner.get_by_role("row", name="someone@example.org")).to_contain_text("asked by telephone")
    check(owner, "suppressions")
    owner.set_viewport_size({"width": 1280, "height": 800})
    owner.get_by_text("Release someone@example.org").press("Enter")
    owner.get_by_label("Why it may be written to again").fill("they called again")
    owner.get_by_role("button", name="Release it").press("Enter")
    expect(owner.get_by_role("row", name="someone@example.org")).to_contain_text("they called again")
    look(owner, folder, "suppressions")
