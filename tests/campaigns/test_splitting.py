"""Sections to lessons: nothing lost, nothing reordered, nothing cut where it must not be, and the cheapest
way found."""

import re
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaigns.article import Article, Block, BlockKind, Piece, Role
from campaigns.splitting import Atom, SplitSettings, partition, reading_minutes, split, warnings
from courseletter.errors import InvalidInput

P, H = BlockKind.PARAGRAPH, BlockKind.HEADING


def words(count: int, end: str = ".") -> str:
    return " ".join(["word"] * count) + end


def block(text: str, kind: BlockKind = P) -> Block:
    return Block(kind, text, text)


def heading(text: str, level: int = 2) -> Piece:
    return Piece(block(text, H), Role.HEADING, 0.9, "test", level)


def body(text: str, kind: BlockKind = P) -> Piece:
    return Piece(block(text, kind), Role.BODY)


def article(*pieces: Piece, title: str = "A title", language: str = "en") -> Article:
    return Article(title, language, pieces)


def test_the_opening_is_the_welcome_and_each_section_a_lesson() -> None:
    made = article(
        body("An opening of a few words."), heading("One"), body(words(300)), heading("Two"), body(words(400))
    )
    welcome, one, two = split(made)
    assert (welcome.kind, welcome.title, welcome.subject) == ("welcome", "Welcome", "A title")
    assert welcome.body == "An opening of a few words."
    assert [(d.kind, d.title, d.title_generated, d.subject) for d in (one, two)] == [
        ("lesson", "One", False, "1/2: One"),
        ("lesson", "Two", False, "2/2: Two"),
    ]
    assert [d.words for d in (one, two)] == [300, 400]
    assert one.minutes == pytest.approx(300 / 238)
    assert one.headings == ("One",)
    assert one.body == words(300)
    assert [d.source_sections for d in (welcome, one, two)] == [(0,), (1,), (2,)]


def titles(*headings: str) -> list[str]:
    made = article(*(piece for name in headings for piece in (heading(name), body(words(300)))))
    return [draft.title for draft in split(made)[1:]]


def test_a_lesson_has_its_own_number_and_not_that_of_the_heading() -> None:
    assert titles("1. Start small", "Why", "2) Forgive yourself") == [
        "Start small",
        "Why",
        "Forgive yourself",
    ]
    assert titles("#1 Start", "#2 Go on") == ["Start", "Go on"]
    made = article(heading("1. Start"), body(words(300)), heading("2. Go"), body(words(300)))
    assert [(d.subject, d.headings, d.title_generated) for d in split(made)[1:]] == [
        ("1/2: Start", ("1. Start",), True),
        ("2/2: Go", ("2. Go",), True),
    ]


@pytest.mark.parametrize(
    "headings",
    [("3. Oktober 1990", "2. Weltkrieg"), ("2. Weltkrieg", "Danach"), ("Step 1: A", "Step 2: B")],
)
def test_a_number_that_says_something_stays(headings: tuple[str, ...]) -> None:
    assert titles(*headings) == list(headings)


def test_what_any_article_ends_with_names_no_lesson() -> None:
    short = [heading("References"), body(words(20)), heading("Read more"), body(words(20))]
    (_, lesson) = split(article(heading("Conclusion"), body(words(150)), *short))
    assert (lesson.title, lesson.title_generated) == ("Conclusion", False)
    assert lesson.body.startswith("word")
    assert "## References\n\nword" in lesson.body
    assert titles("Sources") == ["Sources"]


LONG = [f"Sentence {number} says that one small step a day is enough for anybody." for number in range(250)]


def test_a_paragraph_that_is_too_long_is_cut_between_its_sentences() -> None:
    made = article(heading("One"), body(" ".join(LONG)))
    drafts = split(made)[1:]
    assert [draft.title for draft in drafts][:1] == [f"One (part 1 of {len(drafts)})"]
    assert all(1 < draft.minutes <= 4 for draft in drafts)
    assert " ".join(draft.body.replace("\n\n", " ") for draft in drafts) == " ".join(LONG)
    assert warnings(made, split(made), SplitSettings()) == []


def test_no_cut_goes_through_a_link_or_an_emphasis() -> None:
    start, end = LONG[:100], LONG[200:]
    strong, link = " ".join(LONG[100:150]), " ".join(LONG[150:200])
    marked = f"{' '.join(start)} **{strong}** [{link}](https://a.example) {' '.join(end)}"
    text = " ".join(LONG)
    made = article(heading("One"), Piece(Block(P, marked, text), Role.BODY))
    parts = [part for draft in split(made)[1:] for part in draft.body.split("\n\n")]
    assert len(parts) > 1
    assert " ".join(parts) == marked
    assert all(part.count("**") in (0, 2) and part.count("[") == part.count("](") for part in parts)


