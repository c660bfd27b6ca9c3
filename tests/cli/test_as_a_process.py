"""What only a process of its own shows: streams that are closed, pipes that end, and what is imported."""

import os
import subprocess
import sys
from pathlib import Path

MAIN = "from courseletter.cli import main; main()"
EXAMPLE = Path(__file__).resolve().parents[2] / "courseletter" / "examples" / "sleep.md"
HEAVY = {"sqlalchemy", "alembic", "trafilatura", "fastapi", "mammoth", "feedparser", "httpx2", "aiosmtpd"}


def shell(command: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Run a line of shell in which `$courseletter` is the command and `$1`, `$2` ... are the arguments."""
    script = 'set -o pipefail; courseletter() { "$PYTHON" -c "$MAIN" "$@"; }; ' + command
    return subprocess.run(
        ["bash", "-c", script, "bash", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=60,
        env=os.environ | {"PYTHON": sys.executable, "MAIN": MAIN},
        check=False,
    )


def test_lessons_of_a_text_imports_only_what_it_needs(tmp_path: Path) -> None:
    text = tmp_path / "article.txt"
    text.write_text(EXAMPLE.read_text(encoding="utf-8").replace("#", ""), encoding="utf-8")
    script = (
        "import sys; from courseletter.cli import run; code = run(['lessons', sys.argv[1], '--json']);"
        "print(code, *{name.partition('.')[0] for name in sys.modules}, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, text], capture_output=True, text=True, timeout=60, check=True
    )
    code, *modules = done.stderr.split()
    assert code == "0"
    assert "campaigns" in modules
    assert HEAVY.isdisjoint(modules)


def test_a_reader_that_has_seen_enough_is_no_mistake(school_line) -> None:
    done = shell("courseletter course list --json | head -n 1; courseletter export subscribers | head -n 0")
    assert (done.returncode, done.stdout, done.stderr) == (0, "[\n", "")


def test_nobody_reads_a_table_or_the_help_to_its_end(school_line) -> None:
    for command in ("--help", "lessons --help", 'lessons "$1"', "course show three-small-habits"):
        done = shell(f"courseletter {command} | head -c 0", EXAMPLE)
        assert (done.returncode, done.stderr) == (0, ""), command


def test_streams_that_are_closed_from_the_start(school_line) -> None:
    done = shell("courseletter article add - <&-")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("courseletter: Standard input is empty")
    assert shell("courseletter export subscribers >&-").returncode == 0
    assert shell("courseletter course show nothing 2>&-").returncode == 2


def test_a_full_disk_is_said_in_one_line(school_line) -> None:
    done = shell("courseletter export subscribers >/dev/full")
    assert done.returncode == 2
    assert done.stderr.startswith("courseletter: The output cannot be written: No space left on device.")
    assert done.stderr.count("\n") == 1


def test_a_terminal_without_our_letters_gets_a_question_mark(school_line) -> None:
    done = shell("PYTHONIOENCODING=ascii courseletter course show three-small-habits")
    assert done.returncode == 0
    assert "Europe/Berlin ? 0 people ? published" in done.stdout
