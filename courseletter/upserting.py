"""INSERT that settles a conflict by itself: both databases spell it alike, SQLAlchemy does not."""

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from courseletter.database import Base


def insert(session: Session, table: type[Base]) -> postgresql.Insert | sqlite.Insert:
    """Return an INSERT into `table` that knows `on_conflict_do_nothing` and `on_conflict_do_update`."""
    return insert_on(session.get_bind().dialect.name, table)


def insert_on(dialect: str, table: type[Base]) -> postgresql.Insert | sqlite.Insert:
    """The same for a statement that is written once for a database."""
    if dialect == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)
