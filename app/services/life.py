"""The story of a person, a household, a dwelling or a grid: its movements as lines that people read, newest first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.errors import KnownError
from app.rules.living import VOID
from app.schema.record import Record
from app.schema.values import Value
from app.services.chronicle import GOES_ALONG, MOVEMENT
from app.services.gate import Gate

if TYPE_CHECKING:
    from app.services.registry import Registry
    from app.store.store import Store

_BY: Mapping[str, tuple[str, ...]] = {
    "resident": ("resident",),
    "household": ("household", "from_household", "to_household"),
    "dwelling": ("dwelling", "from_dwelling", "to_dwelling"),
    "grid": ("from_grid", "to_grid"),
} | {form: (form,) for form in GOES_ALONG}
_ABOUT = ("resident", "household", "dwelling", *GOES_ALONG)
MOST = 500


@dataclass(frozen=True, slots=True)
class Chapter:
    """One movement as people read it. ``void``: it was taken back; ``act`` undoes it. ``form`` and ``id``: of whom it tells."""

    id: str
    act: str
    day: str
    kind: str
    title: str
    text: str
    name: str
    reason: str
    by: str
    void: bool
    form: str
    subject: str


class Life:
    """Reading movements; the gate is asked as for the record itself."""

    def __init__(self, store: Store, gate: Gate, registry: Registry) -> None:
        self._store = store
        self._gate = gate
        self._registry = registry

    def of(self, form: str, record_id: str) -> list[Chapter]:
        """The movements of a record (``resident household dwelling grid``, or what goes along with a grid), newest first, at most ``MOST``.

        Merged registrations count with the one that stays.
        """
        record = self._store.get(form, record_id)
        if record is None:
            raise KnownError("store.no_record", form=self._store.forms[form].title, id=record_id)
        self._gate.require("read", MOVEMENT, record.area)
        ids = [record_id]
        if form == "resident":
            ids += [other.id for other in self._registry.merged(record_id)]
        rows: dict[str, Record] = {}
        for name in _BY[form]:
            rows.update({r.id: r for r in self._store.select(MOVEMENT, {name: ids}, order=["-date"], limit=MOST)})
        return self._chapters(rows)

    def lately(self, area: str, *, since: str = "", limit: int = 200, offset: int = 0) -> list[Chapter]:
        """The movements in *area* since a day, newest first."""
        self._gate.require("read", MOVEMENT, area)
        where: dict[str, object] = {"date": (">=", since)} if since else {}
        rows = self._store.select(MOVEMENT, where, area=area, order=["-date", "-id"], limit=limit, offset=offset)
        return self._chapters({row.id: row for row in rows})

    def _chapters(self, rows: Mapping[str, Record]) -> list[Chapter]:
        ids = list(rows)
        void = {
            str(row.values["voids"])
            for at in range(0, len(ids), MOST)
            for row in self._store.select(MOVEMENT, {"voids": ids[at : at + MOST]})
        }
        found: dict[tuple[str, str], Chapter] = {}
        for row in sorted(rows.values(), key=lambda r: (str(r.values.get("date")), r.id), reverse=True):
            if row.values.get("kind") == VOID:
                continue
            chapter = self._chapter(row, void=row.id in void)
            # Both ends of one movement tell the same.
            found.setdefault((chapter.act or chapter.id, chapter.subject), chapter)
        return list(found.values())

    def _chapter(self, row: Record, *, void: bool) -> Chapter:
        values = row.values
        form = next((name for name in _ABOUT if values.get(name)), "household")
        return Chapter(
            row.id,
            str(values.get("act") or ""),
            str(values.get("date") or ""),
            str(values.get("kind") or ""),
            self._store.forms[MOVEMENT].show("kind", values.get("kind")),
            self._text(values),
            str(values.get("name") or ""),
            str(values.get("reason") or ""),
            str(values.get("handled_by") or ""),
            void,
            form,
            str(values.get(form) or ""),
        )

    def _text(self, values: Mapping[str, Value]) -> str:
        """What turned, in words: from where to where, from which state to which."""
        form = self._store.forms[MOVEMENT]
        said: list[str] = []
        turned = next(
            (n for n in ("household", "dwelling", "grid") if values.get(f"from_{n}") != values.get(f"to_{n}")), ""
        )
        place = values.get("to_place") or values.get("from_place")
        arrived = (
            turned == "household" and values.get("kind") in {"birth", "move_in"} and not values.get("from_household")
        )
        if arrived:
            source = f"来自{values['from_place']}，" if values.get("from_place") else ""
            said.append(f"{source}落在{self._place(values, 'to', turned)}")
        elif turned:
            said.append(f"{self._place(values, 'from', turned)} → {self._place(values, 'to', turned)}")
        elif values.get("kind") in {"move_out", "away", "abroad"} and place:
            said.append(f"去{place}")
        for name in ("presence", "relation"):
            before, after = values.get(f"from_{name}"), values.get(f"to_{name}")
            if before != after and (before or (name == "presence" and not arrived)):
                shown = form.show(f"from_{name}", before) or "未登记"
                said.append(f"{shown} → {form.show(f'to_{name}', after) or '待补'}")
        return "；".join(said)

    def _place(self, values: Mapping[str, Value], end: str, target: str) -> str:
        key = values.get(f"{end}_{target}")
        record = self._store.get(target, str(key)) if key else None
        title = self._store.forms[target].record_title(record.values) if record is not None else ""
        if target != "household":
            return title or str(values.get(f"{end}_place") or ("未入网格" if target == "grid" else "未登记住处"))
        where = str(values.get(f"{end}_place") or "")
        return " ".join(part for part in (f"{title}户" if title else "", where) if part) or (
            "外地" if end == "from" else "未落户"
        )
