"""A process of our own beside this one, for what would keep a single core too long.

What it is told and what it answers is pickled, and goes through its standard input and output. When whoever
told it ends, however that may be, it ends as well.
"""

import pickle
import sys
from collections.abc import Callable, Generator
from contextlib import closing, suppress
from functools import partial
from subprocess import PIPE, Popen
from typing import IO, Any, Self, cast

from courseletter.errors import CourseletterError

Hear = Callable[[], Any]
Work = Callable[[Hear], Generator[object]]


class Beside:
    """A module of ours as a process of its own (`serve` there), within the block. `lost`: what to say to a
    person where it ends by itself.
    """

    def __init__(self, module: str, lost: str) -> None:
        # -P: whatever lies in the folder one stands in is not ours, even if its name is.
        self._process = Popen((sys.executable, "-P", "-m", module), stdin=PIPE, stdout=PIPE)  # noqa: S603 - it is this very program
        self._lost = lost

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def tell(self, value: object) -> None:
        with suppress(BrokenPipeError):  # `hear` says so
            tell(cast(IO[bytes], self._process.stdin), value)

    def hear(self) -> Any:
        """Its next answer. Raises what it ended with, and CourseletterError where it was killed."""
        try:
            found = pickle.load(cast(IO[bytes], self._process.stdout))  # noqa: S301 - what we have sent ourselves
        except (EOFError, pickle.UnpicklingError):
            raise CourseletterError(self._lost) from None
        if isinstance(found, Exception):
            raise found
        return found


def tell(pipe: IO[bytes], value: object) -> None:
    """Send a value to the process at the other end."""
    pickle.dump(value, pipe, pickle.HIGHEST_PROTOCOL)
    pipe.flush()


def serve(work: Work, asked: IO[bytes], told: IO[bytes]) -> None:
    """Answer with what `work` yields, as long as anybody listens; it hears what it is told.

    Where nobody does, `work` meets EOFError or is closed (GeneratorExit).
    """
    try:
        with closing(work(partial(pickle.load, asked))) as answers:
            for one in answers:
                tell(told, one)
    except CourseletterError as error:
        with suppress(BrokenPipeError):
            tell(told, error)
    except (BrokenPipeError, EOFError):
        pass
