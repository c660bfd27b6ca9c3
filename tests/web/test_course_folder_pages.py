"""A course out as a zip and back into its draft, through the workshop's pages."""

import io
import zipfile
from typing import Any

from httpx2 import Response
from reading_room import World
from test_workshop_pages import course_of, lessons_of, marketer

from campaigns.models import Lesson


def entries(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(files: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return packed.getvalue()


def upload(browser: Any, course_id: str, data: bytes) -> Response:
    answer: Response = browser.post(
        f"/courses/{course_id}/folder", files={"folder": ("course.zip", data, "application/zip")}
    )
    return answer


def test_out_and_back_is_lossless(furnished: World) -> None:
    course, browser = course_of(furnished), marketer(furnished)
    answer = browser.get(f"/courses/{course.id}/folder.zip")
    assert answer.headers["content-type"] == "application/zip"
    assert f'filename="{course.slug}.zip"' in answer.headers["content-disposition"]
    before = entries(answer.content)
    assert len([name for name in before if name.startswith("lessons/")]) == len(lessons_of(furnished, course))
    with furnished.installation.database.write() as session:
        for lesson in session.query(Lesson).filter_by(course_id=course.id):
            lesson.body, lesson.title = "Overwritten.", "Overwritten"
    assert upload(browser, course.id, answer.content).status_code == 303
    page = browser.get(f"/courses/{course.id}").text
    assert "as the zip has them" in page
    assert "not published" not in page, "the draft is what is published, word for word"
    assert entries(browser.get(f"/courses/{course.id}/folder.zip").content) == before


def test_a_lesson_written_elsewhere_comes_in_and_one_that_is_gone_leaves(shop: World) -> None:
    course, browser = course_of(shop), marketer(shop)
    files = entries(browser.get(f"/courses/{course.id}/folder.zip").content)
    names = sorted(name for name in files if name.startswith("lessons/"))
    del files[names[2]]
    files["lessons/900-new.md"] = b"---\ntitle: Written in another editor\n---\n\nHello.\n"
    assert upload(browser, course.id, zipped(files)).status_code == 303
    page = browser.get(f"/courses/{course.id}").text
    assert "2 edits are" in page
    assert "Written in another editor" in page
    assert "had no id and was given" in page


def test_what_cannot_be_read_leaves_the_draft_as_it_was(shop: World) -> None:
    course, walking, browser = course_of(shop), course_of(shop, "Walking"), marketer(shop)
    home = f"/courses/{course.id}"
    good = browser.get(f"{home}/folder.zip").content
    files = entries(good)
    other = browser.get(f"/courses/{walking.id}/folder.zip").content
    broken = {**files, sorted(files)[-1]: b"---\ntitle: [\n"}
    for data, said in (
        (b"no zip", "no zip that can be read"),
        (zipped(files | {"../../x": b"x"}), "leave its folder"),
        (zipped({"lessons/a.md": b"x"}), "course.toml is missing in the zip"),
        (zipped({"course.toml": files["course.toml"]}), "holds no lesson"),
        (zipped(broken), "lessons/"),
        (other, "This is another course"),
    ):
        answer = upload(browser, course.id, data)
        assert answer.status_code == 422, said
        assert said in answer.text
        assert 'aria-invalid="true"' in answer.text
    assert browser.post(f"{home}/folder").status_code == 422
    assert entries(browser.get(f"{home}/folder.zip").content) == files


def test_a_zip_from_elsewhere_becomes_a_draft_of_its_own(shop: World) -> None:
    course, browser = course_of(shop), marketer(shop)
    files = entries(browser.get(f"/courses/{course.id}/folder.zip").content)
    assert "folders/new" in browser.get("/articles/new").text
    answer = new(browser, zipped(files))
    assert answer.status_code == 422
    assert "is here already" in answer.text
    without_ids = {name: b"\n".join(kept(data)) for name, data in files.items()}
    answer = new(browser, zipped(without_ids))
    assert answer.status_code == 303
    page = browser.get(answer.headers["location"]).text
    assert "Nobody gets it before it is published" in page
    assert "Get up at the same hour" in page
    assert answer.headers["location"] != f"/courses/{course.id}"
    assert new(browser, b"").status_code == 422


def new(browser: Any, data: bytes) -> Response:
    answer: Response = browser.post("/folders", files={"folder": ("course.zip", data, "application/zip")})
    return answer


def kept(data: bytes) -> list[bytes]:
    """The lines but for ids."""
    return [line for line in data.split(b"\n") if not line.startswith((b"id:", b"id ="))]
