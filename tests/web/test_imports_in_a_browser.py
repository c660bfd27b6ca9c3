"""The import wizard in Chromium: from the file to its undoing, in both themes, on narrow screens."""

import os
from pathlib import Path

from playwright.sync_api import Page, expect
from reading_room import World
from test_workshop_in_a_browser import address, check, owner, workshop

__all__ = ["owner", "workshop"]  # fixtures

ROWS = [
    "Email Address,First Name,CONFIRM_TIME,CONFIRM_IP,OPTIN_TIME,TIMEZONE,TAGS,BIRTHDAY,COURSE_STEP",
    *(
        f"ana.{n}@example.org,Ana,2025-03-02 18:11:40,203.0.113.9,,Europe/Lisbon,pain,02/11,2"
        for n in range(40)
    ),
    *(f"bea.{n}@example.org,Bea,,,,,clinic,," for n in range(12)),
    "ana.pereira@@example.org,Ana,,,,,,,",
    ",Nobody,,,,,,,",
    "info@exam ple.org,,,,,,,,",
    "=cmd|'/c calc'!A1,,,,,,,,",
]


def test_from_the_file_to_its_undoing(owner: Page, workshop: World, tmp_path: Path) -> None:
    folder = Path(os.environ.get("COURSELETTER_PICTURES") or tmp_path)

    def look(name: str) -> None:
        check(owner, name)
        owner.set_viewport_size({"width": 1280, "height": 800})
        owner.emulate_media(color_scheme="light", reduced_motion="reduce")
        owner.screenshot(path=folder / f"workshop-{name}.png", full_page=True)

    owner.goto(address(workshop, "/subscribers"))
    owner.get_by_role("link", name="Import").click()
    expect(owner.get_by_role("heading", level=1)).to_have_text("Bring a list over")
    owner.get_by_label("The file").set_input_files(
        {"name": "subscribed_members.csv", "mimeType": "text/csv", "buffer": "\n".join(ROWS).encode()}
    )
    owner.get_by_role("button", name="Look at its columns").press("Enter")
    expect(owner.get_by_role("heading", level=1)).to_have_text("This looks like an export of Mailchimp")
    owner.get_by_role("button", name="Try it without saving").press("Enter")
    expect(owner.get_by_role("alert")).to_contain_text("Choose the list that these people come to")
    look("import-columns")
    owner.get_by_label("List").select_option(index=1)
    owner.get_by_label("BIRTHDAY").select_option("text")
    owner.get_by_role("button", name="Try it without saving").press("Enter")
    expect(owner.get_by_role("heading", level=1)).to_have_text("52 people of 56 would come in")
    expect(owner.get_by_text("Two @ signs. Did you mean ana.pereira@example.org?")).to_be_visible()
    look("import-dry-run")
    owner.get_by_role("button", name="Import 52 people").press("Enter")
    expect(owner.get_by_role("heading", level=1)).to_have_text("52 people came in")
    look("import-done")
    owner.get_by_role("button", name="Take it all back").press("Enter")
    expect(owner.get_by_role("heading", level=1)).to_have_text("Taken back")
    expect(owner.get_by_text("52 people removed")).to_be_visible()
    owner.goto(address(workshop, "/subscribers/imports"))
    check(owner, "imports")


def test_the_export_page(owner: Page, workshop: World, tmp_path: Path) -> None:
    owner.goto(address(workshop, "/subscribers/export"))
    check(owner, "export")
    owner.set_viewport_size({"width": 1280, "height": 800})
    with owner.expect_download() as waiting:
        owner.get_by_role("button", name="Export").press("Enter")
    waiting.value.save_as(tmp_path / "people.csv")
    assert (tmp_path / "people.csv").read_text().startswith("email,first_name")
