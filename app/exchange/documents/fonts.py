"""The fonts that PDFs carry, what they can draw, and how wide it is."""

from __future__ import annotations

import functools
import unicodedata
from pathlib import Path
from typing import TypeAlias

import pylopdf_fonts_zh_cn
from fontTools.ttLib import TTFont

from app.exchange.documents.rare_fonts import rare_faces

Face: TypeAlias = str
"""``serif`` and ``sans`` come along with the program; ``rare-…`` are this machine's own, for characters that those lack."""

_PATHS: dict[Face, Path] = {"serif": pylopdf_fonts_zh_cn.serif_path(), "sans": pylopdf_fonts_zh_cn.sans_path()}
_OTHER: dict[Face, Face] = {"serif": "sans", "sans": "serif"}


class Cut:
    """One face: which characters it has and their widths in thousandths of the type size."""

    def __init__(self, path: Path) -> None:
        with TTFont(str(path), lazy=True) as font:
            self._glyphs: dict[int, str] = dict(font.getBestCmap())
            self._advances: dict[str, tuple[int, int]] = dict(font["hmtx"].metrics)
            self._em: int = font["head"].unitsPerEm

    def has(self, char: str) -> bool:
        """Whether the face can draw *char*."""
        return ord(char) in self._glyphs

    def width(self, char: str) -> float:
        """The advance of *char* in ems."""
        return self._advances[self._glyphs[ord(char)]][0] / self._em


def face_path(face: Face) -> Path:
    """Where the file of *face* lies: with the program, so that PDFs can be made offline, or among this machine's fonts."""
    return _PATHS.get(face) or rare_faces()[face]


@functools.cache
def cut(face: Face) -> Cut:
    """The face, read once a process."""
    return Cut(face_path(face))


def face_for(char: str, wanted: Face) -> Face | None:
    """The face that draws *char*: the wanted one, else the other one, else one of this machine, else None."""
    if cut(wanted).has(char):
        return wanted
    if cut(_OTHER[wanted]).has(char):
        return _OTHER[wanted]
    # What is no character of any script (a private one) is nobody's: two fonts draw two things there.
    if len(char) != 1 or unicodedata.category(char) == "Co":
        return None
    return next((face for face in rare_faces() if cut(face).has(char)), None)


def invisible(char: str) -> bool:
    """Whether *char* has no picture of its own (zero-width space, byte-order mark)."""
    return unicodedata.category(char) == "Cf"


def missing_glyphs(text: str) -> tuple[str, ...]:
    """The characters of *text* that no font here can draw, each once, in order.

    They are kept in the text layer of a PDF and shown as ``[U+20BB7]``; a .docx holds them unchanged.
    """
    wanted = dict.fromkeys(char for char in text if not char.isspace() and not invisible(char))
    return tuple(char for char in wanted if face_for(char, "serif") is None)


def code_point(char: str) -> str:
    """How a character without a glyph is shown: ``[U+20BB7]``."""
    return f"[U+{ord(char):04X}]"
