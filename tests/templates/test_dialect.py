"""The lesson dialect: what a body reads like on the web and as text, and that escaping is exact."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from templates.dialect import escape, problems, render_html, render_text
from templates.syntax import parse

FIXTURES = sorted((Path(__file__).parent / "fixtures").glob("*.md"))


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.stem)
def test_fixture_renders_to_the_html_and_text_beside_it(path):
    body = path.read_text("utf-8")
    assert render_html(body) == path.with_suffix(".html").read_text("utf-8")
    assert render_text(body) == path.with_suffix(".txt").read_text("utf-8")


def test_there_are_fixtures():
    assert len(FIXTURES) >= 8


SPECIAL = list("ab1 .)*_`[]{}()<>!#+-=|~:&;\\\n\"'\t/x\xa0\ufeff")
plain_text = st.text(
    st.one_of(st.sampled_from(SPECIAL), st.characters(exclude_categories=["Cs", "Cc"])),
    min_size=1,
    max_size=60,
)


@settings(max_examples=500, deadline=None)
@given(plain_text)
def test_escaped_text_renders_to_exactly_that_text(text):
    shown = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\xa0", "&nbsp;")
    assert render_html(escape(text)) == f"<p>{shown}</p>\n"


@settings(max_examples=300, deadline=None)
@given(plain_text)
def test_escaped_text_never_has_a_problem(text):
    assert problems(escape(text)) == []


def test_escaping_leaves_ordinary_prose_alone():
    prose = "It's 9:30 (or so) – a_b isn't “x”, 50 % & more: see example.org/a_b. 1.5 < 2!"
    assert escape(prose) == prose


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=200))
def test_any_text_is_rendered_without_an_error_or_a_script(text):
    html = render_html(text + "\n\n<script>alert(1)</script><img src=x onerror=alert(1)>")
    assert "<script" not in html
    assert "onerror" not in html.replace("&lt;", "<").partition("<img")[2].partition(">")[0]
    render_text(text)
    problems(text)


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        ("[x](javascript:alert(1))", "<p>[x](javascript:alert(1))</p>\n"),
        ('<a href="javascript:alert(1)">x</a>', "<p><a>x</a></p>\n"),
        ('<a href="https://e.org" onclick="x()">x</a>', '<p><a href="https://e.org">x</a></p>\n'),
        ('<img src="data:text/html,x" alt="x">', '<img alt="x">'),
        ("<svg><script>x</script></svg>y", "<p>y</p>\n"),
        ('<div style="position:fixed">x</div>', "<div>x</div>\n"),
    ],
)
def test_dangerous_html_of_an_author_is_taken_out(body, shown):
    assert render_html(body).rstrip("\n") == shown.rstrip("\n")


@pytest.mark.parametrize(
    "body",
    [
        ":::takeaway\n" * 6_000,
        "x\n:::quote\n" * 3_000,
        "".join(f"{':' * (3 + i % 60)}quote\n" for i in range(6_000)),
        "".join(f"{':' * (3 + i % 60)}quote\n" for i in range(3_000))
        + "".join(f"{':' * i}\n" for i in range(3, 13)),
        ":::takeaway\n" * 40 + ":::\n" * 40,
        "[" * 5_000,
        "> " * 5_000,
        "{{ " * 6_000,
        "[a](b){" * 5_000,
        "*a_ " * 5_000,
    ],
    ids=lambda body: body[:12],
)
def test_hostile_nesting_ends_in_time(body):
    began = time.process_time()
    render_html(body)
    assert time.process_time() - began < 4


def test_an_else_inside_a_list_of_its_if_is_no_else():
    body = ":::if subscriber.plan\n- a\n  :::else\n- b\n:::\n"
    assert [token.type for token in parse(body) if token.type == "otherwise"] == []
    assert len(problems(body)) == 1


def test_importing_the_dialect_is_quick_and_brings_neither_jinja2_nor_mrml():
    code = (
        "import sys, time; t = time.process_time(); import templates.dialect; "
        "print(__import__('json').dumps([time.process_time() - t, sorted(sys.modules)]))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, cwd=Path.cwd())
    seconds, modules = json.loads(run.stdout)
    assert not {"jinja2", "mjml", "css_inline", "html2text", "lxml"} & set(modules)
    assert seconds < 0.3  # half of it on an idle machine; tests share theirs
