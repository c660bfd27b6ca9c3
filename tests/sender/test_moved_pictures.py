"""After the installation's address has changed, mails show their pictures from where they are now."""

from email import message_from_bytes, policy
from io import BytesIO

import PIL.Image
import pytest
from school import BRAND, LINKS, School
from sqlalchemy.orm import Session

from campaigns import image_addresses, images, publishing
from campaigns.models import Course, Image

FORMER = "http://10.0.0.7:8000"
THEIRS = "https://x.example/images/0123456789abcdef0123456789abcdef.png"


def picture() -> bytes:
    out = BytesIO()
    PIL.Image.new("RGB", (40, 30), "#17604f").save(out, "PNG")
    return out.getvalue()


def publish_with_pictures(school: School, at: str) -> str:
    """The welcome shows a picture of ours, as it was when the server was at `at`, and one of another site."""

    def write(session: Session) -> str:
        image = images.keep(session, picture(), school.clock.now())
        course = session.get_one(Course, school.course_id)
        course.lessons[0].body += f"\n\n![Green]({at}{image.path})\n\n![Theirs]({THEIRS})\n"
        publishing.publish(session, course, BRAND, school.clock.now())
        return image.path

    path = school.change(write)
    assert isinstance(path, str)
    return path


def parts(message: bytes) -> list[str]:
    mail = message_from_bytes(message, policy=policy.default)
    return [part.get_content() for part in mail.walk() if part.get_content_maintype() == "text"]


@pytest.mark.parametrize("at", [FORMER, f"{FORMER}/letters", LINKS.base_url])
def test_a_published_mail_shows_its_pictures_from_here(school: School, at: str) -> None:
    path = publish_with_pictures(school, at)
    school.enrol()
    school.work()
    html = next(part for part in parts(school.memory.delivered[0].message) if "<html" in part)
    assert f'src="{LINKS.base_url}{path}"' in html
    assert f'src="{THEIRS}"' in html, "what is not ours stays where it is"
    assert FORMER not in "".join(parts(school.memory.delivered[0].message))


def test_an_address_is_found_among_others(school: School) -> None:
    def keep(session: Session) -> Image:
        return images.keep(session, picture(), school.clock.now())

    path = school.change(keep).path
    here = "https://letters.example.org"
    form = r'{"a": "https://a.example\nFIRST\n<img src=\"SECOND\">", "b": "HERE"}'.replace(
        "HERE", f"{here}{path}"
    )
    text = form.replace("FIRST", f"http://b.example{path}").replace("SECOND", f"https://c.example/x{path}")
    with school.database.read() as session:
        moved = image_addresses.at_home(session, text, here)
        assert image_addresses.at_home(session, moved, here) == moved
    assert moved == form.replace("FIRST", f"{here}{path}").replace("SECOND", f"{here}{path}")
