"""The words around a lesson: title, subject, preheader, recap, teaser. Pure; `splitting` calls it.

What comes from the article is chosen from its own sentences; what is generated ("part 2 of 3") is in the
article's language where PHRASES has it, else in English.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from campaigns import teasers
from campaigns.language import anaphora, columns, content_words, count_words, fits, is_unspaced, words_of
from campaigns.reading.sentences import sentences

SUBJECT_COLUMNS = 60
PREHEADER_COLUMNS = (45, 100)
_TITLE_COLUMNS = 60
_TEASER_COLUMNS = 180
_RECAP_WORDS = (7, 32)
_RECAP_CHARACTERS = (14, 80)
_CLAUSE = re.compile(r"[,;:،؛、，；：]\s*|\s+[–—-]\s+|\s+\(")
_PLACE = re.compile(r"(?P<number>\d{1,4})/(?P<total>\d{1,4}): ")
_CLOSED = re.compile(r"[.!…。！।۔]+[\"'”’»›)\]」』”’）]*$")
_PAIRS = (("(", ")"), ("[", "]"), ("「", "」"), ("（", "）"))
_OWN_NUMBER = re.compile(r"#?(\d{1,3})[.):]\)?\s+(?=\S)|#(\d{1,3})\s+(?=\S)")
_APPARATUS = re.compile(
    r"(?:references|sources|notes|footnotes|bibliography|further reading|read more|resources|credits"
    r"|quellen(?:verzeichnis|angaben)?|literatur(?:verzeichnis)?|anmerkungen|einzelnachweise|fußnoten"
    r"|références|bibliographie|pour aller plus loin|referencias|fuentes|notas|bibliografía"
    r"|referências|fontes|riferimenti|fonti|note|bibliografia|bronnen|noten|verwijzingen"
    r"|المراجع|المصادر|מקורות|הערות|参考文献|参考资料|注釈)\W*",
    re.I,
)
_DEFAULT = re.compile(r"(?<!\\)\{\{[^{}|]*\|\s*default\((['\"])(.*?)\1\)\s*\}\}")


@dataclass(frozen=True, slots=True)
class Phrases:
    """The generated words of one language. `{{ ... }}` in `arrives` is filled with the true moment at
    sending."""

    welcome: str
    part: str
    more: str
    one_lesson: str
    lessons: str
    a_minute: str
    minutes: str
    minutes_range: str
    arrives: str
    weekly: str
    only_arrives: str
    intro: str


def _phrases(when: str, arrives: str, only: str, **rest: str) -> Phrases:
    field = "{{ lesson.next_when | default('" + when + "') }}"
    first, rhythm = arrives.split("@")
    return Phrases(arrives=first + field, weekly=rhythm, only_arrives=only.replace("@", field), **rest)


PHRASES = {
    "en": _phrases(
        "tomorrow",
        "Lesson 1 arrives @, then one a week.",
        "It arrives @.",
        welcome="Welcome",
        part="{title} (part {number} of {total})",
        more="{title} (and {count} more)",
        one_lesson="One short lesson,",
        lessons="{count} short lessons,",
        a_minute="about a minute",
        minutes="about {count} minutes",
        minutes_range="{low} to {high} minutes",
        intro="Welcome! This course comes to you one short lesson at a time.",
    ),
    "de": _phrases(
        "morgen",
        "Lektion 1 kommt @, dann jede Woche eine.",
        "Sie kommt @.",
        welcome="Willkommen",
        part="{title} (Teil {number} von {total})",
        more="{title} (und {count} mehr)",
        one_lesson="Eine kurze Lektion,",
        lessons="{count} kurze Lektionen,",
        a_minute="etwa eine Minute",
        minutes="etwa {count} Minuten",
        minutes_range="{low} bis {high} Minuten",
        intro="Willkommen! Dieser Kurs kommt in kurzen Lektionen zu Ihnen, eine nach der anderen.",
    ),
    "fr": _phrases(
        "demain",
        "La leçon 1 arrive @, puis une par semaine.",
        "Elle arrive @.",
        welcome="Bienvenue",
        part="{title} (partie {number} sur {total})",
        more="{title} (et {count} de plus)",
        one_lesson="Une leçon courte,",
        lessons="{count} leçons courtes,",
        a_minute="environ une minute",
        minutes="environ {count} minutes",
        minutes_range="de {low} à {high} minutes",
        intro="Bienvenue ! Ce cours vous arrive en leçons courtes, une à la fois.",
    ),
    "es": _phrases(
        "mañana",
        "La lección 1 llega @, después una por semana.",
        "Llega @.",
        welcome="Bienvenida",
        part="{title} (parte {number} de {total})",
        more="{title} (y {count} más)",
        one_lesson="Una lección breve,",
        lessons="{count} lecciones breves,",
        a_minute="cerca de un minuto",
        minutes="unos {count} minutos",
        minutes_range="de {low} a {high} minutos",
        intro="¡Te damos la bienvenida! Este curso te llega en lecciones breves, de una en una.",
    ),
    "pt": _phrases(
        "amanhã",
        "A lição 1 chega @, depois uma por semana.",
        "Chega @.",
        welcome="Boas-vindas",
        part="{title} (parte {number} de {total})",
        more="{title} (e mais {count})",
        one_lesson="Uma lição curta,",
        lessons="{count} lições curtas,",
        a_minute="cerca de um minuto",
        minutes="cerca de {count} minutos",
        minutes_range="de {low} a {high} minutos",
        intro="Boas-vindas! Este curso chega em lições curtas, uma de cada vez.",
    ),
    "it": _phrases(
        "domani",
        "La lezione 1 arriva @, poi una alla settimana.",
        "Arriva @.",
        welcome="Benvenuto",
        part="{title} (parte {number} di {total})",
        more="{title} (e altre {count})",
        one_lesson="Una breve lezione,",
        lessons="{count} brevi lezioni,",
        a_minute="circa un minuto",
        minutes="circa {count} minuti",
        minutes_range="da {low} a {high} minuti",
        intro="Ti diamo il benvenuto! Questo corso ti arriva in brevi lezioni, una alla volta.",
    ),
    "nl": _phrases(
        "morgen",
        "Les 1 komt @, daarna elke week een.",
        "Die komt @.",
        welcome="Welkom",
        part="{title} (deel {number} van {total})",
        more="{title} (en nog {count})",
        one_lesson="Eén korte les,",
        lessons="{count} korte lessen,",
        a_minute="ongeveer een minuut",
        minutes="ongeveer {count} minuten",
        minutes_range="{low} tot {high} minuten",
        intro="Welkom! Deze cursus komt in korte lessen naar je toe, één tegelijk.",
    ),
    "ar": _phrases(
        "غدًا",
        "يصل الدرس 1 @، ثم درس كل أسبوع.",
        "يصل @.",
        welcome="أهلًا بك",
        part="{title} (الجزء {number} من {total})",
        more="{title} (و{count} غيره)",
        one_lesson="درس قصير واحد،",
        lessons="عدد الدروس القصيرة {count}،",
        a_minute="نحو دقيقة",
        minutes="نحو {count} دقائق",
        minutes_range="من {low} إلى {high} دقائق",
        intro="أهلًا بك! تصلك هذه الدورة في دروس قصيرة، درسًا بعد درس.",
    ),
    "he": _phrases(
        "מחר",
        "שיעור 1 מגיע @, ואחריו שיעור בכל שבוע.",
        "הוא מגיע @.",
        welcome="ברוכים הבאים",
        part="{title} (חלק {number} מתוך {total})",
        more="{title} (ועוד {count})",
        one_lesson="שיעור קצר אחד,",
        lessons="{count} שיעורים קצרים,",
        a_minute="כדקה",
        minutes="כ-{count} דקות",
        minutes_range="{low} עד {high} דקות",
        intro="ברוכים הבאים! הקורס מגיע בשיעורים קצרים, אחד בכל פעם.",
    ),
}
# "each" behind the minutes, where there is more than one lesson.
_EACH = {
    "en": "{} each.",
    "de": "je {}.",
    "fr": "{} chacune.",
    "es": "{} cada una.",
    "pt": "{} cada.",
    "it": "{} ciascuna.",
    "nl": "elk {}.",
    "ar": "{} لكل درس.",
    "he": "{} כל אחד.",
}


def phrases(language: str) -> Phrases:
    return PHRASES.get(language, PHRASES["en"])


def literal(text: str) -> str:
    """Text of the article as a title, subject or preheader may hold it: no merge field can arise from it."""
    return text.replace("{{", "\\{{")


def shown(text: str) -> str:
    """A title, subject or preheader as a reader without a name or a date would see it: fields as their
    defaults."""
    filled = _DEFAULT.sub(lambda match: match[2], text)
    return filled.replace("\\{{", "{{")


def clip(text: str, most: float, least: float | None = None) -> str:
    """`text` in at most `most` columns: cut after its last whole clause of at least `least` columns (by
    default two fifths of `most`), else after a word, and marked with "…"."""
    text = " ".join(text.split())
    if fits(text, most):
        return text
    least = 0.4 * most if least is None else least
    room = most - 1
    clauses = [text[: match.start()] for match in _CLAUSE.finditer(text, 0, 2 * int(most))]
    fitting = [clause for clause in clauses if least <= columns(clause) <= room]
    if fitting:
        return fitting[-1].rstrip() + "…"
    cut = ""
    for character in text:
        if columns(cut + character) > room:
            break
        cut += character
    if not is_unspaced(text) and " " in cut and not text[len(cut)].isspace():
        cut = cut.rpartition(" ")[0]
    # "... and the" is no place to stop: small words at the end go with what they led to.
    cut = re.sub(r"(?:\s+[^\W\d_A-Z]{1,3})+$", "", cut) or cut
    return cut.rstrip(" ,;:–—-(") + "…"


def lesson_title(headings: Sequence[str], language: str) -> str:
    """The title of a lesson made of several sections: "A · B", or "A (and 2 more)" where that is too long."""
    joined = " · ".join(headings)
    if fits(joined, _TITLE_COLUMNS):
        return joined
    return phrases(language).more.format(title=headings[0], count=len(headings) - 1)


def own_numbers(headings: Sequence[str]) -> dict[str, str]:
    """The headings that count from 1 on ("1. Start", "2) Go on"), each with its text alone: a lesson has its
    own number. A lone "2. Weltkrieg" counts nothing."""
    numbered = [(heading, match) for heading in headings if (match := _OWN_NUMBER.match(heading))]
    numbers = [int(match[1] or match[2]) for _, match in numbered]
    if len(numbers) < 2 or numbers != list(range(1, len(numbers) + 1)):
        return {}
    return {heading: heading[match.end() :] for heading, match in numbered}


def names_nothing(heading: str) -> bool:
    """Whether a heading is one that any article ends with: "References", "Sources"."""
    return _APPARATUS.fullmatch(heading.strip()) is not None


def part_title(title: str, number: int, total: int, language: str) -> str:
    return phrases(language).part.format(title=title, number=number, total=total)


def subject(number: int, total: int, title: str) -> str:
    prefix = f"{number}/{total}: "
    return prefix + clip(title, SUBJECT_COLUMNS - len(prefix))


def renumbered(lines: Sequence[tuple[str, str]]) -> list[str]:
    """The subjects of a course's lessons, given in order as (subject, title), each generated "2/5: " as the
    place it has now. One is generated where the title follows, or where another subject counts to 5 too:
    "9/11: What happened" stays what it is."""
    places = [_PLACE.match(line) for line, _ in lines]
    totals = Counter(place["total"] for place in places if place)
    result = []
    for number, ((line, title), place) in enumerate(zip(lines, places, strict=True), 1):
        if place is None or not 0 < int(place["number"]) <= int(place["total"]):
            result.append(line)
        elif line == literal(subject(int(place["number"]), int(place["total"]), shown(title))):
            result.append(literal(subject(number, len(lines), shown(title))))
        elif totals[place["total"]] > 1:
            result.append(f"{number}/{len(lines)}: {line[place.end() :]}")
        else:
            result.append(line)
    return result


def unnumbered(subject: str) -> str:
    """A subject without the “2/5: ” at its beginning."""
    return _PLACE.sub("", subject, count=1) if _PLACE.match(subject) else subject


def preheader(text: Sequence[str], title: str, language: str) -> str:
    """The first sentence that says more than the title and can stand alone, 45 to 100 columns; "" without
    any.
    `text` holds the lesson's blocks."""
    least, most = PREHEADER_COLUMNS
    spoken = [sentence for block in text for sentence in sentences(block)]
    order = [index for index, sentence in enumerate(spoken) if _can_open(sentence, title, language)]
    start = order[0] if order else next((i for i, s in enumerate(spoken) if _long_enough(s)), None)
    if start is None:
        start = 0 if spoken else None
    if start is None:
        return ""
    chosen = spoken[start]
    for following in spoken[start + 1 :]:
        if columns(chosen) >= least:
            break
        chosen += following if is_unspaced(chosen) else f" {following}"
    return clip(chosen, most, least)


