"""Newsletters and their issues"""

import sqlalchemy as sa
from alembic import op

from courseletter.database import Json, UtcDateTime

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

STATES = "'draft', 'scheduled', 'sending', 'paused', 'sent', 'cancelled'"
OF_ISSUE = "kind = 'issue'"
COUNTS = ("received", "clicked", "scanner_clicks", "unsubscribed", "bounced", "complained")


def upgrade() -> None:
    op.add_column("courses", sa.Column("kind", sa.String(length=12), nullable=False, server_default="course"))
    op.add_column("deliveries", sa.Column("list_id", sa.Integer(), nullable=True))
    _index("uq_deliveries_issue", "deliveries", ["lesson_id", "subscriber_id"], OF_ISSUE, unique=True)
    _index("ix_deliveries_issue_open", "deliveries", ["lesson_id"], f"{OF_ISSUE} AND finished_at IS NULL")
    op.create_table(
        "issues",
        sa.Column("lesson_id", sa.String(length=20), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("audience", Json, nullable=False),
        sa.Column("day", sa.Date(), nullable=True),
        sa.Column("minute", sa.Integer(), nullable=True),
        sa.Column("subjects", Json, nullable=False),
        sa.Column("share", sa.Integer(), nullable=False),
        sa.Column("hours", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("author", sa.String(length=100), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        *(
            sa.Column(f"{what}_at", UtcDateTime(), nullable=True)
            for what in ("scheduled", "begun", "resumed", "decide", "decided", "finished")
        ),
        sa.Column("revisions", Json, nullable=False),
        sa.Column("split", Json, nullable=False),
        sa.Column("winner", sa.Integer(), nullable=True),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("phase", sa.String(length=4), nullable=True),
        sa.Column("waves", Json, nullable=False),
        sa.Column("cursor", sa.Integer(), nullable=False),
        sa.Column("rounds", sa.Integer(), nullable=False),
        sa.Column("next_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint(f"state IN ({STATES})", name=op.f("ck_issues_state")),
        sa.ForeignKeyConstraint(["lesson_id"], ["lessons.id"], name=op.f("fk_issues_lesson_id")),
        sa.PrimaryKeyConstraint("lesson_id", name=op.f("pk_issues")),
    )
    _index("ix_issues_next_at", "issues", ["next_at"], "next_at IS NOT NULL")
    op.create_table(
        "issue_holds",
        sa.Column("lesson_id", sa.String(length=20), nullable=False),
        sa.Column("subscriber_id", sa.Integer(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["lesson_id"], ["issues.lesson_id"], name=op.f("fk_issue_holds_lesson_id")),
        sa.ForeignKeyConstraint(
            ["subscriber_id"],
            ["subscribers.id"],
            name=op.f("fk_issue_holds_subscriber_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("lesson_id", "subscriber_id", name=op.f("pk_issue_holds")),
    )
    op.create_table(
        "issue_results",
        sa.Column("revision_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in COUNTS),
        sa.ForeignKeyConstraint(["revision_id"], ["revisions.id"], name=op.f("fk_issue_results_revision_id")),
        sa.PrimaryKeyConstraint("revision_id", "day", name=op.f("pk_issue_results")),
    )
    op.create_index("ix_issue_results_day", "issue_results", ["day"])


def downgrade() -> None:
    op.drop_table("issue_results")
    op.drop_table("issue_holds")
    op.drop_table("issues")
    op.drop_index("ix_deliveries_issue_open", "deliveries")
    op.drop_index("uq_deliveries_issue", "deliveries")
    op.drop_column("deliveries", "list_id")
    op.drop_column("courses", "kind")


def _index(name: str, table: str, columns: list[str], where: str, *, unique: bool = False) -> None:
    some = sa.text(where)
    op.create_index(name, table, columns, unique=unique, sqlite_where=some, postgresql_where=some)
