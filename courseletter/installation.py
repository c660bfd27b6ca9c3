"""One installation, opened: what the command line, the web app and the worker share."""

import ssl
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from campaigns.brands import Brands
from campaigns.reading.fetching import Fetcher
from courseletter.clock import Clock, SystemClock
from courseletter.config import Settings, SmtpSettings
from courseletter.database import Database
from courseletter.errors import ConfigError, CourseletterError
from courseletter.home import created_once
from courseletter.ids import new_id
from sender import relays
from sender.bounces.intake import Intake
from sender.bounces.listener import BounceListener
from sender.bounces.mailboxes import Account, ImapMailbox, Mailbox, Pop3Mailbox
from sender.bounces.naming import Names
from sender.bounces.webhooks.postmark import metadata_field
from sender.dkim import DkimKey
from sender.dns_records import DnsRecord, sender_records
from sender.doctor.finding import Finding
from sender.doctor.lookups import Lookups
from sender.doctor.visit import Sender, examine, write_down
from sender.letterheads import Origin, letterhead
from sender.links import Links
from sender.message import PreparedMail, Stamp, message_id
from sender.outfit import KeyFile, Outfit, Way
from sender.relay import Relay
from sender.relays import RelayReport
from sender.replies import judge
from sender.retrying import Retrying
from sender.run import Mailer
from sender.smtp import SmtpTransport
from sender.throttle import DomainRates, Limits, WarmUp
from sender.transport import Attempt, Envelope, Phase
from subscribers.tokens import Tokens
from templates.brand import Brand
from templates.compiled import CompiledLesson


