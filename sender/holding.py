"""An enrolment that the schedule cannot make sense of is held for a person, and stops nobody else."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from campaigns.models import Enrolment
from sender import events

log = logging.getLogger(__name__)


@contextmanager
def held_if_damaged(session: Session, enrolment: Enrolment, now: datetime) -> Iterator[None]:
    """Leave the enrolment without a due moment when what is done inside fails (REQUIREMENTS 27)."""
    try:
        yield
    except SQLAlchemyError:
        raise  # the database is in trouble, not the row: the transaction is to be tried again
    except Exception as error:  # whatever a damaged row makes of the schedule
        log.exception("enrolment %s cannot be dated", enrolment.id)
        enrolment.due_at = None
        events.record(session, "held", now, enrolment=enrolment, why=str(error))
