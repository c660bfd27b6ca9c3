"""The table of what came back, each thing about a delivery once."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from courseletter.database import Base
from sender.bounces.report import Kind
from sender.models import Delivery

KEPT = (Kind.HARD, Kind.SOFT, Kind.REFUSED, Kind.COMPLAINT)
_KINDS = ", ".join(f"'{kind}'" for kind in KEPT)


class Bounce(Base):
    """A bounce or complaint. The same report by another way, or a second time, is the same row."""

    __tablename__ = "bounces"
    __table_args__ = (
        UniqueConstraint("delivery_id", "kind"),
        CheckConstraint(f"kind IN ({_KINDS})", name="kind"),
        Index("ix_bounces_kind_at", "kind", "at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    delivery_id: Mapped[int] = mapped_column(ForeignKey("deliveries.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(12))
    at: Mapped[datetime]
    status: Mapped[str] = mapped_column(String(12), default="")
    text: Mapped[str] = mapped_column(default="")  # the remote server's words, one line

    delivery: Mapped[Delivery] = relationship()
