"""Writing a lesson in a real browser, by hand and by keyboard alone: what is typed is what is saved."""

import difflib
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path

import PIL.Image
import pytest
from playwright.sync_api import Browser, expect
from reading_room import World
from writing_desk import Desk, body, change, lesson

WORD = """<html xmlns:o="urn:schemas-microsoft-com:office:office"><head>
<style>p.MsoNormal {margin:0}</style></head><body><!--StartFragment-->
<h2 style='mso-list:none'>From Word<o:p></o:p></h2>
<p class=MsoNormal style='margin-bottom:8pt'>
<b style='mso-bidi-font-weight:normal'>Bold</b> and <i>slanted</i>&nbsp;words.<o:p></o:p></p>
<p class=MsoListParagraph style='text-indent:-18.0pt;mso-list:l0 level1 lfo1'>
<span style='mso-list:Ignore'>·<span>&nbsp;&nbsp; </span></span>One</p>
<p class=MsoListParagraph style='mso-list:l0 level2 lfo1'>
<span style='mso-list:Ignore'>o<span>&nbsp; </span></span>Deeper</p>
<p class=MsoListParagraph style='mso-list:l0 level1 lfo1'>
<span style='mso-list:Ignore'>·<span>&nbsp; </span></span>Two</p>
<table><tr><td><p>Name</p></td><td><p>Days</p></td></tr><tr><td><p>Walk</p></td><td><p>47</p></td></tr></table>
<p><img src="file:///C:/x.png" onerror="alert(1)"><script>alert(2)</script>
<a href="javascript:alert(3)">link</a></p><!--EndFragment--></body></html>"""
GOOGLE = """<b style="font-weight:normal;" id="docs-internal-guid-1">
<p><span style="font-weight:700">Strong</span> <span style="font-style:italic">here</span></p>
<ul><li><p>First</p></li><ul><li><p>Nested</p></li></ul></ul></b>"""
PASTE = """html => {
  const clipboardData = new DataTransfer()
  clipboardData.setData('text/html', html)
  clipboardData.setData('text/plain', 'x')
  const event = new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true })
  document.querySelector('.ProseMirror').dispatchEvent(event)
}"""


@pytest.fixture
def sit(chromium: Browser, served: World) -> Iterator[Callable[..., Desk]]:
    """A desk for each who sits down; all are left without a word in the console."""
    desks: list[Desk] = []

    def one(name: str = "Mira Holt", width: int = 1280) -> Desk:
        desks.append(Desk(chromium, served, name, width))
        return desks[-1].open()

    yield one
    for desk in desks:
        desk.close()


@pytest.fixture
def desk(sit: Callable[..., Desk]) -> Desk:
    return sit()


def changes(before: str, after: str) -> list[str]:
    found = difflib.unified_diff(before.split("\n"), after.split("\n"), lineterm="", n=0)
    return [line for line in found if line[0] in "+-" and line[:3] not in ("+++", "---")]


def test_a_word_is_saved_by_itself_and_undone_to_the_byte(desk: Desk, served: World) -> None:
    before = "__Theirs__ and\nits  lines\n\n* a\n* b\n"
    change(served, body=before)
    desk.open()
    desk.at_end_of("its")
    desk.type(" stay")
    assert changes(before, desk.saved()) == ["-its  lines", "+its  lines stay"]
    assert lesson(served).saved_by == "Mira Holt"
    desk.press(*["Control+z"] * 3)
    assert desk.saved() == before
    desk.press("Control+y")
    assert desk.saved() != before


def test_typed_marks_become_what_they_mean(desk: Desk) -> None:
    desk.new_line_after("Dim the lamps")
    desk.type("## A heading")
    desk.press("Enter")
    desk.type("- one")
    desk.press("Enter")
    desk.type("two")
    desk.press("Control+]", "Enter", "Control+[", "Enter", "Enter")
    desk.type("Dear {{ subscriber.first_name | default('friend') }}, well")
    expect(desk.text.locator(".field")).to_have_text("first name, else “friend”")
    desk.press("Control+b")
    desk.type(" done")
    added = [line[1:] for line in changes(body(desk.world), desk.saved())]
    assert desk.saved().count("## A heading\n\n- one\n  - two\n") == 1, added
    assert "Dear {{ subscriber.first_name | default('friend') }}, well **done**" in desk.saved()


