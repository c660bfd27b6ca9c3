"""The product's schedule beside the reference model of the specification, in random worlds, step by step."""

import random
from typing import Any

import pytest
from calendars import THOROUGH
from worlds import MODEL, STEPS, World, load_model

from campaigns.standing import future

pytestmark = pytest.mark.skipif(not MODEL.exists(), reason="the reference model is not beside the project")

WORLDS = 300 * THOROUGH


@pytest.fixture(scope="module")
def model() -> Any:
    return load_model()


@pytest.mark.parametrize("block", range(10))
def test_every_moment_is_the_models(model: Any, block: int) -> None:
    """Worlds by number, not by chance of the day: what passes once passes always."""
    for number in range(block, WORLDS, 10):
        world = World(model, random.Random(number))
        world.check()
        for _ in range(STEPS):
            world.step()
        shown = future(world.timetable, world.profile, world.standing, world.now)
        assert shown == world.model.future(world.course(), world.who(), world.enrolment, world.now)
