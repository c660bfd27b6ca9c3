"""An Article's sections to draft lessons: pure and deterministic, no language model.

Text before the first heading is the welcome. Every section is an atom; one that is too long falls into its
paragraphs. Of all ways to cut the row of atoms the cheapest is taken, found by dynamic programming
(`partition`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import ceil

from campaigns import wording
from campaigns.article import Article, Block, BlockKind, Section
from campaigns.language import count_words, unspaced_characters
from campaigns.reading import marking
from campaigns.reading.sentences import sentences
from courseletter.errors import InvalidInput
from templates.blocks import words_of
from templates.syntax import parse

WORDS_PER_MINUTE = 238
CHARACTERS_PER_MINUTE = 260
MOST_LESSONS = 30

_JOINED_SECTION = 0.4
_JOINED_SUBSECTION = 0.15
_STARTS_INSIDE = 0.5
_PROSE = (BlockKind.PARAGRAPH, BlockKind.QUOTE)
_SPEAKING = (*_PROSE, BlockKind.LIST)
_NEARLY = 1e-9
_HARDLY_OVER = 1.05


@dataclass(frozen=True, slots=True)
class SplitSettings:
    """How long lessons should be, in minutes of reading. Settings of the course."""

    target: float = 2.0
    minimum: float = 0.5
    maximum: float = 4.0

    def __post_init__(self) -> None:
        if not 0 < self.minimum <= self.target <= self.maximum <= 120:
            raise InvalidInput(
                "Lesson lengths must be in order: 0 < shortest <= target <= longest <= 120 minutes.",
                field="target",
            )


@dataclass(frozen=True, slots=True)
class DraftLesson:
    """A lesson as it is proposed. `title`, `subject`, `preheader`, `recap` and `teaser` are lines that may
    hold merge fields (`wording.shown` gives them without); `body` is Markdown of the lesson dialect and does
    not repeat a title that is a heading. `headings` are the source's own that begin in this lesson;
    `source_sections` the indices of the article's sections it is made of, empty for a generated welcome."""

    kind: str
    title: str
    title_generated: bool
    subject: str
    preheader: str
    recap: str
    teaser: str
    words: int
    minutes: float
    headings: tuple[str, ...]
    body: str
    source_sections: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Atom:
    """What is never cut: a whole section, or some paragraphs of one that is too long. `parents` are the
    sections it is a subsection of, nearest last; `opens` whether its section begins with it."""

    section: int
    blocks: tuple[Block, ...]
    minutes: float
    opens: bool
    parents: tuple[int, ...] = ()


def split(article: Article, settings: SplitSettings | None = None) -> tuple[DraftLesson, ...]:
    """The welcome and the lessons of `article`. Raises InvalidInput for an article without any text."""
    settings = settings or SplitSettings()
    sections = article.sections
    atoms = _atoms(sections, settings)
    headed = any(section.heading is not None for section in sections)
    opening: tuple[Atom, ...] = ()
    if headed:
        lead = [atom for atom in atoms if sections[atom.section].heading is None]
        opening = tuple(lead[: partition(lead, settings)[0]]) if lead else ()
        atoms = atoms[len(opening) :]
    if not any(atom.blocks for atom in (*opening, *atoms)):
        raise InvalidInput("The article has no text to make lessons of: bring back one of its parts.")
    groups = _groups(atoms, settings)
    if not groups:
        groups, opening = [opening], ()
    drafts = [_lesson(group, groups, sections, article) for group in groups]
    welcome = _welcome(opening, drafts, article)
    return _chained([welcome, *drafts], [opening, *groups], article.language)


def warnings(article: Article, drafts: Sequence[DraftLesson], settings: SplitSettings) -> list[str]:
    """What a person should look at before this becomes a course, a sentence each."""
    found = list(article.notes)
    for draft in drafts:
        if draft.minutes > settings.maximum * _HARDLY_OVER:
            found.append(
                f"“{wording.shown(draft.title)}” takes {draft.minutes:.1f} minutes, over the "
                f"{settings.maximum:g} of a lesson: shorten it in the article, or allow longer lessons."
            )
    count = sum(draft.kind == "lesson" for draft in drafts)
    if count > MOST_LESSONS:
        found.append(
            f"{count} lessons are more than most people finish: choose longer ones, or a part of the article."
        )
    return found