@dataclass(frozen=True, slots=True)
class Installation:
    settings: Settings
    database: Database
    clock: Clock
    tokens: Tokens
    links: Links
    brands: Brands
    fetcher: Fetcher = field(
        default_factory=Fetcher
    )  # of articles and feeds, from addresses that people name

    def dkim_keys(self) -> Sequence[DkimKey]:
        """The keys that `courseletter init` made. Raises ConfigError where there are none."""
        return [DkimKey.load(*file) for file in self._key_files()]

    def _key_files(self) -> Sequence[KeyFile]:
        sender, folder = self.settings.sender, keys_folder(self.settings.home)
        found = sorted(folder.glob("dkim-*.pem"), reverse=True)  # RSA first
        if not found:
            raise ConfigError(
                f"{folder} holds no DKIM keys, so mail would go unsigned. Restore them from a backup, "
                "or run `courseletter init` for new ones and publish their DNS records."
            )
        return [
            KeyFile(path, f"{sender.dkim_selector}-{path.stem.removeprefix('dkim-')}", sender.domain)
            for path in found
        ]

    def dns_records(self) -> list[DnsRecord]:
        """What the DNS of the sender's domain must say, so that mail providers believe us."""
        sender = self.settings.sender
        return sender_records(
            sender.domain,
            sender.bounce_domain,
            [relay.host for relay in self.settings.routes.values()],
            self.dkim_keys(),
            bounce_host=self._bounce_host(),
            reports_to=f"postmaster@{sender.domain}",
        )

    def intake(self) -> Intake:
        """Where everything goes that comes back."""
        sender, key = self.settings.sender, self.settings.key
        names = Names(key, sender.bounce_domain, sender.domain)
        return Intake(self.database, self.clock, names)

    def bounce_listener(self, intake: Intake) -> BounceListener | None:
        """The mail server of the bounce domain, not yet open; None where the settings want none.

        Raises ConfigError when its certificate cannot be used.
        """
        bounces = self.settings.bounces
        if bounces.listen_port is None:
            return None
        return BounceListener(
            intake,
            bounces.listen_host,
            bounces.listen_port,
            name=self._bounce_host(),
            feedback_address=bounces.feedback_address,
            tls=_certificate(self.settings),
        )

    def bounce_mailbox(self) -> Mailbox | None:
        """The mailbox that bounces are read from; None where the settings name none."""
        settings = self.settings.mailbox
        if settings.host is None or settings.username is None or settings.password is None:
            return None
        account = Account(
            host=settings.host,
            port=settings.port or settings.usual_port,
            security=settings.security,
            username=settings.username,
            password=settings.password.get_secret_value(),
            folder=settings.folder,
        )
        return ImapMailbox(account) if settings.protocol == "imap" else Pop3Mailbox(account)

    def _bounce_host(self) -> str:
        return self.settings.bounces.host_name or f"mail.{self.settings.sender.domain}"

    def outfit(self, processes: int = 1) -> Outfit:
        """What a process needs to send through the relays that the settings name, with its share of their
        connections: what is configured is meant for all `processes` of this machine.
        """
        settings = self.settings
        fields = [
            metadata_field(relay.host, settings.sender.bounce_domain) for relay in settings.routes.values()
        ]
        return Outfit(
            database=settings.database,
            base_url=settings.base_url,
            key=settings.key,
            brand=self.brands.configured,
            origin=self.origin,
            dkim_keys=self._key_files(),
            ways=[
                Way(name, _relay(smtp), smtp.connections // processes, limits_of(smtp))
                for name, smtp in settings.routes.items()
            ],
            domains=self.domain_rates(),
            retrying=self.retrying,
            takes_mail=settings.takes_mail,
            metadata_field=next(filter(None, fields), None),
        )

    def mailer(self) -> Mailer:
        """A sender in this process."""
        return self.outfit().mailer(self.database, self.clock)

    @property
    def origin(self) -> Origin:
        sender = self.settings.sender
        return Origin(sender.from_address, sender.bounce_domain, sender.from_name, sender.reply_to)

    def examine(self, lookups: Lookups) -> Iterator[Finding]:
        """Whether mail providers will believe us, one finding after the other."""
        sender = self.settings.sender
        looked_at = Sender(
            sender.domain,
            sender.bounce_domain,
            self.settings.base_url,
            self.dns_records(),
            self.dkim_keys(),
            {name: _relay(smtp) for name, smtp in self.settings.routes.items()},
        )
        return examine(looked_at, lookups)

    def note(self, findings: Sequence[Finding]) -> str | None:
        """Keep what was found. Returns why sends are held by it from now on, if they are."""
        with self.database.write() as session:
            blocks = self.settings.sender.doctor == "block"
            return write_down(session, findings, self.clock.now(), blocks=blocks)

    @property
    def retrying(self) -> Retrying:
        sender = self.settings.sender
        return Retrying(sender.unknown, timedelta(hours=sender.deadline_hours))

    def domain_rates(self) -> DomainRates:
        own = dict(self.settings.domains)
        return DomainRates(own.pop("default", None), own)

    def relay_reports(self) -> list[RelayReport]:
        """Each relay that the settings name, as all nodes know it."""
        limits = {name: limits_of(smtp) for name, smtp in self.settings.routes.items()}
        with self.database.read() as session:
            return relays.report(session, limits, self.domain_rates(), self.clock.now())

    def send_test(
        self,
        compiled: CompiledLesson,
        context: dict[str, Any],
        brand: Brand,
        language: str,
        to: str,
        name: str = "",
    ) -> str:
        """Send a sampled lesson (sender.sampling) to one address, now; returns its Message-ID.

        It goes through a relay that real mail would take. Raises CourseletterError with what the relay said
        and where to look, or where all are paused.
        """
        through = relays.for_one_mail(self.relay_reports())
        if through is None:
            raise CourseletterError(
                "No relay is in use: all are paused. Let one go on with `courseletter relay resume "
                f"{next(iter(self.settings.routes))}`."
            )
        smtp = self.settings.routes[through]
        origin, now = self.origin, self.clock.now()
        mail = PreparedMail(compiled, letterhead(brand, origin, language=language), self.dkim_keys())
        identifier = message_id(self.settings.key, new_id("test"), origin.domain)
        transport = SmtpTransport(_relay(smtp))
        attempt = transport.deliver(
            Envelope(origin.from_address, to, mail.needs_smtputf8),
            mail.write(context, Stamp(name, to, identifier, date=now, signed_at=now)),
            lambda: True,
        )
        transport.close()
        if not attempt.accepted:
            section = f"relays.{through}" if self.settings.relays else through
            raise CourseletterError(
                f"{smtp.host} did not take the test ({attempt.phase}): {judge(attempt).reason}. "
                + _advice(smtp, section, attempt)
            )
        return identifier


def open_installation(settings: Settings, clock: Clock | None = None) -> Installation:
    """Open the database that the settings name; nothing is created or changed."""
    tokens = Tokens(settings.key)
    brand = Brand(**settings.brand.model_dump())
    return Installation(
        settings=settings,
        database=Database(settings.database),
        clock=clock or SystemClock(),
        tokens=tokens,
        links=Links(settings.base_url, tokens),
        brands=Brands(brand, settings.base_url),
    )


def keys_folder(home: Path) -> Path:
    return home / "keys"


def create_keys(settings: Settings) -> bool:
    """Make the DKIM keys that are missing: RSA for everybody, Ed25519 (RFC 8463) for those who know it.

    Returns whether any was.
    """
    folder = keys_folder(settings.home)
    sender = settings.sender
    made = False
    for name, generate in (("rsa", DkimKey.generate_rsa), ("ed25519", DkimKey.generate_ed25519)):
        path = folder / f"dkim-{name}.pem"
        if not path.exists():
            key = generate(f"{sender.dkim_selector}-{name}", sender.domain)
            with created_once(path) as temporary:
                key.save(temporary)
            made = True
    return made


def still_to_set(settings: Settings, address: str) -> list[str]:
    """What a reader elsewhere would miss: each setting that is as it came, and what to write.

    `address` is the brand's postal one.
    """
    missing = []
    if not address:
        missing.append("`address` under [brand], your postal address: the law wants it in every mail.")
    if is_this_machine(settings.sender.domain):
        missing.append(
            "`from_address` under [sender], the address your mail is sent from: "
            "`courseletter init` then writes its DNS records."
        )
    if any(relay.host == SmtpSettings().host for relay in settings.routes.values()):
        missing.append("`host` under [smtp], the server that takes your mail, if it is not this machine.")
    if is_this_machine(urlsplit(settings.base_url).hostname or ""):
        missing.append("`base_url`, where readers reach this server: only this machine finds it now.")
    return missing


def is_this_machine(host: str) -> bool:
    return host in ("localhost", "localhost.localdomain", "127.0.0.1", "::1")


def _certificate(settings: Settings) -> ssl.SSLContext | None:
    """What the bounce listener proves its name with; None: it offers no TLS."""
    bounces, home = settings.bounces, settings.home
    if bounces.certificate is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    path = home / bounces.certificate
    key = home / bounces.certificate_key if bounces.certificate_key else None
    try:
        context.load_cert_chain(path, key, password="")  # an encrypted key: else OpenSSL asks the terminal
    except OSError as error:  # ssl.SSLError is one
        raise ConfigError(
            f"bounces.certificate: {path} cannot be used: {error}. Give a PEM file with the certificate, its "
            "chain and its unencrypted key, or name the key's file in bounces.certificate_key."
        ) from None
    return context


def limits_of(smtp: SmtpSettings) -> Limits:
    warm_up = WarmUp(smtp.warm_up, smtp.warm_up_growth) if smtp.warm_up else None
    return Limits(smtp.weight, smtp.per_second, smtp.per_day, warm_up)


def _advice(smtp: SmtpSettings, section: str, attempt: Attempt) -> str:
    if attempt.phase is Phase.CONNECT and attempt.reply is None and smtp.security == "starttls":
        return (
            f"Check the host and the port under [{section}] in courseletter.toml; if port {smtp.port} speaks "
            'TLS from the start, as 465 does, set security = "tls".'
        )
    return f"Check [{section}] in courseletter.toml."


def _relay(smtp: SmtpSettings) -> Relay:
    secret = smtp.oauth_token
    # No lambda, which could not be told to another process.
    token = partial(str, secret.get_secret_value()) if secret else None
    return Relay(
        host=smtp.host,
        port=smtp.port,
        security=smtp.security,
        username=smtp.username,
        password=smtp.password.get_secret_value() if smtp.password else None,
        token=token,
    )
