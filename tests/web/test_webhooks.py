"""Providers' calls over HTTP: who is listened to, what is answered, and that only genuine ones count."""

from dataclasses import replace
from datetime import timedelta

import httpx2
import provider_calls as calls
import pytest
from reading_room import World
from starlette.testclient import TestClient

from campaigns.reading.fetching import Fetcher
from courseletter.config import WebhooksSettings
from courseletter.web.app import create_app
from courseletter.web.webhooks import MOST_OCTETS, Desk
from sender.bounces.models import Bounce
from sender.bounces.webhooks.call import Call
from sender.message import message_id
from sender.models import Delivery, Event
from sender.return_path import return_path
from subscribers.models import Membership, Quota, Suppression

DOMAIN = "letters.example.org"
BOUNCES = f"bounces.{DOMAIN}"
ANA = "ana.pereira@example.org"


@pytest.fixture
def listening(world: World) -> World:
    """All five providers are listened to; Ana's confirmation has been sent."""
    return _listening(world)


@pytest.fixture
def here_listening(here: World) -> World:
    return _listening(here)


def _listening(world: World) -> World:
    webhooks = WebhooksSettings(
        ses_topic=calls.TOPIC,
        mailgun_secret=calls.MAILGUN_SECRET,
        postmark_secret=calls.SHARED_SECRET,
        brevo_secret=calls.SHARED_SECRET,
        sendgrid_public_key=calls.sendgrid_public_key(),
    )
    settings = world.installation.settings.model_copy(update={"webhooks": webhooks})
    installation = replace(world.installation, settings=settings)
    app = create_app(installation)
    app.state.desk = Desk.of(installation, _amazon(world))
    made = World(installation, world.clock, app)
    made.sign_up()
    made.deliver()
    return made


def _amazon(world: World) -> Fetcher:
    def answer(request: httpx2.Request) -> httpx2.Response:
        certificate = calls.certificate(world.clock.now())
        return httpx2.Response(200, stream=httpx2.ByteStream(certificate))

    return Fetcher(lambda host, port: ["93.184.216.34"], httpx2.MockTransport(answer))


def sent(world: World) -> tuple[str, str]:
    """The return path and the Message-ID of Ana's confirmation."""
    (delivery,) = world.all(Delivery)
    key = world.installation.settings.key
    return return_path(key, delivery.id, BOUNCES), message_id(key, delivery.id, DOMAIN)


def complaint(provider: str, world: World) -> Call:
    """Ana complains, in the words of a provider."""
    source, given = sent(world)
    match provider:
        case "ses":
            return calls.sns(calls.ses("Complaint", source, ANA))
        case "mailgun":
            return calls.mailgun(calls.mailgun_event("complained", given, ANA), world.clock.now())
        case "postmark":
            bounce = calls.postmark_bounce("SpamComplaint", source, ANA, RecordType="SpamComplaint")
            return calls.basic(bounce)
        case "sendgrid":
            return calls.sendgrid([calls.sendgrid_event("spamreport", given, ANA)])
        case _:
            return calls.bearer(calls.brevo_event("spam", given, ANA))


def forged(provider: str, world: World) -> Call:
    """The same, signed with a key that is not the provider's."""
    source, given = sent(world)
    match provider:
        case "ses":
            return calls.sns(calls.ses("Complaint", source, ANA), number=1)
        case "mailgun":
            event = calls.mailgun_event("complained", given, ANA)
            return calls.mailgun(event, world.clock.now(), secret="another key of theirs")
        case "postmark":
            bounce = calls.postmark_bounce("SpamComplaint", source, ANA, RecordType="SpamComplaint")
            return calls.basic(bounce, secret="another secret")
        case "sendgrid":
            return calls.sendgrid([calls.sendgrid_event("spamreport", given, ANA)], number=1)
        case _:
            return calls.bearer(calls.brevo_event("spam", given, ANA), secret="another secret")


def post(world: World, provider: str, call: Call) -> int:
    answer = provider_of(world).post(f"/webhooks/{provider}", content=call.body, headers=dict(call.headers))
    assert "set-cookie" not in answer.headers
    return answer.status_code


def provider_of(world: World) -> TestClient:
    return world.browser()


