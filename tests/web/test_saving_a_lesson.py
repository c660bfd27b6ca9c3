"""Nothing typed is lost: two at one lesson, a session that ends, a line that breaks."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, expect
from reading_room import World
from writing_desk import Desk, body, lesson


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


def test_two_who_change_different_paragraphs_both_have_their_way(sit: Callable[..., Desk]) -> None:
    mira, marek = sit(), sit("Marek Novak")
    mira.at_end_of("Dim the lamps")
    mira.type(" Tonight.")
    mira.saved()
    marek.page.fill("#subject", "Marek's subject")
    marek.at_end_of("Light tells")
    marek.type(" Always.")
    saved = marek.saved()
    assert "clock does. Always.\n" in saved
    assert "before bed. Tonight.\n" in saved
    expect(marek.page.locator("#state")).to_contain_text("with Mira Holt’s changes")
    expect(marek.text).to_contain_text("Tonight.")
    marek.type(" Really.")
    assert "Always. Really.\n" in marek.saved(), "the cursor stayed where it was"
    assert lesson(marek.world).subject == "Marek's subject"


def test_who_writes_in_two_tabs_is_told_of_the_other_tab(sit: Callable[..., Desk]) -> None:
    here = sit()
    there = here.another_tab()
    here.at_end_of("Dim the lamps")
    here.type(" Tonight.")
    here.saved()
    there.at_end_of("Light tells")
    there.type(" Always.")
    there.saved()
    expect(there.page.locator("#state")).to_contain_text("with your other tab’s changes")
    here.at_end_of("Light tells")
    here.type(" Never.")
    here.expect_state("clash")
    expect(here.page.locator("#state")).to_contain_text("Your other tab saved this at 09:12. Compare both")
    here.page.click("#compare")
    expect(here.page.locator("#conflict-lead")).to_contain_text(
        "You and your other tab both changed one place."
    )
    expect(here.page.get_by_label("Your other tab’s, 09:12")).to_be_visible()


@pytest.mark.parametrize(
    ("choice", "kept"),
    [("Yours", ["Marek's."]), ("Mira Holt’s", ["Mira's."]), ("Both", ["Mira's.", "Marek's."])],
)
def test_two_who_change_one_paragraph_are_asked(
    sit: Callable[..., Desk], choice: str, kept: list[str]
) -> None:
    mira, marek = sit(), sit("Marek Novak")
    mira.at_end_of("Dim the lamps")
    mira.type(" Mira's.")
    mira.at_end_of("Light tells")
    mira.type(" Also Mira's.")
    before = mira.saved()
    marek.at_end_of("Dim the lamps")
    marek.type(" Marek's.")
    marek.expect_state("clash")
    assert body(marek.world) == before, "nothing is overwritten"
    expect(marek.page.locator("#state")).to_contain_text("Mira Holt saved this at 09:12. Compare both")
    marek.page.click("#compare")
    dialog = marek.page.locator("#conflict")
    expect(dialog).to_contain_text("You and Mira Holt both changed one place.")
    expect(dialog).to_contain_text("Dim the lamps an hour before bed. Mira's.")
    expect(dialog).to_contain_text("Dim the lamps an hour before bed. Marek's.")
    marek.press("Escape")
    expect(marek.page.locator("#compare")).to_be_focused()
    marek.expect_state("clash")
    marek.press("Enter")
    dialog.get_by_label(choice).check()
    dialog.get_by_role("button", name="Save this").click()
    saved = marek.saved()
    assert "Also Mira's.\n" in saved
    for words in ("Mira's.", "Marek's."):
        assert (f"before bed. {words}\n" in saved) == (words in kept)


def test_who_asks_again_before_the_browser_has_told_of_the_closing_is_heard(
    sit: Callable[..., Desk],
) -> None:
    mira, marek = sit(), sit("Marek Novak")
    mira.at_end_of("Dim the lamps")
    mira.type(" Mira's.")
    mira.saved()
    marek.at_end_of("Dim the lamps")
    marek.type(" Marek's.")
    marek.expect_state("clash")
    marek.page.click("#compare")
    dialog = marek.page.locator("#conflict")
    expect(dialog).to_be_visible()
    dialog.evaluate("dialog => { dialog.close(); document.getElementById('compare').click() }")
    dialog.get_by_role("button", name="Save this").click()
    assert "before bed. Marek's.\n" in marek.saved()


def test_a_session_that_ends_while_typing_loses_nothing(sit: Callable[..., Desk]) -> None:
    desk = sit()
    before = body(desk.world)
    desk.sign_out()
    desk.at_end_of("Dim the lamps")
    desk.type(" And then the line went quiet.")
    desk.expect_state("signedout")
    expect(desk.page.locator("#state")).to_contain_text("What you wrote is safe in this browser.")
    desk.type(" Still typing.")
    desk.page.wait_for_timeout(300)
    desk.page.click("#sign-in-again")
    desk.page.wait_for_selector("input[type=password]")
    assert body(desk.world) == before
    desk.sign_in()
    desk.open()
    note = desk.page.locator("#kept")
    expect(note).to_contain_text("was not saved. This browser has kept it.")
    desk.page.click("#put-back")
    assert "before bed. And then the line went quiet. Still typing.\n" in desk.saved()
    desk.open()
    expect(note).to_have_count(0)


def test_what_was_kept_is_merged_with_what_a_colleague_saved_since(sit: Callable[..., Desk]) -> None:
    desk = sit()
    desk.sign_out()
    desk.at_end_of("Dim the lamps")
    desk.type(" Kept.")
    desk.expect_state("signedout")
    other = sit("Marek Novak")
    other.at_end_of("Light tells")
    other.type(" Saved.")
    other.saved()
    desk.sign_in()
    desk.open()
    desk.page.click("#put-back")
    saved = desk.saved()
    assert "before bed. Kept.\n" in saved
    assert "clock does. Saved.\n" in saved


def test_a_broken_line_is_told_and_mends_itself(sit: Callable[..., Desk]) -> None:
    desk = sit()
    desk.context.set_offline(True)
    desk.at_end_of("Dim the lamps")
    desk.type(" Offline.")
    desk.expect_state("offline")
    expect(desk.page.locator("#state")).to_have_text("Not saved: no connection. Kept in this browser.")
    desk.context.set_offline(False)
    assert "before bed. Offline.\n" in desk.saved()


def test_a_refused_field_says_so_and_the_rest_waits_with_it(sit: Callable[..., Desk]) -> None:
    desk = sit()
    desk.page.fill("#subject", "")
    desk.expect_state("refused")
    expect(desk.page.locator("#subject-problem")).to_have_text("A mail needs a subject.")
    expect(desk.page.locator("#subject")).to_have_attribute("aria-invalid", "true")
    desk.page.fill("#subject", "Here it is")
    desk.saved()
    assert lesson(desk.world).subject == "Here it is"
    expect(desk.page.locator("#subject-problem")).to_be_hidden()
    desk.page.click("summary:has-text('When, for whom')")
    desk.page.fill("#only_if", "subscriber.n == 3")
    expect(desk.page.locator("#only_if-problem")).to_contain_text("cannot be read")
    desk.page.fill("#only_if", 'subscriber.plan == "pro"')
    desk.page.fill("#gap_days", "4")
    desk.saved()
    assert (lesson(desk.world).only_if, lesson(desk.world).gap_days) == ('subscriber.plan == "pro"', 4)
