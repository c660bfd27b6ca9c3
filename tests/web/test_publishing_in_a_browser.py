"""Publishing in Chromium: by keyboard alone, in both themes, on narrow screens, under the page's policy."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect
from reading_room import World
from test_publishing_pages import insert, living_by, published
from test_workshop_in_a_browser import address, check, focused, owner, sleep_course, tab_to, workshop

from campaigns.models import Lesson
from courseletter.web.admin import revisions
from sender import switching
from sender.switching import Draft

COUNT_SETTLED = """() => {
  const { dataset } = document.body
  document.addEventListener("htmx:afterSettle", () => { dataset.settled = `${dataset.settled ?? ""}1` })
}"""
__all__ = ["owner", "workshop"]  # fixtures


def tab_to_id(page: Page, name: str) -> None:
    for _ in range(120):
        page.keyboard.press("Tab")
        if focused(page) == name:
            return
    raise AssertionError(f"Tab never comes to #{name}")


def wait_for(page: Page, is_so: Callable[[], bool]) -> None:
    """Wait until the page has asked for something that a test holds back."""
    for _ in range(400):
        if is_so():
            return
        page.wait_for_timeout(50)
    raise AssertionError("The page never asked.")


def test_the_pages_hold_in_both_themes_and_on_narrow_screens(owner: Page, workshop: World) -> None:
    course = sleep_course(workshop)
    insert(workshop, course, 1)
    with workshop.installation.database.write() as session:
        session.get_one(Lesson, course.lessons[4].id).body += "\n\nA last word, [here](https://a.example).\n"
    pages = {"plan": "/plan", "checks": "/checks", "revisions": "/revisions", "folder": "/folder"}
    for name, path in pages.items():
        owner.goto(address(workshop, f"/courses/{course.id}{path}"))
        check(owner, name)
    owner.goto(address(workshop, "/folders/new"))
    check(owner, "a course from its folder")
    opened = workshop.installation
    applying = switching.begin(
        opened.database, course.id, Draft(opened.brands.configured), opened.clock.now()
    )
    assert applying is not None
    owner.goto(address(workshop, f"/courses/{course.id}/revisions"))
    check(owner, "a publish under way")
    owner.goto(address(workshop, f"/courses/{course.id}"))
    check(owner, "the course meanwhile")
    applying.run(opened.clock)
    owner.goto(address(workshop, f"/courses/{course.id}/revisions/1/plan"))
    check(owner, "the plan of a roll-back")
    with opened.database.write() as session:
        session.get_one(Lesson, course.lessons[3].id).body += "\n\n![](https://a.example/b.png)\n"
    owner.goto(address(workshop, f"/courses/{course.id}/plan"))
    check(owner, "a plan that is blocked")


def test_from_the_course_to_a_published_edit_and_back_by_keyboard_alone(owner: Page, workshop: World) -> None:
    owner.set_viewport_size({"width": 1280, "height": 860})
    course = sleep_course(workshop)
    new = insert(workshop, course, 1)
    owner.goto(address(workshop, f"/courses/{course.id}"))
    expect(owner.locator("#checks-said")).to_contain_text("publishing")
    assert focused(owner) == "", "what loads by itself takes no focus"
    tab_to(owner, "Review and publish")
    owner.keyboard.press("Enter")
    owner.wait_for_url("**/plan")
    tab_to_id(owner, f"skip-{new}")
    owner.keyboard.press("ArrowUp")
    owner.keyboard.press("ArrowUp")
    next_ = owner.locator(f"#send_next-{new}")
    expect(next_).to_be_checked()
    expect(owner.locator("#sums")).to_contain_text("Get another lesson next")
    expect(next_).to_be_focused()
    tab_to_id(owner, "q")
    owner.keyboard.type("reader 2")
    owner.keyboard.press("Enter")
    expect(owner.locator("tbody tr")).to_have_count(1)
    expect(owner.locator("tbody")).to_contain_text("Reader 2")
    expect(owner.locator(f"#send_next-{new}")).to_be_checked()
    assert published(workshop, course) == 1, "Enter in a field publishes nothing"
    tab_to(owner, "Publish to 6 people")
    owner.keyboard.press("Enter")
    owner.wait_for_url("**/revisions")
    expect(owner.locator("#moving")).to_contain_text("Revision 2 is in force")
    assert living_by(workshop, course) == {2}
    tab_to(owner, "Roll back to revision 1")
    owner.keyboard.press("Enter")
    owner.wait_for_url("**/revisions/1/plan")
    tab_to(owner, "Roll back for 6 people")
    owner.keyboard.press("Enter")
    owner.wait_for_url("**/revisions")
    expect(owner.locator("#moving")).to_contain_text("Revision 1 is in force")
    assert living_by(workshop, course) == {1}


def test_the_progress_renews_itself_and_takes_no_focus(owner: Page, workshop: World) -> None:
    course, opened = sleep_course(workshop), workshop.installation
    insert(workshop, course, 1)
    applying = switching.begin(
        opened.database, course.id, Draft(opened.brands.configured), opened.clock.now()
    )
    assert applying is not None
    owner.goto(address(workshop, f"/courses/{course.id}/revisions"))
    expect(owner.locator("#moving-title")).to_have_text("Revision 2 is being put in force")
    link = owner.get_by_role("link", name="Settings").first
    link.focus()
    applying.chunk(opened.clock.now())
    expect(owner.locator("#moving")).to_contain_text("6 of 6 people have been moved")
    applying.run(opened.clock)
    expect(owner.locator("#moving-title")).to_have_text("Revision 2 is in force")
    expect(owner.locator("#toasts")).to_have_text("Revision 2 is in force: everybody is moved to it.")
    expect(owner.locator("#toasts")).to_have_role("status")
    expect(link).to_be_focused()


def test_a_finding_leads_to_its_line_in_the_editor(owner: Page, workshop: World) -> None:
    owner.set_viewport_size({"width": 1280, "height": 860})
    course = sleep_course(workshop)
    with workshop.installation.database.write() as session:
        lesson = session.get_one(Lesson, course.lessons[3].id)
        lesson.body += "\n\nYour shoes: {{ subscriber.shoe_size }}\n"
    owner.goto(address(workshop, f"/courses/{course.id}/plan"))
    owner.get_by_role("link", name="Mend it").first.click()
    owner.wait_for_selector("#lesson[data-ready]")
    expect(owner.locator(".ProseMirror")).to_be_focused()
    finding = owner.locator("#findings .blocking")
    expect(finding).to_contain_text("Stops publishing.")
    expect(owner.locator("#checks-sum")).to_contain_text("1 to mend")


def test_with_many_people_the_edits_are_there_at_once_and_the_numbers_follow(
    owner: Page, workshop: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(revisions, "MANY", 5)
    owner.set_viewport_size({"width": 1280, "height": 860})
    course, held = sleep_course(workshop), list[Route]()
    new = insert(workshop, course, 1)
    owner.route("**/plan?whole=yes", lambda route: held.append(route))
    with owner.expect_request("**/plan?whole=yes"):
        owner.goto(address(workshop, f"/courses/{course.id}/plan"))
    expect(owner.locator("#edit-1")).to_contain_text("New lesson")
    expect(owner.locator("#plan")).to_contain_text("for more than 5 people")
    expect(owner.locator("#publish")).to_have_count(0)
    check(owner, "a plan that is being worked out")
    way_back = owner.get_by_role("navigation", name="Way back").get_by_role("link")
    way_back.focus()
    held[0].continue_()
    expect(owner.locator("#publish")).to_have_text("Publish to 6 people")
    expect(owner.get_by_role("status").first).to_have_text("Of 6 people on this course, 1 will notice it.")
    expect(owner.locator(f"#skip-{new}")).to_be_checked()
    expect(way_back).to_be_focused()
    owner.locator("#publish").click()
    owner.wait_for_url("**/revisions")
    assert published(workshop, course) == 2


def test_the_focus_survives_two_answers_that_settle_at_once(owner: Page, workshop: World) -> None:
    course, opened, held = sleep_course(workshop), workshop.installation, list[Route]()
    insert(workshop, course, 1)
    applying = switching.begin(
        opened.database, course.id, Draft(opened.brands.configured), opened.clock.now()
    )
    assert applying is not None
    path = address(workshop, f"/courses/{course.id}/revisions")
    owner.goto(path)
    owner.evaluate("htmx.config.defaultSettleDelay = 500")  # longer than the second answer can take
    owner.locator("#look-again").focus()
    owner.route("**/revisions", lambda route: held.append(route))
    wait_for(owner, lambda: len(held) == 1)
    other = {"target": "#formers", "select": "#formers", "swap": "outerHTML"}
    owner.evaluate("([path, how]) => { htmx.ajax('GET', path, how) }", [path, other])
    wait_for(owner, lambda: len(held) == 2)
    applying.run(opened.clock)  # so that what has the focus is gone
    answers = [route.fetch() for route in held]
    owner.evaluate(COUNT_SETTLED)
    for route, answer in zip(list(held), answers, strict=True):
        route.fulfill(response=answer)
    expect(owner.locator("body")).to_have_attribute("data-settled", "11")
    expect(owner.locator("#look-again")).to_have_count(0)
    expect(owner.locator("h1")).to_be_focused()
