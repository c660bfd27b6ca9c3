"""The course folder: lossless, only changed lines rewritten, and no way out of the folder."""

import difflib
import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from campaigns.folder import CourseFolder, FolderLesson, read_folder, write_folder
from courseletter.errors import InvalidInput

ODD = [
    *("No", "yes: no", "1.0", "2026-01-01", "~", "null", "# x", 'a "b" \'c\'', "日本語", "مرحبا", "- x"),
    *("{{ subscriber.first_name | default('x') }}", " lead", "trail ", "a, b", "0x1F", "on", "&a", "*a"),
    *("a\nb", "\u2028", "\x85", "\x07", "💡", "a # b", "a: b", "---", "%x", "@x", "`x`", "? x", "= x", "<<"),
    *("\ufeff", "!t", "|", "[a]"),
]  # fmt: skip


def lesson(number: int, title: str = "Title", body: str = "Text.\n", **head: str) -> FolderLesson:
    return FolderLesson({"id": f"les_{number}", "title": title, **head}, body)


def course(*lessons: FolderLesson, **meta: object) -> CourseFolder:
    return CourseFolder({"id": "crs_1", "title": "Small habits", "days": ["mon", "thu"], **meta}, lessons)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def file(folder: Path, name: str, text: str | bytes) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    file(tmp_path, "course.toml", '# mine\nid = "crs_1"\ntitle = "Small habits"\n')
    return tmp_path


texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=40)
heads = st.fixed_dictionaries(
    {"title": texts.filter(str.strip)},
    optional={
        "subject": texts | st.sampled_from(ODD),
        "preheader": texts,
        "gap": st.sampled_from(["1d", "14d"]),
        "kind": st.sampled_from(["welcome", "lesson"]),
        "recap": st.sampled_from(ODD),
        "x_own": texts,
    },
)
bodies = texts.map(lambda text: text.replace("\r", "")) | st.sampled_from(
    ["", "\n", "\n\nx", "---\n", "---\na: b\n---\n", "x", "\ufeffx", "a\n---\nb\n"]
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(heads, bodies, st.sampled_from(["markdown", "mjml"])), max_size=5),
    st.dictionaries(st.sampled_from(["language", "time", "x_own"]), texts),
)
def test_export_then_import_is_equal_and_a_second_export_changes_no_byte(tmp_path, made, meta):
    folder = tmp_path / "course"
    shutil.rmtree(folder, ignore_errors=True)
    lessons = [
        FolderLesson({"id": f"les_{i}", **head}, body, form) for i, (head, body, form) in enumerate(made)
    ]
    out = course(*lessons, **meta)
    write_folder(out, folder)
    assert read_folder(folder) == out
    before = contents(folder)
    write_folder(read_folder(folder), folder)
    assert contents(folder) == before


@pytest.mark.parametrize("value", ODD)
def test_every_value_comes_back_as_the_same_text(tmp_path, value):
    write_folder(course(lesson(1, subject=value)), tmp_path)
    assert read_folder(tmp_path).lessons[0].head["subject"] == value
    changed = course(lesson(1, subject="x"))
    write_folder(changed, tmp_path)
    write_folder(course(lesson(1, subject=value)), tmp_path)
    assert read_folder(tmp_path).lessons[0].head["subject"] == value


def test_a_changed_title_is_a_diff_of_one_line(folder):
    head = "# my note\nx_own:   odd  spacing\nid: les_1\ntitle:  Old   # keep\nsubject: S"
    text = f"---\n{head}\n---\nBody\n\n  text"
    path = file(folder, "lessons/010-old.md", text)
    read = read_folder(folder)
    changed = replace(read.lessons[0], head={**read.lessons[0].head, "title": "New: one"})
    write_folder(replace(read, lessons=(changed,)), folder)
    diff = list(difflib.ndiff(text.splitlines(), path.read_text().splitlines()))
    assert [line for line in diff if line[0] in "+-"] == [
        "- title:  Old   # keep",
        '+ title:  "New: one"   # keep',
    ]
    assert path.read_text().endswith("---\nBody\n\n  text")
    assert (folder / "course.toml").read_text() == '# mine\nid = "crs_1"\ntitle = "Small habits"\n'


def test_unknown_keys_and_comments_stay_when_the_database_does_not_know_them(folder):
    path = file(
        folder, "lessons/010-a.md", "---\nid: les_1\ntitle: A\nsubject: S\nmine: kept # yes\n---\n\nx\n"
    )
    write_folder(course(lesson(1, "A", "x\n")), folder)
    assert path.read_text() == "---\nid: les_1\ntitle: A\nmine: kept # yes\n---\n\nx\n"


def test_a_value_over_several_lines_is_replaced_whole(folder):
    path = file(
        folder, "lessons/010-a.md", "---\nid: les_1\ntitle: >\n  A long\n  title\nsubject: S\n---\n\nx\n"
    )
    assert read_folder(folder).lessons[0].title == "A long title\n"
    write_folder(course(lesson(1, "Short", "x\n", subject="S")), folder)
    assert path.read_text() == "---\nid: les_1\ntitle: Short\nsubject: S\n---\n\nx\n"


