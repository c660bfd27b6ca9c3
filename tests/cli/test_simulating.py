"""`courseletter simulate`: the calendar that a subscriber would live through."""

import pytest

SLUG = "three-small-habits"


def test_the_hour_stays_when_the_clocks_change(line, habits) -> None:
    line.done("course", "create", habits, "--zone", "Europe/Berlin")
    lived = line.done("simulate", SLUG, "--from", "2026-03-19", "--json").json
    assert [one["at"] for one in lived] == [
        "2026-03-19T12:00:00+01:00",
        "2026-03-20T09:00:00+01:00",
        "2026-03-27T09:00:00+01:00",
        "2026-04-03T09:00:00+02:00",
    ]
    assert lived[3]["remark"] == "summer time began on 29 March"
    shown = line.done("simulate", SLUG, "--from", "2026-03-19").out
    assert "Signing up on Thu 19 Mar 2026 at 12:00, Europe/Berlin" in shown
    assert "summer time began on 29 March" in shown


def test_the_subscribers_zone_and_pace_count(school_line) -> None:
    arguments = (
        "--from",
        "2026-03-11",
        "--zone",
        "america/new york",
        "--at",
        "08:00",
        "--pace",
        "2",
        "--json",
    )
    lived = school_line.done("simulate", SLUG, *arguments).json
    assert [one["at"] for one in lived][:3] == [
        "2026-03-11T08:00:00-04:00",
        "2026-03-12T09:00:00-04:00",
        "2026-03-14T09:00:00-04:00",
    ]


def test_nothing_is_changed_by_looking(school_line) -> None:
    before = school_line.rows()
    school_line.done("simulate", SLUG, "--from", "2026-03-11")
    assert school_line.rows() == before


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--from", "tomorrow"], "--from: “tomorrow” is no date. Write it like 2026-03-02."),
        (["--from", "2026-02-30"], "--from: “2026-02-30” is no date."),
        (["--from", "9999-12-31"], "choose a day from 1970 to 2199"),
        (["--from", "2026-03-11", "--zone", "Moon/Base"], "No time zone is called “Moon/Base”."),
        (["--from", "2026-03-11", "--zone", "../../etc/passwd"], "No time zone is called"),
        (["--from", "2026-03-11", "--at", "24:00"], "--at: 24:00 is 00:00 of the next day."),
        (["--from", "2026-03-11", "--at", "24:30"], "--at: “24:30” is no time of day. Write it like 09:00."),
        (["--from", "2026-03-11", "--pace", "quick"], "“quick” is not a pace: choose slower, normal, faster"),
        ([], "Missing option '--from'. See `courseletter simulate --help`."),
    ],
)
def test_what_cannot_be_lived_is_said(school_line, arguments: list[str], said: str) -> None:
    assert said in school_line.refused("simulate", SLUG, *arguments)
