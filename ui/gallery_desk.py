"""Made-up desk and list for the gallery's pictures; nobody in them is real."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout

from ui.lists import BatchAction, Cell, Column, Group, Order, RecordTable
from ui.lists.columns import Row
from ui.page import Page
from ui.pieces.buttons import Button, IconButton
from ui.pieces.card import Card
from ui.pieces.chips import Chip, Pill, State
from ui.pieces.facts import Fact, Facts
from ui.pieces.figures import Figure, Figures
from ui.pieces.filters import FilterButton, SearchField
from ui.pieces.tabs import Tabs
from ui.pieces.text import words

# (state, title, note, due, tone of due, button), or the words of a group line
_DESK_LINES: tuple[str | tuple[str, str, str, str, str, str], ...] = (
    "超期 2",
    ("超 1 天", "石桥村二组排洪沟淤堵", "主办 镇农业农村办 · 2026-1841", "昨天 10:00 到期", "red", "催办"),
    ("超 2 小时", "下寨村张家老屋后墙开裂隐患", "待复查 · 2026-1857", "今天 08:00 到期", "red", "派人复查"),
    "今天到期 4",
    ("将到期", "张某与李某相邻通行纠纷", "第 2 次调解 · 调解室一", "今天 14:30", "orange", "进调解室"),
    ("将到期", "上寨村三组村道边坡滑落", "主办 镇村建办 · 协办 1 家未反馈", "今天 17:30", "orange", "看进展"),
    ("待核查", "云岭社区菜市场占道经营", "镇执法队已反馈 · 采办分离，请换人核查", "今天 17:30", "orange", "核查"),
    ("将到期", "清水村、河湾村今日平安零报", "尚未报来", "今天 18:00", "orange", "代为登记"),
    "三天内 5",
    ("待甄别", "石桥村水库警示牌缺失", "网格员 蒋丽萍 刚刚上报 · 2026-1874", "9月21日 10:30", "", "甄别"),
    ("待交办", "大坪村反映自来水断续", "12345 转来 · 2026-1872", "9月21日 12:00", "", "交办"),
    ("被退回", "柳树村电杆倾斜", "镇村建办：应由供电所承办", "9月21日 12:00", "", "改派"),
    ("待回访", "下寨村赵家宅基地边界纠纷", "协议履行满 7 天", "9月21日", "", "回访"),
    ("处置中", "河湾村孤寡老人屋顶漏雨代办", "代办员 普云芳", "9月22日", "", "看进展"),
)


def _desk_row(number: int, line: str | tuple[str, str, str, str, str, str]) -> Row | Group:
    if isinstance(line, str):
        return Group(line)
    said, title, note, due, tone, act = line
    return {"id": number, "state": said, "title": Cell(title, note), "due": Cell(due, tone=tone), "act": act}


_DESK = [_desk_row(number, line) for number, line in enumerate(_DESK_LINES)]


class DeskSample(Page):
    """The desk as the picture in the design shows it."""

    def __init__(self) -> None:
        super().__init__("工作台", "9月18日 星期五 · 今天您值班")
        self.add_quiet(Button("新增走访"))
        self.add_quiet(Button("调解申请"))
        self.set_primary("登记事件", lambda: None, icon="plus")
        line = QHBoxLayout()
        line.setSpacing(12)
        left, right = QVBoxLayout(), QVBoxLayout()
        left.setSpacing(12)
        right.setSpacing(12)
        line.addLayout(left, 1)
        line.addLayout(right)
        self.content.addLayout(line, 1)
        quick = Card()
        entry = QLineEdit("上寨三网格 路灯不亮 张文贵来电 199****0001")
        entry.setProperty("tall", "true")
        quick.add(entry)
        quick.add_line(
            words("认出：", "13", "text-3"),
            *(Pill(State(text, "plain", icon), "person-chip") for text, icon in (
                ("上寨村 › 第三网格", "map-pin"), ("公共设施 › 路灯照明", "tag"), ("张文贵 男 58 上寨三组", "user"))),
            None,
        )  # fmt: skip
        left.addWidget(quick)
        todo = Card("待我办理", "11 件，按先后排", [Button("只看我的", kind="quiet", small=True)], flush=True)
        table = RecordTable(
            [
                Column("state", "状态", 112, role="chip"),
                Column("title", "标题", stretch=True),
                Column("due", "到期", 130, role="date"),
                Column("act", "", 96, "right", "button"),
            ],
            lambda offset, limit, _order: _DESK[offset : offset + limit],
            len(_DESK),
            header=False,
            footer=False,
        )
        table.go_to(1)
        todo.add(table, 1)
        left.addWidget(todo, 1)
        self._aside(right)

    def _aside(self, column: QVBoxLayout) -> None:
        zero = Card("今日平安零报 6 / 8")
        zero.add(words("还差 2 个村，18:00 截止", "12", "text-3"))
        zero.add_line(Chip(State("上寨村", "green", "check")), Chip(State("清水村", "orange", "clock")), Chip(State("大坪村", "green", "check")), None)  # fmt: skip  # noqa: E501
        zero.add_line(Button("电话核实后代报", small=True), Button("催报", kind="link", small=True), None)
        sync = Card("同步", "上次 10:42")
        sync.add(
            Facts([("待发送", "12 条"), ("待传附件", "3 个 · 4.1 MB"), Fact("需处理", "1 处不同", "orange", True)])
        )
        week = Card("本周", "9月14日—18日")
        week.add(
            Figures([Figure("37", "上报"), Figure("31", "受理"), Figure("26", "办结"), Figure("2", "超期未结", "red")])
        )
        duty = Card("今日值班", actions=[Button("交接班", kind="link", small=True)])
        duty.add(
            Facts(
                [
                    ("带班领导", "段宏远 199****0102"),
                    ("值班员", "林小禾 08:00—20:00"),
                    ("夜班", "罗建平 20:00—次日 08:00"),
                ]
            )
        )
        for card in (zero, sync, week):
            card.setMinimumWidth(280)
            column.addWidget(card)
        column.addWidget(duty, 1)


def many(total: int = 100_000) -> tuple[int, object]:
    """A list of *total* made-up events and the way to fetch them."""
    states = (
        "超 1 天",
        "超 2 小时",
        "将到期",
        "待核查",
        "待甄别",
        "待交办",
        "被退回",
        "处置中",
        "处置中",
        "挂账",
        "办结",
    )
    titles = ("石桥村二组排洪沟淤堵", "下寨村张家老屋后墙开裂隐患", "上寨村三组村道边坡滑落", "云岭社区菜市场占道经营")

    def fetch(offset: int, limit: int, order: Order | None) -> Sequence[Row | Group]:
        numbers = range(offset, min(offset + limit, total))
        if order is not None and order.down:
            numbers = range(total - 1 - offset, max(total - 1 - offset - limit, -1), -1)
        return [
            {
                "id": number,
                "state": states[number % len(states)],
                "number": f"2026-{number:05d}",
                "title": titles[number % 4],
                "kind": "安全隐患",
                "village": "石桥村",
                "unit": "镇农业农村办" if number % 3 else None,
                "due": f"2026-09-{number % 28 + 1:02d}T10:00",
            }
            for number in numbers
        ]

    return total, fetch


class ListSample(Page):
    """A list of 100,000 rows with marks, filters and the selection bar."""

    def __init__(self) -> None:
        super().__init__("事件", dense=True)
        self.add_beside(
            Tabs([("mine", "我的", 12), ("unit", "本单位", 38), ("due", "今天到期", 3), ("all", "全部", None)])
        )
        self.add_quiet(Button("导出", kind="quiet", icon="file-export"))
        self.set_primary("登记事件", lambda: None, icon="plus")
        total, fetch = many()
        card = Card(flush=True)
        line = card.add_line(
            SearchField("编号、标题、人、地点"),
            FilterButton("时间", [(30, "近 30 天")], 30),
            FilterButton("类别", []),
            FilterButton("村（社区）", []),
            None,
            IconButton("columns-3", "选列"),
        )
        line.setContentsMargins(12, 8, 12, 8)
        self.table = RecordTable(
            [
                Column("state", "状态", 128, role="chip"),
                Column("number", "编号", 100, tone="text-2"),
                Column("title", "标题", stretch=True),
                Column("kind", "类别", 84, tone="text-2"),
                Column("village", "村", 84, tone="text-2"),
                Column("unit", "承办单位", 120, tone="text-2"),
                Column("due", "到期", 124, role="date"),
            ],
            fetch,
            total,
            batch=[
                BatchAction("交办 2 件", lambda _ids: None),
                BatchAction("打印交办单", lambda _ids: None),
                BatchAction("导出", lambda _ids: None),
            ],
            unit="件",
        )
        self.table.model.set_checked([4, 5, 6], True)
        self.table.go_to(5)
        card.add(self.table, 1)
        self.add(card, 1)
