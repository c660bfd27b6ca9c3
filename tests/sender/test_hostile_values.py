"""What readers and authors may have typed, in every place where it can stand in a real lesson's mail.

Each message is compared with what plain Jinja2 makes of the same sources, as the standard library's parser
reads it, and its two signatures are checked by dkimpy and by mailauth.
"""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from email.message import EmailMessage
from typing import Any

import dkim
import pytest
from mailauth import Mailauth
from one_mail import NOW
from reading import assert_canonical, parsed, part

from sender.dkim import DkimKey
from sender.message import Letterhead, PreparedMail, Stamp, UnsafeMessage
from templates.brand import Brand
from templates.compiled import CompiledLesson
from templates.compiling import LessonSource, compile_lesson
from templates.rendering import environment

VALUES = [
    "",
    " ",
    "Zoë",
    "李雷",
    "李雷" * 40,
    "שלום עולם",
    "\u202eright to left\u202c",
    "a\u0301bc\u0308",
    unicodedata.normalize("NFC", "a\u0301bc\u0308"),
    "👩‍👩‍👧‍👦 family",
    "🏳️‍🌈" * 30,
    "é" * 60,
    ".",
    "..",
    ".leading dot",
    "." * 200,
    "From me",
    "From " * 40,
    "F" * 200,
    "-- ",
    "--=_0123456789abcdef01234567--",
    "-" * 200,
    "=",
    "=3D",
    "a=" * 100,
    "x" * 71 + ".",
    "x" * 75 + ".y",
    "x" * 75 + " y",
    "x" * 75 + "-y",
    "x" * 75 + "From y",
    "x" * 74 + "é",
    "x" * 76,
    "x" * 5000,
    "x " * 2500,
    "é=. " * 1250,
    "  two  spaces  ",
    "two  spaces",
    "trailing ",
    "\ttab\t\ttab\t",
    "a\u00a0b",
    "\u2028\u2029\u0085x",
    "a\x0bb\x0cc\x1cd",
    "\x01\x7f",
    "\ufeff\u200b",
    "{{ 7*7 }}",
    "{% raw %}{{",
    "{# no comment #}",
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "&amp; &#34; '",
    "%s %d %b %%",
    "Bcc: x@example.com",
    "=?utf-8?B?eA==?=",
    "=?utf-8?q?x?= =?utf-8?q?y?=",
    "=?",
    "a, b; c: d <e@f>",
    'say "hi" \\ bye',
]
BROKEN = [
    "=\n",
    "a\r\nBcc: x@example.com",
    "a\n.\nMAIL FROM:<x@y>\n",
    "a\r.\rb",
    "\n\n",
    "\x00",
]
FORGED = [
    "=?utf-8?q?a=0D=0ABcc=3A_x?=",
    "=?iso-8859-1?b?YQ0KQmNjOiB4?=",
    "=?utf-8?b?PT91dGYtOD9xP2E9MEQ9MEFCY2M9M0FfeD89?=",
]
BODY_FIELDS = [
    "first_name",
    "city",
    "plan",
    "joined",
    "next_title",
    "teaser",
    "recap",
    "web",
    "unsubscribe_link",
]
HEAD_FIELDS = ["subject", "to_name", "from_name", "list_name"]

SOURCE = LessonSource(
    id="les_2",
    kind="lesson",
    number=2,
    total=5,
    title="One cue, one habit",
    subject="{{subscriber.subject}}",
    preheader="For {{subscriber.first_name | default('you')}} in {{subscriber.city | default('town')}}",
    body="""\
Hello {{subscriber.first_name | default('friend')}} of {{subscriber.city}}, this is the place — and the hour.

:::if subscriber.plan == "pro"
Your coach in {{subscriber.city}} has left a note.
:::else
[Get the worksheet for {{subscriber.plan}}](https://example.org/w?x={{subscriber.city}}){button}
:::

- Read {{subscriber.plan}}, then **go**.
""",
    format="markdown",
    minutes=3,
    language="en",
    course_title="Small habits",
)
BRAND = Brand("Quiet Desk", "12 Example Street, Bristol BS1 4XX", "https://example.org")
LESSON = compile_lesson(SOURCE, BRAND)