def test_course_toml_keeps_its_comments_order_and_own_keys(tmp_path):
    path = file(
        tmp_path, "course.toml", 'time = "09:00"  # early\ntitle = "T"\nid = "crs_1"\n\n[mine]\nx = 1\n'
    )
    write_folder(CourseFolder({"id": "crs_1", "title": "T", "time": "08:30", "language": "de"}, ()), tmp_path)
    text = path.read_text()
    assert text.startswith('time = "08:30"  # early\ntitle = "T"\nid = "crs_1"\n')
    read = read_folder(tmp_path).meta
    assert read["language"] == "de"
    assert read["mine"] == {"x": 1}


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "lessons").iterdir())


def test_a_lesson_inserted_gets_a_number_between_and_moves_no_other(tmp_path):
    write_folder(course(lesson(1, "One"), lesson(2, "Two")), tmp_path)
    assert names(tmp_path) == ["010-one.md", "020-two.md"]
    write_folder(course(lesson(1, "One"), lesson(3, "Über uns!"), lesson(2, "Two")), tmp_path)
    assert names(tmp_path) == ["010-one.md", "015-uber-uns.md", "020-two.md"]


def test_moving_a_lesson_is_a_rename_without_a_changed_line(tmp_path):
    write_folder(course(lesson(1, "One"), lesson(2, "Two"), lesson(3, "Three")), tmp_path)
    before = (tmp_path / "lessons/010-one.md").read_bytes()
    write_folder(course(lesson(2, "Two"), lesson(3, "Three"), lesson(1, "One")), tmp_path)
    assert names(tmp_path) == ["020-two.md", "030-three.md", "040-one.md"]
    assert (tmp_path / "lessons/040-one.md").read_bytes() == before


def test_a_full_gap_numbers_all_anew_in_tens(folder):
    for number in (10, 11):
        file(folder, f"lessons/0{number}-x.md", f"---\nid: les_{number}\ntitle: X\n---\n\nx\n")
    write_folder(course(lesson(10), lesson(5, "New"), lesson(11)), folder)
    assert names(folder) == ["010-x.md", "020-new.md", "030-x.md"]
    assert [one.id for one in read_folder(folder).lessons] == ["les_10", "les_5", "les_11"]


def test_a_hundred_lessons_keep_their_order(tmp_path):
    lessons = [lesson(i, f"L{i}") for i in range(120)]
    write_folder(course(*lessons), tmp_path)
    assert [one.id for one in read_folder(tmp_path).lessons] == [one.id for one in lessons]


def test_a_lesson_the_course_no_longer_has_loses_its_file(tmp_path):
    write_folder(course(lesson(1, "One"), lesson(2, "Two")), tmp_path)
    write_folder(course(lesson(2, "Two")), tmp_path)
    assert names(tmp_path) == ["020-two.md"]


def test_a_missing_id_is_made_up_and_written(folder):
    path = file(folder, "lessons/010-a.md", "---\ntitle: A # t\n---\nx\n")
    read = read_folder(folder)
    made = read.lessons[0].id
    assert path.read_text() == f"---\nid: {made}\ntitle: A # t\n---\nx\n"
    assert read.notes == (f"lessons/010-a.md had no id and was given {made}.",)
    assert read_folder(folder) == read
    assert read.lessons[0].lines_above == read_folder(folder).lessons[0].lines_above == 4


def test_a_course_without_id_gets_one_on_top(tmp_path):
    file(tmp_path, "course.toml", 'title = "T"\n\n[mine]\nx = 1\n')
    read = read_folder(tmp_path)
    assert (
        tmp_path / "course.toml"
    ).read_text() == f'id = "{read.meta["id"]}"\ntitle = "T"\n\n[mine]\nx = 1\n'


def test_windows_files_are_converted_and_said(folder):
    file(folder, "lessons/010-a.md", b"\xef\xbb\xbf---\r\nid: les_1\r\ntitle: A\r\n---\r\n\r\nx\r\ny\r\n")
    read = read_folder(folder)
    assert read.lessons[0].body == "x\ny\n"
    assert "byte order mark" in read.notes[0]
    assert "Windows line ends" in read.notes[1]
    write_folder(read, folder)
    assert (folder / "lessons/010-a.md").read_bytes() == b"---\nid: les_1\ntitle: A\n---\n\nx\ny\n"


def test_two_files_with_one_id_are_both_named_and_nothing_is_written(folder):
    file(folder, "lessons/010-a.md", "---\nid: les_1\ntitle: A\n---\n\nx\n")
    file(folder, "lessons/020-b.md", "---\nid: les_1\ntitle: A\n---\n\nx\n")
    file(folder, "lessons/030-c.md", "---\ntitle: C\n---\n\nx\n")
    before = contents(folder)
    with pytest.raises(InvalidInput, match=r"010-a\.md.*020-b\.md.*les_1"):
        read_folder(folder)
    with pytest.raises(InvalidInput, match=r"010-a\.md.*020-b\.md"):
        write_folder(course(), folder)
    assert contents(folder) == before


