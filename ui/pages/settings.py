"""Settings: how it looks, how one logs in, what this installation is, and the audit for who may read it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QDialog, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from app import __version__
from app.errors import KnownError
from app.rules.permissions import LONGEST_UNIT
from app.schema.dates import china_time
from app.store.keys import Cost, Ring
from ui import theme
from ui.jobs import spoken
from ui.lists import Column, RecordTable
from ui.page import Page
from ui.pages import settings_access as access
from ui.pieces.buttons import Button
from ui.pieces.card import Card
from ui.pieces.empty import EmptyState
from ui.pieces.facts import Facts
from ui.pieces.scrolled import scrolled
from ui.pieces.tabs import Tabs
from ui.pieces.text import words
from ui.window import Window

if TYPE_CHECKING:
    from app.services.office import Office
    from ui.jobs import Jobs

_AUDIT_LINES = 500


class SettingsPage(Page):
    """*ring* is the system's keyring; *cost* of the password's stretching stands for tests."""

    def __init__(self, office: Office, jobs: Jobs, *, ring: Ring | None = None, cost: Cost | None = None) -> None:
        super().__init__("设置")
        self._office, self._jobs, self._cost = office, jobs, cost
        self._ring = ring or _system_ring()
        self.dialog: QDialog | None = None
        inside = QWidget()
        body = QVBoxLayout(inside)
        body.setContentsMargins(0, 0, 0, 0)
        body.setSpacing(12)
        for card in (self._looks(), self._login(), self._rules(), self._about()):
            body.addWidget(card)
        if office.gate.decide("audit", "", None).allowed:
            body.addWidget(self._audit(), 1)
        body.addStretch(0 if office.gate.decide("audit", "", None).allowed else 1)
        self.add(scrolled(inside, focus=False, sideways=True), 1)

    def opened(self, args: Mapping[str, Any]) -> None:
        look = theme.current()
        for tabs, now in ((self.sizes, "large" if look.large else "normal"), (self.themes, look.name)):
            tabs.blockSignals(True)  # it follows the look, it doesn't ask for one
            tabs.pick(now)
            tabs.blockSignals(False)
        self._jobs.run(lambda: access.pin_state(self._office, self._ring), lambda state: self._show_pin(*state))
        self._jobs.run(self._office.names_unit, self._show_unit)
        self._jobs.run(self._read_facts, self.about.show_facts)
        if self._office.gate.decide("audit", "", None).allowed:
            self._jobs.run(self._read_audit, self._show_audit)

    # -- how it looks -----------------------------------------------------------------------------------------------------------

    def _looks(self) -> Card:
        card = Card("显示")
        look = theme.current()
        self.sizes = Tabs([("normal", "标准字号", None), ("large", "大字", None)], "large" if look.large else "normal")
        self.themes = Tabs([(name, said, None) for name, said in theme.NAMES.items()], look.name)
        self.sizes.picked.connect(lambda _key: self._look())
        self.themes.picked.connect(lambda _key: self._look())
        card.add_line(_label("字号"), self.sizes, None)
        card.add_line(_label("颜色"), self.themes, None)
        return card

    def _look(self) -> None:
        window = self.window()
        name, large = str(self.themes.now()), self.sizes.now() == "large"
        if isinstance(window, Window) and (name, large) != (theme.current().name, theme.current().large):
            window.look(name, large)

    # -- logging in -------------------------------------------------------------------------------------------------------------

    def _login(self) -> Card:
        card = Card("登录")
        self.pin_text = words("", tone="text-2", wrap=True)
        self.pin_button = Button("设快捷码", self._ask_pin)
        self.pin_away = Button("不用快捷码了", self._remove_pin, kind="quiet")
        self.pin_away.hide()
        line = card.add_line(_label("快捷登录"), self.pin_text, self.pin_button, self.pin_away)
        line.setStretch(1, 1)
        said = words("改的是在这台电脑上登录用的密码。忘了密码只能请县中心管理员重新开通。", tone="text-2", wrap=True)
        line = card.add_line(_label("密码"), said, Button("改密码", self._ask_password))
        line.setStretch(1, 1)
        return card

    def _rules(self) -> Card:
        card = Card("办理规则")
        said = words("各年的节假日和工作时间、事件分类。由县中心定，随同步发到每台电脑。", tone="text-2", wrap=True)
        line = card.add_line(_label("日历与分类"), said, Button("打开", lambda: self.go.emit("rules", {})))
        line.setStretch(1, 1)
        return card

    def _show_pin(self, keeps: bool, has: bool) -> None:
        self.pin_away.setVisible(has)
        self.pin_button.set_words("换快捷码" if has else "设快捷码")
        if not keeps:
            self.pin_text.setText(str(KnownError("accounts.no_keyring")))
            self.pin_button.hide()
        elif has:
            self.pin_text.setText("已设快捷码，只在这台电脑上有效；密码照样能用。")
        else:
            self.pin_text.setText("用几位数字代替密码登录，只在这台电脑上有效。密钥由系统密钥库保管。")

    def _ask_pin(self) -> None:
        def act(password: str, pin: str) -> None:
            access.set_pin(self._office, password, pin, self._ring, self._cost)

        self._ask("设快捷码", ("现在的密码", "快捷码（数字）"), act, "快捷码设好了，下次登录可以用它")

    def _remove_pin(self) -> None:
        self._jobs.run(
            lambda: access.remove_pin(self._office, self._ring), lambda _done: self._done("快捷码已取消，请用密码登录")
        )

    def _ask_password(self) -> None:
        def act(old: str, new: str, again: str) -> None:
            access.change_password(self._office, old, new, again, self._cost)

        self._ask("改密码", ("现在的密码", "新密码", "再输一次新密码"), act, "密码改好了，下次登录用新密码")

    def _ask(self, title: str, labels: Sequence[str], act: Callable[..., None], done: str) -> None:
        dialog = _Secrets(self, title, labels)
        self.dialog = dialog

        def run(secrets: Sequence[str]) -> None:
            self._jobs.run(
                lambda: act(*secrets),
                lambda _done: (dialog.accept(), self._done(done)),
                lambda error: dialog.say(_said(error)),
            )

        dialog.given = run
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()
        dialog.fields[0].setFocus()

    def _done(self, said: str) -> None:
        self.said.emit(said, None)
        self._jobs.run(lambda: access.pin_state(self._office, self._ring), lambda state: self._show_pin(*state))

    # -- about and audit --------------------------------------------------------------------------------------------------------

    def _about(self) -> Card:
        card = Card("关于")
        self.unit = QLineEdit()
        self.unit.setMaxLength(LONGEST_UNIT)
        self.unit.setPlaceholderText("如 镇综治中心；写在您办的每一步和打印的文书上")
        self.unit.setAccessibleName("本单位")
        self.unit.returnPressed.connect(self._name_unit)
        self.unit_button = Button("存下单位", self._name_unit)
        self.unit_text = words("", tone="text-2", wrap=True)
        unit = QWidget()
        line = QHBoxLayout(unit)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(8)
        line.addWidget(self.unit, 1)
        line.addWidget(self.unit_button)
        line.addWidget(self.unit_text, 1)
        card.add(Facts([("本单位", unit)], label_width=100))
        self._show_unit(False)
        self.about = Facts([("版本", f"乡治通 {__version__}")], label_width=100)
        card.add(self.about)
        return card

    def _show_unit(self, open_: bool) -> None:
        unit = self._office.session.unit
        if not self.unit.isModified():
            self.unit.setText(unit)
        self.unit_text.setText(f"{unit or '未填单位'}（由县中心定，要改请找县中心管理员）")
        self.unit.setVisible(open_)
        self.unit_button.setVisible(open_)
        self.unit_text.setVisible(not open_)

    def _name_unit(self) -> None:
        unit = self.unit.text()
        self._jobs.run(lambda: self._office.name_unit(unit), lambda _done: self._unit_named())

    def _unit_named(self) -> None:
        session, window = self._office.session, self.window()
        self.unit.setModified(False)
        self._show_unit(True)
        if isinstance(window, Window):
            window.top.user.set_words(" · ".join(part for part in (session.name, session.unit) if part))
        self._jobs.run(self._read_facts, self.about.show_facts)
        said = f"本单位：{session.unit}。从现在起写在您办的每一步上" if session.unit else "单位已清空"
        self.said.emit(said, None)

    def _read_facts(self) -> list[tuple[str, str]]:
        office = self._office
        state = office.store.sync.state
        roles = "、".join(office.gate.permissions.label(role) for role in office.session.roles)
        names = {area["code"]: area["name"] for area in office.store.areas()}
        return [
            ("版本", f"乡治通 {__version__}"),
            ("使用人", f"{office.session.name}（{office.session.unit or '未填单位'}）"),
            ("身份", roles),
            ("辖区", "、".join(names.get(code, code) for code in office.session.areas)),
            ("设备编号", state.device or "还没有登记到县中心"),
            ("县中心", state.url or "未连接，只在本机使用"),
            ("数据位置", f"{office.store.folder}（加密）"),
        ]

    def _audit(self) -> Card:
        card = Card("审计日志", note=f"最近 {_AUDIT_LINES} 条", flush=True)
        self.audit = RecordTable(
            [
                Column("time", "时间", 140, tone="text-2", sortable=False),
                Column("user", "用户", 100, sortable=False),
                Column("action", "动作", 120, sortable=False),
                Column("form", "记录", 100, tone="text-2", sortable=False),
                Column("reason", "理由", 160, stretch=True, sortable=False),
                Column("result", "结果", 110, role="chip", sortable=False),
            ],
            lambda _offset, _limit, _order: [],
            empty=EmptyState("history", "还没有日志"),
        )
        self.audit.setMinimumHeight(theme.current().grown(300))
        card.add(self.audit, 1)
        return card

    def _read_audit(self) -> tuple[list[dict[str, Any]], int | None]:
        self._office.gate.require("audit", "", None)
        forms = self._office.forms
        lines = self._office.store.audit.lines(_AUDIT_LINES)
        rows = [
            {
                "id": number,
                "time": china_time(line.time)[:16].replace("T", " "),
                "user": line.user,
                "action": _ACTIONS.get(line.action, line.action),
                "form": forms[line.form].title if line.form in forms else line.form,
                "reason": line.reason,
                "result": "准许" if line.result == "ok" else "拒绝",
            }
            for number, line in enumerate(lines)
        ]
        return rows, self._office.store.audit.broken_at()

    def _show_audit(self, found: tuple[list[dict[str, Any]], int | None]) -> None:
        rows, broken = found
        note = "链条完整" if broken is None else f"第 {broken} 条起对不上，可能被改动过，请报告县中心"
        self.audit.show_rows(len(rows), lambda offset, limit, _order: rows[offset : offset + limit], note)


class _Secrets(QDialog):
    """Fields for secrets, one below the other; what is wrong is said below them and they stay open."""

    def __init__(self, parent: QWidget, title: str, labels: Sequence[str]) -> None:
        super().__init__(parent)
        self.given: Callable[[Sequence[str]], object] = lambda _secrets: None
        self._running = False
        self.setWindowTitle(title)
        self.setMinimumWidth(theme.current().grown(380))
        body = QVBoxLayout(self)
        body.setContentsMargins(20, 16, 20, 16)
        body.setSpacing(8)
        body.addWidget(words(title, "16", strong=True))
        self.fields: list[QLineEdit] = []
        for label in labels:
            field = QLineEdit()
            field.setEchoMode(QLineEdit.EchoMode.Password)
            field.setAccessibleName(label)
            field.returnPressed.connect(lambda field=field: self._next(field))
            body.addWidget(words(label, tone="text-2"))
            body.addWidget(field)
            self.fields.append(field)
        self.said = words("", tone="orange", wrap=True)
        self.said.hide()
        body.addWidget(self.said)
        foot = QHBoxLayout()
        foot.addStretch(1)
        foot.addWidget(Button("取消", self.reject))
        self.act = Button("确定", self._give, kind="primary")
        foot.addWidget(self.act)
        body.addSpacing(4)
        body.addLayout(foot)

    def say(self, text: str) -> None:
        """Say why it did not go."""
        self._running = False
        self.act.refuse("")
        self.said.setText(text)
        self.said.show()

    def reject(self) -> None:
        """Leave, but not while it is being done: a key is stretched for a second, and then the new one counts."""
        if not self._running:
            super().reject()

    def _next(self, field: QLineEdit) -> None:
        at = self.fields.index(field)
        if at + 1 < len(self.fields):
            self.fields[at + 1].setFocus()
        else:
            self._give()

    def _give(self) -> None:
        if self._running:
            return
        self._running = True
        self.act.refuse("正在处理")
        self.given([field.text() for field in self.fields])


_ACTIONS = {
    "read": "查看",
    "create": "新增",
    "edit": "修改",
    "delete": "删除",
    "import": "导入",
    "export": "导出（打码）",
    "export_plain": "导出（不打码）",
    "reveal": "看完整号码",
    "resolve": "处理冲突",
    "document": "打印",
    "report": "统计",
    "audit": "看日志",
    "backup": "备份",
    "configure": "配置",
    "secure": "安全设置",
    "unit": "填写单位",
}


def _label(text: str) -> QWidget:
    label = words(text, tone="text-3")
    label.setMinimumWidth(theme.current().grown(100))
    return label


def _said(error: Exception) -> str:
    return spoken(error)


def _system_ring() -> Ring:
    import keyring

    return keyring
