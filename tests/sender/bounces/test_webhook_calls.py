"""What each provider's call is read as: genuine ones to reports, forged ones to nothing."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import provider_calls as calls
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from samples import MESSAGE_ID, ORIGINAL, READER, RETURN_PATH

from campaigns.reading.fetching import Fetcher
from sender.bounces.report import Kind, Report
from sender.bounces.webhooks.brevo import read_brevo
from sender.bounces.webhooks.call import Call, Forged, Malformed, Unavailable
from sender.bounces.webhooks.mailgun import FRESH, read_mailgun
from sender.bounces.webhooks.postmark import read_postmark
from sender.bounces.webhooks.sendgrid import read_sendgrid
from sender.bounces.webhooks.ses import read_ses
from sender.bounces.webhooks.sns import Sns, is_of_sns

NOW = datetime(2026, 3, 11, 14, 42, tzinfo=UTC)
PUBLIC = "93.184.216.34"


class Amazon:
    """SNS's own hosts, as the fetcher meets them: `pages` by path, and what was asked for."""

    def __init__(self, pages: dict[str, httpx2.Response] | None = None) -> None:
        self.asked: list[str] = []
        self._pages = pages or {}

    def sns(self) -> Sns:
        fetcher = Fetcher(lambda host, port: [PUBLIC], httpx2.MockTransport(self._answer))
        return Sns(calls.TOPIC, fetcher)

    def _answer(self, request: httpx2.Request) -> httpx2.Response:
        self.asked.append(f"https://{request.headers['host']}{request.url.raw_path.decode()}")
        found = self._pages.get(request.url.path)
        return found or page(calls.certificate(NOW))


def page(content: bytes, status: int = 200, **headers: str) -> httpx2.Response:
    return httpx2.Response(status, headers=headers, stream=httpx2.ByteStream(content))


def told(call: Call, amazon: Amazon | None = None) -> list[Report]:
    return read_ses(call, (amazon or Amazon()).sns())


SES = [
    ("Bounce", {}, Kind.HARD),
    ("Bounce", {"bounceSubType": "NoEmail"}, Kind.HARD),
    ("Bounce", {"bounceSubType": "OnAccountSuppressionList", "recipient": {"diagnosticCode": ""}}, Kind.HARD),
    ("Bounce", {"recipient": {"status": "", "diagnosticCode": ""}}, Kind.HARD),
    ("Bounce", {"recipient": {"status": "5.7.1", "diagnosticCode": "554 5.7.1 blocked"}}, Kind.REFUSED),
    (
        "Bounce",
        {"bounceType": "Transient", "bounceSubType": "MailboxFull", "recipient": {"status": "5.2.2"}},
        Kind.SOFT,
    ),
    ("Bounce", {"bounceType": "Transient", "bounceSubType": "ContentRejected"}, Kind.REFUSED),
    (
        "Bounce",
        {"bounceType": "Transient", "recipient": {"status": "", "diagnosticCode": ""}},
        Kind.NOTICE,
    ),
    (
        "Bounce",
        {
            "bounceType": "Transient",
            "recipient": {"status": "4.4.7", "diagnosticCode": "smtp; 554 4.4.7 Message expired"},
        },
        Kind.SOFT,
    ),
    ("Bounce", {"bounceType": "Undetermined", "recipient": {"status": "", "diagnosticCode": ""}}, Kind.SOFT),
    ("Complaint", {}, Kind.COMPLAINT),
    ("Complaint", {"complaintFeedbackType": None}, Kind.COMPLAINT),
    ("Complaint", {"complaintFeedbackType": "not-spam"}, Kind.NOTICE),
]


@pytest.mark.parametrize(("kind", "details", "meaning"), SES)
@pytest.mark.parametrize("version", ["1", "2"])
def test_ses_signed_by_sns(kind: str, details: dict[str, Any], meaning: Kind, version: str) -> None:
    event = calls.ses(kind, RETURN_PATH, READER, **json.loads(json.dumps(details)))
    (report,) = told(calls.sns(event, version=version))
    assert report.kind is meaning
    assert report.address == READER
    assert RETURN_PATH in report.names


