"""Finding courses, lessons, people and pages; begun articles; everything on pause; a title at its field."""

import pytest
from colleagues import Colleague, add_user
from playwright.sync_api import Page, expect
from reading_room import World
from show_room import join
from test_workshop_in_a_browser import address, check, focused, owner, sleep_course, tab_to, workshop

from campaigns.models import Article, Course, Enrolment, ProfileRecord
from courseletter.web.admin.find import PAGES
from sender import pausing

__all__ = ["owner", "workshop"]  # fixtures
TEXT = "# A begun article\n\n" + "It was read, and nobody has made a course of it. " * 30


@pytest.fixture
def marketer(shop: World) -> Colleague:
    return Colleague(shop.app, shop.installation, add_user(shop.installation, "marketer"))


@pytest.mark.parametrize(
    ("typed", "path"),
    [
        ("sleep better", "/courses/crs_"),
        ("SAME HOUR", "/edit"),
        ("reader 2", "/subscribers/3"),
        ("reader2@inbox", "/subscribers/3"),
        ("brand", "/settings/brands"),
        ("keyboard", "/keys"),
        ("results", "/results"),
        ("segm", "/segments"),
    ],
)
def test_what_is_called_so_is_found(marketer: Colleague, typed: str, path: str) -> None:
    page = marketer.get(f"/find?q={typed}").text
    results = page.partition('id="found"')[2]
    assert path in results


def test_each_page_that_is_found_is_there_and_only_for_who_may_open_it(shop: World) -> None:
    for role in ("marketer", "admin"):
        visitor = Colleague(shop.app, shop.installation, add_user(shop.installation, role))
        for page in PAGES:
            link = f'href="{page.path}"'
            listed = link in visitor.get(f"/find?q={page.name}").text.partition('id="found"')[2]
            assert listed == (visitor.get(page.path).status_code == 200), (role, page.name)


def test_what_nobody_is_called_is_not_found(marketer: Colleague) -> None:
    page = marketer.get("/find?q=%25%5F%27%22%3Cscript%3E").text
    assert "Nothing is called so" in page
    assert "<script>" not in page.partition("<main")[2]


def test_an_article_that_was_read_is_begun_until_it_is_a_course(shop: World, marketer: Colleague) -> None:
    assert "Nothing is begun" in marketer.get("/articles").text
    home = marketer.post("/articles", text=TEXT).headers["location"]
    assert home in marketer.get("/articles").text
    assert "1 begun" in marketer.get("/courses").text
    form = {"title": "A course", "days": "3", "hour": "08:00", "gap": "7", "zone": "Europe/London"}
    assert marketer.post(f"{home}/rhythm", **form).status_code == 303
    assert "Nothing is begun" in marketer.get("/articles").text
    assert len(shop.all(Article)) == 4


def test_a_title_that_cannot_be_used_is_said_at_its_field_and_kept(marketer: Colleague) -> None:
    home = marketer.post("/articles", text=TEXT).headers["location"]
    page = marketer.get(home).text
    part = page.partition(f'action="{home}/parts/')[2].partition("/")[0].replace("%20", " ")
    answer = marketer.post(f"{home}/parts/{part}/title", title="x" * 300)
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.text
    assert "x" * 300 in answer.text


def test_everything_is_paused_at_once_and_goes_on_again(furnished: World) -> None:
    marketer = Colleague(furnished.app, furnished.installation, add_user(furnished.installation, "marketer"))
    alone = next(one for one in furnished.all(Course) if "Walking" in one.title and one.revision_id)
    pausing.pause_course(furnished.installation.database, alone.id, furnished.clock.now())
    assert marketer.post("/pause").status_code == 303
    assert all(one.paused_at for one in furnished.all(Course) if one.revision_id)
    page = marketer.get("/").text
    assert "Everything was paused: 1 course waits" in page
    assert "Pause everything" not in page
    assert marketer.post("/resume").status_code == 303
    paused = [one.id for one in furnished.all(Course) if one.paused_at]
    assert paused == [alone.id], "what was paused for itself stays so"


def test_paces_are_counted_when_somebody_asks(owner: Page, workshop: World) -> None:
    course = sleep_course(workshop)
    with workshop.installation.database.write() as session:
        slow = ProfileRecord(digest="slow", zone=None, minute=None, weekdays=None, pace="slower")
        days = ProfileRecord(digest="days", zone=None, minute=None, weekdays=None, pace="3")
        for number, enrolment in enumerate(session.query(Enrolment).filter_by(course_id=course.id)):
            if number < 3:
                enrolment.profile = slow if number < 2 else days
    owner.goto(address(workshop, f"/courses/{course.id}"))
    owner.get_by_text("At what pace").click()
    expect(owner.locator("#at-pace")).to_contain_text("Slower")
    numbers = owner.locator("#at-pace dd")
    expect(numbers).to_have_text(["2", "3", "0", "1"])
    check(owner, "a course with its paces")
    owner.goto(address(workshop, f"/courses/{course.id}/paces"))
    expect(numbers.or_(owner.locator("#paces dd"))).to_have_text(["2", "3", "0", "1"])
    check(owner, "paces")


def test_everything_is_paused_and_taken_back_by_keyboard_alone(owner: Page, workshop: World) -> None:
    owner.goto(address(workshop, "/"))
    tab_to(owner, "Pause everything")
    owner.keyboard.press("Enter")
    expect(owner.locator("#toast")).to_contain_text("2 courses are paused")
    check(owner, "home with everything paused")
    tab_to(owner, "Undo")
    owner.keyboard.press("Enter")
    expect(owner.locator("#toast")).to_contain_text("2 courses go on")
    assert [one for one in workshop.all(Course) if one.paused_at] == []


def test_ctrl_k_finds_and_enter_opens(owner: Page, workshop: World) -> None:
    course = sleep_course(workshop)
    join(workshop.installation, course.id, 99)
    owner.goto(address(workshop, f"/courses/{course.id}/settings"))
    owner.get_by_label("Title").focus()
    owner.keyboard.press("Control+k")
    owner.wait_for_url("**/find")
    assert focused(owner) == "q"
    owner.keyboard.type("same hour")
    found = owner.locator("#found a")
    expect(found).to_have_count(1)
    assert focused(owner) == "q", "what is found takes no focus"
    check(owner, "found")
    owner.keyboard.press("Tab")
    owner.keyboard.press("Tab")
    owner.keyboard.press("Enter")
    owner.wait_for_url("**/edit")


def test_a_question_mark_lists_the_keys_until_it_is_switched_off(owner: Page, workshop: World) -> None:
    owner.goto(address(workshop, "/find"))
    owner.keyboard.type("?")
    expect(owner.locator("#q")).to_have_value("?")
    owner.goto(address(workshop, "/courses"))
    owner.keyboard.press("?")
    owner.wait_for_url("**/keys")
    check(owner, "keys")
    owner.get_by_role("checkbox").uncheck()
    owner.goto(address(workshop, "/courses"))
    owner.keyboard.press("?")
    expect(owner).to_have_url(address(workshop, "/courses"))
    owner.goto(address(workshop, "/articles"))
    check(owner, "begun articles")
