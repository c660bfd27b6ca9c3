"""`course plan`, `publish`, `rollback`, `revisions` and `update`: what a person sees and has to confirm."""

from pathlib import Path

import pytest

SLUG = "three-small-habits"


@pytest.fixture
def changed(school_line, tmp_path: Path):
    """A course with a learner in it and a new lesson in its draft, before the first one."""
    school_line.done("subscriber", "add", "ada@inbox.example.org", "--name", "Ada")
    school_line.done("enrol", "ada@inbox.example.org", SLUG)
    folder = tmp_path / "habits"
    school_line.done("course", "export", SLUG, folder)
    first = sorted((folder / "lessons").iterdir())[0]
    first.with_name(f"{first.stem}z.md").write_text(
        "---\ntitle: Look around\n---\n\nSomething new.\n", "utf-8"
    )
    school_line.done("course", "import", folder)
    return school_line


def test_a_plan_tells_in_numbers_and_by_name_and_changes_nothing(changed) -> None:
    rows = changed.rows()
    told = changed.done("course", "plan", SLUG).out
    assert "as revision 2: 3 edits since revision 1" in told
    assert "“Look around”, after “" in told
    assert "1 later" in told
    assert "Ada" in told
    plan = changed.done("course", "plan", SLUG, "--policy", "1=send_next", "--json").json
    assert plan["numbers"] == {"later lessons change": 1}
    assert plan["names"]["later lessons change"][0]["email"] == "ada@inbox.example.org"
    kinds = [one["edit"]["kind"] for one in plan["edits"]]
    assert kinds == ["reworded", "inserted", "renumbered"]
    assert plan["edits"][1]["policy"] == "send_next"
    assert changed.rows() == rows


def test_what_concerns_people_is_confirmed(changed) -> None:
    refusal = changed.refused("course", "publish", SLUG)
    assert "1 person under way" in refusal
    assert f"courseletter course plan {SLUG}" in refusal
    assert "--yes" in refusal
    done = changed.done("course", "publish", SLUG, "--yes", "--json").json
    assert (done["revision"], done["changed"], done["carried_on"]) == (2, True, False)
    assert "Nothing has changed since revision 2" in changed.done("course", "publish", SLUG).out


def test_rolling_back_and_the_list_of_revisions(changed) -> None:
    assert "no revision before" in changed.refused("course", "rollback", SLUG)
    assert "revision 2 is in force" in changed.done("course", "publish", SLUG, "--yes").out
    assert "as revision 1: " in changed.done("course", "plan", SLUG, "--rollback", "1").out
    assert "revision 1 is in force" in changed.done("course", "rollback", SLUG, "--yes").out
    found = changed.done("course", "revisions", SLUG, "--json").json
    assert [(one["number"], one["in_force"], one["taken_back"], one["lessons"]) for one in found] == [
        (2, False, True, 4),
        (1, True, False, 3),
    ]
    assert "taken back" in changed.done("course", "revisions", SLUG).out
    assert "no revision 9" in changed.refused("course", "rollback", SLUG, "9")
    # The draft is what it was.
    assert "Look around" in changed.done("course", "show", SLUG).out
    assert changed.done("course", "publish", SLUG, "--yes", "--json").json["revision"] == 3


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--policy", "1"], "Write 1=skip, =send_next or =append_at_end"),
        (["--policy", "9=skip"], "“9” is no lesson of the draft"),
        (["--reopen", "les_NONE"], "“les_NONE” is no lesson"),
    ],
)
def test_choices_are_checked(changed, arguments: list[str], said: str) -> None:
    for verb in ("plan", "publish"):
        assert said in changed.refused("course", verb, SLUG, *arguments)


def test_a_publish_that_was_interrupted_goes_on(changed) -> None:
    from campaigns import drafting, publishing
    from courseletter.config import load
    from courseletter.installation import open_installation

    opened = open_installation(load())
    with opened.database.write() as session:
        course = drafting.find_course(session, SLUG)
        publishing.publish(session, course, opened.brands.configured, opened.clock.now())
    opened.database.close()
    assert "is being put in force: 0 of" in changed.refused("course", "plan", SLUG)
    assert "Revision 2 had not reached everybody: now it has." in changed.done("course", "publish", SLUG).out
    assert "Nothing has changed since revision 2" in changed.done("course", "publish", SLUG).out


def test_a_note_stands_beside_the_revision(changed) -> None:
    too_long = changed.refused("course", "publish", SLUG, "--yes", "--note", "why " * 60)
    assert "--note: it has 239 characters. Say it in 200." in too_long
    changed.done("course", "publish", SLUG, "--yes", "--note", " Sleep\n first ")
    newest, first = changed.done("course", "revisions", SLUG, "--json").json
    assert (newest["note"], first["note"]) == ("Sleep first", "")
    assert "Sleep first" in changed.done("course", "revisions", SLUG).out


def test_a_changed_article_is_a_diff_of_lessons(school_line, habits: Path) -> None:
    before = [one["id"] for one in school_line.done("course", "show", SLUG, "--json").json["lessons"]]
    text = habits.read_text("utf-8")
    habits.write_text(text.replace("on a wet morning in November.", "on a dry evening in May.", 3), "utf-8")
    found = school_line.done("course", "update", SLUG, habits, "--json").json
    assert "Start small" in found["changed"]
    assert (found["added"], found["removed"], found["kept"]) == ([], [], [])
    assert [one["id"] for one in school_line.done("course", "show", SLUG, "--json").json["lessons"]] == before
    said = school_line.done("course", "update", SLUG, habits).out
    assert said == f"Next: courseletter course plan {SLUG}\n"
