"""Measure everything, print it, and keep it in benchmarks/report.json. `python -m benchmarks [PEOPLE]`.

PEOPLE is the crowd that is promoted, a million if you say nothing; it takes some ten minutes then. Figures of
one run belong together: only their ratios say something on another machine.
"""

import json
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import ledger, sending

REPORT = Path(__file__).with_name("report.json")


def main(people: int = 1_000_000) -> None:
    subprocess.run(["npm", "ci", "--silent"], cwd=sending.PEERS, check=True)
    with TemporaryDirectory() as folder:
        report: dict[str, object] = dict(sending.measure(Path(folder)))
    with TemporaryDirectory() as folder:
        report |= ledger.measure(Path(folder), people) | {"people": people}
    REPORT.write_text(json.dumps(report, indent=2) + "\n", "utf-8")
    print(REPORT.read_text("utf-8"))


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
