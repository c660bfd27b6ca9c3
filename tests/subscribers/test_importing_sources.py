"""A file of each program comes in without anybody touching its mapping.

Their columns: public exports, importers.
"""

import json
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from import_desk import Desk

from subscribers.importing.reading import tables_in

# program -> its file, and what becomes of its people
FILES: dict[str, tuple[str, dict[str, str]]] = {
    "mailchimp": (
        "Email Address,First Name,Last Name,Address,Phone Number,MEMBER_RATING,OPTIN_TIME,OPTIN_IP,"
        "CONFIRM_TIME,CONFIRM_IP,LATITUDE,LONGITUDE,GMTOFF,DSTOFF,TIMEZONE,CC,REGION,LAST_CHANGED,LEID,EUID,NOTES,TAGS\n"
        "ana@example.org,Ana,Pereira,,,2,2024-01-02 15:03:00,192.0.2.1,2024-01-02 15:04:05,192.0.2.1,38.7,"
        '-9.1,0,1,Europe/Lisbon,pt,11,2024-01-02 15:04:05,481516,ab12,,"""pain"",""clinic"""\n',
        {"ana@example.org": "confirmed"},
    ),
    "kit": (
        "email,first_name,state,created_at,tags\n"
        'ana@example.org,Ana,active,2024-01-02 15:04:05 UTC,"pain, clinic"\n'
        "bea@example.org,Bea,inactive,2024-01-02 15:04:05 UTC,\n"
        "cyd@example.org,Cyd,cancelled,2024-01-02 15:04:05 UTC,\n"
        "dan@example.org,Dan,complained,2024-01-02 15:04:05 UTC,\n",
        {
            "ana@example.org": "pending",
            "bea@example.org": "pending",
            "cyd@example.org": "unsubscribed",
            "dan@example.org": "complained",
        },
    ),
    "substack": (
        "email,active_subscription,expiry,plan,email_disabled,created_at,first_payment_at\n"
        "ana@example.org,false,,other,false,2024-01-02T15:04:05.000Z,\n"
        "bea@example.org,true,2025-01-02T15:04:05.000Z,annual,true,2024-01-02T15:04:05.000Z,"
        "2024-01-03T10:00:00.000Z\n",
        {"ana@example.org": "pending", "bea@example.org": "unsubscribed"},
    ),
    "ghost": (
        "id,email,name,note,subscribed_to_emails,complimentary_plan,stripe_customer_id,created_at,deleted_at,"
        "labels,tiers\r\n"
        "6401,ana@example.org,Ana Pereira,met at the fair,true,false,,2024-01-02T15:04:05.000Z,,"
        '"pain,clinic",\r\n'
        "6402,bea@example.org,,,false,false,,2024-01-02T15:04:05.000Z,,,\r\n",
        {"ana@example.org": "pending", "bea@example.org": "unsubscribed"},
    ),
    "listmonk": (
        "uuid,email,name,attributes,status,created_at,updated_at\n"
        'b2f1,ana@example.org,Ana Pereira,"{""city"": ""Porto"", ""visits"": 3}",enabled,'
        "2024-01-02 15:04:05.999999 +0000 UTC,2024-01-02 15:04:05.999999 +0000 UTC\n"
        "b2f2,bea@example.org,Bea,{},blocklisted,2024-01-02 15:04:05.999999 +0000 UTC,\n",
        {"ana@example.org": "pending", "bea@example.org": "complained"},
    ),
    "keila": (
        "Email,First name,Last name,Data,Status,External ID\n"
        'ana@example.org,Ana,Pereira,"{""city"": ""Porto""}",active,A-1\n'
        "bea@example.org,Bea,,,unreachable,\n",
        {"ana@example.org": "pending", "bea@example.org": "pending"},
    ),
    "mailpoet": (
        "Email,First name,Last name,List status,Global status,List\n"
        "ana@example.org,Ana,Pereira,subscribed,subscribed,Letter\n"
        "bea@example.org,Bea,,subscribed,unsubscribed,Letter\n",
        {"ana@example.org": "pending", "bea@example.org": "unsubscribed"},
    ),
    "mautic": (
        "id,firstname,lastname,email,doNotEmail,tags,city\n"
        "1,Ana,Pereira,ana@example.org,0,pain|clinic,Porto\n2,Bea,,bea@example.org,Yes,,\n",
        {"ana@example.org": "pending", "bea@example.org": "unsubscribed"},
    ),
    "notifuse": (
        "email,external_id,first_name,last_name,full_name,phone,timezone,language,country,created_at,"
        "updated_at\n"
        "ana@example.org,7,Ana,Pereira,Ana Pereira,,Europe/Lisbon,pt,PT,2024-01-02T15:04:05Z,\n",
        {"ana@example.org": "pending"},
    ),
    "buttondown": (
        "email,notes,metadata,tags,referrer_url,subscriber_type,creation_date\n"
        'ana@example.org,,"{""city"": ""Porto""}","[""pain"", ""clinic""]",,regular,2024-01-02T15:04:05Z\n'
        "bea@example.org,,{},,,unsubscribed,2024-01-02T15:04:05Z\n",
        {"ana@example.org": "pending", "bea@example.org": "unsubscribed"},
    ),
    "plain": (
        "E-Mail;Vorname;Nachname;Status\nana@example.org;Ana;Pereira;active\nbea@example.org;Bea;;inactive\n",
        {"ana@example.org": "pending", "bea@example.org": "unsubscribed"},
    ),
}


