"""`kill -9` at any moment: nobody loses a lesson, and no copy comes that is not listed."""

from collections.abc import Callable

from courseletter.database import Database
from faults.findings import look
from faults.site import Site
from faults.storm import ALONE, MANY, Storm

SEED = 20


def test_r20_kill_9(database: Database, new_site: Callable[..., Site]) -> None:
    site = new_site(database, people=80)
    nodes = ALONE if database.is_sqlite else MANY
    raging = Storm(site, nodes, 6, SEED)
    raging.rage()
    assert raging.kills == 6
    site.live()
    found = look(site)
    print(found)
    assert (found.lost, found.unexplained, found.altered) == (0, 0, 0)
