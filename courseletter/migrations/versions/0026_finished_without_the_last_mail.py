"""Who finishes a course without its last mail is among the endings that results are made of"""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

BEFORE = "kind IN ('left', 'paused', 'bounced', 'complained')"
AFTER = "kind IN ('left', 'paused', 'bounced', 'complained', 'finished', 'unfinished')"


def upgrade() -> None:
    _index(AFTER)


def downgrade() -> None:
    _index(BEFORE)


def _index(endings: str) -> None:
    op.drop_index("ix_events_endings", "events")
    where = sa.text(endings)
    op.create_index("ix_events_endings", "events", ["at"], sqlite_where=where, postgresql_where=where)
