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
from courseletter.web.speech import Speech, speech
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
        self._installation = installation
        self._environments: dict[str, Environment] = {}

    def show(
        self,
        template: str,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        *,
        language: str = "en",
        **context: Any,
    ) -> HTMLResponse:
        """Answer with a page in the language of ours that is nearest to `language`.

        A name that the template uses and the context lacks is an error, not a gap.
        """
        page = self._environment(speech(language)).get_template(template)
        if "brand" not in context:
            context["brand"] = self._brand(context.get("course"))
        return HTMLResponse(page.render(context), status, headers)

    def _brand(self, course: Course | None) -> Brand:
        revision = course.revision if course else None
        brands = self._installation.brands
        return brands.of_revision(revision) if revision else brands.configured

    def _environment(self, speech: Speech) -> Environment:
        found = self._environments.get(speech.language)
        if found is None:
            found = self._environments[speech.language] = _environment(self._installation, speech)
        return found


def _environment(installation: Installation, speech: Speech) -> Environment:
    """The templates as one language has them."""
    made = Environment(
        loader=PackageLoader("templates", "pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    made.policies["ext.i18n.trimmed"] = True
    made.install_gettext_translations(speech.words, newstyle=True)  # type: ignore[attr-defined]
    prefix = urlsplit(installation.settings.base_url).path
    made.globals.update(
        own_picture=installation.brands.own_path,
        static=lambda name: f"{prefix}/static/{name}?v={_version(name)}",
        prefix=prefix,
        language=speech.language,
        direction=speech.direction,
        listed=speech.listed,
    )
    made.filters.update(
        day=speech.day,
        short_day=speech.short_day,
        date=speech.date,
        day_month=moments.day_month,
        hour=moments.hour,
        clock=moments.clock,
        grouped=grouped,
        place=speech.city,
        masked=moments.masked,
        plainly=without_recipient,
    )
    return made


def grouped(number: int) -> str:
    """`9,214`."""
    return f"{number:,}"


@cache
def _version(name: str) -> str:
    """A mark that changes with the file, so that browsers may keep it for ever."""
    content = (files("courseletter.web") / "static" / name).read_bytes()
    return hashlib.sha256(content).hexdigest()[:12]
