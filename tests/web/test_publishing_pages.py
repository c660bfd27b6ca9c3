"""Publishing in the workshop: the plan first, then the act, how far it has got, and the way back."""

import re
from datetime import timedelta

import pytest
from colleagues import Colleague, add_user
from reading_room import World
from show_room import NOW, live
from test_workshop_pages import course_of, lessons_of, marketer

from campaigns import history, publishing
from campaigns.models import Course, Enrolment, Lesson
from courseletter.ids import new_id
from courseletter.web.admin import revisions
from sender import switching
from sender.switching import Draft


def insert(world: World, course: Course, place: int, title: str = "Sleep, the quiet amplifier") -> str:
    """A new lesson in the draft, after so many others."""
    with world.installation.database.write() as session:
        row = session.get_one(Course, course.id)
        for lesson in row.lessons[place:]:
            lesson.position += 1
        like = row.lessons[1]
        lesson = Lesson(
            id=new_id("les"),
            course=row,
            kind="lesson",
            position=place,
            title=title,
            subject=title,
            preheader="A night of it.",
            format="markdown",
            body=like.body,
            minutes=1,
            recap="",
            teaser="",
            only_if="",
            source="",
        )
        session.add(lesson)
        return lesson.id


def confirmed(page: str) -> str:
    found = re.search(r'name="confirmed" value="(\w+)"', page)
    assert found, page
    return found[1]


def got_next(page: str) -> int:
    """How many people get another lesson next."""
    found = re.search(r"<dt>Get another lesson next</dt><dd[^>]*>(\d+)", page)
    return int(found[1]) if found else 0


def published(world: World, course: Course) -> int:
    with world.installation.database.read() as session:
        revision = session.get_one(Course, course.id).revision
        assert revision is not None
        return revision.number


def living_by(world: World, course: Course) -> set[int]:
    """The numbers of the revisions that the course's people live by."""
    with world.installation.database.read() as session:
        made = {one.after_id: one.after.number for one in history.in_effect(session, course.id)}
        return {made[one.revision_id] for one in session.query(Enrolment).filter_by(course_id=course.id)}


def test_s24_the_plan_comes_before_a_publish_and_names_numbers(furnished: World) -> None:
    course, browser = course_of(furnished), marketer(furnished)
    new = insert(furnished, course, 1)
    answer = browser.post(f"/courses/{course.id}/revisions")
    assert answer.headers["location"] == f"/courses/{course.id}/plan"
    assert published(furnished, course) == 1, "nothing was published without the plan"
    page = browser.get(f"/courses/{course.id}/plan").text
    assert "Publish revision 2" in page
    assert "New lesson “Sleep, the quiet amplifier”, after" in page
    assert "already past this place" in page
    assert f'id="skip-{new}" name="policy-{new}" value="skip" checked' in page
    again = browser.post(f"/courses/{course.id}/plan", **{f"policy-{new}": "send_next"}).text
    assert 'value="send_next" checked' in again
    assert got_next(again) > got_next(page)
    assert "<ins>Sleep, the quiet amplifier</ins>" in again, "and whose next lesson it becomes, by name"
    assert confirmed(page) != confirmed(again)


def test_what_was_confirmed_is_published_and_everybody_moved(furnished: World) -> None:
    course, browser = course_of(furnished), marketer(furnished)
    new = insert(furnished, course, 1)
    choice = {f"policy-{new}": "send_next"}
    page = browser.post(f"/courses/{course.id}/plan", **choice).text
    answer = browser.post(
        f"/courses/{course.id}/revisions", confirmed=confirmed(page), note=" Sleep\r\n first ", **choice
    )
    assert answer.status_code == 303
    assert answer.headers["location"] == f"/courses/{course.id}/revisions"
    assert living_by(furnished, course) == {2}
    page = browser.get(answer.headers["location"]).text
    assert "Revision 2 is in force" in page
    assert "Revision 2 is live. New people get it from now on." in page
    assert ">Sleep first<" in page
    assert page.count("by Mira Holt") == 1, "who published the first one was not kept"
    with furnished.installation.database.read() as session:
        nexts = {one.next_lesson for one in session.query(Enrolment).filter_by(course_id=course.id)}
    assert new in nexts


