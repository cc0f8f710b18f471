"""Taking a file in: what it is, pictures made smaller and freed of what the camera wrote into them, and their thumbnails."""

from __future__ import annotations

import datetime
import io
import warnings
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageOps

from app.errors import KnownError
from app.schema.dates import CHINA

THUMB_SIDE, THUMB_QUALITY = 256, 60
_MOST_PIXELS = 200_000_000
_HEAD = 64
_DATE_TAKEN, _DATE = 0x9003, 0x0132
_EXIF = 0x8769
_OFFICE = {
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".wps": "application/vnd.ms-works",
    ".doc": "application/msword",
    ".xls": "application/vnd.ms-excel",
    ".ofd": "application/ofd",
}
_PICTURES = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp", "BMP": "image/bmp", "TIFF": "image/tiff"}


@dataclass(frozen=True, slots=True)
class Intake:
    """How files are taken in: longest side of a photo in pixels, JPEG quality, most bytes of any file."""

    longest: int = 2048
    quality: int = 80
    most_bytes: int = 50_000_000


@dataclass(frozen=True, slots=True)
class Taken:
    """What a file came to. ``content`` None: it stays as it is. ``thumb`` is a small JPEG of a picture."""

    media_type: str
    kind: str
    content: bytes | None = None
    thumb: bytes | None = None
    taken_at: str | None = None


def take_in(path: Path, kind: str | None, intake: Intake) -> Taken:
    """Look at the file at *path*, which the clerk says is of *kind* (photo, scan, signature, document; None: what it looks like).

    Photos are scaled down to JPEG, turned upright; place, camera and whatever else stood in them is left out. Scans and
    signatures keep their size and, where nothing stood in them, every byte. KnownError("files.…") for what can't be taken.
    """
    name = path.name
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(_HEAD)
    except OSError as bad:
        raise KnownError("files.unreadable", name=name) from bad
    if not size:
        raise KnownError("files.empty", name=name)
    if head[4:8] == b"ftyp" and head[8:12] in {b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1", b"avif"}:
        raise KnownError("files.heic", name=name)
    if _is_picture(head):
        if size > 4 * intake.most_bytes:
            raise _too_large(name, size, intake)
        made = _picture(path, name, kind or "photo", intake)
        if len(made.content or b"") > intake.most_bytes or (made.content is None and size > intake.most_bytes):
            raise _too_large(name, size, intake)
        return made
    if size > intake.most_bytes:
        raise _too_large(name, size, intake)
    return Taken(_document(head, path), kind or "document")


def _too_large(name: str, size: int, intake: Intake) -> KnownError:
    return KnownError("files.too_large", name=name, size=f"{size / 1e6:.0f}", most=f"{intake.most_bytes / 1e6:.0f}")


def _is_picture(head: bytes) -> bool:
    known = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"BM", b"II*\0", b"MM\0*")
    return head.startswith(known) or (head[:4] == b"RIFF" and head[8:12] == b"WEBP")


def _document(head: bytes, path: Path) -> str:
    suffix = path.suffix.lower()
    if head.startswith(b"%PDF"):
        return "application/pdf"
    if head.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")) and suffix in _OFFICE:
        return _OFFICE[suffix]
    if suffix in {".txt", ".csv"} and b"\0" not in head:
        return "text/plain" if suffix == ".txt" else "text/csv"
    raise KnownError("files.kind_unknown", name=path.name)


def take_picture(data: bytes, name: str, intake: Intake) -> Taken:
    """A photo that never was a file: out of the clipboard. KnownError("files.…") for what can't be taken."""
    return _picture(io.BytesIO(data), name, "photo", intake)


def _picture(source: Path | io.BytesIO, name: str, kind: str, intake: Intake) -> Taken:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns of large pictures; the limit is asked below
            with Image.open(source, formats=list(_PICTURES)) as picture:
                if picture.width * picture.height > _MOST_PIXELS:
                    raise KnownError("files.picture_broken", name=name)
                return _taken(picture, kind, intake)
    except KnownError:
        raise
    except (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError, MemoryError) as bad:
        raise KnownError("files.picture_broken", name=name) from bad


def _taken(picture: Image.Image, kind: str, intake: Intake) -> Taken:
    shot = _when(picture)
    form = picture.format or "JPEG"
    if kind == "photo":
        # A large JPEG is decoded small at once: a quarter of the memory, and of the time.
        picture.draft("RGB", (intake.longest, intake.longest))
        upright = ImageOps.exif_transpose(picture)
        upright.thumbnail((intake.longest, intake.longest), Image.Resampling.LANCZOS)
        return Taken("image/jpeg", kind, _jpeg(upright, intake.quality), _thumb(upright), shot)
    told = bool(picture.getexif()) or bool(
        {"exif", "xmp", "XML:com.adobe.xmp", "comment", "photoshop"} & set(picture.info)
    )
    upright = ImageOps.exif_transpose(picture)
    if not told:
        return Taken(_PICTURES[form], kind, None, _thumb(upright), shot)
    if form == "PNG":
        return Taken("image/png", kind, _png(upright), _thumb(upright), shot)
    return Taken("image/jpeg", kind, _jpeg(upright, 92), _thumb(upright), shot)


def _thumb(picture: Image.Image) -> bytes:
    small = picture.copy()
    small.thumbnail((THUMB_SIDE, THUMB_SIDE), Image.Resampling.LANCZOS)
    return _jpeg(small, THUMB_QUALITY)


def _jpeg(picture: Image.Image, quality: int) -> bytes:
    out = io.BytesIO()
    _bare(_on_white(picture)).save(out, "JPEG", quality=quality, optimize=True)
    return out.getvalue()


def _png(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    _bare(picture).save(out, "PNG", optimize=True)
    return out.getvalue()


def _bare(picture: Image.Image) -> Image.Image:
    """*picture* with nothing but its points: Pillow writes what stands in ``info`` back into the file."""
    bare = picture.copy()
    bare.info = {}
    bare.getexif().clear()
    return bare


def _on_white(picture: Image.Image) -> Image.Image:
    if picture.mode in {"RGBA", "LA", "PA"} or "transparency" in picture.info:
        full = picture.convert("RGBA")
        paper = Image.new("RGB", full.size, "white")
        paper.paste(full, mask=full.getchannel("A"))
        return paper
    return picture if picture.mode in {"RGB", "L"} else picture.convert("RGB")


def _when(picture: Image.Image) -> str | None:
    """When it was taken, by the camera's clock, which is China's time."""
    exif = picture.getexif()
    told = exif.get_ifd(_EXIF).get(_DATE_TAKEN) or exif.get(_DATE)
    try:
        moment = datetime.datetime.strptime(str(told).strip("\0 "), "%Y:%m:%d %H:%M:%S")  # noqa: DTZ007 - see below
    except ValueError:
        return None
    if moment.year < 1990:
        return None
    return moment.replace(tzinfo=CHINA).isoformat()
