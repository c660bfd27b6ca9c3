"""Editing lessons: who saved one last, and the pictures in them"""

import sqlalchemy as sa
from alembic import op

from courseletter.database import UtcDateTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "images",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("media_type", sa.String(length=16), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_images")),
    )
    with op.batch_alter_table("lessons") as lessons:
        lessons.add_column(sa.Column("saved_at", UtcDateTime(), nullable=True))
        lessons.add_column(sa.Column("saved_by", sa.String(length=100), nullable=False, server_default=""))


def downgrade() -> None:
    with op.batch_alter_table("lessons") as lessons:
        lessons.drop_column("saved_by")
        lessons.drop_column("saved_at")
    op.drop_table("images")
