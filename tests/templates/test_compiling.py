"""A lesson compiled once and rendered per recipient: what it must hold, and what a recipient cannot do."""

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml.html import document_fromstring
from mail_samples import ARABIC, BRAND, GERMAN, LAST, MIDDLE, PLAIN, WELCOME, context

from templates import compiling
from templates.brand import Brand, MissingAddress
from templates.compiled import CompiledLesson
from templates.compiling import compile_lesson, compile_notice, validate
from templates.errors import TemplateError
from templates.rendering import Rendered, render, template
from templates.words import words


def mail(body: str = "Text.\n", values: dict | None = None, **changes: object) -> Rendered:
    return render(compile_lesson(replace(PLAIN, body=body, **changes), BRAND), values or context())


def named(value: str) -> dict:
    return context(subscriber={"first_name": value, "city": value, "id": value, "joined": value})


def words_of(html: str) -> str:
    return " ".join(document_fromstring(html).text_content().split())


def test_compiling_twice_gives_the_same_bytes():
    first = compile_lesson(MIDDLE, BRAND)
    compiling._compiled.cache_clear()
    again = compile_lesson(MIDDLE, BRAND)
    assert again is not first
    assert again == first


def test_compiled_lesson_survives_the_database():
    compiled = compile_lesson(MIDDLE, BRAND)
    assert CompiledLesson.from_json(compiled.to_json()) == compiled


def test_no_slot_is_left_and_every_field_is_filled():
    rendered = render(compile_lesson(MIDDLE, BRAND), context())
    assert not re.search(r"cl[0-9a-f]{8}x", rendered.html + rendered.text)
    assert 'href="https://example.org/study?reader=s%201%2F2"' in rendered.html
    assert "Hi Ana," in rendered.html
    assert "Hi Ana," in rendered.text


@pytest.mark.parametrize("value", ["{{ 7*7 }}", "{% if x %}", "{# c #}", "{{", "cl00000000x0x", "a{{'{'}}b"])
def test_r36_nothing_rendered_is_rendered_again(value):
    rendered = mail(
        "Hi {{ subscriber.first_name }} from {{ subscriber.city }}.",
        named(value),
        subject="{{ subscriber.city }}!",
    )
    assert value in words_of(rendered.html)
    assert f"Hi {value} from {value}." in rendered.text
    assert rendered.subject == f"{value}!"


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20))
def test_r36_a_recipient_cannot_change_the_markup(value):
    def tags(rendered: Rendered) -> list[str]:
        return [
            element.tag
            for element in document_fromstring(rendered.html).iter()
            if isinstance(element.tag, str)
        ]

    compiled = compile_lesson(
        replace(
            PLAIN, body="{{ subscriber.city }} [x](https://e.org/{{subscriber.id}}) [y]({{subscriber.city}})"
        ),
        BRAND,
    )
    # A blank value leaves out the sentence around it, by design: compare it with another blank one.
    ordinary = named("x" if value.strip() else "")
    assert tags(render(compiled, named(value))) == tags(render(compiled, ordinary))


def test_markup_in_a_name_is_escaped():
    rendered = mail(values=named('<img src=x onerror="alert(1)">'))
    assert "<img src=x" not in rendered.html
    assert "&lt;img src=x" in rendered.html


@pytest.mark.parametrize(
    ("value", "whole", "part"),
    [
        ("javascript:alert(1)", "", "javascript%3Aalert%281%29"),
        (" JavaScript:x", "", "%20JavaScript%3Ax"),
        ("data:text/html,x", "", "data%3Atext%2Fhtml%2Cx"),
        ('"><script>', "", "%22%3E%3Cscript%3E"),
        ("https://a.example/?b=1&c=ä x", "https://a.example/?b=1&amp;c=%C3%A4%20x", None),
        ("mailto:a@example.org", "mailto:a@example.org", None),
        ("a/b?c#d&e", "", "a%2Fb%3Fc%23d%26e"),
    ],
)
def test_a_value_in_an_address_stays_an_address(value, whole, part):
    rendered = mail("[one]({{subscriber.city}}) [two](https://e.org/?x={{subscriber.id}})", named(value))
    hrefs = re.findall(r'<a href="([^"]*)"[^>]*>(?:one|two)', rendered.html)
    assert hrefs[0] == whole
    assert part is None or hrefs[1] == f"https://e.org/?x={part}"


