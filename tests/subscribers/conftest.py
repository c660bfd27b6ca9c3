"""A list to join, and the evidence of somebody at a browser."""

from datetime import datetime
from pathlib import Path

import pytest
from import_desk import Desk

from courseletter.database import Database
from subscribers.consent import Evidence
from subscribers.models import MailingList


@pytest.fixture
def mailing_list(database: Database, now: datetime) -> MailingList:
    with database.write() as session:
        mailing_list = MailingList(slug="small-habits", name="Small habits", created_at=now)
        session.add(mailing_list)
    return mailing_list


@pytest.fixture
def browser() -> Evidence:
    return Evidence(
        "192.0.2.7", "Browser/1.0", "https://letters.example.org/c/small-habits", "Start the course"
    )


@pytest.fixture
def desk(database: Database, now: datetime, tmp_path: Path) -> Desk:
    return Desk(database, tmp_path, now)
