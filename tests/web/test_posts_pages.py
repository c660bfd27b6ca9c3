"""Posts that an export brings along: found, reviewed, and a course made of one."""

import re

import pytest
from colleagues import Colleague, add_user
from exports import ghost, substack
from playwright.sync_api import Page, expect
from reading_room import World
from test_workshop_in_a_browser import address, check, owner, workshop
from test_workshop_pages import marketer

from campaigns.models import Article, Post

__all__ = ["owner", "workshop"]  # fixtures


def bring(browser: Colleague, data: bytes, name: str = "export.zip") -> str:
    answer = browser.post("/articles", files={"file": (name, data, "application/octet-stream")})
    assert answer.status_code == 303
    return str(answer.headers["location"])


def test_an_export_s_posts_are_here_to_choose_from_and_one_becomes_a_course(world: World) -> None:
    browser = marketer(world)
    assert "No posts yet" in browser.get("/posts").text
    page = browser.get(bring(browser, substack("Light at night", "Noise"))).text
    assert "2 posts are here to choose from." in page
    assert page.index("Noise") < page.index("Light at night"), "the newest first"
    assert "1\xa0February 2026" in page
    review = browser.post(f"/posts/{number_of(world, 'Noise')}/review").headers["location"]
    assert "Noise, in short" in browser.get(review).text
    assert browser.post(f"/posts/{number_of(world, 'Noise')}/review").headers["location"] == review
    assert "Go on reviewing" in browser.get("/posts").text
    assert len(world.all(Article)) == 1


def test_who_brings_an_export_again_brings_nothing_twice(world: World) -> None:
    browser = marketer(world)
    bring(browser, ghost("Light at night", "Noise"), "old.json")
    before = {post.title: post.id for post in world.all(Post)}
    place = bring(browser, ghost("Light at dawn", "Noise"), "new.json")
    assert "3 posts were here before, and are up to date." in browser.get(place).text
    after = {post.title: post.id for post in world.all(Post)}
    assert after == {
        "Light at dawn": before["Light at night"],
        "Noise": before["Noise"],
        "About": before["About"],
    }


def test_posts_are_found_by_words_of_their_title_and_by_their_file(world: World) -> None:
    browser = marketer(world)
    bring(browser, substack("Light at night", "100% dark"))
    bring(browser, ghost("Noise at NIGHT"), "ghost.json")
    found = {q: titles(browser.get(f"/posts?q={q}").text) for q in ("night", "night+light", "%25")}
    assert sorted(found["night"]) == ["Light at night", "Noise at NIGHT"]
    assert found["night+light"] == ["Light at night"]
    assert found["%25"] == ["100% dark"], "no wildcard"
    assert "Light at night" not in browser.get("/posts?source=ghost.json").text
    assert "No title has these words" in browser.get("/posts?q=zzz").text


def test_a_post_without_text_is_refused_calmly_and_none_that_is_not_there(world: World) -> None:
    browser = marketer(world)
    bring(browser, ghost("Empty", "Noise", html="<p></p><img src='x.png'>"), "ghost.json")
    answer = browser.post(f"/posts/{number_of(world, 'Empty')}/review")
    assert answer.headers["location"].endswith("/posts")
    assert "“Empty”" in browser.get("/posts").text
    assert world.all(Article) == []
    for number in ("999", "x", "9" * 30):
        assert browser.post(f"/posts/{number}/review").status_code == 404
    assert browser.get("/posts?after=zz").status_code == 200


def test_what_no_database_takes_is_left_out_of_a_post(world: World) -> None:
    data = ghost("Noise", "Light").replace(b"A small habit", b"A \\u0000small \\ud800habit")
    bring(marketer(world), data, "ghost.json")
    assert all("\0" not in post.html and "small" in post.html for post in world.all(Post))


def test_the_posts_of_a_list_s_export_come_along_with_its_people(world: World) -> None:
    admin = Colleague(world.app, world.installation, add_user(world.installation, "admin"))
    files = {"file": ("sleep.zip", substack("Light at night", "Noise"), "application/zip")}
    home = admin.post("/subscribers/imports", files=files).headers["location"].removesuffix("/columns")
    page = admin.get(f"{home}/columns").text
    assert "Substack" in page
    answer = admin.post(f"{home}/posts")
    assert "source=sleep.zip" in answer.headers["location"]
    assert {post.title for post in world.all(Post)} == {"Light at night", "Noise"}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_posts_in_a_browser(owner: Page, workshop: World, scheme: str) -> None:
    owner.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    for name, data in (
        ("nights.zip", substack(*(f"Night {number}" for number in range(1, 29)))),
        ("ghost.json", ghost("Noise", "Nightfall")),
    ):
        owner.goto(address(workshop, "/articles/new"))
        file = {"name": name, "mimeType": "application/octet-stream", "buffer": data}
        owner.get_by_label("Or a file").set_input_files(file)
        owner.get_by_role("button", name="Read the article").click()
        owner.wait_for_url(f"**/posts?source={name}")
    owner.goto(address(workshop, "/posts"))
    check(owner, "posts")
    owner.get_by_label("Words of the title").fill("nightf")
    expect(owner.get_by_role("heading", name="1 post", exact=True)).to_be_visible()
    expect(owner.get_by_label("Words of the title")).to_be_focused()
    owner.get_by_role("button", name="Review").click()
    expect(owner.get_by_text("Nightfall, in short").first).to_be_visible()


def titles(page: str) -> list[str]:
    return re.findall(r'id="post-\d+"[^>]*>([^<]+)<', page)


def number_of(world: World, title: str) -> int:
    return next(post.id for post in world.all(Post) if post.title == title)
