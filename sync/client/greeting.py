"""The hello: who this device is, how far its streams are, and which of its frames it has receipts for."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from app import __version__
from app.store.agreement import Frame
from app.store.store import Store
from sync.client.link import Pace
from sync.client.speaking import abilities, spoken
from sync.wire import (
    DERIVED,
    MARK_SIZE,
    MARKED,
    NUMBERS,
    RESUMED,
    RULES,
    STREAMED,
    TAKEN,
    Area,
    Hello,
    frame_hash,
    scope_tag,
    to_ranges,
)


def greeting(store: Store, open_frames: Mapping[int, Frame], ask: Collection[int], pace: Pace, now: float) -> Hello:
    """What the next request, or bundle, begins with.

    *open_frames*: the frames without all their receipts, by number. *ask*: those that the county is asked after. *now* in seconds since
    1970 UTC, by this device's own clock.
    """
    sync = store.sync
    state = sync.state
    cursors: dict[str, tuple[int, bytes]] = {}
    behind: list[tuple[str, str, int]] = []
    held_cursors = sync.cursors()
    for name, held in held_cursors.items():
        most = max(held.values())
        rev, _, tag = sync.tag(name).partition(":")
        cursors[name] = most, bytes.fromhex(tag) if rev == str(most) else b""
        behind += [(name, area, rev) for area, rev in held.items() if rev < most]
    void = sync.voided()
    areas = [Area(row["code"], row["name"], row["level"], row["parent"]) for row in store.areas()]
    last = store.meta.integer("frame")
    have = to_ranges(set(range(1, last + 1)) - set(open_frames) - set(void))
    version = spoken(store)
    able = abilities(store)
    # Before the first answer nobody knows; a county that doesn't read them passes them over.
    marked = MARKED in able or not able
    marks = {number: frame_hash(frame.content)[:MARK_SIZE] for number, frame in open_frames.items()} | sync.void_marks()
    return Hello(
        version,
        state.county,
        state.device,
        state.incarnation,
        state.epoch,
        int(now * 1000),
        scope_tag(areas, [(area, name) for name, held in held_cursors.items() for area in held]),
        cursors,
        tuple(behind),
        have,
        tuple(ask),
        tuple(void),
        pace.frame_down,
        pace.level,
        want=("keys",) if sync.wants_county_keys else (),
        capabilities=(STREAMED, DERIVED, RESUMED, TAKEN),
        program=__version__ if version > 1 else "",
        begun=bytes.fromhex(state.begun),
        numbers=store.numbers.wanted() if NUMBERS in able else None,
        rules=store.ruled.standing() if RULES in able else None,
        told=sync.rights_tag or b"0" if version > 1 else b"",
        made=tuple(sorted(marks.items())) if marked else (),
    )
