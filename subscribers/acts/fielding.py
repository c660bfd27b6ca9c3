"""Giving a custom field another name or another kind: with what stands in it, person by person."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from courseletter.errors import InvalidInput
from subscribers import custom_fields
from subscribers.acts.doing import Before, Doing, Kind, Outcome
from subscribers.custom_fields import shown
from subscribers.importing.values import KINDS, Unreadable
from subscribers.models import CustomField, Segment, Subscriber
from subscribers.segments import Rule

UNREADABLE: Final = "unreadable"
_TOLD: Final = 3  # values named that are nothing of a kind

Fields = dict[str, Any]


def _check_rename(session: Session, typed: Mapping[str, str]) -> dict[str, Any]:
    field = custom_fields.find(session, typed.get("field", ""))
    return {"field": field.name, "to": custom_fields.free_name(session, typed.get("name", ""))}


def _rename(doing: Doing, ids: Sequence[int]) -> Outcome:
    name, to = doing.argument("field"), doing.argument("to")
    _call(doing.session, name, to)
    return Outcome(_each(doing.session, ids, lambda _, fields: _moved(fields, name, to)))


def _name_back(doing: Doing, rows: Mapping[int, Before]) -> int:
    name, to = doing.argument("field"), doing.argument("to")
    _call(doing.session, to, name)
    return len(_each(doing.session, list(rows), lambda _, fields: _moved(fields, to, name)))


def _call(session: Session, name: str, to: str) -> None:
    """Give the field itself another name, wherever it is asked about."""
    field = session.get(CustomField, name)
    if field is None:
        return  # another chunk of the same act has done it
    custom_fields.learn(session, {to: field.kind})
    session.delete(field)
    for segment in session.scalars(select(Segment)):
        rule = Rule.from_json(segment.rule)
        about = tuple(
            replace(one, what=to) if (one.about, one.what) == ("field", name) else one
            for one in rule.conditions
        )
        segment.rule = replace(rule, conditions=about).to_json()
    session.flush()


def _moved(fields: Fields, name: str, to: str) -> Fields | None:
    """None: there is nothing to move, or something stands there already."""
    if name not in fields or to in fields:
        return None
    return {to if one == name else one: value for one, value in fields.items()}


def _check_retype(session: Session, typed: Mapping[str, str]) -> dict[str, Any]:
    field, kind = custom_fields.find(session, typed.get("field", "")), typed.get("kind", "")
    if custom_fields.checked_kind(kind) == field.kind:
        raise InvalidInput("It is of this kind already.", field="kind")
    if wrong := custom_fields.unreadable(session, field.name, kind):
        told = ", ".join(f"“{one.text[:40]}” ({one.people:,})" for one in wrong[:_TOLD])
        others = f" and {len(wrong) - _TOLD} more" if len(wrong) > _TOLD else ""
        many = sum(one.people for one in wrong)
        raise InvalidInput(
            f"{many:,} {'person has' if many == 1 else 'people have'} something else there: {told}{others}. "
            "Mend that first; nothing was changed.",
            field="kind",
        )
    return {"field": field.name, "kind": kind, "was": field.kind}


def _retype(doing: Doing, ids: Sequence[int]) -> Outcome:
    name, kind = doing.argument("field"), doing.argument("kind")
    custom_fields.find(doing.session, name).kind = kind
    unreadable = 0

    def read(_: int, fields: Fields) -> Fields | None:
        nonlocal unreadable
        try:
            return {**fields, name: KINDS[kind](shown(fields[name]), None)}
        except Unreadable:  # written since it was looked through
            unreadable += 1
            return None

    changed = _each(doing.session, ids, read)
    before: dict[int, Before] = {one: {"was": fields[name]} for one, fields in changed.items()}
    return Outcome(before, Counter({UNREADABLE: unreadable}))


def _kind_back(doing: Doing, rows: Mapping[int, Before]) -> int:
    """But not what somebody has written since."""
    name, kind = doing.argument("field"), doing.argument("kind")
    custom_fields.find(doing.session, name).kind = doing.argument("was")

    def read(one: int, fields: Fields) -> Fields | None:
        was = rows[one]["was"]
        made = KINDS[kind](shown(was), None)
        return {**fields, name: was} if fields.get(name) == made else None

    return len(_each(doing.session, list(rows), read))


def _each(
    session: Session, ids: Sequence[int], change: Callable[[int, Fields], Fields | None]
) -> dict[int, Fields]:
    """Change the fields of each of these people; returns what they were, of whom it changed something."""
    theirs = select(Subscriber.id, Subscriber.fields).where(
        Subscriber.id.in_(ids), Subscriber.erased_at.is_(None)
    )
    before: dict[int, Fields] = dict(session.execute(theirs.with_for_update()).all())
    after = {one: made for one, fields in before.items() if (made := change(one, fields)) is not None}
    if after:
        session.execute(update(Subscriber), [{"id": one, "fields": made} for one, made in after.items()])
    return {one: before[one] for one in after}


RENAME: Final = Kind("rename field", _rename, _name_back, _check_rename)
RETYPE: Final = Kind("retype field", _retype, _kind_back, _check_retype)