def test_the_menu_of_blocks_by_keyboard_alone(desk: Desk) -> None:
    desk.new_line_after("Dim the lamps")
    desk.type("/ta")
    menu = desk.page.locator("#slash")
    expect(menu).to_be_visible()
    assert desk.text.get_attribute("aria-activedescendant") == "slash-0"
    expect(menu.locator("[aria-selected=true]")).to_have_text("Table")
    desk.press("ArrowDown")
    expect(menu.locator("[aria-selected=true]")).to_have_text("Key takeaway")
    desk.press("Enter")
    desk.type("Small steps.")
    assert ":::takeaway\nSmall steps.\n:::\n\n:::takeaway\nDark" in desk.saved()
    desk.press("Enter")
    desk.type("/zzz")
    expect(menu).to_be_hidden()
    desk.type(" and /")
    desk.press("Escape")
    expect(menu).to_be_hidden()
    assert "/zzz and /" in desk.saved()


def test_a_table_is_made_filled_and_grown_from_the_keyboard(desk: Desk) -> None:
    desk.new_line_after("Dim the lamps")
    desk.type("/table")
    desk.press("Enter")
    for cell in ("Habit", "Days", "Water | tea", "20", "Walk", "47"):
        desk.type(cell)
        desk.press("Tab" if cell != "47" else "Enter")
    desk.type("Sleep")
    assert (
        "| Habit | Days |\n| --- | --- |\n| Water \\| tea | 20 |\n| Walk | 47 |\n| Sleep |  |" in desk.saved()
    )
    desk.page.get_by_role("button", name="Column after").click()
    desk.page.get_by_role("button", name="Right").click()
    assert "| Habit |  | Days |\n| ---: | --- | --- |" in desk.saved()
    desk.page.get_by_role("button", name="Delete column").click()
    desk.page.get_by_role("button", name="Delete row").click()
    assert "Sleep" not in desk.saved()
    desk.text.get_by_text("47").click()
    desk.page.get_by_role("button", name="Delete table").click()
    assert "|" not in desk.saved()


@pytest.mark.parametrize(
    ("html", "markdown"),
    [
        (
            WORD,
            "## From Word\n\n**Bold** and *slanted* words.\n\n- One\n  - Deeper\n- Two\n\n"
            "| Name | Days |\n| --- | --- |\n| Walk | 47 |\n\nlink",
        ),
        (GOOGLE, "**Strong** *here*\n\n- First\n  - Nested"),
    ],
)
def test_what_is_pasted_comes_clean(desk: Desk, html: str, markdown: str) -> None:
    desk.new_line_after("Dim the lamps")
    desk.page.evaluate(PASTE, html)
    before = body(desk.world)
    after = desk.saved()
    assert markdown in after
    assert all(line[0] == "+" for line in changes(before, after))


def test_boxes_are_set_and_taken_away(desk: Desk) -> None:
    before = body(desk.world)
    desk.page.get_by_label("Said by").fill('Ada "the" reader')
    assert changes(before, desk.saved()) == ['-:::quote {by="A reader"}', '+:::quote {by="Ada the reader"}']
    desk.new_line_after("Dim the lamps")
    desk.type("/only")
    desk.press("Enter")
    desk.type("Book a call.")
    desk.page.get_by_label("where").fill('subscriber.plan == "pro"')
    desk.page.get_by_role("button", name="Add “everybody else”").click()
    desk.type("See what is in it.")
    assert (
        ':::if subscriber.plan == "pro"\nBook a call.\n\n:::else\n\nSee what is in it.\n:::' in desk.saved()
    )
    desk.page.locator(".box.takeaway").hover()
    desk.page.locator(".box.takeaway").get_by_role("button", name="Take the box away").click()
    assert ":::takeaway" not in desk.saved()
    assert "Dark evenings make short nights longer." in desk.saved()


