"""Every held statute article equals the official text, to the character.

The parser here is on purpose not the program's own: what it checks would otherwise check itself.
The reference lies outside the checkout and is never committed; where it is absent, the comparisons
skip and only the laws that a file can be held to alone remain.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path

import pytest

REPO_ROOT = Path(__file__).resolve().parents[2]
STATUTES = REPO_ROOT / "corpus" / "statutes"
REFERENCE = REPO_ROOT.parent / "shared" / "reference" / "statutes"
NO_REFERENCE = f"no official texts to compare with at {REFERENCE}"

Number = tuple[int, int]
"""(253, 1) is 第二百五十三条之一; the second is 0 where there is no 之."""

REQUIRED_KEYS = [
    "title",
    "short_title",
    "aliases",
    "issuer",
    "doc_type",
    "rank",
    "published",
    "first_effective",
    "effective",
    "expired",
    "superseded_by",
    "amended_through",
    "address",
    "checked",
    "last_article",
    "complete",
    "articles",
]
RANKS = {
    "law": "法律",
    "administrative_regulation": "行政法规",
    "judicial_interpretation": "司法解释",
    "departmental_rule": "部门规章",
    "normative_document": "规范性文件",
}
COMPARED_FACTS = ("title", "published", "effective", "expired")
FACTS_BESIDE_DATES = ("title", "expired", "amended_through")

ARTICLE_START = re.compile(r"第([零〇一二三四五六七八九十百千]+)条(?:之([一二三四五六七八九十]+))?[ 　]")
POINT_START = re.compile(r"([一二三四五六七八九十]+)、")
HEADING = re.compile(r"(#{1,6}) +(.+)")
ITEM_RUN_ON = re.compile(r"[；;][（(][一二三四五六七八九十]+[）)]")
LINE_ENDS = "。；：:;”》）！"


@dataclass(frozen=True, slots=True)
class StatuteText:
    """One Markdown file taken apart: its front matter, its articles by number in file order, all else.

    An article's lines (款 and 项) are normalised, and so are its headings, outermost first.
    """

    facts: Mapping[str, str | None]
    numbers: tuple[Number, ...]
    lines: Mapping[Number, tuple[str, ...]]
    headings: Mapping[Number, tuple[str, ...]]
    other_blocks: tuple[str, ...]
    raw: Mapping[Number, str]


def normalise(text: str) -> str:
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text))


def value_of(chinese: str) -> int:
    """第一千二百六十条 counts to 千; 十二 is 12, 一百零三 is 103."""
    total, digit = 0, 0
    for character in chinese:
        if character in "十百千":
            total += (digit or 1) * {"十": 10, "百": 100, "千": 1000}[character]
            digit = 0
        else:
            digit = "零一二三四五六七八九".find(character.replace("〇", "零"))
    return total + digit


def label(number: Number) -> str:
    return f"{number[0]}-{number[1]}" if number[1] else str(number[0])


def front_matter(text: str) -> tuple[dict[str, str | None], str]:
    """Flat `key: value` pairs and what follows them."""
    match = re.match(r"---\n(.*?)\n---\n", text, re.DOTALL)
    assert match, "a statute file opens with front matter between --- lines"
    facts: dict[str, str | None] = {}
    for line in match.group(1).split("\n"):
        key, colon, value = line.partition(":")
        assert colon and key == key.strip(), f"front matter line is not `key: value`: {line!r}"
        value = re.sub(r"\s+#.*$", "", value.strip()).strip("\"'")
        facts[key] = None if value in ("null", "~", "") else value
    return facts, text[match.end() :]


def article_number(first_line: str, by_points: bool) -> Number | None:
    if by_points:
        point = POINT_START.match(first_line)
        return (value_of(point.group(1)), 0) if point else None
    article = ARTICLE_START.match(first_line)
    return (value_of(article.group(1)), value_of(article.group(2) or "")) if article else None


def parse(text: str) -> StatuteText:
    facts, body = front_matter(text)
    # A decision without 第X条 counts its points 一、二、 instead.
    by_points = not re.search(r"^" + ARTICLE_START.pattern, body, re.MULTILINE)
    numbers: list[Number] = []
    lines: dict[Number, tuple[str, ...]] = {}
    headings: dict[Number, tuple[str, ...]] = {}
    raw: dict[Number, str] = {}
    others: list[str] = []
    chain: list[tuple[int, str]] = []
    for block in re.split(r"\n[ 　\t]*\n+", body.strip("\n")):
        heading = HEADING.fullmatch(block.strip())
        number = article_number(block, by_points)
        if heading:
            chain = reopened(chain, heading_rank(heading.group(2)), normalise(heading.group(2)))
        elif number is None:
            others.append(normalise(block))
        else:
            numbers.append(number)
            raw[number] = block
            lines[number] = tuple(normalise(line) for line in block.split("\n"))
            headings[number] = tuple(name for _, name in chain)
    return StatuteText(facts, tuple(numbers), lines, headings, tuple(others), raw)


def heading_rank(heading: str) -> int:
    """编 1, 分编 2, 章 3, 节 4; the title 0. The words decide, since files differ in their # levels."""
    if heading == "附则":  # the Civil Code's own last part, beside its seven 编
        return 1
    if re.match(r"[一二三四五六七八九十]+、", heading):  # an interpretation's sections
        return 3
    unit = re.match(r"第[一二三四五六七八九十百]+(编|分编|章|节)", heading)
    return {"编": 1, "分编": 2, "章": 3, "节": 4}[unit.group(1)] if unit else 0


