"""What an import brings, keeps out, and leaves as it is; how it is gone on with, and taken back."""

import gc
import pickle
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from import_desk import KEY, Desk
from sqlalchemy import event, func, select

from courseletter.beside import serve, tell
from courseletter.database import Database
from courseletter.errors import CourseletterError, InvalidInput
from subscribers import consent, suppression
from subscribers.consent import Evidence
from subscribers.importing import deciding, reading, running, serving
from subscribers.importing.handing import Way
from subscribers.importing.mapping import Consent, ImportSettings
from subscribers.importing.models import Import
from subscribers.importing.reading import Wanted
from subscribers.models import ConsentEntry, CustomField, MailingList, Subscriber, SuppressionReason
from subscribers.people import Details, find_or_create

MAILCHIMP = (
    "Email Address,First Name,Last Name,OPTIN_TIME,OPTIN_IP,CONFIRM_TIME,CONFIRM_IP,TIMEZONE,TAGS\n"
    "ana@example.org,Ana,Pereira,2025-03-02 18:10:00,203.0.113.8,2025-03-02 18:11:40,203.0.113.9,"
    'Europe/Lisbon,"""pain"",""clinic"""\n'
    "bea@example.org,Bea,Lima,,,,,,\n"
)


def test_people_come_with_their_names_zone_tags_and_evidence(desk: Desk, now: datetime) -> None:
    done = desk.bring(MAILCHIMP)
    assert (done.state, done.counts["new"], done.counts["pending"]) == ("done", 2, 1)
    ana = desk.person("ana@example.org")
    assert (ana.first_name, ana.last_name, ana.zone) == ("Ana", "Pereira", "Europe/Lisbon")
    assert desk.tags("ana@example.org") == ["clinic", "pain"]
    (line,) = desk.ledger("ana@example.org")
    assert (line.act, line.at, line.ip) == (
        "confirmed",
        datetime(2025, 3, 2, 18, 11, 40, tzinfo=UTC),
        "203.0.113.9",
    )
    assert line.source_url == f"import {done.id} from Mailchimp, line 2"
    assert "2025-03-02 18:10:00" in line.note


def test_who_has_no_evidence_has_to_confirm(desk: Desk) -> None:
    desk.bring(MAILCHIMP)
    assert desk.statuses() == {"ana@example.org": "confirmed", "bea@example.org": "pending"}
    assert desk.ledger("bea@example.org") == []


def test_an_admin_may_vouch_for_those_without_evidence(desk: Desk) -> None:
    desk.bring(MAILCHIMP, consent=Consent.VOUCH, note="paper forms of the fair, in the archive")
    (line,) = desk.ledger("bea@example.org")
    assert (line.act, line.wording) == ("added", "paper forms of the fair, in the archive")
    assert desk.statuses()["bea@example.org"] == "confirmed"


def test_everybody_can_be_asked(desk: Desk) -> None:
    desk.bring(MAILCHIMP, consent=Consent.ASK)
    assert set(desk.statuses().values()) == {"pending"}
    (line,) = desk.ledger("ana@example.org")
    assert (line.act, line.ip) == ("requested", "203.0.113.8")


def test_a_no_elsewhere_is_a_no_here(desk: Desk) -> None:
    text = "email,status,unsubscribed at\n" + "".join(
        f"{status}@example.org,{status},2025-01-05\n" for status in ("unsubscribed", "bounced", "complained")
    )
    desk.bring(text)
    assert desk.statuses() == {
        "unsubscribed@example.org": "unsubscribed",
        "bounced@example.org": "pending",
        "complained@example.org": "complained",
    }
    assert desk.suppressed() == {"bounced@example.org": "bounced", "complained@example.org": "complained"}
    assert desk.ledger("unsubscribed@example.org")[0].at == datetime(2025, 1, 5, tzinfo=UTC)


def test_suppression_wins_over_every_import(desk: Desk, now: datetime) -> None:
    with desk.database.write() as session:
        suppression.suppress(session, KEY, "ana@example.org", SuppressionReason.MANUAL, now)
    done = desk.bring(MAILCHIMP)
    assert desk.emails() == ["bea@example.org"]
    assert done.counts["kept_out"] == 1
    assert desk.problems(done.id) == [(2, "On the suppression list (manual), which wins over every import.")]


def test_suppression_wins_also_over_news_of_somebody_we_know(desk: Desk, now: datetime) -> None:
    desk.bring(MAILCHIMP.replace("clinic", "spring"))
    before = len(desk.ledger("ana@example.org"))
    with desk.database.write() as session:
        suppression.suppress(session, KEY, "ana@example.org", SuppressionReason.COMPLAINED, now)
    again = desk.bring(MAILCHIMP.replace("Pereira", "Silva"), "again.csv")
    assert again.counts["kept_out"] == 1
    assert desk.person("ana@example.org").last_name == "Pereira"
    assert desk.tags("ana@example.org") == ["pain", "spring"]
    assert len(desk.ledger("ana@example.org")) == before


