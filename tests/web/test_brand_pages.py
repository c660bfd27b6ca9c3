"""The brands' pages: the list, looks tried out and saved, the logo, and who gets which brand."""

import re
from dataclasses import replace
from io import BytesIO

import PIL.Image
import pytest
from axe_playwright_python.sync_playwright import Axe
from colleagues import Colleague, add_user
from playwright.sync_api import Page, expect
from pydantic import ValidationError
from reading_room import World
from test_workshop_in_a_browser import THEMES, address, owner, workshop

from campaigns import brand_editing, publishing
from campaigns.brands import FIRST
from campaigns.checking.branding import pairs
from campaigns.checking.colour import contrast, parse
from campaigns.models import BrandRecord, Course
from courseletter.config import BrandSettings
from templates.brand import ACCENT, Brand
from templates.compiling import compile_notice

__all__ = ["owner", "workshop"]  # fixtures
PLUM = "#6b2d5c"
BRAND = Brand("Field Notes", "1 Example Street, Bristol")
HOME = f"/settings/brands/{FIRST}"
TYPED = {"name": "Quiet Desk", "address": "2 Other Street", "accent": PLUM, "accent_dark": "#86d3bb"}


@pytest.fixture
def marketer(shop: World) -> Colleague:
    return Colleague(shop.app, shop.installation, add_user(shop.installation, "marketer"))


def picture(size: tuple[int, int] = (900, 300)) -> bytes:
    out = BytesIO()
    PIL.Image.new("RGBA", size, (107, 45, 92, 200)).save(out, "PNG")
    return out.getvalue()


def add_brand(marketer: Colleague, **typed: str) -> str:
    answer = marketer.post("/settings/brands/new", **{**TYPED, **typed})
    assert answer.status_code == 303
    return answer.headers["location"].rpartition("/")[2]


def a_course(world: World, title: str = "Sleep") -> Course:
    with world.installation.database.read() as session:
        return next(one for one in session.query(Course) if title in one.title)


def choose(marketer: Colleague, course: Course, brand_id: str) -> None:
    """Save the course's settings as its page has them, with another brand."""
    answer = marketer.post(
        f"/courses/{course.id}/settings",
        title=course.title,
        days="3",
        hour="08:00",
        gap="7",
        zone=course.zone,
        start="evergreen",
        brand=brand_id,
    )
    assert answer.status_code == 303


def publish_again(marketer: Colleague, course: Course) -> None:
    page = marketer.get(f"/courses/{course.id}/plan").text
    confirmed = page.partition('name="confirmed" value="')[2].partition('"')[0]
    assert marketer.post(f"/courses/{course.id}/revisions", confirmed=confirmed).status_code == 303


def test_the_list_says_who_sends(shop: World, marketer: Colleague) -> None:
    page = marketer.get("/settings/brands").text
    assert shop.installation.brands.configured.address_line in page
    assert "hello@letters.example.org" in page


def test_looks_are_shown_and_not_kept_before_they_are_saved(shop: World, marketer: Colleague) -> None:
    page = marketer.post(f"{HOME}/look", **{**TYPED, "accent": "#f0c040"}).text
    assert "pairs are hard to read" in page
    mail = marketer.get(f"{HOME}/mail?accent=%23{PLUM[1:]}&footer=Written+by+hand")
    assert PLUM in mail.text
    assert ACCENT not in mail.text
    assert "Written by hand" in mail.text
    assert "sandbox" in mail.headers["content-security-policy"]
    assert shop.all(BrandRecord) == []


def test_a_saved_brand_says_which_courses_show_it_later(shop: World, marketer: Colleague) -> None:
    assert marketer.post(HOME, **TYPED).status_code == 303
    page = marketer.get(HOME).text
    assert "Learners get it as it was before" in page
    assert page.count("/plan") == 2, "both published courses are from the first brand"
    publish_again(marketer, a_course(shop))
    assert marketer.get(HOME).text.count("/plan") == 1


