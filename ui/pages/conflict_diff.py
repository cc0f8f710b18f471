"""Which words of a text differ from what stood before; pure."""

from __future__ import annotations

import difflib
import html


def marked(text: str, base: str, ground: str, ink: str) -> str:
    """*text* as rich text with what isn't in *base* underlined on *ground*: told by shape, not by colour alone."""
    if not base or not text:
        return html.escape(text).replace("\n", "<br>")
    matcher = difflib.SequenceMatcher(None, base, text, autojunk=False)
    parts = []
    for tag, _from, _to, start, end in matcher.get_opcodes():
        piece = html.escape(text[start:end]).replace("\n", "<br>")
        if tag in ("insert", "replace") and piece:
            parts.append(f'<span style="background:{ground};color:{ink};text-decoration:underline">{piece}</span>')
        elif tag == "equal":
            parts.append(piece)
    return "".join(parts)
