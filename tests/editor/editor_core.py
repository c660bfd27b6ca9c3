"""The editor's document code as tests call it: the bundle that browsers get, run in Node."""

import json
import re
import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from random import Random
from shutil import which
from typing import Any

from machine import missing
from school import habits

from campaigns.splitting import split
from courseletter.demo import read_article

ROOT = Path(__file__).parents[2]
SOURCES = ROOT / "courseletter" / "web" / "editor"
BUNDLE = ROOT / "courseletter" / "web" / "static" / "editor"


def run(task: str, documents: Sequence[Any]) -> list[Any]:
    """What core.mjs answers for each document."""
    node = which("node")
    if node is None:
        missing("Node.js", "Install it (`apt install nodejs`): it runs the editor's bundle.")
    job = json.dumps({"bundle": str(BUNDLE / "document.js"), "task": task, "documents": documents})
    command = [node, str(Path(__file__).with_name("core.mjs"))]
    done = subprocess.run(command, input=job, capture_output=True, text=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr
    answers: list[Any] = json.loads(done.stdout)
    return answers


@cache
def corpus() -> tuple[str, ...]:
    """Every lesson there is: the fixtures, the examples of the description, lessons made of articles."""
    fixtures = sorted((ROOT / "tests" / "templates" / "fixtures").glob("*.md"))
    described = (ROOT / "docs" / "lesson-format.md").read_text()
    examples = re.findall(r"^```\n(.*?)^```$", described, re.M | re.S)
    drafts = [*habits()[1], *split(read_article(None))]

    return (
        *(path.read_text() for path in fixtures),
        described,
        *examples,
        *(one.body for one in drafts),
        *NASTY,
    )


@cache
def specification() -> tuple[str, ...]:
    """The examples of CommonMark 0.31.2, where npm has installed them."""
    text = SOURCES / "node_modules" / "commonmark-spec" / "spec.txt"
    if not text.exists():
        missing("The CommonMark specification", "`make verifiers` installs it from npm.")
    found = re.findall(r"^`{32} example\n(.*?)^\.\n.*?^`{32}$", text.read_text(), re.M | re.S)
    return tuple(one.replace("→", "\t") for one in found)


@cache
def nonsense() -> tuple[str, ...]:
    """Two thousand documents put together of the dialect's marks without any sense, the same each time."""
    dice = Random(16)
    return tuple("".join(dice.choices(PIECES, k=dice.randint(1, 40))) for _ in range(2000))


PIECES = [
    *(
        ":::takeaway",
        ":::",
        "::::if subscriber.plan",
        "::::",
        ":::else",
        "::::else",
        "::recap",
        ':::quote {by="A b"}',
    ),
    *("{{ subscriber.city }}", "{{ lesson.title | default('it') }}", "{{ nope }}", "\\{{", "{{links.web}}"),
    *(
        "![a](b.png){width=4}",
        "[x](y){button}",
        "[x](y) {button}",
        "![](l){decorative}",
        "{button}",
        "](",
        "[r]: /u",
    ),
    *(
        "# ",
        "- ",
        "1. ",
        "2) ",
        "> ",
        "    ",
        "\t",
        "```",
        "~~~",
        "---",
        "===",
        "| a | b |",
        "|--|:-:|",
        "\\|",
    ),
    *(
        "*",
        "**",
        "_",
        "`",
        "<b>",
        "</div>",
        "<!-- c -->",
        "&amp;",
        "&#0;",
        "\\",
        "word",
        "é",
        "日本",
        "\u00a0",
        "  ",
    ),
    *("\n", "\n", "\n", "\n\n", " ", "x"),
]
# What real lessons hold and parsers trip over.
NASTY = (
    "",
    "\n\n\n",
    "No line end",
    "Trailing space  \nand a break\\\nand tabs\t\n",
    "__Their__ *own* _marks_ and &amp; entities &copy;\n\nSetext\n======\n\n* a\n* b\n\n+ c\n",
    "1) one\n2) two\n\n   more\n\n10) ten\n",
    "> a\n> lazy\ncontinued\n> > deeper\n",
    "| a | b |\n|:--|--:|\n| `x \\| y` | {{ subscriber.city \\| default('your town') }} |\n| short |\n",
    "[ref]: https://example.org 'A title'\n\nSee [ref] and [that][ref].\n",
    "<div align=center>\n\n*inside*\n\n</div>\n\nA <b>bold</b> word<br>here <!-- why -->\n",
    "```py\nif x:\n    y\n```\n\n~~~\n{{ not.a.field }}\n~~~\n\n    indented\n\n      code\n",
    '::::if subscriber.plan == "pro"\n:::takeaway\nA **b**\n:::\n::::else\n- x\n\n  y\n::::\n',
    ':::quote {by="Ada" source="Notes"}\nSaid.\n:::\n\n::recap\n\n::teaser\n',
    "- a\n  :::takeaway\n  in a list\n  :::\n- b\n",
    ":::takeaway\nunclosed\n\n:::else\n\n::nope\n",
    '![A desk](images/desk.jpg "Morning"){width=480} ![](line.png){decorative}\n\n[Go](https://e.org){button}\n',
    "[x](https://e.org/?i={{subscriber.id}}&j={{ links.web }}) [y](<a b>) [z](a(b)c)\n",
    "\\{{ literal }} \\:::  `{{ code }}`\n\n\\:::takeaway\n",
    "\ufeffAfter a mark\n",
    "A no-break space ends this\u00a0\n\n\u00a0\n\n# Head\u00a0\n",
    "مرحبا {{ subscriber.first_name | default('صديقي') }}\n\n日本語の**太字**です。\n",
)
