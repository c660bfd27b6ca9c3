"""Several brands: which one a course is from, and the one each revision was published in"""

import sqlalchemy as sa
from alembic import op

from courseletter.database import Json

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

TEXTS = ("name", "address", "url", "from_name", "footer", "logo", "logo_alt")
SHORT = {"from_local": 64, "reply_to": 320, "accent": 7, "accent_dark": 7, "titles": 12, "text": 12}


def upgrade() -> None:
    op.create_table(
        "brands",
        sa.Column("id", sa.String(length=20), nullable=False),
        *(sa.Column(name, sa.String(), nullable=False) for name in TEXTS),
        *(sa.Column(name, sa.String(length=length), nullable=False) for name, length in SHORT.items()),
        sa.Column("image_id", sa.String(length=32), nullable=True),
        sa.Column("removed", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["image_id"], ["images.id"], name=op.f("fk_brands_image_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_brands")),
    )
    op.add_column("courses", sa.Column("brand_id", sa.String(length=20), nullable=True))
    op.add_column("revisions", sa.Column("brand", Json, nullable=True))


def downgrade() -> None:
    op.drop_column("revisions", "brand")
    op.drop_column("courses", "brand_id")
    op.drop_table("brands")
