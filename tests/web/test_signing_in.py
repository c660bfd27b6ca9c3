"""Signing in and out: one-time links, passwords, codes, sessions that rotate, and how guessing is slowed."""

from datetime import timedelta
from urllib.parse import urlsplit

import pyotp
import pytest
from colleagues import COOKIE, HOST, PASSWORD, Colleague, add_user
from reading_room import World

from courseletter.accounts import bearer, codes, invitations, passwords
from courseletter.accounts.models import Invitation, Role, User, UserSession
from courseletter.errors import InvalidInput
from subscribers.models import Quota


def guest(world: World) -> Colleague:
    return Colleague(world.app, world.installation)


def colleague(world: World, role: str = "owner", **columns: object) -> Colleague:
    return Colleague(world.app, world.installation, add_user(world.installation, role, **columns))


def first_link(world: World) -> str:
    with world.installation.database.write() as session:
        token = invitations.invite_first_owner(session, world.clock.now())
    assert token is not None
    return f"/invitations/{token}"


def test_the_first_owner_comes_in_by_a_link_that_works_once(world: World) -> None:
    link, browser = first_link(world), guest(world)
    assert "you become the owner" in browser.get(link).text
    answer = browser.post(link, email="ines@example.org", name="Inês", password=PASSWORD)
    assert (answer.status_code, urlsplit(answer.headers["location"]).path) == (303, "/")
    assert browser.get("/").status_code == 200
    assert [(one.email, one.role) for one in world.all(User)] == [("ines@example.org", Role.OWNER)]
    again = guest(world)
    assert again.get(link).status_code == 404
    assert again.post(link, email="eve@example.org", password=PASSWORD).status_code == 404
    with world.installation.database.write() as session:
        assert invitations.invite_first_owner(session, world.clock.now()) is None


def test_a_new_start_ends_the_link_of_the_one_before(here: World) -> None:
    old, new = first_link(here), first_link(here)
    assert guest(here).get(old).status_code == 404
    assert guest(here).get(new).status_code == 200
    here.clock.move_to(here.clock.now() + invitations.LASTING)
    assert guest(here).get(new).status_code == 404


def test_a_link_that_is_used_up_says_what_to_do(here: World) -> None:
    stranger = Colleague(here.app, here.installation)
    for answer in (stranger.get("/invitations/gone"), stranger.post("/invitations/gone", password=PASSWORD)):
        assert answer.status_code == 404
        assert "asks an owner or admin for a new link" in answer.text
        assert 'href="/sign-in"' in answer.text


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"password": "short"}, "10 or more"),
        ({"password": "aaaaaaaaaaaa"}, "one first"),
        ({"password": "a" * 201}, "longer than 200"),
        ({"email": "ines@"}, "cannot be used"),
        ({"name": "a\r\nBcc: x@y"}, "line break"),
    ],
)
def test_an_invitation_that_cannot_be_accepted_stays(here: World, fields: dict[str, str], said: str) -> None:
    link, browser = first_link(here), guest(here)
    form = {"email": "ines@example.org", "name": "Inês", "password": PASSWORD, **fields}
    answer = browser.post(link, **form)
    assert answer.status_code == 422
    assert said in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert here.all(User) == []
    assert guest(here).get(link).status_code == 200


def test_r30_signing_in_gives_a_new_session_and_the_one_before_ends(world: World) -> None:
    browser = colleague(world)
    before = browser.session_id
    assert browser.sign_in("owner@example.org").status_code == 303
    assert browser.session_id not in ("", before)
    assert browser.get("/settings").status_code == 200
    other = guest(world)
    other.client.cookies.set(COOKIE, before, domain="letters.example.org")
    assert other.get("/settings").status_code == 401


def test_r30_a_cookie_set_before_signing_in_is_good_for_nothing(here: World) -> None:
    add_user(here.installation)
    browser = guest(here)
    browser.client.cookies.set(COOKIE, "chosen-by-somebody-else", domain="letters.example.org")
    browser.sign_in("owner@example.org")
    assert browser.session_id != "chosen-by-somebody-else"
    assert {one.digest for one in here.all(UserSession)} == {bearer.digest_of(browser.session_id)}


def test_the_cookie_is_shielded(here: World) -> None:
    add_user(here.installation)
    cookie = guest(here).sign_in("owner@example.org").headers["set-cookie"]
    assert cookie.startswith("__Host-courseletter=")
    for mark in ("HttpOnly", "Secure", "SameSite=lax", "Path=/"):
        assert mark in cookie
    assert "Domain" not in cookie


def test_only_on_this_machine_a_cookie_goes_without_https(served: World) -> None:
    add_user(served.installation)
    base = served.installation.settings.base_url
    browser = guest(served)
    browser.client.base_url = base
    answer = browser.client.post(
        "/sign-in", data={"email": "owner@example.org", "password": PASSWORD}, headers={"Origin": base}
    )
    assert answer.headers["set-cookie"].startswith("courseletter=")
    assert "Secure" not in answer.headers["set-cookie"]


