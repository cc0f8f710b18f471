"""离开满期去标识: who left long ago, proposed as a list; who is ticked is pseudonymised after a word of why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from app.services.leaving import Proposal
from ui.forms.reason import ask_reason
from ui.lists import BatchAction, Column, RecordTable
from ui.lists.columns import Row
from ui.page import Page
from ui.pieces.card import Card
from ui.pieces.empty import EmptyState
from ui.pieces.text import words

if TYPE_CHECKING:
    from app.services.office import Office
    from ui.jobs import Jobs

_COLUMNS = (
    Column("name", "姓名", strong=True, stretch=True, sortable=False, least=96),
    Column("village", "村（社区）", 120, sortable=False),
    Column("presence", "人户状态", 92, sortable=False),
    Column("left_on", "离开日期", 140, role="date", sortable=False),
    Column("due_on", "满期日期", 140, role="date", sortable=False),
    Column("id_number", "公民身份号码", 170, tone="text-2", sortable=False),
)


_WHAT = (
    "姓名、号码、电话、住址、照片和修改历史里的这些内容，下次同步后在县中心和各台电脑上都去掉，不能恢复；"
    "性别、人户状态和变动日期留作统计，调解卷宗、已经出具的文书按法律规定保存，上面的姓名不改。谁确认的、为什么，记入日志。"
)


class LeavingPage(Page):
    """Nothing goes by itself: a person who may delete looks at the list and confirms."""

    def __init__(self, office: Office, jobs: Jobs) -> None:
        super().__init__("离开满期去标识", back=True, dense=True)
        self._office, self._jobs = office, jobs
        months = office.retention.months
        told = f"迁出、死亡满 {months} 个月的人列在这里，由您看过、确认以后才去掉，不会自己去掉。"
        self.add(words(told, tone="text-2", wrap=True))
        card = Card(flush=True)
        self.table = RecordTable(
            _COLUMNS,
            lambda _offset, _limit, _order: [],
            unit="人",
            batch=[BatchAction("去标识…", lambda _ids: self._ask())],
            empty=EmptyState("user-check", "没有满期的人", "迁出、死亡满期的居民会列在这里，由您确认以后才去掉。"),
        )
        self.table.opened.connect(lambda key: self.go.emit("person", {"id": key}))
        self.confirm_button = self.set_primary("去标识…", self._ask, icon="user-off", keys="Ctrl+D")
        self.confirm_button.setVisible(office.leaving.may())
        self.table.model.checked_changed.connect(self._on_checked)
        card.add(self.table, 1)
        self.add(card, 1)
        self._on_checked()

    def opened(self, args: Mapping[str, Any]) -> None:
        self._load()
        self.table.view.setFocus()

    def refresh(self, changed: Sequence[str]) -> None:
        if not changed or "resident" in changed:
            self._load()

    def _load(self) -> None:
        self._jobs.run(self._read, self._show)

    def _read(self) -> list[Row]:
        areas = {area["code"]: area["name"] for area in self._office.store.areas()}
        return [self._line(one, areas) for one in self._office.leaving.proposals()]

    def _line(self, one: Proposal, areas: Mapping[str, str]) -> Row:
        form, values = self._office.forms["resident"], one.person.values
        return {
            "id": one.person.id,
            "name": values.get("name"),
            "village": areas.get(one.person.area, one.person.area),
            "presence": form.show("presence", values.get("presence")),
            "left_on": one.left_on or None,
            "due_on": one.due_on or None,
            "id_number": form.show("id_number", values.get("id_number"), masked=True),
        }

    def _show(self, rows: list[Row]) -> None:
        self.note.setText(f"{len(rows)} 人满期" if rows else "")
        self.table.show_rows(len(rows), lambda offset, limit, _order: rows[offset : offset + limit])
        self._on_checked()

    def _on_checked(self) -> None:
        count = len(self.table.model.checked)
        self.confirm_button.set_words(f"去标识 {count} 人…" if count else "去标识…")
        self.confirm_button.refuse("" if count else "先勾选要去标识的人")

    def _ask(self) -> None:
        ids = [str(key) for key in self.table.model.checked]
        if ids:
            ask_reason(
                self, f"去掉 {len(ids)} 人的个人信息", _WHAT, "去标识",
                lambda reason: self._jobs.run(lambda: self._office.leaving.confirm(ids, reason), self._on_done), ("离开满期",),
            )  # fmt: skip

    def _on_done(self, count: int) -> None:
        self.table.model.clear_checked()
        self.said.emit(f"已去标识 {count} 人，下次同步后处处生效", None)
        self._load()
