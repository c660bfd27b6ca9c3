"""Our own theme under our own checks: nothing to find, in light and in dark, in every language and form."""

from dataclasses import replace

import pytest
from mail_samples import ARABIC, BRAND, GERMAN, GERMAN_BRAND, LAST, MIDDLE, PLAIN, WELCOME, context

from campaigns.checking import legibility, structure
from campaigns.checking.clients import support
from campaigns.checking.examining import examine
from campaigns.checking.mail import Expected, Mail
from campaigns.checking.showing import LINKS, show
from templates.brand import Brand
from templates.compiling import LessonSource, compile_lesson, compile_notice

NESTED = """\
# A heading of the author's

<aside>An aside, <small>small</small>, <mark>marked</mark>.</aside>

> :::quote {by="Ada"}
> A quote in a [quotation](https://example.org/q), `code`.
> :::

- :::disclosure
  A disclosure within a list.
  :::
- :::takeaway
  A takeaway within a list.
  :::

:::disclosure
We earn by [this lamp](https://example.org/this-lamp).

[The lamp](https://example.org/lamp){button}
:::

1. one
   - two
     > three

| Left | Right |
|---|--:|
| [a link](https://example.org/cell) | `code` |

Term x<sup>2</sup> and H<sub>2</sub>O, *stressed*, ~~struck~~.

::recap

::teaser
"""


@pytest.mark.parametrize(
    ("source", "brand"),
    [
        (MIDDLE, BRAND),
        (PLAIN, BRAND),
        (WELCOME, BRAND),
        (LAST, BRAND),
        (GERMAN, GERMAN_BRAND),
        (ARABIC, BRAND),
        (replace(PLAIN, total=40, number=17), BRAND),
        (replace(MIDDLE, body=NESTED, recap_override="Own words.", teaser_override="Own words."), BRAND),
        (replace(PLAIN, format="mjml", body="<mj-section><mj-column></mj-column></mj-section>"), BRAND),
    ],
)
def test_the_theme_has_no_finding(source: LessonSource, brand: Brand) -> None:
    compiled = compile_lesson(source, brand, traced=True)
    values = context(links=LINKS, sender={"name": brand.name, "address": brand.address})
    examined = examine(compiled, values, Expected(source.language, brand.address_line, source.disclosures))
    assert examined.findings == ()
    assert 15_000 < examined.size < 40_000


def test_what_mail_clients_lack_costs_the_theme_decoration_alone() -> None:
    """The theme's own CSS, looked at as if an author had written it."""
    compiled = compile_lesson(MIDDLE, BRAND)
    shown = show(compiled, context(links=LINKS))
    marked = replace(
        shown, html=shown.html.replace(">:root", ">/*line 1*/:root").replace("<td", '<td data-line="1"')
    )
    found = [
        one for one in support(Mail(marked, Expected("en", "", expert=True))) if one.severity == "warning"
    ]
    # Both only trim the space that inline styles have set.
    assert {one.message.rpartition(" know ")[2] for one in found} == {":first-child.", "padding-inline-end."}


def test_the_confirmation_can_be_read_too() -> None:
    shown = show(
        compile_notice("confirm", BRAND, "en"), context(links={"confirm": "https://letters.invalid/confirm"})
    )
    mail = Mail(shown, Expected("en", BRAND.address_line))
    checks = (
        legibility.contrast_light,
        legibility.contrast_dark,
        legibility.text_size,
        legibility.button_size,
    )
    assert [found for check in (*checks, structure.headings, structure.tables) for found in check(mail)] == []
