"""Triggers: what leads people into courses and out of them"""

import sqlalchemy as sa
from alembic import op

from courseletter.database import UtcDateTime

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "triggers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("course_id", sa.String(length=20), nullable=False),
        sa.Column("tag_id", sa.Integer(), nullable=True),
        sa.Column("finished_id", sa.String(length=20), nullable=True),
        sa.Column("act", sa.String(length=8), nullable=False),
        sa.Column("then_id", sa.String(length=20), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("(tag_id IS NULL) <> (finished_id IS NULL)", name=op.f("ck_triggers_when")),
        sa.CheckConstraint("act IN ('enrol', 'end')", name=op.f("ck_triggers_act")),
        sa.ForeignKeyConstraint(["course_id"], ["courses.id"], name=op.f("fk_triggers_course_id")),
        sa.ForeignKeyConstraint(["tag_id"], ["tags.id"], name=op.f("fk_triggers_tag_id")),
        sa.ForeignKeyConstraint(["finished_id"], ["courses.id"], name=op.f("fk_triggers_finished_id")),
        sa.ForeignKeyConstraint(["then_id"], ["courses.id"], name=op.f("fk_triggers_then_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_triggers")),
    )
    op.create_index("ix_triggers_course_id", "triggers", ["course_id"])
    op.create_table(
        "trigger_marks",
        sa.Column("trigger_id", sa.Integer(), nullable=False),
        sa.Column("subscriber_id", sa.Integer(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("outcome", sa.String(length=24), nullable=False),
        sa.ForeignKeyConstraint(["trigger_id"], ["triggers.id"], name=op.f("fk_trigger_marks_trigger_id")),
        sa.ForeignKeyConstraint(
            ["subscriber_id"], ["subscribers.id"], name=op.f("fk_trigger_marks_subscriber_id")
        ),
        sa.PrimaryKeyConstraint("trigger_id", "subscriber_id", name=op.f("pk_trigger_marks")),
    )


def downgrade() -> None:
    op.drop_table("trigger_marks")
    op.drop_table("triggers")
