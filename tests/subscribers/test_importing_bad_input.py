"""REQUIREMENTS 40: whatever a file is, it is read as a stream, capped, and each row is told by its line."""

import gzip
import resource
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from io import BytesIO
from pathlib import Path
from time import process_time
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from import_desk import Desk
from sqlalchemy import column, func, select, table
from waiting import until

from courseletter.database import Database
from courseletter.errors import InvalidInput
from subscribers.addresses import check_address
from subscribers.importing import mapping, reading, running
from subscribers.importing.models import LEASE, Import
from subscribers.importing.reading import tables_in
from subscribers.importing.running import Progress
from subscribers.importing.values import Order, Unreadable, moment

GOOD = "email,name\nana@example.org,Ana\n"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"%PDF-1.7 ...", "a PDF"),
        (b"\x89PNG\r\n\x1a\n....", "a picture"),
        (gzip.compress(GOOD.encode(), mtime=0), "gzip"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1....", "old Excel file"),
        (b"<!DOCTYPE html><html><body>Sign in</body></html>", "web page"),
        (b"email,name\nana@example.org," + bytes(100), "NULs"),
        (b"PK\x03\x04 and then nothing", "damaged"),
        (b"[{}]", "one object a line"),
        (b"", "empty"),
        (b"\n\n", "empty"),
        (b"name,city\nAna,Porto\n", "No column is the email address"),
    ],
)
def test_r40_a_file_that_is_not_what_its_name_says(desk: Desk, content: bytes, told: str) -> None:
    with pytest.raises(InvalidInput, match=told):
        desk.bring(content, "list.csv")
    assert desk.emails() == []


def test_r40_a_zip_under_another_name_is_still_a_zip(desk: Desk) -> None:
    packed = BytesIO()
    with ZipFile(packed, "w") as archive:
        archive.writestr("list.csv", GOOD)
    desk.bring(packed.getvalue(), "list.csv")
    assert desk.emails() == ["ana@example.org"]


def test_r40_attack_5_gb_csv(desk: Desk) -> None:
    """Attacks: 5 GB CSV, 100 MB cell: refused, memory stays."""
    path = desk.folder / "huge.csv"
    with path.open("wb") as file:
        file.write(GOOD.encode())
        file.truncate(5 << 30)  # a hole: no octet of it is on the disk
    with pytest.raises(InvalidInput, match="larger than 2 GB"):
        desk.bring(path)


def test_r40_attack_100_mb_cell(desk: Desk) -> None:
    """The row is told by its line, what follows is read, and memory stays flat (in a process of its own)."""
    path = desk.folder / "cell.csv"
    with path.open("wb") as file:
        file.write(b"email,name\nana@example.org,Ana\nbea@example.org,")
        for _ in range(100):
            file.write(b"x" * (1 << 20))
        file.write(b'\ncyd@example.org,Cyd\ndan@example.org,"')
        for _ in range(1700):
            file.write(b"x" * 60_000 + b"\n")
        file.write(b'"\n')
    done = desk.bring(path)
    assert desk.emails() == ["ana@example.org", "cyd@example.org"]
    assert [line for line, _ in desk.problems(done.id)][:2] == [3, 5]
    script = (
        "import resource, sys; from pathlib import Path\n"
        "from subscribers.importing.reading import tables_in\n"
        "table, _ = tables_in(Path(sys.argv[1]))[0]\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "assert sum(1 for _ in table.rows()) > 3\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)"
    )
    grown = subprocess.run(
        [sys.executable, "-c", script, path], check=True, capture_output=True, text=True
    ).stdout
    assert int(grown) < 40_000, "KB, for a file of 200 MB"


def test_r40_attack_aaaa_at_the_address_check() -> None:
    """Attacks: `aaaa...!` at the address check: under 100 ms an address."""
    for text in (
        "a" * 1_000_000 + "!",
        "a" * 64 + "@" + "a." * 5_000 + "!",
        "a@" + "-" * 100_000,
        "@" * 10_000,
    ):
        began = process_time()
        with pytest.raises(InvalidInput):
            check_address(text)
        assert process_time() - began < 0.1


