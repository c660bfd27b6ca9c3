"""Readers' pages in five languages: nothing left in English, and nothing of a sentence lost."""

import re
from collections.abc import Iterator
from html import unescape
from importlib.resources import files
from pathlib import Path

import pytest
from babel.messages import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po
from reading_room import World, speak
from starlette.testclient import TestClient

from campaigns.models import Question
from campaigns.questions import answer
from courseletter.errors import InvalidInput
from courseletter.web.problems import told
from courseletter.web.speech import speech
from subscribers.models import ConsentEntry, Subscriber
from templates.languages import LANGUAGES, preferred, spoken

ROOT = Path(__file__).parents[2]
KEYWORDS = {**DEFAULT_KEYWORDS, "marked": None, "say": None, "count": (1, 2)}  # as in the Makefile
OTHERS = [language for language in LANGUAGES if language != "en"]
GAP = re.compile(r"%\(\w+\)s|</?\w+")


def translations(language: str) -> Catalog:
    with (files("templates") / "pages" / "languages" / f"{language}.po").open("rb") as source:
        return read_po(source, locale=language)


def said() -> Iterator[str | tuple[str, str]]:
    """Every message of the pages, as `make languages` finds them."""
    with (ROOT / "templates/pages/languages/babel.cfg").open() as mapping:
        methods, options = parse_mapping_cfg(mapping)
    for folder in ("courseletter/web", "templates/pages"):
        found = extract_from_dir(str(ROOT / folder), *_below(folder, methods, options), keywords=KEYWORDS)
        for _file, _line, message, _comments, _context in found:
            yield message


def _below(folder: str, methods: list, options: dict) -> tuple[list, dict]:
    """The mapping as seen from a folder, so that no other has to be walked."""
    beginning = f"{folder}/"
    return (
        [(where.removeprefix(beginning), how) for where, how in methods if where.startswith(beginning)],
        {where.removeprefix(beginning): what for where, what in options.items()},
    )


@pytest.mark.parametrize("language", OTHERS)
def test_a_language_is_complete(language: str) -> None:
    written = {
        tuple(one.id) if isinstance(one.id, list | tuple) else one.id: one.string
        for one in translations(language)
        if one.id
    }
    expected = set(said())
    assert len(expected) > 150
    assert set(written) == expected, "run `make languages` and translate what is new"
    for message, translated in written.items():
        forms = [translated] if isinstance(translated, str) else translated
        many = message if isinstance(message, str) else message[-1]
        assert all(forms), f"{message} is not translated"
        assert sorted(GAP.findall(forms[-1])) == sorted(GAP.findall(many)), message


@pytest.mark.parametrize(
    ("language", "phrases"),
    [
        ("de", ["Den Kurs beginnen", "Einmal in der Woche (Donnerstag) um 8:00\xa0Uhr", "Lissabon ("]),
        ("fr", ["Commencer le cours", "Le lundi", "Lisbonne (9:12 maintenant)"]),
        ("es", ["Empezar el curso", "Los lunes a las 18:00", "Europa"]),
        ("ar", ["ابدأ الدورة", "أيام الاثنين في الساعة 18:00", "لشبونة (الساعة الآن 9:12)"]),
    ],
)
def test_a_course_is_offered_in_its_language(here: World, language: str, phrases: list[str]) -> None:
    speak(here, language)
    page = here.browser().get("/c/quiet-nights").text
    assert f'<html lang="{language}" dir="{"rtl" if language == "ar" else "ltr"}">' in page
    for phrase in phrases:
        assert phrase in page


@pytest.mark.parametrize("language", OTHERS)
def test_the_ledger_holds_the_words_that_were_shown(here: World, language: str) -> None:
    speak(here, language)
    here.sign_up()
    here.confirm()
    here.browser().post(here.leave_path())
    asked, confirmed, left = here.all(ConsentEntry)
    spoken_here = speech(language)
    assert spoken_here.say("Start the course") in asked.wording
    assert spoken_here.say("Yes, start the course") in confirmed.wording
    assert left.wording == spoken_here.say("Leave the course")


def test_a_problem_is_told_in_the_readers_language(here: World) -> None:
    speak(here, "fr")
    page = here.browser().post("/c/quiet-nights", data={"email": "ana@example", "zone": "Mars/Olympus"})
    assert page.status_code == 422
    assert "Il manque la fin, par exemple « .com »." in page.text
    assert "Choisissez dans la liste." in page.text
    assert "2 points à corriger" in page.text


