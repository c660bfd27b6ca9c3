"""All of Jinja2 keeps its meaning when a template is written in pieces, some of them known before."""

import re
from email.message import EmailMessage

import pytest
from jinja2 import DictLoader
from jinja2.exceptions import SecurityError
from reading import assert_canonical, parsed, part

from sender.body import Body
from templates.compiled import CompiledLesson
from templates.rendering import Pieces, Template, environment

OTHERS = DictLoader(
    {
        "part": "PART — {{ name }} = ok\n",
        "nothing": "",
        "frame": "<h1>é</h1>\n{% block middle %}frame's{% endblock %}<p>{{ plan }}</p>"
        "{% block end %}.{% endblock %}",
        "macros": "{% macro bold(x) %}<b>{{ x }}=é</b>{% endmacro %}{% set kept = '.kept' %}",
    }
)
CONSTRUCTS = [
    "{% for x in items %}{{ loop.index }}{{ x }}{{ loop.last }}\n{% endfor %}",
    "{% for x in [] %}never{% else %}none=é{% endfor %}",
    "{% for x in items if x != 'b' %}- {{ x }}\n{% endfor %}",
    "{% for x in tree recursive %}<{{ x.name }}{{ loop(x.kids) }}>{% endfor %}",
    "{% for key, value in pairs|dictsort %}{{ key }}={{ value }};{% endfor %}",
    "{% for x in items %}{% for y in items %}{{ x }}{{ y }} {% endfor %}\n{% endfor %}",
    "{% for x in items %}{{ loop.cycle('.odd', 'From even') }}{% endfor %}",
    "{% set v = name %}{{ v }}{{ v }}",
    "{% set v %}cap = {{ name }} é{% endset %}{{ v }}.{{ v }}",
    "{% set v | upper %}cap {{ name }}{% endset %}{{ v }}",
    "{% set ns = namespace %}{{ ns }}{{ name }}",
    "{% macro m(x, y='.d') %}[{{ x }}={{ y }}]{% endmacro %}{{ m(name) }}{{ m('a', 'b') }}",
    "{% macro m() %}<i>{{ caller() }}</i>{% endmacro %}{% call m() %}in = {{ name }}{% endcall %}",
    "{% macro m() %}<i>{{ caller(1) }}</i>{% endmacro %}{% call(n) m() %}.{{ n }} {{ name }}{% endcall %}",
    "{% filter upper %}abc = {{ name }}\n.{% endfilter %}",
    "{% filter indent(4) %}a\nb\n{{ name }}{% endfilter %}",
    "{% if name == 'z' %}a{% elif plan %}b = é{% else %}c{% endif %}",
    "{% if not plan %}{% else %}.{% endif %}",
    "{{ '.lit' if plan else '' }}{{ 'x' if missing }}",
    "{{ 'const' ~ name ~ 1 }}{{ 1 + 1 }}{{ none }}{{ true }}{{ 1.5 }}",
    "{{ missing }}{{ missing.deeper }}{{ missing|default('dé') }}",
    "{% autoescape false %}{{ name }}<b>{% endautoescape %}{{ name }}",
    "{% autoescape true %}{{ name }}<b>{% endautoescape %}{{ name|e }}",
    "{{ name|safe }}{{ name|e|e }}{{ '<'|safe ~ name }}",
    "{% raw %}{{ x }}{% if %}{% endraw %}{# nothing #}.dot",
    "a  {%- if true -%}  b  {%- endif -%}  c",
    "  {%- for i in items -%} {{ i }} {%- endfor -%}  ",
    "a\n{%+ if true %}\n  b\n{%+ endif %}\nc\n",
    "{% with x = name, y = '.' %}{{ y }}{{ x }}{% endwith %}",
    "{% include 'part' %} tail",
    "{% include 'nothing' %}",
    "x{% include 'nothing' %}{% include 'nowhere' ignore missing %}y",
    "{% extends 'frame' %}{% block middle %}own {{ super() }} {{ name }}{% endblock %}",
    "{% extends 'frame' %}{% block end %}{{ self.middle() }}{% endblock %}",
    "{% import 'macros' as m %}{{ m.bold(name) }}{{ m.bold('.x') }}{{ m.kept }}",
    "{% from 'macros' import bold with context %}{{ bold(name) }}",
    "{{ name|upper|truncate(5, true, '…') }}{{ name|replace('x', '.') }}",
    "{{ items|join(', ') }}{{ items }}{{ pairs }}{{ items|length }}",
    "{{ [name, '.']|join }}{{ (name, 1)[0] }}{{ {'a': name}.a }}",
    "{{ name[:3] }}{{ name.upper() }}{{ pairs.items }}{{ pairs['items'] }}",
    "{{ 'a' in items }}{{ name is defined }}{{ 3 is odd }}{{ items is sequence }}",
    "{{ '%s = %s'|format(name, 1) }}{{ name|urlencode }}{{ '<i>x</i>'|striptags }}",
    "{{ '{' }}{{ '{{ 7*7 }}' }}{{ '{%' }}",
    "{{ name|shown or 'friend' }}{{ missing|shown }}{{ none|present }}",
    "{{ link|web_address }}{{ name|address_part }}{{ missing|web_address }}",
    "%s %d %b %%{{ name }}",
    ".{{ name }}\n.{{ name }}\n\n.",
    "From {{ name }}\nFrom {{ name }}From ",
    "-{{ name }}\n--{{ name }}\n-- \n",
    "  {{ name }}  \n\t{{ name }}\t\n   ",
    "=\n{{ name }}=\n=3D",
    "\n\n\n{{ name }}\n\n\n",
    "x" * 75 + "{{ name }}" + "y" * 76 + ".\n" + "z" * 74 + "é",
    "Ünïcödé {{ name }} 李雷 👩‍👩‍👧 \u2028 \u00a0",
    "",
]
NAMES = ["Zoë", "<b>.&'\"", ".\r\n.\r\nx", "x" * 200, " a  b ", "", "From -=", "é" * 60]