def test_r40_attack_zip_10_mb_to_10_gb(desk: Desk) -> None:
    """Attacks: a zip that grows a thousandfold is refused by its directory, before an octet is unpacked."""
    path = desk.folder / "bomb.zip"
    with ZipFile(path, "w", ZIP_DEFLATED) as archive, archive.open("list.csv", "w") as member:
        member.write(GOOD.encode())
        for _ in range(64):
            member.write(b"\0" * (1 << 20))
    assert path.stat().st_size < 100_000
    began, memory = process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(InvalidInput, match="grow more than 200-fold"):
        desk.bring(path)
    assert process_time() - began < 1
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory < 20_000


@pytest.mark.parametrize("name", ["../../x.csv", "/etc/x.csv", "a/../../x.csv", "..\\..\\x.csv", "C:\\x.csv"])
def test_r40_attack_entry_that_climbs_out(desk: Desk, name: str) -> None:
    """Attacks: entry `../../x`: refused, and no file outside the folder."""
    packed = BytesIO()
    with ZipFile(packed, "w") as archive:
        archive.writestr(name, GOOD)
    path = desk.folder / "deep" / "er" / "list.zip"
    path.parent.mkdir(parents=True)
    path.write_bytes(packed.getvalue())
    there = sorted(desk.folder.rglob("*"))
    with pytest.raises(InvalidInput, match="names a place outside"):
        desk.bring(path)
    assert sorted(desk.folder.rglob("*")) == there
    assert not Path("/etc/x.csv").exists()
    assert desk.emails() == []


@pytest.mark.parametrize(
    "declared",
    [
        '<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">',
        '<!ENTITY c SYSTEM "file:///etc/passwd">',
    ],
)
def test_r40_attack_billion_laughs_and_external_entity_in_a_workbook(desk: Desk, declared: str) -> None:
    """Attacks: billion laughs, external entity: refused in under a second, nothing fetched."""
    from openpyxl import Workbook

    book = Workbook()
    book.worksheets[0].append(["email"])
    book.save(desk.folder / "clean.xlsx")
    packed = BytesIO()
    with ZipFile(desk.folder / "clean.xlsx") as clean, ZipFile(packed, "w") as archive:
        for member in clean.infolist():
            text = clean.read(member)
            if member.filename == "xl/worksheets/sheet1.xml":
                text = f"<!DOCTYPE x [{declared}]>".encode() + text.partition(b"?>")[2] + b""
            archive.writestr(member.filename, text)
    began = process_time()
    with pytest.raises(InvalidInput, match="declares XML entities"):
        desk.bring(packed.getvalue(), "list.xlsx")
    assert process_time() - began < 1


@pytest.mark.parametrize(
    "name", ["a\r\nBcc: x@example.net", "=?utf-8?q?a=0D=0ABcc=3Ax?=", "a\0b", "\x1b[31mred", "a" * 101]
)
def test_attack_name_with_a_header_in_it(desk: Desk, name: str) -> None:
    """Attacks: name `a\\r\\nBcc: x@y`: the field is named, and nothing is stored."""
    done = desk.bring(f'email,first name\nana@example.org,"{name}"\nbea@example.org,Bea\n'.encode())
    assert desk.emails() == ["bea@example.org"]
    assert "first_name" in desk.problems(done.id)[0][1] or "name" in desk.problems(done.id)[0][1]


@pytest.mark.parametrize(
    "address",
    [
        '"x@evil.example y"@ours.test',
        "a@x>\r\nRCPT TO:<b@y.example",
        "=cmd|' /C calc'!A0",
        "ana@@example.org",
        "a b@example.org",
    ],
)
def test_attack_address_that_smuggles_another(desk: Desk, address: str) -> None:
    """Attacks: `"x@evil.com y"@ours.test`, `a@x>\\r\\nRCPT TO:<b@y`: refused by its line."""
    quoted = address.replace('"', '""')
    done = desk.bring(f'email,name\n"{quoted}",x\nbea@example.org,Bea\n'.encode())
    assert desk.emails() == ["bea@example.org"]
    ((line, reason),) = desk.problems(done.id)
    assert line in (2, 3)
    assert reason


