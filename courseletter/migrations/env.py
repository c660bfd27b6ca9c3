"""Alembic's entry: runs the migrations on the engine that courseletter.database hands over."""

from alembic import context

import campaigns.models  # noqa: F401 - the tables register themselves
import sender.bounces.models
import sender.models  # noqa: F401
import subscribers.models  # noqa: F401
from courseletter.database import Base

engine = context.config.attributes["engine"]

with engine.execution_options(writes=True).connect() as connection:
    # Batch mode rebuilds a table where SQLite cannot alter it.
    context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()
