"""A small draft that is right in every point, to be spoilt in one; nothing here needs a database."""

from typing import Any

from campaigns.cadence import Cadence
from campaigns.checking import drafts
from campaigns.checking.drafts import Checked
from campaigns.checking.finding import Finding
from campaigns.models import Course, Lesson
from campaigns.publishing import numbered, source_of
from templates.brand import Brand

BRAND = Brand("Quiet Desk", "12 Example Street\nBristol BS1 4XX", "https://desk.example.org")
DISCLOSURE = "This course contains affiliate links, by which we may earn a commission."

TEXT = """\
A habit feels like a decision, made fresh each time: you want it, so you do it. For a week that works, and
then comes a wet morning on which you do not want it. What stays is the place and the hour, says
[a long study](https://example.org/study) of ordinary days.

## What makes a good cue

- **It happens anyway.** The kettle, the front door, the first mail of the day.
- **It happens once.** A cue that comes ten times a day is no cue.

![A desk with a kettle](https://example.org/desk.png){width=480}

:::takeaway
Look for the moment that is already there, and put the new thing behind it.
:::

[Get the worksheet](https://example.org/worksheet){button}
"""

# Stands alone, so that it carries by itself what every mail must.
WHOLE = """\
<mjml lang="en">
  <mj-head>
    <mj-title>One cue</mj-title>
    <mj-style>
      .plain { color: #111111; }
    </mj-style>
  </mj-head>
  <mj-body background-color="#ffffff">
    <mj-section background-color="#ffffff">
      <mj-column>
        <mj-text color="#111111" font-size="16px"><h1>One cue</h1></mj-text>
        <mj-text color="#555555" font-size="14px">DISCLOSURE</mj-text>
        <mj-text color="#111111" font-size="16px">
          <p class="plain">Look for the moment that is already there, and put the new thing behind it. The kettle
          will do, or the front door, or the first mail of the day; what comes ten times a day will not do at all,
          because nobody notices it any more.</p>
        </mj-text>
        <mj-image src="https://example.org/desk.png" alt="A desk" width="480px" />
        <mj-button href="https://example.org/more" background-color="#17604f" color="#ffffff" font-size="16px" inner-padding="15px 24px">Get the worksheet</mj-button>
        <mj-text color="#555555" font-size="14px">
          <a href="{{ links.unsubscribe }}" style="color:#17604f">Unsubscribe</a>, {{ sender.address }}
        </mj-text>
      </mj-column>
    </mj-section>
  </mj-body>
</mjml>
""".replace("DISCLOSURE", DISCLOSURE)  # noqa: E501 - a component a line


def lesson(number: int, **values: Any) -> Lesson:
    said: dict[str, Any] = {
        "id": f"les_{number}",
        "position": number,
        "kind": "lesson" if number else "welcome",
        "title": ("Small habits", "Start small", "One cue")[number],
        "subject": ("Small habits", "1/2: Start small", "2/2: One cue")[number],
        "preheader": "A habit needs a place to stand: tie it to what you do already.",
        "recap": "",
        "teaser": ("Start small: Two minutes.", "One cue: The kettle.", "")[number],
        "only_if": "",
        "format": "markdown",
        "body": TEXT,
        "minutes": 1,
    }
    return Lesson(**{**said, **values})


def course(*, cadence: Cadence | None = None, **values: Any) -> Course:
    """The draft; values are those of its first lesson, or of `welcome`, `last` and `course`."""
    said: dict[str, Any] = {
        "id": "crs_1",
        "slug": "small-habits",
        "title": "Small habits",
        "language": "en",
        "zone": "Europe/Berlin",
        "cadence": (cadence or Cadence()).to_json(),
        "disclosures": [DISCLOSURE],
        "disclaimers": [],
    }
    parts = [values.pop(name, {}) for name in ("course", "welcome", "last")]
    made = Course(**{**said, **parts[0]})
    made.lessons = [lesson(0, **parts[1]), lesson(1, **values), lesson(2, **parts[2])]
    return made


def checked(draft: Course, brand: Brand = BRAND, known: frozenset[str] = frozenset()) -> Checked:
    sources = [source_of(draft, number, one) for number, one in numbered(draft)]
    return drafts.check(draft, sources, brand, known)


def findings(code: str, **values: Any) -> list[Finding]:
    """The findings of one point over the draft that was spoilt so."""
    return [one for one in checked(course(**values)).findings if one.code == code]


def expert(body: str, **values: Any) -> dict[str, Any]:
    """A lesson of MJML sections, in the theme's frame."""
    return {"format": "mjml", "body": body, **values}


def in_column(inner: str) -> dict[str, Any]:
    """One component, on line 3, of a white section."""
    section = '<mj-section background-color="#ffffff">\n  <mj-column>\n'
    return expert(f"{section}{inner}\n  </mj-column>\n</mj-section>\n")


def in_text(inner: str, attributes: str = 'color="#111111"') -> dict[str, Any]:
    """HTML, on line 4, of a text in a white section."""
    return in_column(f"    <mj-text {attributes}>\n{inner}\n    </mj-text>")