def recap(text: Sequence[str], language: str) -> str:
    """The most central sentence of a lesson: the one whose content words are the lesson's most frequent
    ones."""
    frequency = Counter(word for block in text for word in content_words(block, language))
    best, best_weight = "", 0.0
    for block in text:
        for sentence in sentences(block):
            terms = content_words(sentence, language)
            if len(set(terms)) < 3 or not _can_be_recapped(sentence, language):
                continue
            weight = sum(frequency[term] for term in terms) / len(terms)
            if weight > best_weight:
                best, best_weight = sentence, weight
    return best


def teaser(title: str, text: Sequence[str]) -> str:
    """The next lesson's title and its first sentence."""
    first = next((sentence for block in text for sentence in sentences(block)), "")
    if not first:
        return title
    return teasers.joined(title, clip(first, max(60.0, _TEASER_COLUMNS - columns(title))))


def welcome_preheader(minutes: Sequence[float], language: str, *, weekly: bool = True) -> str:
    """How many lessons come, how long they take, when the first one does, and, where it is so, that one
    comes a week. `minutes` of each lesson, unrounded."""
    words = phrases(language)
    low, high = (max(1, round(value)) for value in (min(minutes), max(minutes)))
    if low != high:
        length = words.minutes_range.format(low=low, high=high)
    else:
        length = words.a_minute if high == 1 else words.minutes.format(count=high)
    if len(minutes) == 1:
        return f"{words.one_lesson} {length}. {words.only_arrives}"
    each = _EACH.get(language, _EACH["en"]).format(length)
    arrives = words.arrives + (words.weekly if weekly else ".")
    return f"{words.lessons.format(count=len(minutes))} {each} {arrives}"


