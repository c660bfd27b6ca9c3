"""Bots at the sign-up form: what is believed of a form, and for how long."""

from datetime import datetime, timedelta

import pytest

from courseletter.database import Database
from subscribers import form_tokens
from subscribers.form_tokens import TOKEN, TRAP, Verdict

KEY = b"a key of thirty-two octets......"
SECOND = timedelta(seconds=1)


def judged(database: Database, fields: dict[str, str], now: datetime, slug: str = "small-habits") -> Verdict:
    with database.write() as session:
        return form_tokens.judge(session, KEY, slug, fields, now)


@pytest.mark.parametrize(
    ("age", "verdict"),
    [
        (timedelta(0), Verdict.AGAIN),
        (1 * SECOND, Verdict.AGAIN),
        (2 * SECOND, Verdict.PERSON),
        (timedelta(hours=23), Verdict.PERSON),
        (timedelta(days=1, seconds=1), Verdict.AGAIN),
        (-5 * SECOND, Verdict.AGAIN),
    ],
)
def test_a_form_is_neither_too_young_nor_too_old(
    database: Database, now: datetime, age: timedelta, verdict: Verdict
) -> None:
    assert judged(database, {TOKEN: form_tokens.make(KEY, "small-habits", now)}, now + age) is verdict


def test_a_filled_trap_tells_a_program(database: Database, now: datetime) -> None:
    fields = {TOKEN: form_tokens.make(KEY, "small-habits", now), TRAP: "https://evil.example"}
    assert judged(database, fields, now + 9 * SECOND) is Verdict.PROGRAM


@pytest.mark.parametrize(
    "spoil",
    [
        lambda _: "",
        lambda token: token[:-1],
        lambda token: "9" + token,
        lambda token: token.replace(".", "", 1),
        lambda _: "..",
        lambda _: "²²²",
        lambda token: token.partition(".")[0],
    ],
)
def test_a_tampered_truncated_or_missing_token_is_asked_for_again(
    database: Database, now: datetime, spoil: object
) -> None:
    assert callable(spoil)
    token = spoil(form_tokens.make(KEY, "small-habits", now))
    assert judged(database, {TOKEN: token}, now + 9 * SECOND) is Verdict.AGAIN


def test_a_foreign_token_serves_no_other_list(database: Database, now: datetime) -> None:
    fields = {TOKEN: form_tokens.make(KEY, "small-habits", now)}
    assert judged(database, fields, now + 9 * SECOND, "other") is Verdict.AGAIN
    other_key = {TOKEN: form_tokens.make(b"another key of thirty-two octets", "small-habits", now)}
    assert judged(database, other_key, now + 9 * SECOND) is Verdict.AGAIN


def test_a_replayed_token_serves_a_handful_of_presses(database: Database, now: datetime) -> None:
    fields = {TOKEN: form_tokens.make(KEY, "small-habits", now)}
    verdicts = [judged(database, fields, now + 9 * SECOND) for _ in range(7)]
    assert verdicts == [Verdict.PERSON] * 5 + [Verdict.AGAIN] * 2


def test_two_showings_in_one_second_have_tokens_of_their_own(now: datetime) -> None:
    assert form_tokens.make(KEY, "small-habits", now) != form_tokens.make(KEY, "small-habits", now)
