"""A sender into the sink, with nothing imported that a sending process does not need.

`python -m benchmarks.mailer DATABASE PORT CONNECTIONS [KEY]` sends all that is ready, signed with the DKIM
key of a PEM file, and prints what it was, and what it took, as JSON.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from time import process_time
from typing import NamedTuple

from campaigns.brands import Brands
from courseletter.clock import MovableClock
from courseletter.database import SENDING_CACHE, Database
from courseletter.processes import LEAN
from courseletter.settling import settle_down
from sender.dkim import DkimKey
from sender.lanes import Route
from sender.letterheads import Origin
from sender.letters import Composer
from sender.links import Links
from sender.pool import SmtpPool
from sender.relay import Relay
from sender.run import Mailer
from subscribers.tokens import Tokens
from templates.brand import Brand

NOW = datetime(2026, 3, 16, 8, 0, tzinfo=UTC)  # a Monday
BRAND = Brand("Field Notes", "1 Example Street, Bristol BS1 4XX", "https://notes.example.org")
DOMAIN = "letters.example.org"
KEY = b"k" * 32
CONNECTIONS = 100


def composer(keys: Sequence[DkimKey] = ()) -> Composer:
    links = Links(f"https://{DOMAIN}", Tokens(KEY))
    return Composer(Brands(BRAND), Origin(f"notes@{DOMAIN}", f"bounces.{DOMAIN}"), links, KEY, keys)


def mailer(
    database: Database, port: int, keys: Sequence[DkimKey] = (), connections: int = CONNECTIONS
) -> Mailer:
    routes = [Route("sink", partial(SmtpPool, Relay("127.0.0.1", port, "none"), connections))]
    return Mailer(database, composer(keys), routes, MovableClock(NOW), KEY)


class Spent(NamedTuple):
    """What a process that sends took."""

    sent: int
    cpu_ms: float  # a message
    rss_mb: float  # the most memory that it ever held


def send_in_child(database: Database, port: int, connections: int, key: Path | None = None) -> Spent:
    """Send all that is ready from a process that is started as those that send are."""
    address = database.engine.url.render_as_string(hide_password=False)
    command = [sys.executable, "-m", "benchmarks.mailer", address, str(port), str(connections)]
    command += [str(key)] if key else []
    child = subprocess.run(command, env=os.environ | LEAN, check=True, capture_output=True, text=True)
    return Spent(*json.loads(child.stdout))


def main(address: str, port: int, connections: int, keys: Sequence[DkimKey]) -> None:
    database = Database(address, cache=SENDING_CACHE)
    sending = mailer(database, port, keys, connections)
    settle_down()
    sent, began = 0, process_time()
    while outcomes := sending.work():
        assert outcomes.keys() == {"accepted"}, outcomes
        sent += outcomes["accepted"]
    spent = process_time() - began
    sending.close()
    database.close()
    print(json.dumps(Spent(sent, spent / sent * 1e3, _most_memory())))


def _most_memory() -> float:
    """In MB; getrusage() would count its parent's, too."""
    status = Path("/proc/self/status").read_text("ascii")
    return int(re.findall(r"VmHWM:\s+(\d+) kB", status)[0]) / 1024


if __name__ == "__main__":
    _, database, port, connections, *files = sys.argv
    main(database, int(port), int(connections), [DkimKey.load(Path(file), "s", DOMAIN) for file in files])
