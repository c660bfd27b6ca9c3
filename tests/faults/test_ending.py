"""SIGTERM to `courseletter serve` while it sends: it ends soon; what is in flight ends or is recorded."""

import signal
import socket
from collections import Counter
from collections.abc import Callable

import pytest
from faults.findings import look
from faults.report import Report
from faults.site import CONNECTIONS, Site

from courseletter.clock import SystemClock
from courseletter.database import Database
from sender.models import State

PEOPLE = 150
WITHIN = 30  # seconds


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.parametrize("silent", [False, True], ids=["answered", "never answered"])
def test_r28_sigterm(database: Database, new_site: Callable[..., Site], silent: bool, report: Report) -> None:
    site = new_site(database, people=PEOPLE, lessons=1, at=SystemClock().now())
    site.sink.hold_from("dot", 1)
    serving = site.command("serve", "--port", free_port())
    site.sink.wait_until_held(CONNECTIONS)
    serving.signal(signal.SIGTERM)
    if not silent:
        site.sink.later(0.5, site.sink.release)
    assert serving.wait(WITHIN) == 0
    taken = {one.message_id for one in site.sink.taken}
    states = site.states()
    assert taken == {name for name, state in states.items() if state in (State.ACCEPTED, State.UNKNOWN)}
    ended = State.UNKNOWN if silent else State.ACCEPTED
    assert Counter(states.values()) == {ended: len(taken), State.READY: PEOPLE - len(taken)}
    site.sink.release()
    site.live()
    found = look(site)
    report.add("SIGTERM, " + ("the relay is silent" if silent else "the relay answers"), site, found)
    assert (found.lost, found.unexplained, found.altered) == (0, 0, 0)
    assert found.in_doubt == found.copies == (CONNECTIONS if silent else 0)
