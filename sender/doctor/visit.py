"""The doctor's visit: everything looked at once, written down, and what follows from it.

A send warns where something is bad, on Home and at publishing. Where the settings say so it is held, until a
later visit finds all well; that nobody answered holds nothing.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from courseletter.upserting import insert
from sender import events
from sender.dkim import DkimKey
from sender.dns_records import DnsRecord
from sender.doctor import records
from sender.doctor.finding import Finding, Level, bad, good
from sender.doctor.lookups import Lookups
from sender.doctor.tls import look_at_relay
from sender.models import Visit
from sender.relay import Relay


@dataclass(frozen=True, slots=True)
class Sender:
    """What is looked at: the addresses that mail bears, the keys it is signed with, and its way out."""

    from_domain: str
    return_path_domain: str
    base_url: str
    records: Sequence[DnsRecord]  # as they should be
    keys: Sequence[DkimKey]
    relays: Mapping[str, Relay]


def examine(sender: Sender, lookups: Lookups) -> Iterator[Finding]:
    """Look at one thing after the other; each takes some seconds at most."""
    yield from records.look_at(
        lookups, sender.from_domain, sender.return_path_domain, sender.records, sender.keys
    )
    for name, relay in sender.relays.items():
        yield look_at_relay(name, relay)
    yield _pages(sender.base_url)


def _pages(base_url: str) -> Finding:
    if base_url.startswith("https://"):
        return good("Unsubscribe", f"One click unsubscribes at {base_url}.")
    return bad(
        "Unsubscribe",
        f"{base_url} is not HTTPS: no provider shows its unsubscribe button (RFC 8058).",
        "Put a proxy with TLS in front and set base_url to its address.",
    )


def write_down(session: Session, findings: Sequence[Finding], now: datetime, *, blocks: bool) -> str | None:
    """Keep what was found. Returns why sends are held by it from now on, if they are.

    `blocks`: whether something bad holds all sends.
    """
    why = next((str(one) for one in findings if one.level is Level.BAD), None) if blocks else None
    before = session.scalar(select(Visit.blocked_why))
    row = {"at": now, "findings": [asdict(one) for one in findings], "blocked_why": why}
    adding = insert(session, Visit).values(id=1, **row)
    session.execute(adding.on_conflict_do_update(index_elements=["id"], set_=row))
    if why is not None and before is None:
        events.record(session, "sends_blocked", now, why=why)
    elif why is None and before is not None:
        events.record(session, "sends_unblocked", now)
    return why


def last_found(session: Session) -> list[Finding]:
    """What the last visit found; nothing where there was none yet."""
    kept = session.scalar(select(Visit.findings)) or []
    return [Finding(one["about"], Level(one["level"]), one["said"], one["mend"]) for one in kept]
