"""`courseletter import subscribers`: tried out, taken in, gone on with, taken back, and the rows to mend."""

import csv
from pathlib import Path

import pytest

LIST = "email,name,status,confirmed at\nana@example.org,Ana,active,2024-01-02\nbad@@example.org,Bad,active,\n"


@pytest.fixture
def people(tmp_path: Path) -> Path:
    path = tmp_path / "people.csv"
    path.write_text(LIST, encoding="utf-8")
    return path


def test_a_dry_run_saves_nothing_and_says_everything(line, people: Path) -> None:
    before = line.rows()
    said = line.done("import", "subscribers", people, "--list", "letter", "--dry-run")
    assert "Nothing was saved. This file would bring 1 new person" in said.out
    assert "Two @ signs. Did you mean bad@example.org?" in said.out
    assert line.rows() == before
    found = line.done("import", "subscribers", people, "--list", "letter", "--dry-run", "--json").json
    assert (found["source"], found["new"], found["skipped"], found["problems"][0]["line"]) == (
        "plain",
        1,
        1,
        3,
    )


def test_a_dry_run_says_in_which_encoding_a_file_was_guessed_to_be(line, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    for encoding, told in (("cp1252", True), ("utf-8", False), ("utf-16", False)):
        path.write_bytes("email,name\nana@example.org,Zoë Müller aus Köln\n".encode(encoding))
        said = line.done("import", "subscribers", path, "--list", "letter", "--dry-run").out
        assert ("It is not in UTF-8, and was read as cp125" in said) is told


def test_an_import_and_its_undoing(line, people: Path) -> None:
    said = line.done("import", "subscribers", people, "--list", "letter", "--tag", "moved")
    assert "courseletter import subscribers --undo 1" in said.out
    assert "ana@example.org" in line.done("export", "subscribers").out
    assert "confirmed" in line.done("subscriber", "show", "ana@example.org").out
    undone = line.done("import", "subscribers", "--undo", "1")
    assert (
        undone.out
        == "Import 1 is taken back: 1 person removed, 0 as before, 0 kept because of what happened since.\n"
    )
    assert "ana@example.org" not in line.done("export", "subscribers").out
    assert "nothing to take back" in line.refused("import", "subscribers", "--undo", "1")
    assert "There is no import 9" in line.refused("import", "subscribers", "--undo", "9")


def test_what_could_not_be_put_back_is_named(line, tmp_path: Path) -> None:
    path = tmp_path / "ages.csv"
    for age in ("old", "41"):
        path.write_text(f"email,age\nana@example.org,{age}\n")
        line.done("import", "subscribers", path, "--list", "letter", "--map", "age=field:age:text")
    line.done("field", "retype", "age", "--kind", "number")
    undone = line.done("import", "subscribers", "--undo", "2").out
    assert "0 people removed, 1 as before" in undone
    assert "Not as before, since the field is gone by now or of another kind: age (1)." in undone
    assert line.done("subscriber", "show", "ana@example.org").out.count("41") == 0


def test_rows_to_mend_come_back_as_they_were_and_are_imported_again(
    line, people: Path, tmp_path: Path
) -> None:
    line.done("import", "subscribers", people, "--list", "letter", "--errors", tmp_path / "mend.csv")
    (row,) = csv.DictReader((tmp_path / "mend.csv").read_text().splitlines())
    assert row["email"] == "bad@@example.org"
    assert row["Why it was not taken"].startswith("line 3: Two @ signs")
    mended = (tmp_path / "mend.csv").read_text().replace("bad@@", "good@")
    (tmp_path / "mend.csv").write_text(mended)
    line.done("import", "subscribers", tmp_path / "mend.csv", "--list", "letter")
    assert "good@example.org" in line.done("export", "subscribers").out


def test_columns_are_mapped_by_hand(line, tmp_path: Path) -> None:
    path = tmp_path / "odd.csv"
    path.write_text("Kontakt,Stadt\nana@example.org,Köln\n", encoding="utf-8")
    said = line.refused("import", "subscribers", path, "--list", "letter")
    assert "No column is the email address. Say which one is, like --map “Kontakt=email”." in said
    line.done(
        "import", "subscribers", path, "--list", "a", "--map", "Kontakt=email", "--map", "Stadt=field:city"
    )
    assert line.done("subscriber", "show", "ana@example.org", "--json").json["fields"] == {"city": "Köln"}
    assert "No column is called “Town”" in line.refused("import", "subscribers", path, "--map", "Town=email")


def test_what_is_refused(line, people: Path, tmp_path: Path) -> None:
    assert "Name the file" in line.refused("import", "subscribers")
    assert "Choose the list" in line.refused("import", "subscribers", people)
    assert "No such file" in line.refused("import", "subscribers", tmp_path / "none.csv", "--list", "letter")
    assert "No import of this file" in line.refused("import", "subscribers", people, "--resume")


def test_people_come_into_the_middle_of_a_course(school_line, tmp_path: Path) -> None:
    path = tmp_path / "readers.csv"
    path.write_text("email,confirmed at,step\nana@example.org,2024-01-02,1\nbea@example.org,2024-01-02,77\n")
    course = "three-small-habits"
    said = school_line.done(
        "import", "subscribers", path, "--list", course, "--map", f"step=position:{course}"
    )
    assert "Taken, but not into the course" in said.out
    shown = school_line.done("subscriber", "show", "ana@example.org", "--json").json
    assert [(one["course"], one["state"]) for one in shown["courses"]] == [(course, "active")]
    coming = school_line.done("subscriber", "why", "ana@example.org").out
    assert "Choose a cue" in coming
    assert "Start small" not in coming.partition("What comes")[2]