@pytest.mark.parametrize(
    ("head", "message"),
    [
        ("id: les_1\ntitle: A\nsubject: a: b", r"line 4: "),
        ("id: les_1\ntitle: A\ntags:\n  - a\n", r"line 4: lists"),
        ("id: les_1\ntitle: A\ntitle: B", r"line 4: “title” stands there a second time"),
        ("id: les_1\nsubject: S", r"line 1: the lesson has no title"),
        ("id: ../../x\ntitle: A", r"line 2: an id may hold letters"),
        ("id: les_1\ntitle: A\ngap: soon", r"line 4: “soon” is no gap"),
        ("id: les_1\ntitle: A\nkind: story", r"line 4: “story” is no kind"),
        ("id: les_1\ntitle: A\nonly_if: subscriber.plan = 3", r"line 4: The condition"),
        ("just text", r"line 2: a line holds no key"),
        ("a: &a [x]\nb: [*a, *a]", r"line 2: lists"),
        ("[" * 5000, r"line 2: it is nested too deep"),
        ("title: \x07", r"line 2: it holds characters"),
        ("title: a\n\tb: c", r"line 3: "),
    ],
)
def test_r40_front_matter_errors_name_file_and_line(folder, head, message):
    file(folder, "lessons/010-a.md", f"---\n{head}\n---\n\nx\n")
    before = contents(folder)
    with pytest.raises(InvalidInput, match=rf"lessons/010-a\.md, {message}") as caught:
        read_folder(folder)
    assert "\n" not in str(caught.value)
    assert contents(folder) == before


def test_front_matter_without_end_is_an_error(folder):
    file(folder, "lessons/010-a.md", "---\nid: les_1\ntitle: A\n")
    with pytest.raises(InvalidInput, match="line 1: the front matter has no end"):
        read_folder(folder)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("title = ", "course.toml: "),
        ("x = 1", "course.toml has no title"),
        ('title = "T"\nid = "../x"', "the id may hold"),
        ("title = " + "[" * 5000, "course.toml: "),
        (b"title = '\xff'", "line 1: this is not UTF-8"),
        (b"\0", "zero byte"),
        ("x" * 600_000, "is over 512 KB"),
    ],
)
def test_r40_bad_course_files_are_refused(tmp_path, text, message):
    file(tmp_path, "course.toml", text)
    with pytest.raises(InvalidInput, match=message):
        read_folder(tmp_path)


def test_an_empty_folder_says_what_is_missing(tmp_path):
    with pytest.raises(InvalidInput, match=r"course\.toml is missing"):
        read_folder(tmp_path)


def test_r40_symbolic_links_are_neither_read_nor_written_through(folder, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside")
    secret = file(outside, "secret.md", "---\nid: les_1\ntitle: Secret\n---\n\nx\n")
    (folder / "lessons").mkdir()
    (folder / "lessons/010-a.md").symlink_to(secret)
    with pytest.raises(InvalidInput, match=r"010-a\.md cannot be read"):
        read_folder(folder)
    shutil.rmtree(folder / "lessons")
    (folder / "lessons").symlink_to(outside)
    with pytest.raises(InvalidInput, match="symbolic link"):
        read_folder(folder)
    with pytest.raises(InvalidInput, match="symbolic link"):
        write_folder(course(lesson(1)), folder)
    assert [path.name for path in outside.iterdir()] == ["secret.md"]


def test_r40_a_pipe_does_not_hang_the_import(folder):
    (folder / "lessons").mkdir()
    os.mkfifo(folder / "lessons/010-a.md")
    with pytest.raises(InvalidInput, match=r"010-a\.md is no ordinary file"):
        read_folder(folder)


@pytest.mark.parametrize(
    "name", ["../../evil.md", "/etc/evil.md", "010-../x.md", "010-a.md/../../b.md", "x" * 300]
)
def test_r40_a_lesson_cannot_name_a_file_outside(tmp_path, name):
    folder = tmp_path / "course"
    write_folder(course(replace(lesson(1, "Fine"), file=name)), folder)
    assert names(folder) == ["010-fine.md"]
    assert [path.name for path in tmp_path.iterdir()] == ["course"]


def test_half_a_character_is_refused_before_anything_is_written(tmp_path):
    with pytest.raises(InvalidInput, match="half a character"):
        write_folder(course(lesson(1), lesson(2, body="\ud800")), tmp_path)
    assert contents(tmp_path) == {}


def test_export_does_not_remove_a_lesson_that_was_never_imported(folder):
    file(folder, "lessons/010-new.md", "---\ntitle: New\n---\n\nx\n")
    with pytest.raises(InvalidInput, match="Import the folder first"):
        write_folder(course(), folder)
    assert names(folder) == ["010-new.md"]