def test_r18_who_was_erased_is_not_revived(desk: Desk, now: datetime) -> None:
    """Nothing but the keyed hash is left of them (subscribers/suppression.py)."""
    with desk.database.write() as session:
        suppression.suppress(session, KEY, "Ana@Example.org", SuppressionReason.ERASED, now)
        session.execute(suppression.Suppression.__table__.update().values(email=None))
    desk.bring(MAILCHIMP)
    assert desk.emails() == ["bea@example.org"]


def _leave(desk: Desk, email: str) -> None:
    with desk.database.write() as session:
        letter = session.scalars(select(MailingList)).one()
        person = session.get_one(Subscriber, desk.person(email).id)
        consent.withdraw(session, letter, person, Evidence(), desk.clock.now())


def test_our_later_unsubscribe_wins(desk: Desk) -> None:
    desk.bring(MAILCHIMP)
    _leave(desk, "ana@example.org")
    again = desk.bring(MAILCHIMP.replace("Pereira", "Silva"), "again.csv")
    assert desk.statuses()["ana@example.org"] == "unsubscribed"
    assert desk.person("ana@example.org").last_name == "Pereira", "a row that is kept out changes nothing"
    assert (again.counts["kept_out"], again.counts["updated"]) == (1, 1)


def test_the_file_s_no_wins_over_our_yes_unless_that_came_later(desk: Desk, now: datetime) -> None:
    desk.bring(MAILCHIMP)
    desk.bring("email,status,unsubscribed at\nana@example.org,unsubscribed,2019-05-01\n", "old.csv")
    assert desk.statuses()["ana@example.org"] == "confirmed", "they agreed since then"
    desk.bring("email,status\nana@example.org,unsubscribed\n", "no.csv")
    assert desk.statuses()["ana@example.org"] == "unsubscribed"
    assert desk.ledger("ana@example.org")[-1].act == "unsubscribed"


def test_evidence_confirms_who_was_waiting_and_nobody_is_confirmed_twice(desk: Desk) -> None:
    text = "email,confirmed at\nbea@example.org,2026-01-01\n"
    desk.bring(MAILCHIMP)
    desk.bring(text, "first.csv")
    assert desk.statuses()["bea@example.org"] == "confirmed"
    desk.bring(text + "\n", "second.csv")
    assert [line.act for line in desk.ledger("bea@example.org")] == ["confirmed"]


def test_what_the_file_does_not_say_stays(desk: Desk) -> None:
    desk.bring(MAILCHIMP)
    desk.bring(
        "email,last name,City,data\nANA@example.org,Silva,Porto,\n",
        "more.csv",
        columns={"City": "field:city"},
    )
    ana = desk.person("ana@example.org")
    assert (ana.first_name, ana.last_name, ana.zone, ana.fields) == (
        "Ana",
        "Silva",
        "Europe/Lisbon",
        {"city": "Porto"},
    )
    desk.bring("email,Plan\nana@example.org,pro\n", "plan.csv", columns={"Plan": "field:plan"})
    assert desk.person("ana@example.org").fields == {"city": "Porto", "plan": "pro"}


def test_custom_fields_have_types(desk: Desk) -> None:
    columns = {
        "Age": "field:age:number",
        "VIP": "field:vip:yes_no",
        "Born": "field:born:date",
        "City": "field:city",
    }
    done = desk.bring(
        "email,Age,VIP,Born,City\nana@example.org,41,yes,02.11.1984,Köln\nbea@example.org,old,maybe,soon,\n",
        columns=columns,
    )
    assert desk.person("ana@example.org").fields == {
        "age": 41,
        "vip": True,
        "born": "1984-11-02",
        "city": "Köln",
    }
    assert desk.person("bea@example.org").fields == {}
    assert desk.problems(done.id) == [(3, "Taken without what could not be read: age, vip, born.")]
    with desk.database.read() as session:
        kinds = {one.name: one.kind for one in session.scalars(select(CustomField))}
    assert kinds == {"age": "number", "vip": "yes_no", "born": "date", "city": "text"}


