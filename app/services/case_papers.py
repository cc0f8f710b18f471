"""The papers that were issued of a case: their numbers, which are final, and the files, which never change."""

from __future__ import annotations

import collections
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.errors import KnownError
from app.schema.dates import china_time
from app.schema.record import Record
from app.services.case_folding import EVENT, STEP
from app.services.cases import Case, Cases
from app.services.gate import Gate
from app.store.saving import Edit

if TYPE_CHECKING:
    from app.store.store import Store

PAPER = "papers_attachment"
PDF, DOCX, PAGES = "pdf", "docx", "pages"
_MEDIA = {
    PDF: "application/pdf",
    DOCX: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    PAGES: "application/json",
}
_END = "号"


@dataclass(frozen=True, slots=True)
class Issued:
    """A paper that was issued. ``files``: format -> id of the record that names its file; ``corrects``: the number of an older one.

    ``corrected``: the number of the one that stands in its place; empty where it stands itself. ``twice``: another paper has the
    same number, which a cloned disk gave: both stay, and a person corrects one.
    """

    number: str
    kind: str
    at: str
    by: str
    to: str
    step: str
    sha256: str
    files: Mapping[str, str]
    corrects: str = ""
    corrected: str = ""
    answers: str = ""
    twice: bool = False

    @property
    def key(self) -> str:
        """What it is asked for by: its number, or, where that was given twice, the id of one of its files."""
        return min(self.files.values()) if self.twice and self.files else self.number

    @property
    def label(self) -> str:
        """Its number, and what tells it from another of the same number."""
        return f"{self.number}（{self.at[:16].replace('T', ' ')}，{self.by}）" if self.twice else self.number


_Issue = tuple[str, str, str, str, str]


def _issue(record: Record) -> _Issue:
    """What the files of one paper have in common: two papers of one number differ in something of it."""
    said = record.values
    number, owner, at, by, kind = (str(said.get(name) or "") for name in ("number", "owner", "at", "by", "kind"))
    return number, owner, at, by, kind


