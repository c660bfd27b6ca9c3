"""The end of a course: a certificate for who has finished, and answers that are kept once a person."""

import re
from html import unescape
from xml.etree import ElementTree

import pytest
from reading_room import World, speak
from sqlalchemy import select

from campaigns import questions
from campaigns.models import Answer, Course, Lesson, Question
from subscribers.models import Subscriber

LES_1, LES_2, LES_3 = "les_0000000001", "les_0000000002", "les_0000000003"


def text_of(html: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html)))


def ask(world: World, *choices: str, right: str = "", lesson: str = LES_2) -> None:
    with world.installation.database.write() as session:
        row = session.get_one(Lesson, lesson)
        questions.ask(session, row, "What will you dim first?", choices, right, world.clock.now())


def give_certificates(world: World) -> None:
    with world.installation.database.write() as session:
        session.get_one(Course, "crs_0000000001").certificate = True


@pytest.fixture
def reader(world: World) -> World:
    world.sign_up()
    world.confirm()
    world.receive(3)
    return world


@pytest.fixture
def finished(here: World) -> World:
    here.sign_up()
    here.confirm()
    here.receive(6)
    give_certificates(here)
    return here


def test_an_answer_in_words_is_kept_once_and_a_second_one_replaces_it(reader: World) -> None:
    ask(reader)
    path = reader.learn_path(f"lessons/{LES_2}")
    assert "What will you dim first?" in reader.browser().get(path).text
    for said in ("The lamp\r\nby the bed <b>", "The hall"):
        page = reader.browser().post(path + "/answer", data={"answer": said}).text
        assert "Your answer is kept." in page
        assert "<b>" not in page
    assert [one.text for one in reader.all(Answer)] == ["The hall"]
    assert "The hall</textarea>" in reader.browser().get(path).text


def test_a_quiz_tells_what_is_right_after_the_answer_only(reader: World) -> None:
    ask(reader, "The lamp", "The screen", right="The screen")
    path = reader.learn_path(f"lessons/{LES_2}")
    assert "The right one" not in reader.browser().get(path).text
    wrong = reader.browser().post(path + "/answer", data={"answer": "The lamp"})
    assert "The right one: The screen" in text_of(wrong.text)
    right = reader.browser().post(path + "/answer", data={"answer": "The screen"})
    assert "It is right." in right.text
    with reader.installation.database.read() as session:
        (found,) = questions.answers(session, session.get_one(Course, "crs_0000000001"), 5)
    assert (found.people, found.counts) == (1, {"The lamp": 0, "The screen": 1})


@pytest.mark.parametrize(
    ("choices", "answer"),
    [
        *(((), answer) for answer in ("", "   ", "x" * 2001, "a\x00b")),
        *((("The lamp", "The screen"), answer) for answer in ("", "The moon", "the lamp")),
    ],
)
def test_what_is_no_answer_is_422_and_stores_nothing(
    reader: World, choices: tuple[str, ...], answer: str
) -> None:
    ask(reader, *choices)
    page = reader.browser().post(reader.learn_path(f"lessons/{LES_2}/answer"), data={"answer": answer})
    assert page.status_code == 422
    assert 'id="answer-problem"' in page.text
    assert reader.all(Answer) == []


def test_a_question_is_answered_by_who_has_had_its_lesson(reader: World) -> None:
    ask(reader, lesson=LES_3)
    answer = {"answer": "Early"}
    assert reader.browser().post(reader.learn_path(f"lessons/{LES_3}/answer"), data=answer).status_code == 404
    assert reader.browser().post(reader.learn_path(f"lessons/{LES_1}/answer"), data=answer).status_code == 404
    assert reader.all(Answer) == []


def test_r18_answers_go_with_their_person(reader: World) -> None:
    ask(reader)
    reader.browser().post(reader.learn_path(f"lessons/{LES_2}/answer"), data={"answer": "The lamp"})
    known = reader.browser().get(reader.learn_path("data/download")).json()
    assert [one["answer"] for one in known["answers"]] == ["The lamp"]
    reader.browser().post(reader.learn_path("data/erase"), data={"address": "ana.pereira@example.org"})
    assert reader.all(Answer) == []
    assert len(reader.all(Question)) == 1


