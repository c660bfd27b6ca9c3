"""All that it takes to send, as plain values: an installation hands it whole to the processes that send.

They know no settings, and import nothing of what reads and judges them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import NamedTuple

from campaigns.brands import Brands
from courseletter.clock import Clock
from courseletter.database import Database
from sender.dkim import DkimKey
from sender.lanes import Route
from sender.letterheads import Origin
from sender.letters import Composer
from sender.links import Links
from sender.pool import SmtpPool
from sender.relay import Relay
from sender.retrying import Retrying
from sender.run import Mailer
from sender.throttle import DomainRates, Limits
from subscribers.tokens import Tokens
from templates.brand import Brand


class KeyFile(NamedTuple):
    """Where a DKIM key lies, and the name it is published under."""

    path: Path
    selector: str
    domain: str


class Way(NamedTuple):
    """A relay, how many connections one process may have to it, and what it may be given."""

    name: str
    relay: Relay
    connections: int
    limits: Limits


@dataclass(frozen=True, slots=True)
class Outfit:
    """`takes_mail` and `metadata_field`: as Composer has them."""

    database: str = field(repr=False)  # its address, with the password
    base_url: str
    key: bytes = field(repr=False)
    brand: Brand
    origin: Origin
    dkim_keys: Sequence[KeyFile]
    ways: Sequence[Way]
    domains: DomainRates
    retrying: Retrying
    takes_mail: bool
    metadata_field: str | None

    def mailer(self, database: Database, clock: Clock) -> Mailer:
        """Raises CourseletterError for a DKIM key that cannot be read."""
        composer = Composer(
            Brands(self.brand, self.base_url),
            self.origin,
            Links(self.base_url, Tokens(self.key)),
            self.key,
            [DkimKey.load(*file) for file in self.dkim_keys],
            takes_mail=self.takes_mail,
            metadata_field=self.metadata_field,
        )
        routes = [
            Route(way.name, partial(SmtpPool, way.relay, way.connections), way.limits) for way in self.ways
        ]
        return Mailer(
            database, composer, routes, clock, self.key, domains=self.domains, retrying=self.retrying
        )
