"""From edits to changes: which fields really change, on what base, and the rows that come of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from app.errors import KnownError
from app.schema.record import AREA, DELETED, Change
from app.schema.values import Value
from app.store.rows import REFUSED, STUB, WENT, Agreed, Row

if TYPE_CHECKING:
    from app.schema.form import Form, Forms

UNSENT = 1
"""The base of a move of a record that the county doesn't have yet: below every rev, and not 0, which would make the record."""


@dataclass(frozen=True, slots=True)
class Edit:
    """What a clerk wants of one record.

    ``id`` None or unknown makes a new record. ``seen`` gives, for fields shown on an open form, the rev of the agreed value that was on the
    screen; where it is silent, the present one counts. ``deleted`` True deletes, False revives, None leaves it.
    """

    form: str
    id: str | None
    area: str
    values: Mapping[str, Value]
    seen: Mapping[str, int] = field(default_factory=dict)
    deleted: bool | None = None


@dataclass(frozen=True, slots=True)
class Saved:
    """What one save did: the ids in the order of the edits, and the changes that go out."""

    ids: tuple[str, ...]
    changes: tuple[Change, ...]

    @property
    def touched(self) -> set[tuple[str, str]]:
        """(form, id) of every record that changed."""
        return {(change.form, change.id) for change in self.changes}


def difference(form: Form, row: Row | None, edit: Edit) -> dict[str, Value]:
    """The fields that *edit* really changes, whole units at a time; for a new record all that aren't empty, and its area."""
    if row is None:
        new: dict[str, Value] = {
            name: _kept(form, name, value)
            for name, value in edit.values.items()
            if value is not None and not _derived(form, name)
        }
        new[AREA] = edit.area
        return new
    changed: dict[str, Value] = {}
    for name, value in edit.values.items():
        if not _derived(form, name) and value != _present(form, row, name):
            for member in form.unit_of.get(name, (name,)):
                changed[member] = _kept(form, member, edit.values.get(member, _present(form, row, member)))
    if edit.area and edit.area != row.area:
        changed[AREA] = edit.area
    if edit.deleted is not None and edit.deleted != row.deleted:
        changed[DELETED] = edit.deleted
    if changed and row.standing == REFUSED:
        # The county never took this record: what is corrected now goes out with all the rest of it, as a new one.
        stands = {**{item.name: row.values.get(item.name) for item in form.stored}, **row.extra}
        held = {name: value for name, value in stands.items() if value is not None}
        changed = {**held, AREA: row.area, **changed}
    return changed


def bases(
    form: Form,
    row: Row | None,
    changed: Mapping[str, Value],
    seen: Mapping[str, int],
    unsent: Sequence[Change],
    cursor: int,
) -> dict[str, int]:
    """For each changed field the rev its change is based on; a field with an unsent change keeps that change's base.

    *cursor* is the rev up to which the device has everything of the record's stream.
    """
    if row is None or row.standing == REFUSED:
        return {}
    found: dict[str, int] = {}
    for change in unsent:
        for name in change.values:
            found[name] = change.bases.get(name, 0)
    # Who deletes has judged the whole record: an edit that he had not seen must meet his deletion as a conflict. A receipt
    # raises the record's rev while earlier edits of others may still be on their way: hence no more than the cursor.
    whole = min(row.rev, cursor)
    own = {name: whole if name == DELETED and value else row.rev_of(name) for name, value in changed.items()}
    if AREA in own:
        # So does who moves it: the county must tell whether he had seen to what the record belongs by then.
        own[AREA] = max(own[AREA], whole)
    bare = {name: found.get(name, seen.get(name, own[name])) for name in changed}
    if DELETED in seen and changed.get(DELETED):
        bare[DELETED] = min(bare[DELETED], whole)
    # A group is one field: who saw one part of it old has not seen the group as it is.
    held = {name: min(bare[part] for part in form.unit_of.get(name, (name,)) if part in bare) for name in bare}
    if AREA in held:
        held[AREA] = max(held[AREA], UNSENT)
    return held


def refuse_forbidden(form: Form, row: Row | None, changed: Mapping[str, Value]) -> None:
    """Raise KnownError where the record's own nature forbids the change."""
    if row is None:
        return
    if row.standing == STUB and changed:
        raise KnownError("store.handed_over", form=form.title, went=str(row.extra.get(WENT) or ""))
    if form.immutable and changed.keys() - {AREA}:
        raise KnownError("store.immutable", form=form.title)
    if row.deleted and DELETED not in changed and changed:
        raise KnownError("store.deleted_record")


def new_row(forms: Forms, record_id: str, edit: Edit, changed: Mapping[str, Value]) -> Row:
    """The row of a record that only this machine knows yet."""
    form = forms[edit.form]
    agreed = Agreed()
    for name, value in changed.items():
        agreed.set(form, name, value)
    values: dict[str, Value] = dict.fromkeys(form.fields)
    values.update(agreed.values)
    return Row(edit.form, record_id, edit.area, values, extra=agreed.extra, deleted=agreed.deleted, pending=1)


def _kept(form: Form, name: str, value: Value) -> Value:
    """*value* as it comes back from the disk, so that it counts the same before and after: 109 in a field of decimals is 109.0."""
    item = form.fields.get(name)
    if item is None or value is None:
        return value
    kept = item.kind.load(item.kind.dump(value))
    return float(kept) if item.kind.column == "real" and isinstance(kept, int) else kept


def _derived(form: Form, name: str) -> bool:
    return name in form.fields and form.fields[name].derived


def _present(form: Form, row: Row, name: str) -> Value:
    return row.values.get(name) if name in form.fields else row.extra.get(name)
