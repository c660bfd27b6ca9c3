"""Clicks and results: stored links, what was followed, and the numbers that outlive it"""

import sqlalchemy as sa
from alembic import op

from courseletter.database import UtcDateTime

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

COUNTS = (
    *("received", "finished", "clicked", "scanner_clicks", "stopped", "paused"),
    *("unsubscribed", "bounced", "complained"),
)
ENDINGS = "kind IN ('left', 'paused', 'bounced', 'complained')"


def upgrade() -> None:
    op.add_column(
        "courses", sa.Column("tracks_clicks", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.add_column(
        "subscribers", sa.Column("no_tracking", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.create_table(
        "links",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("revision_id", sa.Integer(), nullable=False),
        sa.Column("lesson_id", sa.String(length=20), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["revision_id"], ["revisions.id"], name=op.f("fk_links_revision_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_links")),
        sa.UniqueConstraint(
            "revision_id", "lesson_id", "address", name=op.f("uq_links_revision_id_lesson_id_address")
        ),
    )
    op.create_table(
        "clicks",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("delivery_id", sa.Integer(), nullable=False),
        sa.Column("link_id", sa.Integer(), nullable=False),
        sa.Column("seconds", sa.Integer(), nullable=False),
        sa.Column("mark", sa.String(length=16), nullable=False),
        sa.Column("scanner", sa.Boolean(), nullable=True),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["deliveries.id"], name=op.f("fk_clicks_delivery_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["link_id"], ["links.id"], name=op.f("fk_clicks_link_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clicks")),
    )
    op.create_index("ix_clicks_delivery_id", "clicks", ["delivery_id"])
    op.create_index("ix_clicks_at", "clicks", ["at"])
    op.create_index(
        "ix_clicks_not_judged",
        "clicks",
        ["at"],
        sqlite_where=sa.text("scanner IS NULL"),
        postgresql_where=sa.text("scanner IS NULL"),
    )
    op.create_table(
        "results",
        sa.Column("course_id", sa.String(length=20), nullable=False),
        sa.Column("cohort", sa.Date(), nullable=False),
        sa.Column("lesson_id", sa.String(length=20), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in COUNTS),
        sa.ForeignKeyConstraint(["course_id"], ["courses.id"], name=op.f("fk_results_course_id")),
        sa.PrimaryKeyConstraint("course_id", "cohort", "lesson_id", "day", name=op.f("pk_results")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_results_day", "results", ["day"])
    op.create_table(
        "counted",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("until", UtcDateTime(), nullable=True),
        sa.Column("forgotten", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_counted")),
    )
    op.create_index(
        "ix_events_endings",
        "events",
        ["at"],
        sqlite_where=sa.text(ENDINGS),
        postgresql_where=sa.text(ENDINGS),
    )


def downgrade() -> None:
    op.drop_index("ix_events_endings", "events")
    for table in ("counted", "results", "clicks", "links"):
        op.drop_table(table)
    op.drop_column("subscribers", "no_tracking")
    op.drop_column("courses", "tracks_clicks")
