"""`kill -9` at any moment: nobody loses a lesson, and no copy comes that is not listed."""

from collections.abc import Callable
from dataclasses import replace
from signal import SIGKILL

import pytest
from faults.findings import look
from faults.report import Report
from faults.scale import Scale
from faults.site import Site
from faults.storm import ALONE, MANY, Storm

from courseletter.database import Database
from sender.claiming import DOT_LEASE
from sender.retrying import UNKNOWN_REST, UnknownPolicy


@pytest.mark.parametrize("unknown", ["retry_once", "hold"])
def test_r20_kill_9(
    database: Database, new_site: Callable[..., Site], unknown: UnknownPolicy, scale: Scale, report: Report
) -> None:
    tried_again = unknown == "retry_once"
    site = new_site(
        database, people=scale.people, lessons=scale.lessons(second_tries=tried_again), unknown=unknown
    )
    storm = Storm(site, ALONE if database.is_sqlite else MANY, scale.kills, scale.seed)
    storm.rage()
    site.live()
    found = look(site)
    report.add(f"kill -9, `{unknown}`", site, found, storm.victims, scale.seed)
    assert storm.kills == scale.kills
    assert found.in_doubt > 0
    assert (found.copies > 0) is tried_again
    assert (found.lost, found.unexplained, found.altered, found.unlisted) == (0, 0, 0, 0)


def test_r20_what_was_killed_at_both_its_tries_is_listed_twice_and_left_at_that(
    database: Database, new_site: Callable[..., Site]
) -> None:
    """SMTP cannot tell that it never arrived: a third try might be a third copy."""
    site = new_site(database, people=1, lessons=1)
    for _ in range(2):
        node = site.start("node", "tick", "send")
        site.sink.aim("rcpt", 1, lambda _, node=node: node.signal(SIGKILL))
        node.wait()
        site.live(until=site.clock.now() + DOT_LEASE)
        site.clock.advance(UNKNOWN_REST)
    site.live()
    found = look(site)
    assert found == replace(found, expected=2, taken=1, copies=0, lost=1, in_doubt=2, unlisted=0)
