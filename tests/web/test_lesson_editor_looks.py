"""How the editor shows: themes, narrow screens, axe, what it weighs, and the preview's switches."""

import gzip
import re
from collections.abc import Callable, Iterator
from importlib.resources import files

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect
from reading_room import World
from writing_desk import Desk, change

EVERYTHING = """Hi {{ subscriber.first_name | default('there') }},

## Heading

- one
- [two](https://example.org)

> Quoted

| Name | Days |
|------|-----:|
| Walk | 47 |

:::takeaway
Small.
:::

:::quote {by="A reader"}
Said.
:::

:::disclosure
Paid.
:::

:::if subscriber.plan == "pro"
Yes
:::else
No
:::

![A desk](https://example.org/none.jpg)

![](lacks.png)

[Press](https://example.org){button}

::recap

<div>raw</div>

```
code
```
"""


@pytest.fixture
def desk(chromium: Browser, served: World) -> Iterator[Desk]:
    change(served, body=EVERYTHING)
    desk = Desk(chromium, served)
    desk.page.route("https://example.org/**", lambda route: route.fulfill(status=204))
    yield desk.open()
    desk.close()


STATES: dict[str, Callable[[Desk], None]] = {
    "writing": lambda desk: desk.text.get_by_text("47").click(),
    "menu": lambda desk: (desk.new_line_after("Quoted"), desk.type("/"))[0],
    "source": lambda desk: desk.page.get_by_role("radio", name="Markdown").check(),
    "picture": lambda desk: desk.page.get_by_role("button", name="Picture").click(),
    "settings": lambda desk: desk.page.click("summary:has-text('When, for whom')"),
    "text": lambda desk: desk.page.get_by_role("radio", name="Text only").check(),
}


@pytest.mark.parametrize("state", STATES)
def test_each_state_holds_in_both_themes_and_on_a_narrow_screen(desk: Desk, state: str) -> None:
    STATES[state](desk)
    for theme in ("dark", "light"):
        desk.page.emulate_media(color_scheme="dark" if theme == "dark" else "light", reduced_motion="reduce")
        found = Axe().run(desk.page, options={"iframes": False})
        assert found.violations_count == 0, f"{theme}: {found.generate_report()}"
    for width in (320, 375):
        desk.page.set_viewport_size({"width": width, "height": 700})
        overhang = desk.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert overhang <= 0, f"{overhang} px too wide at {width}"


def test_the_preview_shows_phone_desktop_dark_text_no_images_and_a_person(desk: Desk) -> None:
    desk.world.sign_up()
    change(desk.world, body=EVERYTHING.replace("![](lacks.png)", ""))
    desk.open()
    mail = desk.page.frame_locator("#mail")
    expect(mail.get_by_text("Hi there,")).to_be_visible()
    card = mail.locator(".card").first
    light = card.evaluate("card => getComputedStyle(card).backgroundColor")
    desk.page.get_by_role("radio", name="Dark").check()
    expect(card).not_to_have_css("background-color", light)
    desk.page.get_by_role("radio", name="Desktop").check()
    assert desk.page.locator("#mail").evaluate("frame => frame.clientWidth") > 600
    desk.page.get_by_role("checkbox", name="Images off").check()
    expect(desk.page.locator("#mail")).to_have_attribute("src", re.compile("theme=dark&images=off"))
    desk.page.fill("#person", "Ana")
    option = desk.page.locator("#people option")
    expect(option).to_have_attribute("value", "Ana, ana.pereira@example.org")
    desk.page.fill("#person", "Ana, ana.pereira@example.org")
    desk.press("Tab")
    expect(mail.get_by_text("Hi Ana,")).to_be_visible()
    desk.page.get_by_role("radio", name="Text only").check()
    expect(desk.page.locator("#mail-text")).to_contain_text("Hi Ana,")


def test_a_problem_leads_to_its_line(desk: Desk) -> None:
    expect(desk.page.locator("#body-problem")).to_contain_text("no alternative text")
    expect(desk.page.locator("#preview-waits")).to_be_visible()
    finding = desk.page.locator("#findings li").filter(has_text="no alternative text")
    finding.get_by_role("button", name="Go to it").click()
    expect(desk.page.locator(".ProseMirror")).to_be_focused()
    desk.page.get_by_role("radio", name="Markdown").check()
    finding.get_by_role("button", name="Go to it").click()
    line = desk.page.locator(".cm-activeLine, .cm-line").filter(has_text="![](lacks.png)")
    expect(line).to_be_in_viewport()


def test_the_size_is_told_and_grows_with_the_text(desk: Desk) -> None:
    change(desk.world, body="Short.")
    desk.open()
    meter = desk.page.locator("#size-meter")
    expect(meter).not_to_have_js_property("value", 0)
    before = meter.evaluate("meter => meter.value")
    desk.at_end_of("Short.")
    desk.type(" And longer." * 10)
    desk.saved()
    expect(meter).not_to_have_js_property("value", before)
    assert meter.evaluate("meter => meter.value") > before


@pytest.mark.parametrize("how", [r"(?:from|import)\s*", r"(?:from|import)\s*\(?"], ids=["markdown", "mjml"])
def test_the_first_load_is_under_300_kilobytes(how: str) -> None:
    """All that the page's head asks for, and what that imports; the source view comes on first use: at once
    where a lesson is MJML.
    """
    static = files("courseletter.web") / "static"
    wanted, loaded = ["editor/lesson.js"], set[str]()
    while wanted:
        name = wanted.pop()
        loaded.add(name)
        imports = re.findall(rf'{how}"\./((?!markdown-)[\w.-]+)"', (static / name).read_text("utf-8"))
        wanted += [f"editor/{one}" for one in imports if f"editor/{one}" not in loaded]
    pages = files("templates") / "pages" / "workshop"
    heads = "".join((pages / name).read_text() for name in ("base.html", "layout.html", "lesson_edit.html"))
    others = re.findall(r"<(?:script|link)[^>]*static\('([^']+)'\)", heads)
    sizes = {name: len(gzip.compress((static / name).read_bytes())) for name in {*loaded, *others}}
    assert {"workshop.css", "workshop.js", "typed.js", "editor.css"} < sizes.keys()
    assert len(loaded) > 1, "the shared pieces are counted, too"
    assert any("mjml" in name for name in loaded) is how.endswith("?")
    assert sum(sizes.values()) < 300_000, sizes
