"""Who published a revision and why, and who has a lesson open"""

import sqlalchemy as sa
from alembic import op

from courseletter.database import UtcDateTime

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("author", "note"):
        op.add_column("revisions", sa.Column(name, sa.String(), nullable=False, server_default=""))
    op.create_table(
        "presences",
        sa.Column("lesson_id", sa.String(length=20), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("seen_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["lesson_id"], ["lessons.id"], name=op.f("fk_presences_lesson_id")),
        sa.PrimaryKeyConstraint("lesson_id", "user_id", name=op.f("pk_presences")),
    )


def downgrade() -> None:
    op.drop_table("presences")
    for name in ("author", "note"):
        op.drop_column("revisions", name)
