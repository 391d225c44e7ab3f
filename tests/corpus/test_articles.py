"""Our articles say nothing about the law that the law does not say, and each sentence can be quoted alone.

What is tested here is the text in ``corpus/articles`` and ``corpus/channels.toml``, not a program.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from corpus.citations import find_statute_refs
from corpus.frontmatter import split_front_matter
from corpus.lawbook import LawBook, TitleFit, load_lawbook
from corpus.outdated import OutdatedLaw
from corpus.records import Chunk, SourceKind, Span, StatuteRef
from corpus.sentences import find_units, split_sentences
from corpus.validity import ReferenceState, check_reference, find_part

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

REPO_ROOT = Path(__file__).resolve().parents[2]
ARTICLES = REPO_ROOT / "corpus" / "articles"
CHANNELS = REPO_ROOT / "corpus" / "channels.toml"
SOURCES = REPO_ROOT.parent / "shared" / "articles"

FEWEST_ARTICLES = 42
HAN = re.compile(r"[\u4e00-\u9fff]")
SECTION_ORDER = ["结论", "法律依据", "怎么做", "投诉渠道"]
REQUIRED_KEYS = {"title", "publisher", "published", "checked", "topics"}

# The grounds of a sentence: （《民法典》第一千零三十二条第一款、《刑法》第二百四十六条）
BRACKETS = re.compile("（《[^（）]+》[^（）]+）")
ARTICLE_NUMBER = re.compile("第[零一二三四五六七八九十百千]+条")
QUOTATION = re.compile("“([^”]+)”")
OLD_BODIES = re.compile("银监会|银保监会|工商局|工商行政管理")

LEANING_STARTS = ("它", "其一", "该", "此", "这", "上述", "前述", "如下", "以下", "但", "因此", "所以", "同时", "另外")
DANGLING = re.compile("上述|如下|见上文|见下文|前文|后文|下列|以上几")


@dataclass(frozen=True, slots=True)
class OurArticle:
    name: str
    facts: Mapping[str, Any]
    body: str
    sections: Mapping[str, str]

    @property
    def sentences(self) -> Iterator[str]:
        for text in self.sections.values():
            yield from sentences_of(text)


def normalise(text: str) -> str:
    """White space out, NFKC: how statute texts are compared everywhere in the tests."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text))


def sentences_of(text: str) -> list[str]:
    return [span.of(text) for span in split_sentences(text)]


def sections_of(body: str) -> dict[str, str]:
    """Texts by heading, in order; nothing stands before the first heading."""
    before, *rest = re.split(r"^## (\S.*)$", body, flags=re.MULTILINE)
    assert not before.strip(), f"text before the first heading: {before.strip()[:40]}"
    titles, texts = rest[::2], rest[1::2]
    assert len(set(titles)) == len(titles), f"a heading stands twice: {titles}"
    return dict(zip(titles, texts, strict=True))


def read_article(path: Path) -> OurArticle:
    facts, body = split_front_matter(path.read_text(encoding="utf-8"), path.name)
    return OurArticle(path.stem, facts, body, sections_of(body))


@cache
def lawbook() -> LawBook:
    return load_lawbook()


@cache
def grounds_of(sentence: str) -> tuple[StatuteRef, ...]:
    """The articles that ``sentence`` names, wherever it names them."""
    return tuple(ref for ref in find_statute_refs(sentence, lawbook()) if ref.article)


def text_of(ground: StatuteRef, day: date) -> str:
    """The official text that ``ground`` points at: the article, its 款 or its 项 with the words it hangs on.

    Raises AssertionError, with what is wrong, where the ground does not stand on ``day``.
    """
    verdict = check_reference(lawbook(), ground, day)
    assert verdict.state is ReferenceState.IN_FORCE and verdict.article, verdict.message
    assert verdict.title_fit is TitleFit.EXACT, verdict.message
    text, part = verdict.article.text, find_part(verdict.article, ground.paragraph, ground.item)
    assert part, f"there is no {ground.text}"
    paragraph, place = part
    if place is not None:
        return paragraph.lead.of(text) + paragraph.items[place].span.of(text)
    return paragraph.span.of(text) if ground.paragraph else text


