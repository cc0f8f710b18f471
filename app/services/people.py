"""The list of residents: filtered, sorted, as long as it may be; and filters that a user keeps by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from app.schema.dates import china_time
from app.schema.record import Record
from app.services.gate import Gate
from app.services.kept import Kept
from app.services.merging import RESIDENT
from app.services.registry import Registry
from app.store.listing import Listing, Wanted, residents

if TYPE_CHECKING:
    from app.store.store import Store

MOST_FOUND = 5000
"""Of people found by words so many are listed: who typed so little wants the list without words."""
_OLDEST = "0000-01-01"


@dataclass(frozen=True, slots=True)
class Filter:
    """What a clerk picked; ``text`` as it is searched for, ages in full years today, both ends inside; empty means all."""

    text: str = ""
    area: str = ""
    grid: str = ""
    sex: str = ""
    presence: str = ""
    kind: str = ""
    age_from: int | None = None
    age_to: int | None = None
    doubtful: bool = False
    unplaced: bool = False

    @property
    def empty(self) -> bool:
        """Whether everybody passes."""
        return self == Filter()


class People:
    """Lists of residents in the areas of this user."""

    def __init__(self, store: Store, gate: Gate, registry: Registry) -> None:
        self._store = store
        self._gate = gate
        self._registry = registry
        self._filters = Kept(store, gate.session, "people.filters")

    def list(self, filter: Filter, order: str = "") -> Listing:  # noqa: A002
        """Who passes *filter*; *order* is one of ``app.store.listing.ORDERS``."""
        self._gate.require("read", RESIDENT, filter.area or None)
        ids = None
        if filter.text:
            hits = self._registry.find(filter.text, forms=[RESIDENT], limit=MOST_FOUND)
            ids = [hit.id for hit in hits]
        today = china_time(self._store.now_ms())[:10]
        wanted = Wanted(
            areas=(filter.area,) if filter.area else tuple(self._gate.session.areas),
            grid=filter.grid or None,
            sex=filter.sex or None,
            presence=filter.presence or None,
            kind=filter.kind or None,
            born=born_between(today, filter.age_from, filter.age_to),
            doubtful=filter.doubtful,
            placed=False if filter.unplaced else None,
            ids=ids,
        )
        return residents(self._store.conn, wanted, order)

    def page(self, listing: Listing, offset: int, limit: int) -> Sequence[Record]:
        """The residents of one page; who left since the list was made is left out."""
        ids = listing.page(offset, limit)
        held = self._store.many(RESIDENT, ids)
        return [held[one] for one in ids if one in held]

    def kept(self) -> dict[str, Filter]:
        """The filters that this user kept on this device, by name, in the order in which he kept them."""
        return {name: _filter(values) for name, values in self._filters.all().items()}

    def keep(self, name: str, filter: Filter) -> None:  # noqa: A002
        """Keep *filter* as *name*; one of the same name is replaced. KnownError("ui.filter_unnamed") for no name."""
        self._filters.keep(name, asdict(filter))

    def forget(self, name: str) -> None:
        """Keep it no longer."""
        self._filters.forget(name)


def born_between(today: str, age_from: int | None, age_to: int | None) -> tuple[str, str] | None:
    """The birth dates of those who are *age_from* to *age_to* full years old on *today* (ISO); None where neither is asked.

    Somebody is n years old from his birthday on; who was born on 29 February is, where there is none, from 1 March.
    """
    if age_from is None and age_to is None:
        return None
    year, rest = int(today[:4]), today[4:]
    latest = f"{year - age_from:04d}{rest}" if age_from is not None else today
    # Of those born just after this day, age_to + 1 years ago, nobody is older than age_to yet.
    earliest = f"{year - age_to - 1:04d}{rest}~" if age_to is not None else _OLDEST
    return earliest, latest


def _filter(values: dict[str, Any]) -> Filter:
    """A kept filter; what a newer program kept with it is left out."""
    known = asdict(Filter())
    return replace(Filter(), **{name: value for name, value in values.items() if name in known})
