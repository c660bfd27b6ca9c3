"""The form of a newsletter's digest: what stands in it, and what was typed into it."""

import re
from collections.abc import Mapping
from datetime import datetime, time
from typing import Any, Final

from campaigns.digests.models import Every
from campaigns.digests.rhythm import Rhythm
from campaigns.digests.setting_up import Wishes
from campaigns.rhythm import WEEKDAYS
from courseletter.errors import InvalidInput
from courseletter.web.admin.forms import Form
from courseletter.web.admin.issue_words import hour
from courseletter.web.choices import places

NAMES: Final = {
    "url": "The feed’s address",
    "first": "Of what it has now",
    "days": "Days",
    "time": "Hour",
    "zone": "Zone",
    "subject": "Subject",
    "introduction": "Introduction",
    "most": "Entries at most",
}
_SCHEME: Final = re.compile(r"^[a-z][a-z0-9+.-]*://", re.I)


def shown(wishes: Wishes, now: datetime, typed: Form | None = None) -> dict[str, Any]:
    """What the fields hold: what was typed, else what is saved."""
    rhythm = wishes.rhythm
    saved: Mapping[str, str] = {
        "url": wishes.url,
        "first": "0",
        "every": rhythm.every,
        "time": hour(rhythm.minute),
        "zone": rhythm.zone,
        "subject": wishes.subject,
        "introduction": wishes.introduction,
        "most": str(wishes.most),
        "pictures": "yes" if wishes.pictures else "",
        "mode": "send" if wishes.sends else "draft",
    }
    fields = {**saved, "pictures": "", **typed.texts()} if typed else dict(saved)
    return {
        "fields": fields,
        "days": [(str(number), name[:3], name) for number, name in enumerate(WEEKDAYS)],
        "chosen_days": set(typed.all("days")) if typed else {str(day) for day in rhythm.weekdays},
        "zones": places(now, [rhythm.zone]),
        "names": NAMES,
    }


def read(form: Form) -> tuple[Wishes, int]:
    """What was typed, and how many of the entries that are there at the beginning are still to go.

    Raises InvalidInput, naming the field.
    """
    every: Every = "month" if form.text("every") == "month" else "week"
    days = frozenset(int(day) for day in form.all("days") if day in tuple("0123456"))
    wishes = Wishes(
        _address(form.text("url")),
        Rhythm(every, days, _minute(form.text("time")), form.text("zone")),
        form.text("subject").strip(),
        form.text("introduction").replace("\r\n", "\n").strip(),
        _number(form, "most", "10"),
        form.text("pictures") == "yes",
        form.text("mode") == "send",
    )
    return wishes, _number(form, "first", "0")


def _address(text: str) -> str:
    address = text.strip()
    return address if not address or _SCHEME.match(address) else f"https://{address}"


def _minute(text: str) -> int:
    try:
        at = time.fromisoformat(text.strip())
    except ValueError:
        raise InvalidInput("Write the hour like 09:00.", field="time") from None
    return at.hour * 60 + at.minute


def _number(form: Form, name: str, usual: str) -> int:
    text = form.text(name).strip() or usual
    if not (text.isascii() and text.isdigit() and len(text) < 5):
        raise InvalidInput("Write a whole number.", field=name)
    return int(text)
