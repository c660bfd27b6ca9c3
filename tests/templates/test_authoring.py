"""A Markdown lesson becomes MJML that makes the same mail."""

import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from mail_samples import ARABIC, BRAND, GERMAN, LAST, MIDDLE, PLAIN, WELCOME, context

from courseletter.errors import InvalidInput
from templates.authoring import to_mjml
from templates.compiling import LessonSource, compile_lesson
from templates.problems import problems
from templates.rendering import render

FIXTURES = sorted((Path(__file__).parent / "fixtures").glob("*.md"))
LAYOUT = re.compile(r"</?(?:table|tbody|tr|td|div)\b(?!.* class=.(?:key|quote|note|aside|cell))")
READERS = (
    {"first_name": "Ana", "plan": "pro", "city": "Malmö", "id": 7},
    {"first_name": "", "plan": "free"},
)


def seen(source: LessonSource, reader: dict[str, object]) -> Counter[str]:
    """Every word of the mail and what carries its look, but for the tables that lay it out."""
    html = render(compile_lesson(source, BRAND), context(subscriber=reader)).html
    body = re.sub(r"<!--.*?-->", "", html[html.index("<body") :], flags=re.S)
    parts = (" ".join(part.split()) for part in re.split(r"(<[^>]+>)", body))
    return Counter(part for part in parts if part and not LAYOUT.match(part))


@pytest.mark.parametrize("reader", READERS, ids=["known", "unknown"])
@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.stem)
def test_the_mail_stays_as_it_is(path: Path, reader: dict[str, object]):
    body = path.read_text()
    if problems(body):
        with pytest.raises(InvalidInput, match="Mend line"):
            to_mjml(body, "en")
        return
    markdown = replace(PLAIN, body=body)
    expert = replace(markdown, body=to_mjml(body, "en"), format="mjml")
    assert seen(expert, reader) == seen(markdown, reader)


@pytest.mark.parametrize("reader", READERS, ids=["known", "unknown"])
@pytest.mark.parametrize("source", [MIDDLE, GERMAN, ARABIC, WELCOME, LAST], ids=lambda one: one.title)
def test_so_it_does_in_other_languages_and_places(source: LessonSource, reader: dict[str, object]):
    expert = replace(source, body=to_mjml(source.body, source.language), format="mjml")
    assert seen(expert, reader) == seen(source, reader)


def test_the_author_reads_what_an_author_writes():
    body = to_mjml(
        "Dear {{ subscriber.first_name | default('friend') }}, \\{{ so }} {% it %} is.\n\n"
        ':::if subscriber.plan in ["pro"] and not subscriber.city\n'
        "[Open](https://e.org/?x={{subscriber.id}}&y=1){button}\n:::\n",
        "en",
    )
    assert "Dear {{ subscriber.first_name | default('friend', true) }}, " in body
    assert '\n{% if subscriber.plan in ["pro"] and not subscriber.city %}\n<mj-button' in body
    assert 'href="https://e.org/?x={{ subscriber.id }}&amp;y=1"' in body
    assert not re.search(r"cl[0-9a-f]{8}x", body)
    expert = replace(PLAIN, body=body, format="mjml")
    html = render(compile_lesson(expert, BRAND), context(subscriber={"plan": "pro", "id": 7})).html
    assert "Dear friend, {{ so }} {% it %} is." in html
    assert 'href="https://e.org/?x=7&amp;y=1"' in html


def test_so_does_an_issue_of_a_newsletter():
    source = replace(MIDDLE, kind="issue", number=0, total=0)
    expert = replace(source, body=to_mjml(source.body, "en"), format="mjml")
    for reader in READERS:
        assert seen(expert, reader) == seen(source, reader)