def recounted(preheader: str, minutes: Sequence[float], language: str, *, weekly: bool) -> str:
    """A generated preheader of the welcome, made anew where it tells another number of lessons or another
    rhythm; one that a person wrote stays."""
    words = phrases(language)
    counted = re.escape(words.lessons).replace(re.escape("{count}"), r"\d+")
    many = rf"(?P<count>{counted}) .+ (?P<when>{re.escape(words.arrives)}(?:{re.escape(words.weekly)}|\.))"
    one = rf"(?P<count>{re.escape(words.one_lesson)}) .+ (?P<when>{re.escape(words.only_arrives)})"
    fresh = welcome_preheader(minutes, language, weekly=weekly)
    told, now = (re.fullmatch(many, text) or re.fullmatch(one, text) for text in (preheader, fresh))
    if told is None or now is None or told.group("count", "when") == now.group("count", "when"):
        return preheader
    return fresh


def _long_enough(sentence: str) -> bool:
    return len(sentence) >= 12 if is_unspaced(sentence) else count_words(sentence) >= 5


def _points_back(sentence: str, language: str) -> bool:
    first = next(iter(words_of(sentence)), "").casefold().replace("’", "'")
    pointing = anaphora(language)
    # "it's", "c'est": the word before the apostrophe is the one that points.
    return first in pointing or first.partition("'")[0] in pointing