def partition(atoms: Sequence[Atom], settings: SplitSettings) -> list[int]:
    """The ends of the cheapest contiguous groups of `atoms`; of equally cheap ways the one that cuts earlier.

    `[2, 3]` for three atoms says: the first two together, the third alone.
    """
    count = len(atoms)
    best = [0.0] * (count + 1)
    choice = [count] * (count + 1)
    for start in range(count - 1, -1, -1):
        best[start] = float("inf")
        minutes, joins, held = 0.0, 0.0 if atoms[start].opens else _STARTS_INSIDE, set[int]()
        for end in range(start + 1, count + 1):
            atom = atoms[end - 1]
            minutes += atom.minutes
            joins += _join_cost(atom, held)
            held.add(atom.section)
            total = _length_cost(minutes, settings) + joins + best[end]
            if total < best[start] - _NEARLY:
                best[start], choice[start] = total, end
            # Far past the maximum every further atom only costs more.
            if minutes > 3 * settings.maximum and end > start + 1:
                break
    ends: list[int] = []
    while (ends[-1] if ends else 0) < count:
        ends.append(choice[ends[-1] if ends else 0])
    return ends


def _length_cost(minutes: float, settings: SplitSettings) -> float:
    """A little for missing the target, much for leaving the bounds."""
    cost = 0.05 * ((minutes - settings.target) / settings.target) ** 2
    if minutes < settings.minimum:
        cost += 4 * ((settings.minimum - minutes) / settings.minimum) ** 2
    if minutes > settings.maximum:
        cost += 4 * ((minutes - settings.maximum) / settings.maximum) ** 2
    return cost


def _join_cost(atom: Atom, held: set[int]) -> float:
    """What it costs to add `atom` to a lesson that holds the sections `held`."""
    if not held or atom.section in held:
        return 0.0
    return _JOINED_SUBSECTION if held & set(atom.parents) else _JOINED_SECTION


def reading_minutes(blocks: Sequence[Block]) -> float:
    """How long `blocks` take to read; what a picture shows does not count."""
    return minutes_to_read(" ".join(block.text for block in blocks if block.kind is not BlockKind.IMAGE))


def minutes_to_read(text: str) -> float:
    """238 words a minute, 260 characters of scripts without spaces."""
    characters = unspaced_characters(text)
    return (count_words(text) - characters) / WORDS_PER_MINUTE + characters / CHARACTERS_PER_MINUTE


def _atoms(sections: Sequence[Section], settings: SplitSettings) -> list[Atom]:
    atoms: list[Atom] = []
    headed = any(section.heading is not None for section in sections)
    for index, section in enumerate(sections):
        parents = _parents(sections, index)
        minutes = reading_minutes(section.blocks)
        if headed and minutes <= settings.maximum:
            atoms.append(Atom(index, section.blocks, minutes, True, parents))
            continue
        for number, blocks in enumerate(_inseparable(section.blocks, settings.maximum)):
            # Without any heading no cut is worse than another, so none is held against a lesson.
            opens = number == 0 or not headed
            atoms.append(Atom(index, blocks, reading_minutes(blocks), opens, parents))
    return atoms


def _parents(sections: Sequence[Section], index: int) -> tuple[int, ...]:
    level = sections[index].level
    found: list[int] = []
    for earlier in range(index - 1, -1, -1):
        if sections[earlier].heading is not None and sections[earlier].level < level:
            found.append(earlier)
            level = sections[earlier].level
    return tuple(reversed(found))


