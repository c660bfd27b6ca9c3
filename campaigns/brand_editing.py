"""Saving brands, each field checked; their logos; taking one out and back in."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final
from urllib.parse import urlsplit

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from campaigns.brands import FIRST, TYPED, Brands
from campaigns.checking.colour import parse
from campaigns.models import BrandRecord, Course, Image
from courseletter.config_values import mail_address
from courseletter.errors import InvalidInput, NotFound
from courseletter.ids import new_id
from subscribers.addresses import LOCAL_OCTETS, check_header_text
from templates.brand import Brand, face_of

_LONGEST: Final = {"name": 100, "from_name": 100, "address": 400, "url": 300, "footer": 200, "logo_alt": 120}


def save(session: Session, brands: Brands, brand_id: str, typed: Mapping[str, str], domain: str) -> str:
    """Keep what was typed, as a new brand where the id is ""; returns its id.

    `domain` is the one that mail is signed for. Raises InvalidInput that names the field, and NotFound.
    """
    before = brands.find(session, brand_id or FIRST)
    brand = tried(before, typed, domain)
    brand.require_address()
    record = session.get(BrandRecord, brand_id) if brand_id else None
    if record is None:
        record = BrandRecord(id=brand_id or new_id("brd"), removed=True)
        session.add(record)
    if record.removed:  # the logo begins as courseletter.toml's; a new brand has none yet
        record.logo, record.image_id = (before.logo or "") if brand_id else "", None
    for name in TYPED:
        setattr(record, name, getattr(brand, name) or "")
    record.removed = False
    session.flush()
    return record.id


def choose(course: Course, brand_id: str) -> None:
    """Let the course be from this brand, from its next publish on."""
    course.brand_id = None if brand_id == FIRST else brand_id


def set_logo(session: Session, brands: Brands, brand_id: str, image: Image | None) -> None:
    """Show this picture beside the name; None: no picture. Raises NotFound, MissingAddress."""
    brands.find(session, brand_id)
    record = session.get(BrandRecord, brand_id)
    if record is None or record.removed:  # it is still courseletter.toml's
        save(session, brands, brand_id, {}, "")
        record = session.get_one(BrandRecord, brand_id)
    record.logo, record.image_id = "", image.id if image else None


def remove(session: Session, brand_id: str) -> None:
    """The first goes back to what courseletter.toml says. Raises InvalidInput while a course has another."""
    record = session.get(BrandRecord, brand_id)
    if record is None or record.removed:
        raise NotFound("There is no such brand. It may have been removed.")
    courses = select(func.count()).where(Course.brand_id == brand_id)
    if brand_id != FIRST and session.scalar(courses):
        raise InvalidInput("Courses are from this brand. Choose another in their settings first.")
    record.removed = True


def bring_back(session: Session, brand_id: str) -> None:
    """Take a removal back."""
    record = session.get(BrandRecord, brand_id)
    if record is None:
        raise NotFound("There is no such brand.")
    record.removed = False


def tried(before: Brand, typed: Mapping[str, str], domain: str) -> Brand:
    """The brand with what was typed; nothing is kept. `domain` is the one that mail is signed for.

    Raises InvalidInput that names the field.
    """
    values = {name: typed.get(name, getattr(before, name) or "").strip() for name in TYPED}
    values["address"] = "\n".join(line.strip() for line in values["address"].splitlines() if line.strip())
    for name, most in _LONGEST.items():
        if len(values[name]) > most:
            raise InvalidInput(f"Write at most {most} characters.", field=name)
        if not values[name].replace("\n", "").isprintable() or ("\n" in values[name] and name != "address"):
            raise InvalidInput("Write it on one line, without control characters.", field=name)
    if not values["name"]:
        raise InvalidInput("Write the name that readers know you by.", field="name")
    for name in ("name", "from_name"):
        check_header_text(values[name], name)
    for name in ("accent", "accent_dark"):
        if len(values[name]) != 7 or values[name][0] != "#" or parse(values[name]) is None:
            raise InvalidInput("Write a colour as # and six digits, like #17604f.", field=name)
    url = urlsplit(values["url"])
    if values["url"] and (url.scheme not in ("http", "https") or not url.hostname or " " in values["url"]):
        raise InvalidInput("Write the whole address of your site, with https://", field="url")
    _check_mail(values, domain)
    faces = {name: face_of(values[name]) or getattr(before, name) for name in ("titles", "text")}
    return replace(before, **{**values, **faces, "url": values["url"] or None})  # type: ignore[arg-type]


def _check_mail(values: Mapping[str, str], domain: str) -> None:
    local, reply_to = values["from_local"], values["reply_to"]
    if local and domain:
        try:
            mail_address(f"{local}@{domain}")
        except ValueError:
            message = f"Write what stands before @{domain}: letters, digits and dots."
            raise InvalidInput(message, field="from_local") from None
        if not local.isascii() or len(local) > LOCAL_OCTETS:
            raise InvalidInput("Not every mail server takes this. Write plain letters.", field="from_local")
    if reply_to:
        try:
            mail_address(reply_to)
        except ValueError:
            raise InvalidInput("Write an email address, like hello@example.org.", field="reply_to") from None