def test_a_dry_run_says_the_same_and_saves_nothing(desk: Desk) -> None:
    desk.bring(MAILCHIMP)
    _leave(desk, "ana@example.org")
    text = MAILCHIMP + "carl@example.org,Carl,,,,,,,\nnobody,,,,,,,,\n"
    with desk.database.read() as session:
        before = session.scalar(select(func.count()).select_from(ConsentEntry))
    tried, problems = desk.try_out(text, "more.csv")
    assert dict(tried.counts) == {"new": 1, "updated": 1, "kept_out": 1, "skipped": 1, "pending": 2}
    assert [(line, reason[:16]) for _, line, _, reason, *_ in problems] == [
        (5, "This email addre"),
        (2, "Left here before"),
    ]
    assert len(desk.emails()) == 2
    with desk.database.read() as session:
        assert session.scalar(select(func.count()).select_from(ConsentEntry)) == before
    done = desk.bring(text, "more.csv")
    assert {name: done.counts.get(name, 0) for name in tried.counts} == dict(tried.counts)


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "CHUNK", 3)


ELEVEN = "email,confirmed at\n" + "".join(f"reader{n}@example.org,2026-01-01\n" for n in range(11))


class Killed(BaseException):
    """As if the process had ended here."""


def test_r40_an_import_that_is_killed_goes_on_where_it_stopped(desk: Desk, small_chunks: None) -> None:
    path = desk.file(ELEVEN + "READER1@example.org,2026-01-01\n")
    import_id = desk.begin(path)

    def kill(progress: running.Progress) -> None:
        if progress.rows == 6:
            raise Killed

    with pytest.raises(Killed):
        desk.importer.carry_out(import_id, kill)
    assert len(desk.emails()) == 6, "whole chunks, each with all of its people"
    with desk.database.read() as session:
        assert running.unfinished(session, path).taken == 6
    done = desk.importer.carry_out(import_id)
    assert desk.emails() == [f"reader{n}@example.org" for n in range(11)]
    assert done.counts["new"] == 11
    assert all(len(desk.ledger(email)) == 1 for email in desk.emails())
    assert desk.problems(import_id) == [(13, "The same address as line 3, which counts.")], (
        "met before the kill"
    )


def test_r40_an_import_started_twice_is_refused_and_taken_over_only_on_purpose(
    desk: Desk, small_chunks: None
) -> None:
    path = desk.file(ELEVEN)
    import_id = desk.begin(path)
    with pytest.raises(InvalidInput, match="on its way in already, as import 1"):
        desk.begin(path)

    def meanwhile(progress: running.Progress) -> None:
        if progress.rows == 3:
            desk.importer.carry_out(import_id)

    with pytest.raises(CourseletterError, match="Another process has taken import 1 over"):
        desk.importer.carry_out(import_id, meanwhile)
    assert len(desk.emails()) == 11
    assert all(len(desk.ledger(email)) == 1 for email in desk.emails())


@pytest.mark.parametrize("some", [2, 5_000])
def test_the_same_file_again_changes_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch, some: int) -> None:
    monkeypatch.setattr(deciding, "SOME", some)
    desk.bring(ELEVEN)
    again = desk.bring(ELEVEN)
    assert (again.counts.get("new", 0), again.counts["updated"]) == (0, 11)
    assert all(len(desk.ledger(email)) == 1 for email in desk.emails())


def test_a_no_counts_over_a_yes_of_an_earlier_chunk(desk: Desk, small_chunks: None) -> None:
    """That yes was written just now, and yet is no later one."""
    rows = "".join(f"reader{n}@example.org,active,2024-01-01,\n" for n in range(4))
    done = desk.bring(
        f"email,status,confirmed at,unsubscribed at\n{rows}READER1@example.org,unsubscribed,,2025-01-05\n"
    )
    assert desk.statuses()["reader1@example.org"] == "unsubscribed"
    assert [line.act for line in desk.ledger("reader1@example.org")] == ["confirmed", "unsubscribed"]
    assert (done.counts["new"], done.counts["updated"]) == (4, 1)


def test_a_file_that_changed_on_its_way_is_not_gone_on_with(desk: Desk) -> None:
    path = desk.file(ELEVEN)
    import_id = desk.begin(path)
    path.write_text(ELEVEN.replace("reader1", "other"))
    with pytest.raises(InvalidInput, match="not the file that import"):
        desk.importer.carry_out(import_id)


def test_a_whole_import_is_taken_back(
    desk: Desk, small_chunks: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deciding, "SOME", 1)
    desk.bring(MAILCHIMP)
    stood = desk.statuses()
    desk.clock.move_to(desk.clock.now() + timedelta(minutes=1))
    second = desk.bring(
        ELEVEN + "bea@example.org,2026-01-02\n" + "ana@example.org,2026-01-02\n",
        "second.csv",
        extra_tags=("imported",),
    )
    assert desk.tags("ana@example.org") == ["clinic", "imported", "pain"]
    assert desk.statuses()["bea@example.org"] == "confirmed"
    counts = desk.undo(second.id)
    assert counts == {"taken_back": 11, "restored": 2}
    assert desk.statuses() == stood
    assert desk.tags("ana@example.org") == ["clinic", "pain"]
    assert [line.act for line in desk.ledger("bea@example.org")] == ["confirmed", "taken_back"]
    with desk.database.read() as session:
        lines = session.scalar(select(func.count()).select_from(ConsentEntry))
        assert session.get_one(Import, second.id).state == "taken back"
    assert lines == 3, "who is gone leaves no lines behind"
    with pytest.raises(InvalidInput, match="nothing to take back"):
        desk.undo(second.id)


