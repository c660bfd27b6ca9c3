"""Acts upon all who have a custom field, on a desk of imports: carried out, and undone."""

from import_desk import KEY, Desk

from courseletter.acts import KINDS, chosen
from subscribers.acts import running
from subscribers.acts.models import BulkAct
from subscribers.acts.running import Ground


def ground(desk: Desk) -> Ground:
    return Ground(desk.database, KINDS, chosen, desk.clock, KEY)


def act(desk: Desk, what: str, field: str, **typed: str) -> BulkAct:
    with desk.database.write() as session:
        argument, now = KINDS[what].check(session, {"field": field, **typed}), desk.clock.now()
        meant = {"field": field}
        wanted = chosen(session, meant, now)
        row = running.begin(session, KINDS[what], argument, meant, wanted, "", "Ines", now)
    running.carry_out(ground(desk), row.id)
    with desk.database.read() as session:
        return session.get_one(BulkAct, row.id)


def undo(desk: Desk, row: BulkAct) -> BulkAct:
    with desk.database.write() as session:
        running.want_undo(session, KINDS, running.find(session, row.id), "Ines", desk.clock.now())
    running.carry_out(ground(desk), row.id)
    with desk.database.read() as session:
        return session.get_one(BulkAct, row.id)
