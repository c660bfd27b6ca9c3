"""The custom fields that subscribers have, by name."""

from sqlalchemy import func, select, true
from sqlalchemy.orm import Session

from subscribers.models import Subscriber

SAMPLE = 1000  # people whose fields are looked at where a list is only offered


def recent_fields(session: Session) -> frozenset[str]:
    """The names that the newest people's fields have: to offer them quickly, not to decide by."""
    newest = session.scalars(select(Subscriber.fields).order_by(Subscriber.id.desc()).limit(SAMPLE))
    return frozenset(name for fields in newest for name in fields)


def known_fields(session: Session) -> frozenset[str]:
    """The names of all custom fields that any subscriber has."""
    if session.get_bind().dialect.name == "postgresql":
        name = func.jsonb_object_keys(Subscriber.fields)
        return frozenset(session.scalars(select(name).distinct()))
    entries = func.json_each(Subscriber.fields).table_valued("key")
    names = select(entries.c.key).select_from(Subscriber).join(entries, true()).distinct()
    return frozenset(session.scalars(names))
