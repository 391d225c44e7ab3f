"""Statute files are read whole or refused by name; headings of other documents become sections."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.errors import BadReference, BadStatute
from corpus.lawbook import load_lawbook
from corpus.records import ArticleNumber, NormRank, SourceKind
from corpus.structure import (
    article_label,
    article_parts,
    document_id,
    find_sections,
    format_article_list,
    heading_span,
    parse_article_label,
    parse_article_list,
    parse_statute,
    parse_statute_head,
)

STATUTE = """---
title: 中华人民共和国样本法
short_title: 样本法
aliases: [样法]
issuer: 全国人民代表大会常务委员会
doc_type: 法律
rank: law
published: 2025-06-27
first_effective: 2006-03-01
effective: 2026-01-01
expired: null
superseded_by: null
amended_through: 2025-06-27
address: https://flk.npc.gov.cn/
checked: 2026-11-21
last_article: 300
complete: false
articles: 1-2, 50, 253-1
---

# 中华人民共和国样本法

## 第一编　总则

### 第一章　基本规定

第一条　为了保护公民，制定本法。

第二条　本法所称公民，是指自然人。
前款规定适用于外国人。

## 第二编　分则

第五十条　有下列行为之一的，处罚款；情节较重的，处拘留：
（一）写恐吓信的；
（二）多次发送信息的。
有前款第二项行为的，可以责令禁止接触。

