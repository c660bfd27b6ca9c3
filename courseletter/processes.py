"""Child processes that send (courseletter/sending.py): started, nudged, replaced when they die, and ended."""

import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import IO, cast

from courseletter.logs import log
from sender.outfit import Outfit

# One pool of memory for all threads of a sending process: of each further one glibc keeps what was freed.
LEAN = {"MALLOC_ARENA_MAX": "1"}


class Processes:
    """Child processes that send (courseletter/sending.py), up to `most`.

    The pipe to a child's standard input is its lifeline: when we end, however that may be, the system closes
    it, and the child ends as well. What goes through it first is how to send.
    """

    def __init__(self, outfit: Outfit, most: int) -> None:
        self.most = most
        self._outfit = pickle.dumps(outfit)
        # -P: whatever lies in the folder one stands in is not ours, even if its name is.
        self._command: Sequence[str] = (sys.executable, "-P", "-m", "courseletter.sending")
        self._environment = os.environ | LEAN
        self._children: list[subprocess.Popen[bytes]] = []
        self._stopping = False

    def run(self, wanted: int) -> None:
        """Let at least this many run, or as many as there may be; those that have died are replaced."""
        for child in [one for one in self._children if one.poll() is not None]:
            log.warning("sending process %s has ended: %s", child.pid, _how(child.returncode))
            self._forget(child)
        while len(self._children) < min(wanted, self.most) and not self._stopping:
            # A process group of its own: Ctrl+C is for us, and we tell our children.
            child = subprocess.Popen(  # noqa: S603 - it is this very program
                self._command, env=self._environment, stdin=subprocess.PIPE, bufsize=0, process_group=0
            )
            with suppress(BrokenPipeError):  # as in nudge()
                _lifeline(child).write(self._outfit)  # a few KB, which the pipe holds until they are read
            os.set_blocking(_lifeline(child).fileno(), False)  # one that does not listen must not hold us up
            self._children.append(child)

    def nudge(self) -> None:
        for child in self._children:
            with suppress(BrokenPipeError):  # it has died: run() replaces it
                _lifeline(child).write(b".")

    def stop(self) -> None:
        """Tell all to end, and start no more. From any thread."""
        self._stopping = True
        for child in list(self._children):
            child.terminate()

    def close(self, patience: float) -> bool:
        """Wait until all have ended, `patience` seconds at most. False: one did not end by itself."""
        ended = True
        for child in list(self._children):
            _lifeline(child).close()  # of one, too, that began while the others were told
            try:
                ended &= child.wait(patience) in (0, -signal.SIGTERM)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
                ended, patience = False, 0  # the others have had as long
            self._forget(child)
        return ended

    def _forget(self, child: subprocess.Popen[bytes]) -> None:
        _lifeline(child).close()
        self._children.remove(child)


def _lifeline(child: subprocess.Popen[bytes]) -> IO[bytes]:
    return cast(IO[bytes], child.stdin)


def _how(code: int) -> str:
    return f"killed by signal {-code}" if code < 0 else f"exit code {code}"