def test_blocks_move_past_each_other(desk: Desk) -> None:
    desk.at_end_of("Dim the lamps")
    desk.press("Alt+ArrowDown")
    assert "longer.\n:::\n\nDim the lamps" in desk.saved()
    desk.press("Alt+ArrowUp")
    assert "Dim the lamps an hour before bed.\n\n:::takeaway" in desk.saved()


def test_a_field_and_a_link_by_dialog(desk: Desk) -> None:
    desk.at_end_of("Dim the lamps")
    desk.page.get_by_role("button", name="Merge field").click()
    desk.page.select_option("#field-path", "subscriber.email")
    desk.page.fill("#field-fallback", "it's {you}")
    desk.press("Enter")
    assert """bed.{{ subscriber.email | default("it's you") }}""" in desk.saved()
    desk.type(" ")
    desk.press("Control+k")
    desk.press("Tab", "Enter")
    expect(desk.page.locator("#link-text-problem")).to_have_text("Write what readers press on.")
    desk.page.fill("#link-text", "Read on")
    desk.page.fill("#link-href", "javascript:alert(1)")
    desk.press("Enter")
    expect(desk.page.locator("#link-href-problem")).to_be_visible()
    desk.page.fill("#link-href", "example.org/a b")
    desk.page.check("#link-button")
    desk.press("Enter")
    assert "[Read on](https://example.org/a%20b){button}" in desk.saved()
    desk.press("ArrowLeft", "Control+k")
    desk.page.click("#link-remove")
    assert "Read on\n" in desk.saved()


def picture() -> bytes:
    out = BytesIO()
    PIL.Image.new("RGB", (900, 300), "#17604f").save(out, "PNG")
    return out.getvalue()


def test_a_picture_is_uploaded_and_must_say_what_it_shows(desk: Desk, tmp_path: Path) -> None:
    desk.new_line_after("Dim the lamps")
    desk.type("/pic")
    desk.press("Enter")
    dialog = desk.page.locator("#image-dialog")
    insert = dialog.get_by_role("button", name="Insert")
    desk.page.set_input_files("#image-file", {"name": "a.png", "mimeType": "image/png", "buffer": picture()})
    insert.click()
    expect(desk.page.locator("#image-alt-problem")).to_contain_text("Say what the picture shows")
    expect(desk.page.locator("#image-alt")).to_be_focused()
    desk.page.fill("#image-alt", "A green field")
    desk.page.set_input_files(
        "#image-file", {"name": "a.svg", "mimeType": "image/svg+xml", "buffer": b"<svg/>"}
    )
    insert.click()
    expect(desk.page.locator("#image-file-problem")).to_contain_text("Mail programs do not show SVG")
    giant = tmp_path / "giant.png"
    giant.write_bytes(b"\0" * 11_000_000)
    desk.page.set_input_files("#image-file", giant)
    insert.click()
    expect(desk.page.locator("#image-file-problem")).to_contain_text("larger than 10 MB")
    desk.page.set_input_files("#image-file", {"name": "a.png", "mimeType": "image/png", "buffer": picture()})
    desk.page.fill("#image-width", "480")
    insert.click()
    expect(dialog).to_be_hidden()
    saved = desk.saved()
    assert f"![A green field]({desk.root}/images/" in saved
    assert ".png){width=480}" in saved
    expect(desk.page.locator(".picture img")).to_have_js_property("naturalWidth", 900)


