"""A step of a case with the photos and papers that are handed in with it, in one save."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from app.services.case_folding import EVENT
from app.services.cases import Cases
from app.services.records import Outcome

if TYPE_CHECKING:
    from app.services.attachments import Attachments, Staged


class CaseDoing:
    """Does what was decided of a case."""

    def __init__(self, cases: Cases, attachments: Attachments) -> None:
        self._cases = cases
        self._attachments = attachments

    def act(self, event_id: str, action: str, values: Mapping[str, Any], files: Sequence[Staged] = ()) -> Outcome:
        """Do *action* as ``Cases.act`` does; *files* are named as the step's in the same save, or nothing is saved.

        Raises Denied and KnownError("files.staged_gone").
        """
        photos = len({one.sha256 for one in files if one.values.get("kind") == "photo"})
        return self._cases.act(
            event_id, action, values, photos=photos,
            brings=lambda step, area: self._attachments.beginning(EVENT, event_id, area, files, step=step) if files else ([], []),
        )  # fmt: skip
