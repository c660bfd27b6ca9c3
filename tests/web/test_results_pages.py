"""Results in the workshop: the finding, the bars, the numbers, the weeks, and what a spreadsheet gets."""

import csv
from datetime import date
from io import StringIO

import pytest
from colleagues import Colleague, add_user
from harvest import RECEIVED, WEEKS, part, sow
from lxml.html import HtmlElement, document_fromstring
from reading_room import World
from sqlalchemy import select, update

from campaigns.models import Course, Link, RevisionLesson
from courseletter.spreadsheet import as_csv, safe
from courseletter.web.admin.results import bars, finding
from sender.funnel import Crowd, Numbers, Step
from sender.models import Event, Result
from sender.reasons_given import LEFT_BECAUSE


@pytest.fixture
def owner(shop: World) -> Colleague:
    return Colleague(shop.app, shop.installation, add_user(shop.installation))


@pytest.fixture
def course(shop: World) -> Course:
    with shop.installation.database.read() as session:
        found = next(one for one in session.scalars(select(Course)) if "Sleep" in one.title)
        _ = found.lessons
        return found


def page(owner: Colleague, path: str) -> HtmlElement:
    answer = owner.get(path)
    assert answer.status_code == 200
    assert " style=" not in answer.text
    return document_fromstring(answer.text)


def words(element: HtmlElement) -> str:
    return " ".join(element.text_content().replace("\xa0", " ").split())


def table(document: HtmlElement, place: int) -> list[list[str]]:
    rows = list(document.iter("table"))[place].iter("tr")
    return [[words(cell) for cell in row.iter("th", "td")] for row in rows]


def test_the_reasons_that_people_gave_are_counted(shop: World, owner: Colleague, course: Course) -> None:
    sow(shop, course)
    assert "Why people left" not in owner.get(f"/courses/{course.id}/results").text
    told = [("too_often", course.id), ("learned", course.id), ("too_often", course.id), ("learned", None)]
    with shop.installation.database.write() as session:
        for reason, course_id in told:
            data = {"reason": reason, "list": 1}
            session.add(Event(at=shop.clock.now(), kind=LEFT_BECAUSE, course_id=course_id, data=data))
        session.add(Event(at=shop.clock.now(), kind=LEFT_BECAUSE, course_id=course.id, data={}))  # erased
    *_, reasons = list(page(owner, f"/courses/{course.id}/results").iter("table"))
    rows = [[words(cell) for cell in row.iter("th", "td")] for row in reasons.iter("tr")]
    assert rows[1:] == [["It came too often", "2"], ["I have learned what I needed", "1"]]


def test_the_finding_is_the_title_and_the_table_has_the_same_numbers(
    shop: World, owner: Colleague, course: Course
) -> None:
    sow(shop, course)
    document = page(owner, f"/courses/{course.id}/results")
    assert words(next(document.iter("h1"))) == "61 in 100 finish this course"
    head, *rows = table(document, 0)
    assert [row[1] for row in rows] == [str(one) for one in RECEIVED]
    assert dict(zip(head, rows[2], strict=True)) == {
        "Lesson": course.lessons[2].title,
        "Received": "668",
        "Of all": "90%",
        "Clicked": "262 · 39%",
        "Scanner clicks, left out": "81",
        "Paused here": "23",
        "Unsubscribed": "58",
        "Bounced": "2",
        "Spam reports": "0",
    }
    assert "Lesson 2 loses most. 108 of its 668 readers stopped there" in words(document)
    said = [words(one) for one in document.find_class("said")]
    assert said[2].startswith("668")
    assert said[2].endswith("108 stop here")
    assert said[5].endswith("finish")


def test_each_week_of_sign_up_has_its_own_row(shop: World, owner: Colleague, course: Course) -> None:
    sow(shop, course)
    _, *rows = table(page(owner, f"/courses/{course.id}/results"), 1)
    assert len(rows) == WEEKS
    joined, finished = part(RECEIVED[0], 11), part(RECEIVED[5], 11)
    expected = [
        "21 September 2026",
        joined,
        0,
        joined - finished,
        finished,
        round(100 * finished / joined),
        "",
    ]
    assert rows[0] == [str(one) for one in expected]


