"""Every location, also in a frozen build."""

from __future__ import annotations

import sys
from pathlib import Path

import platformdirs

APP_NAME = "xiangzhitong"


def root() -> Path:
    """The folder that holds app/ and resources/; inside a frozen program the unpacked bundle."""
    bundle = getattr(sys, "_MEIPASS", None)
    return Path(bundle) if bundle else Path(__file__).resolve().parent.parent


def resource(*parts: str) -> Path:
    """A file or folder under resources/."""
    return root().joinpath("resources", *parts)


def default_home() -> Path:
    """The platform's data directory for one device's store."""
    return Path(platformdirs.user_data_dir(APP_NAME, appauthor=False))
