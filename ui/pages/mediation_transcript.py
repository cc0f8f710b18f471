"""The lines of a mediation's notes: who said what and when; kept as text of one line each."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

MARKS = ("事实", "方案", "同意")
"""What a line may be marked as, in the order of Ctrl+1, 2, 3."""

_LINE = re.compile(
    r"^(?:(?P<time>\d{1,2}:\d{2})\s+)?(?P<who>[^：:（(\s]{1,20})(?:[（(](?P<role>[^）)]*)[）)])?[：:]\s*(?P<words>.*)$"
)
_MARK = re.compile(r"^［(?P<mark>事实|方案|同意)］\s*")


@dataclass(frozen=True)
class Said:
    """One thing said; ``who`` is empty where a line names nobody."""

    words: str
    who: str = ""
    role: str = ""
    time: str = ""
    mark: str = ""

    def text(self) -> str:
        """The line as it is kept."""
        mark = f"［{self.mark}］" if self.mark else ""
        role = f"（{self.role}）" if self.role else ""
        head = f"{self.time} {self.who}{role}：" if self.who else ""
        return (head + mark + self.words).strip()


def read_lines(text: object) -> list[Said]:
    """The lines of *text*; one that has no speaker is kept as it is."""
    found = []
    for line in str(text or "").split("\n"):
        if not line.strip():
            continue
        match = _LINE.match(line.strip())
        if match is None:
            found.append(Said(line.strip()))
            continue
        words = match["words"]
        mark = _MARK.match(words)
        found.append(
            Said(
                _MARK.sub("", words),
                match["who"],
                match["role"] or "",
                match["time"] or "",
                mark["mark"] if mark else "",
            )
        )
    return found


def write_lines(lines: Sequence[Said]) -> str:
    """The text of *lines*."""
    return "\n".join(line.text() for line in lines)
