"""Which language a text is in, and its words."""

import pytest

from campaigns.language import (
    _POINTING_BACK,
    KNOWN,
    anaphora,
    content_words,
    count_words,
    detect,
    direction,
    stop_words,
)

TEXTS = {
    "en": "Most people do not know that sleep depends on many things, such as the light and the noise in "
    "the house at night, "
    "and what they could do about it is often simple.",
    "de": "Die meisten Menschen wissen nicht, dass der Schlaf von vielen Dingen abhängt, wie dem Licht "
    "und dem Lärm im Haus, "
    "und was sie dagegen tun können, ist oft einfach.",
    "fr": "La plupart des gens ne savent pas que le sommeil dépend de beaucoup de choses, comme la "
    "lumière et le bruit dans la "
    "maison, et ce qu'ils peuvent faire est souvent simple.",
    "es": "La mayoría de la gente no sabe que el sueño depende de muchas cosas, como la luz y el ruido "
    "que hay en la casa, y lo "
    "que pueden hacer es a menudo sencillo.",
    "pt": "A maioria das pessoas não sabe que o sono depende de muitas coisas, como a luz e o barulho "
    "que há em casa, e o que "
    "podem fazer é muitas vezes simples.",
    "it": "La maggior parte delle persone non sa che il sonno dipende da molte cose, come la luce e il "
    "rumore che c'è in casa, e "
    "quello che possono fare è spesso semplice.",
    "nl": "De meeste mensen weten niet dat de slaap van veel dingen afhangt, zoals het licht en het "
    "geluid in het huis, en wat ze "
    "eraan kunnen doen is vaak eenvoudig.",
    "sv": "De flesta människor vet inte att sömnen beror på många saker, som ljuset och det buller som "
    "finns i huset, och vad de "
    "kan göra åt det är ofta enkelt.",
    "ca": "La majoria de la gent no sap que el son depèn de moltes coses, com la llum i el soroll que hi "
    "ha a la casa, i el que hi "
    "poden fer és sovint senzill.",
    "ja": "多くの人は、睡眠が光や家の中の音など多くのことに左右されることを知りません。",
    "ko": "많은 사람들은 수면이 빛이나 집 안의 소음 같은 여러 가지에 달려 있다는 것을 모릅니다.",
    "zh": "大多数人不知道睡眠取决于许多因素，例如夜间房屋内的光线和噪音，而他们能做的事情往往很简单。",
}


@pytest.mark.parametrize("language", TEXTS)
def test_the_language_is_detected(language: str) -> None:
    assert detect(TEXTS[language]) == language


@pytest.mark.parametrize("declared", ["de", "de-AT", "DE_de", " de "])
def test_a_declared_language_holds_where_the_text_does_not_speak_against_it(declared: str) -> None:
    assert detect("Kurz.", declared) == "de"
    assert detect(TEXTS["de"], declared) == "de"


def test_a_declaration_that_is_plainly_wrong_does_not_hold() -> None:
    assert detect(TEXTS["de"], "en-US") == "de"


def test_a_text_without_letters_is_taken_for_english() -> None:
    assert detect("1 2 3") == "en"


@pytest.mark.parametrize("language", KNOWN)
def test_the_words_that_point_back_are_all_in_the_maintained_list(language: str) -> None:
    assert set(_POINTING_BACK[language].split()) <= stop_words(language)
    assert len(anaphora(language)) >= 20


def test_words_are_counted_between_spaces_and_characters_where_there_are_none() -> None:
    assert count_words("One – two, three's - 4!") == 4
    assert count_words("睡眠是好的") == 5
    assert count_words("用 Python 写") == 3


def test_content_words_leave_out_the_stop_words() -> None:
    assert content_words("The brain and the PAIN’s source", "en") == ["brain", "pain's", "source"]
    assert content_words("睡眠很好", "zh") == ["睡眠", "眠很", "很好"]
    assert stop_words("tlh") == frozenset()


def test_direction() -> None:
    assert (direction("he"), direction("ar"), direction("en")) == ("rtl", "rtl", "ltr")
