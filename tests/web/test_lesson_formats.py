"""A lesson goes over from Markdown to MJML and back: the same mail, nothing lost, faults at their line."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from colleagues import HOST, Colleague, add_user
from playwright.sync_api import Browser, expect
from reading_room import World
from writing_desk import LESSON, Desk, body, change, lesson

EDIT = f"/courses/crs_0000000001/lessons/{LESSON}/edit"
MARKDOWN = "Dear {{ subscriber.first_name | default('friend') }},\n\nread *this*.\n"


@pytest.fixture
def mira(world: World) -> Colleague:
    change(world, body=MARKDOWN)
    user = add_user(world.installation, "marketer", name="Mira Holt")
    return Colleague(world.app, world.installation, user)


def version(who: Colleague) -> str:
    return who.get(EDIT).text.partition('name="version" value="')[2].partition('"')[0]


def go_over(who: Colleague, to: str = "mjml", **fields: str) -> int:
    answer = who.post(f"{EDIT}/format", **{"to": to, "version": version(who), **fields})
    return answer.status_code


def text_of_mail(who: Colleague) -> list[str]:
    marks = str.maketrans("", "", "*_")
    return str(who.get(f"{EDIT}/mail").json()["text"]).translate(marks).split()


def test_the_mail_says_the_same_and_the_markdown_comes_back_to_the_byte(
    world: World, mira: Colleague
) -> None:
    before = text_of_mail(mira)
    assert go_over(mira) == 303
    assert lesson(world).format == "mjml"
    assert body(world).startswith("<mj-section")
    assert "{{ subscriber.first_name | default('friend', true) }}" in body(world)
    assert text_of_mail(mira) == before
    page = mira.get(EDIT).text
    assert "This lesson is MJML now. What it was is kept." in page
    assert "Go back to the Markdown" in page
    made = body(world)
    assert go_over(mira, "former") == 303
    assert (lesson(world).format, body(world)) == ("markdown", MARKDOWN)
    assert "Take up the MJML of before" in mira.get(EDIT).text
    assert go_over(mira, "former") == 303
    assert (lesson(world).format, body(world)) == ("mjml", made)


def test_what_somebody_has_not_seen_is_not_put_aside(world: World, mira: Colleague) -> None:
    old = version(mira)
    change(world, body="Marek's\n")
    assert go_over(mira, version=old) == 303
    assert "Not done: Somebody saved this lesson while you wrote." in mira.get(EDIT).text
    assert (lesson(world).format, body(world)) == ("markdown", "Marek's\n")


def test_what_cannot_go_over_says_why(world: World, mira: Colleague) -> None:
    change(world, body="Fine.\n\nDear {{ nobody }},\n")
    answer = mira.post(f"{EDIT}/format", to="mjml", version=version(mira))
    assert answer.status_code == 422
    assert "Mend line 3 first, else its fault goes along" in answer.text
    change(world, format="mjml", body="<mj-section></mj-section>")
    assert go_over(mira) == 422
    answer = mira.post(f"{EDIT}/format", to="former", version=version(mira))
    assert answer.status_code == 422
    assert "This lesson has no Markdown to go back to." in answer.text
    assert "This lesson came as MJML" in answer.text


def test_markdown_typed_elsewhere_is_not_saved_into_mjml(world: World, mira: Colleague) -> None:
    old = version(mira)
    assert go_over(mira) == 303
    made = body(world)
    typed = {"form_token": mira.token, "title": "T", "subject": "S", "body": "Mine.", "format": "markdown"}
    answer = mira.client.put(EDIT, data=typed, headers={"Origin": HOST, "If-Match": f'"{old}"'})
    assert answer.status_code == 422
    assert answer.json()["message"].startswith("Mira Holt put this lesson into another format. Copy your")
    assert body(world) == made


@pytest.fixture
def desk(chromium: Browser, served: World) -> Iterator[Desk]:
    change(served, body=MARKDOWN)
    desk = Desk(chromium, served)
    yield desk.open()
    desk.close()


def test_over_and_back_in_a_browser_with_what_was_just_typed(desk: Desk, served: World) -> None:
    page = desk.page
    desk.at_end_of("read")
    desk.type(" Twice.")
    page.get_by_text("For experts: MJML").click()
    expect(page.locator("#formats")).to_contain_text("The Markdown is kept.")
    page.get_by_role("button", name="Make MJML of this lesson").click()
    source = page.get_by_role("textbox", name="Lesson, in MJML and Jinja2")
    expect(source).to_contain_text("this</em>. Twice.")
    expect(page.locator("#toast")).to_contain_text("This lesson is MJML now.")
    page.wait_for_selector("#lesson[data-ready]")
    expect(source.locator(".cm-jinja").first).to_be_visible()
    colours = "one => getComputedStyle(one).color"
    tag = source.get_by_text("mj-section").first
    assert tag.evaluate(colours) != source.evaluate(colours), "the elements stand out"
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme="dark" if theme == "dark" else "light", reduced_motion="reduce")
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
    page.get_by_role("button", name="Undo").click()
    expect(desk.text).to_contain_text("read this. Twice.")
    page.wait_for_selector("#lesson[data-ready]")
    assert body(served) == MARKDOWN.replace("*this*.", "*this*. Twice.")
    desk.at_end_of("Twice.")
    desk.type(" Thrice.")
    assert desk.saved().endswith("Twice. Thrice.\n")


def test_a_fault_in_the_mjml_stands_at_its_line(desk: Desk, served: World) -> None:
    change(
        served,
        format="mjml",
        body="<mj-section>\n<mj-column>\n<mj-text>Hi</mj-text>\n</mj-column>\n</mj-section>\n",
    )
    desk.open()
    source = desk.page.get_by_role("textbox", name="Lesson, in MJML and Jinja2")
    source.get_by_text("Hi").click()
    desk.press("End", "Enter")
    desk.type("<mj-button hrfe='https://example.org'>Go</mj-button>")
    desk.saved()
    expect(source.locator(".cm-wrong")).to_have_count(1)
    expect(source.locator(".cm-wrong")).to_contain_text("hrfe")
    expect(desk.page.locator("#body-problem")).to_contain_text("Line 4:")
    source.get_by_text("Hi").click()
    desk.page.locator("#findings .blocking").get_by_role("button", name="Go to it").click()
    expect(source).to_be_focused()
    desk.press("Home", "Shift+End", "Delete")
    desk.saved()
    expect(source.locator(".cm-wrong")).to_have_count(0)
