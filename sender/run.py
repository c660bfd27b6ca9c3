"""The sender: claims a batch, opens window after window of it, and records the answers as they come.

While one window is with the relays, the letters of the next are written. One transaction records what has
ended and opens the next window: never more is in doubt than there are connections (sender/windows.py).
"""

import asyncio
import logging
import random
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy.exc import DBAPIError

from courseletter.clock import Clock
from courseletter.database import Database
from sender.claiming import Claim, give_back
from sender.dispatching import Dispatcher, Sign
from sender.event_loop import LoopThread
from sender.lanes import Lane, Route
from sender.letters import Composer, Letter
from sender.outcomes import record_window
from sender.refusals import Watch
from sender.replies import Outcome, Verdict, judge
from sender.retrying import Retrying
from sender.sweeping import sweep
from sender.throttle import DomainRates
from sender.transport import Attempt, Parcel
from sender.windows import open_window

BATCH = 500  # claimed at once: few enough that the last is sent well within its lease
# Then the tick has its turn: what becomes due while a long list is being sent must not wait for the list's
# end, or it would be over an hour late and dated anew.
ROUND = timedelta(minutes=1)
PATIENCE = 20  # seconds that what is on its way gets when the sender is told to stop (REQUIREMENTS 28)

log = logging.getLogger(__name__)


