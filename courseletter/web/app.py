"""The web app: its routes, the headers on every answer, and calm pages for whatever goes wrong."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta

from fastapi import FastAPI, Request, Response
from fastapi.responses import PlainTextResponse
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException

from courseletter.errors import InvalidInput, NotFound
from courseletter.installation import Installation
from courseletter.web import (
    admin,
    clicks,
    finishing,
    images,
    learning,
    leaving,
    lessons,
    looks,
    my_data,
    newsletters,
    public,
    reading,
    webhooks,
)
from courseletter.web import mailbox as demo_mailbox
from courseletter.web.admin.access import Forbidden, SignedOut, Visitor, visitor_of
from courseletter.web.admin.shell import show
from courseletter.web.admin.signing_in import sign_in_page
from courseletter.web.admin.ways_on import place_of, ways_on
from courseletter.web.finding import Erased
from courseletter.web.mailbox import DemoCalendar, DemoMailbox, Mails
from courseletter.web.pages import POLICY, Pages
from courseletter.web.site import READ, Site
from courseletter.web.speech import speech
from courseletter.web.webhooks import Desk
from subscribers.form_tokens import LEAST_AGE
from templates.languages import marked, preferred

HEADERS = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "no-referrer",  # the address of a page is its key (REQUIREMENTS 34)
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex",
}
FOR_EVER = "public, max-age=31536000, immutable"

Handler = Callable[[Request], Awaitable[Response]]


def create_app(
    installation: Installation,
    *,
    mailbox: Mails | None = None,
    calendar: DemoCalendar | None = None,
    least_form_age: timedelta = LEAST_AGE,
) -> FastAPI:
    """The pages of one installation; with a demo's mailbox and calendar, theirs too.

    `least_form_age` is nothing where the clock stands still between two pages, as a demo's does.
    """
    app = FastAPI(title="Courseletter", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.site = Site(installation, Pages(installation), least_form_age=least_form_age)
    app.state.desk = Desk.of(installation)
    for module in (
        *(public, newsletters, leaving, learning, lessons, reading, finishing, my_data),
        *(clicks, images, looks, webhooks),
    ):
        app.include_router(module.router)
    if mailbox is not None and calendar is not None:
        app.state.demo = DemoMailbox(mailbox, calendar)
        app.include_router(demo_mailbox.router)
    for router in admin.ROUTERS:
        app.include_router(router)
    app.add_api_route("/healthz", health, methods=READ)
    app.mount("/static", StaticFiles(packages=[("courseletter.web", "static")]))
    app.middleware("http")(_guard)
    app.add_exception_handler(SignedOut, _signed_out)
    app.add_exception_handler(Forbidden, _forbidden)
    app.add_exception_handler(NotFound, _not_found)
    app.add_exception_handler(Erased, _erased)
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(InvalidInput, _invalid)
    app.add_exception_handler(Exception, _broken)
    return app


def health() -> PlainTextResponse:
    return PlainTextResponse("ok\n")


async def _guard(request: Request, answer: Handler) -> Response:
    response = await answer(request)
    if request.url.path.startswith("/static/") and response.status_code == 200:
        response.headers["Cache-Control"] = FOR_EVER
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    return response


def _signed_out(request: Request, _error: Exception) -> Response:
    """The sign-in page in place of the page that was asked for, and the way on to it."""
    site: Site = request.app.state.site
    query = f"?{request.url.query}" if request.url.query else ""
    onward = request.url.path + query if request.method in READ else ""
    return sign_in_page(site, 401, onward if onward != "/" else "")


def _forbidden(request: Request, error: Exception) -> Response:
    return _problem(request, 403, "This is not for you to do", str(error))


def _not_found(request: Request, _error: Exception) -> Response:
    """One answer for what never was and for what is somebody else's."""
    _recognise(request)
    if getattr(request.state, "visitor", None) is not None:
        return _problem(
            request,
            404,
            "There is no page here",
            "It was removed, or the address is not complete. Find looks by name.",
        )
    return _problem(
        request,
        404,
        marked("There is no page here"),
        marked(
            "The address is not complete, or it never was one of ours. Open the link again from the mail, "
            "or copy all of it."
        ),
    )


def _recognise(request: Request) -> None:
    """Let whoever is signed in keep the shell where no page was asked for who they are."""
    asked = request.scope.get("endpoint")
    if asked is None or asked.__module__.startswith(admin.__name__):
        with suppress(SignedOut):
            visitor_of(request, request.app.state.site)


def _erased(request: Request, _error: Exception) -> Response:
    """200, whatever was asked for: who presses to leave (RFC 8058) has long left."""
    site: Site = request.app.state.site
    spoken = preferred(request.headers.get("accept-language", ""))
    return site.pages.show("erased.html", language=spoken)


def _refused(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 400
    if status in (404, 405):
        return _not_found(request, error)
    if status == 413:
        return _problem(
            request,
            413,
            marked("That is too long"),
            marked("Nothing was kept of it. Write less, and send again."),
        )
    return _problem(
        request,
        status,
        marked("This could not be read"),
        marked("Go back, look over what you wrote, and send it again."),
    )


def _invalid(request: Request, error: Exception) -> Response:
    return _problem(request, 422, marked("One thing to fix"), str(error))


def _broken(request: Request, _error: Exception) -> Response:
    response = _problem(
        request,
        500,
        marked("This did not work"),
        marked("The fault is ours. Nothing is lost, and your place is kept. Try again in a few minutes."),
    )
    response.headers.update(HEADERS)  # this one is written outside of the middleware
    return response


def _problem(request: Request, status: int, title: str, text: str) -> Response:
    site: Site = request.app.state.site
    visitor: Visitor | None = getattr(request.state, "visitor", None)
    if visitor is not None:
        prefix = site.path(site.installation.settings.base_url)
        return show(
            request,
            site,
            visitor,
            "problem.html",
            place=place_of(request.url.path.removeprefix(prefix)).key,
            status=status,
            heading=title,
            text=text,
            ways=ways_on(request, prefix),
        )
    spoken = speech(preferred(request.headers.get("accept-language", "")))  # whose page it is, nobody knows
    return site.pages.show(
        "problem.html",
        status,
        language=spoken.language,
        heading=spoken.say(title),
        text=spoken.say(text),
    )
