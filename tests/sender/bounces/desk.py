"""A school whose mails come back: deliveries that were sent, and the intake that hears of them."""

from collections.abc import Sequence
from typing import Any

from samples import BOUNCES, FROM
from school import KEY, School
from sqlalchemy import select

from sender.bounces.intake import Intake
from sender.bounces.models import Bounce
from sender.bounces.naming import Names
from sender.bounces.recording import Effect
from sender.bounces.report import Kind, Report
from sender.message import message_id
from sender.models import Delivery, Event
from sender.return_path import return_path
from subscribers.models import ConsentEntry, Membership, Suppression

NAMES = Names(KEY, BOUNCES, FROM)


class Desk:
    """`sent` is a delivery that the relay accepted: Ada's welcome."""

    def __init__(self, school: School) -> None:
        self.school = school
        self.intake = Intake(school.database, school.clock, NAMES)
        self.enrolment_id = school.enrol()
        school.work()
        (self.sent,) = school.deliveries()
        assert self.sent.state == "accepted"

    def tell(self, kind: Kind, delivery: Delivery | None = None, text: str = "550 no") -> Effect:
        """Take in a report with a genuine name of the delivery."""
        number = (delivery or self.sent).id
        return self.intake.take(Report(kind, "5.0.0", text, names=(return_path(KEY, number, BOUNCES),)))

    def mail(self, raw: bytes, delivery: Delivery | None = None) -> Effect:
        """Take in one of the samples, turned to be about a delivery of this school."""
        number = (delivery or self.sent).id
        for sample, ours in (
            (return_path(KEY, 7, BOUNCES), return_path(KEY, number, BOUNCES)),
            (message_id(KEY, 7, FROM), message_id(KEY, number, FROM)),
        ):
            raw = raw.replace(sample.encode(), ours.encode())
        return self.intake.take_mail(raw)

    def all(self, table: type[Any]) -> Sequence[Any]:
        with self.school.database.read() as session:
            rows = session.scalars(select(table).order_by(*table.__table__.primary_key)).unique().all()
            session.expunge_all()
            return rows

    def events(self, *kinds: str) -> list[Event]:
        return [one for one in self.all(Event) if one.kind in kinds]

    def untouched(self) -> bool:
        """Whether nothing at all came of what was told."""
        return (
            not self.all(Bounce)
            and not self.all(Suppression)
            and not self.events("bounced", "complained", "left")
            and [one.status for one in self.all(Membership)] == ["confirmed"] * len(self.all(Membership))
            and all(one.act == "added" for one in self.all(ConsentEntry))
        )
