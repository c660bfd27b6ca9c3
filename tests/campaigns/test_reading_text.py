"""Plain text: which lines are headings, how paragraphs are put together, what of a copied page goes."""

import textwrap

import pytest

from campaigns.article import Article, BlockKind, Role
from campaigns.reading import read_bytes
from campaigns.reading.pictures import is_alternative_text

ENGLISH = (
    "Every morning begins with the same ten minutes, and that is the whole secret of what follows in the day."
)
LANGUAGES = {
    "de": (
        "Besser schlafen",
        ["Der Abend zählt", "Licht und Dunkelheit", "Was am Morgen hilft"],
        "Wer jeden Abend um dieselbe Zeit ins Bett geht, der schläft nach einigen Wochen deutlich "
        "schneller ein als früher.",
    ),
    "fr": (
        "Mieux dormir",
        ["Le soir compte", "Lumière et obscurité", "Ce qui aide le matin"],
        "Celui qui se couche chaque soir à la même heure s'endort, après quelques semaines, bien plus "
        "vite que dans le passé.",
    ),
    "es": (
        "Dormir mejor",
        ["La noche cuenta", "Luz y oscuridad", "Lo que ayuda por la mañana"],
        "Quien se acuesta todas las noches a la misma hora se duerme, después de unas semanas, mucho más "
        "rápido que antes.",
    ),
    "pt": (
        "Dormir melhor",
        ["A noite conta", "Luz e escuridão", "O que ajuda de manhã"],
        "Quem se deita todas as noites à mesma hora adormece, depois de algumas semanas, muito mais "
        "depressa do que antes.",
    ),
    "it": (
        "Dormire meglio",
        ["La sera conta", "Luce e buio", "Che cosa aiuta al mattino"],
        "Chi va a letto ogni sera alla stessa ora si addormenta, dopo alcune settimane, molto più in "
        "fretta di quanto facesse prima.",
    ),
    "nl": (
        "Beter slapen",
        ["De avond telt", "Licht en donker", "Wat in de ochtend helpt"],
        "Wie elke avond op dezelfde tijd naar bed gaat, valt na een paar weken een stuk sneller in slaap "
        "dan vroeger het geval was.",
    ),
    "zh": (
        "如何睡得更好",
        ["夜晚很重要", "光与黑暗", "早晨有什么帮助"],
        "每天晚上在同一时间上床睡觉的人，几个星期之后入睡的速度会比以前快得多，早晨醒来的时候也会感到更加清醒。",
    ),
    "ja": (
        "よりよく眠るために",
        ["夜が大切", "光と闇", "朝に役立つこと"],
        "毎晩同じ時間に床につく人は、数週間もすると以前よりもずっと早く眠りにつけるようになり、朝の目覚めもよくなります。",
    ),
    "ar": (
        "نوم أفضل",
        ["المساء مهم", "الضوء والظلام", "ما الذي يساعد في الصباح"],
        "من يذهب إلى الفراش كل ليلة في الوقت نفسه ينام بعد بضعة أسابيع أسرع بكثير مما كان عليه من قبل، "
        "ويستيقظ في الصباح نشيطا.",
    ),
    "he": (
        "לישון טוב יותר",
        ["הערב חשוב", "אור וחושך", "מה עוזר בבוקר"],
        "מי שהולך לישון כל ערב באותה שעה נרדם אחרי כמה שבועות הרבה יותר מהר מאשר בעבר, וגם מתעורר בבוקר "
        "ערני יותר מאי פעם.",
    ),
    "ru": (
        "Как лучше спать",
        ["Вечер важен", "Свет и темнота", "Что помогает утром"],
        "Кто каждый вечер ложится спать в одно и то же время, тот через несколько недель засыпает "
        "гораздо быстрее, чем раньше.",
    ),
}


def of(text: str, name: str = "a.txt") -> Article:
    return read_bytes(text.encode(), name, "text")


def headings(article: Article) -> list[str]:
    return [section.heading for section in article.sections if section.heading]


def dropped(article: Article) -> list[str]:
    return [piece.block.text for piece in article.pieces if piece.role is Role.DROPPED]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("gap", ["\n\n", "\n\n\n"])
def test_headings_in_any_language(language: str, gap: str) -> None:
    title, parts, prose = LANGUAGES[language]
    text = title + f"\n\n{prose}" + "".join(f"{gap}{part}\n\n{prose}\n\n{prose}" for part in parts)
    article = of(text)
    assert (article.title, article.language) == (title, language)
    assert headings(article) == parts


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16", "utf-8-sig"])
def test_headings_in_any_encoding(encoding: str) -> None:
    title, parts, prose = LANGUAGES["de"]
    text = title + "".join(f"\r\n\r\n{part}\r\n\r\n{prose}" for part in parts)
    assert headings(read_bytes(text.encode(encoding), "a.txt")) == parts


