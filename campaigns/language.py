"""Which language a text is in, and that language's words: for reading, splitting and wording.

The word lists are those of stopwordsiso. py3langid is asked only where they do not settle it: it takes
longer to load than everything else an article needs.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from functools import cache
from itertools import pairwise

# The languages whose generated words and notices the product knows by itself.
KNOWN = ("en", "de", "fr", "es", "pt", "it", "nl")

# Written without spaces between words: reading time is counted in characters.
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uac00-\ud7af]")
_RIGHT_TO_LEFT = frozenset({"ar", "dv", "fa", "he", "ku", "ps", "ur", "yi"})
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_SAMPLE = 6000

# Words that point back at what was said before: a sentence that opens with one cannot stand alone.
# A closed class; no maintained package lists it, so it is held to stopwordsiso's list (`anaphora`).
_POINTING_BACK = {
    "en": "this that these those it its he she they them his her hers their theirs him such here there thus "
    "therefore hence so then but and or yet however nevertheless nonetheless moreover furthermore "
    "also besides instead otherwise similarly likewise still both neither either another others same "
    "because which too again accordingly consequently meanwhile second third",
    "de": "dies diese dieser dieses diesem diesen jene jener jenes jenem jenen er sie es ihm ihn ihnen ihr "
    "ihre ihrem ihren ihrer ihres sein seine seinem seinen seiner seines das der die dem den deren "
    "dessen denen derselbe dieselbe dasselbe solche solcher solches solchem solchen so da dabei "
    "dadurch dafür dagegen daher dahin damit danach daneben dann daran darauf daraus darin darum "
    "darunter darüber davon davor dazu deshalb deswegen doch jedoch aber und oder auch trotzdem hier "
    "dort ebenso sondern denn beide also allerdings",
    "fr": "ce cet cette ces ceci cela celui celle ceux celles il elle ils elles lui leur leurs eux son sa "
    "ses le la les y en ici là ainsi donc alors mais et ou car puis cependant toutefois néanmoins "
    "aussi enfin tel telle tels telles autre autres même mêmes c",
    "es": "este esta estos estas esto ese esa esos esas eso aquel aquella aquellos aquellas aquello él ella "
    "ellos ellas ello su sus le les lo aquí ahí allí así entonces pero y o además también sin embargo "
    "luego pues tal otro otra otros otras mismo misma mismos mismas ambos tampoco",
    "pt": "este esta estes estas isto esse essa esses essas isso aquele aquela aqueles aquelas aquilo ele "
    "ela eles elas lhe lhes seu sua seus suas dele dela deles delas desse dessa deste desta aqui ali "
    "aí lá assim então mas e ou contudo portanto além também logo pois tal outro outra outros outras "
    "mesmo mesma mesmos mesmas ambos ambas",
    "it": "questo questa questi queste quello quella quelli quelle quel ciò essi esse egli ella lui lei "
    "loro suo sua suoi sue gli le ne ci qui qua là così allora ma e o però tuttavia dunque quindi "
    "perciò inoltre anche poi infatti tale tali altro altri altre stesso stessa stessi stesse "
    "entrambi",
    "nl": "dit dat deze die het hij zij ze hem haar hen hun zijn er hier daar daarom daardoor daarin daarna "
    "daarop daaruit dus dan maar en of echter toch ook bovendien zo zulke zulk beide beiden ander "
    "andere eveneens evenwel derhalve vervolgens",
}

# Where the article stands before everything ("the", "die", "il"), it may open a sentence that stands alone.
_ALSO_ARTICLES = {
    "de": frozenset({"das", "der", "die", "dem", "den"}),
    "fr": frozenset({"le", "la", "les"}),
    "es": frozenset({"lo"}),
    "it": frozenset({"gli", "le"}),
    "nl": frozenset({"het"}),
}


def words_of(text: str) -> list[str]:
    return _WORD.findall(text)


def unspaced_characters(text: str) -> int:
    """How many characters of `text` belong to scripts written without spaces (Chinese, Japanese, Korean)."""
    return len(_UNSPACED.findall(text))


def is_unspaced(text: str) -> bool:
    """Whether Chinese, Japanese or Korean characters make up the better part of `text`."""
    return unspaced_characters(text) * 2 > sum(not character.isspace() for character in text)


def direction(language: str) -> str:
    """The `dir` attribute of a text in `language`: "rtl" or "ltr"."""
    return "rtl" if language in _RIGHT_TO_LEFT else "ltr"


@cache
def stop_words(language: str) -> frozenset[str]:
    """The stop words of stopwordsiso, in lower case; empty for a language it does not know."""
    import stopwordsiso

    if not stopwordsiso.has_lang(language):
        return frozenset()
    return frozenset(word.casefold() for word in stopwordsiso.stopwords(language))


@cache
def anaphora(language: str) -> frozenset[str]:
    """The words that, at the head of a sentence, point back at an earlier one. Empty for languages not in
    KNOWN."""
    pointing = frozenset(_POINTING_BACK.get(language, "").split())
    return (pointing & stop_words(language)) - _ALSO_ARTICLES.get(language, frozenset())


def columns(text: str) -> float:
    """The width of `text`; a wide character (Chinese, Japanese, Korean) takes 2.2 columns."""
    if text.isascii():
        return len(text)
    wide = sum(n for character, n in Counter(text).items() if unicodedata.east_asian_width(character) in "WF")
    return len(text) + 1.2 * wide


def fits(text: str, most: float) -> bool:
    """Whether `text` takes no more than `most` columns; quick also where it is as long as a book."""
    return len(text) <= most and columns(text) <= most


def count_words(text: str) -> int:
    """Words between spaces; in scripts without spaces every character is counted as one, as word
    processors do."""
    return sum(
        any(c.isalnum() for c in token) for token in _UNSPACED.sub(" ", text).split()
    ) + unspaced_characters(text)


def content_words(text: str, language: str) -> list[str]:
    """The words that carry meaning, in lower case, in their order. For unspaced scripts pairs of
    characters."""
    if is_unspaced(text):
        characters = _UNSPACED.findall(text)
        return [first + second for first, second in pairwise(characters)]
    stop = stop_words(language)
    folded = (word.casefold().replace("’", "'") for word in words_of(text))
    return [word for word in folded if word not in stop and len(word) > 1]


def normal(tag: str | None) -> str | None:
    """`de-AT`, `de_AT` and `DE` are all `de`; None where the tag names no language."""
    match = re.match(r"\s*([A-Za-z]{2,3})(?![A-Za-z])", tag or "")
    return match[1].lower() if match else None


def detect(text: str, declared: str | None = None) -> str:
    """The language of `text`. What the source declares holds unless the words plainly say another:
    many sites serve every page under their theme's language."""
    sample = text[:_SAMPLE]
    claimed = normal(declared)
    by_words = _by_stop_words(sample, lead=1.4 if claimed else 1.15)
    if by_words or claimed:
        return by_words or claimed or "en"
    if not any(character.isalpha() for character in sample):
        return "en"
    return _by_script(sample) or _by_model(sample)