def test_who_did_something_since_is_kept(desk: Desk) -> None:
    done = desk.bring(ELEVEN)
    desk.clock.move_to(desk.clock.now() + timedelta(minutes=1))
    _leave(desk, "reader3@example.org")
    assert desk.undo(done.id) == {"taken_back": 10, "kept": 1}
    assert desk.statuses() == {"reader3@example.org": "unsubscribed"}


def test_suppressions_of_the_file_go_with_it_and_no_others(desk: Desk, now: datetime) -> None:
    with desk.database.write() as session:
        suppression.suppress(session, KEY, "carl@example.org", SuppressionReason.MANUAL, now, note="by hand")
    done = desk.bring("email,status\nana@example.org,bounced\ncarl@example.org,bounced\n")
    assert desk.suppressed() == {"carl@example.org": "manual", "ana@example.org": "bounced"}
    desk.undo(done.id)
    assert desk.suppressed() == {"carl@example.org": "manual"}


def test_a_chunk_does_not_wait_for_the_disk(desk: Desk) -> None:
    """What a crash loses of it is imported again: how many rows were taken is lost with it."""
    found: list[Any] = []
    asking = "PRAGMA synchronous" if desk.database.is_sqlite else "SHOW synchronous_commit"

    def ask(connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if "INTO subscribers" in statement:
            found.append(connection.connection.driver_connection.execute(asking).fetchone()[0])

    event.listen(desk.database.engine, "after_cursor_execute", ask)
    try:
        desk.bring(ELEVEN)
    finally:
        event.remove(desk.database.engine, "after_cursor_execute", ask)
    assert found == [1 if desk.database.is_sqlite else "off"]


def test_r18_what_was_handed_over_goes_when_the_process_that_writes_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There are addresses in it. Whoever reads for it notices that nobody asks any more."""
    monkeypatch.setattr(reading, "CHUNK", 3)
    path, folder = tmp_path / "list.csv", tmp_path / "handed"
    path.write_text(ELEVEN)
    folder.mkdir()
    settings = ImportSettings("plain", (("email", "email"),), "letter")
    wanted = Wanted(path, settings.to_json(), KEY, Way.FILE, 0, folder)
    asked, told = BytesIO(), BytesIO()
    tell(asked, wanted)
    tell(asked, 3)  # the first chunk is written, and then nothing more is heard
    asked.seek(0)
    try:
        serve(serving.chunks, asked, told)
    finally:
        gc.enable()
    assert pickle.loads(told.getvalue()).last == 3
    assert not folder.exists()


def test_somebody_who_signs_up_during_the_first_import_is_known(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before it there was nobody, so nobody is looked up, until one of them turns out to be there."""
    monkeypatch.setattr(reading, "CHUNK", 3)
    import_id = desk.begin(desk.file(ELEVEN))

    def sign_up(progress: running.Progress) -> None:
        if progress.rows == 3:
            with desk.database.write() as session:
                find_or_create(session, "reader9@example.org", Details(), desk.clock.now())

    done = desk.importer.carry_out(import_id, sign_up)
    assert (done.counts["new"], done.counts["updated"]) == (10, 1)
    assert len(desk.emails()) == len(set(desk.emails())) == 11


def test_somebody_who_signs_up_meanwhile_is_known_the_second_time(
    on_postgresql: Database, tmp_path: Path, now: datetime
) -> None:
    """On SQLite nobody else writes during a chunk."""
    desk = Desk(on_postgresql, tmp_path, now)
    import_id = desk.begin(desk.file(ELEVEN))
    looked_up: list[str] = []

    def sign_up(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if "JOIN suppressions" in statement:
            looked_up.append(statement)
            if len(looked_up) == 1:  # they are looked up, and not yet written
                with desk.database.write() as session:
                    find_or_create(session, "reader5@example.org", Details(), now)

    event.listen(desk.database.engine, "after_cursor_execute", sign_up)
    try:
        done = desk.importer.carry_out(import_id)
    finally:
        event.remove(desk.database.engine, "after_cursor_execute", sign_up)
    assert len(looked_up) == 2
    assert (done.counts["new"], done.counts["updated"]) == (10, 1)
    assert len(desk.emails()) == len(set(desk.emails())) == 11