def context(**values: str) -> dict[str, Any]:
    told = {
        "first_name": "Ana", "city": "Porto", "plan": "free", "joined": "3 May 2026", "subject": "Lesson 2",
        "next_title": "When it breaks", "teaser": "A missed day.", "recap": "Two minutes.",
        "web": "https://example.org/web", "unsubscribe_link": "https://example.org/unsubscribe",
    } | values  # fmt: skip
    links = dict.fromkeys(("previous", "next_now", "pause", "preferences"), "https://example.org/learn/x")
    return {
        "subscriber": {name: told[name] for name in ("first_name", "city", "plan", "joined", "subject")},
        "lesson": {"number": 2, "total": 5, "title": "One cue", "minutes": 3, "next_when": "Thursday"},
        "course": {"title": "Small habits", "total": 5},
        "sender": {"name": "Quiet Desk", "address": "12 Example Street"},
        "links": {**links, "web": told["web"], "unsubscribe": told["unsubscribe_link"]},
        "previous": {"number": 1, "title": "Start", "recap": told["recap"]},
        "next": {"number": 3, "title": told["next_title"], "teaser": told["teaser"], "when": "Thursday"},
    }


def written(
    values: dict[str, Any], keys: list[DkimKey], lesson: CompiledLesson = LESSON, **head: str
) -> bytes:
    letterhead = Letterhead(
        head.get("from_name", "Quiet Desk"),
        "letters@example.org",
        list_id="habits.example.org",
        list_name=head.get("list_name", "Small habits"),
        language="en",
    )
    stamp = Stamp(
        head.get("to_name", "Ana"), "ana@example.net", "<a@example.org>", NOW, NOW, "https://example.org/u/x"
    )
    return PreparedMail(lesson, letterhead, keys).write(values, stamp)


def plain(source: str, values: dict[str, Any], *, html: bool) -> str:
    """What Jinja2 itself makes of a source. Line ends of the values, too, become those of the wire."""
    made = environment(html=html).from_string(source).render(values)
    return re.sub("\r\n|\r", "\n", made)


def assert_says(message: EmailMessage, lesson: CompiledLesson, values: dict[str, Any]) -> None:
    assert part(message, "html") == plain(lesson.html, values, html=True)
    assert part(message, "plain") == plain(lesson.text, values, html=False)


FIELDS = [
    "DKIM-Signature", "DKIM-Signature", "From", "To", "Subject", "Date", "Message-ID", "List-Id",
    "Precedence", "List-Unsubscribe", "List-Unsubscribe-Post", "Content-Language", "MIME-Version",
    "Content-Type",
]  # fmt: skip


def assert_sound(raw: bytes, keys: list[DkimKey], dns: Callable[..., bytes]) -> EmailMessage:
    message = parsed(raw)
    assert message.keys() == FIELDS
    head, _, body = raw.partition(b"\r\n\r\n")
    assert_canonical(body)
    assert max(map(len, head.split(b"\r\n"))) <= 100
    verifier = dkim.DKIM(raw)
    assert [verifier.verify(index, dnsfunc=dns) for index in range(len(keys))] == [True, True]
    return message


@pytest.fixture(scope="session")
def keys(rsa_key: DkimKey, ed25519_key: DkimKey) -> list[DkimKey]:
    return [rsa_key, ed25519_key]


def test_the_table_is_wide() -> None:
    assert len(BODY_FIELDS) * len({*VALUES, *BROKEN, *FORGED}) > 500
    assert len(HEAD_FIELDS) * len({*VALUES, *BROKEN, *FORGED}) > 250


