"""What the doctor found"""

import sqlalchemy as sa
from alembic import op

from courseletter.database import Json, UtcDateTime

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "doctor_visits",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("findings", Json, nullable=False),
        sa.Column("blocked_why", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_doctor_visits")),
    )


def downgrade() -> None:
    op.drop_table("doctor_visits")
