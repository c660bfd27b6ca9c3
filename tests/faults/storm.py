"""A storm of `kill -9`: at random moments and at steps of the conversation, each drawn from one seed."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from multiprocessing.connection import wait
from random import Random
from signal import SIGKILL

from faults.process import KILLED, Fork
from faults.sink import Step
from faults.site import Site

from sender.claiming import DOT_LEASE, LEASE
from sender.retrying import UNKNOWN_REST

ALONE = {"alone": ("tick", "send")}
MANY = {"ticker": ("tick",), "worker 1": ("send",), "worker 2": ("send",), "worker 3": ("send",)}

# So long no delivery has its second try. It would be killed too, and what is in doubt twice counts as had.
FIRST_TRIES = DOT_LEASE + UNKNOWN_REST
STEPS: Sequence[Step] = ("rcpt", "dot", "answered")
MOST_MESSAGES = 25  # from one kill to the next
LONGEST_START = 0.5  # seconds: what a node does before its first message
LONGEST_STEP = 0.004  # seconds from one step of a conversation to the next, and some more


class Storm:
    """Kills nodes of `site`, `kills` in all, each of which is started again at once, lesson after lesson.

    `nodes` gives each its roles; the first is one that plans.
    """

    def __init__(self, site: Site, nodes: Mapping[str, Sequence[str]], kills: int, seed: int) -> None:
        self.victims: Counter[str] = Counter()
        self._site = site
        self._nodes = nodes
        self._wanted = kills
        self._random = Random(seed)
        self._running: dict[str, Fork] = {}
        self._aimed = False

    @property
    def kills(self) -> int:
        return self.victims.total()

    def rage(self) -> None:
        """The first blow at each lesson meets the first of the nodes while it plans."""
        while self.kills < self._wanted:
            moment = self._site.next_moment()
            assert moment is not None, f"the course was over after {self.kills} kills: give it more lessons"
            self._site.clock.move_to(moment)
            self._rage_over_a_lesson()
            self._site.live(until=self._site.clock.now() + DOT_LEASE + UNKNOWN_REST)
            if self._site.unknown == "hold":
                self._site.decide()

    def _rage_over_a_lesson(self) -> None:
        until = None if self._site.unknown == "hold" else self._site.clock.now() + FIRST_TRIES
        self._aim_at(next(iter(self._nodes)))
        while self._is_anything_left(until):
            if self._site.is_work_left():
                for name in self._nodes.keys() - self._running.keys():
                    self._running[name] = self._site.start(name, *self._nodes[name])
            if self.kills < self._wanted and not self._aimed:
                self._aim()
            self._see_who_ends()
        self._site.sink.disarm()
        self._aimed = False

    def _is_anything_left(self, until: datetime | None) -> bool:
        """Whether nodes are running, or would have something to do, perhaps after a lease has ended."""
        if self._running or self._site.is_work_left():
            return True
        self._site.clock.advance(LEASE)  # what the dead had claimed is free again
        return self._site.is_work_left() and (until is None or self._site.clock.now() < until)

    def _aim(self) -> None:
        self._aimed = True
        step = self._random.choice([None, *STEPS, *STEPS])
        if step is None:
            return self._aim_at(self._random.choice(sorted(self._nodes)))
        # At the dot there is no delay: the relay has the message, and its 250 is never read.
        delay = 0.0 if step == "dot" else self._random.uniform(0, LONGEST_STEP)
        number = self._random.randint(1, MOST_MESSAGES)
        return self._site.sink.aim(step, number, self._strike, delay)

    def _aim_at(self, name: str) -> None:
        self._aimed = True
        self._site.sink.later(self._random.uniform(0, LONGEST_START), partial(self._strike, name))

    def _strike(self, name: str) -> None:
        """Kill the node of this name, if it is running. Called in the sink's thread."""
        self._aimed = False
        victim = self._running.get(name)
        if victim is not None and self.kills < self._wanted:
            victim.signal(SIGKILL)

    def _see_who_ends(self) -> None:
        by_sentinel = {fork.sentinel: fork for fork in self._running.values()}
        for sentinel in wait(by_sentinel, timeout=1):
            ended = self._running.pop(by_sentinel[sentinel].name)
            self.victims[ended.name] += ended.wait() == KILLED
