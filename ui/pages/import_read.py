"""What the import assistant knows of a file: the answer of the worker that looked at it, as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ui.pages.import_pieces import Lines, Pieces

if TYPE_CHECKING:
    from app.services.office import Office

HOW = {
    "exact": "标题相同",
    "alias": "别名",
    "contains": "标题里有这个词",
    "hand": "您选的",
    "remembered": "记得上次",
    "never": "不采集此项",
    "twice": "与另一列重复",
    "other": "写的是别人",
    "skip": "用不着",
    "none": "没认出",
    "kept": "照原样留着",
}
FORMS = ("resident", "dwelling", "grid")
_PASSED = {
    "hidden": "隐藏的",
    "empty": "空的",
    "no_headings": "没有认出标题",
    "left_out": "没有选",
    "forbidden": "这类名册不收集",
}


@dataclass(frozen=True)
class ColumnLine:
    """One column of the sheet: its heading, the first value below (masked), what it is taken for and why."""

    heading: str
    sample: str
    target: str | None
    how: str


def problem_key(item: Mapping[str, Any]) -> tuple[str, int, str, str, str]:
    """What tells one finding from another: sheet, row, verdict, code and target."""
    return item["sheet"], item["row"], item["verdict"], item["code"], item["target"]


class More:
    """The findings and people of a preview, in their order: those of its answer, and what a long one tells before it, piece by piece."""

    def __init__(self) -> None:
        self.problems, self.changed, self.absent, self.lines = Pieces(problem_key), Pieces(), Pieces(), Lines()
        self._later = Pieces(problem_key), Pieces(), Pieces()

    def take(self, piece: Mapping[str, Any]) -> None:
        """One piece, in the order in which they come."""
        for held, name in zip(self._later, ("problems", "changed", "absent"), strict=True):
            held.add(piece.get(name, ()))
        self.lines.add(piece.get("lines", ()))

    def first(self, shown: Mapping[str, Any]) -> None:
        """The answer: its findings stand before all that was told."""
        for name, later in zip(("problems", "changed", "absent"), self._later, strict=True):
            held: Pieces = getattr(self, name)
            held.add(shown[name])
            held.follow(later)
        self.lines.add(shown["lines"])


@dataclass(frozen=True)
class Preview:
    """Everything the second step shows. ``said`` is the JSON document of ``township import --preview``, ``more`` what came before it."""

    path: Path
    form: str
    area: str
    sheet: str | None
    said: Mapping[str, Any]
    more: More

    def count(self, name: str) -> int:
        """A figure of the plan: created, updated, unchanged, absent."""
        return int(self.said.get(name, 0))

    @property
    def refused_rows(self) -> int:
        """How many rows bring no record."""
        return int(self.shown["refused_rows"])

    @property
    def same_rows(self) -> int:
        """How many rows bring somebody a second time."""
        return int(self.shown["same_rows"])

    @property
    def shown(self) -> Mapping[str, Any]:
        """What the worker told for the page."""
        shown: Mapping[str, Any] = self.said["preview"]
        return shown

    @property
    def read_sheets(self) -> list[Mapping[str, Any]]:
        """The sheets that hold rows."""
        return [sheet for sheet in self.shown["sheets"] if sheet["state"] == "read"]

    @property
    def columns(self) -> tuple[ColumnLine, ...]:
        """The columns of the first sheet that was read."""
        return tuple(ColumnLine(c["heading"], c["sample"], c["target"], c["how"]) for c in self.shown["columns"])

    @property
    def targets(self) -> tuple[tuple[str, str], ...]:
        """What a column can be: target and its words."""
        return tuple((name, label) for name, label in self.shown["targets"])

    @property
    def problems(self) -> Pieces:
        """What is to be said of the rows, refused ones first."""
        return self.more.problems

    @property
    def changed(self) -> Pieces:
        """Who is there already and changes, field by field."""
        return self.more.changed

    @property
    def absent(self) -> Pieces:
        """Whom the register has and the roster hasn't."""
        return self.more.absent

    @property
    def lines(self) -> Lines:
        """The sheet's own cells, covered, in the rows with findings and beside them."""
        return self.more.lines

    @property
    def understood(self) -> bool:
        """Whether enough was recognised to make a plan."""
        return bool(self.read_sheets) and any(sheet["rows"] for sheet in self.read_sheets)

    @property
    def rows_line(self) -> str:
        """Where the headings stand, how many rows there are, and what was passed over."""
        sheets = self.read_sheets
        if not self.understood:
            return "没有认出足够的列。请在左边把“姓名”和“身份证号”等列对上。"
        first, last = sheets[0]["heading_rows"][0], sheets[0]["heading_rows"][-1]
        rows, gone = sum(sheet["rows"] for sheet in sheets), sum(sheet["left_out"] for sheet in sheets)
        hidden = sum(sheet["hidden_rows"] for sheet in sheets)
        parts = [
            f"{len(sheets)} 张表" if len(sheets) > 1 else "",
            f"标题第 {first} 行" if first == last else f"标题第 {first}—{last} 行",
            f"{rows:,} 行",
            f"其中 {hidden} 行在原表里是隐藏的" if hidden else "",
            f"已去掉小计、页脚等 {gone} 行" if gone else "",
        ]
        passed = [f"{s['name']}（{_PASSED.get(s['state'], '')}）" for s in self.shown["sheets"] if s["state"] != "read"]
        if passed:
            parts.append("没有读：" + "、".join(passed))
        return " · ".join(part for part in parts if part)


def importable(office: Office) -> list[tuple[str, str]]:
    """(form, words) of what this user may import, people first."""
    names = [*FORMS, *(form.name for form in office.forms.ledgers)]
    words = {"resident": "住户花名册", "dwelling": "房屋台账", "grid": "网格"}
    may = [name for name in names if office.gate.decide("import", name, None).allowed]
    return [(name, words.get(name, f"{office.forms[name].title}台账")) for name in may]
