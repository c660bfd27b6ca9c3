"""R33: every route, asked by every role, with an id that is not there. A new route must be named here."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from colleagues import Colleague, add_user
from fastapi import FastAPI
from fastapi.routing import APIRoute
from reading_room import World

READERS = "readers"  # the link is the login, or there is nothing to hide
LEAST = {
    "GET /": "marketer",
    "POST /pause": "marketer",
    "POST /resume": "marketer",
    "GET /find": "marketer",
    "GET /keys": "marketer",
    "GET /sign-in": READERS,
    "POST /sign-in": READERS,
    "POST /sign-out": "marketer",
    "GET /invitations/{token}": READERS,
    "POST /invitations/{token}": READERS,
    "GET /fields": "marketer",
    "POST /fields": "admin",
    "GET /fields/{name}": "marketer",
    "POST /fields/{name}/rename": "admin",
    "POST /fields/{name}/retype": "admin",
    "POST /fields/{name}/remove": "admin",
    "POST /fields/{name}/restore": "admin",
    "GET /courses": "marketer",
    "GET /courses/{course_id}": "marketer",
    "GET /courses/{course_id}/paces": "marketer",
    "POST /courses/{course_id}/pause": "marketer",
    "POST /courses/{course_id}/resume": "marketer",
    "GET /courses/{course_id}/checks": "marketer",
    "GET /courses/{course_id}/form": "marketer",
    "GET /courses/{course_id}/triggers": "marketer",
    "POST /courses/{course_id}/triggers": "marketer",
    "POST /courses/{course_id}/triggers/{trigger_id}/remove": "marketer",
    "GET /courses/{course_id}/questions": "marketer",
    "POST /courses/{course_id}/questions": "marketer",
    "POST /courses/{course_id}/questions/{lesson_id}/remove": "marketer",
    "POST /courses/{course_id}/certificate": "marketer",
    "GET /courses/{course_id}/folder": "marketer",
    "POST /courses/{course_id}/folder": "marketer",
    "GET /courses/{course_id}/folder.zip": "marketer",
    "GET /courses/{course_id}/plan": "marketer",
    "POST /courses/{course_id}/plan": "marketer",
    "GET /courses/{course_id}/revisions": "marketer",
    "POST /courses/{course_id}/revisions": "marketer",
    "GET /courses/{course_id}/revisions/{number}/plan": "marketer",
    "POST /courses/{course_id}/revisions/{number}/plan": "marketer",
    "POST /courses/{course_id}/revisions/{number}/restore": "marketer",
    "GET /courses/{course_id}/results": "marketer",
    "GET /courses/{course_id}/results.csv": "marketer",
    "GET /results": "marketer",
    "GET /courses/{course_id}/settings": "marketer",
    "POST /courses/{course_id}/settings": "marketer",
    "POST /courses/{course_id}/lessons": "marketer",
    "GET /courses/{course_id}/lessons/{lesson_id}": "marketer",
    "GET /courses/{course_id}/lessons/{lesson_id}/mail": "marketer",
    "POST /courses/{course_id}/lessons/{lesson_id}/move": "marketer",
    "POST /courses/{course_id}/lessons/{lesson_id}/remove": "marketer",
    "POST /courses/{course_id}/lessons/{lesson_id}/restore": "marketer",
    "GET /courses/{course_id}/lessons/{lesson_id}/edit": "marketer",
    "POST /courses/{course_id}/lessons/{lesson_id}/edit": "marketer",
    "PUT /courses/{course_id}/lessons/{lesson_id}/edit": "marketer",
    "POST /courses/{course_id}/lessons/{lesson_id}/edit/format": "marketer",
    "POST /courses/{course_id}/lessons/{lesson_id}/edit/images": "marketer",
    "POST /courses/{course_id}/lessons/{lesson_id}/edit/here": "marketer",
    "POST /courses/{course_id}/lessons/{lesson_id}/edit/test": "marketer",
    "GET /courses/{course_id}/lessons/{lesson_id}/edit/mail": "marketer",
    "GET /courses/{course_id}/lessons/{lesson_id}/edit/mail.html": "marketer",
    "GET /courses/{course_id}/lessons/{lesson_id}/edit/readers": "marketer",
    "GET /folders/new": "marketer",
    "POST /folders": "marketer",
    "GET /articles": "marketer",
    "GET /articles/new": "marketer",
    "POST /articles": "marketer",
    "GET /articles/{article_id}": "marketer",
    "POST /articles/{article_id}/target": "marketer",
    "POST /articles/{article_id}/undo": "marketer",
    "POST /articles/{article_id}/parts/{key}/{act}": "marketer",
    "GET /articles/{article_id}/rhythm": "marketer",
    "POST /articles/{article_id}/rhythm": "marketer",
    "GET /posts": "marketer",
    "POST /posts/{post_id}/review": "marketer",
    "GET /newsletters": "marketer",
    "POST /newsletters": "marketer",
    "GET /newsletters/new": "marketer",
    "GET /newsletters/{newsletter_id}": "marketer",
    "POST /newsletters/{newsletter_id}": "marketer",
    "POST /newsletters/{newsletter_id}/resume": "marketer",
    "GET /newsletters/{newsletter_id}/digest": "marketer",
    "POST /newsletters/{newsletter_id}/digest": "marketer",
    "POST /newsletters/{newsletter_id}/digest/preview": "marketer",
    "POST /newsletters/{newsletter_id}/digest/off": "marketer",
    "GET /issues/{issue_id}": "marketer",
    "POST /issues/{issue_id}": "marketer",
    "POST /issues/{issue_id}/send": "marketer",
    "POST /issues/{issue_id}/take-back": "marketer",
    "POST /issues/{issue_id}/pause": "marketer",
    "POST /issues/{issue_id}/resume": "marketer",
    "POST /issues/{issue_id}/bring-back": "marketer",
    "POST /issues/{issue_id}/cancel": "marketer",
    "POST /issues/{issue_id}/remove": "marketer",
    "POST /issues/{issue_id}/restore": "marketer",
    "GET /issues/{issue_id}/results.csv": "marketer",
    "GET /subscribers": "marketer",
    "GET /subscribers/new": "admin",
    "POST /subscribers/new": "admin",
    "POST /subscribers/views": "marketer",
    "POST /subscribers/views/{view_id}/remove": "marketer",
    "GET /subscribers/acts": "marketer",
    "POST /subscribers/acts": "marketer",
    "POST /subscribers/acts/start": "marketer",
    "GET /subscribers/acts/{act_id}": "marketer",
    "POST /subscribers/acts/{act_id}/stop": "marketer",
    "POST /subscribers/acts/{act_id}/undo": "marketer",
    "GET /subscribers/{subscriber_id}": "marketer",
    "GET /subscribers/{subscriber_id}/edit": "marketer",
    "POST /subscribers/{subscriber_id}/edit": "marketer",
    "GET /subscribers/{subscriber_id}/lists": "marketer",
    "GET /subscribers/{subscriber_id}/history": "marketer",
    "GET /subscribers/{subscriber_id}/proof": "admin",
    "GET /subscribers/{subscriber_id}/everything.zip": "admin",
    "GET /suppressions": "admin",
    "POST /suppressions": "admin",
    "POST /suppressions/import": "admin",
    "POST /suppressions/{suppression_id}/release": "admin",
    "GET /subscribers/imports": "admin",
    "POST /subscribers/imports": "admin",
    "GET /subscribers/imports/{import_id}": "admin",
    "GET /subscribers/imports/{import_id}/columns": "admin",
    "POST /subscribers/imports/{import_id}/columns": "admin",
    "GET /subscribers/imports/{import_id}/skipped.csv": "admin",
    "POST /subscribers/imports/{import_id}/start": "admin",
    "POST /subscribers/imports/{import_id}/resume": "admin",
    "POST /subscribers/imports/{import_id}/undo": "admin",
    "POST /subscribers/imports/{import_id}/posts": "admin",
    "GET /segments": "marketer",
    "POST /segments": "marketer",
    "GET /segments/{segment_id}": "marketer",
    "GET /subscribers/export": "admin",
    "GET /subscribers/export/{what}": "admin",
    "POST /enrolments/{enrolment_id}/pause": "marketer",
    "POST /enrolments/{enrolment_id}/resume": "marketer",
    "POST /enrolments/{enrolment_id}/skip": "marketer",
    "POST /enrolments/{enrolment_id}/next": "marketer",
    "POST /enrolments/{enrolment_id}/take-back": "marketer",
    "POST /enrolments/{enrolment_id}/unskip": "marketer",
    "POST /enrolments/{enrolment_id}/release": "marketer",
    "GET /deliveries": "marketer",
    "GET /deliveries/{delivery_id}": "marketer",
    "POST /deliveries/{delivery_id}/settle": "marketer",
    "POST /deliveries/{delivery_id}/copies": "marketer",
    "GET /settings": "marketer",
    "GET /settings/brands": "marketer",
    "GET /settings/brands/{brand_id}": "marketer",
    "POST /settings/brands/{brand_id}": "marketer",
    "GET /settings/brands/{brand_id}/mail": "marketer",
    "POST /settings/brands/{brand_id}/look": "marketer",
    "POST /settings/brands/{brand_id}/logo": "marketer",
    "POST /settings/brands/{brand_id}/remove": "marketer",
    "POST /settings/brands/{brand_id}/restore": "marketer",
    "POST /settings/password": "marketer",
    "POST /settings/sign-out-others": "marketer",
    "GET /settings/code": "marketer",
    "POST /settings/code": "marketer",
    "POST /settings/code/remove": "marketer",
    "GET /settings/people/new": "admin",
    "POST /settings/people": "admin",
    "POST /settings/people/{user_id}/link": "admin",
    "POST /settings/people/{user_id}/role": "admin",
    "POST /settings/people/{user_id}/remove": "admin",
    "GET /healthz": READERS,
    "GET /images/{name}": READERS,
    "GET /looks/{name}": READERS,
    "GET /c/{slug}": READERS,
    "GET /n/{slug}": READERS,
    "POST /n/{slug}": READERS,
    "GET /n/{slug}/feed.xml": READERS,
    "GET /n/{slug}/{lesson_id}": READERS,
    "GET /go/{link_id}/{token}": READERS,
    "POST /c/{slug}": READERS,
    "GET /confirm/{token}": READERS,
    "POST /confirm/{token}": READERS,
    "GET /unsubscribe/{token}": READERS,
    "POST /unsubscribe/{token}": READERS,
    "POST /unsubscribe/{token}/reason": READERS,
    "GET /unsubscribe/{token}/everything": READERS,
    "POST /unsubscribe/{token}/everything": READERS,
    "POST /unsubscribe/{token}/back": READERS,
    "GET /read/{token}": READERS,
    "GET /learn/{token}": READERS,
    "POST /learn/{token}/pace": READERS,
    "GET /learn/{token}/pause": READERS,
    "POST /learn/{token}/pause": READERS,
    "POST /learn/{token}/resume": READERS,
    "GET /learn/{token}/next": READERS,
    "POST /learn/{token}/next": READERS,
    "POST /learn/{token}/take-back": READERS,
    "POST /learn/{token}/lessons/{lesson_id}/answer": READERS,
    "GET /learn/{token}/certificate": READERS,
    "GET /learn/{token}/certificate.{form}": READERS,
    "GET /learn/{token}/data": READERS,
    "GET /learn/{token}/data/download": READERS,
    "POST /learn/{token}/data/tracking": READERS,
    "POST /learn/{token}/data/erase": READERS,
    "GET /learn/{token}/skip": READERS,
    "POST /learn/{token}/skip": READERS,
    "POST /learn/{token}/unskip": READERS,
    "GET /learn/{token}/lessons/{lesson_id}": READERS,
    "GET /learn/{token}/lessons/{lesson_id}/again": READERS,
    "POST /learn/{token}/lessons/{lesson_id}/again": READERS,
    "POST /webhooks/{provider}": READERS,
}
ROLES = ("marketer", "admin", "owner")
UNKNOWN = "987654321"


def routes_of(app: FastAPI) -> Iterator[str]:
    """`METHOD path` of every route of the app; HEAD goes with GET."""
    for route in app.routes:
        inner: Any = getattr(route, "original_router", None)
        for one in inner.routes if inner is not None else [route]:
            if isinstance(one, APIRoute):
                yield from (f"{method} {one.path}" for method in sorted(one.methods - {"HEAD"}))


def path_of(route: str) -> str:
    return re.sub(r"\{\w+\}", UNKNOWN, route.partition(" ")[2])


def ask(browser: Colleague, route: str) -> int:
    method, path = route.partition(" ")[0], path_of(route)
    return (browser.get(path) if method == "GET" else browser.send(method, path)).status_code


def guarded(*least: str) -> list[str]:
    return [route for route, role in LEAST.items() if role in least]


def test_r33_no_route_is_forgotten_here(here: World) -> None:
    found = list(routes_of(here.app))
    assert len(found) > 30, "the walk over the routes finds none any more"
    assert sorted(found) == sorted(LEAST)


def test_r33_whoever_is_not_signed_in_gets_no_further_than_the_door(here: World) -> None:
    stranger = Colleague(here.app, here.installation)
    for route in guarded(*ROLES):
        assert ask(stranger, route) == 401, route


@pytest.mark.parametrize("role", ROLES)
def test_r33_each_role_reaches_what_is_its_own(here: World, role: str) -> None:
    """With an id that is not there: 404 for those who may, and 403 alike for those who may not."""
    for route, least in LEAST.items():
        if least == READERS or route == "POST /sign-out":
            continue
        browser = Colleague(here.app, here.installation, add_user(here.installation, role, f"{route}@x.org"))
        status = ask(browser, route)
        if ROLES.index(role) < ROLES.index(least):
            assert status == 403, route
        elif "{" in route:
            assert status == 404, route
        else:
            assert status in (200, 303, 422), route


def test_r32_no_write_without_the_token_or_from_elsewhere(here: World) -> None:
    owner = Colleague(here.app, here.installation, add_user(here.installation))
    for route in guarded(*ROLES):
        method, path = route.partition(" ")[0], path_of(route)
        if method != "GET":
            assert owner.send(method, path, form_token="").status_code == 403, route
            assert owner.send(method, path, origin="https://evil.example").status_code == 403, route
    assert owner.get("/settings").status_code == 200  # not even signing out


def test_r03_reading_a_page_by_head_works_as_by_get(here: World) -> None:
    owner = Colleague(here.app, here.installation, add_user(here.installation))
    for route in guarded(*ROLES):
        if route.startswith("GET") and "{" not in route:
            assert owner.client.head(path_of(route)).status_code == 200, route


def test_the_workshop_is_shielded(here: World) -> None:
    owner = Colleague(here.app, here.installation, add_user(here.installation))
    for answer in (owner.get("/settings"), owner.get("/nowhere"), owner.get("/sign-in")):
        policy = answer.headers["content-security-policy"]
        assert "unsafe" not in policy
        assert "default-src 'none'" in policy
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "DENY"
    assert owner.get("/settings").headers["referrer-policy"] == "same-origin"
    assert " style=" not in owner.get("/settings/code").text
