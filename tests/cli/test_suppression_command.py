"""`courseletter suppression`: reasons, out and in again, and a release that is only given once."""

from pathlib import Path


def test_an_address_is_put_on_the_list_and_no_import_brings_it_in(line, tmp_path: Path) -> None:
    assert line.done("suppression", "list").out == "Nobody is on the suppression list.\n"
    line.done("suppression", "add", "ana@example.org", "--note", "asked by telephone")
    assert "was on the list already" in line.done("suppression", "add", "Ana@Example.org").out
    (row,) = line.done("suppression", "list", "--json").json
    assert (row["email"], row["reason"], row["note"]) == ("ana@example.org", "manual", "asked by telephone")
    path = tmp_path / "people.csv"
    path.write_text("email,confirmed at\nana@example.org,2024-01-02\n")
    found = line.done("import", "subscribers", path, "--list", "letter", "--json").json
    assert (found["new"], found["kept_out"]) == (0, 1)


def test_the_list_goes_out_and_comes_in_elsewhere_to_the_octet(line, tmp_path: Path) -> None:
    line.done("suppression", "add", "ana@example.org", "--note", "=formula")
    line.done("suppression", "add", "bea@example.org")
    first = line.done("export", "suppression").out
    path = tmp_path / "never.csv"
    path.write_text(first + "@@nobody,,bounced,,\n", newline="")
    said = line.done("suppression", "import", path)
    assert said.out.startswith("0 addresses added; 1 row named nobody.")
    for email in ("ana@example.org", "bea@example.org"):
        line.done("suppression", "release", email, "--why", "test")
    assert line.done("suppression", "list", "--json").json == []
    line.done("suppression", "import", path)
    assert (
        line.done("export", "suppression").out.replace("\r", "").split("\n")[1].split(",")[0]
        == "ana@example.org"
    )
    again = [one.split(",")[0::2] for one in line.done("export", "suppression").out.splitlines()]
    assert again == [one.split(",")[0::2] for one in first.splitlines()]


def test_a_release_needs_a_reason_and_is_given_once(line) -> None:
    line.done("subscriber", "add", "ana@example.org")
    line.done("suppression", "add", "ana@example.org")
    assert "Say why" in line.refused("suppression", "release", "ana@example.org")
    line.done("suppression", "release", "ana@example.org", "--why", "their mailbox was full")
    line.done("suppression", "add", "ana@example.org")
    assert "was released before" in line.refused(
        "suppression", "release", "ana@example.org", "--why", "again"
    )
    assert "not on the suppression list" in line.refused(
        "suppression", "release", "x@example.org", "--why", "x"
    )


def test_nobody_here_takes_back_what_a_person_said(line) -> None:
    line.done("subscriber", "add", "ana@example.org")
    line.done("subscriber", "unsubscribe", "ana@example.org")
    assert "Only they can take it back" in line.refused(
        "suppression", "release", "ana@example.org", "--why", "x"
    )
