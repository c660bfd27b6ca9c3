"""Imports as one installation carries them out: its key, its clock, and what courses and mail have to say."""

from collections.abc import Collection, Sequence
from pathlib import Path
from threading import Thread

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from campaigns.models import Answer, Enrolment, TriggerMark
from campaigns.placing import place
from courseletter import uploads
from courseletter.bulk import one_of
from courseletter.errors import CourseletterError
from courseletter.installation import Installation
from courseletter.logs import log
from sender.models import Delivery, Event
from subscribers.importing import indexes, running, undoing
from subscribers.importing.mapping import ImportSettings
from subscribers.importing.models import Import, ImportProblem, ImportState
from subscribers.importing.problems import Problem
from subscribers.importing.running import Importer, Progress

PATIENCE = 1.5  # seconds that a page waits for a small file before it shows how far it is


def importer_of(opened: Installation) -> Importer:
    return Importer(opened.database, opened.settings.key, opened.clock, place)


def detach(session: Session, ids: Collection[int]) -> set[int]:
    """Take people out of their courses; returns those who were ever sent something, or did something in a
    course, and stay (undoing.py).

    Alone with their places: the tick that queues for somebody in this moment comes before or not at all.
    """
    theirs = one_of(session, Enrolment.subscriber_id, ids)
    session.scalars(select(Enrolment.id).where(theirs).order_by(Enrolment.id).with_for_update()).all()
    staying: set[int] = set()
    for person in (Delivery.subscriber_id, Event.subscriber_id, Answer.subscriber_id):
        staying.update(session.scalars(select(person).where(one_of(session, person, ids))))
    for person in (Enrolment.subscriber_id, TriggerMark.subscriber_id):
        session.execute(delete(person.class_).where(one_of(session, person, set(ids) - staying)))
    return staying


def set_out(opened: Installation, import_id: int) -> None:
    """Do what an import waits for, beside the page that asked for it. A small one is done on return."""
    thread = Thread(target=work, args=(opened, import_id), name=f"import {import_id}", daemon=True)
    thread.start()
    thread.join(PATIENCE)


def work(opened: Installation, import_id: int) -> None:
    """Try out, carry out or take back, as the import's state says. What stops it is kept for its page."""
    with opened.database.read() as session:
        state = running.find(session, import_id).state
    try:
        if state == ImportState.TRYING:
            _try_out(opened, import_id)
        elif state == ImportState.RUNNING:
            importer_of(opened).carry_out(import_id)
        elif state == ImportState.TAKING_BACK:
            undoing.take_back(opened.database, import_id, opened.clock, detach)
    except CourseletterError as error:
        with opened.database.write() as session:
            failed = update(Import).where(Import.id == import_id, Import.state == ImportState.TRYING)
            session.execute(failed.values(state=ImportState.FAILED, why=str(error)))
        log.warning("import %s stopped: %s", import_id, error)
    uploads.tidy(opened)


def carry_on(opened: Installation) -> int:
    """Go on with imports whose process has ended half-way; returns how many were finished."""
    with opened.database.read() as session:
        waiting = running.abandoned(session, opened.clock.now())
    for import_id in waiting:
        work(opened, import_id)
    indexes.restore_forgotten(opened.database, opened.clock.now())
    return len(waiting)


def _try_out(opened: Installation, import_id: int) -> None:
    with opened.database.read() as session:
        row = running.find(session, import_id)
    settings = ImportSettings.from_json(row.settings)

    def watch(progress: Progress) -> None:
        _keep(opened, import_id, percent=progress.percent)

    def tell(problems: Sequence[Problem]) -> None:
        if problems:
            with opened.database.write() as session:
                session.execute(insert(ImportProblem), [running.row_of(import_id, one) for one in problems])

    progress = importer_of(opened).try_out(Path(row.path), settings, watch, tell)
    counts = dict(progress.counts)
    _keep(opened, import_id, state=ImportState.TRIED, counts=counts, taken=progress.rows, percent=100)


def _keep(opened: Installation, import_id: int, **values: object) -> None:
    with opened.database.write() as session:
        keeping = update(Import).where(Import.id == import_id, Import.state == ImportState.TRYING)
        session.execute(keeping.values(touched_at=opened.clock.now(), **values))
