"""Whose report it is: only names that we signed count, whatever else a report claims (REQUIREMENTS 11)."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from sender.message import message_id
from sender.models import Delivery
from sender.return_path import delivery_of, membership_of
from subscribers.models import Subscriber
from subscribers.names import fold

_MOST_DELIVERIES = 1000  # of one person, the newest first: nobody reports on older ones


@dataclass(frozen=True, slots=True)
class Names:
    """The installation's own names: what it signs, and under which domains."""

    key: bytes
    bounce_domain: str
    from_domain: str

    def are_ours(self, address: str) -> bool:
        """Whether mail to this address is for us: a return path or an opt-out address that we gave out."""
        domain = self.bounce_domain
        return (
            delivery_of(self.key, address, domain) is not None
            or membership_of(self.key, address, domain) is not None
        )

    def membership(self, names: Iterable[str]) -> tuple[int, int] | None:
        """The list and subscriber of the first opt-out address among the names that is genuine."""
        found = (membership_of(self.key, name, self.bounce_domain) for name in names)
        return next(filter(None, found), None)

    def delivery(self, session: Session, names: tuple[str, ...], address: str) -> Delivery | None:
        """The delivery that the report's names prove it is about, or None: unknown, erased, or forged.

        A Message-ID cannot be turned back into a delivery. So those to `address` are tried, and the signature
        decides: a wrong address finds nothing.
        """
        for name in names:
            signed_for = delivery_of(self.key, name, self.bounce_domain)
            if signed_for is not None:
                return session.get(Delivery, signed_for)
        given = {name.lower() for name in names}
        for number in self._sent_to(session, address) if address else ():
            if message_id(self.key, number, self.from_domain).lower() in given:
                return session.get(Delivery, number)
        return None

    def _sent_to(self, session: Session, address: str) -> Iterable[int]:
        wanted = fold("".join(c for c in address[:320] if c.isprintable()))  # no database takes a NUL
        return session.scalars(
            select(Delivery.id)
            .join(Subscriber, Subscriber.id == Delivery.subscriber_id)
            .where(Subscriber.address_key == wanted)
            .order_by(Delivery.id.desc())
            .limit(_MOST_DELIVERIES)
        )