@pytest.mark.parametrize("drift", ["choice", "words", "people"])
def test_s24_what_is_no_longer_so_is_shown_once_more(shop: World, drift: str) -> None:
    course, browser = course_of(shop), marketer(shop)
    new = insert(shop, course, 1)
    old = confirmed(browser.get(f"/courses/{course.id}/plan").text)
    fields = {f"policy-{new}": "send_next" if drift == "choice" else "skip"}
    with shop.installation.database.write() as session:
        if drift == "words":
            session.get_one(Lesson, new).body += "\n\nOne more thing.\n"
        elif drift == "people":
            for one in session.query(Enrolment).filter_by(course_id=course.id):
                one.state, one.due_at = "left", None
    answer = browser.post(f"/courses/{course.id}/revisions", confirmed=old, **fields)
    assert answer.status_code == 409
    assert "Nothing was published yet" in answer.text
    assert published(shop, course) == 1
    answer = browser.post(f"/courses/{course.id}/revisions", confirmed=confirmed(answer.text), **fields)
    assert answer.status_code == 303
    assert published(shop, course) == 2


def test_what_blocks_is_shown_instead_of_the_plan_with_the_way_to_its_line(shop: World) -> None:
    course, browser = course_of(shop), marketer(shop)
    lesson = lessons_of(shop, course)[2]
    with shop.installation.database.write() as session:
        session.get_one(Lesson, lesson.id).body += "\n\n![](https://img.example/a.png)\n"
    for path in ("plan", "checks"):
        page = browser.get(f"/courses/{course.id}/{path}").text
        assert re.search(rf"lessons/{lesson.id}/edit#line-\d+", page)
        assert "1 stops publishing" in page
        assert 'name="confirmed"' not in page
    answer = browser.post(f"/courses/{course.id}/revisions", confirmed="0")
    assert answer.status_code == 422
    assert "It cannot be published yet" in answer.text
    assert published(shop, course) == 1


def test_a_first_publish_needs_no_plan_but_what_blocks_stops_it(shop: World) -> None:
    browser = marketer(shop)
    with shop.installation.database.write() as session:
        draft = session.query(Course).filter(Course.revision_id.is_(None)).one()
        lesson = draft.lessons[1].id
        text = draft.lessons[1].body
        draft.lessons[1].body = "![](https://img.example/a.png)"
    assert browser.post(f"/courses/{draft.id}/revisions").status_code == 422
    with shop.installation.database.write() as session:
        session.get_one(Lesson, lesson).body = text
    page = browser.get(f"/courses/{draft.id}/plan").text
    assert "Nobody is on this course yet" in page
    answer = browser.post(f"/courses/{draft.id}/revisions")
    assert answer.headers["location"] == f"/courses/{draft.id}"
    assert published(shop, draft) == 1


def test_words_are_compared_paragraph_by_paragraph(shop: World) -> None:
    course, browser = course_of(shop), marketer(shop)
    lesson = lessons_of(shop, course)[4]
    with shop.installation.database.write() as session:
        row = session.get_one(Lesson, lesson.id)
        first, *rest = row.body.split("\n\n")
        row.body = "\n\n".join([f"{first} <b>Truly</b>.", *rest])
    page = browser.get(f"/courses/{course.id}/plan").text
    assert f"New words in “{lesson.title}”" in page
    assert "<ins>&lt;b&gt;Truly&lt;/b&gt;." in page
    assert page.count('class="passage"') == 1, "the paragraphs that stay are left out"
    assert "get the new words" in page


