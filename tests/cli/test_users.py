"""`courseletter user`: links that let people in, and who may sign in."""


def test_a_colleague_is_let_in_listed_and_given_a_new_link(line) -> None:
    added = line.done("user", "add", "ines@example.org", "--role", "admin", "--name", "Inês", "--json").json
    assert "/invitations/" in added["link"]
    (asked,) = line.done("user", "list", "--json").json  # nobody works here before the link was used
    assert (asked["email"], asked["name"], asked["role"]) == ("ines@example.org", "Inês", "admin")
    assert "has a link until" in line.done("user", "list").out
    assert "Nobody signs in" in line.refused("user", "reset", "ines@example.org")
    assert (
        "ines@example.org" in line.done("user", "add", "ines@example.org").out
    )  # a second link ends the first
    assert line.rows()["invitations"] == 1


def test_what_is_no_address_is_no_colleague(line) -> None:
    assert "cannot be used" in line.refused("user", "add", "nobody")
    assert "invitations" not in line.rows()