def test_r40_reasons_say_what_to_do(desk: Desk) -> None:
    rows = ["ana@@example.org", "", "a b@example.org", "=1+1", "nobody"]
    done = desk.bring("email,name\n" + "".join(f"{one},x\n" for one in rows))
    assert [reason for _, reason in desk.problems(done.id)][:4] == [
        "Two @ signs. Did you mean ana@example.org?",
        "No email address.",
        "A space inside the address.",
        "Looks like a spreadsheet formula, not an address.",
    ]
    assert [line for line, _ in desk.problems(done.id)] == [2, 3, 4, 5, 6]


def test_r40_mixed_encodings_are_read_line_by_line(desk: Desk) -> None:
    lines = ["email,name", "zoe@example.org,Zoë Müller"]
    content = (
        "\n".join(lines).encode()
        + "\njose@example.org,José\n".encode("cp1252")
        + b"bad@example.org,\x81\x8d\n"
    )
    done = desk.bring(content)
    assert (desk.person("zoe@example.org").last_name, desk.person("jose@example.org").first_name) == (
        "Müller",
        "José",
    )
    assert desk.problems(done.id) == [(4, "The line is in no encoding that we know. Save the file as UTF-8.")]


def test_r40_duplicates_and_case_variants_are_one_person(desk: Desk) -> None:
    done = desk.bring(
        "email,name\nana@example.org,First\nANA@Example.ORG,Second\nbea@example.org,Bea\nana@example.org,Third\n"
    )
    assert desk.emails() == ["ana@example.org", "bea@example.org"]
    assert desk.person("ana@example.org").first_name == "First"
    assert desk.problems(done.id) == [
        (3, "The same address as line 2, which counts."),
        (5, "The same address as line 2, which counts."),
    ]


def test_r40_of_two_rows_with_one_address_the_no_counts(desk: Desk) -> None:
    desk.bring(
        "email,status,confirmed at\nana@example.org,active,2024-01-01\nAna@example.org,unsubscribed,\n"
    )
    assert desk.statuses() == {"ana@example.org": "unsubscribed"} or desk.statuses() == {
        "Ana@example.org": "unsubscribed"
    }


@pytest.mark.parametrize("block", [1, 2, 50])
def test_r40_a_no_counts_wherever_it_stands_in_a_chunk(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, block: int
) -> None:
    monkeypatch.setattr(reading, "BLOCK", block)
    rows = ["ana@example.org,active,2024-01-01", "bea@example.org,active,2024-01-01"]
    rows += ["ana@example.org,unsubscribed,", "ANA@example.org,active,2024-01-01", "ana@example.org,bounced,"]
    done = desk.bring("email,status,confirmed at\n" + "\n".join(rows) + "\n")
    assert desk.statuses() == {"bea@example.org": "confirmed", "ana@example.org": "unsubscribed"}
    assert [line.act for line in desk.ledger("ana@example.org")] == ["unsubscribed"]
    assert (done.counts["new"], done.counts["skipped"]) == (2, 2)
    assert desk.problems(done.id) == [
        (5, "The same address as line 4, which counts."),
        (6, "The same address as line 4, which counts."),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "2024-01-31",
        "2024-01-31 15:04:05",
        "2024-01-31T15:04:05Z",
        "2024-01-31 15:04:05.999999 +0000 UTC",
        "31.01.2024",
        "31/01/2024",
        "01/31/2024 3:04 PM",
        "31 Jan 2024",
        "January 31, 2024",
        "1706713445",
        "1706713445000",
        "Wed, 31 Jan 2024 15:04:05 +0000",
        "2024/01/31",
        "20240131",
    ],
)
def test_r40_dates_in_nine_styles_and_more(text: str) -> None:
    assert moment(text).date().isoformat() == "2024-01-31"


def test_r40_a_date_that_says_two_things_is_asked_about(desk: Desk) -> None:
    with pytest.raises(Unreadable, match="day or a month first"):
        moment("02/03/2024")
    assert moment("02/03/2024", Order.DAY).month == 3
    assert moment("02/03/2024", Order.MONTH).month == 2
    for text in ("31.02.2024", "soon", "2024-13-01", "99/99/2024", "0", "12 Foo 2024"):
        with pytest.raises(Unreadable):
            moment(text)


