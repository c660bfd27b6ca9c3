"""The segment builder: counted as it changes, in both themes, saved, and opened again."""

import re

import pytest
from colleagues import Colleague, add_user
from playwright.sync_api import Page, expect
from reading_room import World
from test_workshop_in_a_browser import address, check, owner, workshop

from subscribers import estimating
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


def test_where_nobody_matches_the_condition_that_takes_out_the_last_is_named(furnished: World) -> None:
    marketer = Colleague(furnished.app, furnished.installation, add_user(furnished.installation, "marketer"))
    people = len(furnished.all(Subscriber))
    asked = {
        "subject-0": "field:first_name",
        "how-0": "contains",
        "value-0": "Reader",
        "subject-1": "field:first_name",
        "how-1": "is",
        "value-1": "Zoe",
        "subject-2": "field:email",
        "how-2": "set",
    }
    page = marketer.get("/segments", params=asked).text
    assert f"The second one takes out the last {people} people." in page
    without = re.search(r'id="without" href="([^"]*)"', page)
    assert without
    page = marketer.get(without[1].replace("&amp;", "&")).text
    assert f"<strong>{people}</strong> of {people} match" in page
    assert "Zoe" not in page
    anybody = marketer.get("/segments", params={**asked, "any": "yes", "how-0": "is", "value-0": "Yan"}).text
    assert "takes out" not in anybody


@pytest.fixture
def estimated(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two people are many; one is drawn."""
    monkeypatch.setattr(estimating, "MANY", 1)
    monkeypatch.setattr(estimating, "SIZE", 1)


@pytest.mark.usefixtures("estimated")
def test_of_many_a_sample_tells_first_and_then_all_of_them(owner: Page, workshop: World) -> None:
    with owner.expect_response(lambda answer: "exact=yes" in answer.url):
        owner.goto(address(workshop, "/segments?subject-0=field:first_name&how-0=contains&value-0=0"))
    expect(owner.locator("#count")).to_have_text("1 of 6 match")
    expect(owner.get_by_role("heading", name="One person")).to_be_visible()
    owner.get_by_label("Value").fill("Reader")
    owner.get_by_label("Value").press("Tab")
    expect(owner.locator("#count")).to_have_text("6 of 6 match")
    expect(owner.get_by_role("heading", name="All 6")).to_be_visible()
    check(owner, "segments of many")
    owner.get_by_label("Value").fill("nobody")
    owner.get_by_label("Value").press("Tab")
    expect(owner.locator("#count")).to_have_text("0 of 6 match")
    expect(owner.get_by_role("heading", name="Nobody matches")).to_be_visible()


@pytest.mark.usefixtures("estimated")
def test_an_estimate_says_that_it_is_one(owner: Page, workshop: World) -> None:
    owner.route("**/segments?exact=yes*", lambda route: None)  # the exact count does not come
    owner.goto(address(workshop, "/segments?subject-0=field:first_name&how-0=contains&value-0=Reader"))
    estimate = re.compile(r"About \d+ of about \d+ match *Estimated from a sample; counting everybody")
    expect(owner.locator("#count")).to_contain_text(estimate)
    expect(owner.locator(".meanwhile")).to_be_visible()
    expect(owner.get_by_role("heading", name="Some of them")).to_be_visible()
    check(owner, "segments estimated")
    owner.get_by_label("Value").fill("nobody")
    owner.get_by_label("Value").press("Tab")
    expect(owner.locator("#count")).to_contain_text(re.compile(r"Few of about \d+ match, or nobody"))
    expect(owner.get_by_role("heading", name="Nobody matches")).to_have_count(0)


@pytest.mark.usefixtures("estimated")
def test_without_script_many_are_counted_on_demand(furnished: World) -> None:
    marketer = Colleague(furnished.app, furnished.installation, add_user(furnished.installation, "marketer"))
    assert "Estimated from a sample" in marketer.get("/segments").text
    page = marketer.get("/segments?exact=yes").text
    people = len(furnished.all(Subscriber))
    assert f"<strong>{people}</strong> of {people} match" in page
    assert "sample" not in page


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
    owner.goto(
        address(
            workshop,
            "/segments?subject-0=field:email&how-0=set&subject-1=since:&how-1=before&value-1=2001-01-01",
        )
    )
    check(owner, "a segment of nobody")
    owner.get_by_role("link", name="Take the second out").press("Enter")
    expect(owner.locator("#count")).to_have_text("6 of 6 match")