def test_what_no_cut_can_shorten_is_warned_of() -> None:
    made = article(heading("One"), body(words(1200)))
    (found,) = warnings(made, split(made), SplitSettings())
    assert found.startswith("“One” takes 5.0 minutes, over the 4 of a lesson")
    many = article(*(piece for _ in range(31) for piece in (heading("Part"), body(words(400)))))
    assert warnings(many, split(many), SplitSettings()) == [
        "31 lessons are more than most people finish: choose longer ones, or a part of the article."
    ]


def test_short_sections_are_joined_and_keep_their_headings() -> None:
    made = article(
        *(piece for name in ("Bread", "Butter", "Tea") for piece in (heading(name), body(words(50))))
    )
    (_, lesson) = split(made)
    assert lesson.title == "Bread · Butter · Tea"
    assert lesson.title_generated
    assert lesson.headings == ("Bread", "Butter", "Tea")
    assert lesson.body.startswith("## Bread\n\nword")
    assert "## Tea" in lesson.body


def test_a_joined_title_that_is_too_long_counts_the_rest() -> None:
    names = ("The first of several rather long headings", "The second of them", "And the third one")
    made = article(*(piece for name in names for piece in (heading(name), body(words(40)))))
    assert split(made)[1].title == "The first of several rather long headings (and 2 more)"


def test_subsections_go_with_their_parent_under_its_title() -> None:
    made = article(
        *(
            heading("Parent"),
            body(words(60)),
            heading("Child", 3),
            body(words(60)),
            heading("Child two", 3),
            body(words(60)),
        ),
        *(heading("Next"), body(words(200))),
    )
    (_, first, second) = split(made)
    assert (first.title, first.title_generated, first.headings) == (
        "Parent",
        False,
        ("Parent", "Child", "Child two"),
    )
    assert "## Child\n" in first.body
    assert "Parent" not in first.body
    assert second.title == "Next"


def test_a_long_section_is_cut_at_paragraphs_into_numbered_parts() -> None:
    made = article(heading("Long"), *(body(words(120)) for _ in range(12)))
    (_, *parts) = split(made)
    assert [part.title for part in parts] == [
        f"Long (part {n} of {len(parts)})" for n in range(1, len(parts) + 1)
    ]
    assert len(parts) == 2
    assert [part.headings for part in parts] == [("Long",), ()]
    assert all(part.title_generated for part in parts)
    assert sum(part.words for part in parts) == 1440


def test_parts_are_counted_in_the_articles_language() -> None:
    made = article(heading("Lang"), *(body(words(200)) for _ in range(8)), language="de")
    assert split(made)[1].title.startswith("Lang (Teil 1 von ")


def test_an_article_without_headings_is_partitioned_under_a_generated_welcome() -> None:
    made = article(*(body(words(238)) for _ in range(8)))
    (welcome, *lessons) = split(made)
    assert [round(d.minutes) for d in lessons] == [2, 2, 2, 2]
    assert [d.title for d in lessons] == [f"A title (part {n} of 4)" for n in range(1, 5)]
    assert welcome.body == "Welcome! This course comes to you one short lesson at a time."
    assert welcome.source_sections == ()


def test_an_article_without_opening_text_gets_a_welcome_that_lists_no_lessons() -> None:
    made = article(heading("One *star*"), body(words(300)), heading("Two"), body(words(300)), language="fr")
    welcome = split(made)[0]
    assert welcome.title == "Bienvenue"
    # The mail lists what comes by itself, once.
    assert welcome.body == "Bienvenue ! Ce cours vous arrive en leçons courtes, une à la fois."


def test_an_opening_that_is_too_long_goes_on_in_the_lessons() -> None:
    made = article(*(body(words(200)) for _ in range(10)), heading("One"), body(words(400)))
    drafts = split(made)
    assert drafts[0].minutes < 4.5
    assert drafts[0].kind == "welcome"
    assert sum(d.words for d in drafts) == 2400
    assert drafts[-1].title == "One"


def test_chinese_is_timed_by_characters() -> None:
    assert reading_minutes([block("字" * 260)]) == pytest.approx(1)
    assert reading_minutes([block("字" * 130 + " " + words(119))]) == pytest.approx(1)


def test_a_heading_that_ends_in_hash_marks_keeps_them() -> None:
    made = article(heading("Why C #"), body(words(40)), heading("F ##"), body(words(40)))
    assert "## Why C \\#\n" in split(made)[1].body
    assert "## F \\##\n" in split(made)[1].body


def test_merge_fields_in_a_source_stay_text_everywhere() -> None:
    made = article(
        heading("Use {{ name }} here"), body("The {{ name }} of the thing is what matters to us all.")
    )
    (welcome, lesson) = split(made)
    assert lesson.title == "Use \\{{ name }} here"
    assert lesson.subject == "1/1: Use \\{{ name }} here"
    assert lesson.preheader.startswith("The \\{{ name }}")
    assert "\\{{ name }}" in welcome.teaser


def test_an_article_that_lost_all_its_text_is_refused() -> None:
    with pytest.raises(InvalidInput, match="bring back"):
        split(article(heading("One"), Piece(block("x"), Role.DROPPED)))
    with pytest.raises(InvalidInput):
        split(article())


