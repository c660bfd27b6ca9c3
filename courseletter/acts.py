"""Acts upon many people as one installation carries them out: all kinds of them, and who is meant."""

from collections.abc import Mapping
from datetime import datetime
from threading import Thread
from typing import Final

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import Session

from courseletter import uploads
from courseletter.errors import CourseletterError
from courseletter.installation import Installation
from courseletter.logs import log
from sender.acts.asking import ASK
from sender.acts.enrolling import ENROL
from sender.acts.erasing import ERASE
from sender.acts.leaving import LEAVE, SUPPRESS, UNSUBSCRIBE
from sender.segmenting import COMPILERS
from subscribers.acts import running
from subscribers.acts.doing import Doing, Kind
from subscribers.acts.fielding import RENAME, RETYPE
from subscribers.acts.joining import JOIN
from subscribers.acts.models import BulkAct
from subscribers.acts.running import Ground, Selection
from subscribers.acts.tagging import TAG, UNTAG
from subscribers.fields import has
from subscribers.filters import Filters, meant
from subscribers.models import Subscriber

KINDS: Final[Mapping[str, Kind]] = {
    one.key: one
    for one in (TAG, UNTAG, JOIN, LEAVE, ENROL, ASK, UNSUBSCRIBE, SUPPRESS, ERASE, RENAME, RETYPE)
}
SMALL: Final = 200  # people: so few are done while the page that asked for it waits


def ground_of(opened: Installation) -> Ground:
    return Ground(opened.database, KINDS, chosen, opened.clock, opened.settings.key)


def chosen(session: Session, selection: Selection, now: datetime) -> ColumnElement[bool]:
    """People by their ids, those who have a custom field, or all that filters mean. Raises InvalidInput for
    filters that mean nothing.
    """
    if "ids" in selection:
        return and_(Subscriber.id.in_(selection["ids"]), Subscriber.erased_at.is_(None))
    if "field" in selection:
        return has(session, selection["field"])
    return meant(session, Filters.read(selection["filters"]), now, COMPILERS)


def change_field(opened: Installation, kind: Kind, typed: Mapping[str, str], by: str) -> BulkAct | None:
    """Begin to rename or retype a custom field, for `set_out`; None: nobody has it yet, and it is done.

    Raises InvalidInput where it cannot be.
    """
    with opened.database.write() as session:
        argument, now = kind.check(session, typed), opened.clock.now()
        selection = {"field": argument["field"]}
        wanted = chosen(session, selection, now)
        if session.scalar(select(Subscriber.id).where(wanted).limit(1)) is None:
            kind.do(Doing(session, BulkAct(argument=argument), now, opened.settings.key), ())
            return None
        said = f"Everybody who has “{argument['field']}”"
        return running.begin(session, kind, argument, selection, wanted, said, by, now)


def set_out(opened: Installation, row: BulkAct) -> None:
    """Carry an act out, or undo it: a small one before the page answers, a large one beside it."""
    if row.people <= min(SMALL, KINDS[row.kind].chunk):
        work(opened, row.id)
    else:
        Thread(target=work, args=(opened, row.id), name=f"act {row.id}", daemon=True).start()


def work(opened: Installation, act_id: int) -> None:
    """Carry out or undo, as the act's state says. What it cannot get past stops it; what was done stays."""
    try:
        running.carry_out(ground_of(opened), act_id)
    except CourseletterError as error:
        with opened.database.write() as session:
            running.stop(running.find(session, act_id), opened.clock.now())
        log.warning("act %s stopped: %s", act_id, error)
    uploads.tidy(opened)  # it may have erased somebody


def carry_on(opened: Installation) -> int:
    """Go on with acts whose process has ended half-way; returns how many there were."""
    with opened.database.read() as session:
        waiting = running.abandoned(session, opened.clock.now())
    for act_id in waiting:
        work(opened, act_id)
    return len(waiting)
