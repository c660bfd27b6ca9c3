"""`courseletter subscriber why`: the same answer in words and as JSON."""

from conftest import SLUG, CommandLine

ADA = "ada@example.org"


def test_why_in_words_and_as_json(school_line: CommandLine) -> None:
    school_line.done("subscriber", "add", ADA, "--name", "Ada", "--zone", "Europe/Lisbon")
    school_line.done("enrol", ADA, SLUG, "--note", "asked at the fair")
    said = school_line.done("subscriber", "why", ADA).out
    assert "Added by somebody here" in said
    assert "What comes" in said
    assert "The welcome leaves at once after signing up. (S8)" in said
    assert "\nS8  The welcome goes at once" in said, "each rule that is named is explained"
    found = school_line.done("subscriber", "why", ADA, "--json").json
    assert found["zone"] == "Europe/Lisbon"
    assert found["courses"][0]["coming"][0]["rules"] == ["S8"]
    assert set(found["rules"]) >= {"S1", "S8"}


def test_why_nothing_comes(school_line: CommandLine) -> None:
    school_line.done("subscriber", "add", ADA)
    school_line.done("enrol", ADA, SLUG, "--note", "asked at the fair")
    school_line.done("subscriber", "unsubscribe", ADA)
    said = school_line.done("subscriber", "why", ADA).out
    assert "Gets nothing. Suppressed since" in said
    assert "No consent: they unsubscribed." in said
    assert "What comes" not in said
    assert "No subscriber has the address" in school_line.refused("subscriber", "why", "bob@example.org")