def test_ses_events_of_a_configuration_set_and_with_a_subject() -> None:
    event = calls.ses("Complaint", RETURN_PATH, READER)
    event["eventType"] = event.pop("notificationType")
    (report,) = told(calls.sns(event, Subject="Amazon SES Email Event Notification"))
    assert report.kind is Kind.COMPLAINT


@pytest.mark.parametrize("kind", ["Delivery", "Send", "Open", "DeliveryDelay", "Subscription", ""])
def test_ses_tells_much_that_is_none_of_ours(kind: str) -> None:
    assert told(calls.sns(calls.ses(kind, RETURN_PATH, READER))) == []


def test_the_certificate_is_fetched_once() -> None:
    amazon = Amazon()
    sns = amazon.sns()
    for _ in range(3):
        read_ses(calls.sns(calls.ses("Bounce", RETURN_PATH, READER)), sns)
    assert amazon.asked == [calls.CERTIFICATE_URL]


BOUNCE = calls.ses("Bounce", RETURN_PATH, READER)


def _altered(call: Call, **fields: str) -> Call:
    return Call(call.headers, json.dumps(json.loads(call.body) | fields).encode())


FORGED_SNS: dict[str, Callable[[], Call]] = {
    "another key": lambda: calls.sns(BOUNCE, number=1),
    "another topic": lambda: calls.sns(BOUNCE, TopicArn=calls.TOPIC + "x"),
    "another message": lambda: _altered(calls.sns(BOUNCE), Message="{}"),
    "another time": lambda: _altered(calls.sns(BOUNCE), Timestamp="2027-01-01T00:00:00.000Z"),
    "a subject added": lambda: _altered(calls.sns(BOUNCE), Subject="x"),
    "another version": lambda: _altered(calls.sns(BOUNCE, version="1"), SignatureVersion="2"),
    "an unknown version": lambda: _altered(calls.sns(BOUNCE), SignatureVersion="3"),
    "no signature": lambda: _altered(calls.sns(BOUNCE), Signature=""),
    "no base64": lambda: _altered(calls.sns(BOUNCE), Signature="!"),
    "an unknown type": lambda: calls.sns(BOUNCE, Type="Else"),
    "raw delivery": lambda: Call({}, json.dumps(BOUNCE).encode()),
    "no object": lambda: Call({}, b"[]"),
}


@pytest.mark.parametrize("make", FORGED_SNS.values(), ids=FORGED_SNS)
def test_r11_what_sns_did_not_sign_is_forged(make: Callable[[], Call]) -> None:
    with pytest.raises(Forged, match=r"signature|topic"):
        told(make())


FOREIGN_ADDRESSES = [
    "http://sns.eu-west-1.amazonaws.com/x.pem",
    "https://sns.eu-west-1.amazonaws.com.evil.example/x.pem",
    "https://evil.example/sns.eu-west-1.amazonaws.com/x.pem",
    "https://sns.eu-west-1.amazonaws.com@evil.example/x.pem",
    "https://evil.example#sns.eu-west-1.amazonaws.com",
    "https://sns.eu-west-1.amazonaws.com:8443/x.pem",
    "https://s3.eu-west-1.amazonaws.com/sns/x.pem",
    "https://mysns.eu-west-1.amazonaws.com/x.pem",
    "https://sns.amazonaws.com.eu-west-1/x.pem",
    "https://sns.eu-west-1.amazonaws.com\n.evil.example/x.pem",
    "https://169.254.169.254/x.pem",
    "https://[::1",
    "file:///etc/passwd",
    "",
]