def test_wrapped_lines_are_joined_to_paragraphs() -> None:
    wrapped = textwrap.fill(f"{ENGLISH} {ENGLISH}", 60)
    article = of(f"A title\n\n{wrapped}\n\nFirst part\n\n{wrapped}\n\nSecond part\n{wrapped}\n")
    assert headings(article) == ["First part", "Second part"]
    assert article.sections[1].blocks[0].text == f"{ENGLISH} {ENGLISH}"


def test_a_text_without_any_blank_line() -> None:
    article = of(f"A title\n{ENGLISH}\nFirst part\n{ENGLISH}\n{ENGLISH}\nSecond part\n{ENGLISH}\n")
    assert article.title == "A title"
    assert headings(article) == ["First part", "Second part"]
    assert len(article.sections[1].blocks) == 2


@pytest.mark.parametrize(
    "line",
    [
        "1. Begin at the end",
        "Step 2: Look again",
        "WHAT REMAINS",
        "What does it cost?",
        "The End of All Things\n=====",
    ],
)
def test_shapes_of_headings(line: str) -> None:
    article = of(f"A title\n\n{ENGLISH}\n\n{line}\n\n{ENGLISH}\n\n{ENGLISH}")
    assert headings(article) == [line.partition("\n")[0]]


@pytest.mark.parametrize(
    "line",
    [
        "This is a short sentence.",
        "and then it goes on",
        "— Marcus Aurelius",
        "“What a line to quote”",
        "https://example.org/page",
        "$ make install",
        "Photo: someone",
        "By Jane Doe",
        "May 3, 2024",
        "Advertisement",
        "A chart of the results",
    ],
)
def test_lines_that_are_no_headings(line: str) -> None:
    assert headings(of(f"A title\n\n{ENGLISH}\n\n{line}\n\n{ENGLISH}\n\n{ENGLISH}")) == []


def test_a_run_of_short_lines_is_a_list() -> None:
    lines = "\n\n".join(["Bread", "Butter", "Black tea", "Honey", "Two eggs"])
    article = of(f"Breakfast\n\n{ENGLISH}\n\n{lines}\n\n{ENGLISH}")
    assert headings(article) == []
    assert "Honey" in " ".join(piece.block.text for piece in article.pieces if piece.role is Role.BODY)


def test_lists_keep_their_items_and_numbers() -> None:
    article = of(f"A title\n\n{ENGLISH}\n\n- one\n- two * stars\n  go on\n\n3. three\n4. four\n\n{ENGLISH}")
    blocks = [piece.block for piece in article.pieces if piece.block.kind is BlockKind.LIST]
    assert [block.markdown for block in blocks] == ["- one\n- two \\* stars go on", "3. three\n4. four"]


def test_bare_addresses_become_links() -> None:
    article = of(f"A title\n\n{ENGLISH} See https://example.org/a_b?c=(d), or ask.\n\n{ENGLISH}")
    markdown = article.pieces[0].block.markdown
    assert "[https://example.org/a_b?c=(d)](https://example.org/a_b?c=%28d%29), or ask." in markdown


def test_the_page_around_a_copied_text_goes() -> None:
    article = of(
        f"Home\n\nBlog\n\nAbout\n\nWhy I walk every single day\n\nBy Jane Doe\n\nMay 3, "
        f"2024\n\n{ENGLISH}\n\n\n"
        f"The first part\n\n{ENGLISH}\n\nA woman walking along a path, surrounded by autumn "
        f"trees.\n\n{ENGLISH}\n\n\n"
        f"The second part\n\n{ENGLISH}\n\n{ENGLISH}\n\n\nRelated posts\n\nHow to start\n\nLeave a Reply\n\n"
        "All information here is not a substitute for medical advice.\n\nName *\n"
    )
    assert article.title == "Why I walk every single day"
    assert headings(article) == ["The first part", "The second part"]
    assert {"Home", "By Jane Doe", "May 3, 2024", "Related posts", "How to start", "Name *"} <= set(
        dropped(article)
    )
    assert any(text.startswith("A woman walking") for text in dropped(article))
    assert article.disclaimers == ("All information here is not a substitute for medical advice.",)


def test_a_label_that_the_page_repeats_is_no_heading() -> None:
    text = f"A title\n\n{ENGLISH}" + f"\n\nPin for later\n\n{ENGLISH}" * 3
    assert headings(of(text)) == []


