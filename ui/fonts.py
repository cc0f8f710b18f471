"""The Chinese interface font: the system's where there is one, else the Noto Sans SC that comes along."""

from __future__ import annotations

import functools
import importlib.util
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtGui import QFontDatabase, QTextLayout

from app.errors import KnownError
from app.paths import resource
from app.schema.glyphs import code_point, private_signs, rare_signs, written_out

PREFERRED = (
    "Microsoft YaHei UI",
    "Microsoft YaHei",
    "Noto Sans CJK SC",
    "Source Han Sans SC",
    "Source Han Sans CN",
    "Noto Sans SC",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
)


def chinese_family() -> str:
    """Return the family to write the interface in, loading the bundled font where the system has none.

    Raises KnownError("ui.no_font") where neither is there. Needs a QGuiApplication.
    """
    for rare in sorted(resource("fonts").glob("*.ttf")):
        # A package brings a font for rare characters; Qt turns to it by itself where the others lack one.
        QFontDatabase.addApplicationFont(str(rare))
    present = set(QFontDatabase.families())
    for family in PREFERRED:
        if family in present:
            return family
    path = bundled_font()
    number = QFontDatabase.addApplicationFont(str(path)) if path else -1
    if number < 0:
        raise KnownError("ui.no_font")
    return QFontDatabase.applicationFontFamilies(number)[0]


@functools.lru_cache(maxsize=10_000)
def drawn(char: str) -> bool:
    """Whether some font of this machine draws *char*; needs a QGuiApplication."""
    layout = QTextLayout(char)
    layout.beginLayout()
    layout.createLine()
    layout.endLayout()
    runs = layout.glyphRuns()
    return bool(runs) and all(number for run in runs for number in run.glyphIndexes())


_RARE = re.compile("[\ue000-\uf8ff\U00010000-\U0010ffff]")


def readable(text: str) -> str:
    """*text* as it is painted: behind a character that no font of this machine draws stands its code point."""
    # Nearly no text has one: a search of microseconds says so.
    return written_out(text, drawn) if _RARE.search(text) else text


def rare_words(name: str) -> str:
    """What is to be said of the characters of *name*; empty where every machine draws them."""
    said = []
    if private := private_signs(name):
        points = "、".join(map(code_point, private))
        said.append(f"{points} 是旧系统自造的字，换一台电脑就认不出，请改用国家标准里的字")
    rare = [char for char in rare_signs(name, drawn) if char not in private]
    if rare:
        points = "、".join(f"{char}（{code_point(char)}）" for char in rare)
        said.append(f"本机没有 {points} 的字形，照原样存着，打印前会提醒")
    return "；".join(said) + "。" if said else ""


def unprinted_words(odd: Sequence[str]) -> str:
    """What is said behind "saved" where the characters *odd* have no font; empty where there are none."""
    if not odd:
        return ""
    return "；没有字体能印的字印成了编号：" + "、".join(f"{char}（{code_point(char)}）" for char in odd)


def bundled_font() -> Path | None:
    """The Noto Sans SC file that comes with the program, also in a frozen build; None if it is missing."""
    for folder in package_folders("pylopdf_fonts_zh_cn"):
        if (path := folder / "NotoSansSC-Regular.otf").is_file():
            return path
    return None


def package_folders(package: str) -> list[Path]:
    """Where the files of *package* lie. Finds the package without importing it: only its data is wanted."""
    folders = []
    if bundle := getattr(sys, "_MEIPASS", None):
        folders.append(Path(bundle) / package)
    try:
        spec = importlib.util.find_spec(package)
    except (ImportError, ValueError):
        spec = None
    if spec and spec.submodule_search_locations:
        folders += [Path(place) for place in spec.submodule_search_locations]
    return folders