@cache
def our_articles() -> tuple[OurArticle, ...]:
    return tuple(read_article(path) for path in sorted(ARTICLES.glob("*.md")))


ALL_ARTICLES = pytest.mark.parametrize("article", our_articles(), ids=lambda article: article.name)


# --- the articles ----------------------------------------------------------------------------------------------


def test_there_are_enough_articles_and_no_title_twice() -> None:
    titles = [article.facts["title"] for article in our_articles()]
    assert len(titles) >= FEWEST_ARTICLES
    assert sorted(titles) == sorted(set(titles))


@ALL_ARTICLES
def test_front_matter_says_who_wrote_it_when_it_was_checked_and_what_it_is_about(article: OurArticle) -> None:
    assert set(article.facts) - {"sources"} == REQUIRED_KEYS
    assert article.facts["publisher"] == "法据"
    assert isinstance(article.facts["published"], date) and isinstance(article.facts["checked"], date)
    assert article.facts["published"] <= article.facts["checked"]
    assert article.facts["topics"] and all(isinstance(topic, str) for topic in article.facts["topics"])
    for source in article.facts.get("sources", []):
        assert set(source) == {"title", "publisher", "address"}
        assert source["title"]
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", article.name)


@ALL_ARTICLES
def test_sections_open_with_the_conclusion_and_keep_their_order(article: OurArticle) -> None:
    titles = list(article.sections)
    assert titles[0] == "结论" and "法律依据" in titles
    known = [title for title in titles if title in SECTION_ORDER]
    assert known == sorted(known, key=SECTION_ORDER.index)
    assert all(text.strip() for text in article.sections.values())


@ALL_ARTICLES
def test_article_has_400_to_1200_chinese_characters(article: OurArticle) -> None:
    assert 400 <= len(HAN.findall(article.body)) <= 1200


@ALL_ARTICLES
def test_every_sentence_stands_alone(article: OurArticle) -> None:
    for title, text in article.sections.items():
        for line in filter(None, map(str.strip, text.splitlines())):
            assert sentences_of(line) == [line], f"one sentence a line: {line}"
            assert line.endswith("。"), line
            assert not line.startswith(LEANING_STARTS), line
            assert not DANGLING.search(BRACKETS.sub("", line)), line
            assert 12 <= len(line) <= 150, f"{len(line)} characters: {line}"
        chunk = Chunk("c", "d", text, Span(0, len(text)), (str(article.facts["title"]), title))
        quotable = [unit.text for unit in find_units(chunk, SourceKind.ARTICLE)]
        assert quotable == sentences_of(text), "a sentence that the program cannot quote alone"


@ALL_ARTICLES
def test_every_sentence_of_the_legal_basis_names_its_ground(article: OurArticle) -> None:
    for sentence in sentences_of(article.sections["法律依据"]):
        assert grounds_of(sentence) and sentence.endswith("）。"), sentence


@ALL_ARTICLES
def test_every_ground_is_held_and_in_force_on_the_checked_day(article: OurArticle) -> None:
    for sentence in article.sentences:
        for ground in grounds_of(sentence):
            text_of(ground, article.facts["checked"])


@ALL_ARTICLES
def test_grounds_stand_in_brackets_at_the_end_and_nowhere_else(article: OurArticle) -> None:
    for sentence in article.sentences:
        brackets = list(BRACKETS.finditer(sentence))
        assert len(brackets) == bool(grounds_of(sentence)), sentence
        for bracket in brackets:
            assert sentence[bracket.end() :] == "。", sentence
            assert len(grounds_of(sentence)) == len(ARTICLE_NUMBER.findall(bracket[0])), sentence
            for ground in grounds_of(sentence):
                assert bracket.start() < ground.span.start and ground.span.end < bracket.end(), sentence


