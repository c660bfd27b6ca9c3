"""The workshop in Chromium: in both themes, on narrow screens, by keyboard alone, under its policy."""

import re
from collections.abc import Iterator
from importlib.resources import files

import pytest
from axe_playwright_python.sync_playwright import Axe
from colleagues import PASSWORD, Colleague, add_user
from fastapi import FastAPI
from playwright.sync_api import Page, expect
from reading_room import World, serving
from show_room import NOW, enter, join
from sqlalchemy import select

from campaigns import drafting
from campaigns.models import Course
from campaigns.reading import read_bytes
from courseletter.accounts import invitations
from sender import wishes
from sender.models import Delivery, State
from subscribers.consent import Evidence
from subscribers.models import Subscriber

SLEEP = (files("courseletter") / "examples" / "sleep.md").read_bytes()
THEMES = ("dark", "light")
LOW_CONTROLS = """
[...document.querySelectorAll("main :is(button:not(.link), a.button, select, summary, input, textarea)")]
  .filter((one) => !["radio", "checkbox", "hidden", "range"].includes(one.type))
  .filter((one) => one.checkVisibility() && one.getBoundingClientRect().height < 32)
  .map((one) => one.outerHTML)
"""


@pytest.fixture
def workshop(shop: World) -> Iterator[World]:
    """A furnished workshop on a real port."""
    made: list[World] = []

    def make(address: str) -> FastAPI:
        made.append(enter(shop.installation.database, shop.installation.settings.home, address))
        return made[0].app

    with serving(make):
        yield made[0]


@pytest.fixture
def owner(workshop: World, page: Page) -> Page:
    """A page of somebody who is signed in."""
    user = add_user(workshop.installation, "owner", name="Mira Holt")
    session_id = Colleague(workshop.app, workshop.installation, user).session_id
    cookie = {"name": "courseletter", "value": session_id, "url": address(workshop, "/")}
    page.context.add_cookies([cookie])
    return page


def address(world: World, path: str) -> str:
    return world.installation.settings.base_url + path


def sleep_course(world: World) -> Course:
    with world.installation.database.read() as session:
        course = next(one for one in session.scalars(select(Course)) if "Sleep" in one.title)
        _ = course.lessons
        return course


def add_article(world: World, data: bytes = SLEEP, name: str = "sleep.md") -> int:
    with world.installation.database.write() as session:
        return drafting.add_article(session, read_bytes(data, name), NOW).id


def check(page: Page, name: str) -> None:
    """axe finds nothing in either theme; nothing hangs over at 320 and 375 px; targets are large enough."""
    for theme in THEMES:
        page.emulate_media(color_scheme="dark" if theme == "dark" else "light", reduced_motion="reduce")
        found = Axe().run(page)
        assert found.violations_count == 0, f"{name}, {theme}: {found.generate_report()}"
    for width in (320, 375, 1280):
        page.set_viewport_size({"width": width, "height": 720})
        overhang = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert overhang <= 0, f"{name} at {width}: {overhang} px too wide"
    page.set_viewport_size({"width": 375, "height": 812})
    assert page.evaluate(LOW_CONTROLS) == [], name


def test_every_page_holds_in_both_themes_and_on_narrow_screens(owner: Page, workshop: World) -> None:
    course, article = sleep_course(workshop), add_article(workshop)
    with workshop.installation.database.write() as session:
        draft = session.scalars(select(Course).where(Course.revision_id.is_(None))).one().id
        session.get_one(Course, course.id).lessons[2].title = "Another title"
    join(workshop.installation, course.id, 99)
    doubt = trouble(workshop)
    pages = {
        "home": "/",
        "courses": "/courses",
        "course": f"/courses/{course.id}",
        "draft": f"/courses/{draft}",
        "course settings": f"/courses/{course.id}/settings",
        "lesson": f"/courses/{course.id}/lessons/{course.lessons[1].id}?view=text",
        "new course": "/articles/new",
        "review": f"/articles/{article}",
        "rhythm": f"/articles/{article}/rhythm",
        "subscribers": "/subscribers?q=reader",
        "nobody": "/subscribers?q=zzz",
        "why": "/subscribers/1?pace=slower&until=2026-12-01",
        "why not": "/subscribers/2",
        "delivery": "/deliveries/1",
        "in doubt": f"/deliveries/{doubt}",
        "doubts": "/deliveries?show=in-doubt",
        "brands": "/settings/brands",
        "brand": "/settings/brands/first",
        "new brand": "/settings/brands/new",
        "settings": "/settings",
        "code": "/settings/code",
        "new person": "/settings/people/new",
        "sign-in": "/sign-in",
    }
    for name, path in pages.items():
        owner.goto(address(workshop, path))
        check(owner, name)


