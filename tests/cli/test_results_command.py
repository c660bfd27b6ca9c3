"""`courseletter results`, and switching the counting of clicks for a course and for a person."""

import csv
import io
from datetime import UTC, datetime

from sqlalchemy import select, update

from courseletter import config
from courseletter.engine import InProcess
from courseletter.installation import open_installation
from courseletter.role import role_of
from courseletter.worker import Worker
from sender.models import Delivery, Result, State
from sender.planning import tick

SLUG = "three-small-habits"
ADA = "ada@example.org"


def receive_the_welcome(school_line) -> None:
    school_line.done("subscriber", "add", ADA)
    school_line.done("enrol", ADA, SLUG, "--note", "asked on paper")
    database, now = school_line.database(), datetime.now(UTC)
    tick(database, now)
    with database.write() as session:
        session.execute(update(Delivery).values(state=State.ACCEPTED, finished_at=now))
    database.close()


def test_results_are_counted_and_shown(school_line) -> None:
    receive_the_welcome(school_line)
    said = school_line.done("results", SLUG).out
    assert "1 joined, 1 under way, 0 stopped: nobody has come to an end yet." in said
    assert f"courseletter course track {SLUG} on" in said
    found = school_line.done("results", SLUG, "--json").json
    assert [one["received"] for one in found["lessons"]] == [1, 0, 0, 0]
    assert [one["number"] for one in found["lessons"]] == [0, 1, 2, 3]
    assert found["weeks"][0]["joined"] == 1


def test_the_one_who_ticks_counts(school_line) -> None:
    receive_the_welcome(school_line)
    opened = open_installation(config.load())
    one, other = (Worker(opened, InProcess(opened.mailer()), role_of(opened.database)) for _ in range(2))
    one.tick()
    other.count()
    with opened.database.read() as session:
        assert session.scalars(select(Result)).all() == []
    one.count()
    with opened.database.read() as session:
        assert [row.received for row in session.scalars(select(Result))] == [1]
    one.stop()
    other.stop()
    opened.database.close()


def test_results_go_into_a_spreadsheet(school_line) -> None:
    receive_the_welcome(school_line)
    (row,) = csv.DictReader(io.StringIO(school_line.done("results", SLUG, "--csv").out))
    assert (row["lesson"], row["received"], row["finished"]) == ("0", "1", "0")
    assert "not for both" in school_line.refused("results", SLUG, "--csv", "--json")


def test_results_of_no_course_are_refused(school_line) -> None:
    assert "nowhere" in school_line.refused("results", "nowhere")


def test_clicks_are_switched_for_a_course_and_for_a_person(school_line) -> None:
    assert "subscriber track EMAIL off" in school_line.done("course", "track", SLUG, "on").out
    assert school_line.done("course", "show", SLUG, "--json").json["tracks_clicks"] is True
    assert "Clicks are not counted" not in school_line.done("results", SLUG).out
    assert school_line.done("course", "track", SLUG, "off", "--json").json["tracks_clicks"] is False
    school_line.done("subscriber", "add", ADA)
    assert f"No click of {ADA} is counted" in school_line.done("subscriber", "track", ADA, "off").out
    assert school_line.done("subscriber", "show", ADA, "--json").json["no_tracking"] is True
    assert school_line.done("subscriber", "track", ADA, "on", "--json").json["no_tracking"] is False
    school_line.refused("course", "track", SLUG, "perhaps")
    school_line.refused("subscriber", "track", "nobody@example.org", "off")
    with school_line.database().read() as session:
        assert session.scalars(select(Delivery)).all() == []
