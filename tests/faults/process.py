"""A real process of the sender, as its tests see it: started, watched, stopped, killed."""

import multiprocessing
import os
import signal
import subprocess
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection
from threading import Condition, Thread
from typing import TextIO

from faults.scale import PATIENCE

KILLED = -signal.SIGKILL  # the return code of a process that was killed

# Python's own server of forks: a node is a process of its own, without a second's imports before each start.
_forks = multiprocessing.get_context("forkserver")
_forks.set_forkserver_preload(["faults.node"])


class Process(ABC):
    """What it writes is kept. It ends with the test at the latest."""

    def __init__(self, name: str, pid: int, output: TextIO) -> None:
        self.name = name
        self.pid = pid
        self._lines: list[str] = []
        self._news = Condition()
        self._output = output
        self._reader = Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def said(self) -> str:
        return "".join(self._lines)

    def wait(self, seconds: float = PATIENCE) -> int:
        """Wait for its end, which is a good one or a kill; returns its return code."""
        code = self._wait(seconds)
        assert code is not None, f"{self.name} does not end:\n{self.said}"
        self._reader.join()
        assert code in (0, KILLED), f"{self.name} ended with {code}:\n{self.said}"
        return code

    def wait_for(self, words: str) -> None:
        """Return when it has written these words."""
        with self._news:
            assert self._news.wait_for(lambda: words in self.said, PATIENCE), f"{self.name}:\n{self.said}"

    def signal(self, number: int) -> None:
        with suppress(ProcessLookupError):  # it has just ended by itself
            os.kill(self.pid, number)

    def end(self) -> None:
        """Whatever it does: one that was stopped is killed all the same."""
        if self._is_running():
            self.signal(signal.SIGKILL)
            self._wait(10)
        self._reader.join()
        self._output.close()

    @abstractmethod
    def _wait(self, seconds: float) -> int | None: ...

    @abstractmethod
    def _is_running(self) -> bool: ...

    def _read(self) -> None:
        for line in self._output:
            with self._news:
                self._lines.append(line)
                self._news.notify_all()


class Program(Process):
    """Python with these arguments, as from a shell."""

    def __init__(self, name: str, arguments: Sequence[object], environment: Mapping[str, str]) -> None:
        command = [sys.executable, "-u", *map(str, arguments)]
        self._popen = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment
        )
        assert self._popen.stdout is not None
        super().__init__(name, self._popen.pid, self._popen.stdout)  # type: ignore[arg-type]

    def _wait(self, seconds: float) -> int:
        return self._popen.wait(seconds)

    def _is_running(self) -> bool:
        return self._popen.poll() is None


class Fork(Process):
    """A function in a process of its own, with this environment."""

    def __init__(
        self,
        name: str,
        function: Callable[..., object],
        arguments: Sequence[object],
        environment: Mapping[str, str],
    ) -> None:
        reader, writer = _forks.Pipe(duplex=False)
        self._process = _forks.Process(
            target=_run, args=(writer, dict(environment), function, *arguments), daemon=True
        )
        self._process.start()
        writer.close()
        assert self._process.pid is not None
        super().__init__(name, self._process.pid, os.fdopen(os.dup(reader.fileno()), errors="replace"))
        reader.close()

    @property
    def sentinel(self) -> int:
        """For multiprocessing.connection.wait(): ready when the process has ended."""
        return self._process.sentinel

    def _wait(self, seconds: float) -> int | None:
        self._process.join(seconds)
        return self._process.exitcode

    def _is_running(self) -> bool:
        return self._process.is_alive()


def _run(
    writer: Connection, environment: Mapping[str, str], function: Callable[..., object], *arguments: object
) -> None:
    for stream in (1, 2):
        os.dup2(writer.fileno(), stream)
    writer.close()
    Thread(target=_end_with_our_parent, daemon=True).start()
    os.environ.clear()
    os.environ.update(environment)
    function(*arguments)


def _end_with_our_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(3)
