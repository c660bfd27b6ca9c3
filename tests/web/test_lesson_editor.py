"""The lesson editor without a browser: saving, conflicts, pictures, previews, problems."""

from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import PIL.Image
import pytest
from colleagues import HOST, Colleague, add_user
from httpx2 import Response
from reading_room import World

from campaigns.models import Lesson
from courseletter.config import SmtpSettings
from courseletter.installation import create_keys
from courseletter.web.app import create_app
from sender.mailbox import LocalMailbox

EDIT = "/courses/crs_0000000001/lessons/les_0000000002/edit"
TEXT = "<mj-section><mj-column><mj-text>"
NUMBERS = "[0,1,2,3,4,5,6,7,8,9]"
ENDLESS = "".join(f"{{% for {name} in {NUMBERS} %}}" for name in "abcdefghijkl") + "{% endfor %}" * 12


@pytest.fixture
def mira(world: World) -> Colleague:
    return Colleague(
        world.app, world.installation, add_user(world.installation, "marketer", name="Mira Holt")
    )


def marek(world: World) -> Colleague:
    user = add_user(world.installation, "marketer", email="marek@example.org", name="Marek")
    return Colleague(world.app, world.installation, user)


def lesson(world: World) -> Lesson:
    return next(one for one in world.all(Lesson) if one.id == "les_0000000002")


def put(who: Colleague, version: str, **changed: str) -> Response:
    text = {"title": "T", "subject": "S", "preheader": "", "body": "B", **changed}
    data = {"form_token": who.token, **text}
    return who.client.put(EDIT, data=data, headers={"Origin": HOST, "If-Match": f'"{version}"'})


def version_of(who: Colleague) -> str:
    page = who.get(EDIT)
    assert page.status_code == 200
    return page.text.partition('name="version" value="')[2].partition('"')[0]


def change(world: World, **columns: Any) -> None:
    with world.installation.database.write() as session:
        for name, value in columns.items():
            setattr(session.get_one(Lesson, "les_0000000002"), name, value)


def test_saving_answers_with_the_next_version_or_with_theirs(world: World, mira: Colleague) -> None:
    first = version_of(mira)
    done = put(mira, first, body="Mira's")
    assert (done.status_code, done.json()["by"], done.json()["at"]) == (200, "Mira Holt", "09:12")
    assert done.headers["etag"] == f'"{done.json()["version"]}"'
    refused = put(marek(world), first, body="Marek's")
    assert (refused.status_code, refused.json()["body"], refused.json()["by"]) == (412, "Mira's", "Mira Holt")
    assert lesson(world).body == "Mira's"


def test_a_field_that_cannot_be_saved_is_named(mira: Colleague) -> None:
    refused = put(mira, version_of(mira), subject="")
    assert (refused.status_code, refused.json()["field"]) == (422, "subject")
    assert put(mira, version_of(mira), gap_days="soon").json()["field"] == "gap_days"


def test_without_script_the_form_saves_and_keeps_every_byte(world: World, mira: Colleague) -> None:
    before = lesson(world)
    form = {
        "version": version_of(mira), "title": before.title, "subject": before.subject, "preheader": "",
        "recap": before.recap, "teaser": before.teaser, "body": before.body.replace("\n", "\r\n"),
    }  # fmt: skip
    assert mira.post(EDIT, **form).status_code == 303
    assert lesson(world).body == before.body
    assert lesson(world).saved_at is None, "nothing was changed"


def test_without_script_a_conflict_shows_both_and_loses_neither(world: World, mira: Colleague) -> None:
    form = {"version": version_of(mira), "title": "T", "subject": "S", "body": "What Mira wrote"}
    assert put(marek(world), form["version"], body="What Marek wrote").status_code == 200
    page = mira.post(EDIT, **form)
    assert page.status_code == 409
    assert "Marek saved this lesson at 09:12" in page.text
    assert "What Mira wrote" in page.text
    assert "What Marek wrote" in page.text
    again = page.text.partition('name="version" value="')[2].partition('"')[0]
    assert mira.post(EDIT, **{**form, "version": again}).status_code == 303
    assert lesson(world).body == "What Mira wrote"


