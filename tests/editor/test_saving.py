"""What the editor saves: the author's bytes wherever nothing was touched, and never what was not meant."""

import difflib
from collections import Counter

from editor_core import corpus, nonsense, run, specification

# Texts that read as markup when they are not escaped.
LOOKALIKES = [
    *(
        "::recap",
        ":::takeaway",
        ":::else",
        "::: else",
        "# x",
        "#",
        "#hash",
        "1. x",
        "1) x",
        "1.",
        "12345678901. x",
        "+ x",
    ),
    *(
        "- x",
        "+",
        "---",
        "===",
        "***",
        "* * *",
        "> x",
        "{{ subscriber.id }}",
        "{{ y }}",
        "{{{{ a",
        "a {button}",
        "{",
        "}}",
    ),
    *(
        "| a | b |",
        "a|b",
        "```",
        "~~~",
        "~~s~~",
        "<b>x</b>",
        "<!-- x -->",
        "<https://x>",
        "&amp; &copy; &",
        "\\",
        "a\\",
    ),
    *(
        "`",
        "*a* _b_ a_b_c __x__",
        "![x](y)",
        "[x]: y",
        "[x](y){button}",
        "!",
        "![",
        "x!",
        "http://a.b/c_d",
        "a  b",
        "%",
        "$",
    ),
    *("•", "“q”", "\u200f", "e\u0301"),
]


def stable(bodies: list[str]) -> None:
    for body, answers in zip(bodies, run("unchanged", bodies), strict=True):
        assert answers == [body, body]


def test_a_lesson_that_nobody_edited_keeps_every_byte() -> None:
    stable([*corpus(), "With\r\ntheir line ends\r\n", "\ufeffA mark\n"])


def test_so_do_the_examples_of_commonmark() -> None:
    stable(list(specification()))


def test_so_does_what_nobody_would_write() -> None:
    stable(list(nonsense()))


def test_one_word_changes_one_line() -> None:
    bodies = list(corpus())
    for body, answers in zip(bodies, run("words", bodies), strict=True):
        for saved in answers:
            assert saved is not None, body
            before, after = body.lstrip("\ufeff").split("\n"), saved["text"].split("\n")
            changed = [one for one in difflib.ndiff(before, after) if one[0] in "-+"]
            assert [one[0] for one in changed] == ["-", "+"], (body, changed)
            assert "Zebra" in changed[1]


def test_what_looks_like_markup_comes_back_as_it_was_typed() -> None:
    for text, places in zip(LOOKALIKES, run("typed", LOOKALIKES), strict=True):
        assert len(places) == 5
        for saved in places:
            assert saved == {"reach": 1, "same": True}, text


def test_wild_edits_are_saved_or_refused_and_undone_to_the_byte() -> None:
    jobs = [{"source": body, "seed": seed} for body in corpus() for seed in range(1, 41)]
    answers = run("wild", jobs)
    for job, answer in zip(jobs, answers, strict=True):
        assert answer["undone"] == job["source"]
    saved = Counter(one["edited"] is not None for one in answers if one["changed"])
    assert saved.total() > 500
    assert saved[False] <= saved.total() * 0.02, "refused: nothing is lost, but the person must undo"
