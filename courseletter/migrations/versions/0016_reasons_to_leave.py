"""An index for the reasons that people leave for"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    few = sa.text("kind = 'left_because'")
    op.create_index("ix_events_left_because", "events", ["course_id"], sqlite_where=few, postgresql_where=few)


def downgrade() -> None:
    op.drop_index("ix_events_left_because", "events")