def test_people_are_found_by_name_and_listed(shop: World) -> None:
    course, browser = course_of(shop), marketer(shop)
    insert(shop, course, 1)
    path = f"/courses/{course.id}/plan"
    page = browser.post(path, q="reader 3").text
    assert "Reader 3" in page
    assert "Reader 2" not in page
    assert "Nobody on this course is called “nobody&lt;”" in browser.post(path, q="nobody<").text
    page = browser.post(path, after="0").text
    assert all(f"Reader {number}" in page for number in range(6))


def test_the_plan_for_many_is_kept_for_a_minute_and_never_published_unseen(
    shop: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(revisions, "MANY", 2)
    course, browser = course_of(shop), marketer(shop)
    insert(shop, course, 3)
    path = f"/courses/{course.id}/plan?whole=yes"
    first = confirmed(browser.get(path).text)
    leave(shop, course, 3)
    assert confirmed(browser.get(path).text) == first
    assert "Reader 3" in browser.post(f"/courses/{course.id}/plan", q="reader 3").text
    answer = browser.post(f"/courses/{course.id}/revisions", confirmed=first)
    assert answer.status_code == 409
    anew = confirmed(answer.text)
    assert anew != first
    assert confirmed(browser.get(path).text) == anew
    leave(shop, course, 6)
    shop.clock.move_to(shop.clock.now() + timedelta(minutes=1))
    assert confirmed(browser.get(path).text) != anew


def leave(world: World, course: Course, first: int) -> None:
    """So many of them, all at once."""
    with world.installation.database.write() as session:
        for one in session.query(Enrolment).filter_by(course_id=course.id).order_by(Enrolment.id)[:first]:
            one.state, one.due_at = "left", None


def test_a_publish_under_way_is_told_calmly_and_shown_as_it_goes(shop: World) -> None:
    course, browser, opened = course_of(shop), marketer(shop), shop.installation
    insert(shop, course, 1)
    old = confirmed(browser.get(f"/courses/{course.id}/plan").text)
    applying = switching.begin(opened.database, course.id, Draft(opened.brands.configured), NOW)
    assert applying is not None
    home = f"/courses/{course.id}"
    page = browser.get(f"{home}/revisions").text
    assert "Revision 2 is being put in force" in page
    assert 'hx-trigger="every 1s"' in page
    assert "is being put in force" in browser.get(home).text
    for answer in (
        browser.get(f"{home}/plan"),
        browser.get(f"{home}/revisions/1/plan"),
        browser.post(f"{home}/revisions/1/restore", confirmed="x"),
        browser.post(f"{home}/revisions", confirmed=old),
    ):
        assert answer.status_code == 303
        assert answer.headers["location"] == f"{home}/revisions"
    assert "Nothing else was done" in browser.get(f"{home}/revisions").text
    applying.run(opened.clock)
    page = browser.get(f"{home}/revisions").text
    assert "Revision 2 is in force" in page
    assert "hx-trigger" not in page


def test_s23_rolling_back_shows_the_same_kind_of_plan(furnished: World) -> None:
    course, browser, opened = course_of(furnished), marketer(furnished), furnished.installation
    home = f"/courses/{course.id}"
    before = standing(furnished, course)
    new = insert(furnished, course, 1)
    choice = {f"policy-{new}": "send_next"}
    page = browser.post(f"{home}/plan", **choice).text
    browser.post(f"{home}/revisions", confirmed=confirmed(page), **choice)
    assert standing(furnished, course) != before
    assert f'href="{home}/revisions/1/plan"' in browser.get(f"{home}/revisions").text
    page = browser.get(f"{home}/revisions/1/plan").text
    assert "Roll back to revision 1" in page
    assert "“Sleep, the quiet amplifier” is taken out" in page
    assert 'type="radio"' not in page, "there is nothing to choose"
    answer = browser.post(f"{home}/revisions/1/restore")
    assert answer.headers["location"] == f"{home}/revisions/1/plan"
    assert published(furnished, course) == 2
    assert browser.post(f"{home}/revisions/1/restore", confirmed="0").status_code == 409
    browser.post(f"{home}/revisions/1/restore", confirmed=confirmed(page))
    assert published(furnished, course) == 1
    assert standing(furnished, course) == before
    with opened.database.read() as session:
        assert new in [one.id for one in session.get_one(Course, course.id).lessons], "the draft stays"
        assert [one.taken_back for one in history.revisions(session, session.get_one(Course, course.id))] == [
            True,
            False,
        ]
    assert "Taken back" in browser.get(f"{home}/revisions").text


def standing(world: World, course: Course) -> list[tuple[object, ...]]:
    with world.installation.database.read() as session:
        rows = session.query(Enrolment).filter_by(course_id=course.id).order_by(Enrolment.id)
        return [(one.next_lesson, one.due_at, one.state) for one in rows]


def test_who_has_finished_gets_a_new_lesson_only_where_it_is_chosen(shop: World) -> None:
    course = course_of(shop)
    live(shop.installation, NOW + timedelta(weeks=12))
    browser = marketer(shop)
    new = insert(shop, course, 6)
    home = f"/courses/{course.id}"
    page = browser.get(f"{home}/plan").text
    assert "Send it also to 6 people who finished" in page
    assert "Go on after they had finished" not in page
    choice = {f"reopen-{new}": "yes"}
    page = browser.post(f"{home}/plan", **choice).text
    assert '<dt>Go on after they had finished</dt><dd class="big">6</dd>' in page
    browser.post(f"{home}/revisions", confirmed=confirmed(page), **choice)
    assert {(lesson, state) for lesson, _, state in standing(shop, course)} == {(new, "active")}


def test_bad_input_to_a_plan_is_refused(shop: World) -> None:
    course, browser = course_of(shop), marketer(shop)
    insert(shop, course, 1)
    home = f"/courses/{course.id}"
    assert browser.post(f"{home}/plan", **{"policy-les_x": "send_next"}).status_code == 422
    assert browser.post(f"{home}/plan", **{"policy-les_x": "now"}).status_code == 422
    in_force = f"{home}/revisions/1"
    for answer in (browser.get(f"{in_force}/plan"), browser.post(f"{in_force}/restore", confirmed="x")):
        assert (answer.status_code, answer.headers["location"]) == (303, f"{home}/revisions")
    for number in ("7", "x", "9" * 30):
        assert browser.get(f"{home}/revisions/{number}/plan").status_code == 404
    assert browser.post(f"{home}/revisions/7/restore", confirmed="x").status_code == 404


def test_the_sum_of_the_checks_stands_beside_the_course(shop: World) -> None:
    course, browser = course_of(shop), marketer(shop)
    assert f'hx-get="/courses/{course.id}/checks"' in browser.get(f"/courses/{course.id}").text
    assert "Nothing stops publishing" in browser.get(f"/courses/{course.id}/checks").text
    with shop.installation.database.read() as session:
        checked = publishing.check(
            session, session.get_one(Course, course.id), shop.installation.brands.configured
        )
    page = browser.get(f"/courses/{course.id}/checks").text
    assert page.count(">Mend it</a>") == sum(bool(one.lesson) for one in checked.findings)


def test_r33_another_course_has_no_plan(here: World) -> None:
    browser = Colleague(here.app, here.installation, add_user(here.installation))
    for path in ("plan", "checks", "revisions", "revisions/1/plan"):
        assert browser.get(f"/courses/crs_nowhere/{path}").status_code == 404


def test_a_course_without_lessons_is_led_to_them(shop: World) -> None:
    browser, course = marketer(shop), course_of(shop)
    for lesson in lessons_of(shop, course):
        if lesson.kind == "lesson":
            browser.post(f"/courses/{course.id}/lessons/{lesson.id}/remove")
    page = browser.get(f"/courses/{course.id}/checks").text
    assert "It has no lesson." in page
    assert f'href="/courses/{course.id}">Lessons</a>' in page
