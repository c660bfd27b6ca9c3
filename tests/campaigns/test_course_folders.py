"""A draft out to a folder of Markdown files and back: nothing is lost, and ids stay."""

from datetime import datetime
from io import BytesIO
from pathlib import Path

import PIL.Image
import pytest
from school import School
from sqlalchemy.orm import Session

from campaigns import folders, images
from campaigns.models import Course, Image
from courseletter.database import Database
from courseletter.errors import InvalidInput

HERE = "https://letters.example.org"
THEIRS = "![Theirs](https://x.example/images/0123456789abcdef0123456789abcdef.png)"


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def export(school: School, folder: Path) -> None:
    school.change(
        lambda session: folders.export_course(session, session.get_one(Course, school.course_id), folder)
    )


def import_(school: School, folder: Path) -> Course:
    def read(session: Session) -> Course:
        course, _ = folders.import_course(
            session, folder, school.clock.now(), default_zone="UTC", base_url=HERE
        )
        return course

    course = school.change(read)
    assert isinstance(course, Course)
    return course


def test_export_import_export_is_the_same_bytes(school: School, tmp_path: Path) -> None:
    export(school, tmp_path / "a")
    import_(school, tmp_path / "a")
    export(school, tmp_path / "b")
    assert contents(tmp_path / "a") == contents(tmp_path / "b")
    assert len(contents(tmp_path / "a")) >= 5


def test_a_folder_makes_the_same_course_elsewhere(
    school: School, tmp_path: Path, now: datetime, empty_sqlite: Path
) -> None:
    export(school, tmp_path / "a")
    elsewhere = Database(f"sqlite:///{tmp_path / 'other.db'}")
    elsewhere.upgrade()
    with elsewhere.write() as session:
        course, notes = folders.import_course(session, tmp_path / "a", now, default_zone="UTC", base_url=HERE)
        folders.export_course(session, course, tmp_path / "b")
    elsewhere.close()
    assert notes == ()
    assert contents(tmp_path / "a") == contents(tmp_path / "b")


def test_a_renamed_file_moves_the_lesson_and_a_deleted_one_leaves(school: School, tmp_path: Path) -> None:
    export(school, tmp_path)
    files = sorted((tmp_path / "lessons").iterdir())
    files[3].rename(files[3].with_name("015-" + files[3].name.partition("-")[2]))
    files[2].unlink()
    course = import_(school, tmp_path)
    assert [one.title for one in course.lessons] == ["Welcome", "Forgive a bad day", "Start small"]
    export(school, tmp_path)
    assert len(list((tmp_path / "lessons").iterdir())) == 3


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('days = ["someday"]', "someday"),
        ('time = "nine"', "nine"),
        ('timezone = "Mars/Base"', "Mars/Base"),
        ('gap = "soon"', "soon"),
        ('days = "mon"', "days must be a list"),
        ('language = "zz"', "“zz” is no language"),
        ('disclosures = "Affiliate links."', "disclosures must be a list"),
        ("disclaimers = [1]", "disclaimers must be a list"),
        ('title = "=?utf-8?q?a=0D=0ABcc=3A_x?="', "The course .*: The title has a line break"),
    ],
)
def test_a_wrong_setting_is_named_and_changes_nothing(
    school: School, tmp_path: Path, line: str, expected: str
) -> None:
    export(school, tmp_path)
    path = tmp_path / "course.toml"
    key = line.partition(" ")[0]
    kept = [one for one in path.read_text(encoding="utf-8").splitlines() if not one.startswith(f"{key} ")]
    path.write_text("\n".join([line, *kept]), encoding="utf-8")
    before = school.change(lambda session: session.get_one(Course, school.course_id).cadence)
    with pytest.raises(InvalidInput, match=expected):
        import_(school, tmp_path)
    assert school.change(lambda session: session.get_one(Course, school.course_id).cadence) == before


