"""The list of people in Chromium: found while one types, tagged in bulk, undone, edited, exported, erased."""

import os
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


def test_people_are_found_tagged_and_untagged(owner: Page, workshop: World, folder: Path) -> None:
    owner.goto(address(workshop, "/subscribers"))
    expect(owner.locator("#found")).to_have_text("6 people")
    look(owner, folder, "people")
    owner.get_by_label("Address or name").press_sequentially("reader 2")
    expect(owner.locator("#found")).to_have_text("1 person")
    expect(owner.get_by_label("Address or name")).to_be_focused()
    owner.get_by_label("Address or name").fill("")
    expect(owner.locator("#found")).to_have_text("6 people")
    owner.get_by_text("Filter", exact=True).click()
    owner.get_by_role("combobox", name="Status").select_option("subscribed")
    expect(owner.get_by_role("link", name="Status: Subscribed")).to_be_visible()
    owner.get_by_label("Reader 2", exact=True).check()
    owner.get_by_label("Reader 4", exact=True).check()
    owner.get_by_role("button", name="Tag", exact=True).press("Enter")
    expect(owner.get_by_role("heading", level=1)).to_have_text("Tag 2 people")
    owner.get_by_role("button", name="Tag 2 people").press("Enter")
    expect(owner.get_by_role("alert")).to_contain_text("The tag has no name")
    look(owner, folder, "act")
    owner.get_by_label("Tag", exact=True).fill("early riser")
    owner.get_by_role("button", name="Tag 2 people").press("Enter")
    expect(owner.get_by_role("status")).to_contain_text("2 people got the tag")
    owner.goto(address(workshop, "/subscribers?tag=early+riser"))
    expect(owner.locator("#found")).to_have_text("2 people")
    look(owner, folder, "people-filtered")
