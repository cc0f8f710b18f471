"""What this installation is set to: one dataclass, kept as a TOML file beside the store; it holds nothing of anybody."""

from __future__ import annotations

import dataclasses
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.errors import KnownError

_NAME = "settings.toml"


@dataclass(frozen=True, slots=True)
class Settings:
    """``daily_megabytes``: what the exchange may use of the network a day by itself; 0: as much as it needs."""

    daily_megabytes: int = 0


def read(home: Path) -> Settings:
    """The settings of *home*; what can't be read, or isn't known, is as it is by default."""
    try:
        held = tomllib.loads((home / _NAME).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return Settings()
    default = Settings()
    known: dict[str, Any] = {}
    for field in dataclasses.fields(Settings):
        value, usual = held.get(field.name), getattr(default, field.name)
        if type(value) is type(usual) and not (isinstance(value, int) and value < 0):
            known[field.name] = value
    return Settings(**known)


def write(home: Path, settings: Settings) -> None:
    """Keep *settings*; KnownError("settings.not_kept") where the disk doesn't take them."""
    lines = [f"{name} = {_toml(value)}" for name, value in dataclasses.asdict(settings).items()]
    path, fresh = home / _NAME, home / f"{_NAME}.new"
    try:
        fresh.write_text("\n".join(lines) + "\n", encoding="utf-8")
        fresh.replace(path)
    except OSError as bad:
        raise KnownError("settings.not_kept") from bad


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return str(value)
    escaped = str(value).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
