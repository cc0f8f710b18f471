"""A schedule: the steps that a seed decides, played to their end, and fewer of them where it failed."""

from __future__ import annotations

import random
import time
import traceback
from dataclasses import dataclass

from tests.torture.carriers import CARRIED
from tests.torture.clerks import NUMBERED
from tests.torture.roads import LONG
from tests.torture.world import COPIED, SET_BACK, STEPS, World

_FEWEST, _MOST = 15, 40
CARRIED_FROM = 40_000
"""From this seed on, schedules have sticks, photos, restricted records and replaced devices, too."""
NUMBERED_FROM = 60_000
"""From this seed on, cases are accepted and numbered, too."""
COPIED_FROM = 61_000
"""From this seed on, those in which disks are set back have copies that part before their numbers meet, too."""

LONG_FROM = 90_000
"""From this seed on, requests are long and cut in the middle, too."""


@dataclass(frozen=True)
class Played:
    """How a schedule went; ``failure`` is empty where all was well."""

    steps: int
    faults: int
    deaths: int
    exchanges: int
    requests: int
    bytes: int
    seconds: float
    failure: str = ""
    folder: str = ""


def steps_of(seed):
    """[(step, seed of the step)].

    The seed's range decides what is drawn from: earlier ranges always have the same steps, so that a seed plays what it always played.
    """
    chance = random.Random(seed)
    count = chance.randrange(_FEWEST, _MOST)
    # What is lost with a disk is lost: three of four schedules have none of that, so that they can be stricter.
    steps = STEPS | (SET_BACK if seed % 4 == 3 else {}) | (CARRIED if seed >= CARRIED_FROM else {})
    steps |= NUMBERED if seed >= NUMBERED_FROM else {}
    steps |= COPIED if seed % 4 == 3 and seed >= COPIED_FROM else {}
    steps |= LONG if seed >= LONG_FROM else {}
    names = chance.choices(list(steps), list(steps.values()), k=count)
    return [(name, chance.randrange(1 << 30)) for name in names]


def play(mode, steps):
    """Play *steps* at a fresh place of *mode*; what fails is told, not raised, and its folder stays."""
    began = time.monotonic()
    with mode.fresh() as place:
        world = World(place)
        at, failure = "begin", ""
        try:
            world.begin(carried=any(name in CARRIED for name, _ in steps))
            for number, (name, seed) in enumerate(steps):
                at = f"step {number} {name}"
                getattr(world, name)(random.Random(seed))
                world.check()
            at = "settle"
            world.settle()
        except Exception:  # noqa: BLE001 - that is what is looked for
            failure = f"{at}\n{traceback.format_exc()}"
        finally:
            world.close()
        place.keep = bool(failure)
        passed = world.link.passed
        return Played(
            len(steps),
            sum(world.count.faults.values()),
            world.count.deaths,
            world.count.exchanges,
            passed.requests,
            passed.up + passed.down,
            round(time.monotonic() - began, 3),
            failure,
            str(place.folder) if failure else "",
        )


def reduce(mode, steps, tries=3):
    """Fewer steps that still fail in one of *tries* plays."""

    def fails(some):
        return any(play(mode, some).failure for _ in range(tries))

    size = max(len(steps) // 2, 1)
    while True:
        start, shorter = 0, False
        while start < len(steps):
            some = steps[:start] + steps[start + size :]
            if some != steps and fails(some):
                steps, shorter = some, True
            else:
                start += size
        if size == 1 and not shorter:
            return steps
        size = max(size // 2, 1)
