"""Papers of the registry in the neutral model: person card, household book, dwelling card, grid sheet, one person's data sheet."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from app.exchange.documents.blocks import (
    Block,
    Column,
    Fact,
    Facts,
    Gap,
    Heading,
    Paragraph,
    Sheet,
    Spread,
    Table,
    Text,
    Title,
    filled,
    plain,
)

_MARGINS = (20.0, 18.0, 20.0, 20.0)
_SHORT = 17
"""Letters of a value that fit beside another one in half a row."""

Row = tuple[str, ...]


@dataclass(frozen=True)
class Printed:
    """Who printed it, when and what for; *whole*: numbers are not masked."""

    unit: str
    by: str
    at: str
    reason: str = ""
    whole: bool = False

    @property
    def mark(self) -> str:
        """The line at the foot of every page."""
        parts = [plain(self.unit), f"打印：{plain(self.by)}", self.at]
        if self.reason:
            parts.append(f"用途：{plain(self.reason)}")
        parts.append("号码未遮盖，用后请妥善保管或销毁" if self.whole else "号码已遮盖")
        return "　".join(part for part in parts if part)


@dataclass(frozen=True)
class Family:
    """A household on paper: its facts and a row a member, as ``MEMBERS`` names the columns."""

    title: str
    facts: Sequence[tuple[str, str]]
    members: Sequence[Row]
    gone: int = 0

    @property
    def count(self) -> str:
        """How many belong to it now; who died or moved away still has a row, and isn't counted as one of it."""
        beside = f"，另有已故或迁出 {self.gone} 人" if self.gone else ""
        return f"{len(self.members) - self.gone} 人{beside}"


@dataclass(frozen=True)
class Held:
    """One record that holds something of a person: what it is, its fields, where it came from, how long it is kept."""

    title: str
    facts: Sequence[tuple[str, str]]
    source: str
    kept: str


MEMBERS = (
    Column("序号", "center"),
    Column("姓名"),
    Column("与户主关系", "center"),
    Column("性别", "center"),
    Column("出生日期", "center"),
    Column("公民身份号码"),
    Column("联系电话"),
    Column("人户状态"),
)
MOVES = (Column("日期", "center"), Column("变动"), Column("从哪里"), Column("到哪里"), Column("原因"), Column("经办人"))
HOMES = (
    Column("序号", "center"),
    Column("房屋地址"),
    Column("户主"),
    Column("户号"),
    Column("人数", "center"),
    Column("联系电话"),
    Column("户主人户状态"),
    Column("联系人"),
    Column("上次走访", "center"),
)
SHARED = (Column("时间", "center"), Column("做了什么"), Column("谁"), Column("为什么"))


def person_card(
    printed: Printed, facts: Sequence[tuple[str, str]], family: Family | None, moves: Sequence[Row]
) -> Sheet:
    """居民信息卡: what is registered of a person, his household, and where he lived."""
    blocks: list[Block] = [Title("居民信息卡"), _under(printed), *_facts(facts), *_family(family, "一、同户人员")]
    if moves:
        blocks += [Heading("二、变动记录" if family else "一、变动记录"), Table(MOVES, tuple(moves), size="小五")]
    return _sheet("居民信息卡", blocks, printed)


def household_book(printed: Printed, family: Family, visits: Sequence[Row], moves: Sequence[Row]) -> Sheet:
    """住户信息册: a household, its members, its visits and what changed; to be checked and signed at the door."""
    blocks: list[Block] = [Title("住户信息册"), _under(printed), *_facts(family.facts)]
    blocks += [Heading(f"一、家庭成员（{family.count}）"), *_members(family.members)]
    numbers = iter("二三")
    if visits:
        columns = (Column("日期", "center"), Column("目的"), Column("走访人"), Column("情况"))
        blocks += [Heading(f"{next(numbers)}、近期走访"), Table(columns, tuple(visits), size="小五")]
    if moves:
        blocks += [Heading(f"{next(numbers)}、变动记录"), Table(MOVES, tuple(moves), size="小五")]
    blocks += [Gap(0.6), _signed("户主（成员）签名：", "网格员：", "日期：")]
    return _sheet("住户信息册", blocks, printed)


