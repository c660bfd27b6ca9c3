"""A batch from the claim to the recorded answer, ledger included, into a sink in C; and what others take.

CPU milliseconds a message: Courseletter unsigned, with Ed25519 and with RSA-2048, nodemailer's pool, and
smtplib with EmailMessage as people write it. The host's own signature and SHA-256 stand beside them.
"""

import hashlib
import json
import re
import smtplib
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from time import process_time

import dkim
from jinja2 import Environment

from benchmarks import crowd
from benchmarks.mailer import CONNECTIONS, DOMAIN, composer, send_in_child
from benchmarks.smtp import sink
from courseletter.database import Database
from sender.claiming import claim
from sender.dkim import DkimKey
from sender.planning import tick

MESSAGE = 47_000  # octets
OFFERS = ("PIPELINING", "CHUNKING")
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


Cost = dict[str, float]  # {"cpu_ms": milliseconds of CPU a message}


def measure(folder: Path, people: int = 20_000) -> dict[str, dict[str, float] | dict[str, Cost]]:
    """What a message costs: the least that this host can do, then Courseletter and the others, in one run."""
    rsa, ed25519 = DkimKey.generate_rsa("s", DOMAIN), DkimKey.generate_ed25519("s", DOMAIN)
    pem, ed25519_pem = folder / "rsa.pem", folder / "ed25519.pem"
    rsa.save(pem)
    ed25519.save(ed25519_pem)
    sample = _sample(folder)
    with sink(*OFFERS) as port:
        host = _host(rsa, port, people)
        ours = {
            name: _cost(_ours(folder / name, people, key, port))
            for name, key in (("unsigned", None), ("ed25519", ed25519_pem), ("rsa", pem))
        }
        nodemailer = {
            name: _cost(_nodemailer(folder, sample, people // 10, key, port))
            for name, key in (("unsigned", "-"), ("rsa", str(pem)))
        }
        naive = {
            name: _cost(_naive(sample, people // 20, key, port))
            for name, key in (("unsigned", b""), ("rsa", pem.read_bytes()))
        }
    return {"host": host, "courseletter": ours, "nodemailer": nodemailer, "naive": naive}


def _cost(milliseconds: float) -> Cost:
    return {"cpu_ms": milliseconds}


def _host(rsa: DkimKey, port: int, people: int) -> dict[str, float]:
    """What no sender on this machine can do without: the signature, the hash, and octets into a socket."""
    digest, message = hashlib.sha256(b"x").digest(), b"x" * MESSAGE
    return {
        "rsa_sign_ms": _milliseconds(lambda: rsa.sign(digest), 1000),
        "sha256_ms": _milliseconds(lambda: hashlib.sha256(message).digest(), 2000),
        "smtp_source_ms": _smtp_source(port, people),
    }


def _smtp_source(port: int, count: int) -> float:
    """Postfix's smtp-source, in C, which sends one text over and over on connections that stay open."""
    command = ["smtp-source", "-d", "-s", CONNECTIONS, "-m", count, "-l", MESSAGE, f"127.0.0.1:{port}"]
    before = getrusage(RUSAGE_CHILDREN)
    subprocess.run([str(part) for part in command], check=True)
    after = getrusage(RUSAGE_CHILDREN)
    return (after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime) / count * 1e3


def _milliseconds(act: Callable[[], object], times: int) -> float:
    began = process_time()
    for _ in range(times):
        act()
    return (process_time() - began) / times * 1e3


def _ours(folder: Path, people: int, key: Path | None, port: int) -> float:
    """From the claim to the recorded answer, out of a fresh SQLite database."""
    with crowd_of(folder, people) as database:
        spent = send_in_child(database, port, CONNECTIONS, key)
    assert spent.sent == people, spent
    return spent.cpu_ms


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


def _sample(folder: Path) -> Sample:
    with crowd_of(folder / "one", 1) as database:
        claims = claim(database, crowd.NOW, 1)
        writing = composer()
        with database.read() as session:
            writing.learn(session, claims)
        mail = message_from_bytes(writing.compose(claims[0]).message, policy=policy.default)
    html, text = (_marked(mail.get_body((kind,)).get_content()) for kind in ("html", "plain"))
    unsubscribe = _marked(str(mail["List-Unsubscribe"]).strip("<>"))
    return Sample(DOMAIN, str(mail["From"]), str(mail["Subject"]), html, text, unsubscribe)


def _marked(text: str) -> str:
    return re.sub(r"/(learn|unsubscribe)/[\w.-]+", r"/\1/@TOKEN@", text.replace("Reader 0", "@NAME@"))


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
    """Jinja2, EmailMessage and smtplib, as tutorials have it, one connection kept; signed by dkimpy."""
    pages = Environment(autoescape=True)
    html, text = (pages.from_string(_as_template(part)) for part in (sample.html, sample.text))
    began = process_time()
    with smtplib.SMTP("127.0.0.1", port) as relay:
        for number in range(count):
            values = {"name": f"Reader {number % 977}", "token": f"t{number}"}
            mail = _naive_message(sample, number, html.render(values), text.render(values))
            octets = mail.as_bytes()
            if key:
                octets = dkim.sign(octets, b"s", DOMAIN.encode(), key) + octets
            relay.sendmail(f"b+{number}@bounces.{DOMAIN}", [_address(number)], octets)
    return (process_time() - began) / count * 1e3


def _as_template(text: str) -> str:
    return text.replace("@NAME@", "{{ name }}").replace("@TOKEN@", "{{ token }}")


def _naive_message(sample: Sample, number: int, html: str, text: str) -> EmailMessage:
    mail = EmailMessage(policy=policy.SMTP)
    mail["From"], mail["To"], mail["Subject"] = sample.sender, _address(number), sample.subject
    mail["Date"], mail["Message-ID"] = formatdate(), make_msgid(domain=DOMAIN)
    mail["List-Unsubscribe"] = f"<{sample.unsubscribe.replace('@TOKEN@', f't{number}')}>"
    mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    mail.set_content(text)
    mail.add_alternative(html, subtype="html")
    return mail


def _address(number: int) -> str:
    return f"reader{number}@inbox.example.org"
