"""The page that accepts a mediation, mends it, or writes down a party."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from app.schema.record import Record
from ui.forms.editor import RecordForm
from ui.jobs import Jobs
from ui.page import Page
from ui.pieces.card import Card

if TYPE_CHECKING:
    from app.services.office import Office

_ACCEPTING = (
    "title", "case_no", "dispute_type", "source", "accepted_on", "committee", "mediator", "recorder", "session_open",
    "facts", "request", "difficulty", "people_involved",
)  # fmt: skip


class MediationFormPage(Page):
    """Opened with nothing (a new mediation), ``id`` (mend one), ``mediation`` (a new party) or ``party`` (mend one).

    ``fields`` names the fields to show, as for the agreement alone.
    """

    def __init__(self, office: Office, jobs: Jobs) -> None:
        super().__init__("受理调解", back=True)
        self._office, self._jobs = office, jobs
        self._card = Card()
        self.form: RecordForm | None = None
        self.add(self._card, 1)

    def opened(self, args: Mapping[str, Any]) -> None:
        """Begin a form; a draft left behind comes back."""
        mediation, party, record_id = (str(args.get(name) or "") for name in ("mediation", "party", "id"))
        self._card.clear()
        if mediation or party:
            self.set_title("修改当事人" if party else "添加当事人", "只用于这件调解和法定文书")
            preset = {"mediation": mediation} if mediation else None
            form = RecordForm(
                self._office,
                self._jobs,
                "party",
                record_id=party or None,
                preset=preset,
                area=str(args.get("area") or ""),
            )
        elif record_id:
            self.set_title(str(args.get("title") or "修改调解"))
            form = RecordForm(self._office, self._jobs, "mediation", record_id=record_id, only=args.get("fields"))
        else:
            self.set_title("受理调解", "调解不收费；自受理之日起 30 天内调结")
            form = RecordForm(
                self._office, self._jobs, "mediation", only=_ACCEPTING, words_save="受理",
                save=lambda values, _seen: self._office.mediations.accept(values),
            )  # fmt: skip
        new = not (mediation or party or record_id)
        form.saved.connect(lambda record: self._on_saved(record, new=new))
        form.left.connect(lambda: self.go.emit("back", {}))
        form.loaded.connect(form.begin)
        self.form = form
        self._card.add(form, 1)

    def refresh(self, changed: Sequence[str]) -> None:
        if self.form is not None:
            self.form.refresh(changed)

    def leaving(self) -> None:
        if self.form is not None:
            self.form.keep()

    def _on_saved(self, record: Record, *, new: bool) -> None:
        self.said.emit("已受理，存在本机" if new else "已存在本机", None)
        if new:
            self.go.emit("mediation_case", {"id": record.id})
        else:
            self.go.emit("back", {})