def _inseparable(blocks: Sequence[Block], most: float) -> list[tuple[Block, ...]]:
    """Blocks in groups that no cut may part: what ends in a colon and what it announces, a picture and its
    caption, a picture and the paragraph above it. A paragraph of over `most` minutes falls into parts."""
    groups: list[list[Block]] = []
    for block in (part for whole in blocks for part in _cut(whole, most)):
        last = groups[-1][-1] if groups else None
        bound = last is not None and (
            last.text.rstrip("*_\"'”’» ").endswith((":", "："))
            or block.kind in (BlockKind.CAPTION, BlockKind.IMAGE)
        )
        if bound:
            groups[-1].append(block)
        else:
            groups.append([block])
    return [tuple(group) for group in groups]


def _cut(block: Block, most: float) -> list[Block]:
    """A paragraph of over `most` minutes in parts of about equal length, each of whole sentences."""
    minutes = reading_minutes([block])
    if block.kind is not BlockKind.PARAGRAPH or minutes <= most:
        return [block]
    wanted = minutes / ceil(minutes / most)
    passed, parts = 0.0, dict[int, list[Block]]()
    for sentence in _whole_sentences(block.markdown):
        read = Block(block.kind, sentence, _plain(sentence))
        length = reading_minutes([read])
        # It belongs where its middle is.
        parts.setdefault(int((passed + length / 2) / wanted), []).append(read)
        passed += length
    return [
        Block(
            block.kind,
            marking.escape_line_start(" ".join(one.markdown for one in part)),
            " ".join(one.text for one in part),
        )
        for part in parts.values()
    ]


def _whole_sentences(markdown: str) -> Iterator[str]:
    """The sentences of a paragraph's Markdown; those that share a link or an emphasis stay together."""
    held = ""
    for sentence in sentences(markdown):
        held = f"{held} {sentence}".strip()
        bare = re.sub(r"\\.", "", held)
        strong = bare.count("**")
        even = all(number % 2 == 0 for number in (strong, bare.count("*") - 2 * strong, bare.count("`")))
        if even and bare.count("[") == bare.count("]"):
            yield held
            held = ""
    if held:
        yield held


def _plain(markdown: str) -> str:
    words = [word for token in parse(markdown) for word in words_of(token.children)]
    return "".join(" " if word.type.endswith("break") else word.content for word in words)


def _groups(atoms: Sequence[Atom], settings: SplitSettings) -> list[tuple[Atom, ...]]:
    starts = [0, *partition(atoms, settings)]
    return [tuple(atoms[start:end]) for start, end in pairwise(starts)]


def _lesson(
    group: Sequence[Atom], groups: Sequence[Sequence[Atom]], sections: Sequence[Section], article: Article
) -> DraftLesson:
    held = list(dict.fromkeys(atom.section for atom in group))
    top = [index for index in held if not set(_parents(sections, index)) & set(held)]
    telling = [index for index in top if not wording.names_nothing(sections[index].heading or "")] or top
    title, generated = _title(group, groups, telling, sections, article)
    begins = [atom.section for atom in group if atom.opens]
    headings = tuple(heading for index in begins if (heading := sections[index].heading) is not None)
    named = telling[0] if len(telling) == 1 and telling[0] == held[0] else None
    blocks = [block for atom in group for block in atom.blocks]
    return DraftLesson(
        kind="lesson",
        title=wording.literal(title),
        title_generated=generated,
        subject="",
        preheader=wording.literal(wording.preheader(_speech(blocks), title, article.language)),
        recap="",
        teaser="",
        words=_words(blocks),
        minutes=reading_minutes(blocks),
        headings=headings,
        body=_body(group, sections, named),
        source_sections=tuple(held),
    )


