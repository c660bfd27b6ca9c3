"""CPU time of one reader's message: context, rendering, encoding, signing. `python -m benchmarks.composing`.

The host's own cost of an RSA signature, an Ed25519 signature and SHA-256 over such a message stands beside
it: what is left when these are taken off is Courseletter's own. Each figure is the best of several rounds.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from time import process_time
from typing import Any
from zoneinfo import ZoneInfo

from benchmarks.crowd import LESSON, PROSE
from sender.context import LessonContexts, Reader, Syllabus, SyllabusLesson
from sender.dkim import DkimKey
from sender.links import Links
from sender.message import Letterhead, PreparedMail, Stamp, message_id
from sender.return_path import return_path
from subscribers.tokens import Tokens
from templates import mjml
from templates.brand import Brand
from templates.compiled import CompiledLesson
from templates.compiling import LessonSource, compile_lesson
from templates.slots import Slots

READERS = 1000
ROUNDS = 9
KEY = b"k" * 32
DOMAIN = "letters.example.org"
NOW = datetime(2026, 3, 12, 7, 0, tzinfo=UTC)
NAMES = ["Anna", "Björn", "Zoë", "李雷", "Mary Ann", "O'Neil", "=Bob", "François", "Omar", "<b>x</b>"]
BRAND = Brand("Quiet Desk", "12 Example Street\nBristol BS1 4XX", "https://example.org")
LINKS = Links(f"https://{DOMAIN}", Tokens(KEY))


@dataclass(frozen=True)
class Sample:
    """One lesson with the contexts of its readers."""

    name: str
    compiled: CompiledLesson
    contexts: Sequence[dict[str, Any]]


def own_lesson() -> CompiledLesson:
    """A lesson through our own grammar and theme: about 40 KB of HTML."""
    source = LessonSource(
        id="les_2", kind="lesson", number=2, total=3, title="Plan your week", subject="Plan your week, well",
        preheader="How café owners in Malmö do it.", body=LESSON, format="markdown", minutes=4, language="en",
        course_title="Small habits", disclosures=("This lesson contains affiliate links.",),
    )  # fmt: skip
    return compile_lesson(source, BRAND)


def marked_up_lesson() -> CompiledLesson:
    """A lesson in MJML of its own, with a link of the reader's in every section."""
    slots = Slots("benchmark")
    name, link = slots.value("subscriber.first_name"), slots.link("links.web")
    then, otherwise, end = (
        slots.code(code) for code in ('{% if subscriber["plan"] == "pro" %}', "{% else %}", "{% endif %}")
    )
    sections = "".join(
        f"<mj-section background-color='#ffffff'><mj-column><mj-text font-size='20px'>Step {number}</mj-text>"
        f"<mj-text>{PROSE}</mj-text><mj-button href='{link}/{number}'>Open step {number}</mj-button>"
        "</mj-column></mj-section>"
        for number in range(12)
    )
    address, joined = slots.value("subscriber.email"), slots.value("subscriber.joined")
    leave = slots.link("links.unsubscribe")
    html = (
        f"<mjml><mj-head><mj-preview>Hello {name}, lesson 3 is here</mj-preview></mj-head><mj-body>"
        f"<mj-section><mj-column><mj-text>Hello {name}, {then}as a <b>pro</b> member{otherwise}as a "
        f"guest{end} you get the worksheet.</mj-text></mj-column></mj-section>{sections}<mj-section>"
        f"<mj-column><mj-text>Sent to {address} since {joined}. <a href='{leave}'>Unsubscribe</a></mj-text>"
        "</mj-column></mj-section></mj-body></mjml>"
    )
    text = f"Hello {name},\n\n" + "\n".join(f"Step {n}\n\n{PROSE}\n\n{link}/{n}\n" for n in range(12))
    return CompiledLesson(
        "marked up", slots.splice(f"{name}, lesson 3: plan your week — well"), "",
        slots.splice(mjml.compile(html)), slots.splice(f"{text}\nLeave: {leave}\n"),
    )  # fmt: skip


