from __future__ import annotations

from datetime import date

import pytest

from corpus.cleaning import DropRule, clean
from corpus.errors import EmptyDocument
from corpus.extraction.html import read_html
from corpus.extraction.records import BlockKind, ExtractedDocument, Origin

SENTENCES = (
    "催收人员打电话给同事，先请同事保存通话记录和短信。",
    "银行和消费金融公司的催收问题，可以拨打12378反映。",
    "对方辱骂、恐吓的，可以向公安机关报案，并交出录音。",
)
NAVIGATION = (
    '<div class="top"><a href="/">首页</a><a href="/a">债务追讨</a><a href="/b">婚姻家庭</a></div>'
    '<div>当前位置：<a href="/">首页</a> &gt; <a href="/a">债务追讨</a> &gt; 正文</div>'
)
FOOTER = (
    "<div>版权声明：本文由某某律师事务所发布，未经授权不得转载。</div>"
    '<p>本文链接：<a href="https://law.example/1.html">https://law.example/1.html</a></p>'
    '<div class="related"><h3>相关文章</h3><ul><li><a href="/2">花呗逾期三个月会怎样</a></li></ul></div>'
    "<script>var a = '不可见';</script><p style='display: none'>隐藏的字</p>"
)


def page(content: str) -> bytes:
    return (
        "<!DOCTYPE html><html><head><meta charset='utf-8'><title>打电话给同事怎么办_某某律师网</title></head><body>"
        f"{NAVIGATION}<h1>打电话给同事怎么办</h1><div>来源：某某律师事务所 时间：2025-03-14</div>{content}{FOOTER}"
        "</body></html>"
    ).encode()


def kept_text(extracted: ExtractedDocument) -> list[str]:
    return [block.text for block in clean(extracted).kept]


@pytest.mark.parametrize(
    "content",
    [
        "<article>" + "".join(f"<p>{sentence}</p>" for sentence in SENTENCES) + "</article>",
        "<div class='content'>" + "<br><br>".join(SENTENCES) + "</div>",
        "<article>" + "<br/>".join(SENTENCES) + "</article>",
        "".join(f"<section><span>{sentence}</span></section>" for sentence in SENTENCES),
        "<div>" + "".join(f"<div>{sentence}</div>" for sentence in SENTENCES) + "</div>",
        "<table><tr><td>" + "<br>".join(SENTENCES) + "</td></tr></table>",
    ],
    ids=["p", "br", "br-in-article", "section", "div", "layout-table"],
)
def test_the_article_and_nothing_else_is_kept_however_paragraphs_are_written(content: str) -> None:
    assert kept_text(read_html(page(content), "a.html")) == list(SENTENCES)


SIDEBAR = (
    "<div class='sidebar'><h3>推荐阅读</h3><div><a href='/1'>网贷逾期一天会怎样</a>"
    "<p>网贷逾期一天会怎样？本文为您介绍逾期一天的后果。</p></div><div><a href='/2'>欠条怎么写</a>"
    "<p>欠条的写法有讲究，本文教您写一张有效的欠条。</p></div></div>"
)


@pytest.mark.parametrize(
    "content",
    [
        "<article>" + "".join(f"<section><span>{sentence}</span></section>" for sentence in SENTENCES) + "</article>",
        "<article>" + "<br>".join(SENTENCES) + "</article>",
        "<table><tr><td>" + "<br>".join(SENTENCES) + "</td></tr></table>",
        f"<article><p>{SENTENCES[0]}</p><p>{SENTENCES[1]}</p><ol><li>{SENTENCES[2]}</li></ol></article>",
    ],
    ids=["section", "br", "layout-table", "list"],
)
@pytest.mark.parametrize("place", ["above", "below"])
def test_short_pages_lose_no_sentence_and_take_none_from_the_sidebar(content: str, place: str) -> None:
    # On pages this short trafilatura's precision drops sentences of the article.
    above, below = (SIDEBAR, "") if place == "above" else ("", SIDEBAR)
    markup = f"<html><body>{NAVIGATION}{above}<h1>打电话给同事怎么办</h1>{content}{below}</body></html>"
    kept = kept_text(read_html(markup.encode(), "a.html"))
    assert [text.removeprefix("1. ") for text in kept] == list(SENTENCES)


