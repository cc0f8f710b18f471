"""Theme and reading size as this computer was left, beside the store: they hold nothing of anybody."""

from __future__ import annotations

import json
from pathlib import Path

_NAME = "look.json"
THEMES = ("light", "dark", "contrast")


def read(home: Path) -> tuple[str, bool]:
    """Theme and whether reading size is large; light and normal where nothing can be read."""
    try:
        held = json.loads((home / _NAME).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return "light", False
    name = held.get("theme") if isinstance(held, dict) else None
    return (name, bool(held.get("large"))) if name in THEMES else ("light", False)


def write(home: Path, theme: str, large: bool) -> None:
    """Remember the look; a disk that is full only means that it isn't remembered."""
    try:
        (home / _NAME).write_text(json.dumps({"theme": theme, "large": large}), encoding="utf-8")
    except OSError:
        return
