"""A draft out to a folder of Markdown files and back: nothing is lost, and ids stay."""

from datetime import datetime
from pathlib import Path

import pytest
from school import School
from sqlalchemy.orm import Session

from campaigns import folders
from campaigns.models import Course
from courseletter.database import Database
from courseletter.errors import InvalidInput


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def export(school: School, folder: Path) -> None:
    school.change(lambda session: folders.export_course(session.get_one(Course, school.course_id), folder))


def import_(school: School, folder: Path) -> Course:
    def read(session: Session) -> Course:
        course, _ = folders.import_course(session, folder, school.clock.now(), default_zone="UTC")
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
        course, notes = folders.import_course(session, tmp_path / "a", now, default_zone="UTC")
        folders.export_course(course, tmp_path / "b")
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
