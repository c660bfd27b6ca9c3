"""The process that reads a large file beside the one that writes (reading.py)."""

import gc
import sys
from collections.abc import Generator
from shutil import rmtree

from courseletter.beside import Hear, serve
from subscribers.importing.reading import Chunk, Wanted, chunks_of


def chunks(hear: Hear) -> Generator[Chunk | None]:
    """Read on while a chunk is written, and no further ahead than one."""
    gc.disable()  # nothing here goes in circles, and looking for it costs a third of the time
    wanted: Wanted = hear()
    try:
        for number, chunk in enumerate(chunks_of(wanted)):
            yield chunk
            if number:
                hear()
        yield None
    except (EOFError, GeneratorExit):
        rmtree(wanted.folder, ignore_errors=True)  # nobody waits any more, nor takes away who is in there
        raise


if __name__ == "__main__":
    serve(chunks, sys.stdin.buffer, sys.stdout.buffer)
