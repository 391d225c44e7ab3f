"""The table of moved articles says nothing that the texts before and after do not bear out."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path

import pytest

from corpus.lawbook import LawBook, MovedArticle, load_lawbook, load_tables
from corpus.numerals import parse_numeral
from corpus.records import ArticleNumber

REPO_ROOT = Path(__file__).resolve().parents[2]
REFERENCE = REPO_ROOT.parent / "shared" / "reference" / "statutes"

# Old and new text both lie in the reference for these; the others were compared when they were written.
TEXTS = {
    "治安管理处罚法-2013-01-01": "治安管理处罚法(2012).md",
    "治安管理处罚法-2026-01-01": "治安管理处罚法.md",
    "网络安全法-2017-06-01": "网络安全法(2016).md",
    "网络安全法-2026-01-01": "网络安全法.md",
}
# 由X提高到Y, 由“X”改为“Y”, “X”改为“Y”: X is what stood before, Y what stands now.
RAISED = re.compile(r"由([一二三四五六七八九十百千]+[元日])(?:以下|以上)?提高到([一二三四五六七八九十百千]+[元日])")
REPLACED = re.compile(r"“([^”]+)”改为“([^”]+)”")
QUOTED = re.compile(r"“([^”]+)”")
UNCHANGED = ("内容未变，只是条号变动。", "内容和条号都未变。")


@pytest.fixture(scope="module")
def book() -> LawBook:
    return load_lawbook()


def moved() -> tuple[MovedArticle, ...]:
    return load_tables().moved


def rows_of(from_version: str, number: int) -> list[MovedArticle]:
    return [row for row in moved() if row.from_version == from_version and row.from_article == ArticleNumber(number)]


@pytest.mark.parametrize(
    ("from_version", "old", "new"),
    [
        ("治安管理处罚法-2013-01-01", 26, [30]),
        ("治安管理处罚法-2013-01-01", 40, [47]),
        ("治安管理处罚法-2013-01-01", 42, [50]),
        ("治安管理处罚法-2013-01-01", 49, [58, 59]),
        ("治安管理处罚法-2013-01-01", 51, [62]),
        ("治安管理处罚法-2013-01-01", 99, [118]),
        ("网络安全法-2017-06-01", 40, [42]),
        ("网络安全法-2017-06-01", 41, [43]),
        ("网络安全法-2017-06-01", 42, [44]),
        ("网络安全法-2017-06-01", 43, [45]),
        ("网络安全法-2017-06-01", 44, [46]),
        ("网络安全法-2017-06-01", 64, [71]),
        ("网络安全法-2017-06-01", 74, [76]),
        ("网络安全法-2017-06-01", 76, [78]),
        ("民间借贷规定-2015-09-01", 26, [25]),
        ("侵权责任法-2010-07-01", 36, [1194, 1195, 1197]),
        ("民事诉讼法-2017-07-01", 119, [122]),
    ],
)
def test_an_old_article_leads_to_its_successors(from_version: str, old: int, new: list[int]) -> None:
    assert [row.to_article for row in rows_of(from_version, old)] == [ArticleNumber(number) for number in new]


def test_the_fine_for_harassing_messages_rose_from_500_to_1000_yuan() -> None:
    (row,) = rows_of("治安管理处罚法-2013-01-01", 42)
    assert "罚款上限都由五百元提高到一千元" in row.change
    assert "禁止接触" in row.change


def test_every_target_is_a_version_held_and_a_number_that_it_has(book: LawBook) -> None:
    for row in moved():
        version = book.version(row.to_version)
        assert version is not None, f"{row.to_version} is not held"
        if row.to_article is not None:
            assert row.to_article.number <= (version.last_article or 0), row


def test_held_says_whether_the_target_text_is_in_its_file(book: LawBook) -> None:
    for row in moved():
        if row.to_article is not None:
            assert row.held == (book.article(row.to_version, row.to_article) is not None), row


def test_every_article_of_a_replaced_version_that_is_held_has_a_row(book: LawBook) -> None:
    replaced = [version for version in book.versions if version.superseded_by]
    assert {version.id for version in replaced} >= {"治安管理处罚法-2013-01-01", "网络安全法-2017-06-01"}
    for version in replaced:
        told = {row.from_article for row in moved() if row.from_version == version.id}
        assert set(version.held) <= told, version.id


def test_no_row_stands_twice() -> None:
    keys = [(row.from_version, row.from_article, row.to_article) for row in moved()]
    assert len(keys) == len(set(keys))


def test_rows_of_one_version_follow_the_old_order_and_agree_on_law_and_target() -> None:
    for name in {row.from_version for row in moved()}:
        rows = [row for row in moved() if row.from_version == name]
        assert [row.from_article for row in rows] == sorted(row.from_article for row in rows), name
        assert len({(row.law, row.to_version) for row in rows}) == 1, name
        assert name.startswith(f"{rows[0].law}-"), name


def test_each_change_is_a_full_sentence_in_full_width_marks() -> None:
    for row in moved():
        assert row.change.endswith("。"), row
        assert not re.search(r"[,;:()?!\"']", row.change), row


def test_the_nine_laws_that_the_civil_code_repealed_ended_on_2021_01_01(book: LawBook) -> None:
    nine = ["婚姻法", "继承法", "民法通则", "收养法", "担保法", "合同法", "物权法", "侵权责任法", "民法总则"]
    for name in nine:
        known = book.known_law(name)
        assert known is not None and known.expired == date(2021, 1, 1), name
        assert known.successor == "民法典"
        assert book.resolve_title(f"《中华人民共和国{name}》") == name
    text = book.article("民法典-2021-01-01", ArticleNumber(1260))
    assert text is not None
    assert all(f"《中华人民共和国{name}》" in text.text for name in nine)


def plain(text: str) -> str:
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text))


def official_articles(file_name: str) -> Mapping[ArticleNumber, str]:
    """Article texts without their numbers, normalised."""
    body = (REFERENCE / file_name).read_text(encoding="utf-8")
    found = re.findall(r"^第([一二三四五六七八九十百千零]+)条[ 　](.*?)(?=\n\n|\Z)", body, re.MULTILINE | re.DOTALL)
    return {ArticleNumber(parse_numeral(number)): plain(text) for number, text in found}


def compared_rows() -> Iterator[tuple[MovedArticle, str, str]]:
    """Rows with the official text before and after (empty where the matter was dropped)."""
    texts = {version: official_articles(name) for version, name in TEXTS.items()}
    for row in moved():
        if row.from_version in texts:
            after = texts[row.to_version][row.to_article] if row.to_article else ""
            yield row, texts[row.from_version][row.from_article], after


@pytest.mark.skipif(not REFERENCE.is_dir(), reason=f"no official texts to compare with at {REFERENCE}")
class TestAgainstTheOfficialTexts:
    def test_every_old_article_is_told_of(self) -> None:
        for version in ("治安管理处罚法-2013-01-01", "网络安全法-2017-06-01"):
            told = {row.from_article for row in moved() if row.from_version == version}
            assert told == set(official_articles(TEXTS[version]))

    def test_an_article_said_to_be_unchanged_is_the_same_to_the_character(self) -> None:
        same = [
            pair for pair in compared_rows() if pair[0].change in ("内容未变，只是条号变动。", "内容和条号都未变。")
        ]
        assert len(same) > 80
        assert [row for row, before, after in same if before != after] == []

    def test_an_article_said_to_have_changed_has_changed(self) -> None:
        changed = [pair for pair in compared_rows() if not pair[0].change.startswith("内容")]
        assert [row for row, before, after in changed if before == after] == []

    def test_what_a_change_quotes_stands_in_the_old_or_the_new_article(self) -> None:
        for row, before, after in compared_rows():
            for quote in QUOTED.findall(row.change):
                assert plain(quote) in before + after, (row, quote)

    def test_what_was_raised_or_replaced_stood_in_the_old_and_its_successor_stands_in_the_new(self) -> None:
        pairs = 0
        for row, before, after in compared_rows():
            for old, new in RAISED.findall(row.change) + REPLACED.findall(row.change):
                assert plain(old) in before, (row, old)
                assert plain(new) in after, (row, new)
                pairs += 1
        assert pairs > 70
