"""The columns of a file as a person looks at them: an example, how many cells are filled, what it becomes."""

from dataclasses import dataclass
from pathlib import Path

from subscribers.importing.mapping import FIELD, ImportSettings
from subscribers.importing.reading import tables_in
from subscribers.importing.values import KINDS, Unreadable, kind_of

SHORT = 60  # characters of an example


@dataclass(frozen=True, slots=True)
class Column:
    place: int  # in the settings
    heading: str
    example: str
    filled: int  # per cent of the sampled rows
    target: str
    kind: str  # of a custom field, the chosen one or the likeliest
    doubt: str  # what of it would stay empty


def columns_of(path: str | Path, settings: ImportSettings, sampled: int) -> list[Column]:
    """What the first rows of a file show of each column."""
    cells: dict[str, list[str]] = {}
    for table, _ in tables_in(Path(path)):
        for row in table.sample(sampled):
            for heading, cell in zip(table.headings, row, strict=True):
                cells.setdefault(heading, []).append(cell)
    return [
        _column(place, heading, target, cells.get(heading, []), settings)
        for place, (heading, target) in enumerate(settings.columns)
    ]


def _column(place: int, heading: str, target: str, cells: list[str], settings: ImportSettings) -> Column:
    filled = [one for one in cells if one.strip()]
    example = filled[0][:SHORT] if filled else ""
    own = target.startswith(f"{FIELD}:")
    kind = (target.split(":")[2:] or ["text"])[0] if own else kind_of(filled)
    doubt = _doubt(kind, filled, settings) if own else ""
    share = round(100 * len(filled) / len(cells)) if cells else 0
    return Column(place, heading, example, share, target, kind, doubt)


def _doubt(kind: str, filled: list[str], settings: ImportSettings) -> str:
    wrong = [one for one in filled if not _readable(kind, one, settings)]
    if not wrong:
        return ""
    what = {"number": "numbers", "yes_no": "a yes or a no", "date": "dates"}[kind]
    return f"{len(wrong)} of these rows are not {what}, such as “{wrong[0][:30]}”. They would stay empty."


def _readable(kind: str, cell: str, settings: ImportSettings) -> bool:
    try:
        KINDS[kind](cell, settings.order)
    except Unreadable:
        return False
    return True