@pytest.mark.parametrize(
    "values", [(0, 0.5, 4), (2, 3, 4), (5, 1, 4), (2, 0, 4), (2, 1, 1000), (float("nan"), 1, 2)]
)
def test_impossible_lengths_are_refused(values: tuple[float, float, float]) -> None:
    with pytest.raises(InvalidInput, match="in order"):
        SplitSettings(*values)


LENGTHS = st.integers(1, 500)
PIECES = st.lists(
    st.one_of(
        st.builds(heading, st.sampled_from(["One", "Two", "Three or more", "{{ x }}"]), st.integers(1, 4)),
        st.builds(lambda n, end: body(words(n, end)), LENGTHS, st.sampled_from([".", ":", "?", ""])),
        st.builds(lambda n: body(words(n), BlockKind.LIST), LENGTHS),
        st.just(body("A caption", BlockKind.CAPTION)),
    ),
    min_size=1,
    max_size=25,
)


@given(PIECES)
@settings(max_examples=150, deadline=None)
def test_every_block_is_in_exactly_one_lesson_in_its_order(pieces: list[Piece]) -> None:
    numbered = []
    for number, piece in enumerate(pieces):
        unique = f"{piece.block.markdown}<{number}>"
        numbered.append(
            Piece(Block(piece.block.kind, unique, piece.block.text), piece.role, level=piece.level)
        )
    made = article(*numbered)
    blocks = [piece.block.markdown for piece in numbered if piece.role is Role.BODY]
    if not blocks:
        with pytest.raises(InvalidInput):
            split(made)
        return
    drafts = split(made)
    whole = "\n\n".join(draft.body for draft in drafts)
    places = [whole.find(markdown) for markdown in blocks]
    assert -1 not in places
    assert places == sorted(places)
    assert all(whole.count(markdown) == 1 for markdown in blocks)
    assert [d.subject.partition(":")[0] for d in drafts[1:]] == [
        f"{n}/{len(drafts) - 1}" for n in range(1, len(drafts))
    ]
    found = [name for draft in drafts for name in draft.headings]
    assert found == [section.heading for section in made.sections if section.heading is not None]


@given(PIECES)
@settings(max_examples=150, deadline=None)
def test_no_lesson_ends_where_more_is_announced(pieces: list[Piece]) -> None:
    sections: list[list[Piece]] = [[]]
    for piece in pieces:
        if piece.role is Role.HEADING:
            sections.append([])
        else:
            sections[-1].append(piece)
    ends_section = {id(section[-1]) for section in sections if section}
    numbered = [
        Piece(Block(p.block.kind, f"{p.block.markdown}<{i}>", p.block.text), p.role, level=p.level)
        for i, p in enumerate(pieces)
    ]
    if not any(piece.role is Role.BODY for piece in numbered):
        return
    for draft in split(article(*numbered)):
        if announced := re.search(r":<(\d+)>$", draft.body):
            assert id(pieces[int(announced[1])]) in ends_section


@given(PIECES)
@settings(max_examples=30, deadline=None)
def test_the_same_article_gives_the_same_lessons(pieces: list[Piece]) -> None:
    made = article(body("An opening."), *pieces)
    assert split(made) == split(Article.from_dict(made.to_dict()))


ATOMS = st.lists(
    st.tuples(st.integers(0, 36).map(lambda n: n / 4), st.booleans(), st.booleans()), min_size=1, max_size=9
)


@given(ATOMS)
@settings(deadline=None)
def test_no_other_way_to_cut_is_cheaper(drawn: list[tuple[float, bool, bool]]) -> None:
    atoms: list[Atom] = []
    for number, (minutes, same, child) in enumerate(drawn):
        inside = same and number > 0
        section = atoms[-1].section if inside else number
        parents = (atoms[-1].section,) if child and atoms and not inside else ()
        atoms.append(Atom(section, (), minutes, not inside, parents))
    target, least, most = 2.0, 0.5, 4.0

    def lesson_cost(group: list[Atom]) -> float:
        minutes = sum(atom.minutes for atom in group)
        cost = 0.05 * ((minutes - target) / target) ** 2 + (0 if group[0].opens else 0.5)
        cost += 4 * (max(0, least - minutes) / least) ** 2 + 4 * (max(0, minutes - most) / most) ** 2
        for place, atom in enumerate(group):
            before = {earlier.section for earlier in group[:place]}
            if before and atom.section not in before:
                cost += 0.15 if before & set(atom.parents) else 0.4
        return cost

    def cost(ends: list[int]) -> float:
        return sum(lesson_cost(atoms[start:end]) for start, end in zip([0, *ends[:-1]], ends, strict=True))

    count = len(atoms)
    ways = [[*cuts, count] for size in range(count) for cuts in combinations(range(1, count), size)]
    cheapest = min(cost(way) for way in ways)
    chosen = partition(atoms, SplitSettings(target, least, most))
    assert cost(chosen) == pytest.approx(cheapest)
    # Of equally cheap ways the one that cuts earlier.
    assert chosen == min(way for way in ways if cost(way) <= cheapest + 1e-9)
