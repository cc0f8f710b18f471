"""Pictures of every piece and of the frame with made-up data: ``python -m ui.gallery OUT``."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from PySide6.QtCore import QSize
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QComboBox,
    QGridLayout,
    QLineEdit,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from ui import theme
from ui.chinese import speak_chinese
from ui.gallery_desk import DeskSample, ListSample
from ui.page import Page
from ui.pages.login import LoginPage
from ui.pieces.breadcrumb import Breadcrumb
from ui.pieces.buttons import Button, IconButton
from ui.pieces.card import Card
from ui.pieces.chips import Chip, Pill, State, sync_state
from ui.pieces.dates import DateEntry
from ui.pieces.empty import EmptyState
from ui.pieces.facts import Fact, Facts
from ui.pieces.figures import Figure, Figures
from ui.pieces.files import Files, FileTile
from ui.pieces.filters import FilterButton, SearchField
from ui.pieces.keys import KeyHint
from ui.pieces.masked import Masked
from ui.pieces.person import PersonChip
from ui.pieces.problems import Problem, ProblemList
from ui.pieces.progress import ProgressStrip
from ui.pieces.stages import StageStrip
from ui.pieces.tabs import Tabs
from ui.pieces.timeline import Step, Timeline
from ui.window import Window

STEPS = [
    Step(
        "进展", "镇村建办 · 高文斌", "今天 09:12", "已封闭半幅路面，设警示桩 6 根；挖机约 14:00 到场清方。",
        (("photo", "现场照片 2", 1),), now=True,
    ),
    Step("增加协办", "综治中心 · 林小禾", "9月17日 15:40", "请镇交管站负责绕行引导，时限 9月18日 12:00。"),
    Step("签收", "镇村建办 · 高文斌", "9月16日 16:05", "已签收，今日到现场勘查。"),
    Step(
        "交办", "综治中心 · 林小禾", "9月16日 14:30", "主办镇村建办，2 个工作日内排险并反馈。",
        (("file-text", "交办单 云岭综治交〔2026〕214 号", 2),),
    ),
]  # fmt: skip


class PiecesSample(Page):
    """Every piece once, as a case page shows them."""

    def __init__(self) -> None:
        super().__init__("上寨村三组村道边坡滑落", "", back=True)
        self.add_beside(Chip("处置中"))
        self.add_beside(Chip("今天 17:30 到期"))
        self.add_quiet(IconButton("printer", "打印", keys="Ctrl+P"))
        self.add_quiet(Button("先放着", keys="Esc", tip="留草稿"))
        self.set_primary("反馈结果", lambda: None, icon="message-report", keys="Ctrl+Enter")
        strip = Card()
        strip.body.setContentsMargins(0, 0, 0, 0)
        strip.add(StageStrip(["发现", "上报", "甄别", "交办", "处置", "反馈", "办结"], 4))
        self.add(strip)
        grid = QGridLayout()
        grid.setSpacing(12)
        grid.addLayout(self._left(), 0, 0)
        grid.addLayout(self._middle(), 0, 1)
        grid.addLayout(self._right(), 0, 2)
        for column, share in enumerate((10, 12, 8)):
            grid.setColumnStretch(column, share)
        self.content.addLayout(grid, 1)

    def _left(self) -> QVBoxLayout:
        column = QVBoxLayout()
        facts = Card("基本情况", actions=[Button("修改", kind="quiet", icon="pencil", keys="F2", small=True)])
        facts.add(
            Facts(
                [
                    ("类别", "安全隐患 › 道路 › 边坡滑落"),
                    ("身份号码", Masked("990001********1234", lambda: "990001196503141234")),
                    Fact("到期", "今天 17:30", "orange"),
                    ("情况", "昨夜大雨，路上方土坡滑下约 15 立方米，占半幅路面，学生上学必经，无人受伤。"),
                ]
            )
        )
        column.addWidget(facts)
        people = Card("相关人员", "3", [Button("添加", kind="link", icon="plus", small=True)])
        people.add_line(
            "上报人", PersonChip("李秀芬", "· 网格员", lambda: [("电话", "199****0033")]), "199****0033", None
        )
        people.add_line("主办人", PersonChip("高文斌", "· 镇村建办"), "199****0121", None)
        column.addWidget(people)
        files = Card("材料", "6", [Button("添加", kind="link", icon="paperclip", keys="Ctrl+V", small=True)])
        files.add(
            Files(
                [
                    FileTile("滑坡全景", "photo"),
                    FileTile("占道情况", "photo"),
                    FileTile("交办单", "file-text"),
                    FileTile("山坡裂缝", "photo", waiting="待传 1.2 MB"),
                ]
            )
        )
        column.addWidget(files)
        column.addStretch(1)
        return column

    def _middle(self) -> QVBoxLayout:
        column = QVBoxLayout()
        steps = Card("办理经过", "4 步")
        steps.add(Timeline(STEPS), 1)
        column.addWidget(steps, 3)
        wrong = Card("有问题的行", "2", flush=True)
        wrong.add(
            ProblemList(
                [
                    Problem("第 36 行", "身份号码", "末位校验码不对，应为“5”", 36),
                    Problem("第 88 行", "出生日期", "没有这一天；号码里是 2月20日", 88),
                ]
            )
        )
        column.addWidget(wrong, 2)
        return column

    def _right(self) -> QVBoxLayout:
        column = QVBoxLayout()
        fields = Card("填写")
        date = DateEntry("2026-09-18")
        wrong = DateEntry()
        wrong.setText("二月三十")
        wrong.read()
        combo = QComboBox()
        combo.addItems(["标为待核实", "不导入此行"])
        entry = QLineEdit()
        entry.setPlaceholderText("云岭镇上寨村")
        check, radio = QCheckBox("记住本村的对法"), QRadioButton("用我的")
        check.setChecked(True)
        radio.setChecked(True)
        fields.add(Facts([("日期", date), ("更正", wrong), ("怎么办", combo), ("地址", entry)]))
        fields.add_line(check, radio, None)
        column.addWidget(fields)
        chips = Card("状态")
        for line in (("超 1 天", "将到期", "待核查"), ("处置中", "办结", "挂账", "被退回")):
            chips.add_line(*(Chip(said) for said in line), None, spacing=6)
        chips.add_line(Pill(sync_state("synced", "10:42")), Pill(sync_state("asking", "2")), None, spacing=6)
        chips.add(Figures([Figure("37", "上报"), Figure("26", "办结"), Figure("2", "超期未结", "red")]))
        column.addWidget(chips)
        work = Card()
        strip = ProgressStrip("网络发送中", can_stop=True)
        strip.show_progress(37, 100, "1.5 / 4.1 MB", "每秒 38 KB · 约还需 1 分 10 秒")
        work.add(strip)
        work.add_line(KeyHint("F8", "下一处"), KeyHint("Space", "看卡片"), None)
        column.addWidget(work)
        column.addStretch(1)
        return column


class WizardSample(Page):
    """Breadcrumb, filters, numbered stages and an empty place."""

    def __init__(self) -> None:
        super().__init__("走访巡查")
        self.add_beside(Breadcrumb([("云岭镇", 1), ("上寨村", 2), ("第三网格", 3), ("上寨三组 中排", 4)]))
        self.set_primary("登记走访", lambda: None, icon="plus")
        card = Card(flush=True)
        holder = QWidget()
        inside = QVBoxLayout(holder)
        inside.addWidget(StageStrip(["选文件", "对列、查错", "导入", "报告"], 1, numbered=True))
        card.add(holder)
        line = card.add_line(
            SearchField("编号、标题、人、地点"),
            FilterButton("类别", [("a", "安全隐患")], "a"),
            FilterButton("村（社区）", []),
            Tabs([("mine", "我的", 12), ("due", "今天到期", 3), ("all", "全部", None)]),
            Pill(State("上寨村 › 第三网格", "plain", "map-pin"), "person-chip"),
            None,
        )
        line.setContentsMargins(12, 4, 12, 8)
        card.add(
            EmptyState(
                "walk", "还没有走访", "走访登记后按时间排在这里，也会出现在住户的往来记录里。", Button("登记走访")
            ),
            1,
        )
        self.add(card, 1)


def show_gallery(app: QApplication, out: Path) -> list[Path]:
    """Save the pictures into *out*: three themes, two sizes, and a scaled-down window as 150 % gives."""
    out.mkdir(parents=True, exist_ok=True)
    saved = []
    window = Window(app)
    for name, make in (("desk", DeskSample), ("events", ListSample), ("case", PiecesSample), ("visits", WizardSample)):
        window.add_page(name, make, "events" if name == "case" else "")
    window.top.show_areas([("53", "云岭县 · 云岭镇")], "53")
    window.top.show_user("林小禾 · 受理员")
    window.top.show_sync("waiting", "12")
    window.navigation.show_counts(
        {"desk": 11, "events": 12, "mediation": 3, "visits": 5, "duty": 2, "meetings": 1, "sync": 1}
    )
    window.show()
    for look, large, size in (
        ("light", False, QSize(1366, 768)),
        ("dark", False, QSize(1366, 768)),
        ("contrast", False, QSize(1366, 768)),
        ("light", True, QSize(1366, 768)),
        ("light", False, QSize(911, 512)),
    ):
        window.look(look, large)
        window.resize(size)
        kind = f"{look}{'-large' if large else ''}{'-at150' if size.width() < 1000 else ''}"
        for name in ("desk", "events", "case", "visits"):
            window.go(name)
            for _ in range(3):  # nested layouts settle one level a turn
                app.processEvents()
            saved.append(_save(window, out / f"{name}-{kind}.png"))
        login = LoginPage(["林小禾", "杨守义"], "演示密码：xzt-2026", "云岭镇综治中心")
        login.resize(size)
        login.show()
        login.show_error("密码不对，还可以再试。数据没有变化。")
        app.processEvents()
        saved.append(_save(login, out / f"login-{kind}.png"))
        login.close()
    window.close()
    return saved


def _save(widget: QWidget, path: Path) -> Path:
    widget.grab().save(str(path))
    return path


if __name__ == "__main__":
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    application = QApplication(sys.argv[:1])
    speak_chinese(application)
    theme.apply(application)
    for picture in show_gallery(application, Path(sys.argv[1])):
        sys.stdout.write(f"{picture}\n")
