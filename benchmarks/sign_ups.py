"""A wave of sign-ups through a real server: `python -m benchmarks.sign_ups [PEOPLE]`.

10,000 people if you say nothing. A process of its own opens the form and sends it: twenty at once, each
from a network of their own, every third one twice. Meanwhile their confirmations go to a real SMTP server.
Tells how many a minute, and fails if anybody is lost or mailed twice.
"""

import asyncio
import re
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from time import perf_counter, process_time, sleep
from urllib.parse import urlencode

import uvicorn
from sqlalchemy import func, select

from benchmarks.crowd import BRAND, NOW, gather
from benchmarks.mailer import KEY, mailer
from benchmarks.smtp import sink
from campaigns.models import Course
from courseletter.clock import MovableClock
from courseletter.config import BrandSettings, Settings
from courseletter.database import Database
from courseletter.installation import Installation, open_installation
from courseletter.web.app import create_app
from sender.models import Delivery, State
from subscribers.models import Membership, MemberStatus

AT_ONCE = 20
BETWEEN = 0.1  # seconds that the sender rests
TWICE = 3  # one in so many presses the button twice
TOKEN = re.compile(rb'name="shown" value="([^"]+)"')


def measure(folder: Path, people: int, address: str = "") -> dict[str, float]:
    brand = BrandSettings(name=BRAND.name, address=BRAND.address)
    settings = Settings(home=folder, database_url=address, secret_key=KEY.decode(), brand=brand)
    installation = open_installation(settings, MovableClock(NOW))
    database = installation.database
    database.upgrade()
    course_id = gather(database, 1)
    with database.read() as session:
        slug = session.get_one(Course, course_id).slug
    wall, cpu = perf_counter(), process_time()
    with (
        serving(installation) as port,
        sink("PIPELINING") as smtp,
        ProcessPoolExecutor(1, mp_context=get_context("spawn")) as elsewhere,
    ):
        sender, signing_up = mailer(database, smtp), elsewhere.submit(crowd, port, slug, people)
        while sender.work() or not signing_up.done():
            sleep(BETWEEN)
        sender.close()
        answers = signing_up.result()
    seconds, worked = perf_counter() - wall, process_time() - cpu
    asked = people + len(range(0, people, TWICE))
    assert answers == {200: asked}, f"answers: {answers}"
    _check(database, people)
    database.close()
    return {
        "sign-ups": asked,
        "a minute, on this clock": round(60 * asked / seconds),
        "a minute, of the processor": round(60 * asked / worked),
    }


@contextmanager
def serving(installation: Installation) -> Iterator[int]:
    """The public pages on a port of this machine, as `courseletter serve` has them."""
    app = create_app(installation, least_form_age=timedelta(0))
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning", server_header=False))
    running = Thread(target=server.run, daemon=True)
    running.start()
    while not server.started:
        sleep(0.01)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    running.join()


def _check(database: Database, people: int) -> None:
    """Everybody is asked, and got one mail."""
    with database.read() as session:
        pending = select(func.count()).where(Membership.status == MemberStatus.PENDING)
        mails = (
            select(func.count())
            .where(Delivery.kind == "confirmation", Delivery.state == State.ACCEPTED)
            .group_by(Delivery.subscriber_id)
        )
        assert session.scalar(pending) == people, f"{session.scalar(pending)} are asked"
        assert Counter(session.scalars(mails)) == {1: people}


def crowd(port: int, slug: str, people: int) -> Counter[int]:
    """The statuses of the answers that so many people get."""
    return asyncio.run(_all(port, slug, people))


async def _all(port: int, slug: str, people: int) -> Counter[int]:
    answers: Counter[int] = Counter()
    numbers = iter(range(people))

    async def one_after_the_other() -> None:
        for number in numbers:
            answers.update(await _sign_up(port, slug, number))

    await asyncio.gather(*(one_after_the_other() for _ in range(AT_ONCE)))
    return answers


async def _sign_up(port: int, slug: str, number: int) -> list[int]:
    """Open the form and send it, from a network of one's own (all of 127.0.0.0/8 is this machine)."""
    home = f"127.{1 + number // 250 % 250}.{number % 250}.7"
    page = await _asked(port, home, f"GET /c/{slug}")
    token = TOKEN.findall(page)[0].decode()
    form = {"shown": token, "email": f"visitor{number}@inbox.example.org", "first_name": "Robin"}
    form |= {"when": "", "zone": "Europe/London", "homepage": ""}
    times = 2 if number % TWICE == 0 else 1
    found = [await _asked(port, home, f"POST /c/{slug}", urlencode(form).encode()) for _ in range(times)]
    return [int(one.split(None, 2)[1]) for one in found]


async def _asked(port: int, home: str, line: str, body: bytes = b"") -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(home, 0))
    head = f"{line} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Length: {len(body)}\r\n"
    writer.write(f"{head}Content-Type: application/x-www-form-urlencoded\r\n\r\n".encode() + body)
    answer = await reader.read()
    writer.close()
    return answer


def main(people: int = 10_000) -> None:
    with TemporaryDirectory() as folder:
        for name, number in measure(Path(folder), people).items():
            print(f"{name:30}{number:10,}")


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
