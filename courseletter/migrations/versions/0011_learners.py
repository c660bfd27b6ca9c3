"""Tags of subscribers, erasing one; questions, answers and certificates"""

import sqlalchemy as sa
from alembic import op

from courseletter.database import Json, UtcDateTime

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

# Nobody rewrites the ledger, but for a person who has been erased: then what it says of them goes, too
# (REQUIREMENTS 14 and 18). A later batch migration of this table on SQLite must create these again.
_REFUSAL = "the consent ledger is only appended to"
_ERASED = "EXISTS (SELECT 1 FROM subscribers WHERE id = OLD.subscriber_id AND erased_at IS NOT NULL)"
APPEND_ONLY = {
    "sqlite": [
        f"CREATE TRIGGER consent_entries_no_{change} BEFORE {change} ON consent_entries WHEN {allowed} "
        f"BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END"
        for change, allowed in (("UPDATE", "true"), ("DELETE", f"NOT {_ERASED}"))
    ],
    "postgresql": [
        "CREATE OR REPLACE FUNCTION refuse_consent_change() RETURNS trigger LANGUAGE plpgsql "
        f"AS $$ BEGIN IF TG_OP = 'DELETE' AND {_ERASED} THEN RETURN OLD; END IF; "
        f"RAISE EXCEPTION '{_REFUSAL}'; END $$",
    ],
}


def upgrade() -> None:
    op.add_column("subscribers", sa.Column("erased_at", UtcDateTime(), nullable=True))
    dialect = op.get_bind().dialect.name
    if dialect == "sqlite":
        for change in ("UPDATE", "DELETE"):
            op.execute(f"DROP TRIGGER consent_entries_no_{change}")
    for statement in APPEND_ONLY[dialect]:
        op.execute(statement)
    op.create_table(
        "tags",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("name_key", sa.String(length=320), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tags")),
        sa.UniqueConstraint("name_key", name=op.f("uq_tags_name_key")),
    )
    op.create_table(
        "subscriber_tags",
        sa.Column("tag_id", sa.Integer(), nullable=False),
        sa.Column("subscriber_id", sa.Integer(), nullable=False),
        sa.Column("added_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["tag_id"], ["tags.id"], name=op.f("fk_subscriber_tags_tag_id")),
        sa.ForeignKeyConstraint(
            ["subscriber_id"], ["subscribers.id"], name=op.f("fk_subscriber_tags_subscriber_id")
        ),
        sa.PrimaryKeyConstraint("tag_id", "subscriber_id", name=op.f("pk_subscriber_tags")),
    )
    op.create_index("ix_subscriber_tags_subscriber_id", "subscriber_tags", ["subscriber_id"])
    op.add_column(
        "courses", sa.Column("certificate", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.create_table(
        "questions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("lesson_id", sa.String(length=20), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("choices", Json, nullable=False),
        sa.Column("right", sa.String(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["lesson_id"], ["lessons.id"], name=op.f("fk_questions_lesson_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_questions")),
        sa.UniqueConstraint("lesson_id", name=op.f("uq_questions_lesson_id")),
    )
    op.create_table(
        "answers",
        sa.Column("question_id", sa.Integer(), nullable=False),
        sa.Column("subscriber_id", sa.Integer(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["question_id"], ["questions.id"], name=op.f("fk_answers_question_id")),
        sa.ForeignKeyConstraint(["subscriber_id"], ["subscribers.id"], name=op.f("fk_answers_subscriber_id")),
        sa.PrimaryKeyConstraint("question_id", "subscriber_id", name=op.f("pk_answers")),
    )
    op.create_index("ix_answers_subscriber_id", "answers", ["subscriber_id"])


def downgrade() -> None:
    op.drop_table("answers")
    op.drop_table("questions")
    op.drop_column("courses", "certificate")
    op.drop_table("subscriber_tags")
    op.drop_table("tags")
    op.drop_column("subscribers", "erased_at")