def test_r40_a_column_mapped_twice_is_named(desk: Desk) -> None:
    path = desk.file("email,first,given\nana@example.org,Ana,Anna\n")
    with pytest.raises(InvalidInput, match="“first” and “given” are both to be “First name”") as caught:
        desk.begin(path, columns={"first": "first_name", "given": "first_name"})
    assert caught.value.field == "given"


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        ({"city": "nonsense"}, "cannot become"),
        ({"city": "field:City Name"}, "cannot become"),
        ({"city": "field:city:colour"}, "cannot become"),
        ({"email": ""}, "No column is the email address"),
    ],
)
def test_r40_a_mapping_that_makes_no_sense(desk: Desk, columns: dict[str, str], told: str) -> None:
    path = desk.file("email,city\nana@example.org,Porto\n")
    with pytest.raises(InvalidInput, match=told):
        desk.begin(path, columns=columns)


def test_r40_a_file_needs_a_list_and_vouching_words(desk: Desk) -> None:
    settings = desk.settings(desk.file(GOOD))
    with pytest.raises(InvalidInput, match="Choose the list"):
        mapping.check(mapping.ImportSettings(settings.source, settings.columns))
    with pytest.raises(InvalidInput, match="how these people consented"):
        mapping.check(
            mapping.ImportSettings(settings.source, settings.columns, "letter", mapping.Consent.VOUCH)
        )


@pytest.mark.parametrize("block", [1, 50])
def test_r40_rows_that_do_not_fit_their_headings(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, block: int
) -> None:
    monkeypatch.setattr(reading, "BLOCK", block)
    rows = ["email,name,city", "ana@example.org", "bea@example.org,Lima, Bea,Porto", ""]
    rows += ['cyd@example.org,"Cyd', 'the first",', '"never closed,x', ""]
    done = desk.bring("\n".join(rows))
    assert desk.emails() == ["ana@example.org"]
    reasons = dict(desk.problems(done.id))
    assert "4 cells and 3 headings" in reasons[3]
    assert "name" in reasons[6]


def test_r40_objects_that_are_none(desk: Desk) -> None:
    deep = "[" * 200_000
    done = desk.bring(
        '{"email": "ana@example.org", "name": {"a": 1}}\nnot json\n[1]\n{"email": ["x"]}\n'
        + f'{{"email": {deep}\n',
        "list.jsonl",
    )
    assert [line for line, _ in desk.problems(done.id)] == [2, 3, 5, 4] or len(desk.problems(done.id)) == 4


def test_r40_text_that_no_database_takes(desk: Desk) -> None:
    done = desk.bring(
        '{"email": "ana@example.org", "city": "\\ud800"}\n{"email": "bea@example.org", "name": "\\u0000"}\n'
        '{"email": "cyd@example.org", "city": "Porto"}\n',
        "list.jsonl",
        columns={"city": "field:city"},
    )
    assert desk.emails() == ["cyd@example.org"]
    assert [line for line, _ in desk.problems(done.id)] == [1, 2]


def test_r40_too_many_columns_and_headings_without_names(desk: Desk) -> None:
    with pytest.raises(InvalidInput, match="more than 1000 columns"):
        tables_in(desk.file(",".join(f"c{n}" for n in range(1001)) + "\n"))
    table, _ = tables_in(desk.file("email,,name,name\nana@example.org,x,Ana,Pereira\n"))[0]
    assert table.headings == ("email", "Column 2", "name", "name (4)")


def test_r40_a_locked_zip_and_an_empty_one(desk: Desk) -> None:
    packed = BytesIO()
    with ZipFile(packed, "w") as archive:
        archive.writestr("readme.md", "nothing")
    with pytest.raises(InvalidInput, match="no CSV, TSV or JSONL in the zip"):
        desk.bring(packed.getvalue(), "list.zip")
    locked = bytearray(packed.getvalue().replace(b"readme.md", b"lists.csv"))
    for mark in (b"PK\x03\x04", b"PK\x01\x02"):
        locked[locked.index(mark) + (6 if mark == b"PK\x03\x04" else 8)] |= 1
    with pytest.raises(InvalidInput, match="password"):
        desk.bring(bytes(locked), "list.zip")


