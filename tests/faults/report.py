"""What the crash tests found, as a page for people (docs/soak.md)."""

import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from faults.findings import Findings
from faults.site import Site

from courseletter.clock import SystemClock

COLUMNS = (
    *("fault", "database", "kills", "seed", "lessons due", "messages", "in doubt", "copies"),
    *("unexplained", "altered", "lost"),
)
HEAD = """# Crash tests

`make soak` writes this page; `make test` runs the same tests in small. Real processes send through a real
socket to a relay that writes down each message before it answers, and that nobody kills. The columns are
counted in the relay's own book; only "in doubt" is the ledger's word, as `courseletter delivery in-doubt`
lists it.

- **lessons due**: people times lessons. **lost**: those that the relay never saw.
- **copies**: messages beyond the first of a lesson and person. Each is the second try of a delivery that is
  listed as in doubt; **unexplained** counts those that are not, **altered** those that differ by an octet
  from the first.
- Under `hold` nothing is tried again by itself: somebody who reads the relay's book settles each doubt.
- With SQLite one process plans and sends; with PostgreSQL one plans and three send. Each may be the victim,
  at a random moment or at a step of the conversation: recipient named, message taken and not answered, 250
  just said. It is started again at once.
- The kills of a lesson end before its second tries begin. What is killed at both its tries is listed twice,
  and left at that, because nobody can tell whether it arrived: a test of its own holds that.
- A backup knows nothing of what was sent after it was made: once it is released, that comes once more, dated
  anew. Such a copy is in no list and counts here as unexplained and altered.
"""


@dataclass(frozen=True)
class Row:
    fault: str
    database: str
    found: Findings
    victims: Mapping[str, int]
    seed: int | None

    def cells(self) -> tuple[object, ...]:
        found = self.found
        return (
            *(self.fault, self.database, self._kills(), "" if self.seed is None else self.seed),
            *(found.expected, found.taken, found.in_doubt, found.copies),
            *(found.unexplained, found.altered, found.lost),
        )

    def _kills(self) -> str:
        each = ", ".join(f"{name}: {count}" for name, count in sorted(self.victims.items()) if count)
        return f"{sum(self.victims.values())} ({each})" if each else ""


class Report:
    def __init__(self) -> None:
        self._rows: list[Row] = []
        self._begun = SystemClock().now()

    def add(
        self,
        fault: str,
        site: Site,
        found: Findings,
        victims: Mapping[str, int] = MappingProxyType({}),
        seed: int | None = None,
    ) -> None:
        name = "SQLite" if site.database.is_sqlite else "PostgreSQL"
        with site.database.engine.connect() as connection:
            version = ".".join(map(str, connection.dialect.server_version_info or ()))
        self._rows.append(Row(fault, f"{name} {version}", found, victims, seed))

    def text(self) -> str:
        table = [COLUMNS, ("---",) * len(COLUMNS), *(row.cells() for row in self._rows)]
        lines = "\n".join(f"| {' | '.join(map(str, cells))} |" for cells in table)
        return f"{HEAD}\n{self._host()}\n\n{lines}\n"

    def _host(self) -> str:
        minutes = (SystemClock().now() - self._begun).total_seconds() / 60
        return (
            f"{self._begun:%d %B %Y}, {os.cpu_count()} cores ({platform.machine()}), "
            f"{platform.system()} {platform.release().partition('-')[0]}, "
            f"Python {platform.python_version()}, {minutes:.0f} minutes."
        )