@pytest.mark.parametrize("url", FOREIGN_ADDRESSES)
def test_r39_no_certificate_is_fetched_from_elsewhere(url: str) -> None:
    amazon = Amazon()
    assert not is_of_sns(url)
    with pytest.raises(Forged, match="not one of SNS"):
        told(calls.sns(BOUNCE, SigningCertURL=url), amazon)
    assert amazon.asked == []


@pytest.mark.parametrize("region", ["eu-west-1", "us-gov-west-1", "ap-southeast-2"])
def test_sns_has_hosts_in_many_regions(region: str) -> None:
    assert is_of_sns(f"https://sns.{region}.amazonaws.com/x.pem")
    assert is_of_sns("https://sns.cn-north-1.amazonaws.com.cn/x.pem")


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (page(b"", 302, location="https://evil.example/x.pem"), Forged),
        (page(b"no certificate"), Forged),
        (page(b"", 404), Unavailable),
        (page(b"", 503), Unavailable),
        (page(b"x" * 20_000_000), Unavailable),
    ],
    ids=["led elsewhere", "none", "not there", "down", "huge"],
)
def test_a_certificate_that_cannot_be_had_proves_nothing(
    answer: httpx2.Response, error: type[Exception]
) -> None:
    path = calls.CERTIFICATE_URL.removeprefix("https://sns.eu-west-1.amazonaws.com")
    with pytest.raises(error):
        told(calls.sns(BOUNCE), Amazon({path: answer}))


SUBSCRIBE = "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn=x&Token=2336412f37"


def _confirmation(url: str = SUBSCRIBE, **fields: str) -> Call:
    fields = {"Type": "SubscriptionConfirmation", "Token": "2336412f37", "SubscribeURL": url, **fields}
    return calls.sns("You have chosen to subscribe to the topic.", **fields)


def test_a_subscription_to_our_topic_is_confirmed() -> None:
    amazon = Amazon({"/": page(b"<ConfirmSubscriptionResponse/>")})
    assert told(_confirmation(), amazon) == []
    assert amazon.asked == [calls.CERTIFICATE_URL, SUBSCRIBE]


@pytest.mark.parametrize(
    "call",
    [
        _confirmation("https://evil.example/"),
        _confirmation("http://169.254.169.254/latest/meta-data/"),
        _confirmation(TopicArn="arn:aws:sns:eu-west-1:999999999999:theirs"),
        _altered(_confirmation(), SubscribeURL=SUBSCRIBE + "x"),
        _altered(_confirmation(), Token="other"),
    ],
    ids=["elsewhere", "inside", "another topic", "address altered", "token altered"],
)
def test_r39_no_other_subscription_is(call: Call) -> None:
    amazon = Amazon()
    with pytest.raises(Forged):
        told(call, amazon)
    assert SUBSCRIBE not in amazon.asked
    assert all("evil" not in one and "169" not in one for one in amazon.asked)


def test_an_end_of_the_subscription_is_no_report() -> None:
    amazon = Amazon()
    assert told(_confirmation(Type="UnsubscribeConfirmation"), amazon) == []
    assert SUBSCRIBE not in amazon.asked


MAILGUN = [
    (
        "failed",
        {
            "severity": "permanent",
            "reason": "bounce",
            "delivery-status": {"code": 550, "message": "5.1.1 user unknown"},
        },
        Kind.HARD,
    ),
    (
        "failed",
        {
            "severity": "permanent",
            "delivery-status": {"code": 550, "enhanced-code": "5.7.1", "message": "blocked"},
        },
        Kind.REFUSED,
    ),
    (
        "failed",
        {"severity": "permanent", "reason": "old", "delivery-status": {"code": 602, "message": "Too old"}},
        Kind.SOFT,
    ),
    ("failed", {"severity": "permanent", "reason": "suppress-bounce"}, Kind.HARD),
    ("failed", {"severity": "permanent", "reason": "suppress-complaint"}, Kind.COMPLAINT),
    ("failed", {"severity": "permanent", "reason": "suppress-unsubscribe"}, Kind.UNSUBSCRIBE),
    ("failed", {"severity": "temporary", "delivery-status": {"code": 452, "message": "full"}}, Kind.NOTICE),
    ("complained", {}, Kind.COMPLAINT),
    ("unsubscribed", {}, Kind.UNSUBSCRIBE),
    ("delivered", {}, Kind.NOTICE),
    ("opened", {}, Kind.NOTICE),
]


