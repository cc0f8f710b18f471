"""The sentences that people read: resources/messages/*.toml, by code."""

from __future__ import annotations

import functools
import tomllib

from app.paths import resource


@functools.cache
def _table() -> dict[str, str]:
    return {
        f"{page.stem}.{name}": text
        for page in sorted(resource("messages").glob("*.toml"))
        for name, text in tomllib.loads(page.read_text(encoding="utf-8")).items()
    }


def sentence(code: str, **params: object) -> str:
    """Return the Chinese sentence for *code* with its blanks filled; the bare code where no sentence stands."""
    text = _table().get(code)
    if text is None:
        return f"{code} {params}" if params else code
    return text.format_map(_Blanks(params))


class _Blanks(dict[str, object]):
    def __missing__(self, key: str) -> str:
        return "…"