def test_without_script_a_refused_field_comes_back_with_what_was_typed(mira: Colleague) -> None:
    for wrong, message in (({"subject": " "}, "needs a subject"), ({"gap_days": "soon"}, "a number of days")):
        fields = {"title": "T", "subject": "S", "body": "Typed <b>text</b>", **wrong}
        page = mira.post(EDIT, version=version_of(mira), **fields)
        assert page.status_code == 422
        assert message in page.text
        assert "Typed &lt;b&gt;text&lt;/b&gt;" in page.text


def test_a_picture_has_a_stable_address_and_nothing_in_it_runs(mira: Colleague) -> None:
    out = BytesIO()
    PIL.Image.new("RGB", (1600, 20), "red").save(out, "PNG")
    done = mira.post(f"{EDIT}/images", files={"file": ("a.png", out.getvalue(), "image/png")})
    assert done.status_code == 201
    told = done.json()
    assert (told["width"], told["height"]) == (1200, 15)
    assert told["src"].startswith("http://letters.example.org/images/")
    found = mira.get(told["src"].removeprefix("http://letters.example.org"))
    assert (found.status_code, found.headers["content-type"]) == (200, "image/png")
    assert "immutable" in found.headers["cache-control"]
    assert "sandbox" in found.headers["content-security-policy"]
    assert found.headers["x-content-type-options"] == "nosniff"
    assert mira.get("/images/0123456789abcdef0123456789abcdef.png").status_code == 404


@pytest.mark.parametrize(
    ("data", "status", "message"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", 422, "do not show SVG"),
        (b"not one", 422, "not a picture"),
        (b"\0" * 10_500_000, 422, "larger than 10 MB"),
        (b"\0" * 50_000_000, 413, "too long"),
    ],
)
def test_r37_no_svg_no_html_no_giant_becomes_a_picture(
    mira: Colleague, data: bytes, status: int, message: str
) -> None:
    refused = mira.post(f"{EDIT}/images", files={"file": ("x.svg", data, "image/svg+xml")})
    assert refused.status_code == status
    assert message in refused.text


def test_r37_the_mail_stands_in_a_sandbox_under_its_own_policy(mira: Colleague) -> None:
    page = mira.get(f"{EDIT}/mail.html")
    policy = page.headers["content-security-policy"]
    assert "sandbox" in policy
    assert "script-src" not in policy
    assert policy.startswith("default-src 'none'")
    assert page.headers["x-frame-options"] == "SAMEORIGIN"
    assert "img-src 'none'" in mira.get(f"{EDIT}/mail.html?images=off").headers["content-security-policy"]


def test_a_mail_is_dark_or_light_as_asked(mira: Colleague) -> None:
    light, dark = (mira.get(f"{EDIT}/mail.html?theme={theme}").text for theme in ("light", "dark"))
    assert "prefers-color-scheme" not in light + dark
    assert "@media not all" in light
    assert "@media all" in dark


def test_the_mail_is_told_as_a_person_gets_it_and_as_nobody_does(world: World, mira: Colleague) -> None:
    world.sign_up()
    change(
        world, body="Dear {{ subscriber.first_name | default('friend') }}", subject="For {{ lesson.title }}"
    )
    told = mira.get(f"{EDIT}/mail").json()
    assert "Dear friend" in told["text"]
    assert told["subject"] == "For Noise that wakes without waking"
    assert 5_000 < told["size"] < 102_000
    [ana] = mira.get(f"{EDIT}/readers?q=an").json()
    assert ana["name"] == "Ana, ana.pereira@example.org"
    assert "Dear Ana" in mira.get(f"{EDIT}/mail?as={ana['id']}").json()["text"]
    assert "Dear Ana" in mira.get(f"{EDIT}/mail.html?as={ana['id']}").text
    assert mira.get(f"{EDIT}/readers?q=%25").json() == []


