"""Titles, subjects, preheaders, recaps and teasers."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns import teasers, wording
from campaigns.language import KNOWN, columns


@pytest.mark.parametrize(
    ("text", "most", "clipped"),
    [
        ("Short enough", 60, "Short enough"),
        (
            "The science of rest: why it matters, and what to do about it tonight",
            60,
            "The science of rest: why it matters…",
        ),
        (
            "A title without any clause that goes on for very much too long indeed",
            60,
            "A title without any clause that goes on for very much…",
        ),
        (
            "It ends on a word that nobody would ever want to stop at: the",
            58,
            "It ends on a word that nobody would ever want to stop at…",
        ),
        ("Donaudampfschifffahrtsgesellschaftskapitän", 20, "Donaudampfschifffah…"),
        ("睡眠は毎日の生活の質を決める大切な時間であり続けます", 30, "睡眠は毎日の生活の質を決め…"),
    ],
)
def test_texts_are_clipped_at_a_clause(text: str, most: int, clipped: str) -> None:
    assert wording.clip(text, most) == clipped


@given(st.text(max_size=200), st.integers(10, 120))
def test_no_clipped_text_is_wider_than_allowed(text: str, most: int) -> None:
    assert columns(wording.clip(text, most)) <= most + 1


def test_subjects_are_numbered_and_fit() -> None:
    assert wording.subject(2, 12, "Central sensitisation") == "2/12: Central sensitisation"
    long = wording.subject(
        12, 12, "A rather long heading, as one finds them, in articles on everything there is"
    )
    assert long == "12/12: A rather long heading, as one finds them…"
    assert columns(long) <= 60


@pytest.mark.parametrize(
    "fragment",
    [
        "Find out from where the new people of your project come",
        "(Those who come once are people with a small number of changes.",
        "[…] as the notion of the new people hid the new people from sight.",
        "as people of the project are new people of a project, they come.",
        'New people of the project said to the people: "the project is new to people.',
    ],
)
def test_a_recap_is_a_whole_sentence(fragment: str) -> None:
    whole = "New people find the project by a friend."
    assert wording.recap([fragment, fragment, whole], "en") == whole


@pytest.mark.parametrize(("language", "title"), [("ar", "أهلًا بك"), ("he", "ברוכים הבאים")])
def test_languages_written_from_right_to_left_have_words_of_their_own(language: str, title: str) -> None:
    assert wording.phrases(language).welcome == title
    now = wording.welcome_preheader([1.0, 2.0], language)
    assert not re.search("[A-Za-z]", wording.shown(now))
    before = wording.welcome_preheader([1.0] * 3, language, weekly=False)
    assert wording.recounted(before, [1.0, 2.0], language, weekly=True) == now


def test_merged_titles() -> None:
    assert wording.lesson_title(["A", "B"], "en") == "A · B"
    assert wording.lesson_title(
        ["A long heading that fills the whole line very well", "Another one"], "de"
    ) == ("A long heading that fills the whole line very well (und 1 mehr)")


PAIN = [
    "This is the part that tends to land as obvious. Pain is not simply the readout of tissue damage. It "
    "is an output.",
    "Brains decide.",
]


def test_a_preheader_stands_alone_and_says_more_than_the_title() -> None:
    assert (
        wording.preheader(PAIN, "Pain is produced by the brain", "en")
        == "Pain is not simply the readout of tissue damage."
    )
    repeating = [
        "Central sensitisation is what the central system does. Normal touch can become painful after a "
        "while of it."
    ]
    assert (
        wording.preheader(repeating, "Central sensitisation", "en")
        == "Normal touch can become painful after a while of it."
    )


def test_a_short_first_sentence_is_filled_up_with_the_next() -> None:
    text = ["Walking helps nearly everyone alive. The effect begins after some ten minutes of it."]
    assert (
        wording.preheader(text, "Movement", "en")
        == "Walking helps nearly everyone alive. The effect begins after some ten minutes of it."
    )


@pytest.mark.parametrize(
    ("language", "text", "chosen"),
    [
        (
            "de",
            "Dies ist nur der Anfang von allem. Der Schlaf vertieft sich erst nach der zweiten Stunde.",
            "Der Schlaf",
        ),
        (
            "fr",
            "Cela semble évident à tout le monde. Le sommeil devient profond après la deuxième heure.",
            "Le sommeil",
        ),
        (
            "es",
            "Esto parece evidente para todo el mundo. El sueño se vuelve profundo después de dos horas.",
            "El sueño",
        ),
        (
            "pt",
            "Isto parece evidente para todo o mundo. O sono torna-se profundo depois da segunda hora.",
            "O sono",
        ),
        (
            "it",
            "Questo sembra evidente a tutti quanti noi. Il sonno diventa profondo dopo la seconda ora.",
            "Il sonno",
        ),
        (
            "nl",
            "Dit lijkt voor iedereen heel erg duidelijk. De slaap wordt dieper na het tweede uur ervan.",
            "De slaap",
        ),
    ],
)
def test_sentences_that_point_back_open_no_preheader(language: str, text: str, chosen: str) -> None:
    assert wording.preheader([text], "Nacht", language).startswith(chosen)


def test_a_preheader_is_found_in_any_text() -> None:
    assert wording.preheader([], "A", "en") == ""
    assert wording.preheader(["No."], "A", "en") == "No."
    assert wording.preheader(["It is this."], "A", "en") == "It is this."
    japanese = ["睡眠は毎日の生活の質を決める大切な時間です。早く寝ることから始めましょう。"]
    assert wording.preheader(japanese, "夜", "ja") == "睡眠は毎日の生活の質を決める大切な時間です。"


def test_the_recap_is_the_most_central_sentence() -> None:
    lesson = [
        "Sleep pressure builds through the waking day. Did you know that? It builds through the day and "
        "the sleep pressure.",
        "Caffeine hides the sleep pressure from a waking brain for hours. Cats are unrelated to any of "
        "these matters here.",
    ]
    assert wording.recap(lesson, "en") == "Sleep pressure builds through the waking day."
    assert (
        wording.recap(["Too short.", "Is this a question about the sleep and its pressure in the day?"], "en")
        == ""
    )


def test_a_teaser_is_the_next_title_and_its_first_sentence() -> None:
    assert wording.teaser("Sleep", ["It begins at dusk. And ends."]) == "Sleep: It begins at dusk."
    assert wording.teaser("Why sleep?", ["It begins at dusk."]) == "Why sleep? It begins at dusk."
    assert wording.teaser("What helps:", ["It begins at dusk."]) == "What helps: It begins at dusk."
    assert wording.teaser("Sleep", []) == "Sleep"


@pytest.mark.parametrize(
    "title", ["Sleep", "Why sleep?", "Sleep!", "What helps:", "眠るとは？", "And so on…"]
)
@pytest.mark.parametrize(("text", "said"), [(["It begins at dusk."], "It begins at dusk."), ([], "")])
def test_below_the_title_a_mail_shows_what_a_made_teaser_says_behind_it(
    title: str, text: list[str], said: str
) -> None:
    assert teasers.behind_title(wording.teaser(title, text), title) == said


@pytest.mark.parametrize("own", ["Sleep follows the light.", "Tomorrow: why we sleep?", ""])
def test_an_authors_own_teaser_is_shown_whole(own: str) -> None:
    assert teasers.behind_title(own, "Sleep") == own


@pytest.mark.parametrize(
    ("minutes", "text"),
    [
        (
            [0.9, 0.76, 0.64, 1.45, 0.67],
            "5 short lessons, about a minute each. Lesson 1 arrives tomorrow, then one a week.",
        ),
        ([2.2, 1.8], "2 short lessons, about 2 minutes each. Lesson 1 arrives tomorrow, then one a week."),
        ([0.6, 3.4], "2 short lessons, 1 to 3 minutes each. Lesson 1 arrives tomorrow, then one a week."),
        ([1.0], "One short lesson, about a minute. It arrives tomorrow."),
    ],
)
def test_the_welcomes_preheader_is_true(minutes: list[float], text: str) -> None:
    assert wording.shown(wording.welcome_preheader(minutes, "en")) == text


@pytest.mark.parametrize("language", [*KNOWN, "sv"])
def test_generated_words_exist_in_every_known_language(language: str) -> None:
    from templates.dialect import problems

    text = wording.welcome_preheader([1, 1, 1], language)
    assert "{{ lesson.next_when | default('" in text
    assert problems(text) == []
    assert "{" not in wording.shown(text)
    assert columns(wording.shown(text)) <= 100
    assert wording.part_title("T", 1, 2, language).startswith("T (")
    assert (wording.phrases(language) is wording.phrases("en")) == (language in ("en", "sv"))


def test_shown_undoes_what_literal_does() -> None:
    assert wording.literal("a {{ b }}") == "a \\{{ b }}"
    assert wording.shown(wording.literal("a {{ b | default('c') }}")) == "a {{ b | default('c') }}"
