"""Somebody at the lesson editor in a real browser, for tests: signed in, the console silent."""

from copy import copy
from typing import Any

from colleagues import add_user
from playwright.sync_api import Browser, Locator, Page, expect
from reading_room import World
from sqlalchemy import delete

from campaigns.models import Lesson
from courseletter.accounts import sessions
from courseletter.accounts.models import User, UserSession

LESSON = "les_0000000002"
# What Chromium itself says of answers that the page deals with, and of a test's broken line.
EXPECTED = (
    "Framing",
    "status of 401",
    "status of 412",
    "status of 422",
    "ERR_FAILED",
    "ERR_INTERNET_DISCONNECTED",
)
TO_END = "block => { getSelection().selectAllChildren(block); getSelection().collapseToEnd() }"


class Desk:
    """One person's browser with the lesson open."""

    def __init__(self, browser: Browser, world: World, name: str = "Mira Holt", width: int = 1280) -> None:
        self.world = world
        self.root = world.installation.settings.base_url
        self.user: User = add_user(
            world.installation, "marketer", email=f"{name.split()[0].lower()}@example.org", name=name
        )
        self.context = browser.new_context(viewport={"width": width, "height": 900}, reduced_motion="reduce")
        self.context.set_default_timeout(10_000)
        self.sign_in()
        self.said: list[str] = []
        self.page = self._tab()

    def _tab(self) -> Page:
        page = self.context.new_page()
        page.on("console", lambda said: self.said.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: self.said.append(f"{error}\n{error.stack}"))
        return page

    def another_tab(self) -> "Desk":
        """The same person in the same browser, at the lesson once more."""
        tab = copy(self)
        tab.page = self._tab()
        return tab.open()

    def sign_in(self) -> None:
        installation = self.world.installation
        with installation.database.write() as session:
            session_id = sessions.begin(session, self.user, installation.clock.now())
        self.context.add_cookies([{"name": "courseletter", "value": session_id, "url": self.root}])

    def sign_out(self) -> None:
        """As when a session has run out."""
        with self.world.installation.database.write() as session:
            session.execute(delete(UserSession).where(UserSession.user_id == self.user.id))

    def open(self) -> "Desk":
        self.page.goto(f"{self.root}/courses/crs_0000000001/lessons/{LESSON}/edit")
        self.page.wait_for_selector("#lesson[data-ready]")
        return self

    @property
    def text(self) -> Locator:
        return self.page.locator(".ProseMirror")

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def type(self, text: str) -> None:
        self.page.keyboard.type(text)

    def at_end_of(self, text: str) -> None:
        """Put the cursor at the end of the block that holds this text."""
        self.text.get_by_text(text).first.click()
        self.text.get_by_text(text).first.evaluate(TO_END)

    def new_line_after(self, text: str) -> None:
        self.at_end_of(text)
        self.press("Enter")

    def expect_state(self, kind: str) -> None:
        expect(self.page.locator("#state")).to_have_attribute("data-kind", kind, timeout=10_000)

    def saved(self) -> str:
        """The body in the database, once the page says that everything is saved."""
        # The page takes notice of the last key by a timer of 150 ms: this one of it ends later.
        self.page.evaluate("new Promise(done => setTimeout(done, 200))")
        self.expect_state("saved")
        return body(self.world)

    def close(self) -> None:
        self.context.close()
        said = [one for one in self.said if not any(known in one for known in EXPECTED)]
        assert said == [], said


def body(world: World) -> str:
    return str(lesson(world).body)


def lesson(world: World) -> Lesson:
    return next(one for one in world.all(Lesson) if one.id == LESSON)


def change(world: World, **columns: Any) -> None:
    """Change the lesson in the database, as a colleague elsewhere would."""
    with world.installation.database.write() as session:
        for name, value in columns.items():
            setattr(session.get_one(Lesson, LESSON), name, value)
