"""A batch from the claim to the recorded answer, ledger included, into a sink in C; and what others take.

CPU milliseconds a message: Courseletter unsigned, with Ed25519 and with RSA-2048, nodemailer's pool, and
smtplib with EmailMessage as people write it. The host's own signature and SHA-256 stand beside them.
"""

import hashlib
import json
import re
import smtplib
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from functools import partial
from pathlib import Path
from time import process_time

import dkim

from benchmarks import crowd
from benchmarks.smtp import sink
from courseletter.clock import MovableClock
from courseletter.config import SenderSettings
from courseletter.database import Database
from sender.claiming import claim
from sender.dkim import DkimKey
from sender.letters import Composer
from sender.links import Links
from sender.planning import tick
from sender.pool import SmtpPool
from sender.relay import Relay
from sender.run import Mailer
from subscribers.tokens import Tokens

CONNECTIONS = 50
OFFERS = ("PIPELINING", "CHUNKING")
DOMAIN = "letters.example.org"
KEY = b"k" * 32
PEERS = Path(__file__).with_name("peers")


@dataclass(frozen=True)
class Sample:
    """The lesson as the others are given it: one reader's mail, with marks where values differ."""

    domain: str
    sender: str
    subject: str
    html: str
    text: str
    unsubscribe: str


def measure(folder: Path, people: int = 20_000) -> dict[str, dict[str, float]]:
    """CPU milliseconds a message, everybody's in one run."""
    rsa, ed25519 = DkimKey.generate_rsa("s", DOMAIN), DkimKey.generate_ed25519("s", DOMAIN)
    pem = folder / "rsa.pem"
    rsa.save(pem)
    sample = _sample(folder)
    with sink(*OFFERS) as port:
        ours = {
            name: _ours(folder / name, people, keys, port)
            for name, keys in (("unsigned", ()), ("ed25519", (ed25519,)), ("rsa", (rsa,)))
        }
        nodemailer = {
            name: _nodemailer(folder, sample, people // 10, key, port)
            for name, key in (("unsigned", "-"), ("rsa", str(pem)))
        }
        naive = {
            name: _naive(sample, people // 20, key, port)
            for name, key in (("unsigned", b""), ("rsa", pem.read_bytes()))
        }
    return {"host": _host(rsa), "courseletter": ours, "nodemailer": nodemailer, "naive": naive}


def _host(rsa: DkimKey) -> dict[str, float]:
    """What no sender on this machine can do without."""
    digest, message = hashlib.sha256(b"x").digest(), b"x" * 47_000
    sign = _milliseconds(lambda: rsa.sign(digest), 500)
    return {"rsa_sign_ms": sign, "sha256_ms": _milliseconds(lambda: hashlib.sha256(message).digest(), 2000)}


def _milliseconds(act: Callable[[], object], times: int) -> float:
    began = process_time()
    for _ in range(times):
        act()
    return (process_time() - began) / times * 1e3


def _ours(folder: Path, people: int, keys: Sequence[DkimKey], port: int) -> float:
    """From the claim to the recorded answer, out of a fresh SQLite database."""
    with crowd_of(folder, people) as database:
        open_pool = partial(SmtpPool, Relay("127.0.0.1", port, "none"), CONNECTIONS)
        mailer = Mailer(database, _composer(keys), open_pool, MovableClock(crowd.NOW), KEY)
        began = process_time()
        sent = mailer.work()
        spent = process_time() - began
        mailer.close()
    assert sent == {"accepted": people}, sent
    return spent / people * 1e3


@contextmanager
def crowd_of(folder: Path, people: int) -> Iterator[Database]:
    """A database in which a lesson is ready for each of so many people."""
    folder.mkdir()
    database = Database(f"sqlite:///{folder / 'crowd.db'}")
    database.upgrade()
    crowd.gather(database, people)
    tick(database, crowd.NOW)
    yield database
    database.close()


def _composer(keys: Sequence[DkimKey] = ()) -> Composer:
    links = Links(f"https://{DOMAIN}", Tokens(KEY))
    return Composer(crowd.BRAND, SenderSettings(from_address=f"notes@{DOMAIN}"), links, KEY, keys)


def _sample(folder: Path) -> Sample:
    with crowd_of(folder / "one", 1) as database:
        claims = claim(database, crowd.NOW, 1)
        composer = _composer()
        with database.read() as session:
            composer.learn(session, claims)
        mail = message_from_bytes(composer.compose(claims[0]).message, policy=policy.default)
    html, text = (_marked(mail.get_body((kind,)).get_content()) for kind in ("html", "plain"))
    unsubscribe = _marked(str(mail["List-Unsubscribe"]).strip("<>"))
    return Sample(DOMAIN, str(mail["From"]), str(mail["Subject"]), html, text, unsubscribe)


def _marked(text: str) -> str:
    return re.sub(r"/(learn|unsubscribe)/[\w.-]+", r"/\1/@TOKEN@", text.replace("Reader 0", "@NAME@"))


def _filled(text: str, number: int) -> str:
    return text.replace("@NAME@", f"Reader {number % 977}").replace("@TOKEN@", f"t{number}")


def _nodemailer(folder: Path, sample: Sample, count: int, key: str, port: int) -> float:
    (folder / "mail.json").write_text(json.dumps({**asdict(sample), "from": sample.sender}), "utf-8")
    script = [
        "node",
        "nodemailer.mjs",
        str(port),
        str(count),
        str(CONNECTIONS),
        str(folder / "mail.json"),
        key,
    ]
    return float(subprocess.run(script, cwd=PEERS, capture_output=True, text=True, check=True).stdout)


def _naive(sample: Sample, count: int, key: bytes, port: int) -> float:
    """smtplib and EmailMessage, as tutorials have it, one connection kept; signed by dkimpy."""
    began = process_time()
    with smtplib.SMTP("127.0.0.1", port) as relay:
        for number in range(count):
            relay.sendmail(
                f"b+{number}@bounces.{DOMAIN}", [_address(number)], _naive_message(sample, number, key)
            )
    return (process_time() - began) / count * 1e3


def _naive_message(sample: Sample, number: int, key: bytes) -> bytes:
    mail = EmailMessage(policy=policy.SMTP)
    mail["From"], mail["To"], mail["Subject"] = sample.sender, _address(number), sample.subject
    mail["Date"], mail["Message-ID"] = formatdate(), make_msgid(domain=DOMAIN)
    mail["List-Unsubscribe"] = f"<{_filled(sample.unsubscribe, number)}>"
    mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    mail.set_content(_filled(sample.text, number))
    mail.add_alternative(_filled(sample.html, number), subtype="html")
    octets = mail.as_bytes()
    return dkim.sign(octets, b"s", DOMAIN.encode(), key) + octets if key else octets


def _address(number: int) -> str:
    return f"reader{number}@inbox.example.org"
