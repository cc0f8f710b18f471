"""Papers of a meeting in the neutral model: the list that is handed out before it, the minutes with their page to sign."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from app.exchange.documents.blocks import (
    Block,
    Column,
    Facts,
    Gap,
    Heading,
    Paragraph,
    Sheet,
    Spread,
    Table,
    Text,
    Title,
    Together,
    filled,
    paragraphs,
    plain,
)
from app.exchange.documents.registry_papers import Printed, paired

Row = tuple[str, ...]

OPEN = (
    Column("序号", "center", 0.05),
    Column("类别", "center", 0.06),
    Column("事项", share=0.19),
    Column("起于", "center", 0.1),
    Column("天数", "center", 0.05),
    Column("责任人", share=0.09),
    Column("期限", "center", 0.1),
    Column("最近进展", share=0.2),
    Column("议定意见、责任人、时限", share=0.16),
)
FOLLOWED = (
    Column("序号", "center", 0.06),
    Column("村（社区）", share=0.12),
    Column("事项", share=0.19),
    Column("上次议定", share=0.25),
    Column("责任人", share=0.12),
    Column("时限", "center", 0.11),
    Column("落实情况", share=0.15),
)
DECIDED = (
    Column("序号", "center", 0.06),
    Column("村（社区）", share=0.11),
    Column("类别", "center", 0.07),
    Column("事项", share=0.23),
    Column("议定意见", share=0.3),
    Column("责任人", share=0.11),
    Column("时限", "center", 0.12),
)
SIGNED = (
    Column("姓名", "center", 0.22),
    Column("单位、职务", share=0.3),
    Column("签名", share=0.28),
    Column("备注", share=0.2),
)
_LEAST = 12
"""So many lines the page to sign has at least."""


@dataclass(frozen=True)
class Minutes:
    """What a meeting came to, in shown words. ``left``: how many matters on the list nobody decided of."""

    title: str
    facts: Sequence[tuple[str, str]]
    present: str
    absent: str
    agenda: str
    decisions: str
    next_meeting: str
    followed: Sequence[Row] = ()
    decided: Sequence[Row] = ()
    left: int = 0
    signers: Sequence[str] = field(default=())


def meeting_list(
    printed: Printed,
    title: str,
    when: str,
    followed: Sequence[Row],
    villages: Sequence[tuple[str, Sequence[Row]]],
) -> Sheet:
    """会议清单: what was decided before and what became of it, then all that is open by village, with room to write."""
    total = sum(len(rows) for _name, rows in villages)
    heading = "、未办结事项"
    blocks: list[Block] = [
        Title(f"{plain(title)}清单"),
        Spread(
            ((Text(f"单位：{plain(printed.unit)}"),), (Text(plain(when)),), (Text(f"未办结 {total} 件"),)), size="五号"
        ),
    ]
    if followed:
        blocks += [Heading(f"一、上次议定事项（{len(followed)} 件）"), Table(FOLLOWED, tuple(followed), size="小五")]
    blocks.append(Heading(("二" if followed else "一") + heading))
    for name, rows in villages:
        blocks += [
            Paragraph((Text(f"{plain(name)}（{len(rows)} 件）", bold=True),), indent=0, keep_next=True, size="五号")
        ]
        blocks.append(Table(OPEN, tuple(rows), size="小五"))
    if not villages:
        blocks.append(Paragraph((Text("没有未办结的事项。"),)))
    margins = (16.0, 14.0, 18.0, 14.0)
    return Sheet(
        f"{title}清单", tuple(blocks), landscape=True, size="小四", spacing=1.4, margins=margins, mark=printed.mark
    )


def minutes(printed: Printed, said: Minutes) -> Sheet:
    """会议记录: who and where, what became of the last decisions, each decision, and a page to sign."""
    blocks: list[Block] = [Title("会议记录"), Title(plain(said.title), small=True)]
    facts = [*said.facts, ("到会人员", said.present), ("缺席人员", said.absent)]
    blocks.append(Facts(paired(facts), label=0.155))
    numbers = iter("一二三四五")
    blocks += [Heading(f"{next(numbers)}、议程"), *paragraphs(said.agenda, ruled=2)]
    if said.followed:
        blocks += [
            Heading(f"{next(numbers)}、上次议定事项落实情况"),
            Table(FOLLOWED, tuple(said.followed), size="小五"),
        ]
    if said.decided or said.left:
        blocks.append(Heading(f"{next(numbers)}、逐件议定"))
        if said.decided:
            blocks.append(Table(DECIDED, tuple(said.decided), size="小五"))
        if said.left:
            told = f"清单上另有 {said.left} 件本次没有议，转入下次会议。"
            blocks.append(Paragraph((Text(told),)))
    blocks += [Heading(f"{next(numbers)}、议定事项"), *paragraphs(said.decisions)]
    if said.next_meeting:
        blocks.append(Paragraph((Text(f"下次会议：{plain(said.next_meeting)}"),)))
    blocks += [Gap(0.6), _signed("主持人签名：", "记录人签名：", "日期：")]
    names = [*said.signers, *[""] * max(_LEAST - len(said.signers), 3)]
    # A second, empty line: who signs by hand needs the height.
    rows = tuple((plain(name), "", "\n", "") for name in names)
    page: tuple[Block, ...] = (Gap(1), Heading("签到页"), Table(SIGNED, rows))
    blocks += page if len(rows) > 2 * _LEAST else [Together(page)]
    return Sheet(
        "会议记录", tuple(blocks), size="小四", spacing=1.4, margins=(20.0, 18.0, 20.0, 20.0), mark=printed.mark
    )


def _signed(*labels: str) -> Spread:
    return Spread(tuple((Text(label), filled(None, 5)) for label in labels), size="五号")
