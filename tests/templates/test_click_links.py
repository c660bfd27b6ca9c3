"""Which links of a lesson clicks may be counted on, and that nothing else of it changes."""

from dataclasses import replace

import pytest
from mail_samples import BRAND, PLAIN, context

from templates.click_links import LONGEST, addresses, through
from templates.compiled import CompiledLesson
from templates.compiling import compile_lesson
from templates.rendering import Rendered, render

WAY = "https://letters.example.org/go/7/"


def compiled(body: str, **changes: object) -> CompiledLesson:
    return compile_lesson(replace(PLAIN, body=body, **changes), BRAND)


def led(lesson: CompiledLesson, ways: dict[str, str]) -> Rendered:
    values = context()
    return render(
        through(lesson, ways), {**values, "links": {**values["links"], "click_token": "WzFd.sig-_"}}
    )


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("[A study](https://a.example/x?b=1&c=2)", ["https://a.example/x?b=1&c=2"]),
        ("[One](https://a.example/1), [two](https://a.example/2), [one](https://a.example/1)", 2),
        ("\n\n[Buy it](https://a.example/buy){button}", ["https://a.example/buy"]),
        ("[Plain](http://a.example/), [write](mailto:a@a.example), [call](tel:+441)", []),
        ("[Yours](https://a.example/?r={{subscriber.city}})", []),
        ("[Next]({{links.next_now}})", []),
        ("<https://a.example/said>, [www.a.example](https://a.example/track)", []),
        (f"[Endless](https://a.example/{'x' * LONGEST})", []),
        ("`[code](https://a.example/)`", []),
    ],
)
def test_the_links_that_may_be_counted(body: str, found: list[str] | int) -> None:
    besides = [one for one in addresses(compiled(f"Text. {body}")) if one != BRAND.url]
    assert besides == found if isinstance(found, list) else len(besides) == found


def test_the_way_and_the_token_stand_in_the_address_and_nothing_else_changes() -> None:
    lesson = compiled(
        "See [a study](https://a.example/x?b=1&c=2), and [another](https://a.example/x?b=1&c=22)."
    )
    before, after = render(lesson, context()), led(lesson, {"https://a.example/x?b=1&c=2": WAY})
    assert f'href="{WAY}WzFd.sig-_"' in after.html
    assert f"a study ({WAY}WzFd.sig-_)" in after.text
    assert after.html.replace(f"{WAY}WzFd.sig-_", "https://a.example/x?b=1&amp;c=2") == before.html
    assert after.text.replace(f"{WAY}WzFd.sig-_", "https://a.example/x?b=1&c=2") == before.text
    assert after.subject == before.subject


def test_without_ways_a_lesson_stays_as_it_is() -> None:
    lesson = compiled("[A study](https://a.example/)")
    assert through(lesson, {}) is lesson


def test_a_link_in_one_branch_alone_is_led_too() -> None:
    body = ':::if subscriber.city == "Bath"\n[Here](https://a.example/bath)\n:::\n'
    lesson = compiled(body)
    assert addresses(lesson)[-1] == "https://a.example/bath"
    values = context()
    values["links"]["click_token"] = "T"
    values["subscriber"]["city"] = "Bath"
    assert WAY + "T" in render(through(lesson, {"https://a.example/bath": WAY}), values).html


def test_an_experts_lesson_is_led_in_its_child() -> None:
    body = (
        "<mj-section><mj-column><mj-text>Hi {{ subscriber.first_name }}, "
        '<a href="https://a.example/one">one</a></mj-text>'
        '<mj-button href="https://a.example/two">Two</mj-button></mj-column></mj-section>'
    )
    lesson = compiled(body, format="mjml")
    assert {"https://a.example/one", "https://a.example/two"} <= set(addresses(lesson))
    after = led(lesson, {"https://a.example/one": WAY, "https://a.example/two": WAY + "8/"})
    assert f'href="{WAY}WzFd.sig-_"' in after.html
    assert f'href="{WAY}8/WzFd.sig-_"' in after.html
    assert "a.example" not in after.html
    assert f"{WAY}WzFd.sig-_" in after.text
