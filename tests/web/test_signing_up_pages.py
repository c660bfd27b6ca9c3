"""The sign-up and confirm pages: what they store, what they answer, what they never tell."""

import hashlib
import re
from datetime import timedelta
from html import unescape

import pytest
from reading_room import World

from sender.models import Delivery
from subscribers.models import ConsentEntry, Membership, Subscriber, Suppression, SuppressionReason
from subscribers.suppression import suppress


def test_smoke(here: World) -> None:
    client = here.browser()
    print(client.get("/c/quiet-nights").text)
