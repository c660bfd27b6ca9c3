"""The page templates: strict, escaped, and under policies that allow no script and no stranger's assets."""

import hashlib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Final
from urllib.parse import urlsplit

from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

from campaigns.models import Course
from courseletter.installation import Installation
from courseletter.web import moments
from templates.brand import Brand
from templates.merge_fields import without_recipient

_POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src {images}; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
POLICY: Final = _POLICY.format(images="'self' data:")
# An article's own pictures stay where the article has them.
LESSON_POLICY: Final = _POLICY.format(images="'self' data: https:")


class Pages:
    """Renders the templates in templates/pages: a page of a course in the brand that it is published in."""

    def __init__(self, installation: Installation) -> None:
        self._environment = Environment(
            loader=PackageLoader("templates", "pages"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._brands = installation.brands
        prefix = urlsplit(installation.settings.base_url).path
        self._environment.globals.update(
            static=lambda name: f"{prefix}/static/{name}?v={_version(name)}",
            prefix=prefix,
            own_picture=installation.brands.own_path,
        )
        self._environment.filters.update(
            day=moments.day,
            short_day=moments.short_day,
            day_month=moments.day_month,
            hour=moments.hour,
            clock=moments.clock,
            grouped=grouped,
            place=moments.place,
            masked=moments.masked,
            plainly=without_recipient,
        )

    def show(
        self, template: str, status: int = 200, headers: Mapping[str, str] | None = None, **context: Any
    ) -> HTMLResponse:
        """Answer with a page. A name that the template uses and the context lacks is an error, not a gap."""
        page = self._environment.get_template(template)
        if "brand" not in context:
            context["brand"] = self._brand(context.get("course"))
        return HTMLResponse(page.render(context), status, headers)

    def _brand(self, course: Course | None) -> Brand:
        revision = course.revision if course else None
        return self._brands.of_revision(revision) if revision else self._brands.configured


def grouped(number: int) -> str:
    """`9,214`."""
    return f"{number:,}"


@cache
def _version(name: str) -> str:
    """A mark that changes with the file, so that browsers may keep it for ever."""
    content = (files("courseletter.web") / "static" / name).read_bytes()
    return hashlib.sha256(content).hexdigest()[:12]
