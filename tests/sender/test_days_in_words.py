"""The day of the next lesson, as each language writes it out."""

from datetime import date

import pytest

from sender.context import day_in_words


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "Thursday 26 November"),
        ("en-US", "Thursday, November 26"),
        ("de", "Donnerstag, 26. November"),
        ("fr", "jeudi 26 novembre"),
        ("es", "jueves, 26 de noviembre"),
        ("it", "giovedì 26 novembre"),
        ("nl", "donderdag 26 november"),
        ("ar", "الخميس، 26 نوفمبر"),
        ("he", "יום חמישי, 26 בנובמבר"),
        ("ru", "четверг, 26 ноября"),
        ("ja", "11月26日木曜日"),
        ("nonsense", "Thursday 26 November"),
    ],
)
def test_the_day_is_written_out_in_full(language, words):
    assert day_in_words(date(2026, 11, 26), language) == words