def test_problems_are_told_with_field_and_line(world: World, mira: Colleague) -> None:
    change(world, body="One\n\n:::takeaway\nopen", preheader="{{ nonsense }}")
    told = mira.get(f"{EDIT}/mail").json()
    assert places(told) == [("preheader", None), ("body", 3)]
    assert "size" not in told
    change(world, body="Hello {{ subscriber.shoe_size }}", preheader="")
    told = mira.get(f"{EDIT}/mail").json()
    assert places(told) == [("body", 1)]
    assert "shoe_size" in told["findings"][0]["message"]
    change(world, body="[Here](https://example.org/a) it is.")
    told = mira.get(f"{EDIT}/mail").json()
    assert places(told) == []
    [vague] = [one for one in told["findings"] if "“Here”" in one["message"]]
    assert (vague["severity"], vague["line"]) == ("warning", 1)
    assert vague["mend"]
    assert told["size"] > 0, "a warning keeps no mail from being shown"


def places(told: dict[str, Any]) -> list[tuple[str, int | None]]:
    return [(one["part"], one["line"]) for one in told["findings"] if one["severity"] == "blocking"]


@pytest.mark.parametrize(
    ("body", "line", "message"),
    [
        (f"{TEXT}\n{{% for %}}", 2, "Mend the Jinja2"),
        (f"{TEXT}\n{ENDLESS}</mj-text></mj-column></mj-section>", 2, "more than 2 seconds"),
        ("<mj-section>\n{{ ''.__class__.__mro__ }}</mj-section>", 2, ""),
        ("{% set x = 'a' * 900000000 %}{{ x }}", 1, ""),
        (f"{TEXT}never closed", 1, ""),
        ("<mj-section>" * 10_000, 1, "more than 200 deep"),
        (f"{TEXT}\n" + "<div>\n" * 10_000, 199, "more than 200 deep"),
    ],
)
def test_r36_a_template_that_never_ends_is_a_problem_of_the_text(
    here: World, body: str, line: int | None, message: str
) -> None:
    who = Colleague(here.app, here.installation, add_user(here.installation))
    change(here, format="mjml", body=body)
    told = who.get(f"{EDIT}/mail").json()
    assert places(told) == [("body", line)], told
    first = told["findings"][0]
    assert message in f"{first['message']} {first['mend']}"
    assert who.get(f"{EDIT}/mail.html").status_code == 200, "the server is up"


def test_a_test_goes_to_whoever_asks_through_the_relay(here: World, tmp_path: Path) -> None:
    create_keys(here.installation.settings)
    with LocalMailbox(tmp_path / "mail") as mailbox:
        smtp = SmtpSettings(host=mailbox.host, port=mailbox.port, security="none")
        settings = here.installation.settings.model_copy(update={"smtp": smtp})
        installation = replace(here.installation, settings=settings)
        mira = add_user(installation, email="mira@example.org")
        who = Colleague(create_app(installation), installation, mira)
        told = ask_for_test(who)
        assert (told.status_code, told.json()["message"]) == (200, "Sent to mira@example.org.")
        [mail] = mailbox.messages()
        assert mail.subject == "[Test] Noise that wakes without waking"
    told = ask_for_test(who)
    assert told.status_code == 502
    assert "did not take the test" in told.json()["message"]
    change(here, body="{{ nonsense }}")
    assert ask_for_test(who).status_code == 422


def ask_for_test(who: Colleague) -> Response:
    headers = {"Origin": HOST, "Accept": "application/json"}
    return who.client.post(f"{EDIT}/test", data={"form_token": who.token}, headers=headers)


def test_a_picture_from_a_former_address_is_shown_from_here(world: World, mira: Colleague) -> None:
    out = BytesIO()
    PIL.Image.new("RGB", (40, 30), "red").save(out, "PNG")
    answer = mira.post(f"{EDIT}/images", files={"file": ("a.png", out.getvalue(), "image/png")})
    here = answer.json()["src"]
    former = here.replace(HOST, "http://10.0.0.7:8000")
    change(world, body=f"![Green]({former})\n")
    version, page = version_of(mira), mira.get(EDIT).text
    assert f"![Green]({here})" in page
    assert f'src="{here}"' in mira.get(f"{EDIT}/mail.html").text
    assert lesson(world).body == f"![Green]({former})\n", "nothing was saved by looking"
    assert put(mira, version, body=f"![Green]({here})\n").status_code == 200