def _title(
    group: Sequence[Atom],
    groups: Sequence[Sequence[Atom]],
    top: Sequence[int],
    sections: Sequence[Section],
    article: Article,
) -> tuple[str, bool]:
    """The title and whether it is other than one of the source's headings."""
    language = article.language
    own = [heading for index in top if (heading := sections[index].heading) is not None]
    alone = wording.own_numbers([section.heading for section in sections if section.heading])
    names = [alone.get(heading, heading) for heading in own]
    if len(top) > 1 and names:
        title = wording.lesson_title(names, language) if len(names) > 1 else names[0]
        return title, title not in own
    over = [other for other in groups if any(atom.section == top[0] for atom in other)]
    title = names[0] if names else article.title
    if len(over) == 1:
        return title, title not in own
    number = next(place for place, other in enumerate(over, 1) if other[0] is group[0])
    return wording.part_title(title, number, len(over), language), True


def _welcome(opening: Sequence[Atom], drafts: Sequence[DraftLesson], article: Article) -> DraftLesson:
    """The article's own opening, or a sentence that says what this is."""
    words = wording.phrases(article.language)
    blocks = [block for atom in opening for block in atom.blocks]
    body = "\n\n".join(block.markdown for block in blocks)
    if not blocks:
        body = words.intro  # the mail itself lists the lessons
        blocks = [Block(BlockKind.PARAGRAPH, body, body)]
    return DraftLesson(
        kind="welcome",
        title=words.welcome,
        title_generated=True,
        subject=wording.literal(wording.clip(article.title, wording.SUBJECT_COLUMNS)),
        preheader=wording.welcome_preheader([draft.minutes for draft in drafts], article.language),
        recap="",
        teaser="",
        words=_words(blocks),
        minutes=reading_minutes(blocks),
        headings=(),
        body=body,
        source_sections=tuple(dict.fromkeys(atom.section for atom in opening)),
    )


def _words(blocks: Sequence[Block]) -> int:
    return sum(count_words(block.text) for block in blocks if block.kind is not BlockKind.IMAGE)


def _speech(blocks: Sequence[Block], kinds: Sequence[BlockKind] = _SPEAKING) -> list[str]:
    """The texts that sentences are chosen from; items of a list are apart, tables and code say no
    sentences."""
    return [
        line for block in blocks if block.kind in kinds for line in block.text.split("\n") if line.strip()
    ]


def _body(group: Sequence[Atom], sections: Sequence[Section], named: int | None) -> str:
    """The Markdown of a lesson. The heading that is its title is left out but for a link in it, the others
    begin at `##`."""
    shown = [
        atom.section
        for atom in group
        if atom.opens and atom.section != named and sections[atom.section].heading
    ]
    highest = min((sections[index].level for index in shown), default=2)
    parts: list[str] = []
    if named is not None and "](" in sections[named].markdown:
        parts.append(sections[named].markdown)  # the title cannot carry its link
    for atom in group:
        section = sections[atom.section]
        if atom.opens and atom.section in shown and section.heading is not None:
            depth = min(2 + section.level - highest, 4)
            linked = "](" in section.markdown
            parts.append(
                f"{'#' * depth} {section.markdown}" if linked else marking.heading(section.heading, depth)
            )
        parts += [block.markdown for block in atom.blocks]
    return "\n\n".join(parts)


def _chained(
    drafts: Sequence[DraftLesson], groups: Sequence[Sequence[Atom]], language: str
) -> tuple[DraftLesson, ...]:
    """The drafts with their numbers and with the sentences that lead from one to the next."""
    held = [[block for atom in group for block in atom.blocks] for group in groups]
    speech = [_speech(blocks) for blocks in held]
    prose = [_speech(blocks, _PROSE) for blocks in held]
    total = len(drafts) - 1
    chained = [drafts[0]]
    for number, draft in enumerate(drafts[1:], 1):
        subject = wording.literal(wording.subject(number, total, wording.shown(draft.title)))
        recap = wording.literal(wording.recap(prose[number - 1], language))
        chained.append(replace(draft, subject=subject, recap=recap))
    return tuple(
        replace(
            draft,
            teaser=wording.literal(wording.teaser(wording.shown(chained[place + 1].title), speech[place + 1]))
            if place < total
            else "",
        )
        for place, draft in enumerate(chained)
    )