def trouble(world: World) -> int:
    """The second reader leaves everything, the first one's last mail is in doubt; returns its number."""
    now, key = world.clock.now(), world.installation.settings.key
    with world.installation.database.write() as session:
        wishes.leave_everything(session, session.get_one(Subscriber, 2), now, Evidence(), key)
        last = session.scalars(
            select(Delivery).where(Delivery.subscriber_id == 1).order_by(Delivery.id.desc()).limit(1)
        ).one()
        last.state, last.finished_at, last.reply = State.UNKNOWN, None, "the connection broke"
        return last.id


def test_a_person_is_found_paused_and_goes_on_by_keyboard_alone(owner: Page, workshop: World) -> None:
    owner.set_viewport_size({"width": 1280, "height": 860})
    owner.goto(address(workshop, "/subscribers"))
    owner.locator("#q").focus()
    owner.keyboard.type("reader 0")
    owner.keyboard.press("Enter")
    owner.wait_for_url("**/subscribers?q=*")
    expect(owner.get_by_role("heading", name="1 person")).to_be_visible()
    tab_to(owner, "Reader 0")
    owner.keyboard.press("Enter")
    expect(owner.get_by_role("heading", level=1)).to_have_text("Reader 0")
    expect(owner.locator(".moments .coming")).to_have_count(2)
    tab_to(owner, "Pause")
    owner.keyboard.press("Enter")
    expect(owner.get_by_role("status")).to_contain_text("Their place is kept")
    expect(owner.get_by_text("They pause, until they go on.")).to_be_visible()
    expect_focus(owner, "pause-")
    owner.locator("#undo").focus()
    owner.keyboard.press("Enter")
    expect(owner.get_by_role("status")).to_contain_text("goes on for them")
    expect(owner.locator(".moments .coming")).to_have_count(2)


def test_a_doubt_is_settled_by_keyboard_from_home(owner: Page, workshop: World) -> None:
    trouble(workshop)
    owner.goto(address(workshop, "/"))
    tab_to(owner, "See them")
    owner.keyboard.press("Enter")
    owner.wait_for_url("**/deliveries?show=in-doubt")
    tab_to(owner, "reader0@inbox.example.org")
    owner.keyboard.press("Enter")
    owner.wait_for_url(re.compile(r"/deliveries/\d+$"))
    tab_to(owner, "It arrived: count it as had")
    owner.keyboard.press("Enter")
    expect(owner.get_by_text("They found that it arrived.")).to_be_visible()


def test_a_brand_s_mail_changes_while_its_looks_are_chosen(owner: Page, workshop: World) -> None:
    problems: list[str] = []
    owner.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    owner.goto(address(workshop, "/settings/brands/first"))
    card = owner.frame_locator("iframe").locator(".card").first
    expect(card).to_have_css("background-color", "rgb(255, 255, 255)")
    owner.get_by_role("radio", name="Dark").check()
    expect(card).to_have_css("background-color", "rgb(27, 35, 34)")
    owner.get_by_role("radio", name="Light").check()
    colour = owner.get_by_label("Links and buttons")
    colour.fill("#f0c040")
    expect(owner.get_by_text("4 pairs are hard to read")).to_be_visible()
    button = owner.frame_locator("iframe").locator(".btn a").first
    expect(button).to_have_css("background-color", "rgb(240, 192, 64)")
    expect(colour).to_be_focused()
    owner.get_by_label("Footer").fill("Written by hand")
    expect(owner.frame_locator("iframe").get_by_text("Written by hand")).to_be_attached()
    colour.fill("#6b2d5c")
    tab_to(owner, "Save the brand")
    owner.keyboard.press("Enter")
    expect(owner.locator("#toast")).to_contain_text("is saved")
    check(owner, "a brand that courses are to be published in")
    owner.get_by_label("Links and buttons").fill("red")
    owner.get_by_role("button", name="Save the brand").click()
    expect(owner.locator("#accent-problem")).to_be_visible()
    check(owner, "a brand, to fix")
    assert [one for one in problems if "422" not in one] == []