def test_braces_of_an_author_read_as_braces():
    body = "Use \\{{ x }} and `{% if %}`, \\{# no comment #}.\n\n"
    body += "```\n{{ subscriber.first_name }} {%- raw -%}\n```\n"
    rendered = mail(body, title=r"A \{{ title }}")
    for shown in (
        "Use {{ x }} and {% if %}, {# no comment #}.",
        "{{ subscriber.first_name }} {%- raw -%}",
        "A {{ title }}",
    ):
        assert shown in words_of(rendered.html)
        assert shown in rendered.text


def test_an_authors_text_that_looks_like_a_slot_is_only_text():
    compiled = compile_lesson(PLAIN, BRAND)
    assert "cl" not in compiled.subject
    body = " ".join(f"cl{i:08x}x0x" for i in range(50))
    assert body in words_of(mail(body).html)


def test_a_condition_sends_each_reader_their_branch():
    body = """\
:::if subscriber.plan == "pro"
For **pro**.
:::else
[For others](https://e.org){button}
:::

- a
  :::if subscriber.plan
  listed
  :::
"""
    pro = mail(body, context(subscriber={"plan": "pro"}))
    other = mail(body, context(subscriber={}))
    assert "For pro." in words_of(pro.html)
    assert "listed" in pro.html
    assert "For others" not in pro.html + pro.text
    assert "For others" in other.html
    assert "For pro." not in other.html + other.text
    assert "listed" not in other.html + other.text
    assert "\n\n\n" not in pro.text + other.text


def test_a_missing_field_without_fallback_reads_as_nothing_and_stops_nobody():
    rendered = mail("City: {{ subscriber.city }}.", context(subscriber={}))
    assert "City: ." in rendered.text


def test_a_fallback_stands_in_for_missing_and_blank():
    body = "Hi {{ subscriber.first_name | default('fri\"end & <b>') }}!"
    for subscriber in ({}, {"first_name": ""}, {"first_name": "  "}, {"first_name": None}):
        rendered = mail(body, context(subscriber=subscriber))
        assert 'Hi fri"end & <b>!' in words_of(rendered.html)
        assert 'Hi fri"end & <b>!' in rendered.text


def test_publishing_refuses_a_field_nobody_has_and_names_the_line():
    compiled = compile_lesson(replace(PLAIN, body="a\n\nb\n{{ subscriber.nick }}", line_offset=5), BRAND)
    validate(compiled, ["nick"])
    with pytest.raises(TemplateError, match="line 9: No subscriber has a field “nick”") as caught:
        validate(compiled, ["city"])
    assert caught.value.line == 9
    validate(compile_lesson(replace(PLAIN, body="{{ subscriber.nick | default('x') }}"), BRAND), [])
    with pytest.raises(TemplateError, match="“nick”"):
        validate(compile_lesson(replace(PLAIN, subject="{{ subscriber.nick }}"), BRAND), [])


def test_publishing_refuses_a_lesson_with_a_problem_and_names_the_line():
    with pytest.raises(TemplateError, match="“One cue, one habit”, line 4: ") as caught:
        compile_lesson(replace(PLAIN, body="a\n{{ x }}", line_offset=2), BRAND)
    assert caught.value.line == 4
    with pytest.raises(TemplateError, match="is not a merge field"):
        compile_lesson(replace(PLAIN, subject="{{ x }}"), BRAND)


@pytest.mark.parametrize("address", ["", "  \n "])
def test_r16_a_mail_without_postal_address_is_refused(address):
    with pytest.raises(MissingAddress, match="postal address"):
        compile_lesson(PLAIN, Brand("Quiet Desk", address))
    with pytest.raises(MissingAddress):
        compile_notice("confirm", Brand("Quiet Desk", address), "en")