@pytest.mark.parametrize("program", FILES)
def test_a_file_of_each_program_without_a_hand_on_it(desk: Desk, program: str) -> None:
    text, statuses = FILES[program]
    path = desk.file(text)
    assert tables_in(path)[0][1].key == program
    done = desk.bring(path)
    assert desk.problems(done.id) == []
    assert desk.statuses() == statuses
    assert desk.person("ana@example.org").first_name in ("Ana", "")


def test_details_that_some_programs_know(desk: Desk) -> None:
    seen: dict[str, Any] = {}
    for program in ("mailchimp", "ghost", "listmonk", "mautic", "buttondown", "notifuse"):
        text = FILES[program][0].replace("ana@example.org", f"{program}@example.org")
        desk.bring(text, f"{program}.csv")
        person = desk.person(f"{program}@example.org")
        seen[program] = (person.last_name, person.fields, person.zone, desk.tags(person.email))
    assert seen == {
        "mailchimp": ("Pereira", {}, "Europe/Lisbon", ["clinic", "pain"]),
        "ghost": ("Pereira", {"note": "met at the fair"}, None, ["clinic", "pain"]),
        "listmonk": ("Pereira", {"city": "Porto", "visits": 3}, None, []),
        "mautic": ("Pereira", {"city": "Porto"}, None, ["clinic", "pain"]),
        "buttondown": ("", {"city": "Porto"}, None, ["clinic", "pain"]),
        "notifuse": ("Pereira", {"country": "PT", "external_id": "7"}, "Europe/Lisbon", []),
    }
    assert desk.person("ghost@example.org").created_at.isoformat() == "2024-01-02T15:04:05+00:00"
    assert desk.person("listmonk@example.org").created_at.isoformat() == "2024-01-02T15:04:05.999999+00:00"


