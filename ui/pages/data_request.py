"""A request of somebody about his own data: what was asked at the left, carrying it out at the right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QHBoxLayout

from app.schema.record import Record
from ui.forms.editor import RecordForm
from ui.forms.reason import ask_reason
from ui.page import Page
from ui.pages.paper_dialog import MakeWorker, Papers
from ui.pieces.buttons import Button
from ui.pieces.card import Card
from ui.pieces.dates import china_today
from ui.pieces.text import words

if TYPE_CHECKING:
    from app.services.office import Office
    from app.services.records import Outcome
    from ui.jobs import Jobs

_REQUEST, _RESIDENT = "data_request", "resident"
_CORRECTED = (
    "name", "former_name", "id_number", "sex", "birth_date", "phone", "live_address", "hukou_address", "occupation", "workplace", "remark",
)  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """A request, whose it is about, and whether this user may carry it out."""

    request: Record | None
    person: Record | None
    erasable: bool


def read_asked(office: Office, request_id: str, resident_id: str) -> Asked:
    """What the page shows; runs in the lane."""
    request = office.records.get(_REQUEST, request_id) if request_id else None
    about = str(request.values.get("resident") or "") if request else resident_id
    person = office.registry.present(about) if about else None
    return Asked(request, person, person is not None and office.leaving.may())


_ERASING = (
    "不能恢复。下次同步后，县中心和各台电脑上都去掉；调解卷宗、已经出具的文书照法律保存（档案法、个人信息保护法第四十七条）。"
    "请写明核对情况，会记入日志。"
)


class DataRequestPage(Page):
    """``opened``: {"id": id of a request}, or {"resident": id} to write one down."""

    def __init__(self, office: Office, jobs: Jobs, worker: MakeWorker) -> None:
        super().__init__("个人信息申请", back=True)
        self._office, self._jobs = office, jobs
        self.papers = Papers(self, office, worker, lambda told: self.said.emit(told, None))
        self._args: dict[str, Any] = {}
        self._asked: Asked | None = None
        self.form: RecordForm | None = None
        self.correction: RecordForm | None = None
        line = QHBoxLayout()
        line.setSpacing(12)
        self._left, self._right = Card("申请"), Card("办理")
        line.addWidget(self._left, 1)
        line.addWidget(self._right, 1)
        self.content.addLayout(line, 1)

    def opened(self, args: Mapping[str, Any]) -> None:
        if self.form is not None and dict(args) == self._args:
            return
        self._args = dict(args)
        self._load()

    def leaving(self) -> None:
        for form in (self.form, self.correction):
            if form is not None:
                form.keep()

    def escape(self) -> bool:
        if self.form is None:
            return False
        self.form.leave()
        return True

    def _load(self) -> None:
        args = self._args
        self._jobs.run(
            lambda: read_asked(self._office, str(args.get("id") or ""), str(args.get("resident") or "")),
            lambda asked: self._show(args, asked),
        )

    def _show(self, args: dict[str, Any], asked: Asked) -> None:
        if args != self._args:
            return
        self._asked = asked
        request, person = asked.request, asked.person
        self._left.clear()
        preset: dict[str, Any] = {}
        if request is None and person is not None:
            preset = {
                "resident": person.id,
                "name": person.values.get("name"),
                "received_on": china_today().isoformat(),
            }
        self.form = RecordForm(
            self._office,
            self._jobs,
            _REQUEST,
            record_id=request.id if request else None,
            preset=preset,
            area=person.area if person else "",
            draft_key="" if request or not person else f"form:{_REQUEST}:new:{person.id}",
            words_save="保存" if request else "登记申请",
        )
        self.form.loaded.connect(self.form.begin)
        self.form.saved.connect(self._on_saved)
        self.form.left.connect(self._on_left)
        self._left.add(self.form, 1)
        self.set_title("个人信息申请", str(request.values.get("name") or "") if request else "登记")
        self._show_right(asked)

    def _show_right(self, asked: Asked) -> None:
        self._right.clear()
        self.correction = None
        request, person = asked.request, asked.person
        rules, form = self._office.requests.rules, self._office.forms[_REQUEST]
        if request is None:
            said = f"登记以后在这里办理。期限自动算：收到后 {rules.limit.words()}。"
            self._right.add(words(said, tone="text-2", wrap=True))
            return
        if not rules.open(request.values):
            outcome = form.show("outcome", request.values.get("outcome"))
            self._right.add(words(f"{outcome}，{request.values.get('outcome_on') or ''} 答复。", wrap=True))
            if told := request.values.get("carried_out"):
                self._right.add(words(str(told), tone="text-2", wrap=True))
            if person is not None:
                self._right.add_line(
                    Button("看这个人的修改历史", partial(self._past, person), kind="link", small=True), None
                )
            return
        self._right.add(words(f"{rules.due_of(request.values)} 前答复。", strong=True))
        if person is None:
            self._right.add(words("先在左边“是谁的信息”里选居民，再办理。", tone="orange", wrap=True))
        elif not request.values.get("identity_checked"):
            self._right.add(
                words("先核对申请人的身份，在左边勾选“已核对身份”并保存，再办理。", tone="orange", wrap=True)
            )
        else:
            self._ways(request, person, erasable=asked.erasable)
        self._right.add(
            words("不予办理的，在左边选结果、写明理由并保存（个人信息保护法第五十条）。", "13", "text-3", wrap=True)
        )

    def _ways(self, request: Record, person: Record, *, erasable: bool) -> None:
        match request.values.get("kind"):
            case "query":
                self._right.add(words("打印查阅单交给本人，再在左边把结果选为“已办理”。", tone="text-2", wrap=True))
                self.sheet_button = Button(
                    "打印查阅单…", partial(self.papers.ask, person, "data_sheet"), icon="printer"
                )
                self._right.add_line(self.sheet_button, None)
            case "correct":
                self._right.add(words("只改申请里写明的；保存后申请随即办结。", tone="text-2", wrap=True))
                self.correction = RecordForm(
                    self._office,
                    self._jobs,
                    _RESIDENT,
                    record_id=person.id,
                    only=_CORRECTED,
                    save=partial(self._correct, request.id),
                    draft_key=f"correct:{request.id}",
                    words_save="更正并办结",
                    titles=False,
                )
                self.correction.saved.connect(lambda _record: self._on_carried("已更正，申请已办结"))
                self.correction.left.connect(self._on_left)
                self._right.add(self.correction, 1)
            case "delete" if erasable:
                told = (
                    "姓名、号码、电话、住址、照片和修改历史里的这些内容都会去掉，不能恢复；"
                    "性别、人户状态和变动日期留作统计。调解卷宗、已经出具的文书按法律规定保存，上面的姓名不改。"
                )
                self._right.add(words(told, tone="text-2", wrap=True))
                self.erase_button = Button("去标识…", partial(self._ask_erase, request, person), icon="user-off")
                self._right.add_line(self.erase_button, None)
            case "delete":
                self._right.add(words("您的身份不能删除居民信息，请受理员办理。", tone="text-2", wrap=True))
            case _:
                self._right.add(words("办完以后在左边写明结果并保存。", tone="text-2", wrap=True))

    def _correct(self, request_id: str, values: dict[str, Any], seen: dict[str, int]) -> Outcome:
        return self._office.requests.correct(request_id, values, seen=seen)

    def _ask_erase(self, request: Record, person: Record) -> None:
        name = str(person.values.get("name") or "")
        ask_reason(
            self, f"去掉“{name}”的个人信息", _ERASING, "去标识",
            lambda _reason: self._jobs.run(
                lambda: self._office.leaving.erase_for(request.id), lambda _done: self._on_carried("已去标识，申请已办结")
            ),
            ("已核对本人身份和申请",),
        )  # fmt: skip

    def _on_carried(self, told: str) -> None:
        self.said.emit(told, None)
        self._load()

    def _on_saved(self, record: Record) -> None:
        self.said.emit("已保存个人信息申请", None)
        self._args = {"id": record.id}
        self._load()

    def _on_left(self) -> None:
        self.form = None
        self._args = {}
        self.go.emit("back", {})

    def _past(self, person: Record) -> None:
        self.go.emit("history", {"form": _RESIDENT, "id": person.id})

    @property
    def actions(self) -> Sequence[tuple[str, str, Any]]:
        """Ctrl+K offers the ways on from here."""
        return [("全部个人信息申请", "", lambda: self.go.emit("ledgers", {"form": _REQUEST}))]