class CasePapers:
    """The papers of the cases at this desk. Raises Denied and KnownError("case_papers.…")."""

    def __init__(self, store: Store, gate: Gate, cases: Cases) -> None:
        self._store = store
        self._gate = gate
        self._cases = cases

    def of(self, event_id: str) -> tuple[Issued, ...]:
        """What was issued of a case, the newest first."""
        event = self._cases.case(event_id).event
        self._gate.require("read", PAPER, event.area, record=event_id, own=True)
        return self._issued(event_id)

    def find(self, event_id: str, number: str) -> Issued:
        """The one with *number*, or with that ``key``; KnownError("case_papers.no_number")."""
        issued = self.of(event_id)
        found = next((one for one in issued if one.key == number), None)
        found = found or next((one for one in issued if one.number == number), None)
        if found is None:
            raise KnownError("case_papers.no_number", number=number)
        return found

    def refuse_twice(self, event_id: str, kind: str, step: str, corrects: str) -> None:
        """KnownError where the paper of this step stands already, or where what is to be corrected doesn't."""
        issued = [one for one in self._issued(event_id) if one.kind == kind]
        if corrects:
            if all(one.number != corrects for one in issued):
                raise KnownError("case_papers.no_number", number=corrects)
            if any(one.number == corrects and one.corrected for one in issued):
                raise KnownError("case_papers.corrected", number=corrects)
            return
        standing = next((one for one in issued if step and one.step == step and not one.corrected), None)
        if standing is not None:
            raise KnownError("case_papers.issued", number=standing.number)

    def number(self, case: Case, mark: str) -> str:
        """The next number of a paper of *case*, which nobody gets again: the case's, *mark* and a count.

        Only the device that gave the case its number counts without letters: any other puts its own before, so that two
        devices that are apart never give one number. A case without a number has the device's count of the year.
        """
        letters = self._cases.numbers.letters()
        if case.state.case_no is None:
            before, width = f"{self._cases.now().year}-{letters}-{mark}", 4
        else:
            own = "" if self._numbered_here(case) else letters
            before, width = f"{case.state.case_no}-{own}{mark}", 1
        key = f"case_paper.{before}"
        with self._store.transaction():
            count = max(self._store.meta.integer(key), self._given(before)) + 1
            self._store.meta.set(key, count)
        return f"{before}{count:0{width}}{_END}"

    def keep(
        self,
        case: Case,
        kind: str,
        number: str,
        files: Mapping[str, bytes],
        *,
        title: str,
        to: str = "",
        step: str = "",
        corrects: str = "",
        answers: Mapping[str, str] | None = None,
    ) -> Issued:
        """Keep *files* (pdf, docx, pages) of a paper as they are, in one save; sealed on the disk before their records are there."""
        event = case.event
        line = self._gate.line("create", PAPER, event.area, record=event.id, fields=f"{kind} {number}", own=True)
        held = {form: self._store.files.keep([content]) for form, content in files.items()}
        same = {
            "owner_form": EVENT,
            "owner": event.id,
            "kind": kind,
            "number": number,
            "at": china_time(self._store.now_ms()),
            "by": self._gate.session.name,
            "to": to.strip()[:200] or None,
            "corrects": corrects or None,
            "step": step or None,
            "details": json.dumps(answers, ensure_ascii=False, sort_keys=True) if answers else None,
        }
        edits = [
            Edit(
                PAPER,
                None,
                event.area,
                {
                    **same,
                    "format": form,
                    "name": f"{title} {number}.{'json' if form == PAGES else form}"[-120:],
                    "media_type": _MEDIA[form],
                    "size": kept.size,
                    "sha256": kept.sha256,
                },
            )
            for form, kept in held.items()
        ]
        self._store.save(edits, self._gate.session.user, audit=[line])
        return next(one for one in self._issued(event.id) if one.number == number)

    def _issued(self, event_id: str) -> tuple[Issued, ...]:
        found: dict[_Issue, list[Record]] = {}
        for record in self._store.select(PAPER, {"owner": event_id, "owner_form": EVENT}, order=["-at", "-id"]):
            found.setdefault(_issue(record), []).append(record)
        numbers = list(dict.fromkeys(number for number, *_ in found))
        issues = {_issue(record) for record in (self._store.select(PAPER, {"number": numbers}) if numbers else ())}
        counted = collections.Counter(number for number, *_ in issues)
        after: dict[_Issue, str] = {}
        for issue, records in found.items():
            wrong = records[0].values.get("corrects")
            # Of two papers of one number the later is the one that is corrected.
            if target := next((one for one in found if wrong and one[0] == wrong and one[2] <= issue[2]), None):
                after[target] = issue[0]
        made = []
        for issue, records in found.items():
            number = issue[0]
            said = {name: str(value) for name, value in records[0].values.items() if value is not None}
            files = {str(record.values["format"]): record.id for record in records}
            whole = {str(record.values["format"]): str(record.values["sha256"]) for record in records}
            made.append(
                Issued(
                    number, said["kind"], said["at"], said.get("by", ""), said.get("to", ""), said.get("step", ""), whole.get(PDF, ""), files,
                    said.get("corrects", ""), after.get(issue, ""), said.get("details", ""), counted[number] > 1,
                )
            )  # fmt: skip
        return tuple(made)

    def _numbered_here(self, case: Case) -> bool:
        """Whether this device gave the case its number."""
        given = self._store.select(STEP, {"event": case.event.id, "case_no": case.state.case_no}, order=["id"])
        device = self._gate.session.device or self._store.sync.state.device or None
        return bool(given) and all((step.values.get("device") or None) == device for step in given)

    def _given(self, before: str) -> int:
        """The highest count that stands here: a store brought back from a copy or the journal has forgotten its own."""
        last = self._store.select(PAPER, {"number": ("<", before + "~")}, order=["-number"], limit=500)
        counts = [
            int(middle)
            for record in last
            if (number := str(record.values["number"])).startswith(before)
            and (middle := number.removeprefix(before).removesuffix(_END)).isdecimal()
        ]
        return max(counts, default=0)
