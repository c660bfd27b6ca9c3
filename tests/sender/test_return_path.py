"""The signed return path: ours is recognised, a forged one is not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sender.return_path import delivery_of, return_path
from sender.transport import Envelope

KEY = b"k" * 32
DOMAIN = "bounces.example.org"


@given(st.integers(1, 2**63 - 1))
def test_r11_round_trip_and_fit_for_an_envelope(delivery_id: int) -> None:
    address = return_path(KEY, delivery_id, DOMAIN)
    assert delivery_of(KEY, address, DOMAIN) == delivery_id
    assert delivery_of(KEY, f"<{address.upper()}>", DOMAIN) == delivery_id
    assert len(address.partition("@")[0]) <= 64
    assert Envelope(address, address).return_path == address


GENUINE = return_path(KEY, 7, DOMAIN)


@pytest.mark.parametrize(
    "forged",
    [
        "",
        "<>",
        "b+7@bounces.example.org",
        "b+7-@bounces.example.org",
        "b+7-" + "a" * 32 + "@bounces.example.org",
        GENUINE.replace("b+7-", "b+8-"),
        GENUINE.replace("b+7-", "b+07-"),
        GENUINE.replace("@bounces", "@other"),
        "x" + GENUINE,
        GENUINE[:6] + ("a" if GENUINE[6] != "a" else "b") + GENUINE[7:],
        return_path(b"l" * 32, 7, DOMAIN),
        GENUINE + "\r\n",
        "b+ü-" + "a" * 32 + "@bounces.example.org",
    ],
)
def test_r11_forged_return_paths_name_no_delivery(forged: str) -> None:
    assert delivery_of(KEY, forged, DOMAIN) is None