@ALL_ARTICLES
def test_what_stands_in_quotation_marks_is_verbatim_in_the_article_it_names(article: OurArticle) -> None:
    for sentence in article.sentences:
        texts = [normalise(text_of(ground, article.facts["checked"])) for ground in grounds_of(sentence)]
        for quotation in QUOTATION.findall(sentence):
            assert any(normalise(quotation) in text for text in texts), sentence


@ALL_ARTICLES
def test_every_day_number_and_amount_of_a_grounded_sentence_stands_in_its_ground(article: OurArticle) -> None:
    for sentence in article.sentences:
        texts = [_arabic(text_of(ground, article.facts["checked"])) for ground in grounds_of(sentence)]
        for quantity in _quantities(BRACKETS.sub("", sentence)) if texts else ():
            assert any(quantity in text for text in texts), f"{quantity} in {sentence}"


@ALL_ARTICLES
def test_no_sentence_repeats_expired_law_or_sends_to_a_body_that_is_gone(article: OurArticle) -> None:
    outdated = OutdatedLaw(lawbook(), article.facts["checked"])
    for sentence in article.sentences:
        assert outdated.find(sentence) is None and not OLD_BODIES.search(sentence), sentence


# 一次, 一条, 一年, 每天 in ordinary speech claim nothing, dates of the calendar are no quantities of the law, and
# 「」 holds what other people write, right or wrong.
EVERYDAY = re.compile(r"[0-9]{4}年(?:[0-9]{1,2}月)?(?:[0-9]{1,2}日)?|一[次条天日年倍]|每[天日年]")
NUMBER = "[0-9]+万?|[一二三四五六七八九十百千万]+"
QUANTITY = re.compile(rf"(?<![第零一二三四五六七八九十百千几])(?:{NUMBER})(?:个月|个工作日|年|日|元|小时|次|条|倍)")


def _quantities(sentence: str) -> Iterator[str]:
    for match in QUANTITY.finditer(EVERYDAY.sub("", re.sub("「[^」]*」", "", sentence))):
        yield _arabic(match[0])


def _arabic(text: str) -> str:
    """Chinese numerals as figures, so that 二年, ２年 and 2年, 五十万元 and 50万元 are the same."""
    plain = unicodedata.normalize("NFKC", text).replace("两", "二")
    return re.sub(r"([0-9零一二三四五六七八九十百千]*)(万?)", _figures, plain)


def _figures(match: re.Match[str]) -> str:
    if not match[1]:
        return match[0]
    value = int(match[1]) if match[1].isascii() else _value(match[1])
    return str(value * 10_000 if match[2] else value)


def _value(chinese: str) -> int:
    total, digit = 0, 0
    for character in chinese:
        if character in "十百千":
            total += (digit or 1) * {"十": 10, "百": 100, "千": 1000}[character]
            digit = 0
        elif character.isascii():
            digit = digit * 10 + int(character)
        else:
            digit = "零一二三四五六七八九".index(character)
    return total + digit


# --- our words, not theirs -------------------------------------------------------------------------------------

LONGEST_SHARED_RUN = 31


def test_no_article_shares_32_characters_with_a_source_except_statute_text() -> None:
    if not SOURCES.is_dir():
        pytest.skip(f"no source articles to compare with at {SOURCES}")
    width = LONGEST_SHARED_RUN + 1
    law = "\n".join(normalise(lawbook().document(version.id).text) for version in lawbook().versions)
    sources = {path.name: normalise(path.read_text(encoding="utf-8")) for path in sorted(SOURCES.glob("*.txt"))}
    assert sources
    for article in our_articles():
        ours = normalise(article.body)
        for start in range(len(ours) - width + 1):
            run = ours[start : start + width]
            if any(run in text for text in sources.values()):
                assert run in law, f"{article.name} shares with a source: {run}"


