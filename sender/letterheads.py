"""Whom a mail is from: the brand's own name and addresses, else those of the installation."""

from dataclasses import dataclass
from typing import Any

from sender.message import Letterhead
from templates.brand import Brand


@dataclass(frozen=True, slots=True)
class Origin:
    """The installation's addresses, in the header and on the envelope. Domains are A-labels (RFC 5890)."""

    from_address: str
    bounce_domain: str
    from_name: str | None = None
    reply_to: str | None = None

    @property
    def domain(self) -> str:
        return self.from_address.rpartition("@")[2]


def letterhead(brand: Brand, origin: Origin, **particulars: Any) -> Letterhead:
    """The head of this brand's mails. Its address is at the origin's domain, which signs for it (DKIM)."""
    return Letterhead(
        from_name=brand.from_name or origin.from_name or brand.name,
        from_address=f"{brand.from_local}@{origin.domain}" if brand.from_local else origin.from_address,
        reply_to=brand.reply_to or origin.reply_to,
        **particulars,
    )
