"""Several brands: the first is the settings' until it is saved, and a revision freezes its own."""

from dataclasses import replace
from datetime import datetime
from email import message_from_bytes, policy
from io import BytesIO

import PIL.Image
import pytest
from school import BRAND, School

from campaigns import brand_editing, edits, images, publishing
from campaigns.brands import FIRST, Brands
from campaigns.edits import EditKind
from campaigns.models import Course, Revision
from courseletter.config import BrandSettings
from courseletter.database import Database
from courseletter.errors import InvalidInput, NotFound
from sender.switching import Draft
from templates.brand import FACES, Brand

DOMAIN = "letters.example.org"
BRANDS = Brands(BRAND, "https://letters.example.org")
OTHER = {
    "name": "Quiet Desk",
    "address": "2 Other Street\nBath",
    "from_name": "Ines at Quiet Desk",
    "from_local": "desk",
    "reply_to": "ines@desk.example.org",
    "accent": "#6b2d5c",
}


def save(database: Database, brand_id: str = "", **typed: str) -> str:
    with database.write() as session:
        return brand_editing.save(session, BRANDS, brand_id, typed, DOMAIN)


def publish_as(school: School, brand_id: str | None) -> Revision:
    with school.database.write() as session:
        course = session.get_one(Course, school.course_id)
        course.brand_id = brand_id
        return publishing.publish(session, course, BRANDS.of(session, course), school.clock.now())


def test_the_first_brand_is_the_settings_until_it_is_saved(database: Database) -> None:
    with database.read() as session:
        assert BRANDS.find(session, FIRST) == BRAND
        assert [one.saved for one in BRANDS.every(session)] == [False]
    save(database, FIRST, footer="By hand")
    with database.read() as session:
        assert BRANDS.find(session, FIRST) == replace(BRAND, footer="By hand")
    with database.write() as session:
        brand_editing.remove(session, FIRST)
        assert BRANDS.find(session, FIRST) == BRAND


def test_a_logo_that_went_with_its_brand_does_not_come_back_with_another(
    database: Database, now: datetime
) -> None:
    out = BytesIO()
    PIL.Image.new("RGB", (90, 30)).save(out, "PNG")
    with database.write() as session:
        brand_editing.set_logo(session, BRANDS, FIRST, images.keep(session, out.getvalue(), now, images.LOGO))
        logo = BRANDS.find(session, FIRST).logo
        assert logo is not None
        assert logo.startswith("https://letters.example.org/images/")
        brand_editing.remove(session, FIRST)
    save(database, FIRST, footer="By hand")
    with database.read() as session:
        assert BRANDS.find(session, FIRST).logo is None


def test_a_brand_that_courses_have_is_not_taken_out(school: School) -> None:
    other = save(school.database, **OTHER)
    publish_as(school, other)
    with school.database.write() as session, pytest.raises(InvalidInput, match="Choose another"):
        brand_editing.remove(session, other)
    publish_as(school, None)
    with school.database.write() as session:
        brand_editing.remove(session, other)
        with pytest.raises(NotFound):
            BRANDS.find(session, other)
        brand_editing.bring_back(session, other)
        assert BRANDS.find(session, other).name == OTHER["name"]


def test_mail_is_from_the_brand_that_its_revision_was_published_in(school: School) -> None:
    other = save(school.database, **OTHER)
    publish_as(school, other)
    save(school.database, other, name="Renamed since")
    school.enrol("ada@inbox.example.org")
    school.live()
    mail = message_from_bytes(school.memory.delivered[-1].message, policy=policy.default)
    assert mail["From"] == f"{OTHER['from_name']} <desk@{DOMAIN}>"
    assert mail["Reply-To"] == OTHER["reply_to"]
    body = mail.get_body(("html",))
    assert body is not None
    assert OTHER["accent"] in body.get_content()
    text = mail.get_body(("plain",))
    assert text is not None
    assert "Quiet Desk, 2 Other Street, Bath" in text.get_content()
    assert "Renamed since" not in text.get_content()


def test_another_brand_makes_another_revision_that_the_plan_names(school: School) -> None:
    other = save(school.database, **OTHER)
    with school.database.write() as session:
        course = session.get_one(Course, school.course_id)
        before, course.brand_id = course.revision, other
        assert before is not None
        looking = Draft(BRANDS.of(session, course)).outlook(session, course, school.clock.now())
        assert [planned.edit.kind for planned in looking.plan(session).edits] == [EditKind.LOOK]
    after = publish_as(school, other)
    assert after.number == before.number + 1
    assert edits.edits(before, after) == [edits.Edit(EditKind.LOOK)]
    assert publish_as(school, other).number == after.number, "nothing has changed since"


def test_another_reply_address_alone_is_a_change_too(school: School) -> None:
    before = publish_as(school, None)
    save(school.database, FIRST, reply_to="new@notes.example.org")
    assert publish_as(school, None).number == before.number + 1


def test_a_revision_from_before_brands_were_kept_is_the_settings(school: School) -> None:
    with school.database.write() as session:
        course = session.get_one(Course, school.course_id)
        assert course.revision is not None
        course.revision.brand = None
        assert BRANDS.of_revision(course.revision) == BRAND
        number = course.revision.number
    assert publish_as(school, None).number == number, "nothing tells them apart"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", " "),
        ("name", "a\r\nBcc: x@evil.example"),
        ("name", "=?utf-8?q?a=0D=0ABcc=3A?="),
        ("name", "x" * 101),
        ("from_name", "a\nb"),
        ("from_local", "a b"),
        ("from_local", "a@b"),
        ("from_local", "é"),
        ("reply_to", "nobody"),
        ("url", "javascript:alert(1)"),
        ("accent", "red"),
        ("accent_dark", "#fff"),
        ("accent", "#12345g"),
        ("footer", "two\nlines"),
    ],
)
def test_what_cannot_be_used_names_its_field_and_keeps_nothing(
    database: Database, field: str, value: str
) -> None:
    with pytest.raises(InvalidInput) as refusal:
        save(database, **{**OTHER, field: value})
    assert refusal.value.field == field
    with database.read() as session:
        assert len(BRANDS.every(session)) == 1


def test_r16_a_brand_without_a_postal_address_is_not_saved(database: Database) -> None:
    with pytest.raises(InvalidInput) as refusal:
        save(database, **{**OTHER, "address": " \n "})
    assert refusal.value.field == "address"


@pytest.mark.parametrize("face", FACES)
def test_the_settings_know_every_face(face: str) -> None:
    assert Brand(**BrandSettings(titles=face, text=face).model_dump()).titles == face  # type: ignore[arg-type]
