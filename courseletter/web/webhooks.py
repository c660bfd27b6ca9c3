"""Where mail providers tell what became of a mail: `/webhooks/` and the name of the provider."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Final, Self

from fastapi import APIRouter, Depends, Request
from fastapi.responses import PlainTextResponse

from campaigns.reading.fetching import Fetcher
from courseletter.errors import NotFound
from courseletter.installation import Installation
from courseletter.web.site import Here, body_of
from sender.bounces.intake import Intake
from sender.bounces.webhooks.call import Call, Forged, Malformed, Unavailable
from sender.bounces.webhooks.providers import Reader, readers

router = APIRouter()

MOST_OCTETS: Final = 1_000_000  # SendGrid sends up to 768 KB at once
FETCH_SECONDS: Final = 10.0  # for a certificate, once a year


@dataclass(frozen=True, slots=True)
class Desk:
    """Where reports are handed in: who may, and who takes them on."""

    readers: Mapping[str, Reader]
    intake: Intake

    @classmethod
    def of(cls, installation: Installation, fetcher: Fetcher | None = None) -> Self:
        known = readers(installation.settings.webhooks, fetcher or Fetcher(seconds=FETCH_SECONDS))
        return cls(known, installation.intake())


def desk_of(request: Request) -> Desk:
    desk: Desk = request.app.state.desk
    return desk


async def call_of(request: Request) -> Call:
    return Call(dict(request.headers), await body_of(request, MOST_OCTETS))


@router.post("/webhooks/{provider}")
def take(
    provider: str,
    site: Here,
    desk: Annotated[Desk, Depends(desk_of)],
    call: Annotated[Call, Depends(call_of)],
) -> PlainTextResponse:
    """200 for whatever the provider really sent, ours or not, so that it does not come again."""
    reader = desk.readers.get(provider)
    if reader is None:
        raise NotFound("No provider of this name is listened to.")
    try:
        reports = reader(call, site.installation.clock.now())
    except Forged as error:
        return PlainTextResponse(f"{error}\n", 401)
    except Unavailable as error:
        return PlainTextResponse(f"{error}\n", 503)
    except Malformed as error:
        return PlainTextResponse(f"{error}\n", 400)
    desk.intake.take_all(reports)
    return PlainTextResponse("ok\n")
