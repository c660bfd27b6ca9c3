"""`courseletter brand`: listed, shown, changed, and chosen for a course."""

SLUG = "three-small-habits"


def test_the_first_brand_is_the_settings_until_it_is_changed(school_line) -> None:
    (listed,) = school_line.done("brand", "list", "--json").json
    assert (listed["id"], listed["name"], listed["courses"], listed["saved"]) == (
        "first",
        "Field Notes",
        1,
        False,
    )
    school_line.done("brand", "edit", "first", "--accent", "#6b2d5c", "--from-local", "news")
    shown = school_line.done("brand", "show", "Field Notes", "--json").json
    assert (shown["accent"], shown["from_local"], shown["saved"]) == ("#6b2d5c", "news", True)
    assert "#6b2d5c" in school_line.done("brand", "show", "first").out
    assert "1 Example Street" in school_line.done("brand", "list").out


def test_a_changed_brand_is_a_new_revision_of_its_course(school_line) -> None:
    school_line.done("brand", "edit", "first", "--footer", "Written by hand")
    assert school_line.done("course", "publish", SLUG, "--json", "--yes").json["revision"] == 2
    assert "Nothing has changed" in school_line.done("course", "publish", SLUG, "--yes").out


def test_a_course_takes_a_brand_by_its_name(school_line) -> None:
    said = school_line.done("brand", "use", "Field Notes", SLUG).out
    assert "once it is published again" in said


def test_what_cannot_be_used_is_said_and_not_kept(school_line) -> None:
    assert "Write a colour" in school_line.refused("brand", "edit", "first", "--accent", "red")
    assert "no brand “Nobody”" in school_line.refused("brand", "show", "Nobody")
    assert "brands" not in school_line.rows()


def test_a_brand_is_added_and_a_course_is_from_it(school_line) -> None:
    added = school_line.done(
        "brand", "add", "Quiet Desk", "--address", "9 Example Street, Leeds", "--titles", "sans", "--json"
    ).json
    assert (added["name"], added["titles"], added["courses"]) == ("Quiet Desk", "sans", 0)
    assert added["accent"] == "#17604f", "what is not named is as in the first"
    school_line.done("brand", "use", added["id"], SLUG)
    listed = {one["name"]: one["courses"] for one in school_line.done("brand", "list", "--json").json}
    assert listed == {"Field Notes": 0, "Quiet Desk": 1}
    said = school_line.done("brand", "add", "Loud Desk", "--address", "1 Example Street, Leeds").out
    assert "“Loud Desk” is added as brd_" in said
    assert "courseletter brand use brd_" in said


def test_what_is_wrong_with_a_brand_is_told_by_its_option(school_line) -> None:
    refused = school_line.refused
    assert "--address: every mail carries a postal address" in refused("brand", "add", "Quiet Desk")
    again = refused("brand", "add", "Field Notes", "--address", "1 Example Street")
    assert "There is a brand “Field Notes” already, first." in again
    wrong = {"--accent": "red", "--url": "example.org", "--reply-to": "nobody", "--titles": "comic"}
    for option, value in wrong.items():
        assert f"{option}: " in refused("brand", "edit", "first", option, value)
    assert "Choose one of serif, sans" in refused("brand", "edit", "first", "--text", "comic")
    assert "Say what to change of “Field Notes”" in refused("brand", "edit", "first")
    assert "brands" not in school_line.rows()
