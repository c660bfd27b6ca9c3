"""The simple sender: claims what is ready, writes, signs and hands over each letter, records the answer."""

import logging
import random
from collections import Counter
from datetime import timedelta
from threading import Event

from sqlalchemy.exc import SQLAlchemyError

from courseletter.clock import Clock
from courseletter.database import Database
from sender.breaker import Breaker
from sender.claiming import Claim, claim, put_in_doubt, release, sweep
from sender.letters import Composer, Letter
from sender.models import Delivery
from sender.outcomes import record, resolve_unknown
from sender.replies import Outcome, Verdict, judge
from sender.transport import Transport
from subscribers.suppression import address_hash

BATCH = 50  # claimed at once: few enough that the last is sent well within its lease
# Then the tick has its turn: what becomes due while a long list is being sent must not wait for the list's
# end, or it would be over an hour late and dated anew.
ROUND = timedelta(minutes=1)

log = logging.getLogger(__name__)


class Mailer:
    """Sends through one relay, one message after the other."""

    def __init__(
        self,
        database: Database,
        composer: Composer,
        transport: Transport,
        clock: Clock,
        key: bytes,
    ) -> None:
        self._database = database
        self._composer = composer
        self._transport = transport
        self._clock = clock
        self._key = key
        self._breaker = Breaker()
        self._stopping = Event()

    def work(self) -> Counter[str]:
        """Sweep, then send for a round, until nothing is ready, or the relay is unwell. Returns the outcomes'
        counts."""
        outcomes: Counter[str] = Counter()
        start = self._clock.now()
        sweep(self._database, start)
        resolve_unknown(self._database, start)
        while self._clock.now() - start < ROUND and self._breaker.closed(self._clock.now()):
            held = claim(self._database, self._clock.now(), BATCH)
            if not held:
                break
            for one in held:
                outcomes[self._attempt(one)] += 1
            if self._stopping.is_set():
                break
        return outcomes

    def stop(self) -> None:
        """Let the message under way finish and give back what is claimed: work() returns soon."""
        self._stopping.set()

    def close(self) -> None:
        self._transport.close()

    def _attempt(self, held: Claim) -> str:
        """One delivery's turn. Whatever is wrong with it stops no other (REQUIREMENTS 27)."""
        if self._stopping.is_set():
            with self._database.write() as session:
                release(session, held, self._clock.now())
            return "released"
        if not self._breaker.closed(self._clock.now()):
            verdict = Verdict(Outcome.DEFERRED, "the relay is unwell", relay_trouble=True)
        else:
            verdict = self._hand_over(held)
            self._breaker.heard(verdict, self._clock.now())
        now = self._clock.now()
        wait = max(self._breaker.open_until - now, timedelta()) if self._breaker.open_until else timedelta()
        with self._database.write() as session:
            record(session, held, verdict, now, jitter=random.uniform(-1, 1), wait=wait, key=self._key)  # noqa: S311
        return verdict.outcome

    def _hand_over(self, held: Claim) -> Verdict:
        with self._database.read() as session:
            delivery = session.get_one(Delivery, held.delivery_id)
            try:
                letter = self._composer.compose(session, delivery)
            except SQLAlchemyError:
                raise  # the database is in trouble, not this letter
            except Exception as error:
                log.exception("delivery %s cannot be written", held.delivery_id)
                return Verdict(Outcome.FAILED, f"cannot be written: {error}")
            recipient = address_hash(self._key, delivery.subscriber.email)
        return judge(
            self._transport.deliver(
                letter.envelope, letter.message, lambda: self._go(held, letter, recipient)
            )
        )

    def _go(self, held: Claim, letter: Letter, recipient: str) -> bool:
        return put_in_doubt(self._database, held, letter.context, recipient, self._clock.now())
