"""Whom a mail is from: the brand's own name and addresses, else those of the installation."""

from typing import Any

from courseletter.config import SenderSettings
from sender.message import Letterhead
from templates.brand import Brand


def letterhead(brand: Brand, sender: SenderSettings, **particulars: Any) -> Letterhead:
    """The head of this brand's mails. Its address is at the sender's domain, which signs for it (DKIM)."""
    return Letterhead(
        from_name=brand.from_name or sender.from_name or brand.name,
        from_address=f"{brand.from_local}@{sender.domain}" if brand.from_local else sender.from_address,
        reply_to=brand.reply_to or sender.reply_to,
        **particulars,
    )
