"""Passages: an article of law is one, nothing printed is lost, no heading and no article is crossed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.chunking import MAX_ARTICLE_CHARS, MAX_PROSE_CHARS, chunk_document
from corpus.lawbook import LawBook, load_lawbook
from corpus.records import ArticleNumber, Chunk, Document, DocumentInfo, SourceKind
from corpus.structure import document_id, find_sections, heading_span, parse_statute

HEAD = """---
title: 样本法
short_title: 样本法
aliases: []
issuer: 国务院
doc_type: 行政法规
rank: administrative_regulation
published: 2025-06-27
first_effective: null
effective: null
expired: null
superseded_by: null
amended_through: null
address: https://flk.npc.gov.cn/
checked: null
last_article: 9
complete: false
articles: {articles}
---

# 样本法

"""


@pytest.fixture(scope="module")
def book() -> LawBook:
    return load_lawbook()


def prose(text: str, title: str = "标题") -> Document:
    plain, sections = find_sections(text, title)
    info = DocumentInfo(document_id(plain), SourceKind.ARTICLE, title, None, None, None, None, None)
    return Document(info, plain, sections)


def statute(body: str, articles: str) -> Document:
    return parse_statute(HEAD.format(articles=articles) + body, "样本法.md")


def printed(text: str) -> str:
    return "".join(text.split())


def assert_laws_hold(document: Document, chunks: tuple[Chunk, ...]) -> None:
    for chunk in chunks:
        assert document.text[chunk.span.start : chunk.span.end] == chunk.text
        assert chunk.text == chunk.text.strip() != ""
        assert chunk.document_id == document.info.id
    assert all(left.span.end <= right.span.start for left, right in zip(chunks, chunks[1:], strict=False))
    assert len({chunk.id for chunk in chunks}) == len(chunks)
    # Chunks and headings together hold every printed character, in order.
    headings = [heading_span(document.text, section) for section in document.sections if not section.article]
    places = sorted([*(chunk.span for chunk in chunks), *(span for span in headings if span.start < span.end)])
    assert "".join(printed(span.of(document.text)) for span in places) == printed(document.text)
    # No chunk reaches over the edge of a section.
    for section in document.sections:
        for chunk in chunks:
            apart = chunk.span.end <= section.span.start or chunk.span.start >= section.span.end
            inside = section.span.start <= chunk.span.start and chunk.span.end <= section.span.end
            assert apart or inside


def test_an_article_of_law_is_one_passage() -> None:
    document = statute("## 第一章　总则\n\n第一条　甲。\n乙。\n\n## 第二章　罚则\n\n第九条　丙：\n（一）丁。\n", "1, 9")
    chunks = chunk_document(document)
    assert [(chunk.article, chunk.text, chunk.headings) for chunk in chunks] == [
        (ArticleNumber(1), "第一条　甲。\n乙。", ("样本法", "第一章　总则")),
        (ArticleNumber(9), "第九条　丙：\n（一）丁。", ("样本法", "第二章　罚则")),
    ]
    assert_laws_hold(document, chunks)


def test_every_held_article_is_exactly_one_passage(book: LawBook) -> None:
    for version in book.versions:
        document = book.document(version.id)
        chunks = chunk_document(document)
        assert_laws_hold(document, chunks)
        assert tuple(chunk.article for chunk in chunks if chunk.article) == version.held
        assert all(chunk.lead == "" for chunk in chunks)


def test_a_long_article_goes_by_paragraphs_and_later_ones_keep_its_opening() -> None:
    paragraphs = [f"{number}、" + "公民的合法权益受法律保护，" * 25 + "不得侵犯。" for number in "甲乙丙丁"]
    document = statute("第一条　" + "\n".join(paragraphs) + "\n", "1")
    chunks = chunk_document(document)
    assert len(chunks) == 2
    assert [chunk.text.split("、")[0] for chunk in chunks] == ["第一条　甲", "丙"]
    assert [chunk.lead == paragraphs[0] for chunk in chunks] == [False, True]
    assert {chunk.article for chunk in chunks} == {ArticleNumber(1)}
    assert_laws_hold(document, chunks)


def test_a_long_list_of_items_keeps_its_lead() -> None:
    items = [f"（{number}）" + "以其他方法扰乱公共秩序的行为，" * 12 + "；" for number in "一二三四五六七八"]
    document = statute("第一条　有下列行为之一的，处罚款：\n" + "\n".join(items) + "\n依照前款处罚。\n", "1")
    chunks = chunk_document(document)
    assert len(chunks) == 3
    assert chunks[0].lead == ""
    assert chunks[1].lead == "有下列行为之一的，处罚款："
    assert all(len(chunk.text) <= MAX_ARTICLE_CHARS for chunk in chunks)
    assert_laws_hold(document, chunks)


def test_prose_goes_by_section() -> None:
    document = prose("# 标题\n\n开头。\n\n## 结论\n\n违法。\n\n## 怎么做\n\n报警。\n\n投诉。")
    chunks = chunk_document(document)
    assert [(chunk.text, chunk.headings) for chunk in chunks] == [
        ("开头。", ("标题",)),
        ("违法。", ("标题", "结论")),
        ("报警。\n\n投诉。", ("标题", "怎么做")),
    ]
    assert_laws_hold(document, chunks)


def test_a_long_section_is_cut_between_sentences_into_even_pieces() -> None:
    sentence = "催收人员不得骚扰与债务无关的第三人，也不得泄露借款人的隐私。"  # 30 characters
    document = prose(sentence * 20)
    chunks = chunk_document(document)
    assert [len(chunk.text) for chunk in chunks] == [300, 300]
    assert_laws_hold(document, chunks)


def test_a_list_stays_with_the_line_that_introduces_it() -> None:
    filler = "催收人员不得骚扰与债务无关的第三人，也不得泄露借款人的隐私。" * 13
    items = "\n".join(f"- 第{number}个部门的电话和网址" for number in range(1, 6))
    chunks = chunk_document(prose(f"{filler}\n可以向以下部门投诉：\n{items}"))
    (holder,) = [chunk for chunk in chunks if "可以向以下部门投诉：" in chunk.text]
    assert holder.text.endswith("- 第5个部门的电话和网址")


def test_text_without_any_stop_is_cut_all_the_same() -> None:
    document = prose("表" * 2_000)
    chunks = chunk_document(document)
    assert max(len(chunk.text) for chunk in chunks) <= MAX_PROSE_CHARS
    assert_laws_hold(document, chunks)


def test_an_empty_document_has_no_passages() -> None:
    assert chunk_document(prose("")) == chunk_document(prose("# 标题\n\n## 结论\n")) == ()


def test_an_unchanged_passage_keeps_its_id_when_its_neighbour_changes() -> None:
    before = chunk_document(statute("第一条　甲。\n\n第二条　乙。\n", "1-2"))
    after = chunk_document(statute("第一条　丙丙丙。\n\n第二条　乙。\n", "1-2"))
    assert before[1].id == after[1].id
    assert before[0].id != after[0].id


def test_the_same_words_twice_in_a_section_have_two_ids() -> None:
    line = "甲" * 449 + "。"
    chunks = chunk_document(prose(f"{line}\n{line}"))
    assert [chunk.text for chunk in chunks] == [line, line]
    assert len({chunk.id for chunk in chunks}) == 2


LINE = st.sampled_from(
    [
        "## 甲",
        "### 乙",
        "# 标题",
        "正文一句。",
        "一句。又一句！",
        "- 列表项；",
        "1. 第一点",
        "可以：",
        "",
        "表" * 500,
        "“引。”",
        "  ",
    ]
)


@given(st.lists(LINE, max_size=30).map("\n".join))
def test_the_laws_hold_for_any_prose(text: str) -> None:
    document = prose(text)
    chunks = chunk_document(document)
    assert_laws_hold(document, chunks)
    assert all(len(chunk.text) <= MAX_PROSE_CHARS for chunk in chunks)


PARAGRAPH = st.sampled_from(
    [
        "甲方应当履行义务。",
        "有下列情形之一的：\n（一）甲；\n（二）乙。",
        "丙" * 600 + "。",
        "有下列行为之一的：\n" + "\n".join(f"（{n}）" + "丁" * 300 + "；" for n in "一二三四"),
    ]
)


@given(st.lists(st.lists(PARAGRAPH, min_size=1, max_size=4).map("\n".join), min_size=1, max_size=9))
def test_the_laws_hold_for_any_statute(articles: list[str]) -> None:
    numbers = "一二三四五六七八九"
    body = "\n\n".join(f"第{numbers[place]}条　{text}" for place, text in enumerate(articles))
    document = statute(body, f"1-{len(articles)}" if len(articles) > 1 else "1")
    chunks = chunk_document(document)
    assert_laws_hold(document, chunks)
    assert all(len(chunk.text) <= MAX_ARTICLE_CHARS for chunk in chunks)