def test_the_menu_opens_on_a_phone_and_leads_on(owner: Page, workshop: World) -> None:
    owner.goto(address(workshop, "/"))
    owner.get_by_text("Menu").click()
    owner.get_by_role("navigation", name="Places, menu").get_by_role("link", name="Courses").click()
    expect(owner.get_by_role("heading", name="Courses", level=1)).to_be_visible()


def test_from_the_first_link_to_a_published_course_by_keyboard_alone(page: Page, workshop: World) -> None:
    """The whole way, with Tab, Enter, Space and typing."""
    page.set_viewport_size({"width": 1280, "height": 860})
    with workshop.installation.database.write() as session:
        token = invitations.invite_first_owner(session, workshop.clock.now())
    page.goto(address(workshop, f"/invitations/{token}"))
    for words in ("Inês", "ines@example.org", PASSWORD):
        page.keyboard.press("Tab")
        page.keyboard.type(words)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Thursday")
    tab_to(page, "New course")
    page.keyboard.press("Enter")
    page.wait_for_url("**/articles/new")
    tab_to(page, "Try the sample")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/articles/\d+$"))
    tab_to(page, "Get up at the same hour", role="switch")
    page.keyboard.press("Space")
    expect(page.get_by_text("left out by you")).to_be_visible()
    expect_focus(page, "toggle-")
    page.keyboard.press("Space")
    expect(page.get_by_text("left out by you")).to_have_count(0)
    tab_to(page, "Choose days and hour")
    page.keyboard.press("Enter")
    page.wait_for_url("**/rhythm")
    tab_to(page, "Monday", role="checkbox")
    page.keyboard.press("Space")
    expect(page.locator("#dates")).to_contain_text("Mon")
    tab_to(page, "Make the draft")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/courses/crs_\w+$"))
    expect(page.get_by_role("status")).to_contain_text("Nobody gets anything yet")
    tab_to(page, "Publish")
    page.keyboard.press("Enter")
    expect(page.locator(".head")).to_contain_text("Running")


def test_a_lesson_is_moved_by_keyboard_and_taken_back(owner: Page, workshop: World) -> None:
    owner.set_viewport_size({"width": 1280, "height": 860})
    course = sleep_course(workshop)
    owner.goto(address(workshop, f"/courses/{course.id}"))
    third = course.lessons[3]
    handle = owner.locator(f"#handle-{third.id}")
    handle.focus()
    owner.keyboard.press("Space")
    expect(owner.get_by_role("status")).to_contain_text("lifted, now 3 of 5")
    owner.keyboard.press("ArrowUp")
    expect(owner.get_by_role("status")).to_contain_text("lifted, now 2 of 5")
    owner.keyboard.press("Escape")
    expect(owner.get_by_role("status")).to_contain_text("is back at 3")
    assert order(workshop, course)[2] == third.id
    owner.keyboard.press("Space")
    owner.keyboard.press("ArrowUp")
    owner.keyboard.press("ArrowUp")
    owner.keyboard.press("ArrowUp")  # the welcome stays first
    owner.keyboard.press("Space")
    expect(owner.get_by_role("status")).to_contain_text("is lesson 1 now")
    expect(owner.get_by_text("not published")).to_be_visible()
    expect_focus(owner, f"handle-{third.id}")
    assert order(workshop, course)[0] == third.id
    owner.keyboard.press("ArrowDown")
    expect(owner.get_by_role("status")).to_contain_text("is lesson 2 now")
    expect_focus(owner, f"handle-{third.id}")
    owner.locator("#undo").focus()
    owner.keyboard.press("Enter")
    expect(owner.get_by_role("status")).to_contain_text("is lesson 1 now")
    assert order(workshop, course)[0] == third.id