class Mailer:
    """Sends through its routes, as many messages at once as their pools have connections.

    work() and close() belong to one thread at a time; stop() may be called from any.
    """

    def __init__(
        self,
        database: Database,
        composer: Composer,
        routes: Sequence[Route],
        clock: Clock,
        key: bytes,
        *,
        domains: DomainRates = DomainRates(),
        retrying: Retrying = Retrying(),
        retry_seconds: float = 1,
    ) -> None:
        self._database = database
        self._composer = composer
        self._clock = clock
        self._key = key
        self._retrying = retrying
        self._retry_seconds = retry_seconds  # before a ledger that cannot be written is tried again
        self._dispatcher = Dispatcher(database, routes, domains, self._hear)
        self._lanes = self._dispatcher.lanes
        self._watch = Watch(database)
        self._ended: dict[Claim, Verdict] = {}
        self._signs: list[Sign] = []
        self._stopping = False
        self._loop = LoopThread()
        self._news = asyncio.Event()  # something has ended, or we are to stop

    def work(self) -> Counter[str]:
        """Sweep, then send for a round. Returns the outcomes' counts."""
        sweep(self._database, self._clock.now(), self._retrying.unknown)
        return self.send()

    def send(self) -> Counter[str]:
        """Send for a round, until nothing is ready, or no relay may be used. Returns the outcomes' counts."""
        self._dispatcher.look(self._clock.now())
        return self._loop.run(self._round())

    def send_batch(self) -> Counter[str]:
        """Send one batch, if a relay may be used. Returns the outcomes' counts."""
        now = self._clock.now()
        self._dispatcher.look(now)
        until = now + ROUND
        return self._loop.run(self.process_batch(until)) if self._goes_on(until) else Counter()

    def stop(self) -> None:
        """Let what is on its way finish and give back what is claimed: work() returns soon, for good."""
        self._stopping = True
        self._loop.call(self._news.set)

    def close(self) -> None:
        self._loop.run(self._close_pools())
        self._loop.stop()

    async def _close_pools(self) -> None:
        await asyncio.gather(*(lane.pool.close(PATIENCE) for lane in self._lanes))

    async def _round(self) -> Counter[str]:
        outcomes: Counter[str] = Counter()
        until = self._clock.now() + ROUND
        while self._goes_on(until):
            found = await self.process_batch(until)
            outcomes += found
            if not found:
                break
        return outcomes

    async def process_batch(self, until: datetime) -> Counter[str]:
        """Claim what is ready, a batch at most, and attempt each once. Returns the outcomes' counts.

        What no attempt has begun for by `until` is given back, and so is what waits for a relay that is
        unwell: the next batch takes it to another.
        """
        try:
            return await self._processed(until)
        except Exception:
            # What waits is left to its lease: the next batch has another fence, and knows not its mails.
            for lane in self._lanes:
                lane.clear()
            raise

    async def _processed(self, until: datetime) -> Counter[str]:
        outcomes = Counter(held=await asyncio.to_thread(self._claim))
        while self._ended or any(lane.is_busy for lane in self._lanes):
            now = self._clock.now()
            going_on = not self._stopping and now < until
            given_up = [lane for lane in self._lanes if not (going_on and lane.may_send(now))]
            outcomes["released"] += await self._give_back(given_up)
            if self._stopping:
                await self._close_pools()
            self._write_ahead()
            window = [(lane, letter) for lane in self._lanes for letter in lane.window(now)]
            if window or self._ended:
                outcomes.update(await self._turn(window))
            elif any(lane.under_way for lane in self._lanes):
                await self._until_news()
        await asyncio.to_thread(self._dispatcher.settle, self._clock.now())
        return +outcomes

    def _goes_on(self, until: datetime) -> bool:
        now = self._clock.now()
        return not self._stopping and now < until and self._dispatcher.is_open(now)

    def _claim(self) -> int:
        """Claim a batch, and let it wait in the lanes. Returns how many wait for their turn instead."""
        claims, held = self._dispatcher.claim(self._clock.now(), BATCH)
        with self._database.read() as session:
            self._composer.learn(session, claims)
        return held

    async def _give_back(self, lanes: Collection[Lane]) -> int:
        """Give back what waits in these lanes, until the moment when any relay may be used."""
        claims: list[Claim] = []
        for lane in lanes:
            for one in lane.clear():
                self._dispatcher.not_sent(lane, one)
                claims.append(one)
        if claims:
            now = self._clock.now()
            wait = self._dispatcher.wait(now)
            await asyncio.to_thread(give_back, self._database, claims, now + wait if wait else None)
        return len(claims)

    def _write_ahead(self) -> None:
        """Write the letters of one window. Whatever is wrong with one stops no other (REQUIREMENTS 27)."""
        for lane in self._lanes:
            while lane.waiting and len(lane.written) < lane.size:
                held = lane.waiting.popleft()
                try:
                    lane.written.append(self._composer.compose(held))
                except Exception as error:
                    log.exception("delivery %s cannot be written", held.delivery_id)
                    self._ended[held] = Verdict(Outcome.FAILED, f"cannot be written: {error}")
                    self._dispatcher.not_sent(lane, held)

    async def _turn(self, window: Collection[tuple[Lane, Letter]]) -> Counter[str]:
        """Record what has ended, open the next window, and hand over what may go."""
        ended, self._ended = self._ended, {}
        signs, self._signs = self._signs, []
        allowed = await self._recorded(ended, [letter for _, letter in window], signs)
        for lane, letter in window:
            if letter.claim.delivery_id in allowed:
                self._hand_over(lane, letter)
            else:
                self._ended[letter.claim] = Verdict(Outcome.ABANDONED, "called back before it went out")
                self._dispatcher.not_sent(lane, letter.claim)
        if self._watch.saw(ended):
            await asyncio.to_thread(self._watch.write_down, self._clock.now())
        return Counter(verdict.outcome for verdict in ended.values())

    async def _recorded(
        self, ended: Mapping[Claim, Verdict], window: Collection[Letter], signs: Collection[Sign]
    ) -> set[int]:
        """Carry out the turn's transaction. While the ledger cannot be written nothing goes out, and what
        the relay has answered is kept, until its lease is over (REQUIREMENTS 23).
        """
        until = min(one.until for one in (*ended, *(letter.claim for letter in window)))
        while True:
            try:
                return await asyncio.to_thread(self._write_turn, ended, window, signs)
            except DBAPIError as error:
                if self._clock.now() >= until:
                    raise
                log.warning("the ledger cannot be written, trying again: %s", str(error.orig).strip())
                await asyncio.sleep(self._retry_seconds)

    def _write_turn(
        self, ended: Mapping[Claim, Verdict], window: Collection[Letter], signs: Collection[Sign]
    ) -> set[int]:
        now = self._clock.now()
        wait = self._dispatcher.wait(now)
        self._dispatcher.heed(signs, now)
        with self._database.write() as session:
            record_window(
                session, ended, now,
                jitter=_jitter, wait=wait, deadline=self._retrying.deadline, key=self._key,
            )  # fmt: skip
            hashes = [letter.address_hash for letter in window]
            return open_window(session, [letter.claim for letter in window], hashes, now)

    def _hand_over(self, lane: Lane, letter: Letter) -> None:
        until = letter.claim.until  # a worker that slept past its lease must not send (REQUIREMENTS 22)
        in_time = lambda: self._clock.now() < until  # noqa: E731
        lane.send(Parcel(letter.envelope, letter.message, letter.claim, in_time, canonical=True))

    def _hear(self, lane: Lane, parcel: Parcel, attempt: Attempt) -> None:
        verdict = judge(attempt)
        if lane.heard(verdict, self._clock.now()):
            self._signs.append((lane, parcel.reference, verdict))
        if verdict.is_untried:
            self._dispatcher.not_sent(lane, parcel.reference)
        self._ended[parcel.reference] = verdict
        self._news.set()

    async def _until_news(self) -> None:
        self._news.clear()
        await self._news.wait()
        await asyncio.sleep(0)  # let all that has arrived by now be heard: one transaction for all of it


def _jitter() -> float:
    return random.uniform(-1, 1)  # noqa: S311 - spreads retries; guards nothing