def test_each_source_article_has_one_article_of_ours_that_names_it() -> None:
    if not SOURCES.is_dir():
        pytest.skip(f"no source articles to compare with at {SOURCES}")
    texts = [normalise(path.read_text(encoding="utf-8")) for path in sorted(SOURCES.glob("*.txt"))]
    named = [source for article in our_articles() for source in article.facts.get("sources", [])]
    assert len(named) == len(texts)
    for text in texts:
        fitting = [source for source in named if normalise(source["title"]) in text]
        exact = [source for source in fitting if source["address"] is None or source["address"] in text]
        assert len(exact) == 1, f"{len(exact)} of our articles name the source that opens {text[:40]}"


# --- channels --------------------------------------------------------------------------------------------------

CHANNEL_KEYS = {
    "id",
    "name",
    "number",
    "address",
    "reach",
    "body",
    "handles",
    "not_handles",
    "basis",
    "when",
    "checked",
    "confidence",
    "note",
}
OPTIONAL_CHANNEL_KEYS = {"number", "address", "reach", "basis"}
CONFIDENCE = {"verified", "common-knowledge", "unverified"}
WANTED_NUMBERS = {
    *("110", "120", "12110", "12378", "12363", "12321", "12300", "12345"),
    *("12315", "12348", "12337", "12377", "12309", "12368", "12356", "96110"),
}


@cache
def channels() -> tuple[Mapping[str, Any], ...]:
    return tuple(tomllib.loads(CHANNELS.read_text(encoding="utf-8"))["channel"])


ALL_CHANNELS = pytest.mark.parametrize("channel", channels(), ids=lambda channel: channel["id"])


def test_the_channels_that_a_person_needs_are_there_once() -> None:
    identities = [channel["id"] for channel in channels()]
    assert sorted(identities) == sorted(set(identities))
    numbers = [channel["number"] for channel in channels() if "number" in channel]
    assert sorted(numbers) == sorted(set(numbers))
    assert set(numbers) >= WANTED_NUMBERS


@ALL_CHANNELS
def test_channel_says_what_it_handles_what_not_and_how_sure_we_are(channel: Mapping[str, Any]) -> None:
    assert CHANNEL_KEYS >= set(channel) >= CHANNEL_KEYS - OPTIONAL_CHANNEL_KEYS
    assert channel.get("number") or channel.get("address") or channel.get("reach")
    assert re.fullmatch(r"[0-9-]+", channel.get("number", "0"))
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", channel["id"])
    assert channel["confidence"] in CONFIDENCE
    assert isinstance(channel["checked"], date)
    for key in ("handles", "not_handles"):
        assert channel[key] and all(isinstance(entry, str) and entry for entry in channel[key])
    assert channel["note"] and channel["when"] and channel["body"]


@ALL_CHANNELS
def test_channel_address_is_the_root_of_an_official_site(channel: Mapping[str, Any]) -> None:
    if "address" in channel:
        assert re.fullmatch(r"https://[a-z0-9.-]+\.(?:gov\.cn|org\.cn|cn)/", channel["address"])


@ALL_CHANNELS
def test_channel_rests_on_articles_that_are_held(channel: Mapping[str, Any]) -> None:
    for basis in channel.get("basis", []):
        grounds = grounds_of(basis)
        assert grounds, basis
        for ground in grounds:
            text_of(ground, channel["checked"])


def test_the_articles_give_no_number_that_is_not_a_channel() -> None:
    known = {channel["number"] for channel in channels() if "number" in channel} | {"119"}
    for article in our_articles():
        for written in re.findall(r"(?<![0-9.])(?:1[0-9]{2}|1[0-9]{4}|9[0-9]{4})(?![0-9%.])", article.body):
            assert written in known, f"{article.name} names {written}"
