"""Expert lessons, MJML + Jinja2: compiled with the author's lines, run in a child that can be killed."""

import os
import re
import signal
from dataclasses import replace

import pytest
from mail_samples import BRAND, PLAIN, context

from templates import sandbox
from templates.compiled import CompiledLesson
from templates.compiling import compile_lesson, validate
from templates.errors import TemplateError
from templates.rendering import render

GOOD = """\
<mj-section background-color="#ffffff">
  <mj-column>
    {# a comment
       over two lines #}
    {% if subscriber.plan == "pro" %}
    <mj-text>Hello {{ subscriber.first_name | default("you") }} of {{ subscriber.city }}</mj-text>
    {% else %}
    <mj-text>Plain{% for tag in subscriber.tags %} <i>{{ tag }}</i>{% endfor %}.</mj-text>
    {% endif %}
    <mj-button href="{{ links.web }}">Open “it” 👩‍👩‍👧</mj-button>
    <mj-text><a href="https://e.org/?a={{ subscriber.first_name }}&amp;b=1" title='Say "ä"'>x</a></mj-text>
    <mj-image src="https://e.org/a.png" />
  </mj-column>
</mj-section>
"""


def expert(body: str, **changes: object) -> CompiledLesson:
    return compile_lesson(replace(PLAIN, format="mjml", body=body, **changes), BRAND)


def in_text(inner: str) -> str:
    return f"<mj-section><mj-column><mj-text>\n{inner}\n</mj-text></mj-column></mj-section>"


def test_sections_stand_in_the_theme_with_all_that_a_mail_must_carry():
    compiled = expert(GOOD)
    assert compiled.expert
    rendered = render(compiled, context(subscriber={"first_name": "Ana", "plan": "pro", "city": "Lisbon"}))
    assert "Hello Ana of Lisbon" in rendered.html
    assert "Plain" not in rendered.html + rendered.text
    for part in (rendered.html, rendered.text):
        for shown in (
            "Lesson 2 of 5",
            "affiliate links",
            "In lesson 1",
            "Send lesson 3 now",
            "Bristol",
            "Unsubscribe",
        ):
            assert shown in part
    assert 'alt=""' in rendered.html
    assert "\\u{" not in rendered.html


def test_branches_loops_and_addresses_are_filled_per_recipient_and_escaped():
    values = context(subscriber={"first_name": '"><img src=x>', "tags": ["a", "{{ 7*7 }}", "<b>"]})
    rendered = render(expert(GOOD), values)
    assert "<i>a</i> <i>{{ 7*7 }}</i> <i>&lt;b&gt;</i>." in rendered.html
    assert "https://e.org/?a=%22%3E%3Cimg%20src%3Dx%3E&amp;b=1" in rendered.html
    assert 'href="https://example.org/web?t=abc&amp;n=1"' in rendered.html
    assert "{{ 7*7 }}" in rendered.text
    assert "Hello" not in rendered.html + rendered.text


def test_a_whole_address_from_a_field_cannot_be_a_script():
    body = in_text('<a href="{{ subscriber.site }}">x</a>')
    assert (
        '<a href="">x</a>' in render(expert(body), context(subscriber={"site": "javascript:alert(1)"})).html
    )


@pytest.mark.parametrize("before", ['title=">"', "title='>'", "title='\"'", 'title="\'>"'])
def test_an_address_is_known_whatever_stands_before_it(before):
    body = in_text(f'<!-- <a -->a > b <a {before} href="{{{{ subscriber.site }}}}">x</a>')
    values = context(subscriber={"site": "javascript:alert(1)"})
    assert "javascript" not in render(expert(body), values).html


def test_errors_at_run_time_name_the_line_of_the_file():
    with pytest.raises(TemplateError, match="line 12: It cannot be rendered: division by zero"):
        expert(in_text("{{ 1 / 0 }}"), line_offset=10)


