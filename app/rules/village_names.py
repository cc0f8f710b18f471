"""Which village the words of a place name: "云岭镇河湾村三组" is in 河湾村."""

from __future__ import annotations

from collections.abc import Mapping

_VILLAGE = "000"


def village_in(words: str, codes: Mapping[str, str]) -> str | None:
    """The code of the one village whose whole name stands in *words*; *codes* by name.

    None where none does or two do: then a person says it. A longer name counts before one that is part of it; a township is no
    village.
    """
    named = [name for name, code in codes.items() if len(name) > 1 and not code.endswith(_VILLAGE) and name in words]
    whole = [name for name in named if not any(name != other and name in other for other in named)]
    return codes[whole[0]] if len(whole) == 1 else None
