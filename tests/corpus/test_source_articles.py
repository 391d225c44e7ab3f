"""The five raw source articles, cleaned: the article and nothing else.

They lie outside the checkout and are never committed; where they are absent, these tests skip. Sentences are held
to their length and hash, so that no text of theirs stands here.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import pytest

from corpus.cleaning import CleanedDocument, DropRule
from corpus.reading import read_path, show_file
from corpus.records import Document, SourceKind
from corpus.sentences import split_sentences

REPO_ROOT = Path(__file__).resolve().parents[2]
ARTICLES = REPO_ROOT.parent / "shared" / "articles"

pytestmark = pytest.mark.skipif(not ARTICLES.is_dir(), reason=f"no source articles at {ARTICLES}")

FURNITURE = (
    *(
        "当前位置",
        "相关文章",
        "相关内容",
        "扫描二维码",
        "版权",
        "本文链接",
        "分享给朋友",
        "网站地图",
        "To Top",
        "上一篇",
    ),
    *("下一篇", "点赞", "收藏", "#", "标签", "发布时间", "来源:", "编辑:", "精彩评论", "头像", "新媒体", "社会新闻"),
    *("凯发", "未经授权", "转载", "下期再见", "王老吉", "---"),
)


@dataclass(frozen=True)
class Expected:
    """What one file must give. A sentence is its length and the first 16 digits of its SHA-256."""

    title: str
    publisher: str | None
    published: str | None
    host: str | None
    page: str | None
    first: tuple[int, str]
    last: tuple[int, str]
    kept_share: float
    rules: str


EXPECTED = {
    "000": Expected(
        title="平台催收爆通讯录违法吗?遭遇了该怎么办?",
        publisher="即问律师",
        published=None,
        host="www.jiwenlaw.com",
        page="xc54l9d42mz0.html",
        first=(88, "a06c830d332e6fa4"),
        last=(33, "0657379aaf0965e7"),
        kept_share=0.36,
        rules="BREADCRUMB COPYRIGHT DUPLICATE_TITLE NAVIGATION QR_CODE RELATED SHARE SOURCE_LINK",
    ),
    "001": Expected(
        title="网商贷逾期几天就爆通讯录,真的合法吗?我该怎么办?",
        publisher="浙江合飞律师事务所",
        published=None,
        host="www.hefeilaws.com",
        page="810324.html",
        first=(9, "5a0529d9a0b283cc"),
        last=(29, "5191d3600916b510"),
        kept_share=0.41,
        rules="BEGGING BREADCRUMB COPYRIGHT DUPLICATE_TITLE HASHTAGS QR_CODE RELATED SOURCE_LINK",
    ),
    "002": Expected(
        title="催收匿名给通讯录发短信违法吗?该怎么应对?",
        publisher="即问律师",
        published=None,
        host="www.jiwenlaw.com",
        page="8ll38522w5zn.html",
        first=(87, "868bb6cc8ae2b5bf"),
        last=(34, "c53533b4c5757f1e"),
        kept_share=0.37,
        rules="BREADCRUMB COPYRIGHT DUPLICATE_TITLE HASHTAGS NAVIGATION QR_CODE RELATED SHARE SOURCE_LINK",
    ),
    "003": Expected(
        title="催收被爆通讯录怎么处理:详解应对策略及法律风险分析",
        publisher=None,
        published="2025-06-26",
        host=None,
        page=None,
        first=(37, "df6f2f47b06aad32"),
        last=(51, "08ef619adf846a8d"),
        kept_share=0.54,
        rules="BYLINE DUPLICATE_TITLE NAVIGATION RELATED",
    ),
    "004": Expected(
        title="网贷发短信通讯录怎么处理",
        publisher="逾期动态-合作伙伴",
        published="2025-03-14",
        host="www.tsxnews.com.cn",
        page="611566.html",
        first=(2, "ef6fba91718f20ee"),
        last=(47, "e9717e4716b51279"),
        kept_share=0.59,
        rules="AFTER_ARTICLE BYLINE COPYRIGHT DUPLICATE_TITLE NEIGHBOURS READER_COMMENTS SEPARATOR SOURCE_LINK",
    ),
}


def article(number: str) -> CleanedDocument:
    return show_file(next(ARTICLES.glob(f"{number}_*.txt")))


def sentences(document: CleanedDocument) -> list[str]:
    text = "\n".join(block.text for block in document.kept)
    return [span.of(text) for span in split_sentences(text)]


def signature(sentence: str) -> tuple[int, str]:
    return len(sentence), hashlib.sha256(sentence.encode()).hexdigest()[:16]


@pytest.mark.parametrize("number", EXPECTED)
def test_title_publisher_day_and_address_are_extracted(number: str) -> None:
    document, expected = article(number), EXPECTED[number]
    assert document.title == expected.title
    assert document.publisher == expected.publisher
    assert (document.published.isoformat() if document.published else None) == expected.published
    if expected.host is None or expected.page is None:
        assert document.address is None
    else:
        assert document.address is not None
        assert expected.host in document.address
        assert document.address.endswith(expected.page)


@pytest.mark.parametrize("number", EXPECTED)
def test_the_article_is_kept_from_its_first_to_its_last_sentence(number: str) -> None:
    found = sentences(article(number))
    assert signature(found[0]) == EXPECTED[number].first
    assert signature(found[-1]) == EXPECTED[number].last


@pytest.mark.parametrize("number", EXPECTED)
def test_no_furniture_is_left(number: str) -> None:
    document = article(number)
    text = "\n".join(block.text for block in document.kept)
    assert [word for word in FURNITURE if word in text] == []
    assert document.title not in [block.text for block in document.kept]


@pytest.mark.parametrize("number", EXPECTED)
def test_each_drop_names_its_rule(number: str) -> None:
    document = article(number)
    rules = {DropRule(block.rule).name for block in document.dropped}
    assert " ".join(sorted(rules)) == EXPECTED[number].rules


@pytest.mark.parametrize("number", EXPECTED)
def test_the_kept_share_stays_where_it_was_measured(number: str) -> None:
    # The rest is menus, lists of other articles with their teasers, and in 004 five reader comments.
    assert article(number).kept_share == pytest.approx(EXPECTED[number].kept_share, abs=0.01)


def test_spam_and_replaced_words_are_repaired_and_recorded() -> None:
    repairs = {number: [repair.before for repair in article(number).repairs] for number in EXPECTED}
    assert repairs["000"] == repairs["002"] == ["凯发平台网址的"]
    assert repairs["004"] == ["之一"]
    assert repairs["001"] == repairs["003"] == []


def test_all_five_are_read_as_articles_to_be_cited() -> None:
    documents = list(read_path(ARTICLES))
    assert all(isinstance(document, Document) for document in documents)
    infos = [document.info for document in documents if isinstance(document, Document)]
    assert [info.title for info in infos] == [expected.title for expected in EXPECTED.values()]
    assert {info.kind for info in infos} == {SourceKind.ARTICLE}