@pytest.mark.parametrize(("name", "details", "meaning"), MAILGUN)
def test_mailgun(name: str, details: dict[str, Any], meaning: Kind) -> None:
    event = calls.mailgun_event(name, MESSAGE_ID, READER, **details)
    (report,) = read_mailgun(calls.mailgun(event, NOW), calls.MAILGUN_SECRET, NOW)
    assert (report.kind, report.address) == (meaning, READER)
    assert MESSAGE_ID in report.names
    assert report.once is not None


def test_mailgun_keeps_our_return_path() -> None:
    event = calls.mailgun_event("complained", "", READER, envelope={"sender": RETURN_PATH})
    (report,) = read_mailgun(calls.mailgun(event, NOW), calls.MAILGUN_SECRET, NOW)
    assert RETURN_PATH in report.names


COMPLAINED = calls.mailgun_event("complained", MESSAGE_ID, READER)


@pytest.mark.parametrize(
    "call",
    [
        calls.mailgun(COMPLAINED, NOW, secret="another"),
        calls.mailgun(COMPLAINED, NOW - FRESH - timedelta(seconds=1)),
        calls.mailgun(COMPLAINED, NOW + FRESH + timedelta(seconds=1)),
        Call({}, json.dumps({"event-data": COMPLAINED}).encode()),
        Call({}, json.dumps({"signature": "x", "event-data": COMPLAINED}).encode()),
        Call({}, json.dumps({"signature": {"signature": "é"}, "event-data": COMPLAINED}).encode()),
    ],
    ids=["another key", "stale", "early", "unsigned", "no object", "no hex"],
)
def test_r11_mailgun_forged(call: Call) -> None:
    with pytest.raises(Forged):
        read_mailgun(call, calls.MAILGUN_SECRET, NOW)


SENDGRID = [
    ("bounce", {"type": "bounce", "status": "5.1.1", "reason": "550 5.1.1 no such user"}, Kind.HARD),
    ("bounce", {"status": "5.0.0", "reason": "x", "bounce_classification": "Invalid Address"}, Kind.HARD),
    ("bounce", {"type": "blocked", "status": "5.7.1", "reason": "554 blocked by spamhaus"}, Kind.REFUSED),
    ("bounce", {"type": "bounce", "status": "5.2.2", "reason": "552 5.2.2 over quota"}, Kind.SOFT),
    ("dropped", {"reason": "Bounced Address"}, Kind.HARD),
    ("dropped", {"reason": "Spam Reporting Address"}, Kind.COMPLAINT),
    ("dropped", {"reason": "Unsubscribed Address"}, Kind.UNSUBSCRIBE),
    ("dropped", {"reason": "Spam Content (if Spam Checker app is enabled)"}, Kind.REFUSED),
    ("spamreport", {}, Kind.COMPLAINT),
    ("unsubscribe", {}, Kind.UNSUBSCRIBE),
    ("group_unsubscribe", {"asm_group_id": 10}, Kind.UNSUBSCRIBE),
    ("deferred", {"response": "400 try again later", "attempt": "5"}, Kind.NOTICE),
    ("delivered", {"response": "250 OK"}, Kind.NOTICE),
    ("open", {}, Kind.NOTICE),
]


def test_sendgrid_many_events_in_one_call() -> None:
    events = [calls.sendgrid_event(name, MESSAGE_ID, READER, **details) for name, details, _ in SENDGRID]
    reports = read_sendgrid(calls.sendgrid(events), calls.sendgrid_public_key())
    assert [one.kind for one in reports] == [meaning for _, _, meaning in SENDGRID]
    assert {(one.names, one.address) for one in reports} == {((MESSAGE_ID,), READER)}


