"""A Word document (DOCX) to a Reading: mammoth makes HTML of its styles, also where they have localised
names or where a heading is only a bold line."""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
from dataclasses import replace
from typing import Any

from campaigns.article import BlockKind, Picture, Piece, Role
from campaigns.reading.assembling import Reading, is_bold_line, title_from_name
from campaigns.reading.blocks import leaves
from campaigns.reading.tree import parse
from courseletter.errors import InvalidInput

_MOST_ENTRIES = 3000
_MOST_EXPANDED = 120_000_000
_MOST_XML = 30_000_000
_MOST_PICTURES = 8_000_000
_PICTURE_ENDINGS = {"image/png": "png", "image/jpeg": "jpg", "image/gif": "gif", "image/webp": "webp"}

# Style names that Word, LibreOffice and Google Docs write in the seven known languages.
_HEADING_NAMES = (
    "Heading",
    "Überschrift",
    "Titre",
    "Título",
    "Titulo",
    "Titolo",
    "Kop",
    "Cabeçalho",
    "Encabezado",
    "Intestazione",
)
_TITLE_NAMES = ("Title", "Titel", "Titre", "Título", "Titolo")
_QUOTE_NAMES = (
    *("Quote", "Intense Quote", "Block Text", "Quotations", "Zitat", "Intensives Zitat"),
    *("Citation", "Citation intense", "Cita", "Cita destacada", "Citação", "Citação Intensa"),
    *("Citazione", "Citazione intensa", "Citaat", "Duidelijk citaat"),
)
_CAPTION_NAMES = (
    *("Caption", "Beschriftung", "Légende", "Descripción", "Leyenda"),
    *("Legenda", "Didascalia", "Bijschrift"),
)


def read(data: bytes, name: str) -> Reading:
    """`data` is the whole file. Raises InvalidInput for a file that is no Word document or is not safe to
    open."""
    import mammoth

    core = _checked(data, name)
    pictures: dict[str, Picture] = {}

    def keep_picture(image: Any) -> dict[str, str]:
        with image.open() as stream:
            content = stream.read()
        ending = _PICTURE_ENDINGS.get(image.content_type)
        held = sum(len(picture.data) for picture in pictures.values())
        if ending is None or held + len(content) > _MOST_PICTURES:
            return {"src": ""}
        path = f"images/{hashlib.sha256(content).hexdigest()[:16]}.{ending}"
        pictures[path] = Picture(path, image.content_type, content)
        return {"src": path}

    try:
        result = mammoth.convert_to_html(
            io.BytesIO(data),
            style_map=_style_map(),
            convert_image=mammoth.images.img_element(keep_picture),
            ignore_empty_paragraphs=True,
        )
    except Exception as error:
        # mammoth raises whatever its parts raise (KeyError, ExpatError, BadZipFile ...) on a broken document.
        raise InvalidInput(
            f"{name} is no readable Word document: open it in Word and save it again as .docx."
        ) from error
    tree = parse(f"<body>{_without_notes(result.value)}</body>")
    found = leaves(tree)
    titled = next((leaf.block.text for leaf in found if leaf.element.get("class") == "title"), "")
    pieces = _with_bold_headings([leaf.as_piece("has a heading style") for leaf in found])
    tops = [leaf for leaf in found if leaf.level == 1]
    if not titled and tops and (len(tops) == 1 or (found[0] is tops[0] and _deeper(found))):
        titled = tops[0].block.text
    if not titled and pieces and pieces[0].role is Role.HEADING:
        # A first heading that has no equal is the title; among equals it is the first part, unless
        # nothing but a bold line at the top could be the title.
        alike = sum(piece.role is Role.HEADING and piece.level == pieces[0].level for piece in pieces)
        is_bold_only = not found[0].level and not core
        titled = pieces[0].block.text if alike == 1 or is_bold_only else ""
    return Reading(
        title=titled or core or title_from_name(name),
        pieces=tuple(pieces),
        authored=True,
        pictures=tuple(pictures.values()),
    )


