"""What a relay may take: its breaker and daily count, token buckets, and how a course's mail is received"""

import sqlalchemy as sa
from alembic import op

from courseletter.database import UtcDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "relays",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("open_until", UtcDateTime(), nullable=True),
        sa.Column("rests", sa.Integer(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("paused_at", UtcDateTime(), nullable=True),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_relays")),
    )
    op.create_table(
        "buckets",
        sa.Column("relay", sa.String(length=40), nullable=False),
        sa.Column("domain", sa.String(length=255), nullable=False),
        sa.Column("full_at", UtcDateTime(), nullable=False),
        sa.Column("queue_until", UtcDateTime(), nullable=False),
        sa.Column("rate", sa.Float(), nullable=True),
        sa.Column("slowed_at", UtcDateTime(), nullable=True),
        sa.Column("why", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("relay", "domain", name=op.f("pk_buckets")),
    )
    op.create_table(
        "receptions",
        sa.Column("course_id", sa.String(length=20), nullable=False),
        sa.Column("recent", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["course_id"], ["courses.id"], name=op.f("fk_receptions_course_id")),
        sa.PrimaryKeyConstraint("course_id", name=op.f("pk_receptions")),
    )
    op.add_column("courses", sa.Column("paused_why", sa.String(), nullable=True))
    asked_for = sa.text("state = 'ready' AND by = 'learner'")
    op.create_index(
        "ix_deliveries_asked_for",
        "deliveries",
        ["due_at", "id"],
        sqlite_where=asked_for,
        postgresql_where=asked_for,
    )


def downgrade() -> None:
    op.drop_index("ix_deliveries_asked_for", "deliveries")
    op.drop_column("courses", "paused_why")
    op.drop_table("receptions")
    op.drop_table("buckets")
    op.drop_table("relays")