def _without(call: Call, name: str) -> Call:
    return Call({key: value for key, value in call.headers.items() if not key.endswith(name)}, call.body)


SPAM = calls.sendgrid([calls.sendgrid_event("spamreport", MESSAGE_ID, READER)])


@pytest.mark.parametrize(
    "call",
    [
        calls.sendgrid([calls.sendgrid_event("spamreport", MESSAGE_ID, READER)], number=1),
        Call(SPAM.headers, SPAM.body + b" "),
        _without(SPAM, "signature"),
        _without(SPAM, "timestamp"),
        Call({**SPAM.headers, "x-twilio-email-event-webhook-timestamp": "1773240121"}, SPAM.body),
        Call({**SPAM.headers, "x-twilio-email-event-webhook-signature": "MEUCIQ=="}, SPAM.body),
    ],
    ids=["another key", "another body", "unsigned", "no time", "another time", "cut"],
)
def test_r11_sendgrid_forged(call: Call) -> None:
    with pytest.raises(Forged):
        read_sendgrid(call, calls.sendgrid_public_key())


def test_sendgrid_signed_nonsense_is_malformed() -> None:
    for nonsense in ("x", {"event": "bounce"}):
        with pytest.raises(Malformed):
            read_sendgrid(calls.sendgrid(nonsense), calls.sendgrid_public_key())


POSTMARK = [
    (calls.postmark_bounce("HardBounce", RETURN_PATH, READER), Kind.HARD),
    (calls.postmark_bounce("SoftBounce", RETURN_PATH, READER, Details="552 5.2.2 mailbox full"), Kind.SOFT),
    (calls.postmark_bounce("SoftBounce", RETURN_PATH, READER, Details="554 5.7.1 blocked"), Kind.REFUSED),
    (calls.postmark_bounce("Blocked", RETURN_PATH, READER), Kind.REFUSED),
    (calls.postmark_bounce("Transient", RETURN_PATH, READER), Kind.NOTICE),
    (calls.postmark_bounce("AutoResponder", RETURN_PATH, READER), Kind.NOTICE),
    (calls.postmark_bounce("ChallengeVerification", RETURN_PATH, READER), Kind.NOTICE),
    (calls.postmark_bounce("Unsubscribe", RETURN_PATH, READER), Kind.UNSUBSCRIBE),
    (calls.postmark_bounce("SpamComplaint", RETURN_PATH, READER, RecordType="SpamComplaint"), Kind.COMPLAINT),
    (
        {
            "RecordType": "SubscriptionChange",
            "Recipient": READER,
            "SuppressSending": True,
            "SuppressionReason": "ManualSuppression",
            "Metadata": {"return-path": RETURN_PATH},
        },
        Kind.UNSUBSCRIBE,
    ),
    (
        {
            "RecordType": "SubscriptionChange",
            "Recipient": READER,
            "SuppressSending": False,
            "SuppressionReason": None,
            "Metadata": {"return-path": RETURN_PATH},
        },
        Kind.NOTICE,
    ),
    ({"RecordType": "Delivery", "Recipient": READER, "Metadata": {"return-path": RETURN_PATH}}, Kind.NOTICE),
]


@pytest.mark.parametrize(("event", "meaning"), POSTMARK)
def test_postmark(event: dict[str, Any], meaning: Kind) -> None:
    for call in (calls.basic(event), calls.bearer(event)):
        (report,) = read_postmark(call, calls.SHARED_SECRET)
        assert (report.kind, report.address) == (meaning, READER)
        assert RETURN_PATH in report.names


def test_postmark_gives_the_mail_back_where_it_is_told_to() -> None:
    event = calls.postmark_bounce("HardBounce", "", READER, Metadata={}, Content=ORIGINAL)
    (report,) = read_postmark(calls.basic(event), calls.SHARED_SECRET)
    assert RETURN_PATH in report.names
    assert MESSAGE_ID in report.names


