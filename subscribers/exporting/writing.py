"""People as a file. Many are written by two processes beside this one, each every other window (serving.py).

A workbook is written as a whole, so its people are read here, as few people are.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import chain, cycle, islice
from typing import IO, Final

from sqlalchemy.ext import serializer

from courseletter.beside import Beside
from subscribers.exporting import forms
from subscribers.exporting.forms import Form
from subscribers.exporting.layouts import Layout
from subscribers.exporting.records import WINDOW, Courses, People, Window

PROCESSES: Final = 2  # a small server has no more cores
FEW: Final = 12  # windows that are written before another process would have started
AHEAD: Final = 2  # windows that each process has been told of: none waits for us

_LOST: Final = "A process that writes the export has ended. Run the export again."

Watch = Callable[[int], None]  # is told how many people are written, about


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the other processes are told: whom they write, and how."""

    form: Form
    layout: Layout
    address: str  # of the database
    key: bytes
    courses: Courses | None
    condition: bytes


def write(form: Form, file: IO[bytes], layout: Layout, people: People, watch: Watch = lambda _: None) -> None:
    """Write people into an open file. Raises InvalidInput for what a workbook cannot hold."""
    if form is Form.XLSX:
        forms.write(form, file, layout.columns, people, layout.cells)
        return
    file.write(forms.beginning(form, layout.columns))
    for number, written in enumerate(_written(form, layout, people), start=1):
        file.write(written)
        watch(number * WINDOW)


def _written(form: Form, layout: Layout, people: People) -> Iterator[bytes]:
    """One window after the other."""
    windows = people.windows()
    first = [*islice(windows, FEW + 1)]
    if len(first) > FEW:
        yield from _beside(form, layout, people, chain(first, windows))
    else:
        yield from (forms.encoded(form, people.within(one), layout.cells) for one in first)


def _beside(form: Form, layout: Layout, people: People, windows: Iterable[Window]) -> Iterator[bytes]:
    address = people.session.get_bind().engine.url.render_as_string(hide_password=False)
    condition = serializer.dumps(people.wanted)  # type: ignore[no-untyped-call]
    wanted = Wanted(form, layout, address, people.key, people.courses, condition)
    with ExitStack() as running:
        processes = [
            running.enter_context(Beside("subscribers.exporting.serving", _LOST)) for _ in range(PROCESSES)
        ]
        for one in processes:
            one.tell(wanted)
        asked: deque[Beside] = deque()
        for process, window in zip(cycle(processes), windows, strict=False):
            if len(asked) == AHEAD * PROCESSES:
                yield asked.popleft().hear()
            process.tell(window)
            asked.append(process)
        yield from (process.hear() for process in asked)
