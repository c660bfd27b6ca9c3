"""Triggers that a followed link or a segment sets off"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

CAUSES = ("tag_id", "finished_id", "clicked", "segment_id")


def upgrade() -> None:
    when = " + ".join(f"(CASE WHEN {name} IS NULL THEN 0 ELSE 1 END)" for name in CAUSES)
    with op.batch_alter_table("triggers") as table:
        table.add_column(sa.Column("clicked", sa.Text(), nullable=True))
        table.add_column(sa.Column("segment_id", sa.Integer(), nullable=True))
        table.create_foreign_key(op.f("fk_triggers_segment_id"), "segments", ["segment_id"], ["id"])
        table.drop_constraint(op.f("ck_triggers_when"), type_="check")
        table.create_check_constraint(op.f("ck_triggers_when"), f"{when} = 1")
    op.create_index("ix_clicks_link_id", "clicks", ["link_id"])


def downgrade() -> None:
    op.drop_index("ix_clicks_link_id", "clicks")
    op.execute(
        "DELETE FROM trigger_marks WHERE trigger_id IN (SELECT id FROM triggers WHERE tag_id IS NULL AND finished_id IS NULL)"
    )
    op.execute("DELETE FROM triggers WHERE tag_id IS NULL AND finished_id IS NULL")
    with op.batch_alter_table("triggers") as table:
        table.drop_constraint(op.f("ck_triggers_when"), type_="check")
        table.create_check_constraint(op.f("ck_triggers_when"), "(tag_id IS NULL) <> (finished_id IS NULL)")
        table.drop_constraint(op.f("fk_triggers_segment_id"), type_="foreignkey")
        table.drop_column("segment_id")
        table.drop_column("clicked")
