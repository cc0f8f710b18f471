"""``python -m tests.golden.record v2``: play the story between real devices and a real county, and keep every byte."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from app.schema.loading import load_forms
from tests.golden import stage, story


def record(folder: Path, tell) -> stage.Recording:
    """Play *tell* over an SQLite county in a temporary folder, and write what was said to *folder*."""
    forms = load_forms()
    with tempfile.TemporaryDirectory() as made:
        side = stage.CountySide(Path(made) / "county.db", forms)
        desks = stage.DeskSide(Path(made), forms)
        with side.serving() as url, desks.fixed():
            recording = stage.Recording(Path(made), forms, url, side, desks)
            tell(recording)
            stage.write(folder, recording.taken, recording.ends, desks.holdings())
    return recording


def main() -> None:
    """Write the exchanges of the version that this program speaks; one that is there is never written over."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("version", help="v1, v2 …: the folder beside this file")
    folder = stage.GOLDEN / asked.parse_args().version
    if folder.exists():
        raise SystemExit(f"{folder} is frozen: what was said once stays said")
    made = record(folder, story.VERSIONS[folder.name])
    sys.stdout.write("".join(f"{name}: {'agreed' if agreed else 'open'}\n" for name, agreed in made.ends.items()))


if __name__ == "__main__":
    main()
