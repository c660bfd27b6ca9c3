"""What comes back: bounces and complaints, and members who complained"""

import sqlalchemy as sa
from alembic import op

from courseletter.database import UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

STATUS = op.f("ck_memberships_status")


def upgrade() -> None:
    op.create_table(
        "bounces",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("delivery_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.CheckConstraint("kind IN ('hard', 'soft', 'refused', 'complaint')", name=op.f("ck_bounces_kind")),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["deliveries.id"], name=op.f("fk_bounces_delivery_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bounces")),
        sa.UniqueConstraint("delivery_id", "kind", name=op.f("uq_bounces_delivery_id_kind")),
    )
    op.create_index("ix_bounces_kind_at", "bounces", ["kind", "at"])
    with op.batch_alter_table("memberships") as batch_op:
        batch_op.drop_constraint(STATUS, type_="check")
        batch_op.create_check_constraint(
            STATUS, "status IN ('pending', 'confirmed', 'unsubscribed', 'complained')"
        )


def downgrade() -> None:
    op.execute("UPDATE memberships SET status = 'unsubscribed' WHERE status = 'complained'")
    with op.batch_alter_table("memberships") as batch_op:
        batch_op.drop_constraint(STATUS, type_="check")
        batch_op.create_check_constraint(STATUS, "status IN ('pending', 'confirmed', 'unsubscribed')")
    op.drop_table("bounces")
