"""Whether what was typed means a word: by its characters, its sounds or the initials of them."""

from __future__ import annotations

import functools
import re

from app.store.search_keys import fold, is_letters, spellings

_SIGNS = re.compile(r"[^\w]")


@functools.lru_cache(maxsize=4_000)
def rank(typed: str, words: str) -> int | None:
    """How well *typed* means *words*: 0 the word itself, 1 its begin, 2 its initials or sound, 3 a part; None not at all."""
    asked, said = fold(typed), fold(_SIGNS.sub("", words))
    if not asked:
        return 3
    asked = _SIGNS.sub("", asked)
    if asked == said:
        return 0
    if said.startswith(asked):
        return 1
    if is_letters(asked):
        starts = [start for start, letters in spellings(said[:12]) if letters.startswith(asked)]
        if starts:
            return 2 if 0 in starts else 3
    return 3 if asked in said else None