def test_who_has_finished_gets_a_certificate(finished: World) -> None:
    assert "Your certificate" in finished.browser().get(finished.learn_path()).text
    page = finished.browser().get(finished.learn_path("certificate")).text
    for said in ("Certificate", "Ana", "has finished the course", "5 lessons", "3 December 2026"):
        assert said in text_of(page)
    picture = finished.browser().get(finished.learn_path("certificate.svg") + "?name=Ana+Pereira")
    assert picture.headers["content-type"].startswith("image/svg+xml")
    assert picture.headers["content-disposition"].startswith("attachment")
    words = [one.text for one in ElementTree.fromstring(picture.text).iter() if one.text]
    assert "Ana Pereira" in words
    pdf = finished.browser().get(finished.learn_path("certificate.pdf"))
    assert pdf.headers["content-type"] == "application/pdf"
    assert pdf.content.startswith(b"%PDF-")
    assert len(pdf.content) < 60_000, "the font's own letters alone"
    assert pdf.content == finished.browser().get(finished.learn_path("certificate.pdf")).content


@pytest.mark.parametrize(
    ("name", "pdf"),
    [("Łukasz Żółć", True), ("Ирина", True), ("علي حسن", False), ("山田", False), ("Zoë " * 24, True)],
)
def test_any_name_is_drawn_and_the_pdf_is_offered_where_its_font_has_the_letters(
    finished: World, name: str, pdf: bool
) -> None:
    page = finished.browser().get(finished.learn_path("certificate"), params={"name": name})
    assert page.status_code == 200
    assert name.strip() in unescape(page.text)
    assert ("Download as PDF" in page.text) is pdf
    answer = finished.browser().get(finished.learn_path("certificate.pdf"), params={"name": name})
    assert answer.status_code == (200 if pdf else 404)


@pytest.mark.parametrize("name", ["a\nb", "a\x00", "x" * 101, "=?utf-8?q?a=0D=0Ab?="])
def test_a_name_that_is_none_is_422(finished: World, name: str) -> None:
    page = finished.browser().get(finished.learn_path("certificate"), params={"name": name})
    assert page.status_code == 422
    assert 'id="name-problem"' in page.text
    svg = finished.browser().get(finished.learn_path("certificate.svg"), params={"name": name})
    assert svg.status_code == 422


def test_a_name_with_markup_stays_text(finished: World) -> None:
    name = {"name": '<script>alert(1)</script> & "x"'}
    for page in ("certificate", "certificate.svg"):
        assert "<script" not in finished.browser().get(finished.learn_path(page), params=name).text


def test_no_certificate_before_the_end_or_where_the_course_gives_none(reader: World) -> None:
    paths = [reader.learn_path(page) for page in ("certificate", "certificate.svg", "certificate.pdf")]
    assert {reader.browser().get(path).status_code for path in paths} == {404}
    give_certificates(reader)
    assert {reader.browser().get(path).status_code for path in paths} == {404}
    reader.receive(3)
    assert {reader.browser().get(path).status_code for path in paths} == {200}
    assert reader.browser().get(reader.learn_path("certificate.exe")).status_code == 404


def test_who_gave_no_name_is_asked_for_one(finished: World) -> None:
    with finished.installation.database.write() as session:
        session.scalars(select(Subscriber)).one().first_name = ""
    page = finished.browser().get(finished.learn_path("certificate")).text
    assert "The name on it" in page
    assert "<svg xmlns" not in page
    assert finished.browser().get(finished.learn_path("certificate.svg")).status_code == 404


def test_a_certificate_speaks_the_courses_language(finished: World) -> None:
    speak(finished, "de", "Ruhige Nächte")
    page = text_of(finished.browser().get(finished.learn_path("certificate")).text)
    assert "hat den Kurs abgeschlossen" in page
    assert "3. Dezember 2026" in page
    speak(finished, "he", "לילות שקטים")
    page = finished.browser().get(finished.learn_path("certificate")).text
    assert 'direction="ltr"' in page, "as the words around the course's name run"
    assert ">לילות שקטים</text>" in page
    assert "Download as PDF" not in page
    speak(finished, "ar", "ليالٍ هادئة")
    page = finished.browser().get(finished.learn_path("certificate")).text
    assert 'direction="rtl"' in page
    assert ">أتمّ الدورة</text>" in page
    assert ">ليالٍ هادئة</text>" in page
    assert "تنزيل بصيغة PDF" not in page
