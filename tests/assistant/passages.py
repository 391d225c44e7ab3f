"""Passages for the tests of prompting, quoting and generation: real sentences in small records."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from assistant.records import NumberedPassage
from corpus.numerals import parse_article
from corpus.records import (
    Chunk,
    DocumentInfo,
    LawVersion,
    NormRank,
    QuotableUnit,
    SourceKind,
    Span,
    UnitRole,
    Validity,
)
from corpus.sentences import find_units
from index.records import RetrievedPassage, RetrieverTrace

QUESTION = "催收给我通讯录里的人群发短信，违法吗？"

ARTICLE_1032 = """自然人享有隐私权。任何组织或者个人不得以刺探、侵扰、泄露、公开等方式侵害他人的隐私权。
隐私是自然人的私人生活安宁和不愿为他人知晓的私密空间、私密活动、私密信息。"""
ARTICLE_1033 = """除法律另有规定或者权利人明确同意外，任何组织或者个人不得实施下列行为：
（一）以电话、短信、即时通讯工具、电子邮件、传单等方式侵扰他人的私人生活安宁；
（五）处理他人的私密信息；
（六）以其他方式侵害他人的隐私权。"""
ARTICLE_50 = """有下列行为之一的，处五日以下拘留或者一千元以下罚款；\
情节较重的，处五日以上十日以下拘留，可以并处一千元以下罚款：
（一）写恐吓信或者以其他方法威胁他人人身安全的；
（五）多次发送淫秽、侮辱、恐吓等信息或者采取滋扰、纠缠、跟踪等方法，干扰他人正常生活的；
（六）偷窥、偷拍、窃听、散布他人隐私的。"""
GUIDE_CONCLUSION = "向通讯录群发催收短信侵害亲友的私人生活安宁，是违法的。"
GUIDE_ACTION = "亲友把收到的短信截图，连同发送号码和时间一起保存。\n借款人关闭贷款软件的通讯录权限。"
GUIDE_CHANNEL = "骚扰电话和短信可以向12321举报。\n银行和消费金融公司的催收可以拨打12378投诉。"


def law_passage(number: int, law: str, article: str, text: str, effective: date = date(2021, 1, 1)) -> NumberedPassage:
    version = LawVersion(
        id=f"{law}-{effective.isoformat()}",
        title=f"中华人民共和国{law}",
        short_title=law,
        aliases=(),
        issuer="全国人民代表大会",
        doc_type="法律",
        rank=NormRank.LAW,
        published=None,
        first_effective=None,
        effective=effective,
        expired=None,
        superseded_by=None,
        amended_through=None,
        address="https://flk.npc.gov.cn/",
        checked=None,
        last_article=None,
        complete=False,
        held=(),
    )
    info = DocumentInfo(version.id, SourceKind.STATUTE, version.title, None, None, None, None, version)
    chunk = Chunk(
        f"{version.id}/{article}", info.id, text, Span(0, len(text)), (version.title,), parse_article(article)
    )
    return _numbered(number, chunk, info)


def guide_passage(number: int, heading: str, text: str, title: str = "催收群发短信怎么办") -> NumberedPassage:
    info = DocumentInfo("guide", SourceKind.ARTICLE, title, "法据", date(2026, 11, 24), None, None, None)
    return _numbered(number, Chunk(f"guide/{heading}", "guide", text, Span(0, len(text)), (title, heading)), info)


def _numbered(number: int, chunk: Chunk, info: DocumentInfo) -> NumberedPassage:
    passage = RetrievedPassage(chunk, info, number, 1 / number, Validity.IN_FORCE, RetrieverTrace())
    return NumberedPassage(number, passage, find_units(chunk, info.kind))


def law_passages() -> tuple[NumberedPassage, ...]:
    return (
        law_passage(1, "民法典", "第一千零三十三条", ARTICLE_1033),
        law_passage(2, "治安管理处罚法", "第五十条", ARTICLE_50, date(2026, 1, 1)),
        law_passage(3, "民法典", "第一千零三十二条", ARTICLE_1032),
    )


def all_passages() -> tuple[NumberedPassage, ...]:
    return (
        *law_passages(),
        guide_passage(4, "投诉渠道", GUIDE_CHANNEL),
        guide_passage(5, "怎么做", GUIDE_ACTION),
        guide_passage(6, "结论", GUIDE_CONCLUSION),
    )


def hostile_passage(number: int, text: str) -> NumberedPassage:
    """A passage whose whole text is one unit, whatever it says."""
    passage = guide_passage(number, "怎么做", text)
    return replace(passage, units=(QuotableUnit(text, (Span(0, len(text)),), UnitRole.ACTION),))
