"""Readers' pages in each language, also from right to left: axe, width, weight, direction."""

import gzip
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect
from reading_room import World, speak

from campaigns.models import RevisionLesson
from templates.languages import LANGUAGES

ARABIC = "الضوء يخبر بالوقت"
TO_THE_RIGHT = "(one) => innerWidth - one.getBoundingClientRect().right"
MOST_OCTETS = 30_000  # compressed, with its styles


@pytest.fixture
def reader(served: World) -> World:
    """Ana has had the welcome and two lessons."""
    served.sign_up()
    served.confirm()
    served.receive(3)
    return served


def paths(world: World) -> list[str]:
    pages = ("", "next", "skip", "pause", "data", "lessons/les_0000000002", "lessons/les_0000000002/again")
    leave = world.leave_path()
    return [
        "/c/quiet-nights",
        *map(world.learn_path, pages),
        leave,
        leave + "/everything",
        world.confirm_path(),
    ]


def walk(page: Page, world: World) -> Iterator[str]:
    for path in paths(world):
        page.goto(world.installation.settings.base_url + path)
        yield path


@pytest.mark.parametrize("language", ["de", "fr", "es", "ar"])
def test_every_language_holds_in_both_themes_and_on_a_narrow_screen(
    page: Page, reader: World, language: str
) -> None:
    speak(reader, language, ARABIC if language == "ar" else "")
    for path in walk(page, reader):
        for theme in ("dark", "light"):
            page.emulate_media(color_scheme="dark" if theme == "dark" else "light", reduced_motion="reduce")
            found = Axe().run(page)
            assert found.violations_count == 0, f"{path}, {theme}: {found.generate_report()}"
        page.set_viewport_size({"width": 320, "height": 640})
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, path
        expect(page.locator("html")).to_have_attribute("lang", language)


def test_an_arabic_course_reads_from_right_to_left(page: Page, reader: World) -> None:
    speak(reader, "ar", ARABIC)
    with reader.installation.database.write() as session:
        lesson = session.get_one(RevisionLesson, (1, "les_0000000002"))
        lesson.title, lesson.body = ARABIC, f"{ARABIC}\n\n- {ARABIC}\n\n:::takeaway\n{ARABIC}\n:::\n"
    page.goto(reader.installation.settings.base_url + reader.learn_path("lessons/les_0000000002"))
    title = page.get_by_role("heading", level=1)
    expect(title).to_have_css("direction", "rtl")
    takeaway = page.locator(".takeaway")
    expect(takeaway).to_have_css("border-right-width", "4px")
    expect(takeaway).to_have_css("border-left-width", "0px")


def test_arabic_pages_are_mirrored(page: Page, reader: World) -> None:
    """Nothing hangs over, nothing keeps to the left: texts, buttons, steps of the progress, problems."""
    speak(reader, "ar", ARABIC)
    for path in walk(page, reader):
        expect(page.locator("html")).to_have_attribute("dir", "rtl")
        page.set_viewport_size({"width": 320, "height": 640})
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, path
        heading = page.get_by_role("heading", level=1).first
        assert heading.evaluate(TO_THE_RIGHT) < 60, path
    page.goto(reader.installation.settings.base_url + reader.learn_path())
    first, second = (page.locator(".progress i").nth(place).bounding_box() for place in (0, 1))
    assert first is not None
    assert second is not None
    assert first["x"] > second["x"]
    page.goto(reader.installation.settings.base_url + reader.learn_path("pause"))
    page.locator("#until").evaluate("(one) => { one.type = 'text'; one.value = 'soon' }")
    page.locator("form button").first.click()
    expect(page.get_by_role("alert")).to_be_visible()
    icon, words = page.locator(".problem .icon").bounding_box(), page.locator(".problem span").bounding_box()
    assert icon is not None
    assert words is not None
    assert icon["x"] > words["x"]


def test_a_page_weighs_less_than_30_kb_compressed(here: World) -> None:
    here.sign_up()
    here.confirm()
    here.receive(3)
    styles = "".join(here.browser().get(f"/static/{name}").text for name in ("tokens.css", "pages.css"))
    for language in LANGUAGES:
        speak(here, language)
        for path in paths(here):
            text = here.browser().get(path).text
            assert len(gzip.compress((styles + text).encode())) < MOST_OCTETS, (language, path)
