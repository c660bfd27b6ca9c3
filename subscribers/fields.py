"""The custom fields that subscribers have, by name: what is said of somebody, and what was defined."""

from sqlalchemy import ColumnElement, func, select, type_coerce
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from courseletter.bulk import dialect_of
from subscribers.models import CustomField, Subscriber

SAMPLE = 1000  # people whose fields are looked at where a list is only offered


def recent_fields(session: Session) -> frozenset[str]:
    """The names that are defined, or that the newest people's fields have: to offer them quickly, not to
    decide by.
    """
    newest = session.scalars(select(Subscriber.fields).order_by(Subscriber.id.desc()).limit(SAMPLE))
    found = {name for fields in newest for name in fields}
    for name, removed_at in session.execute(select(CustomField.name, CustomField.removed_at)):
        (found.add if removed_at is None else found.discard)(name)
    return frozenset(found)


def has(session: Session, name: str) -> ColumnElement[bool]:
    """Whether a person's fields have this one. The name is one that a field may have."""
    if dialect_of(session) == "postgresql":
        there: ColumnElement[bool] = type_coerce(Subscriber.fields, JSONB).has_key(name)
        return there
    return func.json_type(Subscriber.fields, f'$."{name}"').is_not(None)


class KnownFields:
    """Whether a custom field is defined, or any subscriber has it: `name in KnownFields(session)`.

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
            self._asked[name] = self._is_known(name)
        return self._asked[name]

    def _is_known(self, name: str) -> bool:
        defined = self._session.get(CustomField, name)
        if defined is not None:
            return defined.removed_at is None
        somebody = select(Subscriber.id).where(has(self._session, name)).exists()
        return self._session.scalar(select(somebody)) or False
