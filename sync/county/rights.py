"""What a device may do: the table of rights and the form, asked for one change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from app.rules.areas import any_covers
from app.rules.permissions import Permissions
from app.schema.form import Form, Forms
from app.schema.record import AREA, DELETED, Change, Record


@dataclass(frozen=True, slots=True)
class Device:
    """An enrolled device: its areas and the roles that its user had when the county last told it."""

    id: str
    account: str
    areas: tuple[str, ...]
    roles: tuple[str, ...]
    state: str = "active"


@dataclass(frozen=True)
class Rights:
    """Judges changes; *known* are the areas that the county has. Made anew for each exchange."""

    forms: Forms
    permissions: Permissions
    known: frozenset[str]
    # The table is asked once for what ten thousand changes have in common.
    _judged: dict[tuple[Device, str, str, str], bool] = field(default_factory=dict)

    def streams(self, device: Device) -> list[tuple[str, str]]:
        """(area, class) of every stream that *device* holds."""
        classes = self.permissions.streams(device.roles)
        areas = [area for area in sorted(self.known) if any_covers(device.areas, area)]
        return [(area, name) for name in sorted(classes) for area in areas]

    def refusal(self, device: Device, change: Change, stored: Record | None) -> str:
        """Why *device* may not make *change* to *stored*; empty where it may."""
        form = self.forms.get(change.form)
        if form is None:
            return "sync.form_unknown"
        if form.immutable and stored is not None:
            return ""  # the merge never touches it, and says so
        areas = {change.area} if stored is None else {stored.area}
        if AREA in change.values:
            areas.add(str(change.values[AREA]))
        if not areas <= self.known:
            return "sync.area_unknown"
        if not all(self._may(device, form, change, area, stored) for area in areas):
            return "sync.not_allowed"
        return self._fault(form, change.values, partial=stored is not None or not change.creates)

    def _may(self, device: Device, form: Form, change: Change, area: str, stored: Record | None) -> bool:
        if form.system:
            wanted = ["resolve"]
        elif DELETED in change.values:
            wanted = ["delete"]
        elif stored is None:
            wanted = ["create"]
        else:
            wanted = ["edit"]
        if stored is None and form.immutable and "action" in form.fields:
            # A step of a case: who may do it stands with the action. Whose case it is, the device has judged.
            wanted = [f"act:{change.values.get('action')}"]
        return any(self._decide(device, form, action, area) for action in wanted)

    def _decide(self, device: Device, form: Form, action: str, area: str) -> bool:
        key = device, form.name, action, area
        if key not in self._judged:
            self._judged[key] = self.permissions.decide(
                action, form.name, area, device.roles, device.areas, own=True, stream=form.stream
            ).allowed
        return self._judged[key]

    def _fault(self, form: Form, values: Mapping[str, object], *, partial: bool) -> str:
        # A field that only a newer client knows is carried, not judged.
        judged = {name: value for name, value in values.items() if name in form.fields}
        return "sync.faulty" if form.check(judged, partial=partial) else ""