def test_sessions_and_links_are_not_to_be_read_from_the_database(here: World) -> None:
    link = first_link(here)
    browser = colleague(here)
    stored = {one.digest for one in (*here.all(UserSession), *here.all(Invitation))}
    assert len(stored) == 2
    assert not stored & {browser.session_id, link.rpartition("/")[2]}
    assert all(
        PASSWORD not in one.password_hash and "argon2id" in one.password_hash for one in here.all(User)
    )


def test_r31_twenty_wrong_passwords_and_nothing_more_is_tried(world: World) -> None:
    add_user(world.installation)
    known, unknown = guest(world), guest(world)
    unknown.client = type(known.client)(world.app, base_url=HOST, client=("198.51.100.4", 1))
    unknown.client.follow_redirects = False
    for browser, email in ((known, "owner@example.org"), (unknown, "nobody@example.org")):
        told = set()
        for _ in range(20):
            answer = browser.sign_in(email, "wrong")
            told.add((answer.status_code, answer.text.replace(email, "")))
        assert len(told) == 1
        assert told.pop()[0] == 422
        refused = browser.sign_in(email, PASSWORD)  # even the right one
        assert refused.status_code == 429
        assert 0 < int(refused.headers["retry-after"]) <= 15 * 60
        assert "Wait" in refused.text
    world.clock.move_to(world.clock.now() + timedelta(minutes=15))
    assert known.sign_in("owner@example.org").status_code == 303


def test_r31_unknown_and_known_are_told_the_same(here: World) -> None:
    add_user(here.installation)
    texts = {
        guest(here).sign_in(email, "wrong").text.replace(email, "")
        for email in ("owner@example.org", "nobody@example.org")
    }
    assert len(texts) == 1


def test_r31_an_unknown_user_costs_one_verification_too(here: World) -> None:
    """The same work, whoever is asked for: what takes time is one Argon2 verification."""
    with pytest.raises(InvalidInput):
        passwords.check("owner", "owner@example.org")
    assert not passwords.verify(PASSWORD, None)
    assert not passwords.verify("nobody's password", None)
    assert not passwords.verify(PASSWORD, "no hash at all")


def test_r31_many_accounts_from_one_address_are_slowed(here: World) -> None:
    browser = guest(here)
    answers = [browser.sign_in(f"user{number}@example.org", "wrong").status_code for number in range(21)]
    assert answers == [422] * 20 + [429]


def test_r31_a_right_password_gives_the_tries_back(here: World) -> None:
    add_user(here.installation)
    browser = guest(here)
    for _ in range(3):
        for _ in range(6):
            browser.sign_in("owner@example.org", "wrong")
        assert browser.sign_in("owner@example.org").status_code == 303
    counts = {one.bucket.partition(":")[2][:5]: one.count for one in here.all(Quota)}
    assert list(counts.values()) == [18]  # of the network address alone, which others share


def test_r30_a_new_password_ends_the_other_sessions(world: World) -> None:
    mine = colleague(world)
    others = [Colleague(world.app, world.installation, mine.user) for _ in range(2)]
    assert mine.post("/settings/password", old="not it", password="four other plain words").status_code == 422
    assert others[0].get("/settings").status_code == 200
    answer = mine.post("/settings/password", old=PASSWORD, password="four other plain words")
    assert answer.status_code == 303
    assert "2 other browsers were signed out" in mine.get("/settings").text
    assert [one.get("/settings").status_code for one in others] == [401, 401]
    assert guest(world).sign_in("owner@example.org", PASSWORD).status_code == 422
    assert guest(world).sign_in("owner@example.org", "four other plain words").status_code == 303


def test_a_code_is_set_up_asked_for_and_good_once(world: World) -> None:
    mine, secret = colleague(world), codes.new_secret()
    assert mine.post("/settings/code", secret=secret, code="000000").status_code == 422
    now = world.clock.now()
    answer = mine.post("/settings/code", secret=secret, code=pyotp.TOTP(secret).at(now))
    assert answer.status_code == 303
    assert guest(world).sign_in("owner@example.org").status_code == 422
    used = pyotp.TOTP(secret).at(now)
    assert guest(world).sign_in("owner@example.org", code=used).status_code == 422  # it set the code up
    world.clock.move_to(now + timedelta(seconds=90))
    code = pyotp.TOTP(secret).at(world.clock.now())
    assert guest(world).sign_in("owner@example.org", "wrong", code=code).status_code == 422
    assert guest(world).sign_in("owner@example.org", code=code).status_code == 303
    assert guest(world).sign_in("owner@example.org", code=code).status_code == 422


