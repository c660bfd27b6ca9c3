"""The main job, whole: an article in, six mails in a real mailbox, an unsubscribe that stops it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import dkim
import pytest
from sqlalchemy import select

from campaigns.models import RevisionLesson
from courseletter import cli
from courseletter.demo import Demo, read_article
from courseletter.errors import CourseletterError
from sender.stored_mail import StoredMail

SHARED = Path(__file__).resolve().parents[2].parent / "shared"
SEED = SHARED / "articles" / "nervous-system-and-chronic-pain.txt"
DISCLOSURE = "This post contains affiliate links. If you buy something through one of them,"

START = datetime(2026, 3, 11, 14, 42, tzinfo=UTC)


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    with Demo(tmp_path, tmp_path / "mailbox", START) as running:
        yield running


def play(demo: Demo, article: str | None = None, unsubscribe_after: int | None = None) -> list[StoredMail]:
    demo.create_course(read_article(article))
    demo.sign_up()
    demo.play(lambda mail: None, unsubscribe_after)
    return demo.mailbox.messages()


def parsed(mail: StoredMail) -> EmailMessage:
    message = message_from_bytes(mail.raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def assert_signed(raw: bytes, dns: Path) -> None:
    """Both DKIM signatures verify with the keys of dns.txt."""
    lines = dns.read_text(encoding="utf-8").splitlines()
    records = {name: value for name, kind, value in (line.split(" ", 2) for line in lines) if kind == "TXT"}

    def resolve(name: bytes, timeout: float = 5) -> bytes:
        return records[name.decode().rstrip(".")].encode()

    message = (
        raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n").split(b"\r\n", 2)[2]
    )  # without two trace lines
    for index in (0, 1):
        assert dkim.DKIM(message).verify(index, dnsfunc=resolve)


def test_the_example_becomes_a_confirmation_a_welcome_and_five_lessons(demo: Demo) -> None:
    subjects = [mail.subject for mail in play(demo)]
    assert subjects == [
        "Please confirm: is it you?",
        "How to Sleep Better Without Trying Harder",
        "1/5: Get up at the same hour",
        "2/5: Light is the loudest signal",
        "3/5: What you drink at four is there at ten",
        "4/5: The bed is for sleeping",
        "5/5: Give the day an ending",
    ]


def test_lessons_come_at_the_readers_hour_through_summer_time(demo: Demo) -> None:
    moments = [mail.date for mail in play(demo)]
    # A sign-up on a Wednesday afternoon; Lisbon's clocks go forward on 29 March.
    assert [f"{moment:%d %b %H:%M}" for moment in moments[1:] if moment] == [
        "11 Mar 14:42",
        "12 Mar 08:00",
        "19 Mar 08:00",
        "26 Mar 08:00",
        "02 Apr 07:00",
        "09 Apr 07:00",
    ]


def test_r04_r05_both_signatures_of_every_mail_verify(demo: Demo, tmp_path: Path) -> None:
    mails = play(demo)
    demo.write_dns(tmp_path / "dns.txt")
    for mail in mails:
        assert_signed(mail.raw, tmp_path / "dns.txt")


def test_r05_the_story_is_over_by_now_so_that_no_signature_is_from_the_future(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """On the real clock: verifiers reject a t= that has not come yet."""
    mailbox = tmp_path / "mails"
    assert cli.run(["demo", "--once", "--mailbox", str(mailbox)]) == 0
    told = capsys.readouterr().out
    assert "Hours are those of the reader, in Lisbon" in told
    assert told.count("  08:00  ") == 5, "each lesson at the reader's hour, in summer and in winter"
    mails = list((mailbox / "new").iterdir())
    assert len(mails) == 7
    for mail in mails:
        assert_signed(mail.read_bytes(), mailbox / "dns.txt")


def test_lessons_that_do_not_arrive_are_said(demo: Demo) -> None:
    demo.create_course(read_article(None))
    with demo.installation.database.write() as session:
        welcome, *_, last = session.scalars(select(RevisionLesson).order_by(RevisionLesson.position))
        last.compiled = welcome.compiled.replace('"subject":', '"lost":')
    demo.sign_up()
    with pytest.raises(
        CourseletterError, match=r"^4 of 5 lessons arrived\. “Give the day an ending”: cannot"
    ):
        demo.play(lambda mail: None)


def test_the_real_database_is_not_the_demos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COURSELETTER_DATABASE_URL", f"sqlite:///{tmp_path / 'real.db'}")
    monkeypatch.setenv("COURSELETTER_SMTP_USERNAME", "ada")
    with Demo(tmp_path, tmp_path / "mailbox", START) as demo:
        assert len(play(demo)) == 7
    assert not (tmp_path / "real.db").exists()


def test_r01_r06_every_lesson_has_the_headers_of_list_mail_once(demo: Demo) -> None:
    mails = play(demo)[1:]
    list_ids = set()
    for mail in mails:
        message = parsed(mail)
        for name in ("From", "To", "Subject", "Date", "Message-ID", "List-Id", "List-Unsubscribe"):
            assert len(message.get_all(name, [])) == 1
        assert b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in mail.raw
        assert b"\r\nList-Unsubscribe: <http://127.0.0.1:" in mail.raw
        assert message["Precedence"] == "bulk"
        list_ids.add(str(message["List-Id"]))
    assert len(list_ids) == 1
    assert len({str(parsed(mail)["Message-ID"]) for mail in mails}) == len(mails)


def test_r06_r15_the_confirmation_comes_first_alone_and_says_that_a_machine_sent_it(demo: Demo) -> None:
    demo.create_course(read_article(None))
    demo.sign_up()
    first = demo.mailbox.messages()[0]
    assert parsed(first)["Auto-Submitted"] == "auto-generated"
    assert first.unsubscribe_url is None


def test_r19_disclosure_above_the_body_and_disclaimer_in_every_lesson(demo: Demo) -> None:
    for mail in play(demo)[1:]:
        for text in (mail.text, mail.html):
            assert text.count(DISCLOSURE) == 1
            assert text.index(DISCLOSURE) < text.index("Hi Ada,")
            assert "not a substitute for advice from a doctor" in text


@pytest.mark.parametrize("after", [0, 2])
def test_r02_after_one_click_no_further_mail(demo: Demo, after: int) -> None:
    mails = play(demo, unsubscribe_after=after)
    assert [mail.subject[:2] for mail in mails[2:]] == ["1/", "2/"][:after]
    assert demo.next_moment() is None


@pytest.mark.skipif(not SEED.exists(), reason="the seed article is not beside this checkout")
def test_the_seed_article_becomes_its_six_mails(demo: Demo) -> None:
    mails = play(demo, str(SEED))
    assert [mail.subject for mail in mails[1:]] == [
        "The Nervous System and Chronic Pain: What’s the Connection?",
        "1/5: Pain is produced by the brain",
        "2/5: Central sensitisation",
        "3/5: The role of chronic stress and trauma",
        "4/5: What this means for treatment",
        "5/5: A note on validation",
    ]
    for mail in mails[1:]:
        assert DISCLOSURE in mail.html
        assert DISCLOSURE in mail.text
        assert "not a substitute for professional medical" in mail.html
        for leaked in ("Similar Posts", "Leave a Reply", "Person experiencing chronic pain"):
            assert leaked not in mail.html
