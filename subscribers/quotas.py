"""How often a stranger may make us write to somebody, or try a password. Counted in the database, for all web
processes.
"""

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Final

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from courseletter.upserting import insert
from subscribers.models import Quota

EVER: Final = datetime(1970, 1, 1, tzinfo=UTC)  # the one window of a limit without an end


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `times` in each window of `period`; None: ever."""

    times: int
    period: timedelta | None

    def window(self, now: datetime) -> datetime:
        return EVER if self.period is None else now - (now - EVER) % self.period

    def wait(self, now: datetime) -> timedelta:
        """How long the present window lasts; for ever is not waited for."""
        return timedelta(0) if self.period is None else self.window(now) + self.period - now


MAILS_A_DAY: Final = Limit(1, timedelta(days=1))
MAILS_EVER: Final = Limit(3, None)
SIGN_UPS_OF_AN_IP: Final = Limit(10, timedelta(hours=1))
SIGN_UPS_OF_A_SUBNET: Final = Limit(50, timedelta(hours=1))
COPIES: Final = Limit(5, timedelta(days=1))  # of lessons, asked for again by one reader of a course
FORM_PRESSES: Final = Limit(5, timedelta(days=1))  # of one form that was shown
SIGN_INS: Final = Limit(20, timedelta(minutes=15))  # wrong ones, of an account and from a network address


def take(session: Session, bucket: str, limit: Limit, now: datetime) -> bool:
    """Count one more in the bucket's present window. False: the limit is reached, nothing was counted."""
    adding = insert(session, Quota).values(bucket=bucket, window=limit.window(now), count=1)
    counting = adding.on_conflict_do_update(
        index_elements=["bucket", "window"],
        set_={"count": Quota.count + 1},
        where=Quota.count < limit.times,
    )
    return session.scalar(counting.returning(Quota.count)) is not None


def take_sign_up(session: Session, ip: str, now: datetime) -> bool:
    """Count a sign-up against the address it came from and that address's network."""
    _forget(session, now)
    host, network = _origin(ip)
    return take(session, f"sign-up:{host}", SIGN_UPS_OF_AN_IP, now) and take(
        session, f"sign-up:{network}", SIGN_UPS_OF_A_SUBNET, now
    )


def take_form(session: Session, digest: str, now: datetime) -> bool:
    """Count a press of a form that was shown once, known by its token's digest."""
    return take(session, f"form:{digest}", FORM_PRESSES, now)


def take_confirmation(session: Session, address_hash: str, now: datetime) -> bool:
    """Count a confirmation mail to an address that has not answered: one a day, three ever."""
    day, ever = _confirmation_buckets(address_hash)
    return take(session, day, MAILS_A_DAY, now) and take(session, ever, MAILS_EVER, now)


def answered(session: Session, address_hash: str) -> None:
    """The owner of the mailbox pressed the button, so what was counted against strangers is forgiven."""
    buckets = list(_confirmation_buckets(address_hash))
    session.execute(delete(Quota).where(Quota.bucket.in_(buckets)))


def take_copy(session: Session, enrolment_id: int, now: datetime) -> bool:
    """Count another copy of a lesson that a reader asks for."""
    return take(session, f"copy:{enrolment_id}", COPIES, now)


def take_sign_in(session: Session, account: str, ip: str, now: datetime) -> bool:
    """Count a try to sign in, against the account (whether or not there is one) and the network address."""
    _forget(session, now)
    return all(take(session, bucket, SIGN_INS, now) for bucket in _sign_in_buckets(account, ip))


def forgive_sign_in(session: Session, account: str, ip: str, now: datetime) -> None:
    """The password was right: the account starts anew, and its network address gets this one try back."""
    own, network = _sign_in_buckets(account, ip)
    session.execute(delete(Quota).where(Quota.bucket == own))
    window = SIGN_INS.window(now)
    session.execute(
        update(Quota).where(Quota.bucket == network, Quota.window == window).values(count=Quota.count - 1)
    )


def _sign_in_buckets(account: str, ip: str) -> tuple[str, str]:
    # Hashed: what is typed as an address may be a password, and may be long.
    host, network = _origin(ip)
    return f"sign-in:{sha256(account.encode()).hexdigest()}", f"sign-in:{network if ':' in ip else host}"


def _confirmation_buckets(address_hash: str) -> Iterator[str]:
    yield f"mail-day:{address_hash}"
    yield f"mail-ever:{address_hash}"


def _origin(ip: str) -> tuple[str, str]:
    """The host and its network: /24 for IPv4, /64 for IPv6, where one household has a whole /64 to itself."""
    try:
        host = ipaddress.ip_address(ip.partition("%")[0])
    except ValueError:
        return "host:unknown", "net:unknown"
    if isinstance(host, ipaddress.IPv6Address) and host.ipv4_mapped:
        host = host.ipv4_mapped
    network = ipaddress.ip_network(f"{host}/{24 if host.version == 4 else 64}", strict=False)
    return f"host:{host}", f"net:{network}"


def _forget(session: Session, now: datetime) -> None:
    """Drop counts of windows long past: they hold network addresses, which are personal data."""
    session.execute(delete(Quota).where(Quota.window > EVER, Quota.window < now - timedelta(days=2)))
