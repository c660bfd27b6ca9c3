"""The demo: one article's whole story on this machine: real pages, real SMTP, a calendar in time-lapse.

Nothing is faked but the passing of days: the subscriber signs up and confirms through the pages, the sender
talks SMTP to a local mailbox, and unsubscribing is the one-click POST a mail program would make.
"""

import re
import secrets
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from importlib.resources import as_file, files
from pathlib import Path
from typing import Self

import httpx2
import uvicorn
from pydantic import SecretStr
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource
from sqlalchemy import select

from campaigns import drafting, publishing
from campaigns.article import Article
from campaigns.cadence import Cadence
from campaigns.models import Lesson
from campaigns.reading import Fetcher, read
from campaigns.splitting import split
from courseletter.clock import MovableClock
from courseletter.config import BrandSettings, SenderSettings, Settings, SmtpSettings
from courseletter.engine import InProcess
from courseletter.errors import CourseletterError
from courseletter.installation import Installation, create_keys, open_installation
from courseletter.role import role_of
from courseletter.web.app import create_app
from courseletter.worker import Worker
from sender.mailbox import LocalMailbox
from sender.models import Delivery, State
from sender.planning import next_moment
from sender.stored_mail import StoredMail
from subscribers import form_tokens

READER = "reader@inbox.example.org"
READER_NAME = "Ada"
ZONE = "Europe/Lisbon"
DOMAIN = "letters.example.org"
POSTAL_ADDRESS = "1 Example Street, 1000-001 Lisbon, Portugal"
CADENCE = Cadence(start=8 * 60)  # every day is a slot, a week apart, at 8:00
QUIET_AFTER_LEAVING = timedelta(days=60)  # how far the calendar runs on to show that nothing comes

_WEB_PORTS = range(8000, 8020)
_SHOWN = re.compile(f'name="({form_tokens.TOKEN})" value="([^"]+)"')
_CONFIRM_LINK = re.compile(r"https?://\S+/confirm/[^\s>)\"]+")


def read_article(source: str | None) -> Article:
    """Read the article; None: the example that comes along."""
    with as_file(files("courseletter") / "examples" / "sleep.md") as example:
        return read(source or str(example))


def beginning(article: Article, now: datetime) -> datetime:
    """When the calendar must begin to be over by `now`: verifiers reject what is signed in the future."""
    return now - len(split(article)) * timedelta(days=CADENCE.gap)


