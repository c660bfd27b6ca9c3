"""The segment builder: counted as it changes, in both themes, saved, and opened again."""

import pytest
from colleagues import Colleague, add_user
from playwright.sync_api import Page, expect
from reading_room import World
from test_workshop_in_a_browser import address, check, owner, workshop

from courseletter.web.admin import segments
from subscribers.models import Subscriber

__all__ = ["owner", "workshop"]  # fixtures


def test_a_segment_is_counted_saved_and_opened_without_script(furnished: World) -> None:
    marketer = Colleague(furnished.app, furnished.installation, add_user(furnished.installation, "marketer"))
    asked = {"subject-0": "field:first_name", "how-0": "contains", "value-0": "0"}
    page = marketer.get("/segments", params=asked).text
    assert "<strong>1</strong> of" in page
    assert "reader0@inbox.example.org" in page
    home = marketer.post("/segments", name="Zeroes", **asked).headers["location"]
    again = marketer.get(home).text
    assert 'value="Zeroes"' in again
    assert "<strong>1</strong> of" in again
    nameless = marketer.post("/segments", name=" ", **asked)
    assert nameless.status_code == 422
    assert "Give the segment a name" in nameless.text
    wrong = marketer.get("/segments", params={"subject-0": "since:", "how-0": "last", "value-0": "soon"})
    assert wrong.status_code == 422
    assert "is no number of days" in wrong.text


def test_many_are_counted_behind_the_page(
    owner: Page, workshop: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(segments, "FEW", 3)
    owner.goto(address(workshop, "/segments?subject-0=field:first_name&how-0=contains&value-0=0"))
    expect(owner.locator("#count")).to_have_text("1 of 6 match")
    owner.get_by_label("Value").fill("Reader")
    owner.get_by_label("Value").press("Tab")
    expect(owner.locator("#count")).to_have_text("6 of 6 match")
    check(owner, "segments of many")


def test_without_script_many_are_counted_on_demand(furnished: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segments, "FEW", 1)
    marketer = Colleague(furnished.app, furnished.installation, add_user(furnished.installation, "marketer"))
    assert "Counting how many match" in marketer.get("/segments").text
    page = marketer.get("/segments?exact=yes").text
    people = len(furnished.all(Subscriber))
    assert f"<strong>{people}</strong> of {people} match" in page


def test_the_count_follows_the_conditions_in_a_browser(owner: Page, workshop: World) -> None:
    owner.goto(address(workshop, "/segments"))
    check(owner, "segments")
    owner.get_by_label("Ask about").first.select_option("field:first_name")
    expect(owner.get_by_label("How")).to_be_visible()
    expect(owner.get_by_label("Ask about")).to_have_count(2)
    owner.goto(address(workshop, "/segments?subject-0=field:first_name&how-0=contains&value-0=0"))
    expect(owner.locator("#count")).to_contain_text("1 of")
    owner.get_by_label("Ask about").nth(1).select_option("mail:")
    expect(owner.get_by_label("Ask about")).to_have_count(3)
    check(owner, "segments with conditions")