def reopened(chain: list[tuple[int, str]], rank: int, name: str) -> list[tuple[int, str]]:
    kept = [outer for outer in chain if outer[0] < rank]
    return kept if rank == 0 else [*kept, (rank, name)]


def declared_numbers(articles: str) -> tuple[Number, ...]:
    """`6, 109-111, 253-1` names 6, 109, 110, 111 and 253之一: an inserted article's second figure is the smaller."""
    numbers: list[Number] = []
    for part in re.split(r"[,，]\s*", articles.strip("[]")):
        first, dash, second = part.strip().partition("-")
        if not dash:
            numbers.append((int(first), 0))
        elif int(second) < int(first):
            numbers.append((int(first), int(second)))
        else:
            numbers.extend((number, 0) for number in range(int(first), int(second) + 1))
    return tuple(numbers)


def compact(numbers: tuple[Number, ...]) -> str:
    """The inverse of `declared_numbers`, for the message that says what to write."""
    parts: list[list[Number]] = []
    for number in numbers:
        if number[1] == 0 and parts and parts[-1][-1] == (number[0] - 1, 0):
            parts[-1].append(number)
        else:
            parts.append([number])
    return ", ".join(label(run[0]) if len(run) == 1 else f"{run[0][0]}-{run[-1][0]}" for run in parts)


def first_difference(ours: str, official: str) -> str:
    for tag, a, b, c, d in SequenceMatcher(None, ours, official, autojunk=False).get_opcodes():
        if tag != "equal":
            before = ours[max(0, a - 12) : a]
            return f"…{before}【ours: {ours[a:b]} | official: {official[c:d]}】{ours[b : b + 12]}…"
    return "no difference"


def own_faults(path: Path) -> Iterator[str]:
    """What is wrong with a file before anything is compared."""
    text = path.read_text(encoding="utf-8")
    if "\r" in text or not text.endswith("\n") or text.endswith("\n\n"):
        yield "lines end in LF and the file in exactly one"
    statute = parse(text)
    facts = statute.facts
    if list(facts) != REQUIRED_KEYS:
        yield f"front matter keys are not, in this order, {REQUIRED_KEYS}"
        return
    if path.stem != f"{facts['short_title']}-{facts['effective'] or facts['published']}":
        yield "file name is not <short_title>-<effective>.md"
    if RANKS.get(facts["rank"] or "") != facts["doc_type"]:
        yield f"doc_type {facts['doc_type']} and rank {facts['rank']} disagree"
    if f"\n# {facts['title']}\n" not in text:
        yield "the # heading is not the title"
    for key in ("published", "first_effective", "effective", "expired", "amended_through", "checked"):
        if facts[key] is not None and not re.fullmatch(r"\d{4}-\d{2}-\d{2}", facts[key] or ""):
            yield f"{key} is not an ISO date: {facts[key]}"
    if facts["superseded_by"] and not (path.parent / f"{facts['superseded_by']}.md").exists():
        yield f"superseded_by names no file: {facts['superseded_by']}"
    if list(statute.numbers) != sorted(set(statute.numbers)):
        yield f"articles do not ascend: {compact(statute.numbers)}"
    if not statute.numbers:
        yield "holds no article"
        return
    if declared_numbers(facts["articles"] or "0") != statute.numbers:
        yield f"front matter says articles: {facts['articles']}, the file holds: {compact(statute.numbers)}"
    if max(statute.numbers)[0] > int(facts["last_article"] or 0):
        yield f"holds articles beyond last_article {facts['last_article']}"
    yield from line_faults(statute)
    yield from heading_faults(text)