def test_lines_that_end_as_on_an_old_mac_are_read(desk: Desk) -> None:
    done = desk.bring(b'email,first name\rana@example.org,"A, or\rB"\rbea@example.org,Zo\xeb\r')
    assert (done.counts["new"], done.counts["skipped"]) == (1, 1)
    assert desk.person("bea@example.org").first_name == "Zoë"
    assert [line for line, _ in desk.problems(done.id)] == [3]


@pytest.mark.parametrize("first", ["ana@example.org,Ana", "Ana;ana@example.org", " ana@example.org "])
def test_a_file_without_headings_is_refused_before_its_first_person_is_lost(desk: Desk, first: str) -> None:
    with pytest.raises(InvalidInput, match="Put a line above it, like email,first name"):
        desk.bring(f"{first}\nbea@example.org,Bea\n")


def test_what_cannot_be_seen_around_an_address_does_not_count(desk: Desk) -> None:
    desk.bring("email\n ana@example.org\u00a0\n\u200bbea@example.org\ufeff\n")
    assert desk.emails() == ["ana@example.org", "bea@example.org"]


def test_a_file_that_grows_while_it_is_read_is_not_gone_on_with(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody knows where its last line ends. What was read before can be taken back."""
    monkeypatch.setattr(reading, "CHUNK", 2)
    path = desk.file("email\n" + "".join(f"reader{n}@example.org\n" for n in range(9)))
    import_id = desk.begin(path)

    def grow(progress: Progress) -> None:
        if progress.rows == 2:
            with path.open("a") as file:
                file.write("half@example.or")

    with pytest.raises(InvalidInput, match="was changed while it was read"):
        desk.importer.carry_out(import_id, grow)
    assert _waits(desk, import_id) == []
    brought = desk.emails()
    assert brought == [f"reader{n}@example.org" for n in range(len(brought))]
    assert len(brought) < 9
    assert desk.undo(import_id) == {"taken_back": len(brought)}


def _waits(desk: Desk, import_id: int) -> Sequence[int]:
    """What the worker would go on with after a while."""
    with desk.database.read() as session:
        assert session.get_one(Import, import_id).why.startswith(str(desk.folder))
        return running.abandoned(session, desk.clock.now() + 2 * LEASE)


def test_an_import_whose_file_is_gone_says_so_and_waits_for_it(desk: Desk) -> None:
    """Whoever looks at it sees why, and the worker does not try in vain each minute."""
    path = desk.file(GOOD)
    import_id = desk.begin(path)
    path.unlink()
    with pytest.raises(InvalidInput, match="is not there any more"):
        desk.importer.carry_out(import_id)
    assert _waits(desk, import_id) == []
    desk.file(GOOD)
    done = desk.importer.carry_out(import_id)
    assert (done.state, done.why, desk.emails()) == ("done", "", ["ana@example.org"])


def test_two_who_begin_the_same_file_at_once_are_one_import(
    on_postgresql: Database, tmp_path: Path, now: datetime
) -> None:
    """On SQLite one of them writes after the other anyway."""
    desk = Desk(on_postgresql, tmp_path, now)
    path = desk.file("email\nana@example.org\n")
    settings = desk.settings(path)
    waiting = (
        select(func.count()).select_from(table("pg_stat_activity")).where(column("wait_event_type") == "Lock")
    )

    def held_up() -> bool:
        with on_postgresql.read() as session:
            return bool(session.scalar(waiting))

    with ThreadPoolExecutor(1) as others, on_postgresql.write() as session:
        running.begin(session, path, path.name, settings, "Ana", now)
        second = others.submit(desk.begin, path)
        until(held_up, "the second waits")
        session.commit()
        with pytest.raises(InvalidInput, match="on its way in already, as import 1"):
            second.result()
