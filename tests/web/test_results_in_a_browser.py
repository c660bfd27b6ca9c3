"""Results in Chromium: both themes, narrow screens, by keyboard, and without script."""

from harvest import sow
from playwright.sync_api import Browser, Page, expect
from reading_room import World
from test_workshop_in_a_browser import address, check, owner, sleep_course, tab_to, workshop

__all__ = ["owner", "workshop"]  # fixtures


def test_the_pages_hold_in_both_themes_and_on_narrow_screens(owner: Page, workshop: World) -> None:
    course = sleep_course(workshop)
    path = f"/courses/{course.id}/results"
    owner.goto(address(workshop, path))
    check(owner, "no results yet")
    sow(workshop, course)
    for one in (path, "/results"):
        owner.goto(address(workshop, one))
        check(owner, one)


def test_some_months_are_chosen_by_keyboard_alone(owner: Page, workshop: World) -> None:
    course = sleep_course(workshop)
    sow(workshop, course)
    owner.set_viewport_size({"width": 1280, "height": 860})
    owner.goto(address(workshop, "/results"))
    tab_to(owner, course.title)
    owner.keyboard.press("Enter")
    expect(owner.get_by_role("heading", level=1)).to_have_text("61 in 100 finish this course")
    owner.get_by_label("Who joined when").focus()
    owner.keyboard.press("ArrowDown")
    tab_to(owner, "Show")
    owner.keyboard.press("Enter")
    owner.wait_for_url("**?joined=2026-3")
    expect(owner.get_by_text("who joined from July to September 2026")).to_be_visible()
    expect(owner.locator("#show-joined")).to_be_focused()


def test_a_wide_table_is_scrolled_by_keyboard_on_a_phone(owner: Page, workshop: World) -> None:
    course = sleep_course(workshop)
    sow(workshop, course)
    owner.goto(address(workshop, f"/courses/{course.id}/results"))
    region = owner.get_by_role("region", name="Table of lessons")
    region.focus()
    owner.keyboard.press("End")
    owner.keyboard.press("ArrowRight")
    expect(region).not_to_have_js_property("scrollLeft", 0)


def test_the_months_are_chosen_without_script(chromium: Browser, owner: Page, workshop: World) -> None:
    course = sleep_course(workshop)
    sow(workshop, course)
    context = chromium.new_context(java_script_enabled=False, storage_state=owner.context.storage_state())
    plain = context.new_page()
    plain.goto(address(workshop, f"/courses/{course.id}/results"))
    plain.get_by_label("Who joined when").select_option("2026-3")
    plain.get_by_role("button", name="Show").click()
    expect(plain.get_by_text("who joined from July to September 2026")).to_be_visible()
    context.close()
