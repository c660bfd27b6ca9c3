"""One installation, opened: what the command line, the web app and the worker share."""

from dataclasses import dataclass

from courseletter.clock import Clock, SystemClock
from courseletter.config import Settings
from courseletter.database import Database
from sender.links import Links
from subscribers.tokens import Tokens


@dataclass(frozen=True, slots=True)
class Installation:
    settings: Settings
    database: Database
    clock: Clock
    tokens: Tokens
    links: Links


def open_installation(settings: Settings, clock: Clock | None = None) -> Installation:
    """Open the database that the settings name; nothing is created or changed."""
    tokens = Tokens(settings.key)
    return Installation(
        settings, Database(settings.database), clock or SystemClock(), tokens, Links(settings.base_url, tokens)
    )
