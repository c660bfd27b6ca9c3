"""The custom fields that subscribers have, by name."""

from sqlalchemy import Exists, func, select, type_coerce
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from subscribers.models import Subscriber

SAMPLE = 1000  # people whose fields are looked at where a list is only offered


def recent_fields(session: Session) -> frozenset[str]:
    """The names that the newest people's fields have: to offer them quickly, not to decide by."""
    newest = session.scalars(select(Subscriber.fields).order_by(Subscriber.id.desc()).limit(SAMPLE))
    return frozenset(name for fields in newest for name in fields)


class KnownFields:
    """Whether any subscriber has a custom field: `name in KnownFields(session)`.

    Asked name by name, since a draft uses few of them and somebody who has one is soon found; to list them
    all would be to read everybody.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._asked: dict[str, bool] = {}

    def __contains__(self, name: object) -> bool:
        if not isinstance(name, str):
            return False
        if name not in self._asked:
            self._asked[name] = self._session.scalar(select(self._has(name))) or False
        return self._asked[name]

    def _has(self, name: str) -> Exists:
        if self._session.get_bind().dialect.name == "postgresql":
            there = type_coerce(Subscriber.fields, JSONB).has_key(name)
        else:
            there = func.json_type(Subscriber.fields, f'$."{name}"').is_not(None)
        return select(Subscriber.id).where(there).exists()
