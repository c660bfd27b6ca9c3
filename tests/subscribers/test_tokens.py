"""Tokens in links: what was ever given out is read for ever, and nothing else is."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from itsdangerous import URLSafeSerializer

from courseletter.errors import NotFound
from subscribers.tokens import Purpose, Tokens

KEY = b"a secret for tests, 32 bytes long"
TOKENS = Tokens(KEY)
IDS = st.lists(st.integers(0, 2**63 - 1), min_size=1, max_size=3)


def given_out(purpose: Purpose, ids: list[int]) -> str:
    """A token as itsdangerous itself writes it, and as the first mails carried it."""
    serializer = URLSafeSerializer(
        KEY, salt=f"courseletter.{purpose}", signer_kwargs={"digest_method": hashlib.sha256}
    )
    return str(serializer.dumps(ids))


@given(purpose=st.sampled_from(Purpose), ids=IDS)
def test_r17_tokens_of_the_first_mails_are_read(purpose: Purpose, ids: list[int]) -> None:
    assert TOKENS.read(purpose, given_out(purpose, ids)) == tuple(ids)
    assert TOKENS.read(purpose, TOKENS.make(purpose, *ids)) == tuple(ids)


def test_r17_a_token_of_the_first_version() -> None:
    token = "WzcsMTIzNDU2XQ.ecUO939sXsgzdayPepstes8Q4PSemo4B7SQO-ceFOWY"
    assert TOKENS.make(Purpose.UNSUBSCRIBE, 7, 123456) == given_out(Purpose.UNSUBSCRIBE, [7, 123456]) == token


@given(purpose=st.sampled_from(Purpose), ids=IDS, data=st.data())
def test_r34_a_changed_or_foreign_token_opens_nothing(
    purpose: Purpose, ids: list[int], data: st.DataObject
) -> None:
    token = TOKENS.make(purpose, *ids)
    at = data.draw(st.integers(0, len(token) - 2))  # the last character holds padding bits
    other = data.draw(st.sampled_from([letter for letter in "AZaz09-_." if letter != token[at]]))
    for wrong in (token[:at] + other + token[at + 1 :], token[:at], token + "x", ""):
        with pytest.raises(NotFound):
            TOKENS.read(purpose, wrong)
    for another in set(Purpose) - {purpose}:
        with pytest.raises(NotFound):
            TOKENS.read(another, token)
    with pytest.raises(NotFound):
        Tokens(KEY + b"!").read(purpose, token)
