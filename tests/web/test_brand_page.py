"""The brand's page: who sends, looks tried out, contrast told, and mail in the brand's own colours."""

from dataclasses import replace

import pytest
from colleagues import Colleague, add_user
from pydantic import ValidationError
from reading_room import World

from campaigns.checking.branding import pairs
from campaigns.checking.colour import contrast, parse
from courseletter.config import BrandSettings
from templates.brand import ACCENT, Brand
from templates.compiling import compile_notice

PLUM = "#6b2d5c"
BRAND = Brand("Field Notes", "1 Example Street, Bristol")


@pytest.fixture
def marketer(shop: World) -> Colleague:
    return Colleague(shop.app, shop.installation, add_user(shop.installation, "marketer"))


def test_the_page_shows_who_sends_and_that_all_can_be_read(shop: World, marketer: Colleague) -> None:
    page = marketer.get("/settings/brand").text
    assert shop.installation.brand.address_line in page
    assert "All of it can be read" in page
    assert "courseletter.toml, and start" not in page, "nothing was tried yet"


def test_other_looks_are_shown_with_what_to_write_to_keep_them(marketer: Colleague) -> None:
    page = marketer.get(f"/settings/brand?accent=%23{PLUM[1:]}&footer=A+line+with+%22marks%22").text
    assert f"accent = &#34;{PLUM}&#34;" in page or f'accent = "{PLUM}"' in page
    mail = marketer.get(f"/settings/brand/mail?accent=%23{PLUM[1:]}&footer=Written+by+hand")
    assert PLUM in mail.text
    assert ACCENT not in mail.text
    assert "Written by hand" in mail.text
    assert "sandbox" in mail.headers["content-security-policy"]


def test_a_colour_that_cannot_be_read_is_told_with_one_that_can(marketer: Colleague) -> None:
    page = marketer.get("/settings/brand?accent=%23f0c040").text
    assert "pairs are hard to read" in page


@pytest.mark.parametrize("accent", ["#f0c040", "#999999", "#00ff00"])
def test_the_shade_that_is_offered_can_be_read(accent: str) -> None:
    poor = [one for one in pairs(replace(BRAND, accent=accent)) if not one.enough]
    assert poor
    for one in poor:
        instead, other = parse(one.instead), parse(one.ground if one.text == accent else one.text)
        assert instead is not None
        assert other is not None
        assert contrast(instead, other) >= 4.5


@pytest.mark.parametrize("wrong", ["accent=red", "accent_dark=%23fff", "footer=two%0Alines"])
def test_what_cannot_be_used_is_said_at_its_field(marketer: Colleague, wrong: str) -> None:
    answer = marketer.get(f"/settings/brand?{wrong}")
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.text
    assert marketer.get(f"/settings/brand/mail?{wrong}").status_code == 422


def test_dark_and_light_are_those_of_the_preview(marketer: Colleague) -> None:
    dark = marketer.get("/settings/brand/mail?theme=dark").text
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


@pytest.mark.parametrize(
    "wrong",
    [{"accent": "green"}, {"logo": "http://x.example/a.png"}, {"footer": "a\nb"}, {"titles": "comic"}],
)
def test_settings_that_cannot_be_used_stop_the_start(wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        BrandSettings(**wrong)  # type: ignore[arg-type]
