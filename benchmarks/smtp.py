"""CPU time a message of the SMTP pool alone: one message of 47 KB, sent over and over into a sink in C.

Usage: python -m benchmarks.smtp [messages]. Needs Linux and a C compiler.
"""

import asyncio
import importlib
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from sender.pool import SmtpPool
from sender.relay import Relay
from sender.transport import Attempt, Envelope, Parcel

OFFERS = {"lock-step": [], "PIPELINING": ["PIPELINING"], "CHUNKING": ["PIPELINING", "CHUNKING"]}
CONNECTIONS = 10
MESSAGE = (
    b"Subject: One small habit\r\n\r\n" + b'=3Ctd style=3D"padding: 0 24px"=3EWhat you do daily.=\r\n' * 856
)


@contextmanager
def sink(*offers: str) -> Iterator[int]:
    """Run the sink; gives its port. It ends with the block, and with this process in any case."""
    with TemporaryDirectory() as folder:
        program = Path(folder) / "sink"
        source = Path(__file__).with_name("sink.c")
        subprocess.run(["cc", "-O2", "-o", program, source], check=True)
        with subprocess.Popen([program, *offers], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as running:
            assert running.stdout is not None
            yield int(running.stdout.readline())
            running.communicate()


async def send_all(port: int, count: int) -> float:
    """Send `count` messages, and return the CPU seconds that each took."""
    envelope = Envelope("b+7-abcdefghij@bounces.example.org", "robin.reader@inbox.example.net")
    waiting, taken = count, 0
    done = asyncio.Event()

    def hand_over() -> None:
        nonlocal waiting
        waiting -= 1
        pool.send(Parcel(envelope, MESSAGE, canonical=True))

    def report(_: Parcel, attempt: Attempt) -> None:
        nonlocal taken
        taken += attempt.accepted
        if waiting:
            hand_over()
        elif pool.free == CONNECTIONS:
            done.set()

    pool = SmtpPool(Relay("127.0.0.1", port, security="none"), CONNECTIONS, report)
    began = time.process_time()
    for _ in range(CONNECTIONS):
        hand_over()
    await done.wait()
    seconds = time.process_time() - began
    await pool.close()
    assert taken == count, f"{taken} of {count} were taken"
    return seconds / count


def measure(count: int) -> dict[tuple[str, str], float]:
    """Microseconds of CPU a message, by event loop and by what the relay offers."""
    loops: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {"asyncio": asyncio.new_event_loop}
    with suppress(ImportError):
        loops["uvloop"] = importlib.import_module("uvloop").new_event_loop
    found = {}
    for loop, make in loops.items():
        for mode, offers in OFFERS.items():
            with sink(*offers) as port, asyncio.Runner(loop_factory=make) as runner:
                found[loop, mode] = runner.run(send_all(port, count)) * 1e6
    return found


def main(count: int = 50_000) -> None:
    for (loop, mode), cost in measure(count).items():
        print(f"{loop:8} {mode:11} {cost:6.1f} us of CPU a message, {1e6 / cost:7,.0f} a second and core")


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
