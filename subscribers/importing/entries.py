"""From a row to a person: every cell checked, every wish of theirs kept. Knows the file, and no database."""

import hashlib
import re
from typing import Final

from courseletter.errors import InvalidInput
from courseletter.keyed_hash import keyed_hash
from courseletter.spreadsheet import is_formula, restored
from subscribers.addresses import check_address
from subscribers.erasure import ERASED
from subscribers.importing.cells import SHORT, STRICTNESS, Cells, Entry, Line, Member, Withheld, part_of
from subscribers.importing.mapping import Consent, ImportSettings, Source, Status
from subscribers.importing.tables import Problem
from subscribers.models import ConsentAct, MemberStatus, SuppressionReason
from subscribers.people import fold

# Plain text: the driver looks twice at anything else, a million times.
_PENDING, _CONFIRMED = MemberStatus.PENDING.value, MemberStatus.CONFIRMED.value
_REQUESTED, _AGREED = ConsentAct.REQUESTED.value, ConsentAct.CONFIRMED.value
_NO: Final = (Status.UNSUBSCRIBED, Status.BOUNCED, Status.COMPLAINED)
_LEFT: Final = (MemberStatus.UNSUBSCRIBED, MemberStatus.COMPLAINED)


class Entries:
    """Makes entries of one table's rows, as the settings and its source say.

    `kinds` gathers those of the custom fields that are met.
    """

    def __init__(
        self,
        settings: ImportSettings,
        source: Source,
        headings: tuple[str, ...],
        key: bytes,
        kinds: dict[str, str],
    ) -> None:
        self._settings = settings
        self._source = source
        self._key = key
        self._slug = settings.list_slug or ""
        self._origin = f"{settings.origin} from {source.title}"
        self._note_hash = hashlib.sha256(settings.note.encode()).hexdigest() if settings.note else ""
        targets = dict(settings.columns)
        columns = [(place, targets.get(one, "")) for place, one in enumerate(headings)]
        self._email = next((place for place, target in columns if target == "email"), None)
        self._others = [(place, *part_of(target)) for place, target in columns if target not in ("", "email")]
        self._cells = Cells(source.statuses, settings.order, kinds)

    def read(self, line: int, cells: list[str]) -> Entry | Problem:
        """The person of a row, or why there is none."""
        if self._email is None:
            return Problem(line, "This part has no column with the email address.")
        if self._source.escaped:
            cells = [restored(one) for one in cells]
        written = cells[self._email]
        try:
            entry = Entry()
            entry.line = line
            entry.email = str(check_address(written))
            if entry.email.endswith(ERASED):
                return Problem(line, "This is nobody's address: it stands for somebody erased.", entry.email)
            for place, read, name in self._others:
                if cells[place] or read is Cells.status:
                    read(self._cells, entry, name, cells[place])
        except InvalidInput as error:
            field = f"{error.field}: " if error.field not in (None, "email") else ""
            return Problem(line, field + _why_not(written, str(error)), written[:SHORT], tuple(cells))
        return self._finished(entry)

    def _finished(self, entry: Entry) -> Entry:
        entry.key = fold(entry.email)
        entry.hash = keyed_hash(self._key, entry.key.encode()).hex()  # as suppression.py knows it
        if self._settings.extra_tags:
            entry.tags = (*entry.tags, *((name, None) for name in self._settings.extra_tags))
        if entry.members is None and self._slug:
            said = filter(None, (self._source.always, entry.status))
            self._stand(entry, max(said, key=STRICTNESS.__getitem__, default=Status.SUBSCRIBED))
        else:  # our own export says it all
            members = entry.members or ()
            entry.says_no = entry.withheld is not None or any(one.status in _LEFT for one in members)
        return entry

    def _stand(self, entry: Entry, status: Status) -> None:
        """The membership, the ledger and the suppression that follow from another program's status."""
        slug, origin = self._slug, f"{self._origin}, line {entry.line}"
        left_at = entry.unsubscribed_at
        entry.says_no = status in _NO
        if status is Status.UNSUBSCRIBED:
            entry.members = (Member(slug, MemberStatus.UNSUBSCRIBED.value, left_at),)
            entry.ledger = (Line(slug, ConsentAct.UNSUBSCRIBED.value, left_at, source_url=origin),)
        elif status is Status.COMPLAINED:
            entry.members = (Member(slug, MemberStatus.COMPLAINED.value, left_at),)
            entry.ledger = (Line(slug, ConsentAct.COMPLAINED.value, left_at, source_url=origin),)
            entry.withheld = Withheld(SuppressionReason.COMPLAINED.value, left_at, origin)
        else:
            if status is Status.BOUNCED:
                entry.withheld = Withheld(SuppressionReason.BOUNCED.value, left_at, origin)
            proof = self._proof(entry, origin) if status is not Status.PENDING else None
            joined = _CONFIRMED if proof else _PENDING
            entry.members = (Member(slug, joined, None),)
            if proof is not None:
                entry.ledger = (proof,)
            elif entry.optin_at:
                asked = Line(slug, _REQUESTED, entry.optin_at, "", "", origin, entry.optin_ip)
                entry.ledger = (asked,)

    def _proof(self, entry: Entry, origin: str) -> Line | None:
        """That they agreed: by the file, or by the admin who vouches for it; None: they have to be asked."""
        if self._settings.consent is Consent.ASK:
            return None
        if entry.confirmed_at:
            asked = f"asked at {entry.optin_at} UTC {entry.optin_ip}".rstrip() if entry.optin_at else ""
            acted = (self._slug, _AGREED, entry.confirmed_at)
            return Line(*acted, "", "", origin, entry.confirmed_ip, "", asked)
        if self._settings.consent is Consent.VOUCH:
            note = self._settings.note
            return Line(self._slug, ConsentAct.ADDED.value, None, note, self._note_hash, origin, note=note)
        return None


def _why_not(written: str, said: str) -> str:
    """What is wrong with a row, where the general answer would not help to find it."""
    text = written.strip()
    if not text:
        return "No email address."
    if is_formula(text) and "@" not in text[1:]:
        return "Looks like a spreadsheet formula, not an address."
    if text.count("@") == 2 and "@@" in text:
        return f"Two @ signs. Did you mean {text.replace('@@', '@')}?"
    if "@" in text and re.search(r"\S\s+\S", text) and "<" not in text:
        return "A space inside the address."
    return said
