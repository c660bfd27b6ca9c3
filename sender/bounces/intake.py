"""The one door for everything that comes back: read, believed or not, recorded, each report on its own."""

from collections import Counter
from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from courseletter.clock import Clock
from courseletter.database import Database
from sender.bounces import complaints, recording
from sender.bounces.naming import Names
from sender.bounces.reading import read_report
from sender.bounces.recording import Effect
from sender.bounces.report import Kind, Report
from sender.pausing import call_back_queued
from subscribers import quotas
from subscribers.quotas import Limit

# Counted by the day on which a signature was made; it is stale long before the count is forgotten.
_ONE_TIME: Final = Limit(1, timedelta(days=1))


class Intake:
    """Takes mails and reports in. Used by many threads; the database keeps them apart."""

    def __init__(self, database: Database, clock: Clock, names: Names) -> None:
        self.names = names
        self._database = database
        self._clock = clock

    def take_mail(self, raw: bytes, recipient: str = "") -> Effect:
        """Take one mail. `recipient` is the envelope's; without it the mail's own head is asked."""
        return self.take(read_report(raw, recipient))

    def take_all(self, reports: Iterable[Report]) -> Counter[Effect]:
        return Counter(self.take(report) for report in reports)

    def take(self, report: Report) -> Effect:
        """Carry out one report, if a name in it is ours; a notice costs no transaction.

        A database that cannot be reached is raised: the sender of the report keeps it and comes again.
        """
        if report.kind is Kind.NOTICE:
            return Effect.NOTHING
        now = self._clock.now()
        member = self.names.membership(report.names) if report.kind is Kind.UNSUBSCRIBE else None
        with self._database.write() as session:
            if report.once and not quotas.take(session, report.once.name, _ONE_TIME, report.once.at):
                return Effect.KNOWN
            if member is not None:
                return recording.opt_out(session, *member, now, "mail to the unsubscribe address")
            delivery = self.names.delivery(session, report.names, report.address)
            if delivery is None:
                return Effect.FOREIGN
            effect = recording.record(session, delivery, report, now, self.names.key)
            is_news = report.kind is Kind.COMPLAINT and effect is Effect.SUPPRESSED
            course = delivery.course_id if is_news and complaints.watch(session, delivery, now) else None
        if course is not None:
            call_back_queued(self._database, course, now)
        return effect
