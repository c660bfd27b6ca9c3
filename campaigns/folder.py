"""A course as a folder: course.toml and lessons/NNN-slug.md or .mjml, read and written losslessly.

A lesson is known by its id and ordered by its file name. Writing over a folder touches only the lines that
changed, so that a course lives well in git. Plain values only; models are the caller's.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import tomlkit
from tomlkit.exceptions import TOMLKitError

from campaigns.folder_files import FolderFiles, encoded
from campaigns.front_matter import split
from courseletter.errors import InvalidInput
from courseletter.ids import new_id
from templates import conditions

Format = Literal["markdown", "mjml"]
_SUFFIX: dict[Format, str] = {"markdown": ".md", "mjml": ".mjml"}
_NAME = re.compile(r"([0-9]{1,6})-[a-z0-9][a-z0-9-]{0,79}\.(?:md|mjml)")
_NUMBER = re.compile(r"[0-9]{1,6}")
_ID = re.compile(r"[A-Za-z0-9_-]{1,40}")
_GAP = re.compile(r"[1-9][0-9]{0,2}d")
_LAST = 10**9  # a file without a number stands after all others


@dataclass(frozen=True, slots=True)
class FolderLesson:
    """A lesson's file. `head` is its front matter, all text: id and title always; kind, subject, gap or not.

    `file` is its name in lessons/, '' before it has one; `lines_above` counts the lines above the body.
    """

    head: Mapping[str, str]
    body: str
    format: Format = "markdown"
    file: str = field(default="", compare=False)
    lines_above: int = field(default=0, compare=False)

    @property
    def id(self) -> str:
        return self.head["id"]

    @property
    def title(self) -> str:
        return self.head["title"]


@dataclass(frozen=True, slots=True)
class CourseFolder:
    """A course: what course.toml holds (id and title always) and its lessons in order.

    `notes` says what reading changed or converted, one sentence each.
    """

    meta: Mapping[str, Any]
    lessons: tuple[FolderLesson, ...]
    notes: tuple[str, ...] = field(default=(), compare=False)


def read_folder(path: Path) -> CourseFolder:
    """Read a course folder; a missing id is made up and written into its file.

    Raises InvalidInput naming file and line. Nothing is written when anything is wrong.
    """
    files = FolderFiles(path)
    meta, toml = _read_course(files)
    read = [_read_lesson(name, files.read(f"lessons/{name}")) for name in files.lessons()]
    read.sort(key=lambda lesson: _order(lesson.file))
    lessons = tuple(_with_id(lesson) for lesson in read)
    _each_once(lessons)
    if "id" not in meta:
        meta = {"id": new_id("crs"), **meta}
        text = f'id = "{meta["id"]}"\n{tomlkit.dumps(toml)}'
        files.write("course.toml", encoded("course.toml", text))
        files.notes.append(f"course.toml had no id and was given {meta['id']}.")
    for before, after in zip(read, lessons, strict=True):
        if "id" not in before.head:
            name = f"lessons/{after.file}"
            files.write(name, encoded(name, _lesson_text(after, files.read(name))))
            files.notes.append(f"{name} had no id and was given {after.id}.")
    return CourseFolder(meta, lessons, tuple(files.notes))


def write_folder(course: CourseFolder, path: Path) -> None:
    """Write a course into a folder, new or existing. Lessons that the course no longer has lose their file.

    Files are found again by the lesson's id; of those only the lines that changed are rewritten. Raises
    InvalidInput, and then nothing was written.
    """
    _each_once(course.lessons)
    files = FolderFiles(path)
    standing = _standing(files)
    toml = tomlkit.document()
    if files.exists("course.toml"):
        _, toml = _read_course(files)
    for key, value in course.meta.items():
        if key not in toml or toml[key] != value:
            toml[key] = value
    names = _names([(_wish(lesson, standing), lesson) for lesson in course.lessons])
    texts = {
        f"lessons/{name}": _lesson_text(lesson, standing.get(lesson.id, ("", ""))[1])
        for name, lesson in zip(names, course.lessons, strict=True)
    }
    texts["course.toml"] = tomlkit.dumps(toml)
    if not files.exists(".gitattributes"):
        texts[".gitattributes"] = "*.md text eol=lf\n*.mjml text eol=lf\n"
    for name, data in {name: encoded(name, text) for name, text in texts.items()}.items():
        files.write(name, data)
    for name, _ in standing.values():
        if f"lessons/{name}" not in texts:
            files.remove(f"lessons/{name}")


def _standing(files: FolderFiles) -> dict[str, tuple[str, str]]:
    """The lessons that a folder holds already: id to file name and text."""
    found: dict[str, tuple[str, str]] = {}
    for name in files.lessons():
        text = files.read(f"lessons/{name}")
        front, _, _ = split(text, f"lessons/{name}")
        lesson_id = front.values().get("id")
        if lesson_id is None:
            raise InvalidInput(f"lessons/{name} has no id, so it is new here. Import the folder first.")
        if lesson_id in found:
            raise InvalidInput(
                f"lessons/{found[lesson_id][0]} and lessons/{name} have the same id {lesson_id}. "
                "Take the id out of the copy and import the folder."
            )
        found[lesson_id] = (name, text)
    return found


def _wish(lesson: FolderLesson, standing: Mapping[str, tuple[str, str]]) -> str:
    """The name a lesson's file has here, else the one it had elsewhere if that is a name of ours, else ''."""
    if lesson.id in standing:
        return standing[lesson.id][0]
    return lesson.file if _NAME.fullmatch(lesson.file) else ""