def _by_stop_words(text: str, lead: float) -> str | None:
    """The language whose short stop words are the most frequent, by a factor of `lead`; None where none
    leads."""
    words = [word.casefold() for word in words_of(text)]
    if len(words) < 25:
        return None
    shares = sorted(
        (
            (sum(word in short for word in words) / len(words), language)
            for language, short in _short_words().items()
        ),
        reverse=True,
    )
    (best, language), (second, _) = shares[0], shares[1]
    return language if best >= 0.25 and best >= lead * second else None


@cache
def _short_words() -> dict[str, frozenset[str]]:
    """Function words are short; the longer stop words of some lists are ordinary nouns and verbs."""
    import stopwordsiso

    return {
        language: frozenset(word for word in stop_words(language) if len(word) <= 5)
        for language in stopwordsiso.langs()
    }


def _by_script(text: str) -> str | None:
    """Scripts that one language owns, so that the model need not be loaded."""
    if re.search(r"[\u3040-\u30ff]", text) and is_unspaced(text):
        return "ja"
    if len(re.findall(r"[\uac00-\ud7af]", text)) * 2 > unspaced_characters(text) > 0 and is_unspaced(text):
        return "ko"
    return None


def _by_model(text: str) -> str:
    import py3langid

    code = str(py3langid.classify(text)[0])
    return "ar" if code in ("ary", "arz") else code
