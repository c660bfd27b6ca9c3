"""What a list brought over waited for: keys that PostgreSQL checks row by row, an index that SQLite has twice"""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

KEYS = {
    "memberships": {"list_id": "mailing_lists", "subscriber_id": "subscribers"},
    "consent_entries": {"list_id": "mailing_lists", "subscriber_id": "subscribers"},
    "subscriber_tags": {"tag_id": "tags", "subscriber_id": "subscribers"},
}


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.drop_index("ix_subscribers_address_begin", "subscribers")
        return
    for table, keys in KEYS.items():
        for column in keys:
            op.drop_constraint(op.f(f"fk_{table}_{column}"), table, type_="foreignkey")


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.create_index("ix_subscribers_address_begin", "subscribers", [sa.text("address_key")])
        return
    for table, keys in KEYS.items():
        for column, target in keys.items():
            op.create_foreign_key(op.f(f"fk_{table}_{column}"), table, target, [column], ["id"])