def test_a_sentence_that_trafilatura_takes_from_the_sidebar_is_given_back() -> None:
    # It knows class="sidebar" for one, but not class="side".
    content = "".join(f"<div>{sentence}</div>" for sentence in SENTENCES)
    markup = page(content).decode().replace("<h1>", SIDEBAR.replace("sidebar", "side") + "<h1>")
    assert kept_text(read_html(markup.encode(), "a.html")) == list(SENTENCES)


def test_facts_come_from_the_page() -> None:
    cleaned = clean(read_html(page("".join(f"<p>{sentence}</p>" for sentence in SENTENCES)), "a.html"))
    assert cleaned.title == "打电话给同事怎么办"
    assert cleaned.publisher == "某某律师事务所"
    assert cleaned.published == date(2025, 3, 14)
    assert cleaned.address == "https://law.example/1.html"
    assert cleaned.origin is Origin.WEB_PAGE


def test_all_that_was_visible_is_accounted_for_and_nothing_hidden() -> None:
    extracted = read_html(page("".join(f"<p>{sentence}</p>" for sentence in SENTENCES)), "a.html")
    text = "\n".join(block.text for block in extracted.blocks)
    assert "婚姻家庭" in text
    assert "花呗逾期三个月会怎样" in text
    assert "不可见" not in text
    assert "隐藏的字" not in text


def test_headings_lists_and_tables_keep_their_kind() -> None:
    content = (
        f"<article><p>{SENTENCES[0]}</p><h2>怎么投诉</h2><p>{SENTENCES[1]}</p><p>需要准备：</p>"
        f"<ol><li>通话录音；</li><li>短信截图。</li></ol><p>{SENTENCES[2]}</p>"
        "<table><tr><td>电话</td><td>用处</td></tr><tr><td>110</td><td>报警</td></tr></table></article>"
    )
    kept = clean(read_html(page(content), "a.html")).kept
    assert (BlockKind.HEADING, "怎么投诉") in [(block.kind, block.text) for block in kept]
    items = [block.text for block in kept if block.kind is BlockKind.LIST_ITEM]
    assert items == ["1. 通话录音；", "2. 短信截图。"]
    rows = [block.text for block in kept if block.kind is BlockKind.TABLE_ROW]
    assert rows == ["电话 | 用处", "110 | 报警"]


def test_reader_comments_are_dropped_as_such() -> None:
    comments = (
        "<div class='comments'><h3>网友评论（2）</h3><div>甲 2025-03-15</div>"
        "<div>根据第四十二条可以罚款五百元，大家试试。</div></div>"
    )
    cleaned = clean(read_html(page("".join(f"<p>{sentence}</p>" for sentence in SENTENCES) + comments), "a.html"))
    dropped = {block.block.text: block.rule for block in cleaned.dropped}
    assert dropped["根据第四十二条可以罚款五百元，大家试试。"] is DropRule.READER_COMMENTS
    assert [block.text for block in cleaned.kept] == list(SENTENCES)


def test_a_declared_chinese_encoding_is_read() -> None:
    data = page("".join(f"<p>{sentence}</p>" for sentence in SENTENCES)).decode()
    encoded = data.replace("charset='utf-8'", "charset='gb2312'").encode("gb18030")
    assert kept_text(read_html(encoded, "a.html")) == list(SENTENCES)


@pytest.mark.parametrize("markup", ["<html><body><script>load()</script></body></html>", "<html></html>", "<!-- -->"])
def test_a_page_that_shows_nothing_is_refused_by_name(markup: str) -> None:
    with pytest.raises(EmptyDocument, match=r"^空\.html：网页里没有可见的文字"):
        read_html(markup.encode(), "空.html")


def test_a_page_nested_beyond_all_measure_is_read() -> None:
    deep = "<div>" * 1500 + f"<p>{SENTENCES[0]}</p>" + "</div>" * 1500
    assert SENTENCES[0] in "\n".join(block.text for block in read_html(page(deep), "a.html").blocks)
