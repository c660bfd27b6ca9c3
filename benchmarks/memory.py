"""The memory of a sending process: a long list takes no more of it than a short one."""

from pathlib import Path

from benchmarks.mailer import send_in_child
from benchmarks.sending import OFFERS, crowd_of
from benchmarks.smtp import sink
from courseletter.config import SmtpSettings


def measure(folder: Path, people: int = 1_000_000) -> dict[str, float]:
    """The most that a process holds, in MB: one that sends to a tenth of the crowd, and one to all."""
    return {
        "rss_mb_100k": _sending_to(folder / "tenth", people // 10),
        "rss_mb_1m": _sending_to(folder / "all", people),
    }


def _sending_to(folder: Path, people: int) -> float:
    connections = SmtpSettings().connections  # as many as it has unless a person sets another number
    with sink(*OFFERS) as port, crowd_of(folder, people) as database:
        return send_in_child(database, port, connections).rss_mb