PROVIDERS = ["ses", "mailgun", "postmark", "sendgrid", "brevo"]


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_genuine_call_is_carried_out_and_a_second_time_changes_nothing(
    listening: World, provider: str
) -> None:
    call = complaint(provider, listening)
    assert post(listening, provider, call) == 200
    assert [(one.email, one.reason) for one in listening.all(Suppression)] == [(ANA, "complained")]
    assert [one.status for one in listening.all(Membership)] == ["complained"]
    events = len(listening.all(Event))
    assert post(listening, provider, call) == 200
    assert len(listening.all(Suppression)) == len(listening.all(Bounce)) == 1
    assert len(listening.all(Event)) == events


@pytest.mark.parametrize("provider", PROVIDERS)
def test_r11_a_forged_call_is_refused_and_leaves_no_trace(listening: World, provider: str) -> None:
    before = len(listening.all(Event)), len(listening.all(Quota))
    assert post(listening, provider, forged(provider, listening)) == 401
    assert listening.all(Bounce) == listening.all(Suppression) == []
    assert (len(listening.all(Event)), len(listening.all(Quota))) == before
    assert [one.status for one in listening.all(Membership)] == ["pending"]


@pytest.mark.parametrize("provider", PROVIDERS)
def test_r11_a_genuine_call_about_nobody_of_ours_does_nothing(here_listening: World, provider: str) -> None:
    """A provider's other customers, or its mistakes: the address alone is never believed."""
    call = complaint(provider, here_listening)
    source, given = sent(here_listening)
    key = b"l" * 32
    other = return_path(key, 1, BOUNCES), message_id(key, 1, DOMAIN)
    match provider:
        case "ses":
            call = calls.sns(calls.ses("Complaint", other[0], ANA))
        case "mailgun":
            event = calls.mailgun_event("complained", other[1], ANA)
            call = calls.mailgun(event, here_listening.clock.now())
        case "sendgrid":
            call = calls.sendgrid([calls.sendgrid_event("spamreport", other[1], ANA)])
        case _:
            body = call.body.replace(source.encode(), other[0].encode())
            call = Call(call.headers, body.replace(given.encode(), other[1].encode()))
    assert post(here_listening, provider, call) == 200
    assert here_listening.all(Suppression) == []


def test_r11_a_mailgun_signature_is_good_for_one_event(listening: World) -> None:
    """Its signature does not cover the event: who has seen one could write another event below it."""
    _, given = sent(listening)
    now = listening.clock.now()
    harmless = calls.mailgun(calls.mailgun_event("unsubscribed", given, ANA), now)
    altered = calls.mailgun(calls.mailgun_event("complained", given, ANA), now)
    assert post(listening, "mailgun", harmless) == 200
    assert [one.status for one in listening.all(Membership)] == ["unsubscribed"]
    listening.clock.move_to(now + timedelta(minutes=10))
    assert post(listening, "mailgun", altered) == 200
    assert listening.all(Suppression) == []


@pytest.mark.parametrize("provider", [*PROVIDERS, "other", "..", "ses/", ""])
def test_a_provider_without_a_key_is_not_listened_to(here: World, provider: str) -> None:
    assert here.browser().post(f"/webhooks/{provider}", content=b"{}").status_code in (404, 405)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_call_that_is_too_long_is_refused_before_it_is_read(here_listening: World, provider: str) -> None:
    body = b" " * (MOST_OCTETS + 1)
    assert here_listening.browser().post(f"/webhooks/{provider}", content=body).status_code == 413


def test_r03_a_get_changes_nothing(here_listening: World) -> None:
    for provider in PROVIDERS:
        assert here_listening.browser().get(f"/webhooks/{provider}").status_code == 404


def test_a_genuine_call_that_is_nonsense_is_malformed(here_listening: World) -> None:
    assert post(here_listening, "brevo", Call(calls.bearer({}).headers, b"{")) == 400
    assert post(here_listening, "sendgrid", calls.sendgrid({"event": "bounce"})) == 400


def test_sns_that_cannot_be_asked_is_told_to_come_again(here_listening: World) -> None:
    def down(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("no route")

    fetcher = Fetcher(lambda host, port: ["93.184.216.34"], httpx2.MockTransport(down))
    here_listening.app.state.desk = Desk.of(here_listening.installation, fetcher)
    assert post(here_listening, "ses", complaint("ses", here_listening)) == 503
    assert here_listening.all(Suppression) == []