def contexts() -> LessonContexts:
    lessons = tuple(
        SyllabusLesson(
            f"les_{number}", "lesson", number, f"Lesson {number}", 3, "Two minutes a day are enough.",
            "A missed day is not a broken chain, and what to do on the morning after.",
        )
        for number in range(1, 4)
    )  # fmt: skip
    return LessonContexts(Syllabus("Small habits", "en", 7, lessons), "les_2", BRAND, LINKS)


def reader(number: int) -> Reader:
    return Reader(
        subscriber_id=number, enrolment_id=number + 3, email=f"user{number}@example.net",
        first_name=NAMES[number % 10], last_name="", fields={"plan": "pro" if number % 3 else "free"},
        joined_on=date(2026, 1 + number % 3, 1 + number % 28), previous="les_1", next="les_3", next_at=NOW,
        zone=ZoneInfo("Europe/Berlin"),
    )  # fmt: skip


def stamp(number: int, context: dict[str, Any]) -> Stamp:
    subscriber = context["subscriber"]
    identifier = message_id(KEY, number, DOMAIN)
    unsubscribe = context["links"]["unsubscribe"]
    return Stamp(subscriber["first_name"], subscriber["email"], identifier, NOW, NOW, unsubscribe)


def microseconds(act: Callable[[int], object], times: int = READERS) -> float:
    """The best round's CPU time of one call."""
    best = float("inf")
    for _ in range(ROUNDS):
        started = process_time()
        for number in range(times):
            act(number)
        best = min(best, process_time() - started)
    return best / times * 1e6


def main() -> None:
    rsa, ed25519 = DkimKey.generate_rsa("a", DOMAIN), DkimKey.generate_ed25519("b", DOMAIN)
    letterhead = Letterhead(
        "Kafé School", f"school@{DOMAIN}", list_id=f"x.{DOMAIN}", list_name="Plan your week", language="en"
    )
    made, readers = contexts(), [reader(number) for number in range(READERS)]
    written = [made.of(one) for one in readers]
    stamps = [stamp(number, one) for number, one in enumerate(written)]
    digest = hashlib.sha256().digest()
    host_rsa = microseconds(lambda _: rsa.sign(digest), 300)
    host_ed25519 = microseconds(lambda _: ed25519.sign(digest))
    print(f"this host: RSA-2048 {host_rsa:.0f} us, Ed25519 {host_ed25519:.0f} us")
    print(f"a reader's context: {microseconds(lambda number: made.of(readers[number])):.1f} us")
    print(f"stamp and return path: {microseconds(lambda number: _stamped(number, written[number])):.1f} us")
    for sample in (
        Sample("our own templates", own_lesson(), written),
        Sample("MJML with a link in each section", marked_up_lesson(), written),
    ):
        _report(sample, letterhead, stamps, {"unsigned": (), "Ed25519": (ed25519,), "RSA": (rsa,)}, host_rsa)


def _stamped(number: int, context: dict[str, Any]) -> object:
    return stamp(number, context), return_path(KEY, number, DOMAIN)


def _report(
    sample: Sample,
    letterhead: Letterhead,
    stamps: Sequence[Stamp],
    keys: dict[str, tuple[DkimKey, ...]],
    host_rsa: float,
) -> None:
    message = PreparedMail(sample.compiled, letterhead).write(sample.contexts[1], stamps[1])
    sha256 = microseconds(lambda _: hashlib.sha256(message).digest())
    html, text = len(sample.compiled.html.encode()), len(sample.compiled.text.encode())
    print(
        f"{sample.name}: {html:,} + {text:,} octets, sent as {len(message):,}; SHA-256 of it {sha256:.0f} us"
    )
    for name, some in keys.items():
        mail = PreparedMail(sample.compiled, letterhead, some)
        cost = microseconds(
            lambda number, mail=mail: mail.write(sample.contexts[number], stamps[number]),  # type: ignore[misc]
            300 if name == "RSA" else READERS,
        )
        print(f"  {name}: {cost:.1f} us; {cost * 300 / host_rsa:.0f} us where one RSA signature takes 300 us")


if __name__ == "__main__":
    main()
