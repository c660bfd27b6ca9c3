"""Finding subscribers by how their address or name begins"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

BEGINNINGS = {"address": "address_key", "first_name": "lower(first_name)", "last_name": "lower(last_name)"}


def upgrade() -> None:
    pattern = " text_pattern_ops" if op.get_bind().dialect.name == "postgresql" else ""
    for name, what in BEGINNINGS.items():
        op.create_index(f"ix_subscribers_{name}_begin", "subscribers", [sa.text(what + pattern)])


def downgrade() -> None:
    for name in BEGINNINGS:
        op.drop_index(f"ix_subscribers_{name}_begin", "subscribers")
