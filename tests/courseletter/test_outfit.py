"""What an installation tells the processes that send."""

import pickle
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from courseletter.config import SenderSettings, Settings, SmtpSettings
from courseletter.installation import create_keys, open_installation
from sender.outfit import Outfit
from sender.retrying import Retrying
from sender.throttle import DomainRates, Limits, WarmUp

TOO_MUCH = ("pydantic", "markdown_it", "mjml", "fastapi", "courseletter.config", "courseletter.installation")


@pytest.fixture
def outfit(tmp_path: Path) -> Outfit:
    settings = Settings(
        home=tmp_path,
        secret_key="k" * 32,  # type: ignore[arg-type]
        sender=SenderSettings(from_address="notes@letters.example.org", deadline_hours=24, unknown="hold"),
        relays={
            "first": SmtpSettings(
                host="smtp.example.net", connections=20, username="robin", oauth_token="hush-hush",
                per_second=5, per_day=1000, warm_up=50,
            ),
            "second": SmtpSettings(host="smtp.example.com", connections=9),
        },
        domains={"inbox.example.org": 2.5},
    )  # type: ignore[arg-type]  # fmt: skip
    create_keys(settings)
    return open_installation(settings).outfit(processes=4)


def test_it_reaches_another_process_as_it_is(outfit: Outfit) -> None:
    told: Outfit = pickle.loads(pickle.dumps(outfit))
    first, second = told.ways
    assert (first.name, first.relay.host, first.connections) == ("first", "smtp.example.net", 5)
    assert (second.name, second.connections) == ("second", 2)
    assert first.limits == Limits(1, 5, 1000, WarmUp(50, 1.5))
    assert first.relay.token is not None
    assert first.relay.token() == "hush-hush"
    assert told.retrying == Retrying("hold", timedelta(hours=24))
    assert told.domains == DomainRates(None, {"inbox.example.org": 2.5})
    assert told.origin.bounce_domain == "bounces.letters.example.org"
    assert [key.selector for key in told.dkim_keys] == ["courseletter-rsa", "courseletter-ed25519"]


def test_it_says_nothing_in_a_log(outfit: Outfit) -> None:
    assert "hush-hush" not in repr(outfit)
    assert outfit.key.decode() not in repr(outfit)
    assert outfit.database not in repr(outfit)


def test_a_sending_process_imports_nothing_of_what_configures_and_compiles() -> None:
    """It would hold 20 MB more: docs/decisions/0023-what-a-sending-process-holds.md."""
    found = f"print(*[name for name in {TOO_MUCH} if name in sys.modules])"
    program = [sys.executable, "-c", f"import sys, courseletter.sending; {found}"]
    assert subprocess.run(program, check=True, capture_output=True, text=True).stdout == "\n"
