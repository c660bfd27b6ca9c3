"""The finished mail in a real browser: nothing sticks out, nothing is hard to read."""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from shutil import which
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from mail_samples import BRAND, MIDDLE, context, samples
from playwright.sync_api import Browser, Page, sync_playwright

from templates.compiling import compile_lesson
from templates.rendering import render

Run = Callable[[int, str, Callable[[Page], Any]], Any]


@pytest.fixture(scope="module")
def mails() -> dict[str, str]:
    return {name: render(compiled, values).html for name, (compiled, values) in samples().items()}


@pytest.fixture(scope="module")
def on_page() -> Iterator[Run]:
    """Runs a function with a page of a width and a colour scheme.

    On a thread of its own: Playwright allows one browser a thread, and other tests of this run have theirs.
    """
    path = which("chromium") or which("chromium-browser") or which("google-chrome")
    if path is None:
        give_up = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        give_up("Chromium is missing. Install it: `apt-get install chromium` on Debian.")

    def start() -> tuple[Any, Browser]:
        playwright = sync_playwright().start()
        return playwright, playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-gpu"]
        )

    def use(width: int, scheme: Any, act: Callable[[Page], Any]) -> Any:
        page = browser.new_page(viewport={"width": width, "height": 700}, color_scheme=scheme)
        # A mail has to stand with its pictures off, and tests fetch nothing.
        page.route("**/*", lambda route: route.abort())
        try:
            return act(page)
        finally:
            page.close()

    def stop() -> None:
        browser.close()
        playwright.stop()

    with ThreadPoolExecutor(1) as thread:
        playwright, browser = thread.submit(start).result()
        yield lambda width, scheme, act: thread.submit(use, width, scheme, act).result()
        thread.submit(stop).result()


@pytest.mark.parametrize("width", [320, 375, 800])
def test_no_mail_scrolls_sideways(on_page, mails, width):
    def overhang(page: Page) -> dict[str, int]:
        found = {}
        for name, html in mails.items():
            page.set_content(html)
            root = "document.documentElement"
            found[name] = page.evaluate(f"{root}.scrollWidth - {root}.clientWidth")
        return found

    assert on_page(width, "light", overhang) == dict.fromkeys(mails, 0)


@pytest.mark.parametrize(("width", "scheme"), [(375, "light"), (375, "dark"), (800, "dark")])
def test_axe_finds_nothing_serious(on_page, mails, width, scheme):
    def violations(page: Page) -> list[tuple[str, str, str]]:
        found = []
        for name, html in mails.items():
            page.set_content(html)
            results = Axe().run(page, options={"resultTypes": ["violations"]})
            for one in results.response["violations"]:
                if one["impact"] in ("serious", "critical"):
                    found.append((name, one["id"], one["nodes"][0]["html"][:200]))
        return found

    assert on_page(width, scheme, violations) == []


def style(page: Page, selector: str, name: str) -> str:
    return str(page.evaluate(f"getComputedStyle(document.querySelector('{selector}')).{name}"))


def test_dark_mode_reaches_card_text_and_boxes(on_page, mails):
    def colours(page: Page) -> list[str]:
        page.set_content(mails["middle"])
        places = [(".card", "backgroundColor"), ("h1", "color"), (".keybox", "backgroundColor")]
        return [style(page, *place) for place in places]

    dark = ["rgb(27, 35, 34)", "rgb(231, 237, 235)", "rgb(23, 54, 46)"]
    assert on_page(375, "dark", colours) == dark
    assert on_page(375, "light", colours) != dark


def test_buttons_are_large_enough_to_touch(on_page, mails):
    def heights(page: Page) -> list[float]:
        found: list[float] = []
        for name in ("middle", "plain", "notice"):
            page.set_content(mails[name])
            found += page.evaluate("[...document.querySelectorAll('.btn a')].map(a => a.offsetHeight)")
        return found

    found = on_page(375, "light", heights)
    assert len(found) == 4
    assert min(found) >= 44


def test_a_mail_without_head_styles_still_looks_right(on_page, mails):
    bare = mails["middle"].replace("<style", "<!--").replace("</style>", "-->")

    def look(page: Page) -> list[str]:
        page.set_content(bare)
        return [style(page, ".keybox", "backgroundColor"), style(page, "h1", "fontSize")]

    assert on_page(800, "light", look) == ["rgb(228, 241, 236)", "32px"]


def test_numbers_in_a_crowded_table_stay_whole(on_page):
    table = "| Name | Total | Paid | Where |\n|---|--:|---|---|\n"
    row = "| Verbraucherschutzorganisation | 1,234,567 | yes | https://example.org/a/long/address |\n"
    html = render(compile_lesson(replace(MIDDLE, body=table + row), BRAND), context()).html

    def look(page: Page) -> tuple[int, list[int]]:
        page.set_content(html)
        overhang = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        lines = page.evaluate(
            """[...document.querySelectorAll("td.cell")].map((cell) => {
                 const range = document.createRange();
                 range.selectNodeContents(cell);
                 return range.getClientRects().length;
               })"""
        )
        return overhang, lines

    overhang, (name, total, paid, where) = on_page(320, "light", look)
    assert overhang <= 0
    assert (total, paid) == (1, 1)
    assert name > 1
    assert where > 1