@pytest.mark.parametrize("field", BODY_FIELDS)
@pytest.mark.parametrize("value", [*VALUES, *BROKEN, *FORGED])
def test_r07_hostile_values_in_a_body(
    field: str, value: str, keys: list[DkimKey], dns: Callable[..., bytes]
) -> None:
    values = context(**{field: value})
    message = assert_sound(written(values, keys), keys, dns)
    assert_says(message, LESSON, values)


def placed(field: str, value: str) -> tuple[dict[str, Any], dict[str, str]]:
    """The context and the head that hold a value."""
    return (context(subject=value), {}) if field == "subject" else (context(), {field: value})


@pytest.mark.parametrize("field", HEAD_FIELDS)
@pytest.mark.parametrize("value", VALUES)
def test_r07_hostile_values_in_a_head(
    field: str, value: str, keys: list[DkimKey], dns: Callable[..., bytes]
) -> None:
    values, head = placed(field, value)
    message = assert_sound(written(values, keys, **head), keys, dns)
    if field == "subject":
        assert message["Subject"] == " ".join(value.split())
    assert_says(message, LESSON, values)


@pytest.mark.parametrize("field", HEAD_FIELDS)
@pytest.mark.parametrize("value", [*BROKEN, *FORGED])
def test_r08_no_head_has_a_line_of_anothers(
    field: str, value: str, keys: list[DkimKey], dns: Callable[..., bytes]
) -> None:
    values, head = placed(field, value)
    if field == "subject" and value != "\x00" and value not in FORGED:  # a subject is one line of words
        assert "\n" not in assert_sound(written(values, keys, **head), keys, dns)["Subject"]
    else:
        with pytest.raises(UnsafeMessage) as refusal:
            written(values, keys, **head)
        assert refusal.value.field == field


def test_r05_mailauth_accepts_every_one(keys: list[DkimKey], mailauth: Mailauth) -> None:
    everything = [*VALUES, *BROKEN, *FORGED]
    bodies = [written(context(**{field: value}), keys) for field in BODY_FIELDS for value in everything]
    heads = [
        written(context(subject=value), keys, to_name=value, from_name=value, list_name=value)
        for value in VALUES
    ]
    messages = [*bodies, *heads]
    assert mailauth.verdicts(messages, keys) == [["pass", "pass"]] * len(messages)
    changed = messages[0].replace(b"Subject: Lesson 2", b"Subject: Lesson 3")
    assert mailauth.verdicts([changed], keys) != [["pass", "pass"]]


def test_an_experts_lesson_is_written_the_same_way(keys: list[DkimKey], dns: Callable[..., bytes]) -> None:
    body = """\
<mj-section><mj-column>
  {% for word in [subscriber.city, "—"] %}
  <mj-text>{{ word }} of {{ subscriber.first_name }}</mj-text>
  {% endfor %}
</mj-column></mj-section>
"""
    expert = compile_lesson(replace(SOURCE, format="mjml", body=body), BRAND)
    for value in (".\nFrom x", "<b>é", "x" * 200):
        values = context(first_name=value)
        message = assert_sound(written(values, keys, lesson=expert), keys, dns)
        assert_says(message, expert, values)


def test_a_lesson_in_another_script_travels_as_base64(keys: list[DkimKey], dns: Callable[..., bytes]) -> None:
    arabic = compile_lesson(
        replace(
            SOURCE, language="ar", title="إشارة", body="تبدو العادة كأنها قرار نتخذه كل يوم من جديد.\n" * 9
        ),
        BRAND,
    )
    for value in ("ليلى", ".\nFrom x", "x" * 200):
        values = context(first_name=value, subject=value)
        message = assert_sound(written(values, keys, lesson=arabic), keys, dns)
        assert_says(message, arabic, values)
        assert [one["Content-Transfer-Encoding"] for one in message.iter_parts()] == [
            "base64",
            "quoted-printable",
        ]
