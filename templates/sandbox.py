"""A killable child process for templates that marketers wrote in Jinja2 (expert lessons).

The Jinja2 sandbox alone stops neither `'a' * 3e8` nor nested loops, and an alarm in the same process does not
either. So the child gets 2 s of CPU and 256 MB for each job, plain dicts, no globals and an empty
environment; the parent kills it when it does not answer, and starts another for the next job.
"""

import importlib
import json
import math
import os
import selectors
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from templates.errors import TemplateError

SECONDS = 2.0
MEMORY = 256 * 1024 * 1024
OUTPUT = 1024 * 1024
# The child stops a job by itself, and within one long call of C the kernel ends it. Its parent waits for the
# clock on the wall: a busy machine takes longer for 2 s of CPU, and nothing in a job sleeps.
_PATIENCE_SECONDS = 10 * SECONDS
_START_SECONDS = 20.0
# JSON at most doubles what the child's own limit on output lets through, in each of two parts.
_LONGEST_ANSWER = 6 * OUTPUT

TOO_SLOW = "It takes more than 2 seconds to render. Take out loops within loops."
TOO_BIG = "It needs too much memory or writes more than 1 MB. Make it smaller."


class _Child:
    """The child as its parent sees it: one job at a time, one line of JSON each way."""

    def __init__(self) -> None:
        self.owner = os.getpid()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "templates.sandbox"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={"PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "PYTHONUTF8": "1"},
            start_new_session=True,
        )
        self._answer(_START_SECONDS)
        self._imported = set[str]()

    def do(self, task: str, arguments: Mapping[str, object]) -> dict[str, Any] | None:
        """The answer, or None when the child died or had to be killed over it."""
        module = task.partition(":")[0]
        if module not in self._imported:
            # Our own code takes as long as the machine needs; only the lesson's time is counted.
            self._imported.add(module)
            if self._ask({"import": module}, _START_SECONDS) is None:
                return None
        return self._ask({"task": task, **arguments}, _PATIENCE_SECONDS)

    def _ask(self, job: Mapping[str, object], seconds: float) -> dict[str, Any] | None:
        questions = self.process.stdin
        assert questions is not None  # noqa: S101 - opened as a pipe
        try:
            questions.write(json.dumps(job).encode() + b"\n")
            questions.flush()
            answer = self._answer(seconds)
        except BrokenPipeError:
            answer = None
        if answer is None:
            self.end()
            return None
        read: dict[str, Any] = json.loads(answer)
        return read

    def _answer(self, seconds: float) -> bytes | None:
        answers = self.process.stdout
        assert answers is not None  # noqa: S101 - opened as a pipe
        return _line(answers.fileno(), seconds)

    def end(self) -> None:
        self.process.kill()
        self.process.communicate()


_lock = threading.Lock()
_child: _Child | None = None


def run(template: str, task: str, **arguments: object) -> Any:
    """Have the child do a task, `module:function`, which takes the job and answers in JSON's values.

    Raises TemplateError, also when it takes too much.
    """
    global _child
    with _lock:
        if _child is None or _child.owner != os.getpid() or _child.process.poll() is not None:
            _child = _Child()
        answer = _child.do(task, arguments)
        if answer is None:
            _child = None
            raise TemplateError(template, None, TOO_SLOW)
    if "error" in answer:
        raise TemplateError(template, answer["line"], answer["error"])
    return answer["result"]


def _line(descriptor: int, seconds: float) -> bytes | None:
    """One line of the child's answer, or None when it does not come in time or is too long."""
    until = time.monotonic() + seconds
    read = b""
    with selectors.DefaultSelector() as selector:
        selector.register(descriptor, selectors.EVENT_READ)
        while not read.endswith(b"\n"):
            if len(read) > _LONGEST_ANSWER or not selector.select(max(0.0, until - time.monotonic())):
                return None
            piece = os.read(descriptor, 1 << 16)
            if not piece:
                return None
            read += piece
    return read


class _TooSlow(Exception):
    pass


def _task(name: str) -> Callable[[Mapping[str, Any]], Any]:
    """The names come from our own code, never from a lesson."""
    module, _, function = name.partition(":")
    found: Callable[[Mapping[str, Any]], Any] = getattr(importlib.import_module(module), function)
    return found


def _serve() -> None:
    """The child: answer jobs until the parent closes the pipe."""
    import resource

    from templates import expert

    def stop(*_: object) -> None:
        raise _TooSlow

    signal.signal(signal.SIGPROF, stop)
    # A service manager tells all processes of the service to end: the job is for the parent's last mails, and
    # without its answer their deliveries would fail. We end when the parent has.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_NOFILE, (16, 16))
    print(flush=True)  # ready: from now on the parent counts the time
    for line in sys.stdin.buffer:
        job = json.loads(line)
        if "import" in job:
            importlib.import_module(job["import"])
            print("{}", flush=True)
            continue
        used = resource.getrusage(resource.RUSAGE_SELF)
        limit = math.ceil(used.ru_utime + used.ru_stime + SECONDS)  # it counts whole seconds
        resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.RLIM_INFINITY))
        signal.setitimer(signal.ITIMER_PROF, SECONDS - 0.1)
        try:
            answer: dict[str, Any] = {"result": _task(job["task"])(job)}
        except TemplateError as error:
            answer = {"error": error.message, "line": error.line}
        except _TooSlow as error:
            answer = {"error": TOO_SLOW, "line": expert.line_of(error, job)}
        except MemoryError as error:
            answer = {"error": TOO_BIG, "line": expert.line_of(error, job)}
        except Exception as error:
            answer = {"error": f"It cannot be rendered: {error}", "line": expert.line_of(error, job)}
        signal.setitimer(signal.ITIMER_PROF, 0)
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    _serve()