@pytest.mark.parametrize(
    "source", [PLAIN, WELCOME, LAST, GERMAN, ARABIC], ids=lambda source: source.id + source.language
)
def test_r16_sender_address_and_unsubscribe_are_in_every_lesson(source):
    rendered = render(compile_lesson(source, BRAND), context())
    for part in (rendered.html, rendered.text):
        shown = words_of(part) if part is rendered.html else part
        assert "Quiet Desk, 12 Example Street, Bristol BS1 4XX, United Kingdom" in shown
        assert words(source.language)["unsubscribe"] in shown
    assert 'href="https://example.org/unsubscribe?t=abc&amp;n=1"' in rendered.html
    assert "https://example.org/unsubscribe?t=abc&n=1" in rendered.text


def test_r19_disclosure_is_verbatim_above_the_body_and_disclaimer_below():
    said = "Some links are affiliate links: we earn 5 % — “at no cost to you” & yours. {{ x }} https://e.org/a_b_c"
    rendered = mail("The body.", disclosures=(said, "Second."), disclaimers=("No *advice*.",))
    for shown in (words_of(rendered.html), rendered.text):
        assert (
            0
            < shown.index(said)
            < shown.index("Second.")
            < shown.index("The body.")
            < shown.index("No *advice*.")
        )


def test_recap_and_teaser_vanish_when_there_is_none():
    compiled = compile_lesson(PLAIN, BRAND)
    full, bare = render(compiled, context()), render(compiled, context(previous=None, next=None))
    for shown in (
        "In lesson 1",
        "Read it again",
        "Send lesson 3 now",
        "Next, on Thursday 19 November",
        "Pause the course",
    ):
        assert shown in words_of(full.html)
        assert shown in full.text
        assert shown not in words_of(bare.html)
        assert shown not in bare.text
    assert words("en")["last"] in bare.text
    assert words("en")["last"] not in full.text
    assert "\n\n\n" not in bare.text + full.text


def test_recap_of_the_welcome_is_not_called_lesson_0():
    rendered = mail(values=context(previous={"number": 0, "title": "Hello", "recap": "It began."}))
    assert "In the welcome" in rendered.html
    assert "lesson 0" not in (rendered.html + rendered.text).lower()


def test_placeholders_move_the_boxes_and_own_words_fill_them():
    rendered = mail(
        "First.\n\n::recap\n\nMiddle.\n\n::teaser\n\nEnd.",
        recap_override="Mine & yours.",
        teaser_override="Soon.",
    )
    for shown in (words_of(rendered.html), rendered.text):
        places = [
            shown.index(part)
            for part in ("First.", "Mine & yours.", "Middle.", "When it breaks", "Soon.", "End.", "Pause")
        ]
        assert places == sorted(places)
        assert shown.count("In lesson 1") == shown.count("When it breaks") == 1


def test_welcome_counts_the_lessons_to_come_and_lists_them():
    rendered = render(compile_lesson(WELCOME, BRAND), context(previous=None))
    shown = words_of(rendered.html)
    assert "Welcome · 5 lessons to come" in " ".join(shown.split())
    assert "0 of 5" not in shown
    assert rendered.html.count('class="seg-off"') == 5
    assert 'class="seg-on"' not in rendered.html
    assert "4. Two habits at once" in rendered.text
    assert "Two habits at once" in shown


@pytest.mark.parametrize(
    ("number", "total", "on"), [(1, 1, 1), (2, 5, 2), (16, 16, 16), (30, 40, 1), (40, 40, 1)]
)
def test_progress_bar_shows_what_is_done(number, total, on):
    html = mail(number=number, total=total).html
    assert html.count('class="seg-on"') == on
    assert f"Lesson {number} of {total}" in words_of(html)


def test_theme_greets_unless_the_author_does():
    assert mail("Text.").text.count("Hi Ana,") == 1
    assert "Hi there," in mail("Text.", context(subscriber={})).text
    own = mail("Dear {{ subscriber.first_name | default('reader') }},\n\ntext.")
    assert "Hi Ana" not in own.text
    assert "Dear Ana," in own.text


