"""人民调解协议书: the written agreement that the parties sign."""

from __future__ import annotations

from collections.abc import Mapping

from app.exchange.documents.blocks import (
    Block,
    Gap,
    Heading,
    Paragraph,
    Title,
    filled,
    label_values,
    line,
    numbered,
    paragraphs,
    plain,
)
from app.exchange.documents.context import MediationContext, Party
from app.exchange.documents.phrases import signatures, signer


def mediation_agreement(context: MediationContext, words: Mapping[str, str]) -> tuple[Block, ...]:
    """The written agreement of the case; *words* are its fixed sentences."""
    agreement = context.agreement
    parties = context.parties or (Party(), Party())
    copies = agreement.copies or (len(context.parties) + 1 if context.parties else None)
    before, after = words["copies"].split("{copies}")
    # The page that is signed must show more than names: how the agreement is performed stands on it too.
    closing: list[Block] = [
        Heading("履行方式、地点、期限："),
        line("履行方式：", filled(agreement.way, None), indent=2),
        line("履行地点：", filled(agreement.place, None), indent=2),
        line("履行期限：", filled(agreement.limit, None), indent=2),
        Gap(0.3),
        line(before, filled(_chinese_number(copies), 2), after, indent=2),
        line(words["effect"], indent=2),
    ]
    return (
        Title("人民调解协议书"),
        line("编号：", filled(agreement.number or context.number, 12), align="right"),
        Gap(0.2),
        *(block for party in parties for block in _party(party)),
        Heading("纠纷主要事实、争议事项："),
        *paragraphs(context.facts, ruled=4),
        *_issues(context),
        Heading("协议内容："),
        line(words["agreed_many" if len(context.parties) > 2 else "agreed"], indent=2, keep_next=True),
        *numbered(agreement.terms, ruled=5),
        signatures(_places(context), _witnesses(context), context.committee, agreement.signed_on, closing),
    )


def _issues(context: MediationContext) -> tuple[Block, ...]:
    blocks: list[Block] = []
    for label, value, ruled in (("争议事项：", context.issues, 2), ("各方责任：", context.responsibilities, 0)):
        if plain(value):
            first, *rest = paragraphs(value)
            assert isinstance(first, Paragraph)
            blocks += [line(label, *first.pieces, indent=2), *rest]
        elif ruled:
            blocks += [line(label, filled(None, None), indent=2), *paragraphs(None, ruled=ruled - 1)]
    return tuple(blocks)


def _party(party: Party) -> tuple[Block, ...]:
    role = f"（{plain(party.role)}）" if plain(party.role) else ""
    if party.kind == "unit":
        rows = [
            label_values([(f"当事人{role}名称", party.name, None)]),
            label_values([("法定代表人（负责人）", party.representative, 8), ("联系方式", party.phone, 8)]),
            label_values([("单位地址", party.address, None)]),
            label_values([("委托代理人", party.agent, 8)]),
        ]
        if plain(party.credit_code):
            rows.insert(1, label_values([("统一社会信用代码", party.credit_code, None)]))
    else:
        rows = [
            label_values(
                [
                    (f"当事人{role}姓名", party.name, 6),
                    ("性别", party.sex, 2),
                    ("民族", party.ethnicity, 3),
                    ("年龄", f"{party.age}岁" if isinstance(party.age, int) else party.age, 3),
                ]
            ),
            label_values([("职业或者职务", party.occupation, 8), ("联系方式", party.phone, 8)]),
            label_values([("单位或者住址", party.address, None)]),
        ]
        if plain(party.id_number):
            rows.insert(1, label_values([("公民身份号码", party.id_number, None)]))
        if plain(party.agent):
            rows.append(label_values([("委托代理人", party.agent, None)]))
    return (*rows, Gap(0.25))


def _places(context: MediationContext) -> list[str]:
    return [
        signer("当事人", party.name, "代表人签名、单位盖章" if party.kind == "unit" else "签名、盖章或者按指印")
        for party in context.parties or (Party(), Party())
    ]


def _witnesses(context: MediationContext) -> list[str]:
    mediators = context.mediators or ("",)
    return [*(signer("人民调解员", name if len(mediators) > 1 else "", "签名") for name in mediators), "记录人签名"]


def _chinese_number(count: int | None) -> str:
    return "" if count is None else "〇一二三四五六七八九十"[count] if 0 < count <= 10 else str(count)