第二百五十三条之一　违反国家规定的，处三年以下有期徒刑。
"""


def changed(old: str, new: str) -> str:
    assert old in STATUTE
    return STATUTE.replace(old, new)


def test_a_statute_file_gives_its_version() -> None:
    version = parse_statute_head(STATUTE, "样本法-2026-01-01.md")
    assert version.id == "样本法-2026-01-01"
    assert version.rank is NormRank.LAW
    assert version.effective == date(2026, 1, 1)
    assert version.aliases == ("样法",)
    assert version.held == (ArticleNumber(1), ArticleNumber(2), ArticleNumber(50), ArticleNumber(253, 1))


def test_a_statute_file_gives_its_text_and_sections() -> None:
    document = parse_statute(STATUTE, "样本法-2026-01-01.md")
    assert document.info.kind is SourceKind.STATUTE
    assert document.info.id == "样本法-2026-01-01"
    assert document.text.startswith("中华人民共和国样本法\n\n第一编　总则\n\n第一章　基本规定\n\n第一条　")
    assert "#" not in document.text
    assert [(section.title, section.level) for section in document.sections] == [
        ("中华人民共和国样本法", 1),
        ("第一编　总则", 2),
        ("第一章　基本规定", 3),
        ("第一条", 4),
        ("第二条", 4),
        ("第二编　分则", 2),
        ("第五十条", 3),
        ("第二百五十三条之一", 3),
    ]


def test_a_section_spans_its_heading_and_what_stands_under_it() -> None:
    document = parse_statute(STATUTE, "样本法-2026-01-01.md")
    spans = {section.title: section.span.of(document.text) for section in document.sections}
    assert spans["中华人民共和国样本法"] == document.text
    assert spans["第一编　总则"].startswith("第一编　总则\n\n第一章")
    assert spans["第一编　总则"].endswith("前款规定适用于外国人。")
    assert spans["第二条"] == "第二条　本法所称公民，是指自然人。\n前款规定适用于外国人。"


def test_a_decision_is_read_by_its_points() -> None:
    text = changed("第一条　为了", "一、为了").replace("第二条　本法", "二、本法")
    text = text[: text.index("## 第二编")].replace("articles: 1-2, 50, 253-1", "articles: 1-2")
    document = parse_statute(text, "决定-2026-01-01.md")
    assert [section.article for section in document.sections if section.article] == [ArticleNumber(1), ArticleNumber(2)]


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("---\ntitle", "title", "opens with front matter"),
        ("rank: law", "rank: rule", "rank is 'rule'; it should be one of law"),
        ("published: 2025-06-27", "published: 去年", "published is '去年'; it should be a day"),
        ("published: 2025-06-27", "published: 2025-06-27 10:00:00", "published is .* it should be a day"),
        ("checked: 2026-11-21\n", "", "lacks checked"),
        ("checked:", "colour: red\nchecked:", "has unknown colour"),
        ("complete: false", "complete: maybe", "it should be true or false"),
        ("last_article: 300", "last_article: viele", "the highest article number"),
        ("title: 中华人民共和国样本法", "title: null", "title is None"),
        ("aliases: [样法]", "aliases: 样法", "it should be a list"),
        ("articles: 1-2, 50, 253-1", "articles: 一至二", "articles is '一至二'"),
        ("expired: null", "expired: 2026-01-01", "expired 2026-01-01 is not after effective 2026-01-01"),
        ("expired: null", "expired: 2025-01-01", "expired 2025-01-01 is not after effective 2026-01-01"),
        ("第二条　本法", "第一条　本法", "第一条 stands there twice"),
        ("第五十条　有", "第一条　有", "第一条 stands there twice"),
        ("第一条　为了", "第六十条　为了", "第二条 follows 第六十条; articles ascend"),
        ("articles: 1-2, 50, 253-1", "articles: 1-3, 50, 253-1", "the front matter alone has 3"),
        ("articles: 1-2, 50, 253-1", "articles: 1-2, 50", "the file alone has 253-1"),
        ("last_article: 300", "last_article: 60", "holds 第二百五十三条之一, beyond last_article 60"),
        ("complete: false", "complete: true", "articles are missing: 3-49, 51-300"),
        ("# 中华人民共和国样本法\n", "# 样本法\n", "should open with the heading # 中华人民共和国样本法"),
    ],
)
def test_a_broken_statute_is_refused_with_file_and_problem(old: str, new: str, complaint: str) -> None:
    with pytest.raises(BadStatute, match=complaint) as raised:
        parse_statute(changed(old, new), "样本法-2026-01-01.md")
    assert str(raised.value).startswith("样本法-2026-01-01.md: ")


def test_a_statute_without_articles_is_refused() -> None:
    with pytest.raises(BadStatute, match="holds no article"):
        parse_statute(STATUTE[: STATUTE.index("## 第一编")], "x.md")


def test_every_built_in_statute_is_read_without_complaint() -> None:
    book = load_lawbook()
    assert len(book.versions) >= 40
    for version in book.versions:
        assert tuple(article.number for article in book.articles(version.id)) == version.held


NUMBERS = st.lists(
    st.builds(ArticleNumber, st.integers(1, 1300), st.integers(0, 10)), min_size=1, max_size=30, unique=True
).map(sorted)


@given(NUMBERS)
def test_article_lists_survive_the_round_trip(numbers: list[ArticleNumber]) -> None:
    # 7-3 reads as 第七条之三, so an insert must have the smaller second figure, as every real one has.
    if all(number.sub < number.number for number in numbers):
        assert parse_article_list(format_article_list(numbers)) == tuple(numbers)


def test_article_lists_are_compact() -> None:
    assert format_article_list(parse_article_list("6, 109-111, 253-1")) == "6, 109-111, 253-1"


@given(st.builds(ArticleNumber, st.integers(1, 1300), st.integers(0, 10)))
def test_article_labels_survive_the_round_trip(number: ArticleNumber) -> None:
    assert parse_article_label(article_label(number)) == number


@pytest.mark.parametrize("label", ["", "0", "1-0", "第一条", "1-2-3", "a"])
def test_what_is_no_label_is_refused(label: str) -> None:
    with pytest.raises(BadReference):
        parse_article_label(label)


# --- 款 and 项


def test_paragraphs_and_items_are_found_with_their_places() -> None:
    text = "第五十条　有下列行为之一的，处罚款：\n（一）写信的；\n（二）发信息的。\n有前款第二项行为的，责令禁止接触。"
    first, second = article_parts(text)
    assert first.lead.of(text) == "有下列行为之一的，处罚款："
    assert [(item.number, item.span.of(text)) for item in first.items] == [
        (1, "（一）写信的；"),
        (2, "（二）发信息的。"),
    ]
    assert first.span.of(text) == "有下列行为之一的，处罚款：\n（一）写信的；\n（二）发信息的。"
    assert (second.number, second.span.of(text), second.items) == (2, "有前款第二项行为的，责令禁止接触。", ())


def test_an_article_number_belongs_to_no_paragraph() -> None:
    text = "第二百五十三条之一　违反规定的，处三年以下有期徒刑。"
    (part,) = article_parts(text)
    assert part.span.of(text) == "违反规定的，处三年以下有期徒刑。"


def test_a_text_that_opens_with_another_articles_number_keeps_it() -> None:
    text = "第一条第二款规定的期限为十日。"
    (part,) = article_parts(text)
    assert part.span.of(text) == text


def test_an_empty_text_has_no_parts() -> None:
    assert article_parts("") == ()


def test_every_printed_character_of_every_held_article_stands_in_one_paragraph() -> None:
    book = load_lawbook()
    for version in book.versions:
        for held in book.articles(version.id):
            parts = article_parts(held.text)
            covered = "".join(part.span.of(held.text) for part in parts)
            rest = "".join(held.text.split())[-len("".join(covered.split())) :]
            assert "".join(covered.split()) == rest, (version.id, held.number)
            for part in parts:
                numbers = [item.number for item in part.items]
                assert numbers == list(range(1, len(numbers) + 1)), (version.id, held.number)


# --- other documents


def test_markdown_headings_become_sections_without_their_marks() -> None:
    plain, sections = find_sections(
        "# 怎么办\n\n开头。\n\n## 结论\n\n违法。\n\n### 细节\n\n细。\n\n## 怎么做\n\n报警。", "怎么办"
    )
    assert "#" not in plain
    assert [(section.title, section.level) for section in sections] == [
        ("怎么办", 1),
        ("结论", 2),
        ("细节", 3),
        ("怎么做", 2),
    ]
    assert sections[0].span.of(plain) == plain
    assert sections[1].span.of(plain) == "结论\n\n违法。\n\n细节\n\n细。\n\n"
    assert heading_span(plain, sections[0]).of(plain) == "怎么办"


def test_a_title_that_is_not_in_the_text_has_no_heading_line() -> None:
    plain, (section,) = find_sections("只有正文。", "标题")
    assert (section.title, section.span.of(plain), heading_span(plain, section).of(plain)) == ("标题", "只有正文。", "")


def test_a_hash_inside_a_code_fence_is_no_heading() -> None:
    _, sections = find_sections("## 真\n\n```\n# 假\n```\n", "标题")
    assert [section.title for section in sections] == ["标题", "真"]


def test_chinese_numbered_headings_become_nested_sections() -> None:
    text = "一、违法吗\n大多违法。\n（一）短信\n多次发送的。\n（二）电话\n反复拨打的。\n二、怎么办\n报警。"
    _, sections = find_sections(text, "标题")
    assert [(section.title, section.level) for section in sections] == [
        ("标题", 1),
        ("一、违法吗", 2),
        ("（一）短信", 3),
        ("（二）电话", 3),
        ("二、怎么办", 2),
    ]


def test_the_articles_of_a_contract_become_sections() -> None:
    text = "第一条 借款金额\n甲方向乙方借款一万元。\n第二条 利率\n年利率百分之十。"
    _, sections = find_sections(text, "借款合同")
    assert [section.title for section in sections] == ["借款合同", "第一条 借款金额", "第二条 利率"]


@pytest.mark.parametrize(
    "text",
    [
        "1. 留证据\n截图。\n2. 投诉\n打电话。\n以后的话不属于第二点。",  # a list: what follows is not its last point's
        "一、向平台投诉，要求停止骚扰。\n二、向公安机关报案，说明情况。",  # sentences
        "一、留证据\n二、投诉\n三、报警",  # a bare list
        "一、只有一个\n正文。",
    ],
)
def test_numbered_lists_are_not_taken_for_headings(text: str) -> None:
    _, sections = find_sections(text, "标题")
    assert len(sections) == 1


def test_an_empty_text_has_one_empty_section() -> None:
    plain, (section,) = find_sections("", "标题")
    assert plain == ""
    assert (section.span.start, section.span.end) == (0, 0)


LINES = st.lists(
    st.sampled_from(["# 标题", "## 甲", "### 乙", "#### 丙", "正文。", "", "一、丁", "（一）戊", "```", "  "]),
    max_size=20,
)


@given(LINES)
def test_sections_lie_in_the_text_and_nest_or_follow(lines: list[str]) -> None:
    plain, sections = find_sections("\n".join(lines), "标题")
    for number, section in enumerate(sections):
        assert 0 <= section.span.start <= section.span.end <= len(plain)
        for other in sections[number + 1 :]:
            nested = section.span.end >= other.span.end
            assert nested or section.span.end <= other.span.start


def test_a_documents_id_depends_on_its_text_alone() -> None:
    assert document_id("甲") == document_id("甲") != document_id("乙")
    assert len(document_id("甲")) == 16


def test_the_points_of_an_item_belong_to_it() -> None:
    text = "有下列情形的：\n（一）发布信息，具有下列情形之一的：\n1.一百条以上的；\n2.二千个以上的；\n（二）其他情形。"
    (part,) = article_parts(text)
    assert [item.number for item in part.items] == [1, 2]
    assert part.items[0].span.of(text) == "（一）发布信息，具有下列情形之一的：\n1.一百条以上的；\n2.二千个以上的；"
