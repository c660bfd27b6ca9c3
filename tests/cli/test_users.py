"""`courseletter user`: links that let people in, and who may sign in."""

from datetime import UTC, datetime

from sqlalchemy import update

from courseletter.accounts.models import Invitation


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


def test_a_link_that_is_too_old_is_listed_no_more(line) -> None:
    line.done("user", "add", "ines@example.org")
    database = line.database()
    with database.write() as session:
        session.execute(update(Invitation).values(ends_at=datetime(2020, 1, 1, tzinfo=UTC)))
    database.close()
    assert line.done("user", "list", "--json").json == []
