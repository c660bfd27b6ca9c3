"""A clock that several processes read and one moves: nobody waits ten real minutes for a lease to end."""

from datetime import UTC, datetime, timedelta
from mmap import mmap
from pathlib import Path

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class SharedClock:
    """Stands still until it is moved. It lives in eight bytes of a mapped file: microseconds since 1970."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with path.open("r+b") as file:
            self._octets = mmap(file.fileno(), 8)

    @classmethod
    def start(cls, path: Path, moment: datetime) -> "SharedClock":
        path.write_bytes(bytes(8))
        clock = cls(path)
        clock.move_to(moment)
        return clock

    def now(self) -> datetime:
        return _EPOCH + int.from_bytes(self._octets[:8], "little") * _MICROSECOND

    def move_to(self, moment: datetime) -> None:
        """Set the clock to `moment`; a moment already past leaves it where it is."""
        moment = max(moment, self.now())
        self._octets[:8] = ((moment - _EPOCH) // _MICROSECOND).to_bytes(8, "little")

    def advance(self, by: timedelta) -> None:
        self.move_to(self.now() + by)
