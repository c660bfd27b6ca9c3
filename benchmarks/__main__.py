"""Measure everything, print it, and keep it in benchmarks/report.json. `python -m benchmarks [PEOPLE]`.

PEOPLE is the crowd that is promoted and sent to, a million if you say nothing; it takes some twenty minutes
then. Figures of one run belong together: only their ratios say something on another machine.
"""

import json
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks import ledger, memory, sending

REPORT = Path(__file__).with_name("report.json")


def main(people: int = 1_000_000) -> None:
    subprocess.run(["npm", "ci", "--silent"], cwd=sending.PEERS, check=True)
    with TemporaryDirectory() as folder:
        report: dict[str, Any] = dict(sending.measure(Path(folder)))
    with TemporaryDirectory() as folder:
        report |= ledger.measure(Path(folder), people) | {"people": people}
    with TemporaryDirectory() as folder:
        report["memory"] = memory.measure(Path(folder), people)
    REPORT.write_text(json.dumps(report, indent=2) + "\n", "utf-8")
    console = Console()
    console.print(_messages(report))
    console.print(_ledger(report))


def _messages(report: dict[str, Any]) -> Table:
    table = Table("", "CPU ms a message", "a second and core", "Courseletter is", title="Messages")
    host = report["host"]
    bounds = {"unsigned": host["smtp_source_ms"], "rsa": sum(host.values())}
    for kind, bound in bounds.items():
        table.add_row(f"this host's bound, {kind}", *_cells(bound, report["courseletter"][kind]["cpu_ms"]))
    for name in ("courseletter", "nodemailer", "naive"):
        for kind, cost in report[name].items():
            table.add_row(f"{name}, {kind}", *_cells(cost["cpu_ms"], report["courseletter"][kind]["cpu_ms"]))
    return table


def _cells(cost: float, ours: float) -> tuple[str, str, str]:
    times = cost / ours
    return (
        f"{cost:.3f}",
        f"{1000 / cost:,.0f}",
        f"{times:.1f} x as fast" if times >= 1 else f"{times:.0%} of it",
    )


def _ledger(report: dict[str, Any]) -> Table:
    table = Table("", "", title=f"Ledger, {report['people']:,} enrolments")
    for database, found in report["promote_1m"].items():
        table.add_row(
            f"promoted on {database}", f"{found['seconds']:.1f} s, longest chunk {found['max_chunk_s']:.2f} s"
        )
    for database, found in report["claim_complete"].items():
        table.add_row(f"claimed and completed on {database}", f"{found['rows_per_s']:,.0f} rows/s")
    for nodes, rows in report["nodes"].items():
        table.add_row(f"by {nodes} nodes on postgresql", f"{rows:,.0f} rows/s")
    for size, megabytes in report["memory"].items():
        table.add_row(f"memory of a sender, {size.removeprefix('rss_mb_')}", f"{megabytes:.1f} MB")
    return table


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
