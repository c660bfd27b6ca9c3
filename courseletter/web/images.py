"""The pictures of lessons, for mail programs and browsers: a stable address, and nothing that could run."""

from fastapi import APIRouter, Response

from campaigns.models import IMAGE_SUFFIXES, Image
from courseletter.errors import NotFound
from courseletter.web.site import READ, Here

router = APIRouter()

HEADERS = {
    # The id is a hash of the content.
    "Cache-Control": "public, max-age=31536000, immutable",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "cross-origin",  # webmail shows it on its own pages
}


@router.api_route("/images/{name}", methods=READ)
def show_image(name: str, site: Here) -> Response:
    image_id, _, suffix = name.partition(".")
    with site.installation.database.read() as session:
        image = session.get(Image, image_id)
        if image is None or IMAGE_SUFFIXES[image.media_type] != suffix:
            raise NotFound("There is no such picture.")
        return Response(image.content, media_type=image.media_type, headers=HEADERS)
