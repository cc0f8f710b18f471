"""人民调解记录: what happened in one mediation session."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from app.exchange.documents.blocks import (
    Blank,
    Block,
    Gap,
    Heading,
    Paragraph,
    Text,
    Title,
    filled,
    line,
    numbered,
    paragraphs,
    plain,
    said,
)
from app.exchange.documents.context import MediationContext, Session, Statement
from app.exchange.documents.phrases import chinese_date, clock_time, names, signatures, signer, ticked, time_span


def mediation_record(context: MediationContext, words: Mapping[str, str]) -> tuple[Block, ...]:
    """The record of ``context.session``; *words* are its fixed sentences."""
    session = context.session
    mediators = names(session.mediators or context.mediators)
    recorder = plain(session.recorder or context.recorder)
    *result, last = _result(context, words)
    # The end of the result stands on the page that is signed.
    closing = [last, line(Text(words["read_back"]), indent=2)]
    return (
        Title("人民调解记录"),
        *_head(context, mediators, recorder),
        Gap(0.3),
        Heading("一、告知事项"),
        ticked(
            session.identity_told,
            words["identity"].format(mediators=mediators or "＿＿＿＿＿＿", recorder=recorder or "＿＿＿＿"),
        ),
        ticked(session.rights_told, words["rights"]),
        Heading("二、当事人陈述"),
        *_statements(session.statements, context),
        Heading("三、事实核查"),
        *paragraphs(session.facts_checked),
        Heading("四、风险告知和说理"),
        ticked(session.risk_told, words["risk"]),
        *(paragraphs(session.law_explained) if plain(session.law_explained) else ()),
        *((Heading("五、协商经过"), *_discussion(session)) if session.discussion else ()),
        Heading("六、调解结果" if session.discussion else "五、调解结果"),
        *result,
        signatures(_places(context), _witnesses(context), context.committee, session.end or session.begin, closing),
    )


def _head(context: MediationContext, mediators: str, recorder: str) -> tuple[Block, ...]:
    session = context.session
    present = names(session.present) or names(party.name for party in context.parties)
    guests = names(" ".join(filter(None, (plain(guest.unit), plain(guest.name)))) for guest in session.guests)
    openness = {True: "公开", False: "不公开", None: "□公开　□不公开"}[session.open]
    ordinal = (Text(f"{session.ordinal}"),) if session.ordinal else (Blank(2),)
    return (
        line("编号：", filled(context.number, 12), "　第", *ordinal, "次调解", align="right"),
        line("时间：", *time_span(session.begin, session.end), hang=3),
        line("地点：", filled(session.place, None), hang=3),
        line("事由：", filled(context.matter, None), hang=3),
        line("当事人：", filled(present, None), hang=4),
        # Nobody invited is an ordinary case and not a gap.
        line("参加人：", Text(guests) if guests else Text("无") if plain(session.begin) else Blank(None), hang=4),
        line("人民调解员：", filled(mediators, 10), "　　记录人：", filled(recorder, 6), hang=6),
        line("调解方式：", Text(openness), hang=5),
    )


def _statements(statements: tuple[Statement, ...], context: MediationContext) -> tuple[Block, ...]:
    # An unwritten session still gives every party a place to be heard.
    given = statements or tuple(Statement(party.name) for party in context.parties) or (Statement(), Statement())
    return tuple(block for one in given for block in said(one.speaker, one.words))


def _discussion(session: Session) -> tuple[Block, ...]:
    return tuple(block for one in session.discussion for block in said(one.speaker, one.words))


def _result(context: MediationContext, words: Mapping[str, str]) -> tuple[Block, ...]:
    session = context.session
    if session.result is None:
        choice = "□书面协议　□口头协议　□未达成协议　□继续调解　□拒绝调解"
        return (line(Text(choice), indent=2), *paragraphs(None, ruled=4))
    head = _kept(line(Text(words[session.result]), indent=2))
    if session.result in {"written", "oral"}:
        return (head, *numbered(session.content or context.agreement.terms))
    blocks: list[Block] = [head]
    if reason := plain(session.reason):
        first, *rest = paragraphs(reason)
        assert isinstance(first, Paragraph)
        blocks += [replace(first, pieces=(Text(words[f"{session.result}_reason"]), *first.pieces)), *rest]
    else:
        blocks += [line(Text(words[f"{session.result}_reason"]), Blank(None), indent=2), *paragraphs(None, ruled=2)]
    if session.result == "adjourned":
        blocks.append(line("下次调解时间：", *chinese_date(session.next_time), clock_time(session.next_time), indent=2))
    else:
        blocks.append(ticked(session.remedies_told, words["remedies"]))
    return tuple(blocks)


def _places(context: MediationContext) -> list[str]:
    named = context.session.present or tuple(plain(party.name) for party in context.parties) or ("", "")
    return [signer("当事人", name, "签名、盖章或者按指印") for name in named]


def _witnesses(context: MediationContext) -> list[str]:
    session = context.session
    mediators = session.mediators or context.mediators or ("",)
    return [
        *(signer("人民调解员", name if len(mediators) > 1 else "", "签名") for name in mediators),
        *(signer("参加人", guest.name, "签名") for guest in session.guests),
        "记录人签名",
    ]


def _kept(row: Paragraph) -> Paragraph:
    return replace(row, keep_next=True)
