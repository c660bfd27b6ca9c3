"""Bad input: a lesson that means harm becomes a finding that blocks, in seconds; the others are checked."""

import time
from typing import Any

import pytest
from drafted import TEXT, WHOLE, checked, course, expert, in_column, in_text

DEEP = 10_000
LOOPS = "{% for a in 'aaaaaaaaaaaaaaaa' %}" * 9 + "x" + "{% endfor %}" * 9
STYLED = WHOLE.replace(".plain { color: #111111; }", "STYLES")


def styled(css: str, inside: str = "") -> dict[str, Any]:
    return expert(STYLED.replace("STYLES", css).replace('<p class="plain">', f'{inside}<p class="plain">', 1))


HOSTILE = {
    "deep HTML in Markdown": {"body": "<div>" * DEEP},
    "deep quotations": {"body": "> " * DEEP + "x\n\n" + "<b>" * DEEP},
    "deep MJML": expert("<mj-wrapper>" * DEEP + "</mj-wrapper>" * DEEP),
    "deep HTML in MJML": in_text("<div>" * DEEP + "</div>" * DEEP),
    "a huge lesson": {"body": "A sentence of the same words. " * 200_000},
    "comments without end": in_text("<!--" * 20_000),
    "broken MJML": expert("<mj-section><mj-column></mj-section>"),
    "no MJML": expert("\x00\ufffe <<<>>> \"'"),
    "loops within loops": in_text(LOOPS),
    "a long repetition": in_text("{{ 'a' * 300000000 }}"),
    "a way out": in_text("{{ ''.__class__.__mro__ }}"),
    "a filter for a way out": in_text("{{ subscriber|attr('format') }}"),
    "recursion": in_text("{{ " + "(" * DEEP + "1" + ")" * DEEP + " }}"),
    "conditions without end": in_text("{% if 1 %}" * 3000 + "x" + "{% endif %}" * 3000),
    "selectors that take for ever": styled(
        ".nowhere " + "div " * 14 + "i { color: red }",
        "<div>" * 150 + "<i>x</i>" * 40 + "</div>" * 150,
    ),
    "styles nested without end": styled("@media all {" * DEEP),
    "brackets nested without end": styled("p { color: " + "(" * DEEP),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_r36_hostile_lessons_end_as_findings(name: str) -> None:
    began = time.process_time()
    found = checked(course(**HOSTILE[name])).findings
    assert time.process_time() - began < 3
    blocking = [one for one in found if one.severity == "blocking"]
    assert {one.lesson for one in blocking} == {"les_1"}
    assert all(one.message and one.mend and len(one.sentence) < 1000 for one in blocking)


def test_the_child_that_was_ended_is_followed_by_another() -> None:
    draft = course(**in_text(LOOPS), last=in_text("Fine"))
    assert {one.lesson for one in checked(draft).findings if one.severity == "blocking"} == {"les_1"}


@pytest.mark.parametrize(
    "body",
    [
        "<!--" * 100_000,
        "<a href='" * 20_000,
        "[" + "!" * 100_000 + "a](https://example.org)",
        "![" + "." * 50_000 + "](https://example.org/a.png)",
        "{{ subscriber.first_name }} " * 5_000,
        "\ufeff\x00\u202e text",
        "# \n\n## \n\n",
    ],
)
def test_odd_text_is_checked_in_no_time(body: str) -> None:
    began = time.process_time()
    checked(course(body=body))
    assert time.process_time() - began < 8


@pytest.mark.parametrize(
    "inner",
    [
        "{% for a, b in subscriber.pairs %}{{ a.x * 2 }}{{ b }}{% else %}none{% endfor %}",
        "{% for a in subscriber.list %}{{ loop.index * a.price }}{% endfor %}",
        "{% set n = 3 %}{{ n * 4 }}{% if n > 2 %}{{ subscriber.x | default('y') }}{% endif %}",
    ],
)
def test_an_experts_loops_and_sums_can_be_looked_at(inner: str) -> None:
    assert [
        one for one in checked(course(**in_text(f"Text {inner}"))).findings if one.severity == "blocking"
    ] == []


def test_text_under_a_condition_is_looked_at_in_every_branch() -> None:
    inner = '{% if subscriber.plan == "a" %}<b style="color:#aaa">A</b>{% elif subscriber.plan == "b" %}\n'
    inner += '<b style="color:#bbb">B</b>{% else %}\n<b style="color:#ccc">C</b>{% endif %}'
    found = [one.line for one in checked(course(**in_text(inner))).findings if one.code == "contrast"]
    assert found == [4, 5, 6]
    body = f"{TEXT}\n:::if subscriber.plan\n[here](https://example.org/1)\n:::else\n\n[here](https://example.org/2)\n:::\n"
    assert [one.line for one in checked(course(body=body)).findings] == [19, 22]


def test_a_code_block_and_a_comment_are_no_html() -> None:
    body = TEXT + "\n```\n<form>\n```\n\n`<script>`\n\n<!-- <iframe> -->\n"
    assert checked(course(body=body)).findings == []


def test_in_column_components_have_their_own_line() -> None:
    inner = '<mj-text color="#999999">One</mj-text>\n<mj-text color="#111111">Two</mj-text>\n'
    inner += '<mj-text color="#aaaaaa">Three</mj-text>'
    assert [one.line for one in checked(course(**in_column(inner))).findings] == [3, 5]
