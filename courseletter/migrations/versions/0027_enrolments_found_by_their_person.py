"""Enrolments are found by their person through the key that forbids two of one course: an index fewer to write"""

from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

BY_COURSE = ("course_id", "subscriber_id")
BY_PERSON = ("subscriber_id", "course_id")
ALONE = "ix_enrolments_subscriber_id"


def upgrade() -> None:
    op.drop_index(ALONE, "enrolments")
    _rekey(BY_COURSE, BY_PERSON)


def downgrade() -> None:
    _rekey(BY_PERSON, BY_COURSE)
    op.create_index(ALONE, "enrolments", ["subscriber_id"], postgresql_with={"fillfactor": 50})


def _rekey(before: tuple[str, ...], after: tuple[str, ...]) -> None:
    with op.batch_alter_table("enrolments", reflect_kwargs={"resolve_fks": False}) as enrolments:
        enrolments.drop_constraint(_key(before), type_="unique")
        enrolments.create_unique_constraint(_key(after), list(after))
    if op.get_bind().dialect.name == "postgresql":  # room for new versions of what it has (migration 0008)
        op.execute(f"ALTER INDEX {_key(after)} SET (fillfactor = 50)")


def _key(columns: tuple[str, ...]) -> str:
    return str(op.f(f"uq_enrolments_{'_'.join(columns)}"))
