"""What did not stand in a merge, and the record that keeps it for people to read."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from app.schema.dates import CHINA
from app.schema.form import Form
from app.schema.record import AREA, DELETED, Change
from app.schema.values import Value

KEPT, OPEN = "kept", "open"
_LAST_SECOND = 253_370_764_800
"""The first of the year 9999."""
_LABELS = {AREA: "所在地", DELETED: "已删除"}


@dataclass(frozen=True, slots=True)
class Loser:
    """A value that did not stand, or an edit that met a deletion; *unit* are the fields that it is about.

    ``mine`` was not taken, ``theirs`` stands; ``who`` proposed the one, ``other`` the other.
    """

    unit: tuple[str, ...]
    base: Mapping[str, Value]
    mine: Mapping[str, Value]
    theirs: Mapping[str, Value]
    who: str
    other: str
    status: str


def conflict_change(forms_name: str, form: Form, change: Change, loser: Loser, digest: bytes, device: str) -> Change:
    """The county's own change that makes the conflict record for *loser*; *digest* is the content hash of *change*.

    The id follows from that hash, the fields, and the value that was not taken where that is another's: the same loser never makes
    two, and a change that replaced one value before its county was set back and another one after makes one for each.
    """
    names = tuple(loser.mine) if loser.unit != (DELETED,) else (DELETED,)
    labels = "、".join(form.fields[name].label if name in form.fields else _LABELS.get(name, name) for name in names)
    values: dict[str, Value] = {
        AREA: change.area,
        "record_form": form.name,
        "record": change.id,
        "field": ",".join(names),
        "label": f"{form.title}：{labels}",
        "base": _json(loser.base, names),
        "mine": _json(loser.mine, names),
        "theirs": _json(loser.theirs, names),
        "who": loser.who or None,
        "other": loser.other or None,
        "device": device,
        "at": _told(change.time),
        "status": loser.status,
    }
    held = {name: value for name, value in values.items() if value is not None}
    own = all(change.values.get(name, ...) == value for name, value in loser.mine.items())
    cause = digest + "\0".join(loser.unit if own else (*loser.unit, str(held["mine"]))).encode()
    made = _derived_id(change.time, cause)
    return Change(forms_name, made, change.area, held, dict.fromkeys(held, 0), change.time, 0, "")


def _told(time: int) -> str:
    """*time* in China; a clock that is wrong by ages is no reason to lose what was said."""
    seconds = min(max(time // 1000, 0), _LAST_SECOND)
    return datetime.fromtimestamp(seconds, UTC).astimezone(CHINA).isoformat(timespec="seconds")


def _derived_id(time: int, cause: bytes) -> str:
    """A UUIDv7 whose random part is a hash."""
    tail = int.from_bytes(hashlib.blake2b(cause, digest_size=10).digest(), "big")
    number = (time & ((1 << 48) - 1)) << 80 | 0x7 << 76 | (tail >> 68) << 64 | 0b10 << 62 | (tail & ((1 << 62) - 1))
    return f"{number:032x}"


def _json(values: Mapping[str, Value], names: tuple[str, ...]) -> str:
    if len(names) == 1 and names[0] != DELETED:
        return json.dumps(values.get(names[0]), ensure_ascii=False)
    return json.dumps(dict(values), ensure_ascii=False, sort_keys=True)