def _can_open(sentence: str, title: str, language: str) -> bool:
    if not _long_enough(sentence) or _points_back(sentence, language) or sentence.endswith((":", "：")):
        return False
    named = set(content_words(title, language))
    if len(named) < 2:
        return sentence.rstrip(".!?…。！？").casefold() != title.rstrip(".!?…。！？").casefold()
    return len(named & set(content_words(sentence, language))) < 2 / 3 * len(named)


def _can_be_recapped(sentence: str, language: str) -> bool:
    least, most = _RECAP_CHARACTERS if is_unspaced(sentence) else _RECAP_WORDS
    length = len(sentence) if is_unspaced(sentence) else count_words(sentence)
    asks_or_leads = sentence.rstrip("\"'”’»›)]」』").endswith(("?", "？", "؟", ":", "："))
    return (
        least <= length <= most
        and not asks_or_leads
        and not _points_back(sentence, language)
        and _is_whole(sentence)
    )


def _is_whole(sentence: str) -> bool:
    """Whether it is a sentence from end to end: no item of a list, no part of a quotation or an aside."""
    opening = sentence.lstrip("\"'“„‘«‹»›「『¿¡")
    return (
        _CLOSED.search(sentence) is not None
        and opening[:1].isalnum()
        and not opening[:1].islower()
        and all(sentence.count(first) == sentence.count(last) for first, last in _PAIRS)
        and sentence.count('"') % 2 == 0
    )