def line_faults(statute: StatuteText) -> Iterator[str]:
    for number, block in statute.raw.items():
        if ARTICLE_START.match(block) and not re.match(r"\S+　\S", block):
            yield f"article {label(number)}: one full-width space follows its number"
        for line in block.split("\n"):
            if line != line.strip() or not line:
                yield f"article {label(number)}: space around {line[:16]!r}"
            elif line[-1] not in LINE_ENDS:
                yield f"article {label(number)}: a line ends in mid-sentence: {line[-16:]!r}"
            if ITEM_RUN_ON.search(line):
                yield f"article {label(number)}: two 项 in one line: {line[:24]!r}"
            if re.search(r"[\u4e00-\u9fff][,;:()?!]|[,;:()?!][\u4e00-\u9fff]", line):
                yield f"article {label(number)}: half-width punctuation in {line[:24]!r}"


def heading_faults(text: str) -> Iterator[str]:
    """A heading holds an article, and its # level follows from what stands above it."""
    chain: list[int] = []
    lines = text.split("\n")
    marks = [(place, HEADING.fullmatch(line)) for place, line in enumerate(lines)]
    for place, mark in marks:
        if not mark:
            continue
        rank = heading_rank(mark.group(2))
        chain = [outer for outer in chain if outer < rank] + ([rank] if rank else [])
        if len(mark.group(1)) != len(chain) + 1:
            yield f"heading level: {mark.group(0)} should have {len(chain) + 1} #"
        following = next((line for line in lines[place + 1 :] if line.strip()), "")
        below = HEADING.fullmatch(following)
        if not following or (below and heading_rank(below.group(2)) <= rank):
            yield f"heading without an article: {mark.group(0)}"


def reference_of(facts: Mapping[str, str | None]) -> Path | None:
    """The reference file of the same title and version; by publication where no effective date is known."""
    for path in sorted(REFERENCE.glob("*.md")):
        candidate, _ = front_matter(path.read_text(encoding="utf-8"))
        if candidate["title"] != facts["title"]:
            continue
        key = "effective" if candidate["effective"] and facts["effective"] else "published"
        if candidate[key] == facts[key] or dated_by_first_version(candidate, facts):
            return path
    return None


def dated_by_first_version(official: Mapping[str, str | None], ours: Mapping[str, str | None]) -> bool:
    """The reference dates the Criminal Law by its 1997 text; its last amendment says which version it holds."""
    if official["effective"] == ours["effective"] or official["effective"] != ours["first_effective"]:
        return False
    return official["amended_through"] is not None and official["amended_through"] == ours["amended_through"]


def differences(path: Path) -> Iterator[str]:
    """Where a file's words, line breaks, headings or dates leave the official text."""
    ours = parse(path.read_text(encoding="utf-8"))
    source = reference_of(ours.facts)
    if source is None:
        yield "no reference text of this title and version"
        return
    official = parse(source.read_text(encoding="utf-8"))
    # Transcribed from a page-wise source: the words are right, the breaks between 款 are not.
    breaks_are_right = "copied_how" not in official.facts
    compared = FACTS_BESIDE_DATES if dated_by_first_version(official.facts, ours.facts) else COMPARED_FACTS
    for key in compared:
        if official.facts[key] is not None and ours.facts[key] != official.facts[key]:
            yield f"{key}: ours {ours.facts[key]}, official {official.facts[key]}"
    whole = official.facts["complete"] == "true"
    if whole and int(ours.facts["last_article"] or 0) != max(official.numbers)[0]:
        yield f"last_article: ours {ours.facts['last_article']}, official {max(official.numbers)[0]}"
    if (ours.facts["complete"] == "true") != (whole and ours.numbers == official.numbers):
        yield f"complete: {ours.facts['complete']} is not what the articles say"
    for number in ours.numbers:
        if number not in official.lines:
            yield f"article {label(number)}: not in the reference"
            continue
        mine, theirs = ours.lines[number], official.lines[number]
        if "".join(mine) != "".join(theirs):
            yield f"article {label(number)}: {first_difference(''.join(mine), ''.join(theirs))}"
        elif breaks_are_right and mine != theirs:
            moved = first_difference("↵".join(mine), "↵".join(theirs))
            yield f"article {label(number)}: lines broken elsewhere: {moved}"
        if official.headings[number] and ours.headings[number] != official.headings[number]:
            yield f"article {label(number)}: headings {ours.headings[number]}, official {official.headings[number]}"
    for block in ours.other_blocks:
        if block not in official.other_blocks:
            yield f"text outside the articles is not in the reference: {block[:40]}"


