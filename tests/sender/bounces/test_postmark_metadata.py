"""Postmark changes return path and Message-ID: what it is told besides, and what its webhook gives back."""

from collections.abc import Callable
from pathlib import Path

import dkim
import provider_calls as calls
import pytest
from samples import READER
from school import KEY, ORIGIN, School

from courseletter.config import SenderSettings, Settings, SmtpSettings
from courseletter.errors import CourseletterError
from courseletter.installation import create_keys, open_installation
from sender.bounces.intake import Intake
from sender.bounces.naming import Names
from sender.bounces.recording import Effect
from sender.bounces.webhooks.postmark import metadata_field, read_postmark
from sender.dkim import DkimKey
from sender.return_path import return_path


def test_postmark_is_given_our_return_path_and_gives_it_back(
    school: School, rsa_key: DkimKey, dns: Callable[..., bytes]
) -> None:
    school.metadata_field = metadata_field("smtp-broadcasts.postmarkapp.com", ORIGIN.bounce_domain)
    school.dkim_keys = [rsa_key]
    school.mailer = school.new_mailer()
    school.enrol()
    school.work()
    (sent,), (delivery,) = school.memory.delivered, school.deliveries()
    name, _, value = sent.message.partition(b"\r\n")[0].decode().partition(": ")
    assert name.startswith("X-PM-Metadata-")
    assert value == sent.envelope.return_path
    taken_off = sent.message.partition(b"\r\n")[2]
    assert dkim.verify(taken_off, dnsfunc=dns)
    event = calls.postmark_bounce(
        "HardBounce", "", READER, Metadata={name.removeprefix("X-PM-Metadata-"): value}
    )
    intake = Intake(school.database, school.clock, Names(KEY, ORIGIN.bounce_domain, ORIGIN.domain))
    assert intake.take_all(read_postmark(calls.basic(event), calls.SHARED_SECRET)) == {Effect.SUPPRESSED: 1}
    assert school.enrolment(delivery.enrolment_id or 0).state == "left"


def test_no_other_relay_is_given_it_and_postmark_none_that_it_would_cut() -> None:
    longest = f"{'b' * 22}.example.org"
    assert metadata_field("smtp.example.org", longest) is None
    assert metadata_field("SMTP.postmarkapp.com.", longest) is not None
    assert len(return_path(KEY, 2**31 - 1, longest)) == 80
    with pytest.raises(CourseletterError, match=r"Set sender\.bounce_domain to one of 34 characters at most"):
        metadata_field("smtp.postmarkapp.com", f"b{longest}")


def test_an_installation_asks_for_its_own_relay(tmp_path: Path) -> None:
    smtp = SmtpSettings(host="smtp.postmarkapp.com")
    sender = SenderSettings(from_address=f"notes@{'letters' * 5}.example.org")
    settings = Settings(home=tmp_path, secret_key=KEY.decode(), smtp=smtp, sender=sender)
    create_keys(settings)
    with pytest.raises(CourseletterError, match=r"sender\.bounce_domain"):
        open_installation(settings).mailer()