@pytest.mark.parametrize("language", ["en", "de", "fr", "es", "pt-BR", "it", "nl", "ar", "he", "xx"])
def test_fixed_words_are_there_in_each_language(language):
    said = words(language)
    assert set(said) == set(words("en"))
    for key, phrase in said.items():
        assert re.findall(r"{\w+}", phrase) == sorted(
            re.findall(r"{\w+}", words("en")[key]), key=re.findall(r"{\w+}", phrase).index
        )
    html = mail(language=language).html
    assert f'lang="{language}"' in html
    assert ('dir="rtl"' in html) is (language in ("ar", "he"))


def test_mail_needs_nothing_from_strangers():
    rendered = render(compile_lesson(MIDDLE, BRAND), context())
    assert "fonts.googleapis" not in rendered.html
    assert "@import" not in rendered.html
    sources = re.findall(r'src="([^"]+)"', rendered.html)
    assert sources == ["https://example.org/desk.png"]


def test_structure_is_sound_for_screen_readers():
    document = document_fromstring(render(compile_lesson(MIDDLE, BRAND), context()).html)
    assert len(document.xpath("//h1")) == 1
    assert document.xpath("//img[not(@alt)]") == []
    assert document.xpath("//table[not(@role='presentation') and not(.//th)]") == []


def test_addresses_that_no_mail_can_reach_are_left_out():
    rendered = mail("[a](/page) <img src='b.png' alt='B'> ![C](images/c.png)\n\n![D](images/d.png)\n")
    assert "images/" not in rendered.html
    assert 'href="/page"' not in rendered.html
    for shown in ("a", "B", "C", "D"):
        assert shown in words_of(rendered.html)


def test_a_lesson_stays_far_below_gmails_limit():
    compiled = compile_lesson(MIDDLE, BRAND)
    assert compiled.size < 40_000
    assert len(render(compiled, context()).html.encode()) < 60 * 1024


def test_subject_is_one_line_whatever_it_holds():
    rendered = mail(subject="Hi {{ subscriber.first_name }}", values=named("a\r\nBcc: x@example.org"))
    assert rendered.subject == "Hi a Bcc: x@example.org"


def test_no_text_in_the_plain_part_is_wrapped_or_escaped():
    long = "word " * 60
    assert long.strip() in mail(long).text
    assert "Fish & chips <3" in mail("Fish & chips <3").text


def test_confirmation_has_one_button_and_one_link():
    rendered = render(compile_notice("confirm", BRAND, "en"), context())
    assert rendered.subject == "Please confirm: is it you?"
    assert re.findall(r'href="([^"]+)"', rendered.html) == [
        "https://example.org",
        "https://example.org/confirm?t=abc&amp;n=1",
    ]
    assert "Yes, send me the course: https://example.org/confirm?t=abc&n=1" in rendered.text
    assert "the course “Small habits”" in rendered.text
    assert "Bristol" in rendered.text


def test_a_field_called_like_a_method_of_dicts_is_the_field():
    rendered = mail(
        "{{ subscriber.items }} {{ subscriber.keys }}|", context(subscriber={"items": "3 things"})
    )
    assert "3 things |" in rendered.text


def test_r36_a_stage_two_source_knows_nothing_but_its_context():
    source = "{{ range }}{{ dict }}{{ lipsum }}{{ cycler }}{{ joiner }}{{ namespace }}{{ subscriber.city }}"
    assert template(source, html=False).render({"subscriber": {"city": "Lisbon"}}) == "Lisbon"


def test_what_is_asked_for_again_is_not_compiled_again() -> None:
    first = compile_lesson(PLAIN, BRAND)
    assert compile_lesson(replace(PLAIN), replace(BRAND)) is first
    assert compile_lesson(PLAIN, replace(BRAND, accent="#6b2d5c")) is not first


def test_what_is_renamed_for_mail_is_closed_by_its_new_name():
    body = (
        "# Big\n\n<aside>aside</aside>\n\n<figure>drawing<figcaption>what</figcaption></figure>\n\nAfter.\n"
    )
    html = compile_lesson(replace(PLAIN, body=body), BRAND).html
    assert html.count("<h1") == html.count("</h1>") == 1
    assert html.count("<div") == html.count("</div>")
    assert not re.search(r"</?(?:aside|figure|figcaption)\b", html)
