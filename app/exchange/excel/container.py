"""What a file really is, whatever its name says, and what inside it a reader would pass over in silence."""

from __future__ import annotations

import codecs
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from app.errors import KnownError

_LARGEST = 100_000_000
"""Bytes of a file: a county's whole register of 500,000 rows is half of it."""
_LARGEST_INSIDE = 1_500_000_000
_LARGEST_TEXTS = 200_000_000
_LARGEST_AREA = 25_000_000
"""Cells between A1 and the last filled one: a reader keeps them all in memory, filled or not."""
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_BOF_GLOBALS = b"\x09\x08\x10\x00\x00\x06\x05\x00"
_FILEPASS = 0x2F
_OLD_BIFF = (b"\x09\x00\x04\x00", b"\x09\x02\x06\x00", b"\x09\x04\x06\x00", b"\x09\x08\x08\x00\x00\x05")
_CELL = re.compile(
    rb"<(?:\w{1,5}:)?c(?: [^>]*?)? r=\"([A-Z]{1,3})(\d{1,7})\"([^>]*)>"
    rb"(<(?:\w{1,5}:)?f[^>]*?(?:/>|>[^<]*</(?:\w{1,5}:)?f>))?(</(?:\w{1,5}:)?c>|<(?:\w{1,5}:)?(?:v\s*/>|v></|v>|is>))"
)
_ROW = re.compile(rb"<(?:\w{1,5}:)?row [^>]*>")
_PIECE = 4_000_000
_HEAD = 65_536
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1a]")


def examine(path: Path) -> str:
    """What *path* is: "xlsx", "xls", "other" (.xlsb, .ods) or "csv"; KnownError says in words what can't be taken."""
    name = path.name
    try:
        size = path.stat().st_size
        if size > _LARGEST:
            raise KnownError("import.too_large", file=name)
        with path.open("rb") as stream:
            head = stream.read(_HEAD)
            if head.startswith(_OLE):
                return _examine_ole(name, head + stream.read())
    except OSError as bad:
        raise KnownError("import.no_file", file=name) from bad
    if not head.strip(b"\x00 \r\n\t"):
        raise KnownError("import.empty", file=name)
    if head.startswith(b"PK"):
        return _examine_zip(path)
    if head.startswith(_OLD_BIFF):
        raise KnownError("import.old_excel", file=name)
    return _examine_text(path)


