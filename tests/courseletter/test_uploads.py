"""Uploaded lists on the disk: gone once imported, after a week, and as soon as somebody in them is erased."""

import io
import zipfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from openpyxl import Workbook
from sqlalchemy import select

from courseletter import uploads
from courseletter.clock import MovableClock
from courseletter.config import Settings
from courseletter.database import Database
from courseletter.installation import Installation, open_installation
from sender.erasing import erase
from subscribers.importing import running
from subscribers.importing.mapping import ImportSettings
from subscribers.importing.models import Import, ImportState
from subscribers.people import NOTHING_SAID, find_or_create

ADA = "Ada@example.org"


@pytest.fixture
def opened(database: Database, tmp_path: Path, now: object) -> Installation:
    settings = Settings(home=tmp_path, secret_key="0123456789abcdef0123456789abcdef")
    made = open_installation(settings, MovableClock(now))  # type: ignore[arg-type]
    return replace(made, database=database)


def workbook(*addresses: str) -> bytes:
    book, file = Workbook(), io.BytesIO()
    for one in ("email", *addresses):
        book.active.append([one])  # type: ignore[union-attr]
    book.save(file)
    return file.getvalue()


def packed(content: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("people.csv", content)
    return file.getvalue()


WITH_ADA = {
    "csv": b"name,email\nBea,bea@example.org\nAda,ADA@EXAMPLE.ORG\n",
    "quoted": b'name;email\n"=Ada; or so";" Ada@example.org "\n',
    "jsonl": b'{"email": "bea@example.org"}\n{"email": "ada@example.org"}\n',
    "xlsx": workbook("bea@example.org", "ada@example.org"),
    "zip": packed(b"email\nada@example.org\n"),
}


def store(opened: Installation, content: bytes, folder: Path | None = None) -> Import:
    path = (folder or uploads.folder(opened)) / "0123456789ab"
    path.write_bytes(content)
    with opened.database.write() as session:
        return running.choose(
            session, path, "people", ImportSettings("plain", ()), "Ines", opened.clock.now()
        )


def erase_ada(opened: Installation) -> None:
    with opened.database.write() as session:
        person, _ = find_or_create(session, ADA, NOTHING_SAID, opened.clock.now())
        erase(session, [person], opened.clock.now(), opened.settings.key)


def the(opened: Installation) -> Import:
    with opened.database.read() as session:
        return session.scalars(select(Import)).one()


@pytest.mark.parametrize("form", WITH_ADA)
def test_r18_a_stored_upload_goes_with_an_erased_person_in_it(opened: Installation, form: str) -> None:
    row = store(opened, WITH_ADA[form])
    assert uploads.tidy(opened) == 0
    erase_ada(opened)
    assert uploads.tidy(opened) == 1
    assert not Path(row.path).exists()
    assert (the(opened).state, the(opened).why) == (ImportState.FAILED, uploads._ERASED)


def test_an_upload_without_them_stays_and_is_looked_through_once(opened: Installation) -> None:
    row = store(opened, b"email\nbea@example.org\n")
    erase_ada(opened)
    assert isinstance(opened.clock, MovableClock)
    opened.clock.move_to(opened.clock.now() + timedelta(minutes=1))
    assert uploads.tidy(opened) == 0
    assert Path(row.path).exists()
    assert the(opened).touched_at == opened.clock.now()
    Path(row.path).write_bytes(WITH_ADA["csv"])  # nobody looks until the next erasure
    assert uploads.tidy(opened) == 0


def test_what_waits_for_a_week_and_what_is_imported_goes(opened: Installation) -> None:
    row = store(opened, b"email\nbea@example.org\n")
    with opened.database.write() as session:
        running.find(session, row.id).state = ImportState.DONE
    assert uploads.tidy(opened) == 1
    assert the(opened).state == ImportState.DONE
    with opened.database.write() as session:
        running.find(session, row.id).state = ImportState.TRIED
    Path(row.path).write_bytes(b"email\n")
    assert uploads.tidy(opened) == 0
    assert isinstance(opened.clock, MovableClock)
    opened.clock.move_to(opened.clock.now() + uploads.KEPT_FOR + timedelta(minutes=1))
    assert uploads.tidy(opened) == 1
    assert the(opened).state == ImportState.FAILED


def test_the_posts_of_an_imported_file_are_kept_for_a_week_or_until_an_erasure(opened: Installation) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        made.writestr("email_list.demo.csv", "email\nada@example.org\n")
        made.writestr("posts.csv", "post_id,post_date,is_published,title\n1.one,2026-01-01,true,One\n")
        made.writestr("posts/1.one.html", "<p>One</p>")
    row = store(opened, file.getvalue())
    with opened.database.write() as session:
        running.find(session, row.id).state = ImportState.DONE
    assert uploads.tidy(opened) == 0
    erase_ada(opened)
    assert uploads.tidy(opened) == 1
    assert the(opened).state == ImportState.DONE


def test_what_is_being_imported_is_left_to_whoever_does_it(opened: Installation) -> None:
    row = store(opened, WITH_ADA["csv"])
    with opened.database.write() as session:
        running.find(session, row.id).state = ImportState.RUNNING
    erase_ada(opened)
    assert uploads.tidy(opened) == 0
    assert Path(row.path).exists()


def test_a_file_of_somebodys_own_is_never_touched(opened: Installation, tmp_path: Path) -> None:
    row = store(opened, WITH_ADA["csv"], tmp_path)
    erase_ada(opened)
    with opened.database.write() as session:
        running.find(session, row.id).state = ImportState.DONE
    assert uploads.tidy(opened) == 0
    assert Path(row.path).exists()
