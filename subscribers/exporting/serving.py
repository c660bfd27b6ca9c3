"""A process that puts some windows of people into words beside others (writing.py)."""

import gc
import sys
from collections.abc import Generator
from contextlib import closing

from sqlalchemy.ext import serializer

from courseletter.beside import Hear, serve
from courseletter.database import Base, Database
from subscribers.exporting import forms
from subscribers.exporting.records import People
from subscribers.exporting.writing import Wanted

GARBAGE = 200_000  # objects after which Python looks for some; a window has so many, and they are none


def windows(hear: Hear) -> Generator[bytes]:
    """Each window of people as it stands in the file, as long as one is asked for."""
    gc.freeze()
    gc.set_threshold(GARBAGE)
    wanted: Wanted = hear()
    with closing(Database(wanted.address)) as database, database.read() as session:
        condition = serializer.loads(wanted.condition, Base.metadata)  # type: ignore[no-untyped-call]
        people = People(session, wanted.key, wanted.courses, condition)
        while True:
            window = hear()
            yield forms.encoded(wanted.form, people.within(window), wanted.layout.cells)
            session.rollback()  # so as not to hold on to how the database was, nor to a transaction


if __name__ == "__main__":
    serve(windows, sys.stdin.buffer, sys.stdout.buffer)
