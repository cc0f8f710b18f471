"""Composition root of the command: reads the arguments and hands over to one subcommand, imported only then."""

from __future__ import annotations

import sys
from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run `township`; return the exit code (docs/command-line.md)."""
    from app.command.parse import run

    return run(list(sys.argv[1:] if argv is None else argv))


if __name__ == "__main__":
    sys.exit(main())