@pytest.mark.parametrize(
    ("over", "parts"),
    [
        ("Camera settings", ("Step 1: focus", "Step 2: expose")),
        ("Frequent questions", ("How long does it take?", "Does it hurt?")),
    ],
)
def test_a_line_above_a_group_of_headings_heads_them(over: str, parts: tuple[str, str]) -> None:
    text = f"A title\n\n{ENGLISH}\n\n{over}\n\n{parts[0]}\n\n{ENGLISH}\n\n{parts[1]}\n\n{ENGLISH}"
    assert headings(of(text)) == [over, *parts]
    assert [section.level for section in of(text).sections[1:]] == [2, 3, 3]


def test_a_menu_in_lines_above_the_title_goes_and_the_title_stays() -> None:
    menu = "Skip to content\nQuiet Path\nHome\nWalks\nShop"
    article = of(f"{menu}\n\nMornings outside\nby Jane Doe\n\n{ENGLISH}\n\n{ENGLISH}")
    assert article.title == "Mornings outside"
    assert [block.text for section in article.sections for block in section.blocks] == [ENGLISH, ENGLISH]


def test_related_articles_in_japanese_end_the_text() -> None:
    prose = "朝の散歩を始めてから、仕事の前に頭がすっきりするようになりました。毎日の小さな習慣です。" * 3
    article = of(f"朝の散歩\n\n{prose}\n\n{prose}\n\n関連記事\n冬の温泉\n列車の旅")
    assert [block.text for section in article.sections for block in section.blocks] == [prose, prose]


def test_a_text_that_is_one_list_is_called_by_its_first_item() -> None:
    text = "1. Walk before breakfast every day.\n2. Eat slowly at noon.\n3. Sleep as long as you like."
    assert read_bytes(text.encode(), "-").title == "Walk before breakfast every day."
    assert read_bytes(text.replace(".\n", "\n").encode(), "-").title == "Walk before breakfast every day"


def test_every_heading_has_a_score_and_a_reason() -> None:
    article = of(f"A title\n\n{ENGLISH}\n\n\nFirst part\n\n{ENGLISH}\n\n\nSecond part\n\n{ENGLISH}")
    for section in article.sections[1:]:
        assert 0.6 <= section.score < 1
        assert "extra space above" in section.reason


@pytest.mark.parametrize(
    "text",
    [
        "Person doing gentle movement outdoors, supporting a calmer body.",
        "Smiling woman holding a cup of tea",
        "Two people sitting at a table with laptops",
        "Screenshot of the settings page",
        "IMG_2034",
        "walk-in-the-woods.jpg",
        "Junge Frau sitzend vor einem Fenster mit Blick auf den See",
        "Femme tenant une tasse de thé devant une fenêtre",
        "A wilted fern in a white pot on a wooden table",
        "A red bicycle leaning against a brick wall in the rain",
        "Une tasse de café sur une table près de la fenêtre",
    ],
)
def test_descriptions_of_pictures(text: str) -> None:
    assert is_alternative_text(text)


@pytest.mark.parametrize(
    "text",
    [
        "People who are happy walk more",
        "Person first, diagnosis second",
        "Understanding chronic pain",
        "Families need time.",
        "What people get wrong about walking?",
        "A guide to sleeping in a tent with the kids",
        "A day in the life of a nurse on a night shift",
        "Man does not live by bread alone",
    ],
)
def test_headings_and_sentences_that_only_sound_like_one(text: str) -> None:
    assert not is_alternative_text(text)


def test_hostile_text_takes_no_time() -> None:
    import time

    begun = time.process_time()
    for line in (
        "a " * 200_000,
        "(" * 300_000,
        "1. " * 100_000,
        "=" * 300_000,
        "A.\n" * 60_000,
        "{{ " * 100_000,
        "we may " * 90_000,
        "Short line here\n\n" * 15_000,
    ):
        of(f"Title\n\n{ENGLISH}\n\n{line}\n\n{ENGLISH}")
    assert time.process_time() - begun < 20


def test_extra_space_in_what_a_page_lists_behind_its_article_says_nothing_of_headings_above() -> None:
    parts = "\n\n".join(
        f"{heading}\n\n{ENGLISH}\n\n{ENGLISH}" for heading in ("Get up", "Go out", "Come back")
    )
    others = "".join(f"\n\n\n{title}\n\n{ENGLISH}" for title in ("Ten foods for the day", "How to breathe"))
    article = read_bytes(f"Mornings outside\n\n{ENGLISH}\n\n{parts}{others}".encode(), "a.txt")
    headings = [section.heading for section in article.sections]
    assert headings[:4] == [None, "Get up", "Go out", "Come back"]
