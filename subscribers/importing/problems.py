"""The rows that were not taken, as a CSV to mend and import again: as they were, with the reason last."""

from collections.abc import Callable, Sequence
from typing import Any

from courseletter.spreadsheet import safe
from subscribers.importing.mapping import ImportSettings

Problem = tuple[str, int, str, str, bool, list[str]]  # part, line, text, reason, taken, cells

WHY = "Why it was not taken"


def write_csv(writer: Any, settings: ImportSettings) -> Callable[[Sequence[Problem]], None]:
    """Write the headings; returns what writes the rows.

    Who was kept out has no row: there is nothing to mend.
    """
    headings = [heading for heading, _ in settings.columns]
    writer.writerow([safe(one) for one in (*headings, WHY)])

    def write(problems: Sequence[Problem]) -> None:
        for part, line, _, reason, taken, cells in problems:
            if cells and not taken:
                padded = [*cells, *[""] * len(headings)][: len(headings)]
                where = f"{part} line {line}".lstrip()
                writer.writerow([*(safe(one) for one in padded), safe(f"{where}: {reason}")])

    return write
