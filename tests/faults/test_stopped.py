"""A process that was stopped past its leases, and goes on, finds that others have decided."""

import signal
from collections.abc import Callable
from threading import Event

from faults.findings import look
from faults.report import Report
from faults.sink import Sink
from faults.site import Site

from courseletter.database import Database
from sender.claiming import DOT_LEASE
from sender.models import State


def test_r22_a_worker_stopped_past_its_lease_sends_nothing_when_it_goes_on(
    database: Database, new_site: Callable[..., Site], report: Report
) -> None:
    # In lock-step nothing of a message has been written while RCPT is not answered.
    site = new_site(database, people=40, lessons=1, sink=Sink(extensions=()))
    stopped = Event()
    first = site.start("first", "tick", "send")

    def stop(_: str) -> None:
        first.signal(signal.SIGSTOP)
        stopped.set()

    site.sink.aim("rcpt", 15, stop)
    assert stopped.wait(60)
    site.clock.advance(DOT_LEASE)
    site.start("second", "tick", "send").wait()
    sent = _taken_at(site, "first")
    assert 0 < sent < 15
    assert State.UNKNOWN in site.states().values()
    first.signal(signal.SIGCONT)
    first.wait()
    assert _taken_at(site, "first") == sent
    site.live()
    found = look(site)
    report.add("SIGSTOP past the lease, SIGCONT", site, found)
    assert (found.lost, found.unexplained, found.altered) == (0, 0, 0)


def _taken_at(site: Site, door: str) -> int:
    return sum(one.door == door for one in site.sink.taken)
