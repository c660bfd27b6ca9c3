"""Suppressed addresses in the form that addresses are compared in, and custom fields that were removed"""

import unicodedata

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

BATCH = 10_000


def upgrade() -> None:
    pattern = " text_pattern_ops" if op.get_bind().dialect.name == "postgresql" else ""
    op.add_column("custom_fields", sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True))
    op.drop_index("ix_suppressions_email_begin", "suppressions")
    op.add_column("suppressions", sa.Column("address_key", sa.String(320), nullable=True))
    _fold()
    op.create_index("ix_suppressions_address_begin", "suppressions", [sa.text("address_key" + pattern)])


def downgrade() -> None:
    pattern = " text_pattern_ops" if op.get_bind().dialect.name == "postgresql" else ""
    op.drop_index("ix_suppressions_address_begin", "suppressions")
    with op.batch_alter_table("suppressions") as table:
        table.drop_column("address_key")
    op.create_index("ix_suppressions_email_begin", "suppressions", [sa.text("lower(email)" + pattern)])
    with op.batch_alter_table("custom_fields") as table:
        table.drop_column("removed_at")


def _fold() -> None:
    """As subscribers.people.fold does, which no database can."""
    connection, last = op.get_bind(), 0
    after = sa.text("SELECT id, email FROM suppressions WHERE id > :last ORDER BY id LIMIT :most")
    keep = sa.text("UPDATE suppressions SET address_key = :key WHERE id = :id")
    while rows := connection.execute(after, {"last": last, "most": BATCH}).all():
        folded = [
            {"id": one, "key": unicodedata.normalize("NFKC", email).casefold()}
            for one, email in rows
            if email
        ]
        if folded:
            connection.execute(keep, folded)
        last = rows[-1][0]