def test_r30_a_password_set_by_link_still_asks_for_the_code(world: World) -> None:
    secret = codes.new_secret()
    mine = colleague(world, totp_secret=secret)
    assert mine.user is not None
    with world.installation.database.write() as session:
        token = invitations.invite_back(session, session.get_one(User, mine.user.id), world.clock.now())
    browser = guest(world)
    answer = browser.post(f"/invitations/{token}", password="four other plain words")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
    assert COOKIE not in answer.headers.get("set-cookie", "")
    assert mine.get("/settings").status_code == 401
    assert browser.sign_in("owner@example.org", "four other plain words").status_code == 422
    code = pyotp.TOTP(secret).at(world.clock.now())
    assert browser.sign_in("owner@example.org", "four other plain words", code=code).status_code == 303


def test_a_session_ends_when_idle_and_at_last_anyway(here: World) -> None:
    browser = colleague(here)
    for _ in range(4):
        here.clock.move_to(here.clock.now() + timedelta(days=6))
        assert browser.get("/settings").status_code == 200
    here.clock.move_to(here.clock.now() + timedelta(days=6, hours=1))
    assert browser.get("/settings").status_code == 401
    idle = colleague(here, "marketer")
    here.clock.move_to(here.clock.now() + timedelta(days=7))
    assert idle.get("/settings").status_code == 401


def test_signing_out_ends_the_session_itself(here: World) -> None:
    browser = colleague(here)
    assert browser.post("/sign-out").status_code == 303
    assert here.all(UserSession) == []


def test_signing_in_leads_on_to_the_page_that_was_asked_for_and_never_elsewhere(here: World) -> None:
    add_user(here.installation)
    page = guest(here).get("/settings?x=1")
    assert page.status_code == 401
    assert 'name="onward" value="/settings?x=1"' in page.text
    answer = guest(here).sign_in("owner@example.org", onward="/settings?x=1")
    assert answer.headers["location"] == "/settings?x=1"
    for evil in ("https://evil.example", "//evil.example", "/\\evil.example", "/a\r\nSet-Cookie: x=1"):
        assert guest(here).sign_in("owner@example.org", onward=evil).headers["location"] == "/"


def test_r32_a_form_needs_its_token_and_its_origin(world: World) -> None:
    mine = colleague(world)
    new = "four other plain words"
    with_both = {"old": PASSWORD, "password": new}
    assert mine.post("/settings/password", origin="https://evil.example", **with_both).status_code == 403
    assert mine.post("/settings/password", origin="null", **with_both).status_code == 403
    assert (
        mine.client.post("/settings/password", data={"form_token": mine.token, **with_both}).status_code
        == 403
    )
    assert mine.post("/settings/password", form_token="", **with_both).status_code == 403
    stranger = Colleague(world.app, world.installation, add_user(world.installation, "admin"))
    assert mine.post("/settings/password", form_token=stranger.token, **with_both).status_code == 403
    assert guest(world).sign_in("owner@example.org").status_code == 303
    evil = guest(world).client.post(
        "/sign-in",
        data={"email": "owner@example.org", "password": PASSWORD},
        headers={"Origin": "https://evil.example"},
    )
    assert evil.status_code == 403


def test_people_are_let_in_given_roles_and_let_out(world: World) -> None:
    owner = colleague(world)
    page = owner.post("/settings/people", email="new@example.org", name="New", role="marketer")
    link = page.text.partition("/invitations/")[2].partition("<")[0]
    browser = guest(world)
    assert browser.post(f"/invitations/{link}", password=PASSWORD).status_code == 303
    assert browser.get("/settings").status_code == 200
    assert "Who works here" not in browser.get("/settings").text
    new = next(one for one in world.all(User) if one.email == "new@example.org")
    assert new.role is Role.MARKETER
    assert owner.post(f"/settings/people/{new.id}/role", role="admin").status_code == 303
    assert "Who works here" in browser.get("/settings").text
    assert owner.post(f"/settings/people/{new.id}/remove").status_code == 303
    assert browser.get("/settings").status_code == 401
    assert owner.post("/settings/people", email="owner@example.org", role="marketer").status_code == 422


def test_admins_leave_owners_alone_and_nobody_removes_themselves(world: World) -> None:
    owner, admin = colleague(world), colleague(world, "admin")
    assert owner.user is not None
    assert admin.user is not None
    for act in ("remove", "link"):
        assert admin.post(f"/settings/people/{owner.user.id}/{act}").status_code == 403
        assert owner.post(f"/settings/people/{owner.user.id}/{act}").status_code == 403
    assert admin.post(f"/settings/people/{owner.user.id}/role", role="marketer").status_code == 403
    assert admin.post(f"/settings/people/{admin.user.id}/role", role="owner").status_code == 403
    assert admin.post("/settings/people", email="x@example.org", role="owner").status_code == 403
    assert len(world.all(User)) == 2
