"""A process that was stopped past its leases, and goes on, finds that others have decided."""

import signal
from collections.abc import Callable

from faults.findings import look
from faults.report import Report
from faults.sink import Sink
from faults.site import CONNECTIONS, Site

from courseletter.database import Database
from sender.claiming import DOT_LEASE
from sender.models import State


def test_r22_a_worker_stopped_past_its_lease_sends_nothing_when_it_goes_on(
    database: Database, new_site: Callable[..., Site], report: Report
) -> None:
    # In lock-step nothing of a message has been written while RCPT is not answered.
    site = new_site(database, people=40, lessons=1, sink=Sink(extensions=()))
    site.sink.hold_from("rcpt", 15)
    first = site.start("first", "tick", "send")
    site.sink.wait_until_held(CONNECTIONS)
    first.signal(signal.SIGSTOP)
    site.clock.advance(DOT_LEASE)
    site.start("second", "tick", "send").wait()
    sent = _taken_at(site, "first")
    assert 0 < sent < 15
    assert State.UNKNOWN in site.states().values()
    site.sink.release()
    first.signal(signal.SIGCONT)
    first.wait()
    assert _taken_at(site, "first") == sent
    site.live()
    found = look(site)
    report.add("SIGSTOP past the lease, SIGCONT", site, found)
    assert (found.lost, found.unexplained, found.altered) == (0, 0, 0)


def _taken_at(site: Site, door: str) -> int:
    return sum(one.door == door for one in site.sink.taken)
