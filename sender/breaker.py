"""A relay that is unwell is left alone for a while: 1, 2, 4 ... 30 minutes."""

from datetime import datetime, timedelta

from sender.replies import Verdict

FIRST_REST = timedelta(minutes=1)
LONGEST_REST = timedelta(minutes=30)


class Breaker:
    """Opens on the relay's trouble, doubles its rest while that lasts, closes with the first good answer."""

    def __init__(self) -> None:
        self.open_until: datetime | None = None
        self._rest = FIRST_REST

    def closed(self, now: datetime) -> bool:
        """Whether the relay may be used."""
        return self.open_until is None or now >= self.open_until

    def heard(self, verdict: Verdict, now: datetime) -> None:
        """Take in what an attempt told about the relay; several that end together count once."""
        if verdict.relay_trouble or verdict.pause_send:
            if self.closed(now):
                self.open_until = now + self._rest
                self._rest = min(2 * self._rest, LONGEST_REST)
        else:
            self.open_until, self._rest = None, FIRST_REST