BREVO = [
    ("hard_bounce", "550 5.1.1 user unknown", Kind.HARD),
    ("invalid_email", "", Kind.HARD),
    ("soft_bounce", "552 5.2.2 mailbox full", Kind.SOFT),
    ("soft_bounce", "451 4.7.650 rate limited due to reputation", Kind.REFUSED),
    ("blocked", "blocked", Kind.REFUSED),
    ("spam", "", Kind.COMPLAINT),
    ("unsubscribed", "", Kind.UNSUBSCRIBE),
    ("deferred", "try later", Kind.NOTICE),
    ("delivered", "sent", Kind.NOTICE),
    ("request", "sent", Kind.NOTICE),
]


@pytest.mark.parametrize(("name", "reason", "meaning"), BREVO)
def test_brevo(name: str, reason: str, meaning: Kind) -> None:
    event = calls.brevo_event(name, MESSAGE_ID, READER, reason=reason)
    for call in (calls.bearer(event), calls.bearer([event])):
        (report,) = read_brevo(call, calls.SHARED_SECRET)
        assert (report.kind, report.names, report.address) == (meaning, (MESSAGE_ID,), READER)


@pytest.mark.parametrize("read", [read_postmark, read_brevo])
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": ""},
        {"authorization": calls.SHARED_SECRET},
        {"authorization": "Bearer"},
        {"authorization": f"Bearer {calls.SHARED_SECRET}x"},
        {"authorization": f"Digest {calls.SHARED_SECRET}"},
        {"authorization": "Basic !!"},
        {"authorization": "Basic w6k6"},
        {"authorization": "Basic //8="},
        dict(calls.basic({}, secret="another secret here").headers),
    ],
)
def test_r11_a_call_without_the_secret_is_forged(
    read: Callable[[Call, str], Any], headers: dict[str, str]
) -> None:
    body = json.dumps(calls.brevo_event("spam", MESSAGE_ID, READER)).encode()
    with pytest.raises(Forged):
        read(Call(headers, body), calls.SHARED_SECRET)


HOSTILE_JSON = [
    b"",
    b"\xff",
    b"{",
    b"[" * 100_000,
    b'{"a":' * 100_000,
    b"1" * 10_000,
    b"null",
    b"NaN",
    b'"text"',
    b"[[]]",
    b'[null, 1, "x", {"event": {"a": 1}}, {"event": ["spam"]}]',
    b'{"event": "spam", "email": "\\ud800@x", "message-id": ["a"], "reason": {"b": 2}}',
    b'{"RecordType": "Bounce", "Type": [], "Metadata": "x", "Details": 1e999, "Email": true}',
]


@pytest.mark.parametrize("body", HOSTILE_JSON, ids=range(len(HOSTILE_JSON)))
def test_hostile_bodies_with_the_right_secret_are_read_or_malformed(body: bytes) -> None:
    headers = calls.bearer({}).headers
    for read in (read_postmark, read_brevo):
        try:
            reports = read(Call(headers, body), calls.SHARED_SECRET)
        except Malformed:
            continue
        for one in reports:
            assert one.kind in Kind
            (one.text + one.address + "".join(one.names)).encode()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "event",
                    "mail",
                    "bounce",
                    "complaint",
                    "notificationType",
                    "headers",
                    "source",
                    "email",
                    "name",
                    "value",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(JSON)
def test_any_value_that_is_signed_is_read(value: Any) -> None:
    amazon = Amazon()
    sns = amazon.sns()
    read_ses(calls.sns(json.dumps(value)), sns)
    read_mailgun(calls.mailgun(value, NOW), calls.MAILGUN_SECRET, NOW)
    read_sendgrid(calls.sendgrid([value]), calls.sendgrid_public_key())
    read_brevo(calls.bearer(value), calls.SHARED_SECRET)
    read_postmark(calls.basic(value), calls.SHARED_SECRET)
