"""The prepared HMAC is the standard library's."""

import hmac

from hypothesis import given
from hypothesis import strategies as st

from courseletter.keyed_hash import keyed_hash


@given(key=st.binary(max_size=200), message=st.binary(max_size=300))
def test_it_is_hmac_sha_256(key: bytes, message: bytes) -> None:
    for _ in range(2):  # the prepared key is used again
        assert keyed_hash(key, message) == hmac.digest(key, message, "sha256")
