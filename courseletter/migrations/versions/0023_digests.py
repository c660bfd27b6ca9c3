"""Digests: a newsletter's feed, and the entries of it that have been used"""

import sqlalchemy as sa
from alembic import op

from courseletter.database import Json, UtcDateTime

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

IS_ON = sa.text("next_at IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "digests",
        sa.Column("newsletter_id", sa.String(length=20), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("author", sa.String(length=100), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("every", sa.String(length=8), nullable=False),
        sa.Column("weekdays", Json, nullable=False),
        sa.Column("minute", sa.Integer(), nullable=False),
        sa.Column("zone", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("introduction", sa.Text(), nullable=False),
        sa.Column("most", sa.Integer(), nullable=False),
        sa.Column("pictures", sa.Boolean(), nullable=False),
        sa.Column("sends", sa.Boolean(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=True),
        sa.Column("next_at", UtcDateTime(), nullable=True),
        sa.Column("etag", sa.String(), nullable=False),
        sa.Column("modified", sa.String(), nullable=False),
        sa.Column("looked_at", UtcDateTime(), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("problem", sa.String(), nullable=False),
        sa.Column("problem_at", UtcDateTime(), nullable=True),
        sa.Column("sending_id", sa.String(length=20), nullable=True),
        sa.ForeignKeyConstraint(["newsletter_id"], ["courses.id"], name=op.f("fk_digests_newsletter_id")),
        sa.ForeignKeyConstraint(["sending_id"], ["issues.lesson_id"], name=op.f("fk_digests_sending_id")),
        sa.PrimaryKeyConstraint("newsletter_id", name=op.f("pk_digests")),
    )
    op.create_index("ix_digests_next_at", "digests", ["next_at"], sqlite_where=IS_ON, postgresql_where=IS_ON)
    op.create_table(
        "digest_entries",
        sa.Column("newsletter_id", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("issue_id", sa.String(length=20), nullable=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["newsletter_id"], ["digests.newsletter_id"], name=op.f("fk_digest_entries_newsletter_id")
        ),
        sa.ForeignKeyConstraint(["issue_id"], ["issues.lesson_id"], name=op.f("fk_digest_entries_issue_id")),
        sa.PrimaryKeyConstraint("newsletter_id", "name", name=op.f("pk_digest_entries")),
    )
    op.create_index("ix_digest_entries_issue_id", "digest_entries", ["issue_id"])


def downgrade() -> None:
    op.drop_table("digest_entries")
    op.drop_table("digests")
