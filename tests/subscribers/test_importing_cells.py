"""REQUIREMENTS 40: whatever a cell says, its row is told by its line, and the rows beside it come in."""

import json
from datetime import UTC, datetime

import pytest
from import_desk import Desk

from courseletter.errors import InvalidInput

NUL = "\\u0000"  # as JSON writes it
HALF = "\\ud800"


def _bring(desk: Desk, target: str, cell: str) -> list[tuple[int, str]]:
    """The problems of a file in whose first row this cell is, as JSON would write it."""
    text = f'{{"email": "ana@example.org", "x": "{cell}"}}\n{{"email": "bea@example.org"}}\n'
    done = desk.bring(text, "list.jsonl", columns={"x": target})
    assert "bea@example.org" in desk.emails()
    return desk.problems(done.id)


@pytest.mark.parametrize("odd", [NUL, HALF])
@pytest.mark.parametrize("target", ["status", "first_name", "full_name", "tags", "field:city"])
def test_r40_what_no_database_takes_refuses_the_row(desk: Desk, target: str, odd: str) -> None:
    assert [line for line, _ in _bring(desk, target, f"a{odd}")] == [1]
    assert desk.emails() == ["bea@example.org"]


@pytest.mark.parametrize("odd", [NUL, HALF])
@pytest.mark.parametrize("target", ["optin_ip", "confirmed_ip", "language", "zone", "created_at"])
def test_r40_a_detail_that_no_database_takes_is_left_out(desk: Desk, target: str, odd: str) -> None:
    assert _bring(desk, target, f"a{odd}") == [(1, f"Taken without what could not be read: {target}.")]
    assert len(desk.emails()) == 2


@pytest.mark.parametrize("odd", [NUL, HALF])
@pytest.mark.parametrize(
    ("target", "cell"),
    [
        ("lists", '{"aX": "confirmed"}'),
        ("lists", '{"a": "confirmedX"}'),
        ("lists", '{"a": {"status": "confirmed", "since": "X"}}'),
        ("consent", '[{"act": "confirmed", "list": "X"}]'),
        ("consent", '[{"act": "confirmed", "list": "a", "note": "X"}]'),
        ("suppressed", '{"reason": "manual", "note": "X"}'),
        ("courses", '{"X": {"lesson": 1}}'),
        ("tags", '{"X": null}'),
        ("attributes", '{"city": "X"}'),
    ],
)
def test_r40_nor_does_it_come_in_within_json(desk: Desk, target: str, cell: str, odd: str) -> None:
    written = json.dumps(cell.replace("X", odd))[1:-1]
    assert [line for line, _ in _bring(desk, target, written)] == [1]
    assert desk.emails() == ["bea@example.org"]


@pytest.mark.parametrize(
    ("target", "cell", "why"),
    [
        ("attributes", '{"age": NaN}', "age: this is no number."),
        ("attributes", '{"age": 1e999}', "age: this is no number."),
        ("lists", json.dumps({"a" * 81: "confirmed"}), "lists: a list is named by 1 to 80 characters."),
        ("lists", '{"": "confirmed"}', "lists: a list is named by 1 to 80 characters."),
        ("lists", '{"a": {"status": []}}', "lists: nobody knows the status “[]”."),
        ("consent", '[{"act": []}]', "consent: one of these is no act of consent."),
        ("consent", '[{"act": "confirmed", "list": 7}]', "consent: a list is named by 1 to 80 characters."),
        ("suppressed", '{"reason": {}}', "suppressed: nobody knows this reason."),
    ],
)
def test_r40_json_that_is_not_what_its_column_says(desk: Desk, target: str, cell: str, why: str) -> None:
    assert _bring(desk, target, json.dumps(cell)[1:-1]) == [(1, why)]
    assert desk.emails() == ["bea@example.org"]


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_r40_a_moment_before_or_after_all_time_is_left_out(desk: Desk, text: str) -> None:
    assert _bring(desk, "created_at", text) == [(1, "Taken without what could not be read: created_at.")]


def test_a_year_that_lost_its_digits_stays_what_it_is(desk: Desk) -> None:
    assert _bring(desk, "created_at", "0024-01-31") == []
    assert desk.person("ana@example.org").created_at == datetime(24, 1, 31, tzinfo=UTC)


@pytest.mark.parametrize("odd", [NUL, HALF])
def test_r40_a_heading_that_no_database_takes_is_refused(desk: Desk, odd: str) -> None:
    with pytest.raises(InvalidInput, match="name of a column"):
        desk.bring(f'{{"email": "ana@example.org", "a{odd}": 1}}\n', "list.jsonl")


AWKWARD = [
    'quo"ted',
    "back\\slash",
    "\\.",
    "\\N",
    "",
    " ",
    "line\nbreak",
    "\\.\nafter",
    "comma, and ; and\ttab",
    '"',
    "NULL",
    "\\\\",
    "a\r\nb",
]


@pytest.mark.parametrize("column", ["field:said", "vouch"])
def test_texts_come_in_as_they_are(desk: Desk, column: str) -> None:
    """PostgreSQL copies them as CSV, where `\\.` once ended everything, and an empty cell is none."""
    rows = [
        json.dumps({"email": f"reader{n}@example.org", "x": text, "first_name": f"N{n}"})
        for n, text in enumerate(AWKWARD)
    ]
    if column == "vouch":
        cells = [json.dumps([{"act": "confirmed", "list": "letter", "note": one}]) for one in AWKWARD]
        rows = [
            json.dumps({"email": f"reader{n}@example.org", "x": one, "lists": '{"letter": "confirmed"}'})
            for n, one in enumerate(cells)
        ]
        columns = {"x": "consent", "lists": "lists"}
    else:
        columns = {"x": column}
    done = desk.bring("\n".join(rows) + "\n", "list.jsonl", columns=columns)
    assert desk.problems(done.id) == []
    emails = [f"reader{n}@example.org" for n in range(len(AWKWARD))]
    if column == "vouch":
        assert [desk.ledger(one)[0].note for one in emails] == AWKWARD
    else:
        assert [desk.person(one).fields.get("said", "") for one in emails] == AWKWARD


def test_addresses_of_one_person_in_other_letters_are_one(desk: Desk) -> None:
    """Folded as a whole: the German ß, the Turkish dotless i's big brother, letters of double width."""
    done = desk.bring("email\nstraße@example.org\nSTRASSE@example.org\nana@EXAMPLE.org\nＡna@example.org\n")
    assert desk.emails() == ["straße@example.org", "ana@example.org"]
    assert [line for line, _ in desk.problems(done.id)] == [3, 5]
    again = desk.bring("email\nStraSSe@example.org\n", "again.csv")
    assert again.counts["updated"] == 1
