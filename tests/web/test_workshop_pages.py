"""The workshop's pages, without a browser: home, courses, lessons, and the way from an article to a draft."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import httpx2
import pytest
from colleagues import HOST, Colleague, add_user
from reading_room import World, make_world
from school import ARTICLE
from show_room import NOW
from sqlalchemy import select

from campaigns.models import Article, Course, Lesson
from campaigns.newsletters import drafting
from campaigns.reading import Fetcher
from courseletter.database import Database
from sender.doctor.finding import bad
from sender.doctor.visit import write_down
from sender.instance import recognise
from sender.models import Delivery, State

FILLER = "It is the size of the step that decides whether you take it on a wet morning in November. " * 15
TEXT = ARTICLE.format(small=FILLER, cue=FILLER, bad=FILLER)


def marketer(world: World) -> Colleague:
    return Colleague(
        world.app, world.installation, add_user(world.installation, "marketer", name="Mira Holt")
    )


def course_of(world: World, title: str = "Sleep") -> Course:
    with world.installation.database.read() as session:
        found = [one for one in session.scalars(select(Course)) if title in one.title]
        course = next(one for one in found if one.revision_id) if len(found) > 1 else found[0]
        _ = course.lessons, course.revision
        return course


def lessons_of(world: World, course: Course) -> list[Lesson]:
    with world.installation.database.read() as session:
        wanted = select(Lesson).where(Lesson.course_id == course.id, Lesson.removed.is_(False))
        return list(session.scalars(wanted.order_by(Lesson.position)))


def test_home_says_what_leaves_and_whom_it_reaches(furnished: World) -> None:
    page = marketer(furnished).get("/").text
    assert "Thursday, 12" in page
    assert "09:42 in London" in page
    assert "On a course now" in page
    assert "joined yesterday" in page
    # Somebody lives in New York, whose 8:00 is London's 13:00, and has not got today's lesson yet.
    assert "13:00" in page
    assert "08:00 New York" in page
    assert "Everything else is running" not in page


WAYS = re.compile(r'<a class="button[^>]*href="([^"]+)"')


@pytest.mark.parametrize(
    ("path", "before", "ways"),
    [
        ("/subscribers/999999", "/subscribers?q=ada", ["/subscribers?q=ada", "/subscribers", "/"]),
        ("/issues/les_gone", "", ["/newsletters", "/"]),
        ("/courses/gone/settings", "/courses/gone/settings", ["/courses", "/"]),
        ("/setings", "/settings", ["/settings", "/"]),
        ("/deliveries/999999", "https://elsewhere.example.net/", ["/subscribers", "/"]),
        ("/results/x", "//elsewhere.example.net/", ["/results", "/"]),
    ],
)
def test_a_page_that_is_not_there_leads_back(
    furnished: World, path: str, before: str, ways: list[str]
) -> None:
    headers = {"Referer": before if before.startswith("https:") else HOST + before} if before else {}
    answer = marketer(furnished).get(path, headers=headers)
    assert answer.status_code == 404
    assert WAYS.findall(answer.text) == ways


def test_a_form_that_is_refused_leads_back_to_its_page(furnished: World) -> None:
    browser, course = marketer(furnished), course_of(furnished)
    headers = {"Origin": HOST, "Referer": f"{HOST}/courses/{course.id}/pause"}
    answer = browser.client.post(f"/courses/{course.id}/pause", data={"form_token": "old"}, headers=headers)
    assert answer.status_code == 403
    assert WAYS.findall(answer.text)[0] == f"/courses/{course.id}/pause"
    # Who comes back by an address that only takes forms stays in the workshop.
    assert "To Courses" in browser.get(f"/courses/{course.id}/pause").text


def test_home_leads_to_the_courses_while_none_is_published(here: World) -> None:
    with here.installation.database.write() as session:
        for one in session.scalars(select(Course)):
            one.revision_id = None
    page = marketer(here).get("/").text
    assert "once a course is published and has its first reader" in page
    assert "To the courses" in page


def test_home_names_what_is_wrong_before_anything_else(furnished: World) -> None:
    browser, installation = marketer(furnished), furnished.installation
    with installation.database.write() as session:
        deliveries = list(session.scalars(select(Delivery).order_by(Delivery.id)))
        deliveries[0].state, deliveries[0].reply = State.DEFERRED, "421 4.7.0 try later"
        deliveries[0].finished_at, deliveries[0].due_at = None, NOW
        deliveries[1].state, deliveries[1].finished_at = State.UNKNOWN, None
        deliveries[2].state, deliveries[2].reply = State.FAILED, "550 5.1.1 no such <user>"
        deliveries[2].finished_at = NOW
    page = browser.get("/").text
    assert "Three things need" in page
    assert "1 message wait" in page
    assert "421 4.7.0 try later" in page
    assert "may have arrived, or not" in page
    assert "no such &lt;user&gt;" in page
    course = course_of(furnished)
    browser.post(f"/courses/{course.id}/pause")
    page = browser.get("/").text
    assert " wait" in page
    assert "Nothing is set to leave" in page


def test_home_says_that_nothing_sends(furnished: World) -> None:
    with furnished.installation.database.write() as session:
        first = session.scalars(select(Delivery).order_by(Delivery.id)).first()
        first.state, first.finished_at, first.due_at = State.READY, None, NOW - timedelta(hours=1)
    page = marketer(furnished).get("/").text
    assert "Mail that is due does not leave" in page
    assert "courseletter relay list" in page


def test_home_says_that_a_copied_database_sends_nothing(shop: World, tmp_path: Path) -> None:
    installation = shop.installation
    recognise(installation.database, installation.settings.home, NOW)
    (installation.settings.home / "instance.json").unlink()
    recognise(installation.database, installation.settings.home, NOW)
    assert "No mail is sent" in marketer(shop).get("/").text


@pytest.mark.parametrize(
    ("blocks", "title"),
    [(False, "Mail providers may not believe your mail"), (True, "providers would not believe it")],
)
def test_r12_home_says_what_the_doctor_found(shop: World, *, blocks: bool, title: str) -> None:
    found = [bad("DKIM", "<x>._domainkey has no record.", "Publish it.")]
    with shop.installation.database.write() as session:
        write_down(session, found, NOW, blocks=blocks)
    page = marketer(shop).get("/").text
    assert title in page
    assert "&lt;x&gt;._domainkey has no record." in page
    assert "courseletter doctor" in page


def test_the_first_start_shows_three_steps(database: Database, tmp_path: Path) -> None:
    world = make_world(database, tmp_path)
    with database.write() as session:
        course = session.scalars(select(Course)).one()
        course.revision = None
        session.flush()
        for table in ("revision_lessons", "revisions", "lessons", "courses"):
            session.connection().exec_driver_sql(f"DELETE FROM {table}")
    page = marketer(world).get("/").text
    assert "Three steps to the first lesson" in page
    assert "A quiet day" in page
    again = marketer_again(world)
    assert "No courses yet" in again.get("/courses").text
    with database.write() as session:
        drafting.create_newsletter(session, "Garden letter", NOW, language="en", zone="UTC")
    assert "Three steps to the first lesson" not in again.get("/").text  # problems are told of there


def marketer_again(world: World) -> Colleague:
    return Colleague(world.app, world.installation, add_user(world.installation, "admin"))


def test_a_course_shows_who_gets_which_lesson_next(furnished: World) -> None:
    course = course_of(furnished)
    page = marketer(furnished).get(f"/courses/{course.id}").text
    assert "Revision 1, live since 5" in page
    assert " on it, 0 finished" in page
    assert "Get up at the same hour" in page
    assert page.count("this next") == 5
    assert "Someone who signs up today" in page
    assert "<dd>Thursdays</dd>" in page
    assert "edit is" not in page


def test_a_lesson_is_moved_and_moved_back(furnished: World) -> None:
    course, browser = course_of(furnished), marketer(furnished)
    before = [one.id for one in lessons_of(furnished, course)]
    path = f"/courses/{course.id}/lessons/{before[3]}"
    assert browser.post(f"{path}/move", place="1").status_code == 303
    after = lessons_of(furnished, course)
    assert [one.id for one in after] == [before[0], before[3], before[1], before[2], *before[4:]]
    assert [one.position for one in after] == list(range(len(after)))
    assert [one.subject.partition(":")[0] for one in after[1:]] == ["1/5", "2/5", "3/5", "4/5", "5/5"]
    page = browser.get(f"/courses/{course.id}").text
    assert "is lesson 1 now" in page
    assert "not published" in page
    assert '<input type="hidden" name="place" value="3">' in page
    browser.post(f"{path}/move", place="3")
    assert [one.id for one in lessons_of(furnished, course)] == before
    assert "not published" not in browser.get(f"/courses/{course.id}").text
    for place, end in (("0", 1), ("999", 5)):
        browser.post(f"{path}/move", place=place)
        assert [one.id for one in lessons_of(furnished, course)].index(before[3]) == end
    assert browser.post(f"{path}/move", place="up").status_code == 422
    welcome = f"/courses/{course.id}/lessons/{before[0]}/move"
    assert browser.post(welcome, place="2").status_code == 422


def test_a_lesson_is_taken_out_and_put_back(furnished: World) -> None:
    course, browser = course_of(furnished), marketer(furnished)
    before = [one.id for one in lessons_of(furnished, course)]
    path = f"/courses/{course.id}/lessons/{before[2]}"
    browser.post(f"{path}/remove")
    assert [one.id for one in lessons_of(furnished, course)] == [*before[:2], *before[3:]]
    page = browser.get(f"/courses/{course.id}").text
    assert "is out of the draft" in page
    assert "One edit is not published" in page
    assert "It is out of the draft" in browser.get(path).text
    browser.post(f"{path}/restore", place="2")
    assert [one.id for one in lessons_of(furnished, course)] == before


def test_r33_a_lesson_of_another_course_is_not_there(shop: World) -> None:
    sleep, walking, browser = course_of(shop), course_of(shop, "Walking"), marketer(shop)
    other = lessons_of(shop, walking)[1].id
    for act in ("move", "remove", "restore"):
        assert browser.post(f"/courses/{sleep.id}/lessons/{other}/{act}", place="1").status_code == 404
    for page in ("", "/mail"):
        assert browser.get(f"/courses/{sleep.id}/lessons/{other}{page}").status_code == 404


def test_r37_a_lesson_as_mail_is_framed_and_dead(shop: World) -> None:
    course, browser = course_of(shop), marketer(shop)
    lesson = lessons_of(shop, course)[1]
    page = browser.get(f"/courses/{course.id}/lessons/{lesson.id}").text
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in page
    mail = browser.get(f"/courses/{course.id}/lessons/{lesson.id}/mail")
    assert "Hi Ana," in mail.text
    assert "sandbox" in mail.headers["content-security-policy"]
    assert mail.headers["x-frame-options"] == "SAMEORIGIN"
    with shop.installation.database.write() as session:
        session.get_one(Lesson, lesson.id).body = "Hello {{ subscriber.nothing }} <script>x</script>"
    assert browser.get(f"/courses/{course.id}/lessons/{lesson.id}").status_code == 200
    assert "<script>" not in browser.get(f"/courses/{course.id}/lessons/{lesson.id}/mail").text


def test_settings_are_saved_shown_beside_the_old_and_kept_when_wrong(shop: World) -> None:
    course, browser = course_of(shop), marketer(shop)
    path = f"/courses/{course.id}/settings"
    form = {
        "title": course.title,
        "days": ["0", "3"],
        "hour": "07:30",
        "gap": "3",
        "zone": "Europe/Lisbon",
        "zone_mode": "subscriber",
        "start": "evergreen",
        "welcome": "now",
        "until": "",
        "quiet_from": "21:00",
        "quiet_to": "07:00",
        "holidays": "2026-12-24\n2026-12-25",
        "catch_up": "",
    }
    assert browser.post(path, **form).status_code == 303
    page = browser.get(f"/courses/{course.id}").text
    assert "<del>08:00</del> <ins>07:30</ins>" in page
    assert "24 Dec, 25 Dec" in page
    assert "holiday" in page
    for field, value, said in (
        ("gap", "0", "At least 1 day"),
        ("hour", "25:00", "no time of day"),
        ("days", [], "at least one day"),
        ("zone", "Mars/Base", "No time zone"),
        ("holidays", "tomorrow", "no day"),
        ("until", "06:00", "must close later"),
        ("title", " ", "needs a title"),
        ("title", "a\u0000b", "line break"),
    ):
        answer = browser.post(path, **{**form, field: value})
        assert answer.status_code == 422, field
        assert said in answer.text, field
        assert 'value="21:00"' in answer.text, "what was typed is still there"
    cohort = browser.post(path, **{**form, "start": "cohort", "cohort_start": ""})
    assert cohort.status_code == 422


def test_pausing_and_going_on(furnished: World) -> None:
    course, browser = course_of(furnished), marketer(furnished)
    browser.post(f"/courses/{course.id}/pause")
    assert course_of(furnished).paused_at == NOW
    assert "Nobody loses their place" in browser.get(f"/courses/{course.id}").text
    browser.post(f"/courses/{course.id}/resume")
    assert course_of(furnished).paused_at is None


def rhythm(**fields: object) -> dict[str, object]:
    return {
        "title": "Three Small Habits",
        "days": ["0"],
        "hour": "09:00",
        "gap": "7",
        "zone": "Europe/Berlin",
        "zone_mode": "subscriber",
        "start": "evergreen",
        "welcome": "now",
        **fields,
    }


def test_a_pasted_article_becomes_a_published_course(world: World) -> None:
    browser = marketer(world)
    review = browser.post("/articles", text=TEXT).headers["location"]
    page = browser.get(review).text
    assert "What we found in your article" in page
    assert "Above every lesson" in page
    assert "4 messages" in page
    assert browser.post(f"{review}/target", tenths="80").status_code == 303
    assert "about 8 min" in browser.get(review).text
    dates = browser.get(f"{review}/rhythm", params=rhythm(hour="10:15")).text
    assert "10:15" in dates
    made = browser.post(f"{review}/rhythm", **rhythm(title="Small habits, kept")).headers["location"]
    page = browser.get(made).text
    assert "Small habits, kept" in page
    assert "Nobody gets anything yet" in page
    published = browser.post(f"{made}/revisions")
    assert published.status_code == 303
    with world.installation.database.read() as session:
        course = session.scalars(select(Course).where(Course.slug == "small-habits-kept")).one()
        assert course.revision is not None
        assert course.disclosures == [
            "This post contains affiliate links. We may earn a commission, at no extra cost to you."
        ]


def test_choices_are_made_undone_and_made_again(world: World) -> None:
    browser = marketer(world)
    review = browser.post("/articles", text=TEXT).headers["location"]

    def key_of(title: str) -> str:
        from campaigns import reviewing

        with world.installation.database.read() as session:
            row = session.scalars(select(Article)).one()
            plan = reviewing.plan(reviewing.Article.from_dict(row.payload), reviewing.review_of(row))
        return next(one.key for one in plan.parts if one.title.startswith(title))

    key = key_of("Choose a cue")
    browser.post(f"{review}/parts/{key}/toggle", on="0")
    page = browser.get(review).text
    assert "left out by you" in page
    assert "3 messages" in page
    assert f'action="{review}/undo"' in page
    browser.post(f"{review}/undo")
    assert "4 messages" in browser.get(review).text
    browser.post(f"{review}/undo")
    assert "3 messages" in browser.get(review).text
    browser.post(f"{review}/undo")
    browser.post(f"{review}/parts/{key}/title", title="Choose your cue")
    assert "Choose your cue" in browser.get(review).text
    browser.post(f"{review}/parts/{key}/merge")
    assert "goes on the section before" in browser.get(review).text
    assert browser.post(f"{review}/parts/{key}/title", title="").status_code == 404  # it is no section now
    assert browser.post(f"{review}/parts/opening/title", title="").status_code == 422
    assert browser.post(f"{review}/parts/opening/burn").status_code == 404
    assert "No part of the article" in browser.get(f"{review}?parts=out").text


def test_a_file_is_read_and_a_wrong_one_refused_at_its_field(here: World) -> None:
    browser = marketer(here)
    upload = {"file": ("habits.md", TEXT.encode(), "text/markdown")}
    assert browser.post("/articles", files=upload).status_code == 303
    for name, data, said in (
        ("a.pdf", b"%PDF-1.7", "a PDF"),
        ("empty.txt", b" \n", "is empty"),
        ("noise.bin", bytes(range(256)) * 40, "file"),
    ):
        answer = browser.post("/articles", files={"file": (name, data, "application/octet-stream")})
        assert answer.status_code == 422, name
        assert said in answer.text, name
        assert 'id="file-problem"' in answer.text, name
    assert browser.post("/articles").status_code == 422
    assert len(here.all(Article)) == 1


def fetching(world: World, answer: Callable[[httpx2.Request], httpx2.Response]) -> None:
    fetcher = Fetcher(lambda host, port: ["93.184.216.34"], httpx2.MockTransport(answer))
    installation = replace(world.installation, fetcher=fetcher)
    world.app.state.site = replace(world.app.state.site, installation=installation)


def test_a_page_is_read_by_its_address_with_or_without_https(here: World) -> None:
    asked: list[str] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append(request.headers["host"])
        page = httpx2.ByteStream(TEXT.encode())
        return httpx2.Response(200, stream=page, headers={"Content-Type": "text/markdown"})

    fetching(here, answer)
    browser = marketer(here)
    assert browser.post("/articles", address="example.org/habits").status_code == 303
    assert browser.post("/articles", address="https://example.org/habits").status_code == 303
    assert asked == ["example.org", "example.org"]


def test_a_page_that_lets_no_program_in_is_said_at_the_field(here: World) -> None:
    fetching(here, lambda request: httpx2.Response(403))
    answer = marketer(here).post("/articles", address="https://example.org/habits")
    assert answer.status_code == 422
    assert "403" in answer.text
    assert 'value="https://example.org/habits"' in answer.text


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1/",
        "169.254.169.254/latest",
        "http://[::ffff:127.0.0.1]/",
        "http://2130706433/",
        "/etc/passwd",
        "file:///etc/passwd",
        "-",
    ],
)
def test_r39_no_address_leads_into_the_machine(here: World, address: str) -> None:
    answer = marketer(here).post("/articles", address=address)
    assert answer.status_code == 422
    assert 'id="address-problem"' in answer.text
    assert "root:" not in answer.text
    assert here.all(Article) == []


def test_an_article_without_a_course_left_in_it_says_so(here: World) -> None:
    browser = marketer(here)
    review = browser.post(
        "/articles", text="# One\n\nA line that is a whole article, and no more than this one.\n"
    ).headers["location"]
    browser.post(f"{review}/parts/opening/toggle", on="0")
    page = browser.get(review).text
    assert "no text to make lessons of" in page
    assert "Choose days and hour" not in page
    assert browser.post(f"{review}/rhythm", **rhythm()).status_code == 422
    assert browser.get(f"{review}/rhythm").status_code == 200


def test_what_is_too_long_is_refused_before_it_is_read(here: World) -> None:
    assert marketer(here).post("/articles", text="x" * 11_500_000).status_code == 413
    assert here.all(Article) == []
