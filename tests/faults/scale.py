"""How much of each crash test: a handful in `make test`, all of it in `make soak`."""

from dataclasses import dataclass

SEED = 20
PATIENCE = 120  # seconds that a test waits for what must come


@dataclass(frozen=True)
class Scale:
    kills: int
    people: int  # under a storm of kills
    crowd: int  # before several schedulers: more than one of them claims at once
    seed: int = SEED

    def lessons(self, second_tries: bool) -> int:
        """How many a storm needs. Where there are second tries, about ten kills fit before they begin."""
        return 3 + self.kills // 8 if second_tries else 3 + self.kills // 80


SHORT = Scale(kills=5, people=60, crowd=520)
LONG = Scale(kills=200, people=1000, crowd=2000)
