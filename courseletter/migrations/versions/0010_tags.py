"""Tags of subscribers"""

import sqlalchemy as sa
from alembic import op

from courseletter.database import UtcDateTime

revision = "0010"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "tags",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("name_key", sa.String(length=320), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tags")),
        sa.UniqueConstraint("name_key", name=op.f("uq_tags_name_key")),
    )
    op.create_table(
        "subscriber_tags",
        sa.Column("tag_id", sa.Integer(), nullable=False),
        sa.Column("subscriber_id", sa.Integer(), nullable=False),
        sa.Column("added_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["tag_id"], ["tags.id"], name=op.f("fk_subscriber_tags_tag_id")),
        sa.ForeignKeyConstraint(
            ["subscriber_id"], ["subscribers.id"], name=op.f("fk_subscriber_tags_subscriber_id")
        ),
        sa.PrimaryKeyConstraint("tag_id", "subscriber_id", name=op.f("pk_subscriber_tags")),
    )
    op.create_index("ix_subscriber_tags_subscriber_id", "subscriber_tags", ["subscriber_id"])


def downgrade() -> None:
    op.drop_table("subscriber_tags")
    op.drop_table("tags")
