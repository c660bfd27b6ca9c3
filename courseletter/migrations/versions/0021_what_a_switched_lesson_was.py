"""What a lesson was before it was switched between Markdown and MJML"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("lessons") as table:
        table.add_column(sa.Column("set_aside", sa.String(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("lessons") as table:
        table.drop_column("set_aside")