def test_a_picture_among_words_gets_a_paragraph_of_its_own(desk: Desk) -> None:
    desk.new_line_after("Dim the lamps")
    desk.type("Look at this field.")
    desk.page.get_by_role("toolbar", name="Format").get_by_role("button", name="Picture").click()
    desk.page.set_input_files("#image-file", {"name": "a.png", "mimeType": "image/png", "buffer": picture()})
    desk.page.fill("#image-alt", "A green field")
    desk.page.locator("#image-dialog").get_by_role("button", name="Insert").click()
    expect(desk.page.locator("#image-dialog")).to_be_hidden()
    assert f"Look at this field.\n\n![A green field]({desk.root}/images/" in desk.saved()


def test_the_tools_stay_in_sight_at_the_end_of_a_long_lesson(desk: Desk) -> None:
    desk.page.set_viewport_size({"width": 1280, "height": 400})
    desk.page.locator(".ProseMirror > :last-child").scroll_into_view_if_needed()
    expect(desk.page.get_by_label("Subject", exact=True)).not_to_be_in_viewport()
    expect(desk.page.get_by_role("toolbar", name="Format")).to_be_in_viewport(ratio=1)


def test_the_markdown_view_and_back(desk: Desk) -> None:
    before = body(desk.world)
    desk.page.get_by_role("radio", name="Markdown").check()
    source = desk.page.get_by_role("textbox", name="Lesson text, in Markdown")
    source.click()
    desk.press("Control+End")
    desk.type("From the *source*.\n")
    assert desk.saved() == f"{before}From the *source*.\n"
    desk.page.get_by_role("radio", name="Write").check()
    expect(desk.text.locator("em")).to_have_text("source")
    assert desk.saved() == f"{before}From the *source*.\n"


def test_expert_lessons_have_the_source_alone(desk: Desk, served: World) -> None:
    change(
        served, format="mjml", body="<mj-section><mj-column><mj-text>Hi</mj-text></mj-column></mj-section>"
    )
    desk.open()
    expect(desk.text).to_have_count(0)
    source = desk.page.get_by_role("textbox", name="Lesson, in MJML and Jinja2")
    source.click()
    desk.press("Control+End")
    desk.type("{% for %}")
    assert desk.saved().endswith("{% for %}")
    expect(desk.page.locator("#body-problem")).to_contain_text("Line 1:")
    expect(desk.page.locator("#findings .blocking")).to_have_count(1)


def test_the_whole_by_keyboard_alone(desk: Desk) -> None:
    """From the title through the tools into the text, out of it again, and on to the preview."""
    desk.page.focus("#title")
    desk.press("End")
    desk.type(", again")
    desk.press("Tab", "Tab")
    desk.type("Read me first")
    desk.press("Tab")
    expect(desk.page.locator("[data-command=bold]")).to_be_focused()
    desk.press("ArrowRight", "ArrowRight")
    expect(desk.page.locator("[data-command=heading]")).to_be_focused()
    desk.press("Tab", "Tab")
    expect(desk.page.locator(".ProseMirror")).to_be_focused()
    desk.press("Control+End", "Enter", "Enter")  # out of the quote
    desk.type("/line")
    desk.press("Enter", "Control+s")
    assert desk.saved().endswith("---\n")
    saved = lesson(desk.world)
    assert (saved.title, saved.preheader) == ("Noise that wakes without waking, again", "Read me first")
    assert desk.page.inner_text("h1") == saved.title
    for _ in range(6):  # past what the quote has to set
        desk.press("Tab")
        if desk.page.evaluate("document.activeElement.tagName") == "SUMMARY":
            break
    assert desk.page.evaluate("document.activeElement.tagName") == "SUMMARY"
    desk.press("Tab", "Tab", "Enter")
    expect(desk.page.locator("#keys")).to_be_visible()
    desk.press("Escape")
    expect(desk.page.locator("#keys-open")).to_be_focused()


def test_a_line_is_counted_as_inboxes_show_it(desk: Desk) -> None:
    subject, count = desk.page.locator("#subject"), desk.page.locator("output[for=subject]")
    subject.fill("{{ subscriber.first_name | default('Friend') }}, one habit")
    expect(count).to_have_text("17 of 60")
    subject.fill("x" * 61)
    expect(count).to_have_text("61 of 60")
