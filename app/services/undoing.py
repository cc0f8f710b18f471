"""Taking a movement back: what it made is put as it was before, the movement stays with another beside it that says it is void."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.errors import KnownError
from app.messages import sentence
from app.rules.living import HERE, VOID, standing
from app.rules.relations import HEAD
from app.schema.record import Record
from app.schema.values import Value
from app.services.chronicle import GOES_ALONG, MOVEMENT, REGRID, SINCE, Chronicle
from app.services.gate import Gate
from app.services.moving import Moving
from app.services.regridding import BULK_FROM, Told, regrid_back
from app.store.saving import Edit

if TYPE_CHECKING:
    from app.store.audit import AuditLine
    from app.store.store import Store

_NAMED = 5
_ARRIVALS = frozenset({"birth", "move_in"})


@dataclass(frozen=True, slots=True)
class Undone:
    """What was put as it was before, and the names of what is left as it stands because it changed again since."""

    records: tuple[str, ...]
    left: tuple[str, ...] = ()

    @property
    def said(self) -> str:
        """What it came to, in a sentence; of many that are left the first."""
        if not self.left:
            return sentence("movements.undone")
        more = f"等 {len(self.left)} 处" if len(self.left) > _NAMED else ""
        return sentence("movements.undone_left", names="、".join(self.left[:_NAMED]) + more)


class Undoing:
    """One act at a time, whole or not at all."""

    def __init__(self, store: Store, gate: Gate, moving: Moving, chronicle: Chronicle) -> None:
        self._store = store
        self._gate = gate
        self._moving = moving
        self._chronicle = chronicle

    def undo(self, act: str, reason: str = "") -> Undone:
        """Take back everything of *act*.

        KnownError("movements.changed_since") where somebody of it turned again since, "movements.not_here" where one is at another desk now,
        "movements.nothing_to_undo" where it is void already. Of a grid's change what turned again since is left, and told.
        """
        reason = reason.strip() or sentence("movements.undo_reason")
        rows = {row.id: row for row in self._store.select(MOVEMENT, {"act": act})}
        void = self._store.select(MOVEMENT, {"voids": list(rows)}) if rows else []
        told = standing([{**row.values, "id": row.id} for row in [*rows.values(), *void]])
        if not told:
            raise KnownError("movements.nothing_to_undo")
        if all(item.get("kind") == REGRID for item in told):
            return self._regrid(act, rows, told, reason)
        self._all_here(told)
        edits: list[Edit] = []
        lines: list[AuditLine] = []
        done: list[str] = []
        for item in reversed(told):
            subject = self._subject(item)
            if subject is not None and subject.id not in done:
                done.append(subject.id)
                more, said = self._back(subject, item, reason)
                edits += more
                lines += said
        homes = {str(item[name]) for item in told for name in ("from_household", "to_household") if item.get(name)}
        edits += self._households(homes, told, {str(e.id): e for e in edits}, lines, reason)
        edits += [self._void(rows[str(item["id"])], act, reason) for item in told]
        for area in dict.fromkeys(rows[str(item["id"])].area for item in told):
            lines.append(self._line("create", MOVEMENT, area, act, reason))
        self._store.save(edits, self._gate.session.user, audit=lines)
        return Undone(tuple(done))

    def _regrid(self, act: str, rows: Mapping[str, Record], told: Sequence[Told], reason: str) -> Undone:
        back = regrid_back(self._store, self._gate, act, told, reason)
        voids = [self._void(rows[key], act, reason) for key in back.void]
        for area in dict.fromkeys(rows[key].area for key in back.void):
            back.lines.append(self._line("create", MOVEMENT, area, act, reason))
        edits = [*back.edits, *voids]
        self._store.save(edits, self._gate.session.user, bulk=len(edits) >= BULK_FROM, audit=back.lines)
        return Undone(tuple(back.done), tuple(dict.fromkeys(back.left)))

    def _all_here(self, told: Sequence[Told]) -> None:
        """Refuse where somebody of it is at another desk now, or has become one with another registration: it could not be put back."""
        for item in told:
            form = next((name for name in ("resident", "household", "dwelling") if item.get(name)), "")
            record = self._store.get(form, str(item[form])) if form else None
            if record is None:
                raise KnownError("movements.not_here", name=item.get("name") or "")
            if record.deleted:
                raise KnownError("movements.changed_since", name=item.get("name") or "")
        if all(item.get("dwelling") and item.get("from_dwelling") for item in told):
            raise KnownError("movements.not_here", name=told[0].get("name") or "")

    def _subject(self, item: Told) -> Record | None:
        for form in ("resident", "household", "dwelling"):
            if item.get(form):
                record = self._store.get(form, str(item[form]))
                if form == "dwelling" and item.get("from_dwelling"):
                    return None  # the other end of a household's move
                return record if record is not None and not record.deleted else None
        return None

    def _back(self, now: Record, item: Told, reason: str) -> tuple[list[Edit], list[AuditLine]]:
        turned = {"resident": ("household", "presence"), "household": ("dwelling",), "dwelling": ("grid",)}[now.form]
        values: dict[str, Value] = {}
        for name in turned:
            before, after = item.get(f"from_{name}"), item.get(f"to_{name}")
            if before == after:
                continue
            if now.values.get(name) != after:
                raise KnownError("movements.changed_since", name=item.get("name") or "")
            since = "from_presence_since" if name == "presence" else "from_since"
            values |= {name: before, SINCE[name]: item.get(since)}
        if item.get("from_relation") != item.get("to_relation") and now.values.get("relation") == item.get(
            "to_relation"
        ):
            values |= {"relation": item.get("from_relation")}
        word, relation = item.get("from_relation_text"), values.get("relation", now.values.get("relation"))
        # 妻 or 女婿 of the roster, which the code alone doesn't say; who was given another word since keeps that.
        if word and now.values.get("relation_text") is None and relation == item.get("from_relation"):
            values |= {"relation_text": word}
        if item.get("kind") in _ARRIVALS and not item.get("from_household") and not item.get("from_presence"):
            line = self._gate.line("delete", now.form, now.area, record=now.id, reason=reason, own=True)
            return [Edit(now.form, now.id, now.area, {}, deleted=True)], [line]
        if not values:
            return [], []
        if "household" in values:
            values |= self._besides(now, item, values["household"])
        area = self._area(values) or now.area
        edits, lines = self._moving.going_along(now, area, reason=reason)
        edits.append(Edit(now.form, now.id, area, values))
        if now.form == "household":
            came = {"live_address": item.get("to_place")}
            address = {"live_address": item.get("from_place")}
            people = self._store.select("resident", {"household": now.id, **came})
            with_it = {str(edit.id) for edit in edits}
            edits = [Edit(e.form, e.id, e.area, address) if e.id in {p.id for p in people} else e for e in edits]
            edits += [Edit("resident", p.id, p.area, address) for p in people if p.id not in with_it]
        return edits, lines

    def _besides(self, now: Record, item: Told, home: Value) -> dict[str, Value]:
        """Address and registration as they were, as far as the movement tells."""
        values: dict[str, Value] = {}
        # Who left for no household kept the address under which he is found.
        moved_house = item.get("kind") != "unplace"
        if moved_house and item.get("from_presence") in HERE and item.get("from_place"):
            values["live_address"] = item["from_place"]
        if home and now.values.get("registered_household") == home:
            values["registered_household"] = None
        elif item.get("from_presence") == "lodging" and item.get("to_presence") == "present":
            values["registered_household"] = item.get("to_household")
        return values

    def _area(self, values: Mapping[str, Value]) -> str:
        for form in ("household", "dwelling", "grid"):
            if values.get(form):
                record = self._store.get(form, str(values[form]))
                return record.area if record is not None else ""
        return ""

    def _households(
        self, homes: set[str], told: list[Told], edits: Mapping[str, Edit], lines: list[AuditLine], reason: str
    ) -> list[Edit]:
        """What the act did to the households themselves: heads, those that were made and those that were struck off."""
        kind, found = str(told[0].get("kind")), []
        for home in sorted(homes):
            held = self._store.get("household", home)
            if held is None or held.deleted:
                continue
            values: dict[str, Value] = {}
            heads = [
                i
                for i in told
                if i.get("from_relation") == HEAD and i.get("from_household") == home and i.get("resident")
            ]
            if kind == "head" and held.values.get("head") in {
                i.get("resident") for i in told if i.get("to_relation") == HEAD
            }:
                values = {"head": heads[0]["resident"], "head_name": heads[0].get("name")} if heads else {"head": None}
            elif kind == "join" and held.values.get("joined_into") and held.values.get("ended_on"):
                values = {"ended_on": None, "joined_into": None}
            left = [
                p.id
                for p in self._store.select("resident", {"household": home})
                if "household" not in (edits[p.id].values if p.id in edits else {})
            ]
            made = kind == "split" and home in {str(i.get("to_household")) for i in told}
            if made and not left and held.values.get("formed_on"):
                line = self._gate.line("delete", "household", held.area, record=home, reason=reason, own=True)
                found.append(Edit("household", home, held.area, {}, deleted=True))
                lines.append(line)
            elif values:
                found.append(Edit("household", home, held.area, values))
                lines.append(self._line("edit", "household", held.area, home, reason))
        return found

    def _void(self, row: Record, act: str, reason: str) -> Edit:
        values: dict[str, Value] = {
            "date": self._chronicle.today(),
            "kind": VOID,
            "act": act,
            "voids": row.id,
            "reason": reason,
            "handled_by": self._gate.session.name,
        }
        kept = ("name", "resident", "household", "dwelling", *GOES_ALONG)
        values |= {name: row.values.get(name) for name in kept if row.values.get(name) is not None}
        return Edit(MOVEMENT, self._store.new_id(), row.area, values)

    def _line(self, action: str, form: str, area: str, record: str, reason: str) -> AuditLine:
        return self._gate.line(action, form, area, record=record, fields="movement", reason=reason, own=True)
