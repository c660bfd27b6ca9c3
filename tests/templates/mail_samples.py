"""Lessons and a recipient that the mail's tests share; `python mail_samples.py DIR` draws them."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from templates.brand import Brand
from templates.compiled import CompiledLesson
from templates.compiling import LessonSource, compile_lesson, compile_notice
from templates.rendering import render

BRAND = Brand("Quiet Desk", "12 Example Street\nBristol BS1 4XX\nUnited Kingdom", "https://example.org")
GERMAN_BRAND = Brand("Stiller Tisch", "Beispielweg 3\n10115 Berlin")

MIDDLE = LessonSource(
    id="les_2",
    kind="lesson",
    number=2,
    total=5,
    title="One cue, one habit",
    subject="2/5: One cue, one habit",
    preheader="A habit needs a place to stand: tie it to something you already do.",
    minutes=3,
    language="en",
    course_title="Small habits",
    format="markdown",
    disclosures=(
        "This lesson contains affiliate links. If you buy through one, we may earn a small commission.",
    ),
    disclaimers=("For education only. This course is not a substitute for professional advice.",),
    body="""\
A habit feels like a decision, made fresh each time: you want it, so you do it. For a week that works.

But wanting comes and goes. What stays is the *place* and the *hour*, and the thing you did just before, says
[a long study](https://example.org/study?reader={{subscriber.id}}) of ordinary days.

## What makes a good cue

- **It happens anyway.** The kettle, the front door, the first mail of the day.
- **It happens once.** A cue that comes ten times a day is no cue.
- **You can see it.** What you do not notice starts nothing.

1. Pick one.
2. Say it aloud: after the kettle, I write one line.

:::takeaway
Do not look for motivation. Look for the moment that is **already there**, and put the new thing behind it.
:::

## How long it takes

| Habit | Days to settle | What helped |
|-------|---------------:|-------------|
| A glass of water | 20 | The bottle stood on the table |
| Fifty sit-ups | 84 | Nothing, said most |
| A short walk | 47 | Shoes by the door; `weather=any` |

:::quote {by="A reader" source="letters, spring"}
I stopped counting days. I only asked: is the kettle on?
:::

![A desk with a kettle](https://example.org/desk.png){width=480}

> An older note says the same:
> begin where you already are.

```python
if kettle.is_on() and not page.has_line_for(today):
    page.write("one line")  # never two, however much you may want to write on this particular morning
```

### If you travel

Take the cue with you: [Donaudampfschifffahrtsgesellschaftskapitaenskajuete](https://example.org/donau) is a
long word, and ``a_function_name_that_never_ends_and_has_no_place_to_break_a_line_anywhere`` is a longer one.

:::if subscriber.plan == "pro"
Your coach has left you a note.
:::else
[Get the worksheet](https://example.org/worksheet?x={{subscriber.id}}){button}
:::
""",
)
PLAIN = replace(
    MIDDLE,
    body="""\
A habit feels like a decision, made fresh each time: you want it, so you do it. For a week that works.

But wanting comes and goes. What stays is the place and the hour.

## What makes a good cue

- **It happens anyway.** The kettle, the front door, the first mail of the day.
- **It happens once.** A cue that comes ten times a day is no cue.

:::takeaway
Look for the moment that is already there, and put the new thing behind it.
:::

**Go deeper.** [The study](https://example.org/study) is short and kind. (affiliate link)
""",
)
WELCOME = replace(
    PLAIN,
    id="les_0",
    kind="welcome",
    number=0,
    title="Small habits",
    subject="Small habits",
    preheader="5 short lessons, about a minute each.",
    body="Most of what we do each day, we did yesterday. This course is about the rest.\n\nIt is short.\n",
    outline=("Start small", "One cue, one habit", "When it breaks", "Two habits at once", "Keep what works"),
)
LAST = replace(
    PLAIN, id="les_5", number=5, title="Keep what works", subject="5/5: Keep what works", disclosures=()
)
GERMAN = replace(
    PLAIN,
    language="de",
    course_title="Kleine Gewohnheiten",
    title="Ein Anlass, eine Gewohnheit: Rechtsschutzversicherungsgesellschaften",
    disclosures=("Dieser Beitrag enthält Werbelinks.",),
    disclaimers=(),
    body="Eine Gewohnheit fühlt sich an wie ein Entschluss. Eine Woche lang geht das gut.\n\n"
    "## Was ein guter Anlass ist\n\n- Er kommt ohnehin.\n- Er kommt einmal.\n\n"
    ":::takeaway\nSuche den Moment, der schon da ist.\n:::\n",
)
ARABIC = replace(
    PLAIN,
    language="ar",
    course_title="عادات صغيرة",
    title="إشارة واحدة، عادة واحدة",
    disclosures=("يحتوي هذا الدرس على روابط تسويقية.",),
    disclaimers=(),
    body="تبدو العادة كأنها قرار نتخذه كل يوم من جديد.\n\n## ما الإشارة الجيدة\n\n- تحدث على أي حال.\n"
    "- تحدث مرة واحدة.\n\n:::takeaway\nابحث عن اللحظة الموجودة أصلًا.\n:::\n\n"
    ':::quote {by="قارئ"}\nتوقفت عن عد الأيام.\n:::\n\n| العادة | الأيام |\n|---|--:|\n| ماء | 20 |\n',
)


def context(**changes: Any) -> dict[str, Any]:
    """What one recipient's mail is rendered with."""
    names = ("web", "previous", "next_now", "pause", "preferences", "unsubscribe", "confirm")
    made: dict[str, Any] = {
        "subscriber": {
            "first_name": "Ana",
            "email": "ana@example.org",
            "joined": "3 November 2026",
            "id": "s 1/2",
        },
        "lesson": {
            "number": 2,
            "total": 5,
            "title": "One cue",
            "minutes": 3,
            "next_when": "Thursday 19 November",
        },
        "course": {"title": "Small habits", "total": 5},
        "sender": {"name": BRAND.name, "address": BRAND.address},
        "links": {name: f"https://example.org/{name}?t=abc&n=1" for name in names},
        "previous": {
            "number": 1,
            "title": "Start small",
            "recap": "Two minutes a day are enough, because the second day matters more than the first hour.",
        },
        "next": {
            "number": 3,
            "title": "When it breaks",
            "teaser": "A missed day is not a broken chain, and what to do on the morning after.",
            "when": "Thursday 19 November",
        },
    }
    return made | changes


def samples() -> dict[str, tuple[CompiledLesson, dict[str, Any]]]:
    german = context(
        next={
            "number": 3,
            "title": "Wenn sie abreißt",
            "teaser": "Ein Tag ist kein Ende.",
            "when": "Donnerstag, 19. November",
        },
        previous={"number": 0, "title": "x", "recap": "Das meiste tun wir, weil wir es gestern taten."},
        subscriber={"joined": "3. November 2026"},
    )  # fmt: skip
    arabic = context(
        next={"number": 3, "title": "حين تنقطع", "teaser": "يوم واحد ليس نهاية.", "when": "الخميس 19 نوفمبر"},
        previous={"number": 1, "title": "x", "recap": "دقيقتان في اليوم تكفيان."},
        subscriber={"first_name": "ليلى", "joined": "3 نوفمبر 2026"},
    )
    return {
        "middle": (compile_lesson(MIDDLE, BRAND), context()),
        "plain": (compile_lesson(PLAIN, BRAND), context()),
        "welcome": (compile_lesson(WELCOME, BRAND), context(previous=None)),
        "last": (compile_lesson(LAST, BRAND), context(next=None)),
        "german": (compile_lesson(GERMAN, GERMAN_BRAND), german),
        "arabic": (compile_lesson(ARABIC, BRAND), arabic),
        "notice": (compile_notice("confirm", BRAND, "en"), context()),
    }


def draw(folder: Path) -> None:
    """Every sample at phone and desktop width, light and dark, as pictures to look at."""
    from playwright.sync_api import sync_playwright

    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"]
        )
        for name, (compiled, values) in samples().items():
            html = render(compiled, values).html
            print(f"{name}: {len(html.encode()) / 1024:.1f} KB")
            for width, scheme in ((375, "light"), (375, "dark"), (800, "light"), (800, "dark")):
                page = browser.new_page(viewport={"width": width, "height": 600}, color_scheme=scheme)
                page.route("**/*", lambda route: route.abort())
                page.set_content(html)
                page.screenshot(path=folder / f"{name}-{width}-{scheme}.png", full_page=True)
                page.close()
        browser.close()


if __name__ == "__main__":
    draw(Path(sys.argv[1]))
