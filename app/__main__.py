"""Composition root of the command: reads the arguments and hands over to one subcommand, imported only then."""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run `township`; return the exit code (docs/command-line.md)."""
    from app.command.parse import run

    # Rows and records hold no cycles: looking for some every 700 objects costs an exchange a tenth of its time.
    gc.set_threshold(50_000, 20, 100)
    # What comes down is made ready while the driver writes in a thread: that thread needn't wait 5 ms for each of
    # its turns, of which a first copy has thousands.
    sys.setswitchinterval(0.0002)
    return run(list(sys.argv[1:] if argv is None else argv))


if __name__ == "__main__":
    sys.exit(main())