def test_who_joined_in_some_months_alone(shop: World, owner: Colleague, course: Course) -> None:
    sow(shop, course)
    with shop.installation.database.write() as session:
        spring = date(2026, 4, 6)
        place = {"course_id": course.id, "lesson_id": course.lessons[0].id, "cohort": spring, "day": spring}
        session.add(Result(**place, received=4, stopped=1))
    document = page(owner, f"/courses/{course.id}/results?joined=2026-2")
    assert words(document.xpath("//option[@selected]")[0]) == "Joined April to June 2026"
    assert "4 people have received a lesson who joined from April to June 2026. 3 of them are still" in words(
        document
    )
    assert owner.get(f"/courses/{course.id}/results?joined=1999-1").status_code == 404
    assert owner.get(f"/courses/{course.id}/results.csv?joined=nonsense").status_code == 404


def test_a_course_that_counts_no_clicks_shows_none(shop: World, owner: Colleague, course: Course) -> None:
    sow(shop, course, tracked=False)
    document = page(owner, f"/courses/{course.id}/results")
    assert "Clicked" not in words(document)
    assert "Nobody’s clicks or opens are tracked." in words(document)


def test_a_course_without_results_says_what_will_be_here(
    shop: World, owner: Colleague, course: Course
) -> None:
    document = page(owner, f"/courses/{course.id}/results")
    assert words(next(document.iter("h1"))) == "No results yet"
    assert "Nothing to count yet" in words(document)


def test_all_courses_stand_side_by_side(shop: World, owner: Colleague, course: Course) -> None:
    sow(shop, course)
    rows = table(page(owner, "/results"), 0)
    assert rows[1] == [course.title, "742", "0", "453", "61", f"{course.lessons[2].title}: 108"]
    assert rows[2][1:] == ["0", "0", "0", "–", ""]


def test_a_spreadsheet_gets_every_number_and_no_formula(
    shop: World, owner: Colleague, course: Course
) -> None:
    sow(shop, course)
    with shop.installation.database.write() as session:
        first = RevisionLesson.lesson_id == course.lessons[1].id
        session.execute(update(RevisionLesson).where(first).values(title="=cmd|' /C calc'!A0"))
    answer = owner.get(f"/courses/{course.id}/results.csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == f'attachment; filename="{course.slug}-results.csv"'
    rows = list(csv.DictReader(StringIO(answer.text, newline="")))
    assert len(rows) == WEEKS * len(RECEIVED)
    assert sum(int(row["received"]) for row in rows) == sum(RECEIVED)
    assert {row["title"] for row in rows if row["lesson"] == "1"} == {"'=cmd|' /C calc'!A0"}


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@sum", "\tx", "\rx"])
def test_no_text_is_taken_for_a_formula(cell: str) -> None:
    assert safe(cell) == f"'{cell}"
    assert as_csv(["a"], [[cell]]).startswith("a\r\n")


def test_a_negative_number_stays_a_number() -> None:
    assert as_csv(["stopped"], [[-3]]) == "stopped\r\n-3\r\n"


@pytest.mark.parametrize(
    ("crowd", "said"),
    [
        (Crowd(), "No results yet"),
        (Crowd(5), "Nobody has come to the end yet"),
        (Crowd(5, 2, 1), "So far 67 in 100 finish this course"),
        (Crowd(10, 6, 4), "60 in 100 finish this course"),
        (Crowd(3, 0, 3), "0 in 100 finish this course"),
    ],
)
def test_what_is_found(crowd: Crowd, said: str) -> None:
    assert finding(crowd) == said


def test_bars_stay_within_their_drawing_whatever_the_numbers() -> None:
    steps = [
        Step("a", 0, "A", Numbers(received=10, clicked=4, stopped=2)),
        Step("b", 1, "B", Numbers(received=0, clicked=3, stopped=-2)),
        Step("c", 2, "C", Numbers(received=5, clicked=9, stopped=9)),
        Step("d", None, "taken out", Numbers()),
    ]
    drawn = bars(steps, steps[2])
    assert [(one.whole, one.clicked, one.stays, one.much) for one in drawn] == [
        (78.0, 40.0, 80.0, False),
        (0.0, 100.0, 100.0, False),
        (39.0, 100.0, 0.0, True),
    ]


def test_counting_clicks_is_switched_in_the_settings(shop: World, owner: Colleague, course: Course) -> None:
    form = document_fromstring(owner.get(f"/courses/{course.id}/settings").text).forms[-1]
    fields = {name: value for name, value in form.form_values() if name != "form_token"}
    assert fields["clicks"] == "leave"
    for choice, tracked in (("count", True), ("leave", False)):
        answer = owner.post(f"/courses/{course.id}/settings", **{**fields, "clicks": choice})
        assert answer.status_code == 303
        with shop.installation.database.read() as session:
            assert session.get_one(Course, course.id).tracks_clicks is tracked
    with shop.installation.database.read() as session:
        assert {one.address[:8] for one in session.scalars(select(Link))} <= {"https://"}