class DemoSettings(Settings):
    """Settings that neither a file nor the environment has a say in: a real database stays untouched."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the signature is the library's
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings,)


@dataclass(frozen=True, slots=True)
class Story:
    """What happened, for the summary."""

    course: str
    lessons: int
    mails: list[StoredMail]
    unsubscribed_after: int | None


class Demo:
    """The parts, started together and stopped together. Use it as a context manager."""

    def __init__(
        self, home: Path, mailbox_folder: Path, now: datetime, fetcher: Fetcher | None = None
    ) -> None:
        self._home = home
        self._fetcher = fetcher or Fetcher()
        self.clock = MovableClock(now)
        self.mailbox = LocalMailbox(mailbox_folder)
        self.playing = False
        self._running = ExitStack()
        self._course = ""
        self.slug = ""
        self.lessons = 0  # without the welcome

    def __enter__(self) -> Self:
        with ExitStack() as starting:
            starting.enter_context(self.mailbox)
            listener = starting.enter_context(_listener())
            self.port = listener.getsockname()[1]
            self.installation = self._install()
            starting.callback(self.installation.database.close)
            engine = InProcess(self.installation.mailer())
            self._worker = Worker(self.installation, engine, role_of(self.installation.database))
            starting.callback(self._worker.stop)
            app = create_app(
                self.installation, mailbox=self.mailbox, calendar=self, least_form_age=timedelta(0)
            )
            starting.enter_context(_served(app, listener))
            self._running = starting.pop_all()
        return self

    def __exit__(self, *exc: object) -> None:
        self._running.close()

    def create_course(self, article: Article) -> None:
        """Make the article a course and publish it."""
        lessons = split(article)
        with self.installation.database.write() as session:
            now = self.clock.now()
            row = drafting.add_article(session, article, now)
            course = drafting.create_course(session, row, lessons, cadence=CADENCE, zone=ZONE, now=now)
            publishing.publish(session, course, self.installation.brands.configured, now)
            self._course, self.slug = course.title, course.slug
            self.lessons = sum(lesson.kind == "lesson" for lesson in lessons)

    def sign_up(self) -> None:
        """Fill in the sign-up form, wait for the mail, open its link and press its button."""
        with httpx2.Client(timeout=10) as browser:
            address = self.installation.links.sign_up(self.slug)
            form = {"email": READER, "first_name": READER_NAME, "zone": ZONE, "when": ""}
            form |= _SHOWN.findall(browser.get(address).raise_for_status().text)
            browser.post(address, data=form).raise_for_status()
            self._worker.tick()
            confirmation = self.mailbox.messages()[-1]
            link = _CONFIRM_LINK.search(confirmation.text)
            if link is None:
                raise CourseletterError("The confirmation mail has no link to press. Please report this.")
            browser.get(link[0]).raise_for_status()
            browser.post(link[0]).raise_for_status()
        self._worker.tick()

    def play(self, arrived: Callable[[StoredMail], None], unsubscribe_after: int | None = None) -> Story:
        """Move the calendar from one due moment to the next until the course is over.

        `arrived` hears of each mail. After lesson `unsubscribe_after` the one-click address is posted to, and
        the calendar runs on to show that nothing more comes. Raises CourseletterError where lessons stay out.
        """
        last = self.lessons if unsubscribe_after is None else unsubscribe_after
        seen = 0
        self.playing = True
        while True:
            for mail in self.mailbox.messages()[seen:]:
                arrived(mail)
                seen += 1
            if unsubscribe_after is not None and self._lessons_arrived() == unsubscribe_after:
                _press_one_click(self.mailbox.messages()[-1])
                self.move_to(self.clock.now() + QUIET_AFTER_LEAVING)
                break
            moment = self.next_moment()
            if moment is None:
                break
            self.move_to(moment)
        self.playing = False
        for mail in self.mailbox.messages()[seen:]:
            arrived(mail)
        self._check_arrived(last)
        return Story(self._course, self.lessons, self.mailbox.messages(), unsubscribe_after)

    def keep_running(self) -> None:
        """Let the scheduler tick on, so that what is pressed in the mails comes true."""
        self._worker.start(seconds=1)

    def write_dns(self, path: Path) -> None:
        """List the DNS records that this sender needs, one `name TYPE value` a line."""
        records = self.installation.dns_records()
        path.write_text("".join(f"{record}\n" for record in records), encoding="utf-8")

    # What the mailbox page asks of the calendar.

    def now(self) -> datetime:
        return self.clock.now()

    def next_moment(self) -> datetime | None:
        with self.installation.database.read() as session:
            return next_moment(session)

    def move_to(self, moment: datetime) -> None:
        """Let the time between pass, one due moment after the other, and send what was due."""
        while (due := self.next_moment()) is not None and self.clock.now() < due <= moment:
            self._live_at(due)
        self._live_at(moment)

    def _live_at(self, moment: datetime) -> None:
        self.clock.move_to(moment)
        self._worker.digest()
        self._worker.tick()

    def _install(self) -> Installation:
        settings = DemoSettings(
            home=self._home,
            secret_key=SecretStr(secrets.token_urlsafe(32)),
            base_url=f"http://127.0.0.1:{self.port}",
            timezone=ZONE,
            brand=BrandSettings(name="Courseletter demo", address=POSTAL_ADDRESS),
            sender=SenderSettings(from_address=f"courses@{DOMAIN}"),
            smtp=SmtpSettings(host=self.mailbox.host, port=self.mailbox.port, security="none"),
        )
        create_keys(settings)
        installation = replace(open_installation(settings, self.clock), fetcher=self._fetcher)
        installation.database.upgrade()
        return installation

    def _lessons_arrived(self) -> int:
        """How many lessons have come, the welcome not counted: it and the confirmation came before."""
        return sum(mail.unsubscribe_url is not None for mail in self.mailbox.messages()) - 1

    def _check_arrived(self, wanted: int) -> None:
        arrived = max(self._lessons_arrived(), 0)
        if arrived == wanted:
            return
        failed = select(Lesson.title, Delivery.reply).join_from(
            Delivery, Lesson, Lesson.id == Delivery.lesson_id
        )
        with self.installation.database.read() as session:
            found = session.execute(failed.where(Delivery.state != State.ACCEPTED).limit(1)).first()
        why = f"“{found[0]}”: {found[1].rstrip('.')}" if found else "The others were never sent"
        raise CourseletterError(
            f"{arrived} of {wanted} lessons arrived. {why}. Change the article, and play it again."
        )


def _press_one_click(mail: StoredMail) -> None:
    """What a mail program does on "unsubscribe" (RFC 8058)."""
    if mail.unsubscribe_url is None:
        raise CourseletterError("The last mail has no one-click address. Please report this.")
    body = {"List-Unsubscribe": "One-Click"}
    httpx2.post(mail.unsubscribe_url, data=body, timeout=10).raise_for_status()


@contextmanager
def _listener() -> Iterator[socket.socket]:
    """A socket on the first free of the usual ports, else on any."""
    for port in (*_WEB_PORTS, 0):
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            listener.bind(("127.0.0.1", port))
        except OSError:
            listener.close()
            continue
        with listener:
            yield listener
        return
    raise CourseletterError("No port of 127.0.0.1 can be listened on. Is the loopback interface up?")


@contextmanager
def _served(app: object, listener: socket.socket) -> Iterator[None]:
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", server_header=False))  # type: ignore[arg-type]
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="web", daemon=True)
    listener.listen()  # a request that comes before the server waits in the queue
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join()
