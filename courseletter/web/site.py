"""What every page is answered with: the installation, the templates, and what a request tells of itself."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, HTTPException, Request
from starlette.datastructures import UploadFile
from starlette.requests import ClientDisconnect
from starlette.types import Message

from campaigns.reading import Fetcher
from courseletter.installation import Installation
from courseletter.web.kept_plans import KeptPlans
from courseletter.web.pages import Pages
from subscribers.consent import Evidence
from subscribers.form_tokens import LEAST_AGE

FORM_OCTETS = 64 * 1024  # the longest form of ours is under 2 KB
FORM_FIELDS = 50


@dataclass(frozen=True, slots=True)
class Site:
    installation: Installation
    pages: Pages
    least_form_age: timedelta = LEAST_AGE  # of a sign-up form, before its press counts as a person's
    plans: KeptPlans = field(default_factory=KeptPlans)

    @property
    def fetcher(self) -> Fetcher:
        return self.installation.fetcher

    def path(self, address: str) -> str:
        """An absolute address of ours as a path: pages work under whatever name the reader came by."""
        return urlsplit(address).path


def site_of(request: Request) -> Site:
    site: Site = request.app.state.site
    return site


async def body_of(request: Request, most: int) -> bytes:
    """The request's body; 413 as soon as it is longer than `most` octets, 400 where its sender has gone."""
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > most:
                raise HTTPException(413)
    except ClientDisconnect:  # nobody reads the answer, and it is no fault of ours to be logged
        raise HTTPException(400) from None
    return bytes(body)


async def fields_of(request: Request) -> dict[str, str]:
    """The posted form, urlencoded or multipart; of fields with one name the last. 413 when it is no form."""
    body = await body_of(request, FORM_OCTETS)

    async def replay() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    try:
        form = await Request(request.scope, replay).form(max_files=0, max_fields=FORM_FIELDS)
    except ClientDisconnect:
        return {}
    return {name: value for name, value in form.items() if not isinstance(value, UploadFile)}


def evidence_of(request: Request, site: Site, page: str, wording: str) -> Evidence:
    """Who pressed the button of `page`, a path without its token: the ledger is no place for keys."""
    return Evidence(
        ip=request.client.host if request.client else "",
        user_agent=request.headers.get("user-agent", ""),
        source_url=site.installation.settings.base_url + page,
        wording=wording,
    )


Here = Annotated[Site, Depends(site_of)]
Fields = Annotated[dict[str, str], Depends(fields_of)]
READ = ["GET", "HEAD"]  # these two change nothing, whoever follows a link (REQUIREMENTS 3)