def test_fields_without_default_are_needed():
    compiled = expert(in_text("{{ subscriber.nick }} {{ subscriber.x | default('y') }}"), line_offset=4)
    with pytest.raises(TemplateError, match="line 6: No subscriber has a field “nick”"):
        validate(compiled, ["x"])


def in_column(inner: str) -> str:
    return f"<mj-section><mj-column>\n{inner}\n</mj-column></mj-section>"


@pytest.mark.parametrize(
    ("body", "line", "message"),
    [
        (in_text("{{''.__class__.__mro__}}"), 2, "no name begins with _"),
        (in_text("{{ subscriber['__class__'] }}"), 2, "no name begins with _"),
        (in_text("\n{{ subscriber.first_name|attr('format') }}"), 3, "The filter “attr” is not allowed"),
        (in_text("{{ subscriber.name | safe }}"), 2, "The filter “safe” is not allowed"),
        (in_text("{{ 'a'|center }}"), 2, "The filter “center” is not allowed"),
        (in_text("{{ 'x'.format() }}"), 2, "Calls are not allowed"),
        (in_text("{{ range(9) }}"), 2, "Calls are not allowed"),
        (in_text("{{ config }}"), 2, "There is no “config”"),
        (in_text("{% include 'x' %}"), 2, "{% include %} does not work in a mail"),
        (in_text("{% macro x() %}{% endmacro %}"), 2, "{% macro %} does not work in a mail"),
        (in_text("\n{{ 'a' * 3e8|int }}"), 3, "too much memory"),
        (in_text("{{ 1 / 0 }}"), 2, "division by zero"),
        (in_text("{{ subscriber.x"), 3, "Mend the Jinja2"),
        (in_text("{% if subscriber.x %}"), None, "is 'if'. Mend the Jinja2"),
        (
            "<mj-section>\n{% if links.web %}<mj-column></mj-column>{% endif %}</mj-section>",
            2,
            "<mj-section>",
        ),
        (in_column("\n{% if subscriber.x %}<mj-text>{% endif %}</mj-text>"), 3, "another element"),
        ("<mj-section {% if subscriber.x %}a{% endif %}></mj-section>", 1, "stands inside a tag"),
        ("<mj-section>\n<mj-column {{ subscriber.x }}></mj-column></mj-section>", 2, "outside quotes"),
        ("<mj-section>\n<mj-colum></mj-colum></mj-section>", 2, "Do you mean <mj-column>?"),
        (in_column("\nx"), 3, "Text may not stand directly in <mj-column>"),
        (in_column('<mj-text colour="red">a</mj-text>'), 2, "Do you mean color?"),
        (in_column('<mj-text padding="3 wide">a</mj-text>'), 2, "is not a length in px or %"),
        (in_column('<mj-text align="middle">a</mj-text>'), 2, "is not one of left, right"),
        ("<mj-text>a</mj-text>", 1, "cannot stand in <mj-body>"),
        (in_text("a < b"), 2, "Write &lt; instead"),
        (in_text("<p>open"), 2, "<p> is not closed before </mj-text>"),
        (in_text("<![CDATA[x]]>"), 2, "CDATA is not supported"),
        ("<mj-include path='/etc/passwd' />", 1, "<mj-include> is not supported"),
        ("<mj-raw position='file-start'>x</mj-raw>", 1, "with a position is not supported"),
        ("<mj-section>", 1, "<mj-section> is not closed"),
        ("<b>" * 300, 1, "more than 200 deep"),
        ("<b>" * 30, 1, "There is no component <b>. HTML belongs into an <mj-text>"),
        ("<mj-raw>" + "<b>" * 300 + "</b>" * 300 + "</mj-raw>", None, "more than 200 deep"),
        ("<mj-raw>" + "x" * 600_000 + "</mj-raw>", None, "over 512 KB"),
    ],
    ids=lambda value: value[:50] if isinstance(value, str) else str(value),
)
def test_r36_an_authors_mistake_is_an_error_with_its_line(body, line, message):
    with pytest.raises(TemplateError) as caught:
        expert(body)
    assert message in caught.value.message
    assert line is None or caught.value.line == line
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "inner",
    [
        "{% set a = 'x' * 99999 %}{% for i in a %}{% for j in a %}{% endfor %}{% endfor %}",
        "{{ 99999 ** 9999999 }}",
        "{% set a = 'x' * 9999999 %}{% for i in a %}{{ i }}{% endfor %}",
        "{{ 'a' * 3e8|int }}",
        "{{ ('a' * 2000000) | upper }}",
    ],
)
def test_r36_what_eats_the_machine_is_ended_and_the_next_lesson_compiles(inner):
    with pytest.raises(TemplateError, match=r"too much memory|more than 2 seconds"):
        expert(in_text(inner))
    assert expert(in_text("fine")).expert


