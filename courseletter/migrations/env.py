"""Alembic's entry: runs the migrations on the engine that courseletter.database hands over."""

from alembic import context

import campaigns.digests.models
import campaigns.models
import campaigns.newsletters.models  # noqa: F401
import courseletter.accounts.models  # noqa: F401
import sender.bounces.models
import sender.models  # noqa: F401
import subscribers.acts.models
import subscribers.importing.models
import subscribers.models  # noqa: F401
from courseletter.database import Base

engine = context.config.attributes["engine"]
UPGRADING = 7_026_361_945  # any number of our own

# One transaction for all of them, alone from the reading of the present version on: of two processes that
# upgrade at once the second finds nothing left to do.
with engine.execution_options(writes=True).begin() as connection:
    if engine.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({UPGRADING})")
    # Batch mode rebuilds a table where SQLite cannot alter it.
    context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=True)
    context.run_migrations()
    if engine.dialect.name == "postgresql":
        from courseletter import jobs

        jobs.prepare(connection)