def values(name: str) -> dict[str, object]:
    kids = [{"name": "b", "kids": []}, {"name": name, "kids": []}]
    return {
        "name": name,
        "plan": "pro",
        "items": ["a", "b", name],
        "pairs": {"items": name, "b": 2},
        "tree": [{"name": "a", "kids": kids}],
        "link": f"https://example.org/?q={name}",
    }


def written(encoding_of: str, template: Template, context: dict[str, object]) -> EmailMessage:
    """A body of which both parts say the same. `encoding_of`: a text that decides how it travels."""
    body = Body(CompiledLesson("one", "", "", encoding_of, encoding_of), template.constants)
    octets = body.write(Pieces("", template.pieces(context), template.pieces(context)))
    assert_canonical(octets)
    return parsed(b"MIME-Version: 1.0\r\nContent-Type: " + body.content_type + b"\r\n\r\n" + octets)


@pytest.mark.parametrize("html", [True, False])
@pytest.mark.parametrize("source", CONSTRUCTS)
@pytest.mark.parametrize("encoding_of", ["", "李雷"])
def test_a_construct_means_what_it_means_in_plain_jinja2(source: str, html: bool, encoding_of: str) -> None:
    own = environment(html=html).overlay(loader=OTHERS)
    template = Template(own.from_string(source))
    for name in NAMES:
        plain = own.from_string(source).render(values(name))
        message = written(encoding_of, template, values(name))
        for subtype in ("plain", "html"):
            assert part(message, subtype) == re.sub("\r\n|\r", "\n", plain)


def test_what_is_constant_is_recognised() -> None:
    template = Template(
        environment(html=True).from_string("<p>a{% if x %}b{{ x }}c{% else %}d{% endif %}</p>")
    )
    pieces = list(template.pieces({"x": "<"}))
    assert pieces == ["<p>a", "b", "&lt;", "c", "</p>"]
    assert [piece in template.constants for piece in pieces] == [True, True, False, True, True]


def test_what_one_part_sets_is_unknown_to_the_other_and_to_the_context() -> None:
    setting = Template(environment(html=True).from_string("{% set name = 'changed' %}{{ name }}"))
    asking = Template(environment(html=True).from_string("{{ name }}"))
    context: dict[str, object] = {"name": "own"}
    assert setting.render(context) == "changed"
    assert asking.render(context) == "own"
    assert context == {"name": "own"}


@pytest.mark.parametrize(
    "source", ["{{ ''.__class__.__mro__ }}", "{{ name.format.__globals__ }}", "{{ range }}"]
)
def test_r36_what_the_sandbox_hides_is_nothing(source: str) -> None:
    assert Template(environment(html=True).from_string(source)).render({"name": "x"}) == ""


def test_r36_the_context_cannot_be_changed() -> None:
    with pytest.raises(SecurityError):
        Template(environment(html=True).from_string("{{ items.append(1) }}")).render({"items": []})
