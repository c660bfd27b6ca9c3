"""The form on somebody else's page: plain HTML, one more press on ours, and no mail without it."""

import re
from collections.abc import Iterator
from datetime import timedelta
from html import unescape

import pytest
from axe_playwright_python.sync_playwright import Axe
from colleagues import Colleague, add_user
from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from playwright.sync_api import Browser, Page, expect
from reading_room import World, serving, speak

from campaigns.models import Course
from courseletter.web.admin import sign_up_form
from sender.models import Delivery
from subscribers.models import ConsentEntry, Subscriber

PAGE = "/c/quiet-nights"


def snippet(world: World) -> str:
    with world.installation.database.read() as session:
        course = session.get_one(Course, "crs_0000000001")
        return sign_up_form.snippet(
            world.app.state.site, course, world.installation.links.sign_up(course.slug)
        )


@pytest.fixture
def elsewhere(served: World) -> Iterator[str]:
    """Another site, on another port, with the form in its page."""
    app, form = FastAPI(), snippet(served)
    page = f"<!doctype html><html lang='en'><title>A blog</title><h1>A blog</h1>{form}</html>"
    app.add_api_route("/", lambda: HTMLResponse(page))
    with serving(lambda _: app) as address:
        yield address


def test_a_form_on_another_site_signs_up_without_script(
    chromium: Browser, served: World, elsewhere: str
) -> None:
    page = chromium.new_context(java_script_enabled=False).new_page()
    page.goto(elsewhere)
    page.get_by_label("First name").fill("Ana")
    page.get_by_label("Email").fill("ana@example.org")
    page.get_by_role("button", name="Start the course").click()
    expect(page.get_by_text("Press once more")).to_be_visible()
    expect(page.get_by_label("Email")).to_have_value("ana@example.org")
    assert served.all(Subscriber) == [], "nothing is stored before the press on our own page"
    page.get_by_role("button", name="Start the course").click()
    expect(page.get_by_role("heading", name="Look in your inbox")).to_be_visible()
    assert [one.kind for one in served.all(Delivery)] == ["confirmation"]
    assert served.all(ConsentEntry)[0].note.count("Ana") == 1
    page.context.close()


def test_a_marketer_copies_the_form_and_a_draft_has_none(shop: World) -> None:
    marketer = Colleague(shop.app, shop.installation, add_user(shop.installation, "marketer"))
    published = next(one for one in shop.all(Course) if one.revision_id)
    page = marketer.get(f"/courses/{published.id}/form")
    found = re.search(r"<textarea[^>]*>\n(.*?)</textarea>", page.text, re.S)
    assert found is not None
    assert f'action="https://letters.example.org/c/{published.slug}"' in unescape(found[1])
    with shop.installation.database.write() as session:
        session.get_one(Course, published.id).revision_id = None
    assert marketer.get(f"/courses/{published.id}/form").status_code == 404


def test_the_form_that_asks_again_is_accessible(page: Page, served: World) -> None:
    page.set_content(
        f'<form method="post" action="{served.installation.settings.base_url}{PAGE}">'
        '<input name="email" value="ana@example.org"><button>Go</button></form>'
    )
    page.get_by_role("button").click()
    expect(page.locator("#again")).to_be_focused()
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme="dark" if theme == "dark" else "light", reduced_motion="reduce")
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()


def test_the_snippet_speaks_the_courses_language_and_holds_no_script(here: World) -> None:
    speak(here, "de", 'Schlaf & "Ruhe" <b>')
    form = snippet(here)
    assert "Den Kurs beginnen" in form
    assert "Schlaf &amp; &#34;Ruhe&#34; &lt;b&gt;" in form
    assert 'action="http://letters.example.org/c/quiet-nights"' in form
    assert not re.search(r"<script|\son\w+=|style=|https?://(?!letters\.example\.org)", form)


def test_a_program_that_fills_every_field_hears_what_everybody_hears(here: World) -> None:
    person = here.browser().post(PAGE, data=here.form(email="ana@example.org"))
    program = here.browser().post(PAGE, data=here.form(email="bot@example.org", homepage="https://x.example"))
    assert (program.status_code, program.content) == (person.status_code, person.content)
    assert [one.email for one in here.all(Subscriber)] == ["ana@example.org"]


def test_a_form_sent_at_once_asks_for_one_more_press(here: World) -> None:
    page = here.browser().get(PAGE).text
    token = re.search(r'name="shown" value="([^"]+)"', page)
    assert token is not None
    form = {"shown": token[1], "email": "ana@example.org", "first_name": "Ana"}
    quick = here.browser().post(PAGE, data=form)
    assert (quick.status_code, "Press once more" in quick.text) == (200, True)
    assert 'value="ana@example.org"' in quick.text
    assert here.all(Delivery) == []
    here.clock.move_to(here.clock.now() + timedelta(seconds=3))
    assert "Look in your inbox" in here.browser().post(PAGE, data=form).text


def test_r35_the_answer_without_a_token_does_not_tell_who_is_known(here: World) -> None:
    here.sign_up("known@example.org")
    here.confirm("known@example.org")
    pages = []
    for email in ("known@example.org", "wrong@example.org"):
        page = here.browser().post(PAGE, data={"email": email}).text
        pages.append(re.sub(r'name="shown" value="[^"]+"', "", page).replace(email, ""))
    assert pages[0] == pages[1]