def dwelling_card(printed: Printed, facts: Sequence[tuple[str, str]], families: Sequence[Family]) -> Sheet:
    """房屋信息卡: a dwelling and every household in it."""
    blocks: list[Block] = [Title("房屋信息卡"), _under(printed), *_facts(facts)]
    for place, family in enumerate(families, 1):
        blocks += [Heading(f"第{place}户　{family.title}（{family.count}）"), *_facts(family.facts)]
        blocks += [Gap(0.2), *_members(family.members)]
    if not families:
        blocks += [Heading("住户"), Paragraph((Text("没有登记住户。"),))]
    return _sheet("房屋信息卡", blocks, printed)


def grid_sheet(printed: Printed, facts: Sequence[tuple[str, str]], rows: Sequence[Row]) -> Sheet:
    """网格住户一览表: every household of a grid, a row each; the headings come again on every page."""
    blocks: list[Block] = [Title("网格住户一览表"), _under(printed), *_facts(facts, label=0.09), Gap(0.2)]
    blocks.append(Table(HOMES, tuple(rows), size="小五") if rows else Paragraph((Text("没有登记住户。"),)))
    return _sheet("网格住户一览表", blocks, printed, landscape=True)


def data_sheet(
    printed: Printed,
    facts: Sequence[tuple[str, str]],
    records: Sequence[Held],
    shared: Sequence[Row],
    notes: Sequence[str],
) -> Sheet:
    """个人信息查阅单 (个人信息保护法第四十五条): every field of every record that names a person, and who it was shown to."""
    blocks: list[Block] = [Title("个人信息查阅单"), _under(printed), *_facts(facts)]
    blocks.append(Heading(f"一、本中心保存的与您有关的记录（{len(records)} 条）"))
    for place, held in enumerate(records, 1):
        blocks.append(Paragraph((Text(f"{place}．{held.title}", bold=True),), indent=0, keep_next=True, size="五号"))
        blocks += _facts(held.facts)
        told = f"来源：{held.source}　保存期限：{held.kept}"
        blocks += [Paragraph((Text(told),), indent=0, size="小五"), Gap(0.2)]
    blocks.append(Heading("二、向谁提供过、给谁看过（本机日志所知）"))
    blocks.append(
        Table(SHARED, tuple(shared), size="小五") if shared else Paragraph((Text("没有对外提供的记录。"),), size="五号")
    )
    blocks.append(Heading("三、说明"))
    blocks += [Paragraph((Text(note),), size="五号") for note in notes]
    blocks += [Gap(0.6), _signed("查阅人签名：", "经办人：", "日期：")]
    return _sheet("个人信息查阅单", blocks, printed)


def paired(facts: Iterable[tuple[str, str]]) -> tuple[tuple[Fact, ...], ...]:
    """*facts* in rows: short ones two by two, a long one in a row of its own."""
    rows: list[tuple[Fact, ...]] = []
    waiting: Fact | None = None
    for label, text in facts:
        fact = Fact(plain(label), plain(text))
        if len(fact.text) > _SHORT or "\n" in fact.text:
            rows += [(waiting,)] if waiting else []
            rows.append((fact,))
            waiting = None
        elif waiting:
            rows.append((waiting, fact))
            waiting = None
        else:
            waiting = fact
    return (*rows, (waiting,)) if waiting else tuple(rows)


def _facts(facts: Iterable[tuple[str, str]], label: float = 0.155) -> tuple[Block, ...]:
    rows = paired(facts)
    return (Facts(rows, label=label),) if rows else ()


def _family(family: Family | None, heading: str) -> tuple[Block, ...]:
    if family is None:
        return ()
    return (Heading(f"{heading}（{family.title}，{family.count}）"), *_members(family.members))


def _members(members: Sequence[Row]) -> tuple[Block, ...]:
    return (Table(MEMBERS, tuple(members), size="小五"),) if members else (Paragraph((Text("没有登记成员。"),)),)


def _under(printed: Printed) -> Spread:
    return Spread(((Text(f"单位：{plain(printed.unit)}"),), (Text(f"打印时间：{printed.at}"),)), size="五号")


def _signed(*labels: str) -> Spread:
    return Spread(tuple((Text(label), filled(None, 5)) for label in labels), size="五号")


def _sheet(name: str, blocks: Sequence[Block], printed: Printed, *, landscape: bool = False) -> Sheet:
    margins = (16.0, 14.0, 18.0, 14.0) if landscape else _MARGINS
    return Sheet(name, tuple(blocks), landscape=landscape, size="小四", spacing=1.4, margins=margins, mark=printed.mark)
