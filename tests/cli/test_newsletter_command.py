"""`courseletter newsletter`: an issue listed, shown, sent, paused and cancelled on the command line."""

from datetime import UTC, datetime

import pytest

from campaigns.newsletters import drafting
from campaigns.newsletters.models import Issue
from sender.newsletters.writing import send_due
from subscribers import consent
from subscribers.consent import Evidence
from subscribers.people import Details, find_or_create


@pytest.fixture
def issue(school_line) -> str:
    """A draft of a newsletter with one reader."""
    database, now = school_line.database(), datetime.now(UTC)
    with database.write() as session:
        newsletter = drafting.create_newsletter(session, "Garden letter", now, language="en", zone="UTC")
        row = drafting.create_issue(session, newsletter, "Frost [b]", now)
        row.lesson.body = "Cover what is tender."
        person, _ = find_or_create(session, "ada@example.org", Details(), now)
        consent.add(session, newsletter.mailing_list, person, Evidence(), now)
        found = row.lesson_id
    database.close()
    return found


def test_an_issue_is_listed_sent_and_cancelled(school_line, issue: str) -> None:
    assert "Frost [b]" in school_line.done("newsletter", "list").out
    assert [one["state"] for one in school_line.done("newsletter", "list", "--json").json] == ["draft"]
    shown = school_line.done("newsletter", "show", issue).out
    assert "To list Garden letter" in shown
    assert "1 get it; 0 taken out" in shown
    assert school_line.done("newsletter", "show", issue, "--json").json["reached"] == 1
    refused = school_line("newsletter", "send", issue, given=b"n\n")
    assert refused.code == 2
    assert "Nothing was sent" in refused.err
    assert school_line.done("newsletter", "send", issue, "--yes", "--json").json["state"] == "scheduled"
    assert "paused" in school_line.done("newsletter", "pause", issue).out.lower()
    assert "It goes on" in school_line.done("newsletter", "resume", issue).out
    database = school_line.database()
    send_due(database, datetime.now(UTC))
    assert school_line.done("newsletter", "cancel", issue, "--json").json["called_back"] == 1
    with database.read() as session:
        assert session.get_one(Issue, issue).state == "cancelled"
    database.close()
    report = school_line.done("newsletter", "show", issue, "--json").json
    assert [(one["queued"], one["received"], one["not_delivered"]) for one in report["subjects"]] == [
        (1, 0, 1)
    ]


def test_what_cannot_be_done_is_one_line(school_line, issue: str) -> None:
    assert "There is no such issue" in school_line.refused("newsletter", "show", "les_nothing")
    assert "cannot be paused" in school_line.refused("newsletter", "pause", issue)
    assert "cannot be cancelled" in school_line.refused("newsletter", "cancel", issue)
    assert "Nothing was sent" in school_line.refused("newsletter", "send", issue, "--json")
    database = school_line.database()
    with database.write() as session:
        drafting.find_issue(session, issue).audience = {"include": [], "exclude": []}
    database.close()
    said = school_line("newsletter", "send", issue, "--yes")
    assert said.code == 2
    assert "Nobody would get this issue" in said.err
