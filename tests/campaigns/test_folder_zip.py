"""A course folder as a zip: the same files on both sides, and no way in for a hostile one."""

import io
import stat
import tracemalloc
import zipfile
from pathlib import Path

import pytest

from campaigns import folder_zip
from campaigns.folder_files import LARGEST
from courseletter.errors import InvalidInput

FILES = {
    "course.toml": b'id = "crs_1"\ntitle = "A"\n',
    "lessons/010-a.md": "---\ntitle: \u00c5\n---\n".encode(),
    "lessons/020-b.mjml": b"<mj-section></mj-section>",
}


def zipped(files: dict[str, bytes], *, compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", compression) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return packed.getvalue()


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def test_what_is_packed_comes_out_the_same(tmp_path: Path) -> None:
    for name, data in FILES.items():
        (tmp_path / "a" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "a" / name).write_bytes(data)
    packed = folder_zip.pack(tmp_path / "a")
    folder_zip.unpack(packed, tmp_path / "b")
    assert contents(tmp_path / "b") == FILES
    assert folder_zip.pack(tmp_path / "b") == packed


def test_a_folder_in_the_zip_and_what_systems_add_make_no_difference(tmp_path: Path) -> None:
    files = {f"habits/{name}": data for name, data in FILES.items()}
    extra = {
        "habits/README.md": b"x",
        "__MACOSX/habits/lessons/._010-a.md": b"x",
        "habits/lessons/.x.md": b"x",
    }
    folder_zip.unpack(zipped(files | extra), tmp_path)
    assert contents(tmp_path) == FILES


@pytest.mark.parametrize(
    "name",
    ["../../x", "/etc/x", "lessons/../../x.md", "..\\x", "C:x", "lessons/a\\..\\x.md", "../lessons/x.md"],
)
def test_no_file_leaves_the_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidInput, match="leave its folder"):
        folder_zip.unpack(zipped(FILES | {name: b"x"}), tmp_path / "deep" / "in")
    assert contents(tmp_path) == {}


def test_a_link_is_refused(tmp_path: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        link = zipfile.ZipInfo("lessons/010-a.md")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(InvalidInput, match="links"):
        folder_zip.unpack(packed.getvalue(), tmp_path)


def test_a_bomb_takes_no_more_than_a_course_has(tmp_path: Path) -> None:
    """Five megabytes that unpack to five thousand, whatever the zip says of its size."""
    bomb = zipped({"course.toml": FILES["course.toml"], "lessons/a.md": bytes(64 * 1024 * 1024)})
    lying = bomb.replace((64 * 1024 * 1024).to_bytes(4, "little"), (1000).to_bytes(4, "little"))
    assert lying != bomb
    tracemalloc.start()
    for data in (bomb, lying):
        with pytest.raises(InvalidInput):
            folder_zip.unpack(data, tmp_path)
    assert tracemalloc.get_traced_memory()[1] < 8 * 1024 * 1024
    tracemalloc.stop()
    assert sum(len(data) for data in contents(tmp_path).values()) <= LARGEST


def test_many_files_of_the_allowed_size_are_too_much_together(tmp_path: Path) -> None:
    many = {f"lessons/{number}.md": bytes(LARGEST) for number in range(90)}
    with pytest.raises(InvalidInput, match="over 40 MB"):
        folder_zip.unpack(zipped(many), tmp_path)
    with pytest.raises(InvalidInput, match="over 1000 files"):
        folder_zip.unpack(zipped({f"lessons/{number}.md": b"" for number in range(1_001)}), tmp_path)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no zip",
        zipped(FILES)[:-30],
        zipped(FILES)[:40] + bytes(40) + zipped(FILES)[80:],
        zipped(FILES, compression=zipfile.ZIP_LZMA),
    ],
    ids=["nothing", "text", "cut off", "damaged", "lzma"],
)
def test_what_is_damaged_is_refused(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(InvalidInput, match="no zip that can be read"):
        folder_zip.unpack(data, tmp_path)


def test_a_name_that_comes_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"course\.toml twice"):
        folder_zip.unpack(zipped(FILES | {"other/course.toml": b"x"}), tmp_path)


def test_a_zip_that_is_too_large_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="over 10 MB"):
        folder_zip.unpack(bytes(folder_zip.MOST_BYTES + 1), tmp_path)
