"""The 25 points: for each, lessons that are right and lessons that are wrong, with line and mend."""

# ruff: noqa: E501 - a case stands on one line, however long

import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from drafted import BRAND, TEXT, WHOLE, checked, course, expert, findings, in_column, in_text

from campaigns.cadence import Cadence
from campaigns.checking.points import POINTS
from templates.brand import Brand

WEEKDAYS = Cadence(weekdays=frozenset({0, 3}), gap=1)
TABLE = "| Habit | Days |\n|---|--:|\n| Water | 20 |\n"


@dataclass(frozen=True)
class Wrong:
    """A spoilt draft and its one finding of the point: severity, line, and what message and mend say."""

    code: str
    values: dict[str, Any]
    severity: str
    line: int | None
    message: str
    mend: str
    part: str = "body"
    lesson: str = "les_1"
    brand: Brand = field(default=BRAND)


def whole(old: str, new: str) -> dict[str, Any]:
    """The whole document with one thing changed."""
    assert old in WHOLE
    return expert(WHOLE.replace(old, new))


def words(kilobytes: int) -> str:
    return "A step is a small thing.\n\n" * (kilobytes * 1024 // 62)


def after(text: str) -> dict[str, Any]:
    """A Markdown lesson whose line 18 is the text."""
    return {"body": f"{TEXT}\n{text}\n"}


HIDDEN_FOOT = (
    '<a href="{{ links.unsubscribe }}" style="color:#17604f">',
    '<a style="visibility:hidden" href="{{ links.unsubscribe }}">',
)
GREY = "#999999 on #ffffff has a contrast of 2.8, and 4.5 is the least"
DARK = "is hard to read in dark clients: #e7edeb on #ffffff"

WRONG = [
    Wrong("size", {"body": words(85)}, "warning", None, "KB, and Gmail cuts mails off at 102", "split it into two"),
    Wrong("size", {"body": words(110)}, "blocking", None, "and with it the unsubscribe link", "split it into two"),
    Wrong("size", {"body": "x" * 600_000}, "blocking", None, "over 200\u00a0KB of text", "Split it into several"),
    Wrong("unsubscribe", whole(*HIDDEN_FOOT), "blocking", None, "shows no unsubscribe link", "{{ links.unsubscribe }}"),
    Wrong("postal-address", whole("{{ sender.address }}", "<i style='visibility:hidden'>{{ sender.address }}</i>"), "blocking", None, "does not show the sender's postal address", "{{ sender.address }}"),
    Wrong("postal-address", {}, "blocking", None, "The footer needs your postal address", "`address` under [brand]", "course", "", Brand("Quiet Desk", " ")),
    Wrong("field", after("Dear {{ subscriber.nickname }},"), "blocking", 18, "No subscriber has a field “nickname”", "{{ subscriber.nickname | default('…') }}"),
    Wrong("field", after("Two\nlines, {{ subscriber.first_name }}."), "warning", 19, "Where subscriber.first_name is empty, readers find a hole", "default('…')"),
    Wrong("field", {"subject": "{{ subscriber.first_name }}, start small"}, "warning", None, "readers find a hole", "fallback", "subject"),
    Wrong("field", in_text("{{ subscriber.nickname }}"), "blocking", 4, "No subscriber has a field “nickname”", "give a fallback"),
    Wrong("field", {"preheader": "Hello {{ subscriber.first_name there, a long preheader"}, "blocking", None, "is not a merge field", "Write {{ subscriber.first_name", "preheader"),
    Wrong("subject", {"subject": " "}, "blocking", None, "There is no subject", "what it gives", "subject"),
    Wrong("subject", {"subject": "Start small " * 8}, "warning", None, "letters, and inboxes show 78", "Say it in 60", "subject"),
    Wrong("subject", {"subject": "Start small " * 6}, "hint", None, "phones show about 40", "Put what matters first", "subject"),
    Wrong("subject", {"subject": "=?utf-8?q?a=0D=0ABcc=3A_x?="}, "blocking", None, "The subject has a line break", "Write it on one line", "subject"),
    Wrong("preheader", {"preheader": ""}, "warning", None, "There is no preview text (preheader)", "Say in a sentence", "preheader"),
    Wrong("preheader", {"preheader": "1/2: Start small"}, "warning", None, "says the subject again", "Say in a sentence", "preheader"),
    Wrong("preheader", {"preheader": "Begin."}, "hint", None, "has 6 letters", "Say in a sentence", "preheader"),
    Wrong("preheader", {"preheader": "Begin with a step. " * 8}, "hint", None, "inboxes show about 100", "Put what matters first", "preheader"),
    Wrong("document", whole("<mj-title>One cue</mj-title>", ""), "warning", None, "has no title", "<mj-title>"),
    Wrong("document", whole('<mjml lang="en">', "<mjml>"), "warning", None, "does not say its language", '<mjml lang="en">'),
    Wrong("image-alt", after("![](https://example.org/a.png)"), "blocking", 18, "no alternative text", "Say what it shows"),
    Wrong("image-alt", after("![IMG_4711.jpg](https://example.org/a.png)"), "warning", 18, "is the name of a file", "Say what the picture shows"),
    Wrong("image-alt", in_column('    <mj-image src="https://example.org/a.png" />'), "blocking", 3, "The picture a.png has no alternative text", 'alt="…"'),
    Wrong("image-alt", in_text('one\n<img width="9" src="https://example.org/a.png">'), "blocking", 5, "The picture a.png has no alternative text", 'alt="…"'),
    Wrong("image-file", after("![A desk](images/desk.png)"), "warning", 18, "images/desk.png is not on the web", "https://"),
    Wrong("image-file", after("<div>\n<img alt='A desk' src='/desk.png'>\n</div>"), "warning", 19, "/desk.png is not on the web", "https://"),
    Wrong("image-file", after("![A desk](https://example.org/desk.svg)"), "warning", 18, "is SVG, which Gmail on the web does not show", "JPEG, PNG or GIF"),
    Wrong("image-file", after("![A desk](https://example.org/desk.webp)"), "warning", 18, "is WEBP, which Outlook for Windows does not show", "JPEG"),
    Wrong("image-file", after("A line with ![a desk](https://example.org/desk.png) in it."), "warning", 18, "has no width", "{width=480}"),
    Wrong("image-file", in_text('<img alt="A" width="1600" src="https://example.org/a.png">'), "warning", 4, "is 1600\u00a0px wide", "600\u00a0px wide or less"),
    Wrong("image-file", in_text('<img alt="A" width="1" src="data:image/png;base64,AAAA">'), "warning", 4, "BASE64, which Gmail does not show", "JPEG"),
    Wrong("link-address", after("A\n[plan](/plan) to follow."), "warning", 19, "“plan” leads nowhere", "https://"),
    Wrong("link-address", in_text('<a style="color:#17604f" href="/plan">The plan</a>'), "warning", 4, "readers are on no page that it could start from", "https://"),
    Wrong("link-address", after("[The plan](http://localhost:8000/plan)"), "warning", 18, "readers cannot reach it", "https://"),
    Wrong("link-address", in_text('<a style="color:#17604f" href="#plan">The plan</a>'), "warning", 4, "a place within the mail", "the page on the web"),
    Wrong("link-text", after("To go on, [click here](https://example.org/x)."), "warning", 18, "“click here” does not say where it leads", "name what is behind it"),
    Wrong("link-text", {**after("Weiter geht es [hier](https://example.org/x)."), "course": {"language": "de"}}, "warning", 18, "“hier” does not say where it leads", "name what is behind it"),
    Wrong("link-text", after("Go ![](https://example.org/x.png){decorative} [](https://example.org/x)"), "warning", 18, "The link to https://example.org/x has no words", "Give it text"),
    Wrong("link-text", after(f"[https://example.org/{'x' * 60}](https://example.org/x)"), "hint", 18, "shows its address", "name what is behind it"),
    Wrong("contrast", in_text("Grey", 'color="#999999"'), "warning", 3, f"“Grey” is hard to read: {GREY}", "Make the text #767676"),
    Wrong("contrast", in_text('<p>Read</p>\n<p style="color:rgba(0,0,0,.4)">Grey</p>'), "warning", 5, GREY, "Make the text #767676"),
    Wrong("contrast", in_text('<h2 style="color:#a0a0a0;font-size:28px">Large</h2>'), "warning", 4, "and 3.0 is the least", "Make the text #949494"),
    Wrong("contrast", in_text('<table role="presentation" bgcolor="#17604f"><tr><td>On green</td></tr></table>'), "warning", 4, "#111111 on #17604f", "Make the text #"),
    Wrong("contrast-dark", expert('<mj-section>\n<mj-column>\n<mj-text color="#111111">Dark</mj-text></mj-column></mj-section>'), "warning", 3, "in dark clients: #111111 on #121716", "Make the text #"),
    Wrong("contrast-dark", in_column('<mj-text css-class="tx" color="#111111">White sheet</mj-text>'), "warning", 3, DARK, "Make the text #"),
    Wrong("text-size", in_text("Small", 'color="#111111" font-size="11px"'), "warning", 3, "“Small” is 11\u00a0px small", "13\u00a0px or larger"),
    Wrong("text-size", in_text('Read\n<span style="font:75%/1.5 Georgia">small</span>', 'color="#111111" font-size="14px"'), "warning", 5, "“small” is 10\u00a0px small", "13\u00a0px or larger"),
    Wrong("button-size", in_column('<mj-button href="https://example.org/a" inner-padding="6px 24px" font-size="16px" background-color="#17604f">Get the plan</mj-button>'), "warning", 3, "“Get the plan” is 31\u00a0px high", "6\u00a0px more padding above and below"),
    Wrong("headings", after("## Two\n\n#### Four\n\ntext"), "warning", 20, "“Four” is of level 4 and follows one of level 2", "level 3"),
    Wrong("headings", in_text("<h1>Again</h1>"), "warning", 4, "“Again” is a second main heading", "level 2"),
    Wrong("headings", whole("<h1>One cue</h1>", "One cue"), "hint", None, "no main heading", "<h1>"),
    Wrong("table-role", in_text("<table><tr><td>Layout</td></tr></table>"), "warning", 4, "is not marked as such", 'role="presentation"'),
    Wrong("text-part", in_text(f'{words(1)}\n<p aria-hidden="true"><a style="color:#17604f" href="https://example.org/x">The plan</a></p>'), "warning", 37, "lacks the address of “The plan”", "an ordinary link"),
    Wrong("text-part", in_text(f'<p aria-hidden="true">{"Seen by some readers only. " * 9}</p>'), "warning", None, "The plain text lacks “seen", "Write it as text"),
    Wrong("image-balance", {"body": "Look:\n\n![A desk](https://example.org/desk.png){width=480}\n"}, "warning", 3, "1 word beside 1 picture", "Say in words"),
    Wrong("client-support", in_text('<p>Read</p>\n<p style="position:absolute">Far</p>'), "warning", 5, "Gmail and Outlook for Windows do not know position.", "Do without it"),
    Wrong("client-support", whole(".plain { color: #111111; }", ".plain { color: #111111; }\n  .plain:nth-child(2) { color: #222222 }"), "warning", 6, "do not know :nth-child.", "Do without it"),
    Wrong("client-support", in_text('<p style="border-radius:4px">Round</p>'), "hint", 4, "Outlook for Windows does not know border-radius.", "reads well without it"),
    Wrong("client-support", in_text("<video src='https://example.org/a.mp4'></video>"), "warning", 4, "do not know <video>.", "Do without it"),
    Wrong("element", in_text('Read\n<form action="https://example.org"></form>'), "blocking", 5, "<form> does not work in mail", "link to a page with the form"),
    Wrong("element", in_text("<script>alert(1)</script>"), "blocking", 4, "<script> does not work in mail", "Take it out"),
    Wrong("element", in_text('<p onclick="alert(1)">Press</p>'), "blocking", 4, "The attribute onclick is a script", "Take onclick out"),
    Wrong("element", after("A\n<iframe src='https://example.org'></iframe>"), "warning", 19, "<iframe> is left out of the mail", "Write it in Markdown"),
    Wrong("disclosure", {**after("[The lamp](https://www.amazon.de/dp/1?tag=desk-21)"), "course": {"disclosures": []}}, "blocking", 18, "“The lamp” looks like an affiliate link", "Add the disclosure to the course"),
    Wrong("disclosure", {**after("[A](https://example.org/?ref=a)\n[The lamp](https://amzn.to/3x)"), "course": {"disclosures": []}}, "blocking", 19, "“The lamp” looks like an affiliate link", ":::disclosure"),
    Wrong("disclosure", {**after("[The lamp](https://example.org/lamp) (affiliate link)"), "course": {"disclosures": []}}, "blocking", 18, "looks like an affiliate link", "Add the disclosure"),
    Wrong("disclosure", {**after("[The lamp](https://example.org/lamp?ref=desk)"), "course": {"disclosures": []}}, "warning", 18, "looks like an affiliate link", ":::disclosure"),
    Wrong("disclosure", expert(re.sub(r"\n.*>(This course.*)</mj-text>", "", WHOLE).replace("example.org/more", "amzn.to/3x").replace("{{ sender.address }}", "{{ sender.address }}. This course contains affiliate links, by which we may earn a commission.")), "blocking", 18, "nothing above it says that you earn by it", "Put the disclosure above it"),
    Wrong("promise", {**after("The next lesson comes on Tuesday."), "cadence": WEEKDAYS}, "warning", 18, "is not true: no lesson comes on a Tuesday", "{{ lesson.next_when"),
    Wrong("promise", after("- one\n- Lesson 2 comes tomorrow."), "hint", 19, "is true only for some", "{{ lesson.next_when"),
    Wrong("promise", {**after("Lektion 2 kommt morgen."), "course": {"language": "de"}}, "hint", 18, "is true only for some", "{{ lesson.next_when"),
    Wrong("promise", {"subject": "2/2: Start small"}, "warning", None, "The subject counts wrong", "Write “1/2: Start small”", "subject"),
    Wrong("promise", {"teaser": "Small habits: Welcome back."}, "warning", None, "The teaser speaks of “Small habits”, and “One cue” comes next", "Write the teaser anew", "teaser"),
    Wrong("promise", {"welcome": {"preheader": "5 short lessons, about a minute each. Lesson 1 arrives {{ lesson.next_when | default('tomorrow') }}, then one a week."}}, "warning", None, "promises another number of lessons", "2 short lessons", "preheader", "les_0"),
    Wrong("markup", after(":::takeaway\nopen"), "blocking", 18, "takeaway is not closed", "End it with a line"),
    Wrong("markup", after("> " * 20 + "deep"), "blocking", 18, "more than 20 levels deep", "Take some levels away"),
    Wrong("markup", after("".join(f"{'  ' * depth}- point\n" for depth in range(12))), "blocking", 27, "more than 20 levels deep", "Take some"),
    Wrong("markup", after("Hello {% if subscriber.plan %}you{% endif %}"), "warning", 18, "Readers see {% if subscriber.plan %} as it stands", ":::if"),
    Wrong("markup", in_column("<mj-txt>Typo</mj-txt>"), "blocking", 3, "There is no component <mj-txt>", "<mj-text>"),
    Wrong("markup", expert("<mj-section>\n<mj-column>"), "blocking", 1, "<mj-section> is not closed", "Add its end"),
    Wrong("markup", in_text("{{ subscriber.first_name | attr('x') }}"), "blocking", 4, "“attr” is not allowed", "Allowed are"),
    Wrong("markup", {"only_if": "subscriber.plan =="}, "blocking", None, "subscriber.plan", "Write subscriber.plan", "only_if"),
    Wrong("course", {"cadence": Cadence(weekdays=frozenset())}, "blocking", None, "No weekday is chosen", "days and hours", "course", ""),
]  # fmt: skip

RIGHT = {
    "size": [{"body": words(60)}, after(f":::if subscriber.plan\n{words(45)}\n:::else\n{words(45)}\n:::")],
    "unsubscribe": [expert(WHOLE)],
    "postal-address": [expert(WHOLE)],
    "field": [
        after("Dear {{ subscriber.first_name | default('friend') }}, {{ subscriber.email }}"),
        after(":::if subscriber.first_name\nDear {{ subscriber.first_name }},\n:::"),
        {"subject": "{{ subscriber.first_name | default('Friend') }}, start small"},
    ],
    "subject": [{"subject": "1/2: " + "x" * 50}],
    "preheader": [{"preheader": "Two minutes a day are enough to begin with."}],
    "document": [expert(WHOLE), in_text("Text")],
    "image-alt": [after("![](https://example.org/line.png){decorative}"), after("![A desk](https://example.org/a.png)")],
    "image-file": [after("![A desk](https://example.org/photo)"), after("A ![desk](https://example.org/a.gif){width=90}")],
    "link-address": [after("[Write](mailto:us@example.org), [call](tel:+491234), [see](https://example.org/a?b=1#c)")],
    "link-text": [after("[Here is the whole plan](https://example.org/plan)"), after("[![A plan](https://example.org/a.png){width=90}](https://example.org)")],
    "contrast": [
        in_text("Grey", 'color="#767676"'),
        in_text('<h2 style="color:#949494;font-size:28px">Large</h2>'),
        in_text('<p style="color:#ffffff;background:url(https://example.org/dark.png)">On a picture</p>'),
        in_text('<p style="color:#ffffff;background:#17604f url(https://example.org/dark.png)">On both</p>'),
        in_text('<p style="display:none;color:#ffffff">Hidden</p>'),
    ],
    "contrast-dark": [in_text("Black on its own white"), {"body": TEXT + TABLE + "\n> quoted\n\n```\ncode\n```\n"}],
    "text-size": [in_text("Small", 'color="#111111" font-size="13px"'), after("x<sup>2</sup>")],
    "button-size": [{}, in_column('<mj-button href="https://example.org/a" inner-padding="13px 24px" font-size="16px" line-height="1.2" background-color="#17604f">Get the plan</mj-button>')],
    "headings": [after("## Two\n\n### Three\n\n## Two again\n\ntext")],
    "table-role": [after(TABLE), in_text('<table role="presentation"><tr><td>Layout</td></tr></table>')],
    "text-part": [{}, expert(WHOLE)],
    "image-balance": [{}],
    "client-support": [expert(WHOLE), in_text('<p style="margin:0;color:#111111">Plain</p>')],
    "element": [after("<em>fine</em>"), in_text("<b>fine</b>")],
    "disclosure": [
        after("[The lamp](https://www.amazon.de/dp/1?tag=desk-21)"),
        {**after(":::disclosure\nWe earn by this.\n:::\n\n[The lamp](https://amzn.to/3x)"), "course": {"disclosures": []}},
        {**after("[How affiliates earn](https://example.org/affiliate-marketing)"), "course": {"disclosures": []}},
    ],
    "promise": [after("See you on Monday at the market."), after("The next lesson comes {{ lesson.next_when | default('soon') }}.")],
    "markup": [{}, expert(WHOLE)],
    "course": [{}],
}  # fmt: skip


def ids(wrong: Wrong) -> str:
    return f"{wrong.code}-{wrong.severity}"


@pytest.mark.parametrize("wrong", WRONG, ids=ids)
def test_what_is_wrong_is_found_on_its_line_with_its_mend(wrong: Wrong) -> None:
    values = dict(wrong.values)
    found = [one for one in checked(course(**values), wrong.brand).findings if one.code == wrong.code]
    assert [(one.severity, one.line, one.part, one.lesson) for one in found] == [
        (wrong.severity, wrong.line, wrong.part, wrong.lesson)
    ]
    assert wrong.message in found[0].message
    assert wrong.mend in found[0].mend


@pytest.mark.parametrize(("code", "values"), [(code, one) for code, many in RIGHT.items() for one in many])
def test_what_is_right_is_left_alone(code: str, values: dict[str, Any]) -> None:
    assert findings(code, **values) == []


def test_every_point_has_both() -> None:
    from_the_web = {"link-alive"}
    assert {one.code for one in WRONG} | from_the_web == set(POINTS)
    assert set(RIGHT) | from_the_web == set(POINTS)


def test_the_docs_name_every_point() -> None:
    page = (Path(__file__).parents[2] / "docs/tasks/checks.md").read_text("utf-8")
    assert re.findall(r"^\| `([a-z-]+)` \|", page, re.M) == list(POINTS)


def test_a_draft_that_is_right_has_no_finding_at_all() -> None:
    found = checked(course(), known=frozenset())
    assert found.findings == []
    assert set(found.sizes) == {"les_0", "les_1", "les_2"}
    assert {one.address for one in found.targets["les_1"]} == {
        "https://example.org/study",
        "https://example.org/worksheet",
        "https://example.org/desk.png",
    }
    assert checked(course(**expert(WHOLE))).findings == []


def test_a_known_field_of_subscribers_is_none_that_nobody_has() -> None:
    draft = course(**after("Of {{ subscriber.city | default('your town') }}. {{ subscriber.plan }}"))
    assert [one.severity for one in checked(draft, known=frozenset({"plan"})).findings] == ["warning"]


def test_findings_come_by_lesson_the_worst_first() -> None:
    draft = course(
        body="![IMG_1.jpg](https://example.org/a.png)\n\n[here](https://example.org)\n\n<form>\n\n" + TEXT,
        subject=" ",
        last={"subject": " "},
        course={"disclosures": []},
    )
    found = checked(draft, replace(BRAND, address="")).findings
    assert [one.lesson for one in found] == sorted(one.lesson for one in found)
    for name in {one.lesson for one in found}:
        severities = [one.severity for one in found if one.lesson == name]
        assert severities == sorted(severities, key=["blocking", "warning", "hint"].index)
