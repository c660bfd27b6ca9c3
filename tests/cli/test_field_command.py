"""`courseletter field`: defined, called otherwise, read as another kind, removed and brought back."""

from pathlib import Path

from sqlalchemy import select

from subscribers.models import Subscriber


def test_fields_by_command(line, tmp_path: Path) -> None:
    assert "There is no custom field" in line.done("field", "list").out
    path = tmp_path / "people.csv"
    people = ("ana@example.org,Porto,041,2024-01-02", "bea@example.org,Bonn,,2024-01-02")
    path.write_text("\n".join(("email,ctiy,age,confirmed at", *people)))
    mapped = ("--map", "ctiy=field:ctiy", "--map", "age=field:age:text")
    line.done("import", "subscribers", path, "--list", "letter", *mapped)
    line.done("field", "define", "birthday", "--kind", "date")
    assert "is there already" in line.refused("field", "define", "birthday")
    assert "“ctiy” is called “city”, for 2 people." in line.done("field", "rename", "ctiy", "city").out
    assert "“birthday” is text. Nobody had" in line.done("field", "retype", "birthday", "--kind", "text").out
    assert "“Bonn” (1), “Porto” (1)" in line.refused("field", "retype", "city", "--kind", "number")
    assert "“age” is number, for 1 person." in line.done("field", "retype", "age", "--kind", "number").out
    found = {one["name"]: one["kind"] for one in line.done("field", "list", "--json").json}
    assert found == {"age": "number", "birthday": "text", "city": "text"}
    assert "What it says of 2 people is kept for 30 days" in line.done("field", "remove", "city").out
    assert "There is no custom field called “city”. There" in line.refused("field", "remove", "city")
    line.done("field", "restore", "city")
    exported = line.done("export", "subscribers").out
    assert "Porto" in exported
    assert "city" in line.done("field", "list").out


def test_one_person_is_one_and_scripts_get_numbers(line) -> None:
    line.done("field", "define", "city", "--json")
    line.done("subscriber", "add", "ada@example.org")
    database = line.database()
    with database.write() as session:
        session.scalars(select(Subscriber)).one().fields = {"city": "Bath"}
    database.close()
    assert "for 1 person." in line.done("field", "rename", "city", "town").out
    assert line.done("field", "rename", "town", "place", "--json").json == {
        "field": "town", "name": "place", "people": 1,
    }  # fmt: skip
    assert "What it says of 1 person is kept" in line.done("field", "remove", "place").out
    assert line.done("field", "restore", "place", "--json").json == {"name": "place"}
