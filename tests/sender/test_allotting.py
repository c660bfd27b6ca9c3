"""Who goes through which relay: weights, hand-over of a share, and nobody over a limit."""

from collections import Counter
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from sender.allotting import Allotment, Shares
from sender.throttle import DomainRates, Limits, WarmUp

NOW = datetime(2026, 3, 11, 14, 42, tzinfo=UTC)
COUNTS = st.integers(1, 40)
LIMITS = st.builds(
    Limits,
    st.integers(1, 5),
    st.none() | st.floats(0.02, 5),
    st.none() | COUNTS,
    st.none() | st.builds(WarmUp, COUNTS),
)


def test_weights_share_the_load_evenly_over_any_stretch() -> None:
    shares = Shares({"a": 3, "b": 1})
    picked = [shares.pick(["a", "b"]) for _ in range(400)]
    assert Counter(picked) == {"a": 300, "b": 100}
    assert all(set(picked[start : start + 4]) == {"a", "b"} for start in range(0, 400, 4))


def test_a_relay_that_is_left_out_hands_its_share_to_the_others_and_is_owed_nothing() -> None:
    shares = Shares({"a": 2, "b": 1, "c": 1})
    assert Counter(shares.pick(["b", "c"]) for _ in range(100)) == {"b": 50, "c": 50}
    assert Counter(shares.pick(["a", "b", "c"]) for _ in range(8)) == {"a": 4, "b": 2, "c": 2}


@given(LIMITS, LIMITS, st.none() | st.floats(0.02, 2), st.lists(st.sampled_from("xyz"), max_size=120))
def test_nobody_is_sent_to_faster_than_allowed_and_nobody_is_held_back_without_need(
    one: Limits, other: Limits, rate: float | None, domains: list[str]
) -> None:
    allotment = Allotment({"one": one, "other": other}, DomainRates(rate), NOW)
    rooms = {relay: allotment.room(relay) for relay in ("one", "other")}
    burst = None if rate is None else int(max(1, rate * 10))
    taken: Counter[str] = Counter()
    by_domain: Counter[tuple[str, str]] = Counter()
    for domain in domains:
        able = [relay for relay in rooms if allotment.may_take(relay, domain)]
        if able:
            allotment.take(able[0], domain)
            taken[able[0]] += 1
            by_domain[able[0], domain] += 1
        else:
            for relay, room in rooms.items():
                full = room is not None and taken[relay] >= room
                assert full or (burst is not None and by_domain[relay, domain] >= burst)
    for relay, room in rooms.items():
        assert room is None or taken[relay] <= room
        assert burst is None or all(by_domain[relay, domain] <= burst for domain in "xyz")
        assert allotment.room(relay) == (None if room is None else room - taken[relay])


def test_who_waits_for_a_domain_waits_at_the_relay_that_is_soonest() -> None:
    allotment = Allotment({"one": Limits(), "other": Limits()}, DomainRates(0.1), NOW)
    for relay in ("one", "other"):
        allotment.take(relay, "slow.test")
    turns = [allotment.queue(["one", "other"], "slow.test") for _ in range(4)]
    waits = [round((turn - NOW).total_seconds()) for turn in turns if turn]
    assert waits == [10, 10, 20, 20]


def test_who_waits_for_a_relay_is_told_no_moment() -> None:
    allotment = Allotment({"one": Limits(per_day=1)}, DomainRates(0.1), NOW)
    allotment.take("one", "a.test")
    assert allotment.queue(["one"], "a.test") is None