def _read_course(files: FolderFiles) -> tuple[dict[str, Any], tomlkit.TOMLDocument]:
    text = files.read("course.toml")
    try:
        toml = tomlkit.parse(text)
    except TOMLKitError as error:
        raise InvalidInput(f"course.toml: {error}. Mend it there.") from None
    meta = dict(toml.unwrap())
    if not isinstance(meta.get("title"), str) or not meta["title"].strip():
        raise InvalidInput('course.toml has no title. Add a line such as title = "Small habits".')
    if "id" in meta and not (isinstance(meta["id"], str) and _ID.fullmatch(meta["id"])):
        raise InvalidInput(
            "course.toml: the id may hold letters, digits, - and _. Take the line out for a new one."
        )
    return meta, toml


def _read_lesson(name: str, text: str) -> FolderLesson:
    file = f"lessons/{name}"
    front, body, _ = split(text, file)
    head = front.values()
    for key, wrong in _mistakes(head):
        entry = front.entries.get(key)
        raise InvalidInput(f"{file}, line {entry.first + 2 if entry else 1}: {wrong}")
    above = text.count("\n") - body.count("\n")
    return FolderLesson(head, body, "mjml" if name.endswith(".mjml") else "markdown", name, above)


def _mistakes(head: Mapping[str, str]) -> list[tuple[str, str]]:
    wrong = []
    if not head.get("title", "").strip():
        wrong.append(("title", "the lesson has no title. Add a line such as title: Start small."))
    if "id" in head and not _ID.fullmatch(head["id"]):
        wrong.append(("id", "an id may hold letters, digits, - and _. Take the line out for a new one."))
    if head.get("kind", "lesson") not in ("welcome", "lesson"):
        wrong.append(("kind", f"“{head['kind']}” is no kind of lesson. Write welcome or lesson."))
    if "gap" in head and not _GAP.fullmatch(head["gap"]):
        wrong.append(("gap", f"“{head['gap']}” is no gap. Write a number of days, such as 3d."))
    if "only_if" in head:
        try:
            conditions.parse(head["only_if"])
        except InvalidInput as error:
            wrong.append(("only_if", str(error)))
    return wrong


def _with_id(lesson: FolderLesson) -> FolderLesson:
    if "id" in lesson.head:
        return lesson
    return replace(lesson, head={"id": new_id("les"), **lesson.head}, lines_above=lesson.lines_above + 1)


def _each_once(lessons: Sequence[FolderLesson]) -> None:
    first: dict[str, FolderLesson] = {}
    for lesson in lessons:
        if (other := first.setdefault(lesson.id, lesson)) is not lesson:
            raise InvalidInput(
                f"lessons/{other.file or other.title} and lessons/{lesson.file or lesson.title} have the "
                f"same id {lesson.id}. Take the id out of the copy; it gets a new one."
            )


def _lesson_text(lesson: FolderLesson, old: str) -> str:
    front, _, gap = split(old, lesson.file)
    body = lesson.body.replace("\r\n", "\n").replace("\r", "\n")
    between = "\n" if gap or body.startswith("\n") else ""
    return f"---\n{front.changed(lesson.head)}---\n{between}{body}"


def _names(wishes: Sequence[tuple[str, FolderLesson]]) -> list[str]:
    """A file name for each lesson, in order. Names stay where the order allows, else get a number between.

    Only when there is no number left between two files are all numbered anew, in tens.
    """
    numbers = [int(match[0]) if (match := _NUMBER.match(name)) else None for name, _ in wishes]
    kept = _longest_rising([_order(name) if number is not None else None
                            for number, (name, _) in zip(numbers, wishes, strict=True)])  # fmt: skip
    given = _between([number if i in kept else None for i, number in enumerate(numbers)])
    if given is None:
        kept, given = set(), [10 * (i + 1) for i in range(len(wishes))]
    return [
        _name(number, wish, lesson, keep=i in kept)
        for i, (number, (wish, lesson)) in enumerate(zip(given, wishes, strict=True))
    ]


def _name(number: int, wish: str, lesson: FolderLesson, *, keep: bool) -> str:
    suffix = _SUFFIX[lesson.format]
    if keep and wish.endswith(suffix):
        return wish
    slug = _NUMBER.sub("", wish, count=1).rpartition(".")[0].lstrip("-_. ")
    return f"{number:03d}-{slug or _slug(lesson)}{suffix}"


def _slug(lesson: FolderLesson) -> str:
    plain = unicodedata.normalize("NFKD", lesson.title).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:40].strip("-")
    return slug or "lesson"


def _order(name: str) -> tuple[int, str]:
    match = _NUMBER.match(name)
    return int(match[0]) if match else _LAST, name


def _longest_rising(keys: Sequence[tuple[int, str] | None]) -> set[int]:
    """The places of a longest strictly rising run, gaps allowed, of the keys that are not None."""
    best: list[list[int]] = []
    for i, key in enumerate(keys):
        if key is None:
            continue
        before: list[int] = []
        for run in best:
            last = keys[run[-1]]
            if last is not None and last < key and len(run) > len(before):
                before = run
        best.append([*before, i])
    longest: list[int] = max(best, key=len, default=[])
    return set(longest)


def _between(numbers: Sequence[int | None]) -> list[int] | None:
    """The numbers with gaps filled evenly, after the last one in tens; None when a gap is too small."""
    out: list[int] = []
    i = 0
    while i < len(numbers):
        number = numbers[i]
        if number is not None:
            out.append(number)
            i += 1
            continue
        end = next((j for j in range(i, len(numbers)) if numbers[j] is not None), len(numbers))
        count, low = end - i, out[-1] if out else 0
        high = numbers[end] if end < len(numbers) else low // 10 * 10 + 10 * (count + 1)
        assert high is not None  # noqa: S101 - `end` is a place that has one
        if high - low <= count:
            return None
        out += [low + (high - low) * (k + 1) // (count + 1) for k in range(count)]
        i = end
    return out
