"""Which clicks a scanner made, case by case; and that a person's never become one by being left alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sender.scanners import AT_ONCE, MANY, TOO_SOON, Hit, mark_of, scanned

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0"
HOUR = 3600


@pytest.mark.parametrize(
    ("agent", "purpose", "address", "mark"),
    [
        (FIREFOX, "", "192.0.2.7", ""),
        (FIREFOX, "", "testclient", ""),
        (FIREFOX, "prefetch;prerender", "192.0.2.7", "prefetch"),
        (FIREFOX, "preview", "192.0.2.7", "prefetch"),
        ("", "", "192.0.2.7", "agent"),
        ("python-requests/2.32", "", "192.0.2.7", "agent"),
        (f"{FIREFOX} BarracudaCentral", "", "192.0.2.7", "agent"),
        ("Mozilla/5.0 HeadlessChrome/140.0", "", "192.0.2.7", "agent"),
        (FIREFOX, "", "64.235.150.3", "network"),
        (FIREFOX, "", "2001:db8::7", ""),
    ],
)
def test_what_a_request_tells_by_itself(agent: str, purpose: str, address: str, mark: str) -> None:
    assert mark_of("GET", agent, purpose, address) == mark


def test_a_head_is_no_persons_whoever_says_they_are() -> None:
    assert mark_of("HEAD", FIREFOX, "", "192.0.2.7") == "head"
    assert scanned([Hit(HOUR, 1, "head"), Hit(HOUR + 60, 1, "")]) == [True, False]


@pytest.mark.parametrize(
    ("hits", "verdicts"),
    [
        ([], []),
        ([Hit(HOUR, 1, "")], [False]),
        ([Hit(HOUR, 1, "agent")], [True]),
        ([Hit(TOO_SOON - 1, 1, "")], [True]),
        ([Hit(TOO_SOON, 1, "")], [False]),
        # A person who comes back, or opens two links side by side.
        ([Hit(HOUR, 1, ""), Hit(HOUR + 2, 1, ""), Hit(HOUR + 4, 1, "")], [False] * 3),
        ([Hit(HOUR, 1, ""), Hit(HOUR + 2, 2, "")], [False] * 2),
        # All links at once, whatever came before and after.
        ([Hit(90, 1, ""), Hit(90, 2, ""), Hit(92, 3, ""), Hit(HOUR, 2, "")], [True, True, True, False]),
        ([Hit(90, 1, ""), Hit(90 + AT_ONCE, 2, ""), Hit(90 + AT_ONCE, 3, "")], [True] * 3),
        ([Hit(90, 1, ""), Hit(91 + AT_ONCE, 2, ""), Hit(92 + AT_ONCE, 3, "")], [False] * 3),
    ],
)
def test_what_shows_beside_the_other_clicks(hits: list[Hit], verdicts: list[bool]) -> None:
    assert scanned(hits) == verdicts


@given(st.lists(st.builds(Hit, st.integers(0, 100), st.integers(1, 4), st.sampled_from(["", "agent"]))))
def test_it_holds_click_by_click_whatever_the_order(hits: list[Hit]) -> None:
    """Against the rule in its own words: some ten seconds around the click saw many links."""

    def hasty(hit: Hit) -> bool:
        spans = ([o for o in hits if start.seconds <= o.seconds <= start.seconds + AT_ONCE] for start in hits)
        return any(hit in span and len({one.link for one in span}) >= MANY for span in spans)

    expected = [bool(hit.mark) or hit.seconds < TOO_SOON or hasty(hit) for hit in hits]
    assert scanned(hits) == expected
    assert scanned(hits[::-1]) == expected[::-1]
