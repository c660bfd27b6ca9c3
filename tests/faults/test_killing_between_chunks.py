"""`kill -9` while an issue's deliveries are written: nobody is left out, nobody is written to twice."""

import signal
import subprocess
import sys
from collections import Counter

from newsroom import Newsroom
from school import School
from sqlalchemy import insert, select

from courseletter.database import Database
from sender.models import Delivery
from sender.newsletters.writing import send_due
from subscribers.models import Membership, MemberStatus, Subscriber

PEOPLE, CHUNK = 3_000, 100
# Says after each transaction how far it is, so that it can be killed in the middle of any.
WRITER = """
import sys
from collections import Counter
from datetime import datetime
import sender.newsletters.writing as writing
from courseletter.database import Database

writing.CHUNK = int(sys.argv[3])
database, done = Database(sys.argv[1]), Counter()
while writing.step(database, sys.argv[2], datetime.fromisoformat(sys.argv[4]), None, done):
    print(done["queued"], flush=True)
"""


def crowd(newsroom: Newsroom) -> None:
    ids = range(1, PEOPLE + 1)
    with newsroom.database.write() as session:
        address = "reader{}@inbox.example.org".format
        session.execute(
            insert(Subscriber),
            [
                {"id": n, "email": address(n), "address_key": address(n), "created_at": newsroom.now}
                for n in ids
            ],
        )
        confirmed = {
            "list_id": newsroom.list_id,
            "status": MemberStatus.CONFIRMED,
            "changed_at": newsroom.now,
        }
        session.execute(insert(Membership), [{**confirmed, "subscriber_id": n} for n in ids])


def test_r20_a_kill_between_chunks_loses_nobody_and_doubles_nobody(
    database: Database, school: School
) -> None:
    newsroom = Newsroom(school)
    crowd(newsroom)
    issue = newsroom.draft()
    newsroom.schedule(issue)
    url = database.engine.url.render_as_string(hide_password=False)
    written = 0
    for kill_after in (1, 7, 4, 9):
        arguments = [url, issue, str(CHUNK), newsroom.now.isoformat()]
        with subprocess.Popen(
            [sys.executable, "-c", WRITER, *arguments], stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            for _ in range(kill_after):
                assert process.stdout.readline()
            process.send_signal(signal.SIGKILL)
        assert process.returncode == -signal.SIGKILL
        before, written = written, len(newsroom.deliveries(issue))
        assert before <= written < PEOPLE
    assert written > 0
    sent = send_due(database, newsroom.now)
    with database.read() as session:
        got = Counter(session.scalars(select(Delivery.subscriber_id).where(Delivery.lesson_id == issue)))
    assert sent["queued"] == PEOPLE - written
    assert got == Counter(range(1, PEOPLE + 1))