def _deeper(found: list[Any]) -> bool:
    return any(leaf.level > 1 for leaf in found)


def _checked(data: bytes, name: str) -> str:
    """The document's title property, after the zip was looked through without unpacking what is not
    needed."""
    broken = InvalidInput(f"{name} is no readable Word document: open it in Word and save it again as .docx.")
    unsafe = InvalidInput(
        f"{name} is refused as unsafe (it unpacks to far more than it should): save it again as .docx."
    )
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            if len(entries) > _MOST_ENTRIES or sum(entry.file_size for entry in entries) > _MOST_EXPANDED:
                raise unsafe
            names = {entry.filename for entry in entries}
            if any(_leads_out(entry) for entry in names):
                raise InvalidInput(
                    f"{name} is refused as unsafe (a path inside leads out of it): save it again as .docx."
                )
            if "word/document.xml" not in names:
                raise InvalidInput(f"{name} is an archive but no Word document: give the .docx file itself.")
            core = ""
            for entry in entries:
                if not entry.filename.endswith((".xml", ".rels")):
                    continue
                if entry.file_size > _MOST_XML:
                    raise unsafe
                xml = archive.read(entry)
                if _has_doctype(xml):
                    raise InvalidInput(
                        f"{name} declares XML entities, which are refused as unsafe: save it again as .docx."
                    )
                if entry.filename == "docProps/core.xml":
                    core = _core_title(xml)
            return core
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError) as error:
        raise broken from error


def _leads_out(path: str) -> bool:
    return (
        path.startswith(("/", "\\"))
        or ".." in re.split(r"[/\\]", path)
        or re.match(r"[A-Za-z]:", path) is not None
    )


def _has_doctype(xml: bytes) -> bool:
    """Office writes no document type; one can only carry entities. UTF-16 hides it from a look at the
    bytes."""
    head = xml[:4000]
    return b"<!DOCTYPE" in head.replace(b"\x00", b"") or b"<!ENTITY" in head.replace(b"\x00", b"")


def _core_title(xml: bytes) -> str:
    import lxml.etree

    parser = lxml.etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        root = lxml.etree.fromstring(xml, parser)
    except lxml.etree.XMLSyntaxError:
        return ""
    return " ".join((root.findtext("{http://purl.org/dc/elements/1.1/}title") or "").split())


def _style_map() -> str:
    lines = [f"p[style-name='{title}'] => h1.title:fresh" for title in _TITLE_NAMES]
    for level in range(1, 7):
        for heading in _HEADING_NAMES:
            lines.append(f"p[style-name='{heading} {level}'] => h{level}:fresh")
            lines.append(f"p[style-name='{heading}{level}'] => h{level}:fresh")
    lines += [f"p[style-name='{quote}'] => blockquote > p:fresh" for quote in _QUOTE_NAMES]
    lines += [f"p[style-name='{caption}'] => p.caption-text:fresh" for caption in _CAPTION_NAMES]
    return "\n".join(lines)


def _without_notes(html: str) -> str:
    """Footnotes and comments stand behind the text as a list of back links; a mail has no place for them."""
    return re.sub(r"<ol>\s*<li id=\"(?:footnote|endnote|comment)-.*?</ol>\s*\Z", "", html, flags=re.S)


def _with_bold_headings(pieces: list[Piece]) -> list[Piece]:
    """Bold lines promoted: beside real headings they are one level deeper."""
    headed = [piece.level for piece in pieces if piece.role is Role.HEADING and piece.level > 1]
    level = min(max(headed, default=1) + 1, 6) if headed else 2
    promoted = []
    for index, piece in enumerate(pieces):
        following = pieces[index + 1] if index + 1 < len(pieces) else None
        heads = (
            following is not None
            and following.role is Role.BODY
            and (index == 0 or not is_bold_line(following))
        )
        if is_bold_line(piece) and heads and not piece.block.text.endswith(":"):
            block = replace(piece.block, kind=BlockKind.HEADING)
            piece = Piece(block, Role.HEADING, 0.75, "a short bold line of its own, followed by text", level)
        promoted.append(piece)
    return promoted
