"""Characters that not every font has: private ones of old systems, and how a missing one is written out."""

from __future__ import annotations

from collections.abc import Callable

_PRIVATE = ((0xE000, 0xF8FF), (0xF0000, 0xFFFFD), (0x100000, 0x10FFFD))


def code_point(char: str) -> str:
    """``U+20BB7``, by which a character can be found where no font draws it."""
    return f"U+{ord(char):04X}"


def private_signs(text: str) -> tuple[str, ...]:
    """The characters of *text*, each once, that only the machine they were made on can draw (private use areas)."""
    return tuple(char for char in dict.fromkeys(text) if any(low <= ord(char) <= high for low, high in _PRIVATE))


def rare_signs(text: str, drawn: Callable[[str], bool]) -> tuple[str, ...]:
    """The characters of *text*, each once, that *drawn* says no font can draw."""
    beyond = (char for char in dict.fromkeys(text) if ord(char) > 0x2E7F)
    return tuple(char for char in beyond if not drawn(char))


def written_out(text: str, drawn: Callable[[str], bool]) -> str:
    """*text* with the code point behind each character that can't be drawn: 张𪚥（U+2A6A5）; it is only for reading."""
    missing = rare_signs(text, drawn)
    if not missing:
        return text
    return "".join(f"{char}（{code_point(char)}）" if char in missing else char for char in text)