def test_r36_a_killed_child_is_replaced():
    expert(in_text("one"))
    child = sandbox._child
    assert child is not None
    os.kill(child.process.pid, 9)
    child.process.wait()
    assert expert(in_text("two")).expert


def test_r28_the_child_of_a_service_that_is_told_to_end_writes_the_last_mails():
    """systemd tells every process of a service at once, and what is under way is to be finished."""
    expert(in_text("one"))
    child = sandbox._child
    assert child is not None
    os.kill(child.process.pid, signal.SIGTERM)
    assert expert(in_text("two")).expert
    assert sandbox._child is child
    child.process.stdin.close()
    assert child.process.wait(60) == 0, "it ends with its parent"


def test_r36_the_child_knows_nothing_of_its_parents_environment(monkeypatch):
    monkeypatch.setenv("COURSELETTER_SECRET", "tell nobody")
    child = sandbox._Child()
    try:
        with open(f"/proc/{child.process.pid}/environ", "rb") as file:
            assert b"COURSELETTER_SECRET" not in file.read()
    finally:
        child.end()


def test_r36_a_recipient_who_makes_the_output_huge_fails_alone():
    compiled = expert(in_text("{{ subscriber.bio }}"))
    with pytest.raises(TemplateError, match="1 MB"):
        render(compiled, context(subscriber={"bio": "x" * 2_000_000}))
    assert "short" in render(compiled, context(subscriber={"bio": "short"})).html


WHOLE = """\
<mjml lang="en"><mj-head><mj-style inline="inline">.big { font-size: 30px }</mj-style></mj-head>
<mj-body><mj-section><mj-column>
<mj-text>
This lesson contains affiliate links. If you buy through one, we may earn a small commission.
</mj-text><mj-text><p class="big">Hi {{ subscriber.first_name }}</p></mj-text>
{% if subscriber.plan %}<mj-text>Pro</mj-text>{% endif %}
<mj-text>For education only. This course is not a substitute for professional advice.</mj-text>
<mj-text>{{ sender.address }} <a href="{{ links.unsubscribe }}">Leave</a></mj-text>
</mj-column></mj-section></mj-body></mjml>
"""


def test_a_whole_document_stands_alone_with_its_inline_styles():
    rendered = render(expert(WHOLE), context())
    assert re.search(r'<p[^>]*style="font-size: ?30px', rendered.html)
    assert "Hi Ana" in rendered.text
    assert "Pro" not in rendered.html + rendered.text
    assert "Pro" in render(expert(WHOLE), context(subscriber={"plan": "x"})).html


@pytest.mark.parametrize(
    ("part", "message"),
    [
        ("{{ sender.address }}", "postal address"),
        ('href="{{ links.unsubscribe }}"', "unsubscribe link"),
        ("This lesson contains affiliate links.", "word for word"),
        ("For education only.", "word for word"),
    ],
)
def test_r16_r19_a_whole_document_must_carry_address_unsubscribe_and_disclosures(part, message):
    with pytest.raises(TemplateError, match=message):
        expert(WHOLE.replace(part, ""))
