"""Acts on grids: drawing, splitting, merging, handing over, posts; each shows what moves before it is done."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QCheckBox, QLineEdit, QVBoxLayout, QWidget

from app.schema.record import Record
from app.services.grids import Outlook, Regrid
from app.services.map_split import CutFrom, cut_from
from ui.forms.act import ActDialog, Work, fitted
from ui.forms.choices import ChoiceEntry
from ui.pieces.dates import DateEntry, china_today
from ui.pieces.text import words

if TYPE_CHECKING:
    from app.services.office import Office
    from ui.jobs import Jobs

_WHY = ("户数过多", "户数过少", "区划调整", "便于管理")
_UNITS = {
    "building": "楼栋",
    "dwelling": "房屋",
    "household": "户",
    "resident": "人",
    "organization": "单位",
    "premises": "场所",
}


def outlook_text(look: Outlook) -> str:
    """What moves, in one line."""
    parts = [
        (look.buildings, "栋楼"), (look.dwellings, "处房屋"), (look.households, "户"), (look.residents, "人"), (look.organizations, "个单位、场所"),
    ]  # fmt: skip
    return "、".join(f"{count:,} {unit}" for count, unit in parts if count) or "没有房屋"


class GridActs:
    """Dialogs over *page*; *said(text, undo)* tells what was done, *changed()* lets the page read again."""

    def __init__(
        self,
        office: Office,
        jobs: Jobs,
        page: QWidget,
        said: Callable[[str, Callable[[], object] | None], object],
        changed: Callable[[], object],
    ) -> None:
        self._office, self._jobs, self._page = office, jobs, page
        self._said, self._changed = said, changed

    def draw(self, villages: Sequence[tuple[str, str]], area: str, grids: Sequence[tuple[str, str]]) -> ActDialog:
        """A new grid; *grids* are those that a micro grid may lie in."""
        name, village, kind = QLineEdit(), ChoiceEntry(villages), self._choice("grid_kind")
        upper, code, member, day = ChoiceEntry(grids), QLineEdit(), QLineEdit(), self._day()
        village.set_value(area or (villages[0][0] if len(villages) == 1 else None))
        kind.set_value("general")
        code.setPlaceholderText("空着由程序编")

        def prepare() -> Work | str:
            asked = {"name": name.text(), "grid_kind": kind.value(), "upper": upper.value(), "code": code.text()}
            values = {key: value for key, value in {**asked, "member": member.text()}.items() if value}
            where, when = village.value(), day.value()
            if not values.get("name") or not where or not when:
                return "请填网格名称、村（社区）和启用日期。"
            return lambda: self._office.grids.draw(str(where), values, when)

        dialog = self._dialog("新划网格", "", "保存", prepare, lambda made: self._told(f"已新划{made.values['name']}"))
        for label, field in (
            ("名称", name), ("村（社区）", village), ("类型", kind), ("上级网格（微网格填）", upper),
            ("编号", code), ("网格员", member), ("启用日期", day),
        ):  # fmt: skip
            dialog.ask(label, field)
        dialog.begin()
        return dialog

    def split(self, grid: Record, buildings: Sequence[tuple[Record, int]], loose: Sequence[Record]) -> ActDialog:
        """Some buildings and dwellings of *grid* become a grid of their own."""
        name, day, reason = QLineEdit(), self._day(), QLineEdit()
        box = QWidget()
        lines = QVBoxLayout(box)
        lines.setContentsMargins(0, 0, 0, 0)
        lines.setSpacing(4)
        ticks: list[tuple[QCheckBox, str, str]] = []
        for record, text in [
            *((b, f"{b.values.get('name') or ''}　{count} 户") for b, count in buildings),
            *((d, str(d.values.get("address") or "")) for d in loose),
        ]:
            tick = QCheckBox(text)
            lines.addWidget(tick)
            ticks.append((tick, record.form, record.id))
        look = words("还没有选。", tone="text-2", wrap=True)

        def chosen(form: str) -> list[str]:
            return [key for tick, of, key in ticks if of == form and tick.isChecked()]

        def turned() -> None:
            houses, homes = chosen("building"), chosen("dwelling")
            if not houses and not homes:
                look.setText("还没有选。")
                return
            self._jobs.run(
                lambda: self._office.grids.preview_split(grid.id, houses, homes),
                lambda outlook: look.setText(f"划到新网格：{outlook_text(outlook)}。留在原网格的不动。"),
            )

        for tick, _, _ in ticks:
            tick.toggled.connect(turned)

        def prepare() -> Work | str:
            when, why, called = day.value(), reason.text().strip(), name.text().strip()
            houses, homes = chosen("building"), chosen("dwelling")
            if not when or not called:
                return "请填新网格的名称和日期。"
            return lambda: self._office.grids.split(
                grid.id, houses, homes, values={"name": called}, day=when, reason=why
            )

        dialog = self._dialog("划出新网格", f"从{grid.values.get('name') or ''}划出", "划出", prepare, self._split_off)
        dialog.ask("新网格名称", name)
        dialog.ask("日期", day)
        dialog.ask("原因", reason)
        dialog.offer(reason, _WHY)
        dialog.add(words("哪些划出去", tone="text-2"))
        dialog.add(fitted(box, 260), 1)
        dialog.add(look)
        dialog.begin()
        return dialog

    def merge(self, grid: Record, others: Sequence[tuple[str, str]]) -> ActDialog:
        """All of *grid* goes into another of its village."""
        into, day, reason = ChoiceEntry(others), self._day(), QLineEdit()
        look = words("", tone="text-2", wrap=True)
        name = str(grid.values.get("name") or "")

        def prepare() -> Work | str:
            target, when, why = into.value(), day.value(), reason.text().strip()
            if not target or not when:
                return "请选并入哪个网格，填日期。"
            return lambda: self._office.grids.merge(grid.id, str(target), when, reason=why)

        dialog = self._dialog("并入另一网格", f"{name}停用，编号不再使用，历史留着。", "并入", prepare, self._regridded)
        dialog.ask("并入", into)
        dialog.ask("日期", day)
        dialog.ask("原因", reason)
        dialog.offer(reason, _WHY)
        dialog.add(look)
        dialog.begin()
        self._jobs.run(
            partial(self._office.grids.preview_merge, grid.id),
            lambda outlook: look.setText(f"一起并过去：{outlook_text(outlook)}。"),
        )
        return dialog

    def hand_over(self, grid: Record, villages: Sequence[tuple[str, str]]) -> ActDialog:
        """The grid goes to another village with all that hangs on it."""
        village, reason = ChoiceEntry([each for each in villages if each[0] != grid.area]), QLineEdit()
        look = words("", tone="text-2", wrap=True)

        def prepare() -> Work | str:
            area, why = village.value(), reason.text().strip()
            if not area:
                return "请选移交给哪个村（社区）。"
            return lambda: self._office.grids.hand_over(grid.id, str(area), reason=why)

        def shown(counts: Any) -> None:
            said = [f"{counts[form]:,} {unit}" for form, unit in _UNITS.items() if counts.get(form)]
            look.setText(f"一起移交：{'、'.join(said) or '没有房屋'}，和还没办完的事。办完的留在原村。")

        name = str(grid.values.get("name") or "")
        dialog = self._dialog(
            "移交给别的村（社区）", f"{name}在那边另编号。", "移交", prepare, lambda _moved: self._told(f"已移交{name}")
        )
        dialog.ask("移交给", village)
        dialog.ask("原因", reason)
        dialog.offer(reason, ("区划调整", "代管交回"))
        dialog.add(look)
        dialog.begin()
        self._jobs.run(partial(self._office.registry.preview, "grid", grid.id), shown)
        return dialog

    def appoint(self, grid: Record, posts: Sequence[Record], post: str = "") -> ActDialog:
        """Give a post, instead of whoever holds it where the clerk says so."""
        which, name, phone, unit = self._choice("grid_post"), QLineEdit(), QLineEdit(), QLineEdit()
        employment, day = self._choice("employment"), self._day()
        form = self._office.forms["grid_post"]
        held = [
            (p.id, f"{p.values.get('name') or ''}（{form.show('post', p.values.get('post'))}）")
            for p in posts
            if not p.values.get("valid_to")
        ]
        instead = ChoiceEntry(held, "没有就空着")
        which.set_value(post or None)

        def prepare() -> Work | str:
            asked = {"post": which.value(), "name": name.text(), "phone": phone.text(), "unit": unit.text()}
            values = {k: v for k, v in {**asked, "employment": employment.value()}.items() if v}
            when, before = day.value(), instead.value()
            if not values.get("post") or not values.get("name") or not when:
                return "请填岗位、姓名和日期。"
            return lambda: self._office.posts.appoint(grid.id, values, instead_of=str(before or ""), day=when)

        dialog = self._dialog(
            "任职",
            str(grid.values.get("name") or ""),
            "保存",
            prepare,
            lambda made: self._told(f"已登记{made.values['name']}任职"),
        )
        for label, field in (
            ("岗位", which), ("姓名（单位名称）", name), ("电话", phone), ("所在单位", unit), ("专兼职", employment),
            ("接替谁", instead), ("任职日期", day),
        ):  # fmt: skip
            dialog.ask(label, field)
        dialog.begin()
        return dialog

    def end_post(self, post: Record) -> ActDialog:
        """Somebody leaves a post."""
        day = self._day()

        def prepare() -> Work | str:
            when = day.value()
            return (lambda: self._office.posts.end(post.id, when)) if when else "请填离任日期。"

        name = str(post.values.get("name") or "")
        shown = self._office.forms["grid_post"].show("post", post.values.get("post"))
        dialog = self._dialog("离任", f"{name}（{shown}）", "保存", prepare, lambda _done: self._told(f"{name}已离任"))
        dialog.ask("离任日期", day)
        dialog.begin()
        return dialog

    # -- within -----------------------------------------------------------------------------------

    def _regridded(self, done: Regrid) -> None:
        undo = (lambda: self._undo(done.act)) if done.act else None
        self._said(f"已办：{outlook_text(done.outlook)}换了网格", undo)
        self._changed()

    def _split_off(self, done: Regrid) -> None:
        self._regridded(done)
        undo = (lambda: self._undo(done.act)) if done.act else None
        said = f"已办：{outlook_text(done.outlook)}换了网格。新网格的范围已按房屋位置备好，请到地图上勾绘、核对。"

        def tell(source: CutFrom | None) -> None:
            if source is not None and source.proposal:
                self._said(said, undo)

        self._jobs.run(lambda: cut_from(self._office, done.grid), tell)

    def _undo(self, act: str) -> None:
        self._jobs.run(
            lambda: self._office.undoing.undo(act),
            lambda undone: self._told(undone.said),
            lambda bad: self._said(str(bad), None),
        )

    def _told(self, text: str) -> None:
        self._said(text, None)
        self._changed()

    def _dialog(
        self, title: str, text: str, act: str, prepare: Callable[[], Work | str], done: Callable[[Any], object]
    ) -> ActDialog:
        return ActDialog(self._page, self._jobs, title, text, act, prepare, done, wide=True)

    def _day(self) -> DateEntry:
        return DateEntry(china_today().isoformat())

    def _choice(self, codes: str) -> ChoiceEntry:
        return ChoiceEntry([(item.code, item.label) for item in self._office.forms.codes[codes].items])