def zipped(files: dict[str, str]) -> bytes:
    packed = BytesIO()
    with ZipFile(packed, "w", ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return packed.getvalue()


def test_mailchimp_s_zip_of_three_lists(desk: Desk) -> None:
    head = "Email Address,First Name,OPTIN_TIME,CONFIRM_TIME"
    both, left = "2024-01-02 15:04:05,2024-01-02 15:04:05", "2025-02-03 10:00:00"
    subscribed = [head, f"ana@example.org,Ana,{both}", f"bea@example.org,Bea,{both}"]
    unsubscribed = [
        f"{head},UNSUB_TIME,UNSUB_REASON",
        f"cyd@example.org,Cyd,{both},{left},N/A",
        f"bea@example.org,Bea,{both},{left},",
    ]
    cleaned = [f"{head},CLEAN_TIME", f"dan@example.org,Dan,{both},{left}"]
    lists = {"subscribed": subscribed, "unsubscribed": unsubscribed, "cleaned": cleaned}
    packed = zipped({f"{name}_members_export_a1.csv": "\n".join(lines) for name, lines in lists.items()})
    desk.bring(packed, "export.zip")
    assert desk.statuses() == {
        "ana@example.org": "confirmed",
        "bea@example.org": "unsubscribed",
        "cyd@example.org": "unsubscribed",
        "dan@example.org": "confirmed",
    }
    assert desk.suppressed() == {"dan@example.org": "bounced"}


def test_substack_s_zip_has_posts_in_it_too(desk: Desk) -> None:
    posts = "post_id,post_date,is_published,email_sent_at,type,audience,title,subtitle\n1,,,,,,A,B\n"
    people = FILES["substack"][0]
    packed = zipped({"posts.csv": posts, "posts/1.html": "<p>A</p>", "email_list.notes.csv": people})
    desk.bring(packed, "substack.zip")
    assert desk.emails() == ["ana@example.org", "bea@example.org"]


def test_a_tsv_a_jsonl_and_a_workbook(desk: Desk, tmp_path: Path) -> None:
    from openpyxl import Workbook

    desk.bring("email\tname\tconfirmed at\nana@example.org\tAna Pereira\t2024-01-02\n", "list.tsv")
    records = [
        {"email": "bea@example.org", "tags": ["a", "b"], "confirmed_at": "2024-01-02"},
        {"email": "cyd@example.org", "tags": None},
    ]
    desk.bring("\n".join(map(json.dumps, records)), "list.jsonl")
    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    sheet.append(["Email", "Name", "Confirmed at", "Age"])
    from datetime import datetime

    sheet.append(["dan@example.org", "Dan", datetime(2024, 1, 2, 15, 4), 41])  # noqa: DTZ001 - Excel knows no zones
    book.save(tmp_path / "list.xlsx")
    desk.bring(tmp_path / "list.xlsx", columns={"Age": "field:age:number"})
    assert desk.statuses() == {
        "ana@example.org": "confirmed",
        "bea@example.org": "confirmed",
        "cyd@example.org": "pending",
        "dan@example.org": "confirmed",
    }
    assert desk.tags("bea@example.org") == ["a", "b"]
    assert desk.person("dan@example.org").fields == {"age": 41}
    assert desk.ledger("dan@example.org")[0].at.isoformat() == "2024-01-02T15:04:00+00:00"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_encodings_and_delimiters_are_found_out(desk: Desk, encoding: str, delimiter: str) -> None:
    rows = [
        ["email", "name", "city"],
        ["zoe@example.org", "Zoë Müller", "Köln"],
        ["jose@example.org", "José", "A Coruña"],
    ]
    text = "\r\n".join(delimiter.join(row) for row in rows) + "\r\n"
    desk.bring(text.encode(encoding), columns={"city": "field:city"})
    zoe = desk.person("zoe@example.org")
    assert (zoe.first_name, zoe.last_name, zoe.fields) == ("Zoë", "Müller", {"city": "Köln"})


def test_a_word_that_nobody_knows_is_no_yes(desk: Desk) -> None:
    done = desk.bring(
        "email,status\nana@example.org,hyperactive\nbea@example.org,in active\ncyd@example.org,ACTIVE\n"
    )
    assert desk.emails() == ["cyd@example.org"]
    assert [line for line, _ in desk.problems(done.id)] == [2, 3]
    assert "may be a no" in desk.problems(done.id)[0][1]
