"""Bringing exports of work orders in: the whole way, the same for the window and the command."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.errors import KnownError
from app.exchange.excel.layout import Layout, Recognised
from app.exchange.excel.recognise import by_guess, recognise
from app.exchange.excel.words import bare, load_words
from app.exchange.excel.workbook import Workbook, is_blank, read_workbook, text_of
from app.exchange.matched import MATCH, remember, remembered
from app.exchange.orders.plan import OrderPlan, carry_out, make_plan
from app.exchange.orders.reading import Reading
from app.exchange.orders.report import write_refused
from app.exchange.orders.shape import KEEP, LISTS, Told, load_shape
from app.messages import sentence
from app.schema.values import comparable, tight
from app.services.cases import EVENT
from app.services.orders import Order
from app.store.driver import keep_few_pages

if TYPE_CHECKING:
    from app.services.office import Office

Steps = Callable[[int, int, str], None]
MOST_SHOWN = 1000
_LONGEST_SOURCE = 30
_USUAL = ("12345热线",)
_ITSELF = "@"


class _StoppedError(Exception):
    """Somebody cancelled before anything was saved."""


class OrderIntake:
    """One office's imports of orders. Reading and planning change nothing."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._words = load_words()
        self._shape = load_shape()
        self._room = office.orders

    def sources(self) -> list[str]:
        """The systems whose orders this office has imported before, then the usual one."""
        area = self._office.session.area
        found = self._office.store.select(MATCH, area=area) if area else []
        held = {str(match.values.get("imported") or "") for match in found if match.area == area}
        named = sorted(name.split(" ", 1)[1] for name in held if name.startswith("order ") and name.count(" ") == 1)
        return [*named, *(name for name in _USUAL if name not in named)]

    def remembered(self, source: str) -> Told:
        """What this office decided of the columns and values of *source* before."""
        columns = remembered(self._office, _kind(source))
        values = {name: remembered(self._office, _kind(source, name)) for name in self._shape.valued}
        return Told(columns, values)

    def remember(self, source: str, told: Told) -> None:
        """Keep the columns and values matched by hand for the next file of *source*, on all devices of this office."""
        remember(self._office, _kind(source), told.columns)
        for name, found in told.values.items():
            remember(self._office, _kind(source, name), found, comparable)

    def run(
        self,
        source: str,
        path: Path,
        *,
        area: str | None = None,
        sheet: str | None = None,
        told: Told | None = None,
        dry_run: bool = False,
        shown: bool = False,
        report: Path | None = None,
        progress: Steps | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> dict[str, Any]:
        """The whole way of ``township import orders``; returns its JSON document, with "stopped" where it was cancelled.

        *shown*: with "preview", what a page shows before it asks. Raises Denied, KnownError("orders.…", "import.…").
        """
        source = _source(source)
        keep_few_pages(self._office.store.conn)
        by_hand = told or Told()

        def at(words: str) -> Callable[[int, int], None]:
            def tick(done: int, total: int) -> None:
                if cancelled and cancelled():
                    raise _StoppedError
                if progress:
                    progress(done, total, sentence(f"orders.step_{words}"))

            return tick

        try:
            at("read")(0, 0)
            book = read_workbook(path)
            at("check")(0, 0)
            known = by_hand.over(self.remembered(source))
            found = self._recognised(book, sheet, known, shown=shown)
            plan, reading = self._plan(source, found, area, known, at("check"))
        except _StoppedError:
            return _nothing(source) | {"stopped": True}
        said = plan.as_json() | {"passed_over": [{"sheet": name, "why": why} for name, why in found.passed_over]}
        if shown:
            said["preview"] = self._preview(found, plan, reading, known, by_hand)
        if report:
            write_refused(found, plan, report)
        if dry_run:
            return said
        # The name of the source is offered next time: written otherwise, the same order would be another.
        remember(self._office, _kind(source), {_ITSELF: ""})
        if by_hand.remember:
            self.remember(source, by_hand)
        made, updated, late, stopped = carry_out(
            plan, self._room, lambda done, total: progress(done, total, sentence("orders.step_save")) if progress else None,
            cancelled or (lambda: False),
        )  # fmt: skip
        said |= {"created": made, "updated": updated}
        said["refused"] += [item.as_json() for item in late]
        return said | ({"stopped": True} if stopped else {})

    # -- reading ----------------------------------------------------------------------------------------------------------------

    def _recognised(self, book: Workbook, sheet: str | None, told: Told, *, shown: bool) -> Recognised:
        catalog = self._shape.catalog(self._words)
        by_hand = {heading: "" if target == KEEP else target for heading, target in told.columns.items()}
        try:
            return recognise(book, [catalog], sheet=sheet, by_hand=by_hand)
        except KnownError as bad:
            if bad.code != "import.no_headings":
                raise
            guess = by_guess(book, [catalog], sheet) if shown else None
            if guess is None:
                raise KnownError("orders.no_headings", file=book.name) from bad
            return guess

    def _plan(
        self, source: str, found: Recognised, area: str | None, told: Told, tick: Callable[[int, int], None]
    ) -> tuple[OrderPlan, Reading]:
        office = self._office
        area = area or office.session.area
        if not area:
            raise KnownError("import.area_missing")
        office.gate.require("import", EVENT, area)
        held = self._villages()
        form = office.forms[EVENT]
        reading = Reading(source, self._shape, told, self._words, form, office.forms.codes, held, area)
        orders: list[Order] = []
        rows = sum(len(layout.rows) for layout in found.layouts)
        for layout in found.layouts:
            for order in reading.orders(layout):
                orders.append(order)
                if len(orders) % 200 == 0:
                    tick(len(orders), rows)
        plan = make_plan(orders, self._room, told, source, rows, reading.refused, reading.flagged, tick)
        for code in sorted({order.area for order in plan.new} - {area}):
            office.gate.require("import", EVENT, code)
        return plan, reading

    def _villages(self) -> dict[str, str]:
        """The areas that this user reaches by name; a name that two of them have says neither."""
        office = self._office
        reach = office.gate.divisions()
        found: dict[str, list[str]] = {}
        for one in office.store.areas():
            if reach.any_covers(office.session.areas, one["code"]):
                found.setdefault(self._words.village(one["name"]), []).append(one["code"])
        return {name: codes[0] for name, codes in found.items() if len(codes) == 1}

    def _units(self) -> list[str]:
        """The units that have led cases here, with this user's own."""
        own = self._office.session.unit
        led = self._office.case_lists.units()
        return led if not own or own in led else [own, *led]

    # -- showing ----------------------------------------------------------------------------------------------------------------

    def _preview(
        self, found: Recognised, plan: OrderPlan, reading: Reading, known: Told, by_hand: Told
    ) -> dict[str, Any]:
        layout = found.layouts[0]
        targets = [[t.name, t.label] for t in reading.shape.targets]
        lists = {
            name: [[item.code, item.label] for item in self._office.forms.codes[codes].items] for name, codes in LISTS.items()
        }  # fmt: skip
        lists["unit"] = [[name, name] for name in self._units()]
        names = {(order.sheet, order.row): order.name for order in _orders(plan)}
        return {
            "sheets": [item.sheet.name for item in found.layouts],
            "columns": [self._column(layout, index, known, by_hand) for index in range(len(layout.columns))],
            "targets": [*targets, [KEEP, "原系统信息"]],
            "lists": lists,
            "values": _values(reading, known, by_hand, {name for name, _ in lists["unit"]}),
            "new": [_new(order) for order in plan.new[:MOST_SHOWN]],
            "changed": [
                {
                    **_new(item.order),
                    "words": [list(word) for word in item.words],
                    "fills": [reading.form.fields[name].label for name in item.values],
                }
                for item in plan.changed[:MOST_SHOWN]
            ],
            "waiting": [{**_new(item.order), "may_reopen": self._room.may_reopen(item.known)} for item in plan.waiting],
            "problems": [
                {**item.as_json(), "verdict": verdict, "name": names.get((item.sheet, item.row), "")}
                for verdict, items in (("refused", plan.refused), ("flagged", plan.flagged))
                for item in items[:MOST_SHOWN]
            ],
        }  # fmt: skip

    def _column(self, layout: Layout, number: int, known: Told, by_hand: Told) -> dict[str, Any]:
        column = layout.columns[number]
        target = self._shape.target_of(column, known.columns)
        heading = bare(column.heading)
        how = column.how
        if heading in known.columns and how != "never":
            how = "hand" if heading in by_hand.columns else "remembered"
        elif target is None and how not in {"never", "skip"}:
            how = "never"
        elif target == KEEP:
            how = "kept"
        sample = "" if target is None else _sample(layout, column.index, covered=target != "order.number")
        return {"heading": column.heading, "sample": sample, "target": target, "how": how}


def _source(text: str) -> str:
    source = tight(text)
    if not source:
        raise KnownError("orders.no_source")
    if len(source) > _LONGEST_SOURCE:
        raise KnownError("orders.source_long")
    return source


def _kind(source: str, name: str = "") -> str:
    # A source is written without blanks: with two it is one of its lists of values.
    return f"order {tight(source)} {name}".strip()


def _nothing(source: str) -> dict[str, Any]:
    return OrderPlan(source, 0, (), (), (), (), 0, (), (), {}).as_json()


def _orders(plan: OrderPlan) -> list[Order]:
    return [*plan.new, *plan.same, *(item.order for item in (*plan.changed, *plan.waiting))]


def _new(order: Order) -> dict[str, Any]:
    values = order.values
    return {
        "sheet": order.sheet, "row": order.row, "id": order.id, "number": values.get("order_no") or "", "title": values.get("title"),
        "category": values.get("category"), "place": values.get("place") or "", "due": values.get("reply_due"), "area": order.area,
    }  # fmt: skip


def _values(reading: Reading, known: Told, by_hand: Told, units: Container[str]) -> list[dict[str, Any]]:
    """The source's words by target, the most frequent first.

    A unit of which nobody said what it stands for comes as it is written; it is "none" where none of *units* is called so.
    """
    found = []
    for target, words in reading.words_met.items():
        for word, count in Counter(words).most_common():
            code = reading.match(target, word)
            mine = by_hand.value(target, word) is not None
            met = word in units if target == "unit" else bool(code)
            how = "hand" if mine else "remembered" if known.value(target, word) else "alias" if met else "none"
            found.append({"target": target, "word": word, "rows": count, "code": code, "how": how})
    return found


def _sample(layout: Layout, index: int, *, covered: bool) -> str:
    for row in layout.rows[:20]:
        cells = layout.sheet.rows[row.number - 1]
        if index < len(cells) and not is_blank(cells[index]):
            text = text_of(cells[index]).strip()[:40]
            digits = sum(sign.isdigit() for sign in text)
            # Telephones and numbers of papers are covered: the page shows them beside each other.
            return f"{text[:3]}****{text[-4:]}" if covered and digits >= 8 and digits + 1 >= len(text) else text
    return ""
