"""Bringing workbooks in: read, recognise, plan and apply, the same for the window and the command."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from app.errors import KnownError
from app.exchange.excel.headings import ID_TARGET, Catalog, catalogs_of
from app.exchange.excel.layout import Layout, Recognised
from app.exchange.excel.recognise import by_guess, recognise
from app.exchange.excel.report import write_report
from app.exchange.excel.template import template_of
from app.exchange.excel.words import bare, load_words
from app.exchange.excel.workbook import Workbook, read_workbook
from app.exchange.matched import remember, remembered
from app.exchange.preview import More, absent_rows, preview
from app.exchange.roster.applying import Applied, Progress, apply
from app.exchange.roster.choices import NONE, Choices
from app.exchange.roster.dwellings import DwellingPlan
from app.exchange.roster.generic import FormPlan
from app.exchange.roster.plan import Plan, Tick, no_tick
from app.exchange.roster.register import Register
from app.exchange.roster.roster import plan_roster
from app.messages import sentence
from app.schema.dates import china_time
from app.store.driver import keep_few_pages

if TYPE_CHECKING:
    from app.services.office import Office

Steps = Callable[[int, int, str], None]
"""Called with (done, in all, what is under way)."""

_LIVED_IN = {"resident", "dwelling", "building"}


class _StoppedError(Exception):
    """Somebody cancelled before anything was saved."""


class Intake:
    """One office's imports. Reading, recognising and planning change nothing."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._words = load_words()

    def read(self, path: Path) -> Workbook:
        """The workbook at *path*; KnownError("import.…") says why not."""
        return read_workbook(path)

    def catalogs(self, form: str) -> list[Catalog]:
        """What sheets of *form* may bring, the usual kind of sheet first."""
        return catalogs_of(self._office.forms, form, self._words)

    def recognise(
        self, book: Workbook, form: str, *, sheet: str | None = None, by_hand: Mapping[str, str] | None = None
    ) -> Recognised:
        """What stands where in *book*. *by_hand*: targets by heading, "" for not imported; what was remembered counts where it is silent."""
        told = {bare(heading): target for heading, target in (by_hand or {}).items()}
        found = recognise(book, self.catalogs(form), sheet=sheet, by_hand={**self.remembered(form), **told})
        return dataclasses.replace(found, layouts=tuple(_with_remembered(layout, told) for layout in found.layouts))

    def plan(
        self,
        form: str,
        found: Recognised,
        area: str | None = None,
        choices: Choices = NONE,
        tick: Tick = no_tick,
    ) -> Plan:
        """What the import would do; *area* where the rows don't name their village, else the first area held.

        Raises Denied, KnownError("import.area_missing").
        """
        office = self._office
        area = area or office.session.area or None
        office.gate.require("import", form, area)
        register = Register(office.store, office.store.new_id)
        today = datetime.date.fromisoformat(china_time(office.store.now_ms())[:10])
        exported = any(ID_TARGET in layout.by_target for layout in found.layouts)
        held = (found, office.forms, self._words, register, area, today)
        if form == "resident" and not exported:
            return plan_roster(*held, choices=choices, tick=tick)
        if form in {"dwelling", "building"} and not exported:
            return DwellingPlan(*held, form, choices=choices, tick=tick).plan()
        return FormPlan(*held, form, choices=choices, tick=tick).plan()

    def apply(
        self, plan: Plan, progress: Progress | None = None, cancelled: Callable[[], bool] | None = None
    ) -> Applied:
        """Carry *plan* out, a household whole or not at all; Denied before anything where an area isn't the user's."""
        for form, area in sorted({(record.form, record.area) for record in plan.records}):
            self._office.gate.require("import", form, area)
        return apply(plan, self._office.store, self._office.session.user, progress, cancelled)

    def run(
        self,
        form: str,
        path: Path,
        *,
        area: str | None = None,
        sheet: str | None = None,
        dry_run: bool = False,
        shown: bool = False,
        report: Path | None = None,
        choices: Choices = NONE,
        progress: Steps | None = None,
        cancelled: Callable[[], bool] | None = None,
        more: More | None = None,
    ) -> dict[str, object]:
        """The whole way of ``township import``; returns its JSON document, with "stopped" where it was cancelled.

        *shown*: with "preview", what a page shows before it asks; then columns that nobody understands are no error. *more* takes
        what is too much for one answer.
        """
        keep_few_pages(self._office.store.conn)

        def told(words: str) -> Tick:
            def tick(done: int, total: int) -> None:
                if cancelled and cancelled():
                    raise _StoppedError
                if progress:
                    progress(done, total, sentence(f"import.step_{words}"))

            return tick

        try:
            told("read")(0, 0)
            book = self.read(path)
            told("check")(0, 0)
            found, understood = self._understood(book, form, sheet, choices, shown=shown)
            plan = self.plan(form, found, area, choices, told("check")) if understood else None
            told("check")(1, 1)
        except _StoppedError:
            return Plan(form, 0, (), 0, 0, 0, (), (), (), ()).as_json() | {"stopped": True}
        passed: dict[str, object] = {"passed_over": [{"sheet": name, "why": why} for name, why in found.passed_over]}
        said = plan.as_json() | passed if plan else Plan(form, 0, (), 0, 0, 0, (), (), (), ()).as_json()
        if shown:
            if plan and not area:
                _ask_village(plan)
            said["preview"] = preview(self._office, book, found, self.catalogs(form), plan, more)
        if plan is None:
            return said
        if report:
            self.report(found, plan, report)
        del found, book  # of a large sheet this is half of the memory
        if not dry_run:
            if choices.remember:
                self.remember(form, choices.columns)
            applied = self.apply(plan, told("save"), cancelled)
            if applied.stopped:
                said |= {"created": applied.created, "updated": applied.updated, "stopped": True}
        return said

    def _understood(
        self, book: Workbook, form: str, sheet: str | None, choices: Choices, *, shown: bool
    ) -> tuple[Recognised, bool]:
        """What stands where, and whether it was recognised: a page shows even a guess, to be matched by hand."""
        try:
            return self.recognise(book, form, sheet=sheet, by_hand=choices.columns), True
        except KnownError as bad:
            guess = by_guess(book, self.catalogs(form), sheet) if shown and bad.code == "import.no_headings" else None
            if guess is None:
                raise
            return guess, False

    def remember(self, form: str, by_hand: Mapping[str, str]) -> None:
        """Keep the columns matched by hand for the next sheet of this office, on all its devices."""
        remember(self._office, form, by_hand)

    def remembered(self, form: str) -> dict[str, str]:
        """Targets by bare heading as they were matched by hand before; what this program doesn't know is left out."""
        known = {target.name for catalog in self.catalogs(form) for target in catalog.targets}
        found = remembered(self._office, form)
        return {heading: target for heading, target in found.items() if not target or target in known}

    def template(self, form: str, out: Path) -> None:
        """Write an empty workbook for *form* to fill in."""
        template_of(self._office.forms, form, out)

    def report(self, found: Recognised, plan: Plan, out: Path) -> None:
        """Write the refused rows to correct, what was doubted, and who is not in the roster; their numbers are masked."""
        if plan.absent:
            area = self._office.session.area or None
            self._office.gate.require("import", plan.form, area, fields=f"absent,{len(plan.absent)}")
        write_report(found, plan, out, absent_rows(self._office, plan.absent))


def _with_remembered(layout: Layout, told: Mapping[str, str]) -> Layout:
    """*layout* with "remembered" for the columns that nobody matched by hand this time."""
    columns = [
        dataclasses.replace(column, how="remembered")
        if column.how == "hand" and bare(column.heading) not in told
        else column
        for column in layout.columns
    ]
    return dataclasses.replace(layout, columns=tuple(columns))


def _ask_village(plan: Plan) -> None:
    """Nobody lives in "the township": where rows name no village and none was given, a clerk says which is meant."""
    if any(record.form in _LIVED_IN and record.area.endswith("000") for record in plan.records):
        raise KnownError("import.area_missing")
