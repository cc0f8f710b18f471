"""What a device may do: the table of rights and the form, asked for one change."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace

from app.rules.areas import BY_PREFIX, Divisions
from app.rules.permissions import Permissions
from app.rules.watching import SYSTEM_ROLE
from app.schema.erasing import erases
from app.schema.form import Form, Forms
from app.schema.kinds import Date, Time
from app.schema.record import AREA, DELETED, Change, Record
from app.schema.values import BadValue
from sync.county.past import Past
from sync.county.readable import PLAIN

_MOST_SOUND = 5_000
"""Values of one field remembered as good in one exchange."""


@dataclass(frozen=True, slots=True)
class Device:
    """An enrolled device: its areas and the roles that its user had when the county last told it."""

    id: str
    account: str
    areas: tuple[str, ...]
    roles: tuple[str, ...]
    state: str = "active"
    unit: str | None = None
    """The unit that the county gave to its user; None where it gave none, and "" where it took it back."""


_Judge = tuple[Callable[[object], object], frozenset[type], bool, bool, set[object]]
"""How a field's values are checked, what they are, whether it must have one, whether there is but one spelling, and the texts found good."""
_ALLOWED, _DOUBTFUL, _NOT = "", "sync.doubtful", "sync.not_allowed"


@dataclass(frozen=True)
class Rights:
    """Judges changes; ``known`` are the areas that the county has. Made anew for each exchange.

    ``past`` is what the device could do before: whoever saved by what he knew then is never forbidden.
    """

    forms: Forms
    permissions: Permissions
    known: frozenset[str]
    divisions: Divisions = BY_PREFIX
    past: Past = field(default_factory=Past)
    # The table is asked once for what ten thousand changes have in common.
    _judged: dict[tuple[Device, str, str, str], bool] = field(default_factory=dict)
    _judges: dict[str, Mapping[str, _Judge]] = field(default_factory=dict)

    def streams(self, device: Device) -> list[tuple[str, str]]:
        """(area, class) of every stream that *device* holds."""
        classes = self.permissions.streams(device.roles)
        areas = self.areas(device)
        return [(area, name) for name in sorted(classes) for area in areas]

    def areas(self, device: Device) -> list[str]:
        """Every area of the county that *device* reaches."""
        return [area for area in sorted(self.known) if self.divisions.any_covers(device.areas, area)]

    def may(self, device: Device, form: Form, action: str, area: str) -> bool:
        """Whether *device* may do *action* to records of *form* in *area* today."""
        return self._decide(device, form, action, area)

    def refusal(
        self, device: Device, change: Change, stored: Record | None, been: Collection[str] = frozenset()
    ) -> str:
        """Why *device* may not make *change* to *stored*; empty where it may.

        *been*: the areas in which the record ever was. An edit made where it was before is judged there: the device could not
        know that it had moved. "sync.doubtful" is for a supervisor: allowed by the rights that the device had before.
        """
        form = self.forms.get(change.form)
        if form is None:
            return "sync.form_unknown"
        if form.immutable and stored is not None and change.values.keys() != {AREA}:
            return ""  # the merge never touches it, and says so
        to = {str(change.values[AREA])} if AREA in change.values else set()
        here = {change.area if stored is None else stored.area}
        if not here | to <= self.known:
            return "sync.area_unknown"
        code = self._judge(device, form, change, here | to, stored)
        if code and stored is not None and change.area in been:
            code = self._judge(device, form, change, {change.area} | to, stored)
        return code or self._fault(form, change.values, partial=stored is not None or not change.creates)

    def _judge(self, device: Device, form: Form, change: Change, areas: Collection[str], stored: Record | None) -> str:
        """The hardest word about one of *areas*."""
        wanted = _wanted(form, change, stored)
        words = [self._in_area(device, form, change, wanted, area) for area in areas]
        return words[0] if len(words) == 1 else max(words, key=_HARDER.index)

    def _in_area(self, device: Device, form: Form, change: Change, wanted: str, area: str) -> str:
        everything = (*device.roles, *self.past.roles)
        said = self._as_said(form, change, device.roles)
        if said != device.roles:
            device = replace(device, roles=said)
        if self._decide(device, form, wanted, area):
            return _ALLOWED
        knew = replace(device, areas=(*device.areas, area))
        if self.past.knew(area, change.time) and self._decide(knew, form, wanted, area):
            return _ALLOWED
        if self.past.roles or self.past.had(area):
            before = knew if self.past.had(area) else device
            before = replace(before, roles=self._as_said(form, change, everything))
            if self._decide(before, form, wanted, area):
                return _DOUBTFUL
        return _NOT

    def _as_said(self, form: Form, change: Change, roles: tuple[str, ...]) -> tuple[str, ...]:
        """Of *roles* the one in which a step says that it was made: it is judged by that, and nobody says one that he hasn't."""
        said = change.values.get("role") if form.immutable and "action" in form.fields else None
        if said == SYSTEM_ROLE:
            return ()  # what the county does by itself no device says
        return tuple(role for role in roles if role == said) if said in self.permissions.roles else roles

    def _decide(self, device: Device, form: Form, action: str, area: str) -> bool:
        key = device, form.name, action, area
        if key not in self._judged:
            self._judged[key] = self.permissions.decide(
                action,
                form.name,
                area,
                device.roles,
                device.areas,
                own=True,
                stream=form.stream,
                divisions=self.divisions,
            ).allowed
        return self._judged[key]

    def _fault(self, form: Form, values: Mapping[str, object], *, partial: bool) -> str:
        asked = form.required if not partial else [item for item in form.required if item.name in values]
        for item in asked:
            if values.get(item.name) is None:
                return "sync.faulty"
        judges = self._judges.get(form.name) or self._judges.setdefault(form.name, _judges(form))
        for name, value in values.items():
            # A field that only a newer client knows is carried, not judged. What was found good once is good again.
            if value is None or (judge := judges.get(name)) is None:
                continue
            check, types, required, exact, sound = judge
            kept = type(value) is str
            if kept and value in sound:
                continue
            # What people may type isn't what travels: kept as it came, it would count otherwise than it stands in its column.
            if type(value) not in types:
                return "sync.faulty"
            try:
                found = check(value)
                # Whoever reckons with a day or a moment reads only the one spelling.
                if (found is None and required) or (exact and found != value):
                    return "sync.faulty"
            except BadValue:
                return "sync.faulty"
            if kept and len(sound) < _MOST_SOUND:
                sound.add(value)
        return ""


def _judges(form: Form) -> Mapping[str, _Judge]:
    return {
        name: (item.kind.check, PLAIN[item.kind.column], item.required, isinstance(item.kind, Date | Time), set())
        for name, item in form.fields.items()
        if not item.derived
    }


_HARDER = (_ALLOWED, _DOUBTFUL, _NOT)


def _wanted(form: Form, change: Change, stored: Record | None) -> str:
    """The right that *change* asks for."""
    if form.system:
        return "resolve"
    if DELETED in change.values or erases(change):
        return "delete"
    if stored is not None:
        return "edit"
    if form.immutable and "action" in form.fields:
        # A step of a case: who may do it stands with the action. Whose case it is, the device has judged.
        return f"act:{change.values.get('action')}"
    return "create"