def test_a_lesson_is_dragged_to_its_place(owner: Page, workshop: World) -> None:
    owner.set_viewport_size({"width": 1280, "height": 860})
    owner.emulate_media(reduced_motion="reduce")  # else what comes while a row is still moving is not heeded
    course = sleep_course(workshop)
    owner.goto(address(workshop, f"/courses/{course.id}"))
    owner.wait_for_load_state("networkidle")  # the sum of the checks comes late
    first, third = course.lessons[1], course.lessons[3]
    owner.locator(f"#handle-{third.id}").drag_to(
        owner.locator(f"#{first.id}"), target_position={"x": 300, "y": 8}, steps=60
    )
    expect(owner.get_by_role("status")).to_contain_text("is lesson 1 now")
    assert order(workshop, course)[0] == third.id


def test_taking_out_the_row_with_the_focus_leads_to_the_next_one(owner: Page, workshop: World) -> None:
    course = sleep_course(workshop)
    owner.goto(address(workshop, f"/courses/{course.id}"))
    second, third = course.lessons[2], course.lessons[3]
    owner.locator(f"#more-{second.id}").click()
    owner.locator(f"#remove-{second.id}").focus()
    owner.keyboard.press("Enter")
    expect(owner.get_by_role("status")).to_contain_text("is out of the draft")
    expect(owner.locator(f"#handle-{third.id}")).to_be_focused()
    owner.get_by_role("button", name="Undo").click()
    expect(owner.get_by_role("status")).to_contain_text("is in the draft again")
    expect(owner.locator(".rail > li")).to_have_count(6)


def test_a_menu_closes_with_escape_and_gives_the_focus_back(owner: Page, workshop: World) -> None:
    course = sleep_course(workshop)
    owner.goto(address(workshop, f"/courses/{course.id}"))
    more = owner.locator(f"#more-{course.lessons[1].id}")
    more.focus()
    owner.keyboard.press("Enter")
    owner.keyboard.press("Tab")
    owner.keyboard.press("Escape")
    expect(more).to_be_focused()
    expect(owner.locator(".menu[open]")).to_have_count(0)


def test_the_plan_follows_the_slider(owner: Page, workshop: World) -> None:
    owner.set_viewport_size({"width": 1280, "height": 860})
    owner.goto(address(workshop, f"/articles/{add_article(workshop)}"))
    expect(owner.locator(".sums")).to_contain_text("6 messages")
    owner.locator("#tenths").focus()
    owner.keyboard.press("End")
    expect(owner.locator("#minutes")).to_have_text("about 8 min")
    expect(owner.locator(".sums")).not_to_contain_text("6 messages")
    expect_focus(owner, "tenths")
    owner.reload()
    expect(owner.locator("#minutes")).to_have_text("about 8 min")


def test_a_first_day_is_asked_for_where_all_start_together(owner: Page, workshop: World) -> None:
    owner.goto(address(workshop, f"/articles/{add_article(workshop)}/rhythm"))
    expect(owner.get_by_label("First day, if all together")).to_be_hidden()
    owner.get_by_role("radio", name="All together").check()
    expect(owner.get_by_label("First day, if all together")).to_be_visible()


def test_a_toast_leaves_after_ten_seconds_whatever_else_changes(owner: Page, workshop: World) -> None:
    owner.clock.install()
    owner.goto(address(workshop, f"/articles/{add_article(workshop)}"))
    owner.get_by_role("switch", name="Light is the loudest signal").click()
    told = owner.get_by_role("status").filter(has_text="is left out")
    expect(told).to_be_visible()
    owner.clock.run_for(6_000)
    expect(told).to_be_visible()
    owner.mouse.move(1, 1)
    owner.evaluate("document.body.append(document.createElement('i'))")
    owner.clock.run_for(6_000)
    expect(told).to_have_count(0)