def test_the_first_brand_can_be_the_settings_again(shop: World, marketer: Colleague) -> None:
    marketer.post(HOME, **TYPED)
    assert marketer.post(f"{HOME}/remove").status_code == 303
    configured = shop.installation.brands.configured
    assert configured.name in marketer.get(HOME).text
    assert marketer.post(f"{HOME}/restore").status_code == 303
    assert "<h1>Quiet Desk</h1>" in marketer.get(HOME).text


def test_a_course_is_from_the_brand_that_it_chooses(shop: World, marketer: Colleague) -> None:
    course = a_course(shop)
    assert 'name="brand"' not in marketer.get(f"/courses/{course.id}/settings").text
    other = add_brand(marketer)
    choose(marketer, course, other)
    assert "another brand" in marketer.get(f"/courses/{course.id}").text.lower()
    lesson = f"/courses/{course.id}/lessons/{first_lesson(shop, course)}"
    assert "2 Other Street" in marketer.get(f"{lesson}/mail").text
    sign_up = f"/c/{course.slug}"
    assert "Quiet Desk" not in marketer.get(sign_up).text, "learners see nothing of it yet"
    publish_again(marketer, course)
    page = marketer.get(sign_up).text
    assert "Quiet Desk, 2 Other Street" in page
    looks = page.partition('href="/looks/')[2].partition('"')[0]
    sheet = marketer.get(f"/looks/{looks}")
    assert PLUM in sheet.text
    assert sheet.headers["content-type"].startswith("text/css")


def first_lesson(world: World, course: Course) -> str:
    with world.installation.database.read() as session:
        return session.get_one(Course, course.id).lessons[1].id


def test_a_brand_that_is_gone_is_said_at_its_field(shop: World, marketer: Colleague) -> None:
    course, other = a_course(shop), add_brand(marketer)
    assert marketer.post(f"/settings/brands/{other}/remove").status_code == 303
    answer = marketer.post(f"/courses/{course.id}/settings", title="T", days="3", hour="08:00", gap="7",
                           zone="Europe/London", brand=other)  # fmt: skip
    assert answer.status_code == 422
    assert "This brand is gone" in answer.text


@pytest.mark.parametrize(
    ("field", "value"),
    [("accent", "red"), ("footer", "two\nlines"), ("address", " "), ("name", ""), ("reply_to", "nobody")],
)
def test_what_cannot_be_used_is_said_at_its_field_and_kept(
    marketer: Colleague, field: str, value: str
) -> None:
    answer = marketer.post("/settings/brands/new", **{**TYPED, "url": "https://kept.example", field: value})
    assert answer.status_code == 422
    assert f'id="{field}-problem"' in answer.text
    assert "https://kept.example" in answer.text


def test_an_uploaded_logo_is_made_small_and_stands_in_mail_and_on_pages(
    shop: World, marketer: Colleague
) -> None:
    files = {"file": ("logo.png", picture(), "image/png")}
    assert marketer.post(f"{HOME}/logo", files=files).status_code == 303
    path = marketer.get(HOME).text.partition('<img class="logo" src="')[2].partition('"')[0]
    kept = PIL.Image.open(BytesIO(marketer.get(path).content))
    assert kept.size == (432, 144)
    assert f"https://letters.example.org{path}" in marketer.get(f"{HOME}/mail").text
    course = a_course(shop)
    publish_again(marketer, course)
    assert f'src="{path}"' in marketer.get(f"/c/{course.slug}").text
    assert marketer.post(f"{HOME}/logo", none="1").status_code == 303
    assert path not in marketer.get(HOME).text


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("logo.svg", b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"),
        ("logo.png", b"<!doctype html><script>alert(1)</script>"),
    ],
)
def test_r37_what_could_run_is_no_logo(shop: World, marketer: Colleague, name: str, content: bytes) -> None:
    answer = marketer.post(f"{HOME}/logo", files={"file": (name, content, "image/png")})
    assert answer.status_code == 422
    assert 'id="file-problem"' in answer.text
    assert shop.all(BrandRecord) == []


