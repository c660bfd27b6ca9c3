"""Plans of publishes over many people, kept for a moment: who pages through one's people or looks somebody up
does not wait for everybody to be worked out anew.

What is confirmed is always the plan of that very moment: one that people have moved on from since is refused
then, and shown once more.
"""

from collections import OrderedDict
from datetime import timedelta
from threading import Lock
from typing import Final

from sqlalchemy.orm import Session

from campaigns.outlook import Outlook
from campaigns.plans import Plan

KEPT: Final = timedelta(minutes=1)
MOST: Final = 20  # plans


class KeptPlans:
    """By what would be published, and with which choices."""

    def __init__(self) -> None:
        self._plans: OrderedDict[str, Plan] = OrderedDict()
        self._alone = Lock()

    def plan(self, outlook: Outlook, session: Session) -> Plan:
        """The outlook's plan, from lately or from now."""
        key = _key(outlook)
        with self._alone:
            kept = self._plans.get(key)
        if kept is not None and outlook.at - KEPT < kept.at <= outlook.at:
            return kept
        return self.anew(outlook, session)

    def anew(self, outlook: Outlook, session: Session) -> Plan:
        """The outlook's plan as it is now."""
        plan = outlook.plan(session)
        with self._alone:
            self._plans[_key(outlook)] = plan
            while len(self._plans) > MOST:
                self._plans.popitem(last=False)
        return plan


def _key(outlook: Outlook) -> str:
    """All that a plan follows from, but for the people."""
    return repr((outlook.course.id, outlook.choices.to_json(), outlook.uncounted().fingerprint))
