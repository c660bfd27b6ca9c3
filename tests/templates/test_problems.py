"""What stands in the way of publishing a lesson, with the author's line."""

import pytest

from courseletter.errors import InvalidInput
from templates import conditions
from templates.dialect import problems
from templates.problems import in_line


@pytest.mark.parametrize(
    ("body", "line", "message"),
    [
        ("Hi {{''.__class__.__mro__}} x", 1, "“{{''.__class__.__mro__}}” is not a merge field"),
        ("a\nb {{ subscriber.name|attr('format') }}", 2, "is not a merge field"),
        ("a\n\n> b\n> {{ x", 4, "is not a merge field"),
        ("# {{ x }}", 1, "is not a merge field"),
        ("a\nb \x1b[31m c", 2, "A control character stands here"),
        ("| a |\n|--|\n| {{ x }} |", 3, "is not a merge field"),
        ("*a* ![{{ x }}](https://e.org/a.png)", 1, "is not a merge field"),
        ("a {{ links.foo }}", 1, "There is no links.foo; links has"),
        ("[a](https://e.org/{{bad}})", 1, "The braces in this address are no merge field"),
        ("[a]({{ links.web | default('x') }})", 1, "neither spaces nor a default"),
        ("a\n\n<p>\n{{ subscriber.city }}</p>", 4, "not filled inside HTML"),
        ("a\nb <b title='{{ x }}'>c</b>", 2, "not filled inside HTML"),
        ("a\n\n![](https://e.org/a.png)", 3, "no alternative text"),
        ("![a](b.png){width=wide}", 1, "no number of pixels"),
        (":::takeaway\nopen", 1, ":::takeaway is not closed"),
        (":::takeaway\nx ::: y :::", 1, ":::takeaway is not closed"),
        ("text\n:::quote\nopen", 2, ":::quote is not closed"),
        ("text\n\n:::", 3, "closes nothing"),
        (":::note\nx\n:::", 1, "There is no block :::note"),
        ("::summary", 1, "There is no ::summary"),
        (":::else", 1, "stands outside its :::if"),
        (":::if\nx\n:::", 1, ":::if needs a condition"),
        ("x\n\n:::if subscriber.n == 3\nx\n:::", 3, "cannot be read at “== 3”"),
        (":::if links.foo\nx\n:::", 1, "There is no links.foo"),
        (":::takeaway {by=x}\ny\n:::", 1, "knows no “by”"),
        (":::quote {who=x}\ny\n:::", 1, "It takes by, source."),
        (":::quote {by='x'}\ny\n:::", 1, "“{by='x'}” cannot be read"),
        (':::quote {by="{{ subscriber.city }}"}\ny\n:::', 1, "not filled in the line of :::quote"),
        ('[a](https://e.org "{{ x }}")', 1, "not filled in the title"),
        (":::if subscriber.a\nx\n:::else\ny\n:::else\nz\n:::", 5, "stands outside its :::if"),
        (":::takeaway\n::recap\n:::", 2, "cannot stand inside another block"),
        ("- a\n\n  ::teaser", 3, "cannot stand inside another block"),
    ],
)
def test_problem_is_found_with_its_line(body, line, message):
    found = problems(body)
    assert [problem.line for problem in found][:1] == [line]
    assert message in found[0].message
    assert "\n" not in found[0].message


@pytest.mark.parametrize(
    "body",
    [
        r"\{{ x }}",
        "`{{ x }}` and\n\n```\n{{ y }}\n:::\n```",
        r"\:::takeaway",
        r"\::recap",
        "![](https://e.org/line.png){decorative}",
        "::recap\n\ntext\n\n::teaser",
        ':::if subscriber.plan == "pro"\n::recap\n:::',
        "[a]({{links.web}}) [b](https://e.org/?x={{subscriber.anything}})",
        "{{ subscriber.custom | default('x') }}",
        "a :: b ::: c",
        "",
    ],
)
def test_a_sound_body_has_no_problem(body):
    assert problems(body) == []


def test_problems_come_in_the_order_of_lines():
    body = "{{ b }}\n\n:::x\n\n![](y)\n\n{{ a }}"
    assert [problem.line for problem in problems(body)] == [1, 3, 5, 7]


def test_titles_and_subjects_are_checked_too():
    assert in_line(r"\{{ fine }} {{ subscriber.first_name | default('x') }}") == []
    assert "is not a merge field" in in_line("Hi {{ first_name }}")[0]
    assert "There is no course.foo" in in_line("{{ course.foo }}")[0]


CONTEXT = {"subscriber": {"plan": "pro", "n": 3, "off": False, "none": None, "blank": " ", "items": "x"}}


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("subscriber.plan", True),
        ("not subscriber.plan", False),
        ('subscriber.plan == "pro"', True),
        ('subscriber.plan=="free"', False),
        ('subscriber.plan != "free"', True),
        ('subscriber.missing != "free"', True),
        ('subscriber.plan in ["free", "pro"]', True),
        ('subscriber.plan in ["free"]', False),
        ('subscriber.n == "3"', True),
        ("subscriber.off", False),
        ("subscriber.none", False),
        ("subscriber.blank", False),
        ("subscriber.items", True),
        ("subscriber.missing.deeper", False),
        ("not subscriber.missing and subscriber.plan", True),
        ("subscriber.plan or subscriber.off and subscriber.none", True),
        ("subscriber.off and subscriber.plan or subscriber.none", False),
        ('subscriber.plan == "a \\" or \\" b"', None),
        ("subscriber.plan = 1", None),
        ("subscriber.plan and", None),
        ("(subscriber.plan)", None),
        ("subscriber.plan in []", None),
        ("subscriber.plan.upper()", None),
        ("subscriber.__class__", None),
        ("plan", None),
        ("", None),
    ],
)
def test_conditions_mean_the_same_parsed_and_as_jinja2(text, holds):
    from templates.rendering import environment

    if holds is None:
        with pytest.raises(InvalidInput, match="cannot be read"):
            conditions.parse(text)
        return
    condition = conditions.parse(text)
    assert condition.holds(CONTEXT) is holds
    template = environment(html=True).from_string(f"{{% if {condition.expression()} %}}yes{{% endif %}}")
    assert template.render(CONTEXT) == ("yes" if holds else "")