def _examine_zip(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as package:
            entries = {item.filename: item.file_size for item in package.infolist()}
            whole = sum(entries.values())
            if whole > _LARGEST_INSIDE or whole > 300 * max(path.stat().st_size, 1_000_000):
                raise KnownError("import.too_large", file=path.name)
            if entries.get("xl/sharedStrings.xml", 0) > _LARGEST_TEXTS:
                raise KnownError("import.too_large", file=path.name)
    except zipfile.BadZipFile as bad:
        raise KnownError("import.damaged", file=path.name) from bad
    if "xl/workbook.xml" in entries:
        return "xlsx"
    if "xl/workbook.bin" in entries or (
        "content.xml" in entries and "mimetype" in entries and "word/document.xml" not in entries
    ):
        return "other"
    raise KnownError("import.word" if "word/document.xml" in entries else "import.not_workbook", file=path.name)


def _examine_ole(name: str, content: bytes) -> str:
    if _ole_entry(content, "EncryptedPackage"):
        raise KnownError("import.password", file=name)
    if _ole_entry(content, "Workbook"):
        if _is_locked(content):
            raise KnownError("import.password", file=name)
        return "xls"
    if _ole_entry(content, "Book"):
        # A reader takes the GBK letters of Excel 95 for Latin ones: broken names, and no error.
        raise KnownError("import.old_excel", file=name)
    raise KnownError("import.word" if _ole_entry(content, "WordDocument") else "import.not_workbook", file=name)


def _is_locked(content: bytes) -> bool:
    """Whether among the first records of an .xls there is FILEPASS (MS-XLS 2.4.117): what follows is sealed."""
    place = content.find(_BOF_GLOBALS)
    for _ in range(8) if place >= 0 else ():
        number, length = struct.unpack_from("<HH", content.ljust(place + 4, b"\0"), place)
        if number == _FILEPASS:
            return True
        place += 4 + length
    return False


def _ole_entry(content: bytes, stream: str) -> bool:
    """Whether the directory of an OLE file has *stream*: 64 bytes of name, then the length of it (MS-CFB 2.6.1)."""
    label = stream.encode("utf-16-le").ljust(64, b"\0") + (len(stream) * 2 + 2).to_bytes(2, "little")
    return label in content


def _examine_text(path: Path) -> str:
    codec = encoding_of(path)
    if codec is None:
        raise KnownError("import.not_workbook", file=path.name)
    with path.open(encoding=codec) as stream:
        start = stream.read(2000).lstrip("\ufeff \r\n\t").lower()
    if (
        start.startswith(("<html", "<!doctype html", "<table", "<head", "<meta", "<style", "<div", "mime-version:"))
        or "<html" in start
    ):
        raise KnownError("import.html", file=path.name)
    if start.startswith("<?xml") and "spreadsheet" in start:
        raise KnownError("import.xml_sheet", file=path.name)
    if path.suffix.lower() in {".csv", ".tsv", ".txt", ".tab"}:
        return "csv"
    if path.suffix.lower() in {".xls", ".xlsx", ".xlsm", ".et", ".ods", ".xlsb"}:
        raise KnownError("import.text", file=path.name)
    raise KnownError("import.not_workbook", file=path.name)


def encoding(head: bytes) -> tuple[str, ...]:
    """The encodings that text beginning with *head* may have, the likeliest first: UTF-16, else UTF-8 before GB18030."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return ("utf-16",)
    even, odd = head[0:4000:2].count(0), head[1:4000:2].count(0)
    if 10 * (even + odd) > len(head[:4000]):
        # Of a comma or a digit in UTF-16 one byte is nought; no other text has any.
        return ("utf-16-le",) if odd > 4 * even else ("utf-16-be",) if even > 4 * odd else ()
    return ("utf-8-sig", "gb18030")


def encoding_of(path: Path) -> str | None:
    """The encoding in which all of *path* is text; None where it is none. Read in pieces: the file may be large."""
    with path.open("rb") as stream:
        candidates = encoding(stream.read(_HEAD))
        for codec in candidates:
            stream.seek(0)
            if _is_text(stream, codec):
                return codec
    return None


def _is_text(stream: BinaryIO, codec: str) -> bool:
    decoder = codecs.getincrementaldecoder(codec)()
    try:
        while block := stream.read(_PIECE):
            if _CONTROL.search(decoder.decode(block)):
                return False
        return not _CONTROL.search(decoder.decode(b"", final=True))
    except UnicodeDecodeError:
        return False


@dataclass(frozen=True, slots=True)
class Unseen:
    """What a reader of cells doesn't tell of a sheet: cells with an error or a formula never computed, and hidden rows, from 0;
    ``from_1904``: days are counted from 1904.
    """

    broken: frozenset[tuple[int, int]] = frozenset()
    hidden_rows: frozenset[int] = frozenset()
    from_1904: bool = False


def unseen(path: Path) -> dict[str, Unseen]:
    """What readers pass over in an .xlsx, by sheet.

    Raises KnownError("import.too_large") for a sheet that spans more cells than memory should hold, "import.damaged" for a torn file.
    """
    found: dict[str, Unseen] = {}
    try:
        with zipfile.ZipFile(path) as package:
            from_1904 = bool(re.search(rb' date1904="(?:1|true)"', package.read("xl/workbook.xml")))
            for sheet, entry in _sheet_entries(package):
                found[sheet] = replace(_scan(package, entry, path.name), from_1904=from_1904)
    except (zipfile.BadZipFile, zlib.error, EOFError, KeyError, NotImplementedError, RuntimeError) as bad:
        raise KnownError("import.damaged", file=path.name) from bad
    return found


def _scan(package: zipfile.ZipFile, entry: str, name: str) -> Unseen:
    broken: set[tuple[int, int]] = set()
    hidden: set[int] = set()
    columns: set[bytes] = set()
    last_row = 0
    for piece in _pieces(package, entry):
        for row in _ROW.findall(piece) if b' hidden="' in piece else ():
            if number := re.search(rb' hidden="(?:1|true)"', row) and re.search(rb' r="(\d+)"', row):
                hidden.add(int(number[1]) - 1)
        for letters, digits, attributes, formula, ending in (found.groups() for found in _CELL.finditer(piece)):
            if attributes.endswith(b"/"):
                continue
            has_value = b"/" not in ending
            if has_value:
                columns.add(letters)
                last_row = max(last_row, int(digits))
            if (has_value and b't="e"' in attributes) or (formula and not has_value and b't="str"' not in attributes):
                broken.add((int(digits) - 1, _column(letters)))
    if last_row * (max(map(_column, columns), default=0) + 1) > _LARGEST_AREA:
        raise KnownError("import.too_large", file=name)
    return Unseen(frozenset(broken), frozenset(hidden))


def _pieces(package: zipfile.ZipFile, entry: str) -> Iterator[bytes]:
    rest = b""
    with package.open(entry) as stream:
        while block := stream.read(_PIECE):
            block = rest + block
            cut = block.rfind(b"</row>")
            cut = cut + 6 if cut >= 0 else 0
            # A row longer than two pieces is no row of a roster; its cells are looked at where they lie.
            rest = block[cut:] if len(block) - cut < 2 * _PIECE else b""
            yield block[:cut] if rest or cut == len(block) else block
    if rest:
        yield rest


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number - 1


def _sheet_entries(package: zipfile.ZipFile) -> list[tuple[str, str]]:
    import xml.etree.ElementTree as ET

    def parse(entry: str) -> ET.Element:
        content = package.read(entry)
        if b"<!ENTITY" in content or b"<!DOCTYPE" in content:
            raise zipfile.BadZipFile(entry)
        try:
            return ET.fromstring(content)  # noqa: S314
        except ET.ParseError as bad:
            raise zipfile.BadZipFile(entry) from bad

    targets = {item.get("Id", ""): item.get("Target", "") for item in parse("xl/_rels/workbook.xml.rels")}
    names = set(package.namelist())
    found = []
    for item in parse("xl/workbook.xml").iter():
        if not item.tag.endswith("}sheet"):
            continue
        link = next((value for key, value in item.attrib.items() if key.endswith("}id")), "")
        target = targets.get(link, "").lstrip("/")
        entry = target if target.startswith("xl/") else f"xl/{target}"
        if entry in names:
            found.append((item.get("name", ""), entry))
    return found
