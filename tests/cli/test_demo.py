"""`courseletter demo` on the command line: its pace, its end, and what it leaves behind."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from courseletter.cli.demo import seconds_a_mail

MAIN = "from courseletter.cli import main; main()"


@pytest.mark.parametrize("lessons", [1, 5, 8, 14, 60])
def test_all_lessons_arrive_within_20_seconds_leaving_4_for_the_work(lessons: int) -> None:
    assert seconds_a_mail(lessons) * (lessons + 2) <= 16
    assert seconds_a_mail(5) == 2


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_demo_that_is_ended_leaves_nothing_behind(tmp_path: Path, stop: signal.Signals) -> None:
    process = subprocess.Popen(
        [sys.executable, "-u", "-c", MAIN, "demo", "--once"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | {"TMPDIR": str(tmp_path)},
    )
    assert process.stdout is not None
    for _ in range(2):
        process.stdout.readline()  # the first mail has arrived
    process.send_signal(stop)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert errors == b""
    assert list(tmp_path.iterdir()) == []