def lesson_files(folder: Path) -> list[Path]:
    return sorted((folder / "lessons").iterdir())


def put(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def notes_of(school: School, folder: Path) -> tuple[str, ...]:
    def read(session: Session) -> tuple[str, ...]:
        return folders.import_course(session, folder, school.clock.now(), default_zone="UTC", base_url=HERE)[
            1
        ]

    notes = school.change(read)
    assert isinstance(notes, tuple)
    return notes


def test_a_lesson_that_was_taken_out_comes_back_as_the_one_it_was(school: School, tmp_path: Path) -> None:
    export(school, tmp_path)
    away = lesson_files(tmp_path)[2]
    text = away.read_text(encoding="utf-8")
    before = [one.id for one in import_(school, tmp_path).lessons]
    away.unlink()
    assert len(import_(school, tmp_path).lessons) == len(before) - 1
    away.write_text(text, encoding="utf-8")
    assert [one.id for one in import_(school, tmp_path).lessons] == before


def test_a_lesson_of_another_course_is_refused_with_the_way_out(school: School, tmp_path: Path) -> None:
    export(school, tmp_path)
    put(tmp_path / "course.toml", school.course_id, "crs_copied")
    with pytest.raises(InvalidInput, match=r"lessons/010-.*three-small-habits.*Take the line id out"):
        import_(school, tmp_path)


def test_places_and_counts_follow_the_lessons_there_are(school: School, tmp_path: Path) -> None:
    export(school, tmp_path)
    files = lesson_files(tmp_path)
    put(files[1], "title: Start small", "title: Start with very little")
    files[2].unlink()
    course = import_(school, tmp_path)
    assert [one.subject for one in course.lessons] == [
        "Three Small Habits",
        "1/2: Start small",
        "2/2: Forgive a bad day",
    ]
    assert course.lessons[0].preheader.startswith("2 short lessons, ")
    # The folder still says 3, and is read the same a second time.
    assert [one.subject for one in import_(school, tmp_path).lessons][1:] == [
        "1/2: Start small",
        "2/2: Forgive a bad day",
    ]
    assert "Start with very little" in notes_of(school, tmp_path)[0]


def test_the_welcome_keeps_its_promise_of_a_rhythm(school: School, tmp_path: Path) -> None:
    export(school, tmp_path)
    put(tmp_path / "course.toml", 'gap = "1d"', 'gap = "7d"')
    assert import_(school, tmp_path).lessons[0].preheader.endswith(", then one a week.")


def test_what_a_person_wrote_is_not_numbered(school: School, tmp_path: Path) -> None:
    export(school, tmp_path)
    files = lesson_files(tmp_path)
    put(files[1], 'subject: "1/3: Start small"', 'subject: "9/11: a date"')
    put(files[0], "3 short lessons,", "My 3 lessons,")
    files[2].unlink()
    course = import_(school, tmp_path)
    assert [one.subject for one in course.lessons][1:] == ["9/11: a date", "2/2: Forgive a bad day"]
    assert course.lessons[0].preheader.startswith("My 3 lessons,")


def test_a_folder_without_lessons_empties_no_draft(school: School, tmp_path: Path) -> None:
    export(school, tmp_path)
    for path in lesson_files(tmp_path):
        path.unlink()
    (tmp_path / "lessons").rmdir()
    with pytest.raises(InvalidInput, match="lessons holds no lesson"):
        import_(school, tmp_path)


def test_a_setting_that_nothing_reads_is_named(school: School, tmp_path: Path) -> None:
    export(school, tmp_path)
    path = tmp_path / "course.toml"
    path.write_text('foo = 1\ndisclosure = ["x"]\n' + path.read_text(encoding="utf-8"), encoding="utf-8")
    foo, disclosure = notes_of(school, tmp_path)
    assert "foo is no setting" in foo
    assert "Did you mean disclosures?" in disclosure


def test_what_would_block_publishing_is_named_by_the_line_of_its_file(school: School, tmp_path: Path) -> None:
    export(school, tmp_path)
    path = lesson_files(tmp_path)[1]
    path.write_text(path.read_text(encoding="utf-8") + "\n{{ nonsense }}\n", encoding="utf-8")
    line = path.read_text(encoding="utf-8").split("\n").index("{{ nonsense }}") + 1
    (note,) = notes_of(school, tmp_path)
    assert note.startswith(f"lessons/{path.name}, line {line}: “{{{{ nonsense }}}}” is not a merge field")


def test_r08_a_subject_no_header_can_carry_is_refused_on_import(school: School, tmp_path: Path) -> None:
    export(school, tmp_path)
    put(lesson_files(tmp_path)[2], "2/3: Choose a cue", "=?utf-8?q?a=0D=0ABcc=3A_x?=")
    with pytest.raises(InvalidInput, match="“Choose a cue”: The subject has a line break"):
        import_(school, tmp_path)


def photograph() -> bytes:
    """Of many colours, so that it is kept as JPEG, which is another one each time it is written."""
    out = BytesIO()
    PIL.Image.radial_gradient("L").convert("RGB").save(out, "JPEG")
    return out.getvalue()


def test_pictures_go_out_and_come_back_without_an_address_of_ours(school: School, tmp_path: Path) -> None:
    def show(session: Session) -> str:
        image = images.keep(session, photograph(), school.clock.now())
        lesson = session.get_one(Course, school.course_id).lessons[1]
        lesson.body = f'![A lamp]({HERE}{image.path} "Evening"){{width=200}}\n\n{THEIRS}\n'
        return image.path

    path = str(school.change(show))
    export(school, tmp_path / "a")
    assert (tmp_path / "a" / path.removeprefix("/")).is_file()
    assert HERE not in (tmp_path / "a" / lesson_file(tmp_path / "a")).read_text()
    course = import_(school, tmp_path / "a")
    with school.database.read() as session:
        body = session.get_one(Course, course.id).lessons[1].body
        assert session.query(Image).count() == 1, "the very one that was taken out"
    assert f"({HERE}{path} " in body
    assert THEIRS in body
    export(school, tmp_path / "b")
    assert contents(tmp_path / "b") == contents(tmp_path / "a")


def test_pictures_follow_to_another_installation_and_are_decoded_there(
    school: School, tmp_path: Path
) -> None:
    export(school, tmp_path)
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "Lamp.JPG").write_bytes(photograph())
    lesson = tmp_path / lesson_file(tmp_path)
    lesson.write_text(lesson.read_text() + "\n![A lamp](images/Lamp.JPG)\n\n![Gone](images/gone.png)\n")

    def elsewhere(session: Session) -> str:
        base = "https://elsewhere.example/letters"
        course, _ = folders.import_course(
            session, tmp_path, school.clock.now(), default_zone="UTC", base_url=base
        )
        return course.lessons[1].body

    body = str(school.change(elsewhere))
    with school.database.read() as session:
        (image,) = session.query(Image).all()
        assert image.content != photograph(), "decoded, and written anew"
    assert f"(https://elsewhere.example/letters{image.path})" in body
    assert "(images/gone.png)" in body, "the checks say that it is nowhere"


def test_r37_what_only_pretends_to_be_a_picture_is_refused(school: School, tmp_path: Path) -> None:
    export(school, tmp_path)
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "lamp.png").write_bytes(b"<svg xmlns='http://www.w3.org/2000/svg'/>")
    lesson = tmp_path / lesson_file(tmp_path)
    lesson.write_text(lesson.read_text() + "\n![A lamp](images/lamp.png)\n")
    with pytest.raises(InvalidInput, match=r"images/lamp\.png: Mail programs do not show SVG"):
        import_(school, tmp_path)


def lesson_file(folder: Path) -> Path:
    """The second mail, below the folder."""
    return sorted((folder / "lessons").iterdir())[1].relative_to(folder)
