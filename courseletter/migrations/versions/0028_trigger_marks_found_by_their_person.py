"""What triggers have met is found by its person: whoever is deleted is looked for there"""

from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(op.f("ix_trigger_marks_subscriber_id"), "trigger_marks", ["subscriber_id"])


def downgrade() -> None:
    op.drop_index(op.f("ix_trigger_marks_subscriber_id"), "trigger_marks")