def statute_files() -> list[Path]:
    return sorted(STATUTES.glob("*.md"))


@pytest.mark.parametrize("path", statute_files(), ids=lambda path: path.stem)
def test_statute_file_holds_what_its_front_matter_says(path: Path) -> None:
    assert list(own_faults(path)) == []


@pytest.mark.skipif(not REFERENCE.is_dir(), reason=NO_REFERENCE)
@pytest.mark.parametrize("path", statute_files(), ids=lambda path: path.stem)
def test_every_held_article_equals_the_official_text(path: Path) -> None:
    found = list(differences(path))
    count = len(parse(path.read_text(encoding="utf-8")).numbers)
    assert not found, f"{len(found)} differences over {count} articles of {path.name}:\n" + "\n".join(found)


def test_a_changed_character_is_found() -> None:
    ours = parse(SAMPLE.replace("一千元", "五百元"))
    official = parse(SAMPLE)
    assert ours.lines[(253, 1)] != official.lines[(253, 1)]
    assert first_difference(ours.lines[(253, 1)][0], official.lines[(253, 1)][0]).count("official: 一千") == 1


def test_the_corpus_holds_statutes() -> None:
    assert len(statute_files()) >= 30, "an empty folder would pass every comparison"


def test_a_file_that_misstates_its_articles_is_found(tmp_path: Path) -> None:
    source = next(STATUTES.glob("互联网法院案件管辖规定-*.md"))
    copy = tmp_path / source.name
    copy.write_text(source.read_text(encoding="utf-8").replace("articles: 1-4", "articles: 1-5"), encoding="utf-8")
    assert list(own_faults(copy)) == ["front matter says articles: 1-5, the file holds: 1-4"]


def test_two_items_in_one_line_are_found() -> None:
    faults = list(line_faults(parse(SAMPLE.replace("乙；\n", "乙；"))))
    assert faults == ["article 10: two 项 in one line: '（一）乙；（二）丙。'"]


def test_articles_are_read_with_number_lines_and_headings() -> None:
    statute = parse(SAMPLE)
    assert statute.numbers == ((10, 0), (253, 1))
    assert statute.lines[(10, 0)] == ("第十条甲有下列情形之一的:", "(一)乙;", "(二)丙。")
    assert statute.headings[(253, 1)] == ("第一编总则", "第二章丁")


def test_declared_numbers_and_compact_are_inverse() -> None:
    text = "6, 109-111, 253-1, 989-990"
    assert declared_numbers(text) == ((6, 0), (109, 0), (110, 0), (111, 0), (253, 1), (989, 0), (990, 0))
    assert compact(declared_numbers(text)) == text


@pytest.mark.parametrize(
    ("chinese", "value"),
    [("十", 10), ("二十", 20), ("一百零三", 103), ("一百一十", 110), ("一千零三十二", 1032), ("一千二百六十", 1260)],
)
def test_numerals_count_to_thousands(chinese: str, value: int) -> None:
    assert value_of(chinese) == value


SAMPLE = """---
title: 样本
effective: null
---

# 样本

## 第一编　总则

### 第一章　甲

第十条　甲有下列情形之一的：
（一）乙；
（二）丙。

### 第二章　丁

第二百五十三条之一　罚款一千元。
"""