def test_parts_are_retitled_divided_and_merged(owner: Page, workshop: World) -> None:
    owner.set_viewport_size({"width": 1280, "height": 860})
    owner.goto(address(workshop, f"/articles/{add_article(workshop)}"))
    part = owner.locator("li", has=owner.get_by_role("switch", name="Light is the loudest signal"))
    part.get_by_label("More for").click()
    part.get_by_label("Title").fill("Light tells the time")
    owner.keyboard.press("Enter")
    expect(owner.locator(".planned")).to_contain_text("Light tells the time")
    expect(owner.get_by_label("More for “Light tells the time”")).to_be_focused()
    part = owner.locator("li", has=owner.get_by_role("switch", name="Light tells the time"))
    part.get_by_text("Split").click()
    part.get_by_role("button", name="In the evening the same signal").click()
    expect(owner.locator(".parts")).to_contain_text("In the evening the same signal")
    expect(owner.get_by_role("status")).to_contain_text("is divided")
    owner.get_by_role("button", name="Undo").click()
    expect(owner.get_by_role("status")).not_to_contain_text("is divided")
    expect(owner.locator(".sums")).to_contain_text("6 messages")
    owner.get_by_role("button", name="Merge “Light tells the time” with the section before").click()
    expect(owner.get_by_role("switch", name="Light tells the time")).to_have_count(0)


def test_signing_in_wrong_and_right(page: Page, workshop: World) -> None:
    add_user(workshop.installation, "owner")
    page.goto(address(workshop, "/sign-in"))
    page.get_by_label("Email").fill("owner@example.org")
    page.get_by_label("Password").fill("wrong")
    page.keyboard.press("Enter")
    page.wait_for_selector("#problems")
    expect_focus(page, "problems")
    assert page.get_by_label("Email").input_value() == "owner@example.org"
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Thursday")


def test_the_workshop_works_without_script(chromium: object, workshop: World) -> None:
    context = chromium.new_context(java_script_enabled=False)  # type: ignore[attr-defined]
    page = context.new_page()
    user = add_user(workshop.installation, "owner")
    session_id = Colleague(workshop.app, workshop.installation, user).session_id
    cookie = {"name": "courseletter", "value": session_id, "url": address(workshop, "/")}
    context.add_cookies([cookie])
    course = sleep_course(workshop)
    page.goto(address(workshop, f"/courses/{course.id}"))
    page.click(f"#more-{course.lessons[2].id}")
    page.click(f"#up-{course.lessons[2].id}")
    assert "is lesson 1 now" in page.inner_text("#toasts")
    page.click("#undo")
    assert order(workshop, course) == [one.id for one in course.lessons[1:]]
    page.goto(address(workshop, f"/articles/{add_article(workshop)}"))
    page.click("#toggle-5")
    assert "left out by you" in page.inner_text("main")
    page.click("#undo")
    assert "left out by you" not in page.inner_text("main")
    context.close()


def tab_to(page: Page, name: str, role: str = "") -> None:
    """Press Tab until the focus is on what has this name."""
    for _ in range(120):
        page.keyboard.press("Tab")
        told = page.evaluate(
            "({ role: document.activeElement.getAttribute('role') ?? document.activeElement.type ?? '',"
            " name: document.activeElement.ariaLabel ?? document.activeElement.textContent })"
        )
        if told["name"].strip().startswith(name) and told["role"].startswith(role):
            return
    raise AssertionError(f"Tab never comes to “{name}”")


def expect_focus(page: Page, begins: str) -> None:
    """The focus comes to the element whose id begins so, once what was swapped in has settled."""
    expect(page.locator(":focus")).to_have_attribute("id", re.compile("^" + begins))


def focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.id"))


def order(world: World, course: Course) -> list[str]:
    """The lessons' ids as the draft has them now, without the welcome."""
    with world.installation.database.read() as session:
        return [one.id for one in session.get_one(Course, course.id).lessons if one.kind == "lesson"]