WRONG_ADDRESSES = (
    *("", "ana@example", "ana", "@example.org", "ana..b@example.org", ".ana@example.org"),
    *("ana@example.org.", "a na@example.org", "ana@exa mple.org"),
)


@pytest.mark.parametrize("language", OTHERS)
def test_what_is_wrong_with_an_address_is_told_exactly(here: World, language: str) -> None:
    """In the very words of the language, and not only that something is: no two of them alike."""
    speak(here, language)
    said_here = set()
    for address in WRONG_ADDRESSES:
        page = here.browser().post("/c/quiet-nights", data=here.form(email=address))
        assert page.status_code == 422, address
        (problem,) = re.findall(r'class="problem" id="email-problem">.*?<span>(.*?)</span>', page.text, re.S)
        assert not re.search(r"\b(the|must|cannot)\b", problem), problem
        said_here.add(problem)
    assert len(said_here) == len(WRONG_ADDRESSES)


@pytest.mark.parametrize("language", OTHERS)
def test_each_mistake_on_the_pages_is_told_exactly(here: World, language: str) -> None:
    speak(here, language)
    here.sign_up()
    here.confirm()
    mistakes = [
        ("pace", {"pace": "soon"}, "There is no such pace. Choose one of these."),
        ("pace", {"hour": "5000"}, "No day has this hour. Choose one from the list."),
        ("pace", {"day": "9"}, "No week has this day. Choose one from the list."),
        ("pause", {"until": "soon"}, "This is no day. Write it like 2026-12-01."),
        ("pause", {"until": "2026-01-01"}, "This day has passed. Choose one from tomorrow on."),
        ("pause", {"until": "2036-01-01"}, "Choose a day within two years, or leave it empty."),
    ]
    for path, typed, english in mistakes:
        page = here.browser().post(here.learn_path(path), data=typed)
        assert page.status_code == 422, english
        assert speech(language).say(english) in unescape(page.text), english
        assert english not in page.text


@pytest.mark.parametrize(
    ("choices", "english"),
    [(["yes", "no"], "Choose one of the answers."), ([], "Write an answer, in 2000 characters at most.")],
)
def test_what_is_wrong_with_an_answer_is_told_exactly(here: World, choices: list[str], english: str) -> None:
    question = Question(id=1, lesson_id="les_1", text="And you?", choices=choices)
    with here.installation.database.read() as session, pytest.raises(InvalidInput) as refused:
        answer(session, question, Subscriber(id=1), " ", here.clock.now())
    for language in OTHERS:
        spoken_here = speech(language)
        assert told(refused.value, spoken_here, "answer").text == spoken_here.say(english)
        assert spoken_here.say(english) != english


def test_a_broken_link_is_explained_in_the_browsers_language(here: World) -> None:
    asked = {"accept-language": "de-AT,de;q=0.9,en;q=0.5"}
    page = TestClient(here.app, headers=asked).get("/learn/nonsense")
    assert page.status_code == 404
    assert "Hier ist keine Seite" in page.text


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        ("de-AT,de;q=0.9,en;q=0.5", "de"),
        ("ja,fr;q=0.3,es;q=0.8", "es"),
        ("", "en"),
        ("*", "en"),
        ("zz;q=x, ;;;", "en"),
        ("fr;q=" + "9" * 400, "fr"),
    ],
)
def test_a_browsers_wish_is_read_calmly(asked: str, answer: str) -> None:
    assert preferred(asked) == answer


def test_languages_that_are_near_are_served_by_ours() -> None:
    asked = ("de-CH", "fr_CA", "ES", "ar-EG", "he", "")
    assert [spoken(one) for one in asked] == ["de", "fr", "es", "ar", "en", "en"]


@pytest.mark.parametrize(
    ("number", "told"),
    [(1, "درس واحد"), (2, "درسان"), (7, "7 دروس"), (12, "12 درسًا"), (100, "100 درس")],
)
def test_arabic_counts_in_its_own_way(number: int, told: str) -> None:
    assert speech("ar").words.ngettext("One lesson", "%(num)s lessons", number) % {"num": number} == told
