"""Where and with whom a demo text plays: a household, and the blanks of the text filled from it."""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import dataclass

from app.demo.population import Home, VillageSite


@dataclass(frozen=True, slots=True)
class Scene:
    """One household of one village."""

    site: VillageSite
    home: Home

    def fill(self, text: str) -> str:
        """*text* with 村, 组, 名 and 姓 of this place."""
        name = self.home.head.name
        return (
            text.replace("{村}", self.site.plan.name)
            .replace("{组}", self.home.group)
            .replace("{名}", name)
            .replace("{姓}", name.split("·")[0] if "·" in name else name[:1])
        )

    @property
    def area(self) -> str:
        return self.site.plan.code


def any_scene(sites: list[VillageSite], chance: random.Random) -> Scene:
    """Some household of some village."""
    site = chance.choice(sites)
    return Scene(site, chance.choice(site.homes))


def iso(moment: dt.datetime) -> str:
    """*moment* as a time field keeps it."""
    return moment.isoformat(timespec="seconds")


def working_moment(now: dt.datetime, days_ago: int, chance: random.Random) -> dt.datetime:
    """A moment of office hours *days_ago* days before *now*, and always before it."""
    at = now.replace(hour=chance.randint(8, 16), minute=chance.randint(0, 59), second=0) - dt.timedelta(days=days_ago)
    return min(at, now - dt.timedelta(minutes=chance.randint(20, 90)))
