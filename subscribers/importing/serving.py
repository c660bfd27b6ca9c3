"""The process that reads a large file beside the one that writes: `python -m subscribers.importing.serving`.

It is told through its standard input what to read, and answers with chunks. When whoever asked ends, however
that may be, it ends as well.
"""

import gc
import pickle
import sys
from shutil import rmtree
from typing import IO

from courseletter.errors import CourseletterError
from subscribers.importing.reading import Wanted, chunks_of, tell


def serve(asked: IO[bytes], told: IO[bytes]) -> None:
    """Read on while a chunk is written, and no further ahead than one."""
    gc.disable()  # nothing here goes in circles, and looking for it costs a third of the time
    wanted: Wanted = pickle.load(asked)  # noqa: S301 - our own program asks
    try:
        for number, chunk in enumerate(chunks_of(wanted)):
            tell(told, chunk)
            if number:
                pickle.load(asked)  # noqa: S301
        tell(told, None)
    except CourseletterError as error:
        tell(told, error)
    except (BrokenPipeError, EOFError):
        rmtree(wanted.folder, ignore_errors=True)  # nobody waits any more, nor takes away who is in there


if __name__ == "__main__":
    serve(sys.stdin.buffer, sys.stdout.buffer)
