"""Custom fields that got another name or kind, or went, since an import: what it remembers of people is put
back under the names and kinds of today.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from courseletter.errors import InvalidInput
from subscribers.acts.fielding import RENAME, RETYPE
from subscribers.acts.models import ActState, BulkAct
from subscribers.custom_fields import shown
from subscribers.importing.values import KINDS, Unreadable
from subscribers.models import CustomField

ACTS: Final = (RENAME.key, RETYPE.key)

Fields = dict[str, Any]


class FieldsSince:
    """What became of the fields since a moment. Those that nobody had were changed without an act."""

    def __init__(self, session: Session, since: datetime) -> None:
        self._kinds: dict[str, str] = dict(session.execute(select(CustomField.name, CustomField.kind)).all())
        self._names: dict[str, str] = {}  # of then, and of now
        self._retyped: set[str] = set()  # by their names of now
        valid = (ActState.RUNNING, ActState.DONE, ActState.STOPPED)
        acts = select(BulkAct).where(
            BulkAct.kind.in_(ACTS), BulkAct.touched_at >= since, BulkAct.state.in_(valid)
        )
        for act in session.scalars(acts.order_by(BulkAct.id)):
            name = act.argument["field"]
            if act.kind == RENAME.key:
                self._rename(name, act.argument["to"])
            else:
                self._retyped.add(name)

    def _rename(self, name: str, to: str) -> None:
        for then, now in self._names.items():
            if now == name:
                self._names[then] = to
        self._names.setdefault(name, to)
        if name in self._retyped:
            self._retyped.add(to)

    def read(self, fields: Mapping[str, Any], there: Collection[str]) -> tuple[Fields, list[str]]:
        """What a person had then, as they would have it now; and the fields of which that cannot be.

        `there`: the fields that the person has now. What is no field any more, and theirs neither, is gone. A
        name that is a field's again is that field's, whichever had it then.
        """
        found: Fields = {}
        lost = []
        for then, value in fields.items():
            name = then if then in self._kinds else self._names.get(then, then)
            try:
                if name not in self._kinds and name not in there:
                    raise Unreadable
                found[name] = self._as_kind(name, value)
            except (Unreadable, InvalidInput):
                lost.append(name)
        return found, lost

    def _as_kind(self, name: str, value: Any) -> Any:
        kind = self._kinds.get(name) if name in self._retyped else None
        return value if kind is None else KINDS[kind](shown(value), None)
