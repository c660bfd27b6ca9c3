"""Fewer indexes on enrolments, and no foreign key to a progress: each cost every promotion a write or a query"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

HAS_A_MOMENT = "state = 'active' AND due_at IS NOT NULL"
HAS_NONE = "next_lesson IS NOT NULL AND (state <> 'active' OR due_at IS NULL)"
COUNTED_BY = (("course_id", "state", "due_at", "next_lesson"), ("state", "joined_at"))  # until now
# In which PostgreSQL writes a new entry with each version of a row, though nothing of it has changed.
REWRITTEN = ("pk_enrolments", "uq_enrolments_course_id_subscriber_id", "ix_enrolments_subscriber_id")
PROGRESS = op.f("fk_enrolments_progress_id")


def upgrade() -> None:
    for names in COUNTED_BY:
        op.drop_index(f"ix_enrolments_{'_'.join(names)}", "enrolments")
    op.drop_index("ix_enrolments_due", "enrolments")
    with op.batch_alter_table("enrolments", reflect_kwargs={"resolve_fks": False}) as enrolments:
        enrolments.drop_constraint(PROGRESS, type_="foreignkey")
    _create_index("ix_enrolments_due", ["course_id", "due_at", "id", "next_lesson", "state"], HAS_A_MOMENT)
    _create_index("ix_enrolments_resting", ["course_id", "next_lesson", "state", "due_at"], HAS_NONE)
    op.create_index(
        "ix_enrolments_course_id_state_joined_at", "enrolments", ["course_id", "state", "joined_at"]
    )
    if op.get_bind().dialect.name == "postgresql":
        for name in (*REWRITTEN, "ix_enrolments_course_id_state_joined_at"):
            op.execute(f"ALTER INDEX {name} SET (fillfactor = 50)")


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for name in REWRITTEN:
            op.execute(f"ALTER INDEX {name} RESET (fillfactor)")
    for name in ("due", "resting", "course_id_state_joined_at"):
        op.drop_index(f"ix_enrolments_{name}", "enrolments")
    with op.batch_alter_table("enrolments", reflect_kwargs={"resolve_fks": False}) as enrolments:
        enrolments.create_foreign_key(PROGRESS, "progress", ["progress_id"], ["id"])
    _create_index("ix_enrolments_due", ["course_id", "due_at", "id"], HAS_A_MOMENT)
    for names in COUNTED_BY:
        op.create_index(f"ix_enrolments_{'_'.join(names)}", "enrolments", list(names))


def _create_index(name: str, columns: list[str], where: str) -> None:
    condition = sa.text(where)
    op.create_index(name, "enrolments", columns, sqlite_where=condition, postgresql_where=condition)