@pytest.mark.parametrize("accent", ["#f0c040", "#999999", "#00ff00"])
def test_the_shade_that_is_offered_can_be_read(accent: str) -> None:
    poor = [one for one in pairs(replace(BRAND, accent=accent)) if not one.enough]
    assert poor
    for one in poor:
        instead, other = parse(one.instead), parse(one.ground if one.text == accent else one.text)
        assert instead is not None
        assert other is not None
        assert contrast(instead, other) >= 4.5


@pytest.mark.parametrize("accent", ["f0c040", "ffffff", "6b2d5c"])
def test_a_page_takes_the_nearest_shade_that_can_be_read(marketer: Colleague, accent: str) -> None:
    sheet = marketer.get(f"/looks/{accent}-{accent}-georgia-verdana.css").text
    light, dark = sheet.split("@media")
    for part, grounds in ((light, ("#ffffff", "#f3f1ec")), (dark, ("#1b2322", "#121716"))):
        shade = parse(part.partition("--accent: ")[2][:7])
        assert shade is not None
        for ground in grounds:
            under = parse(ground)
            assert under is not None
            assert contrast(shade, under) >= 4.5
    assert "Georgia" in sheet


@pytest.mark.parametrize("name", ["x.css", "17604f-17604f-comic-sans.css", "17604f-17604f-serif-sans"])
def test_looks_that_are_none_are_not_found(marketer: Colleague, name: str) -> None:
    assert marketer.get(f"/looks/{name}").status_code == 404


def test_dark_and_light_are_those_of_the_preview(marketer: Colleague) -> None:
    dark = marketer.get(f"{HOME}/mail?theme=dark").text
    assert "prefers-color-scheme" not in dark
    assert "@media all" in dark


def test_a_brand_s_looks_are_in_every_mail() -> None:
    brand = replace(BRAND, accent=PLUM, titles="sans", logo="https://x.example/logo.png", footer="By hand")
    mail = compile_notice("confirm", brand, "en")
    assert PLUM in mail.html
    assert ACCENT not in mail.html
    assert "Iowan" not in mail.html
    assert "https://x.example/logo.png" in mail.html
    assert "By hand" in mail.html
    assert "By hand" in mail.text
    assert "By hand" not in compile_notice("confirm", BRAND, "en").text


def test_each_face_stands_where_the_theme_has_its_own() -> None:
    mail = compile_notice("confirm", replace(BRAND, titles="georgia", text="verdana"), "en").html
    assert "Georgia,Cambria" in mail
    assert "Verdana,Geneva" in mail
    assert "Palatino" not in mail
    assert "Inter" not in mail


@pytest.mark.parametrize(
    "wrong",
    [{"accent": "green"}, {"logo": "http://x.example/a.png"}, {"footer": "a\nb"}, {"titles": "comic"}],
)
def test_settings_that_cannot_be_used_stop_the_start(wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        BrandSettings(**wrong)  # type: ignore[arg-type]


def test_readers_pages_hold_in_a_brand_that_is_hard_to_read(owner: Page, workshop: World) -> None:
    opened, looks = (
        workshop.installation,
        {"accent": "#f0c040", "accent_dark": "#402010", "titles": "georgia"},
    )
    with opened.database.write() as session:
        typed = {**TYPED, **looks}
        brand_id = brand_editing.save(session, opened.brands, "", typed, "letters.example.org")
        course = session.get_one(Course, a_course(workshop).id)
        course.brand_id = brand_id
        publishing.publish(session, course, opened.brands.of(session, course), workshop.clock.now())
        path = f"/c/{course.slug}"
    owner.goto(address(workshop, path))
    expect(owner.locator("h1")).to_have_css("font-family", re.compile("^Georgia"))
    expect(owner.locator(".brand")).not_to_have_css("color", "rgb(23, 96, 79)")
    for theme in THEMES:
        owner.emulate_media(color_scheme="dark" if theme == "dark" else "light", reduced_motion="reduce")
        found = Axe().run(owner)
        assert found.violations_count == 0, f"{theme}: {found.generate_report()}"
