"""`courseletter newsletter digest`: set up, shown, previewed and switched off on the command line."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from feeds import ADDRESS, Feed, day

from campaigns.newsletters import drafting
from courseletter.cli import output

DIGEST = ("newsletter", "digest")


@pytest.fixture
def feed(school_line, monkeypatch: pytest.MonkeyPatch) -> Feed:
    """A site with one entry, which the command line reads; and a newsletter."""
    found, opening = Feed(), output.open_installation
    found.publish("Old [news]", day(2))
    monkeypatch.setattr(output, "open_installation", lambda s: replace(opening(s), fetcher=found.fetcher()))
    database = school_line.database()
    with database.write() as session:
        now = datetime.now(UTC)
        drafting.create_newsletter(session, "Garden letter", now, language="en", zone="Europe/Berlin")
    database.close()
    return found


def test_a_digest_is_set_up_changed_shown_and_switched_off(school_line, feed: Feed, tmp_path: Path) -> None:
    words = tmp_path / "words.md"
    words.write_text("Good **morning**.\n")
    chosen = ("--days", "mon,thu", "--time", "08:30", "--introduction", words, "--send", "--most", 5)
    said = school_line.done(*DIGEST, "set", "garden-letter", "--feed", ADDRESS, *chosen).out
    assert f"Garden letter · {ADDRESS}" in said
    assert "Mondays and Thursdays at 8:30 in Europe/Berlin; an issue of at most 5 entries is sent." in said
    changed = school_line.done(*DIGEST, "set", "garden-letter", "--every", "month", "--json").json
    assert changed["rhythm"] == "the first Monday or Thursday of each month at 8:30"
    assert (changed["introduction"], changed["sends"], changed["days"]) == (
        "Good **morning**.",
        True,
        ["mon", "thu"],
    )
    assert len(feed.asked) == 1
    assert school_line.done(*DIGEST, "show", "garden-letter", "--json").json == changed
    off = school_line.done(*DIGEST, "off", "garden-letter", "--json").json
    assert (off["on"], off["next_at"]) == (False, None)
    assert "Switched off." in school_line.done(*DIGEST, "show", "garden-letter").out


def test_a_preview_shows_what_would_go_out(school_line, feed: Feed) -> None:
    school_line.done(*DIGEST, "set", "garden-letter", "--feed", ADDRESS)
    assert "Nothing would go out now" in school_line.done(*DIGEST, "preview", "garden-letter").out
    feed.publish("Frost", day(3))
    said = school_line.done(*DIGEST, "preview", "garden-letter").out
    assert "1 entry would go out now." in said
    assert "## [Frost](https://notes.example.org/frost)" in said
    assert school_line.done(*DIGEST, "preview", "garden-letter", "--json").json["new"] == 1


def test_what_cannot_be_is_one_line(school_line, feed: Feed) -> None:
    assert "is fed by no feed" in school_line.refused(*DIGEST, "show", "garden-letter")
    assert "No newsletter is called" in school_line.refused(*DIGEST, "show", "nothing")
    assert "Write the feed’s address" in school_line.refused(*DIGEST, "set", "garden-letter")
    assert "write week or month" in school_line.refused(*DIGEST, "set", "garden-letter", "--every", "year")
    feed.status = 404
    assert "does not exist (404)" in school_line.refused(*DIGEST, "set", "garden-letter", "--feed", ADDRESS)
