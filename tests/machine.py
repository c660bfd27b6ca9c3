"""What tests need of the machine beyond Python, and what is said where it is not there."""

import os
from typing import NoReturn

import pytest

IN_CI = os.environ.get("CI") == "true"


def missing(what: str, how: str) -> NoReturn:
    """A part of the machine is not there: a failure in CI, a skip with advice on a person's machine."""
    if IN_CI:
        pytest.fail(f"{what} is missing. {how}")
    pytest.skip(f"{what} is missing. {how}")
