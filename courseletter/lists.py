"""Imports as one installation carries them out: its key, its clock, and what courses and mail have to say."""

from collections.abc import Collection

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from campaigns.models import Enrolment
from campaigns.placing import place
from courseletter.installation import Installation
from sender.models import Delivery
from subscribers.importing.running import Importer


def importer_of(opened: Installation) -> Importer:
    return Importer(opened.database, opened.settings.key, opened.clock, place)


def detach(session: Session, ids: Collection[int]) -> set[int]:
    """Take people out of their courses; returns those who were ever sent something, and stay (undoing.py)."""
    mailed = set(session.scalars(select(Delivery.subscriber_id).where(Delivery.subscriber_id.in_(ids))))
    session.execute(delete(Enrolment).where(Enrolment.subscriber_id.in_(set(ids) - mailed)))
    return mailed
