"""Brands: whom a course is from. The first is courseletter.toml's until somebody saves it in the workshop.

A revision freezes the brand it is published in, so that every copy of a mail and every try of it agree.
"""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from campaigns.models import BrandRecord, Course, Revision
from courseletter.errors import NotFound
from templates.brand import Brand

FIRST: Final = "first"  # the id of the brand that courses have whose own is not set
TYPED: Final = (  # what a person writes of a brand
    *("name", "address", "url", "from_name", "from_local", "reply_to"),
    *("accent", "accent_dark", "titles", "text", "footer", "logo_alt"),
)


@dataclass(frozen=True, slots=True)
class Listed:
    """A brand beside the others. `saved`: it stands in the database, not in courseletter.toml."""

    id: str
    brand: Brand
    courses: int
    saved: bool


@dataclass(frozen=True, slots=True)
class Brands:
    """The brands of one installation. `configured` is courseletter.toml's, `base_url` where logos are."""

    configured: Brand
    base_url: str = ""

    def of(self, session: Session, course: Course) -> Brand:
        """The brand that the course would be published in now."""
        return self.find(session, course.brand_id or FIRST)

    def of_revision(self, revision: Revision) -> Brand:
        """The brand that it was published in."""
        return Brand.from_json(revision.brand) if revision.brand else self.configured

    def find(self, session: Session, brand_id: str) -> Brand:
        """Raises NotFound."""
        record = session.get(BrandRecord, brand_id)
        if record is not None and not record.removed:
            return self._brand(record)
        if brand_id == FIRST:
            return self.configured
        raise NotFound("There is no such brand. It may have been removed.")

    def every(self, session: Session) -> list[Listed]:
        """The first one, then the others by name."""
        tally = select(Course.brand_id, func.count()).group_by(Course.brand_id)
        courses = {brand_id or FIRST: count for brand_id, count in session.execute(tally)}
        saved = select(BrandRecord).where(BrandRecord.removed.is_(False))
        found = {record.id: self._brand(record) for record in session.scalars(saved)}
        listed = [
            Listed(brand_id, brand, courses.get(brand_id, 0), brand_id in found)
            for brand_id, brand in {FIRST: self.configured, **found}.items()
        ]
        return sorted(listed, key=lambda one: (one.id != FIRST, one.brand.name.casefold(), one.id))

    def own_path(self, address: str | None) -> str:
        """The path of a picture that lies here; "" for one elsewhere, which pages of ours do not fetch."""
        here = f"{self.base_url}/images/"
        return (address or "").removeprefix(self.base_url) if (address or "").startswith(here) else ""

    def _brand(self, record: BrandRecord) -> Brand:
        logo = self.base_url + record.image.path if record.image else record.logo
        typed = {name: getattr(record, name) for name in TYPED}
        return Brand(**{**typed, "url": record.url or None}, logo=logo or None)
