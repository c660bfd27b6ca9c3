"""Several schedulers and senders on one database do not send anything twice."""

from collections.abc import Callable

from faults.findings import look
from faults.report import Report
from faults.scale import Scale
from faults.site import Site

from courseletter.database import Database


def test_r21_five_schedulers(
    database: Database, new_site: Callable[..., Site], scale: Scale, report: Report
) -> None:
    site = new_site(database, people=scale.crowd, lessons=1)
    while (moment := site.next_moment()) is not None:
        site.clock.move_to(moment)
        for node in [site.start(f"scheduler {number}", "tick", "send") for number in range(5)]:
            node.wait()
    found = look(site)
    report.add("five schedulers at once", site, found)
    assert found.taken == found.expected == 2 * scale.crowd
    assert (found.copies, found.lost, found.in_doubt) == (0, 0, 0)
