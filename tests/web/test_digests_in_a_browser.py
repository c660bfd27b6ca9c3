"""Setting a digest up in Chromium, by keyboard, in both themes and on narrow screens."""

from dataclasses import replace
from datetime import timedelta

from feeds import ADDRESS, Feed
from playwright.sync_api import Page, expect
from reading_room import World
from show_room import NOW
from test_workshop_in_a_browser import address, check, owner, workshop

from campaigns.newsletters import drafting
from sender.newsletters import digesting

__all__ = ["owner", "workshop"]  # fixtures


def test_from_an_address_to_the_draft(owner: Page, workshop: World) -> None:
    feed = Feed()
    for days, title in ((9, "Frost, and what to do before it"), (2, "What the birds need in winter")):
        feed.publish(
            title, NOW - timedelta(days=days), "<p>Cover what is tender. Leave the rest to the cold.</p>"
        )
    installation = replace(workshop.installation, fetcher=feed.fetcher())
    workshop.app.state.site = replace(workshop.app.state.site, installation=installation)
    with installation.database.write() as session:
        newsletter = drafting.create_newsletter(
            session, "The Garden Letter", NOW, language="en", zone="Europe/London"
        )
    owner.goto(address(workshop, f"/newsletters/{newsletter.id}"))
    owner.get_by_role("link", name="Set up a digest").click()
    expect(owner.get_by_role("heading", level=1)).to_have_text("Digest of a feed")
    check(owner, "digest-new")
    owner.get_by_role("button", name="Switch it on").press("Enter")
    expect(owner.get_by_role("alert")).to_contain_text("The feed’s address")
    check(owner, "digest-problem")
    owner.get_by_label("Its address").fill(ADDRESS)
    owner.get_by_label("send the newest").fill("1")
    owner.get_by_label("Introduction").fill("Good morning. This is new on our site:")
    owner.get_by_label("Thursday").press("Space")
    owner.get_by_role("button", name="What would go out now").press("Enter")
    expect(owner.get_by_role("heading", name="1 entry would go out now.")).to_be_focused()
    expect(owner.get_by_role("link", name="What the birds need in winter")).to_be_visible()
    expect(owner.get_by_label("Introduction")).to_have_value("Good morning. This is new on our site:")
    check(owner, "digest-preview")
    owner.get_by_role("button", name="Switch it on").press("Enter")
    expect(owner.locator("#toast")).to_contain_text("Mondays and Thursdays at 9:00")
    expect(owner.get_by_role("heading", name="Switched on")).to_be_visible()
    check(owner, "digest-on")
    workshop.clock.move_to(NOW + timedelta(days=4))
    opened, now = installation, workshop.clock.now()
    feed.status = 503
    digesting.look(opened.database, opened.brands, opened.fetcher, opened.settings.key, now)
    owner.reload()
    expect(owner.locator("#trouble")).to_contain_text("answered with an error (503)")
    check(owner, "digest-trouble")
    owner.goto(address(workshop, "/newsletters"))
    check(owner, "newsletters-trouble")
