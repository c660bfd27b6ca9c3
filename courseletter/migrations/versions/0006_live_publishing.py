"""Live publishing: publishes, and the revision that each enrolment lives by"""

import sqlalchemy as sa
from alembic import op

from courseletter.database import Json, UtcDateTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "publishes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("course_id", sa.String(length=20), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("before_id", sa.Integer(), nullable=True),
        sa.Column("after_id", sa.Integer(), nullable=False),
        sa.Column("taken_back", Json, nullable=False),
        sa.Column("choices", Json, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("moved", sa.Integer(), nullable=False),
        sa.Column("cursor", sa.Integer(), nullable=False),
        sa.Column("touched_at", UtcDateTime(), nullable=False),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("kind IN ('publish', 'roll_back')", name=op.f("ck_publishes_kind")),
        sa.ForeignKeyConstraint(["course_id"], ["courses.id"], name=op.f("fk_publishes_course_id")),
        sa.ForeignKeyConstraint(["before_id"], ["revisions.id"], name=op.f("fk_publishes_before_id")),
        sa.ForeignKeyConstraint(["after_id"], ["revisions.id"], name=op.f("fk_publishes_after_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_publishes")),
    )
    op.create_index("ix_publishes_course_id", "publishes", ["course_id"])
    op.create_index(
        "ix_publishes_under_way",
        "publishes",
        ["course_id"],
        unique=True,
        sqlite_where=sa.text("finished_at IS NULL"),
        postgresql_where=sa.text("finished_at IS NULL"),
    )
    op.add_column("enrolments", sa.Column("revision_id", sa.Integer(), nullable=False, server_default="0"))
    op.execute(
        "UPDATE enrolments SET revision_id = "
        "(SELECT coalesce(revision_id, 0) FROM courses WHERE courses.id = enrolments.course_id)"
    )
    # What was published before publishes were written down: each revision followed the one before it.
    op.execute(
        "INSERT INTO publishes (course_id, kind, before_id, after_id, taken_back, choices, at, people, moved, "
        '"cursor", touched_at, finished_at) '
        "SELECT course_id, 'publish', lag(id) OVER (PARTITION BY course_id ORDER BY number), id, "
        "'[]', '{\"policies\": {}, \"reopen\": []}', published_at, 0, 0, 0, published_at, published_at "
        "FROM revisions ORDER BY id"
    )


def downgrade() -> None:
    op.drop_column("enrolments", "revision_id")
    op.drop_table("publishes")
