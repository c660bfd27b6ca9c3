"""A form that somebody who is signed in has sent: fields, lists of them, and one file."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated

from fastapi import Depends, HTTPException, Request
from starlette.datastructures import FormData, UploadFile
from starlette.requests import ClientDisconnect
from starlette.types import Message

from campaigns.reading.fetching import MOST_BYTES
from courseletter.web.site import body_of
from subscribers.importing.files import MOST_OCTETS

OCTETS = MOST_BYTES + 1_000_000  # an article, and what is typed around it
FIELDS = 500
MOST_UPLOADED = MOST_OCTETS + 1_000_000  # a list of people, and what is typed around it
_MULTIPART = "multipart/form-data"  # of which the files alone go to the disk


@dataclass(frozen=True, slots=True)
class Form:
    data: FormData

    def text(self, name: str, default: str = "") -> str:
        """The last field with this name, as typed."""
        value = self.data.get(name, default)
        return value if isinstance(value, str) else default

    def all(self, name: str) -> list[str]:
        return [value for value in self.data.getlist(name) if isinstance(value, str)]

    def number(self, name: str) -> int | None:
        """A whole number of at most nine digits; None where none was typed."""
        text = self.text(name).strip()
        return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None

    def day(self, name: str) -> date | None:
        """A day like 2026-12-01; None where none was typed."""
        try:
            return date.fromisoformat(self.text(name).strip())
        except ValueError:
            return None

    def file(self, name: str) -> UploadFile | None:
        """The file that was chosen; browsers send an empty one without a name where none was."""
        value = self.data.get(name)
        return value if isinstance(value, UploadFile) and value.filename else None

    def texts(self) -> dict[str, str]:
        """Everything typed, to show again beside what is wrong with it."""
        return {name: value for name, value in self.data.items() if isinstance(value, str)}


async def form_of(request: Request) -> Form:
    body = await body_of(request, OCTETS)

    async def replay() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    try:
        whole = Request(request.scope, replay)
        return Form(await whole.form(max_files=1, max_fields=FIELDS, max_part_size=OCTETS))
    except ClientDisconnect:
        return Form(FormData())


async def upload_of(request: Request) -> Form:
    """A form with a file that is larger than the memory for it: it is written to the disk as it comes."""
    is_typed = not request.headers.get("content-type", "").lower().startswith(_MULTIPART)
    most = left = OCTETS if is_typed else MOST_UPLOADED

    async def counted() -> Message:
        nonlocal left
        message = await request.receive()
        left -= len(message.get("body", b""))
        if left < 0:
            raise HTTPException(413)
        return message

    if int(request.headers.get("content-length") or 0) > most:
        raise HTTPException(413)
    try:
        whole = Request(request.scope, counted)
        return Form(await whole.form(max_files=1, max_fields=FIELDS, max_part_size=OCTETS))
    except ClientDisconnect:
        return Form(FormData())


Posted = Annotated[Form, Depends(form_of)]
Uploaded = Annotated[Form, Depends(upload_of)]
