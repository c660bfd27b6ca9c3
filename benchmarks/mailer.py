"""A sender into the sink, with nothing imported that a sending process does not need.

`python -m benchmarks.mailer DATABASE PORT CONNECTIONS` sends all that is ready and prints the most memory, in
MB, that it ever held.
"""

import re
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from campaigns.brands import Brands
from courseletter.clock import MovableClock
from courseletter.database import SENDING_CACHE, Database
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


def main(address: str, port: str, connections: str) -> None:
    database = Database(address, cache=SENDING_CACHE)
    sending = mailer(database, int(port), connections=int(connections))
    while sending.work():
        pass
    sending.close()
    database.close()
    print(_most_memory())


def _most_memory() -> float:
    """The most memory that this process ever held, in MB; getrusage() would count its parent's, too."""
    status = Path("/proc/self/status").read_text("ascii")
    return int(re.findall(r"VmHWM:\s+(\d+) kB", status)[0]) / 1024


if __name__ == "__main__":
    main(*sys.argv[1:])
