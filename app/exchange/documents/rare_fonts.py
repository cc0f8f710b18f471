"""Fonts of this machine that draw rare characters which the carried ones lack, found by their files' names."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from fontTools.ttLib import TTFont, TTLibError

from app.paths import resource

# Known to hold CJK extensions B and later: 花园明朝, SimSun-ExtB and -ExtG of Windows, 遍黑体, Jigmo, and what Kylin and UOS come with.
_NAMES = (
    "hanaminb", "hanamina", "hanaminplus", "simsunb", "simsunextg", "simsunexb", "plangothicp1-regular", "plangothicp2-regular",
    "plangothic-p1", "plangothic-p2", "jigmo", "jigmo2", "jigmo3", "babelstonehan", "kaixinsongb", "sourcehanserifrare",
    "fzsongs-extended(sip)", "fzfsextb", "fzssextb", "th-sung-p2", "th-sung-p15",
)  # fmt: skip
_SUFFIXES = {".ttf", ".otf"}
_NO_EMBEDDING = 0x0002


def font_folders() -> tuple[Path, ...]:
    """Where fonts are kept: with the program in a package of it, by this system, by the user."""
    home, along = Path.home(), resource("fonts")
    if sys.platform == "win32":
        own = Path(os.environ.get("LOCALAPPDATA", home)) / "Microsoft" / "Windows" / "Fonts"
        return (along, Path(os.environ.get("WINDIR", r"C:\Windows")) / "Fonts", own)
    return (
        along,
        Path("/usr/share/fonts"),
        Path("/usr/local/share/fonts"),
        home / ".local/share/fonts",
        home / ".fonts",
    )


@functools.cache
def rare_faces() -> Mapping[str, Path]:
    """The faces found, in the order in which they are asked; a face is called ``rare-`` and its file's name."""
    found: dict[str, Path] = {}
    for folder in font_folders():
        for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
            if path.suffix.lower() in _SUFFIXES and path.stem.lower() in _NAMES:
                found.setdefault(f"rare-{path.stem.lower()}", path)
    order = {f"rare-{name}": number for number, name in enumerate(_NAMES)}
    return {face: found[face] for face in sorted(found, key=order.__getitem__) if _usable(found[face])}


def _usable(path: Path) -> bool:
    """Whether the file can be read, and its owner lets it be embedded in documents."""
    try:
        with path.open("rb") as file, TTFont(file, lazy=True) as font:
            return not font["OS/2"].fsType & _NO_EMBEDDING
    except (OSError, KeyError, TTLibError):
        return False
