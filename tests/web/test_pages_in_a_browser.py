"""The pages as people meet them: by keyboard, without script, on narrow screens, in both themes."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect
from reading_room import World, serving
from test_mailbox_pages import Calendar, Mails

from campaigns import questions
from campaigns.models import Course, Lesson, Question, RevisionLesson
from courseletter.web.app import create_app
from subscribers.models import Subscriber

ANA = "ana.pereira@example.org"
LOW_CONTROLS = """
[...document.querySelectorAll("button:not(.link), a.button, select, input:not([type=radio], [type=hidden])")]
  .filter((one) => one.getBoundingClientRect().height < 48)
  .map((one) => one.outerHTML)
"""


@pytest.fixture
def reader(served: World) -> World:
    """Ana has had the welcome and two lessons."""
    served.sign_up()
    served.confirm()
    served.receive(3)
    with served.installation.database.write() as session:
        session.get_one(Course, "crs_0000000001").certificate = True
        for lesson, choices in (("les_0000000001", ["The lamp", "The screen"]), ("les_0000000002", [])):
            row = session.get_one(Lesson, lesson)
            questions.ask(session, row, "What will you dim first?", choices, "", served.clock.now())
        question = session.query(Question).filter_by(lesson_id="les_0000000002").one()
        questions.answer(session, question, session.get_one(Subscriber, 1), "The hall", served.clock.now())
    return served


def address(world: World, path: str) -> str:
    return world.installation.settings.base_url + path


def walk(page: Page, world: World) -> Iterator[str]:
    """Every learner page once, in the state that a reader meets it."""
    pages = {
        "sign-up": "/c/quiet-nights",
        "pace": world.learn_path() + "?done=pace",
        "next": world.learn_path("next"),
        "pause": world.learn_path("pause"),
        "lesson": world.learn_path("lessons/les_0000000002"),
        "quiz": world.learn_path("lessons/les_0000000001"),
        "answered": world.learn_path("lessons/les_0000000002") + "?answered=1",
        "again": world.learn_path("lessons/les_0000000002/again"),
        "skip": world.learn_path("skip"),
        "skipped": world.learn_path() + "?done=skipped&lesson=les_0000000003",
        "my data": world.learn_path("data"),
        "leave": world.leave_path(),
        "leave everything": world.leave_path() + "/everything",
    }
    for name, path in pages.items():
        page.goto(address(world, path))
        yield name
    page.goto(address(world, "/c/quiet-nights"))
    page.fill("#email", "ana@example")
    page.click("button.main")
    page.wait_for_selector("#problems")
    yield "sign-up error"
    page.fill("#email", "bo@example.org")
    page.click("button.main")
    page.wait_for_selector("text=Look in your inbox")
    yield "asked"
    page.goto(address(world, world.confirm_path("bo@example.org")))
    page.wait_for_selector("button.main")
    yield "confirm"
    page.goto(address(world, world.confirm_path()))  # Ana's, who is in already
    page.wait_for_selector("ol.dated")
    yield "welcome"
    world.receive(3)
    page.goto(address(world, world.learn_path()))
    yield "completed"
    page.goto(address(world, world.learn_path("certificate")))
    yield "certificate"
    page.goto(address(world, world.learn_path("data")))
    page.fill("#address", "somebody@example.org")
    page.click("text=Erase everything about me")
    page.wait_for_selector("#problems")
    yield "erase error"
    page.goto(address(world, world.leave_path()))
    page.click("button.main")
    page.wait_for_selector("text=Done.")
    yield "left"


def test_every_learner_page_holds_in_both_themes_and_on_a_narrow_screen(page: Page, reader: World) -> None:
    """One walk for all three, since walking is what takes time: axe, no sideways scroll, 48 px buttons."""
    for name in walk(page, reader):
        for theme in ("dark", "light"):
            # Without motion, since a colour half way between two themes is nobody's choice.
            page.emulate_media(color_scheme="dark" if theme == "dark" else "light", reduced_motion="reduce")
            found = Axe().run(page)
            assert found.violations_count == 0, f"{name}, {theme}: {found.generate_report()}"
        for width in (320, 375):
            page.set_viewport_size({"width": width, "height": 640})
            overhang = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert overhang <= 0, f"{name} at {width}: {overhang} px too wide"
        assert page.evaluate(LOW_CONTROLS) == [], name


def test_signing_up_by_keyboard_alone(page: Page, served: World) -> None:
    page.goto(address(served, "/c/quiet-nights"))
    press(page, "Tab", "Tab")
    expect(page.locator("#first_name")).to_be_focused()
    page.keyboard.type("Ana")
    press(page, "Tab")
    page.keyboard.type(ANA)
    press(page, "Tab")
    page.keyboard.type("Mondays at 18")
    press(page, "Tab")
    page.keyboard.type("Berlin")
    press(page, "Tab", "Enter")
    page.wait_for_selector("text=Look in your inbox")
    page.goto(address(served, served.confirm_path()))
    press(page, "Tab", "Tab", "Enter")
    page.wait_for_selector("text=You are in")
    assert "Monday 9\xa0November at 18:00" in page.inner_text("ol.dated")
    assert "Berlin" in page.inner_text("main")


def test_an_error_is_focused_and_leads_to_its_field(page: Page, served: World) -> None:
    page.goto(address(served, "/c/quiet-nights"))
    page.fill("#first_name", "Ana")
    page.fill("#email", "ana.pereira@example")
    page.keyboard.press("Enter")
    page.wait_for_selector("#problems")
    expect(page.locator("#problems")).to_be_focused()
    assert page.input_value("#email") == "ana.pereira@example"
    press(page, "Tab", "Enter")
    assert page.url.endswith("#email")


def test_a_whole_course_without_script(chromium: Browser, reader: World) -> None:
    page = chromium.new_context(java_script_enabled=False).new_page()
    page.goto(address(reader, reader.learn_path()))
    page.click("text=Send lesson 3 now")
    assert "on its way" in page.inner_text("main")
    reader.deliver()
    page.goto(address(reader, reader.learn_path()))
    page.check("input[value=slower]")
    page.click("text=Save my pace")
    assert "Saved." in page.inner_text("main")
    page.fill("#until", (reader.clock.now() + timedelta(days=30)).date().isoformat())
    page.click("button:text('Pause')")
    assert "The course rests." in page.inner_text("main")
    page.click("text=Leave this course")
    page.click("button.main")
    page.check("text=It came too often")
    page.click("text=Send my answer")
    assert "Thank you." in page.inner_text("main")
    page.click("button:text('Come back')")
    assert "You are back" in page.inner_text("main")
    assert reader.enrolment().state == "active"
    page.context.close()


def test_a_wide_table_scrolls_and_the_page_does_not(page: Page, reader: World) -> None:
    long = "Donaudampfschifffahrtsgesellschaft"
    rich = f"| {long} | {long} |\n|---|--:|\n| a | 1 |\n\n```\n{long * 3}\n```\n\n`{long * 3}`\n"
    with reader.installation.database.write() as session:
        session.get_one(RevisionLesson, (1, "les_0000000002")).body = rich
    page.set_viewport_size({"width": 320, "height": 640})
    page.goto(address(reader, reader.learn_path("lessons/les_0000000002")))
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    table = page.get_by_role("region", name="Table")
    assert table.evaluate("(region) => region.scrollWidth > region.clientWidth")
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def test_a_focused_field_shows_its_ring_wherever_in_it_the_focus_is(page: Page, reader: World) -> None:
    page.goto(address(reader, reader.learn_path("pause")))
    page.focus("#until")
    for _ in range(4):  # day, month, year and the button that opens the calendar
        expect(page.locator("#until")).to_be_focused()
        assert page.evaluate("getComputedStyle(document.activeElement).outline").endswith("solid 2px")
        press(page, "Tab")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_mailbox_shows_what_arrives_by_itself(page: Page, here: World, theme: str) -> None:
    mails = Mails()
    mails.put("Please confirm", day=3)
    calendar = Calendar(mails)
    page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
    app = create_app(here.installation, mailbox=mails, calendar=calendar)
    with serving(lambda _: app) as root:
        page.goto(f"{root}/demo/mailbox")
        expect(page.locator("#list li")).to_have_count(1)
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
        page.click("#list a")
        expect(page.frame_locator("iframe").locator("p")).to_have_text("Hello")
        assert page.title() == "Demo mailbox · Courseletter", "the mail's script is dead"
        with page.expect_popup() as beside:
            page.frame_locator("iframe").get_by_text("Is it well?").click()
        assert beside.value.inner_text("body").strip() == "ok"
        for width in (860, 1100, 1280):
            page.set_viewport_size({"width": width, "height": 860})
            title = page.locator("#subject").bounding_box()
            assert title is not None
            assert title["height"] < 40, f"at {width} the subject takes more than a line"
        page.goto(f"{root}/demo/mailbox")
        page.focus("#day")
        mails.put("Lesson 1", day=12)
        page.wait_for_selector("#list li:nth-child(2)")
        assert page.inner_text("#subject") == "Lesson 1"
        expect(page.locator("#day")).to_be_focused()
        page.click("#next")
        page.wait_for_selector("#list li:nth-child(3)")
        assert "Thursday 19\xa0November" in page.inner_text("#time")
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
        page.goto("about:blank")  # it would ask on, after the server has gone


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)
