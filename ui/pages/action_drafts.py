"""What was typed into the form of an action and isn't done yet, kept as a draft: a lock, a closed window or a power cut takes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from app.services.attachments import Staged
from ui.jobs import Jobs

if TYPE_CHECKING:
    from app.services.office import Office

_FORM = "event_step"


@dataclass(frozen=True)
class Left:
    """What stood in a form when it was left; ``files`` were picked for it and are sealed on the disk."""

    values: Mapping[str, Any] = field(default_factory=dict)
    files: tuple[Staged, ...] = ()


class ActionDrafts:
    """By case ("" for many at once) and action. `read` and `preset` may be called in the lane, too."""

    def __init__(self, office: Office, jobs: Jobs) -> None:
        self._office, self._jobs = office, jobs
        self._preset: dict[str, Mapping[str, Any]] = {}
        # What each form began with, or was kept with last: the same once more is no new draft.
        self._known: dict[str, dict[str, Any]] = {}

    def read(self, event_id: str, code: str) -> Left:
        """What was left behind, also before the program was started; runs in the lane."""
        key = self._key(event_id, code)
        held = self._office.store.draft(key) or {}
        values = self._preset.pop(key, None)
        files = tuple(Staged(dict(one)) for one in held.get("files") or ())
        return Left(dict(held.get("values") or {}) if values is None else values, files)

    def preset(self, event_id: str, code: str, values: Mapping[str, Any]) -> None:
        """The form that is opened next begins with *values*, whatever was typed into it before."""
        self._preset[self._key(event_id, code)] = values

    def begun(self, event_id: str, code: str, values: Mapping[str, Any], files: Sequence[Staged]) -> None:
        """A form stands there with *values* and *files*; nothing of them was typed since."""
        self._known[self._key(event_id, code)] = _packed(values, files)

    def keep(self, event_id: str, code: str, values: Mapping[str, Any], files: Sequence[Staged]) -> None:
        """Keep what stands in a form, where it isn't what is known of it already."""
        key, packed = self._key(event_id, code), _packed(values, files)
        if packed != self._known.get(key):
            self._known[key] = packed
            self._jobs.run(lambda: self._office.store.keep_draft(key, _FORM, event_id or None, packed))

    def done(self, event_id: str, code: str) -> None:
        """The action was done with them."""
        key = self._key(event_id, code)
        self._known.pop(key, None)
        self._jobs.run(lambda: self._office.store.drop_draft(key))

    def _key(self, event_id: str, code: str) -> str:
        """People share devices: what one types is no other's."""
        return f"acting:{self._office.session.user}:{event_id}:{code}"


def _packed(values: Mapping[str, Any], files: Sequence[Staged]) -> dict[str, Any]:
    return {"values": dict(values), "files": [dict(one.values) for one in files]}
