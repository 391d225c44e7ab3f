"""The laws held, the laws known only by name, and what a written title means.

A title is repaired only where one law alone can be meant; a guess between two is no answer. Texts are read when
first asked for: the book itself is no more than the front matter of its files.
"""

from __future__ import annotations

import importlib.resources
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from corpus.errors import BadReference, BadStatute, UnreadableFile
from corpus.records import ArticleNumber, Document, LawVersion
from corpus.script import to_plain
from corpus.structure import parse_article_label, parse_article_list, parse_statute, parse_statute_head

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

COUNTRY = "中华人民共和国"


# --- what the book holds ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class KnownLaw:
    """A law known by its facts alone, without text.

    ``kind`` is 法律, 行政法规 and so on; 自律规范 and 国家标准 are no law. ``last_article`` counts the text
    published on ``published``. With ``expired`` it has no force from that day on, and ``successor`` says what has.
    """

    title: str
    short_title: str
    aliases: tuple[str, ...]
    kind: str
    last_article: int | None
    published: date | None
    expired: date | None
    successor: str | None
    note: str


@dataclass(frozen=True, slots=True)
class MovedArticle:
    """What became of an article when a new version of its law came into force.

    ``to_article`` is None where its matter was dropped. ``change`` says in one Chinese sentence what is different,
    amounts included. ``held`` is False where the target's text is not in the book.
    """

    law: str
    from_version: str
    from_article: ArticleNumber
    to_version: str
    to_article: ArticleNumber | None
    change: str
    held: bool


@dataclass(frozen=True, slots=True)
class HeldArticle:
    """An article's official text, number included, with the headings that it stands under."""

    version: LawVersion
    number: ArticleNumber
    text: str
    headings: tuple[str, ...]


class TitleFit(Enum):
    """How a written title met the law that it means."""

    EXACT = "exact"  # a title, short title or alias, whatever its script, marks and 中华人民共和国
    REPAIRED = "repaired"  # damaged, as 人民个人信息保护法; one law alone can be meant


@dataclass(frozen=True, slots=True)
class TitleMatch:
    """The law (its short title) that a written title means, and whether it was written right."""

    law: str
    fit: TitleFit


@dataclass(frozen=True, slots=True)
class StatuteSource:
    """One version and the way to its text, used when an article is first asked for."""

    version: LawVersion
    read: Callable[[], Document] = field(repr=False)


@dataclass(frozen=True, slots=True)
class LawTables:
    """Facts beside the texts: laws not held, articles that moved."""

    known: tuple[KnownLaw, ...] = ()
    moved: tuple[MovedArticle, ...] = ()
    # 之一 articles, complete for the laws named here; a law without any is not named.
    inserted: Mapping[str, tuple[ArticleNumber, ...]] = field(default_factory=dict)


class LawBook:
    """Every version held, by law; laws are named by their short title, such as 民法典."""

    def __init__(self, sources: Iterable[StatuteSource], tables: Callable[[], LawTables] = LawTables) -> None:
        """``tables`` is called when first needed. Raises BadStatute where two versions of one law overlap in time
        or share an id."""
        self._sources: dict[str, StatuteSource] = {}
        for source in sources:
            if source.version.id in self._sources:
                raise BadStatute(f"{source.version.id} is held twice; remove one of the files")
            self._sources[source.version.id] = source
        self._load_tables = tables
        self._documents: dict[str, Document] = {}
        self._articles: dict[str, Mapping[ArticleNumber, HeldArticle]] = {}
        self._repairs: dict[str, TitleMatch | None] = {}
        self._versions: dict[str, tuple[LawVersion, ...]] = {}
        for version in sorted((source.version for source in self._sources.values()), key=_by_time):
            self._versions[version.short_title] = (*self._versions.get(version.short_title, ()), version)
        for law in self._versions:
            _check_no_overlap(self._versions[law])

    @property
    def laws(self) -> tuple[str, ...]:
        """Short titles of the laws held, in the order of their names."""
        return tuple(sorted(self._versions))

    @property
    def versions(self) -> tuple[LawVersion, ...]:
        """Every version held, law by law, oldest first."""
        return tuple(version for law in self.laws for version in self._versions[law])

    def versions_of(self, law: str) -> tuple[LawVersion, ...]:
        """The versions held of ``law`` (a short title), oldest first; none if it is not held."""
        return self._versions.get(law, ())

    def version(self, version_id: str) -> LawVersion | None:
        source = self._sources.get(version_id)
        return source.version if source else None

    def document(self, version_id: str) -> Document:
        """The text of a version, read and checked on first use. Raises BadStatute; KeyError for an unknown id."""
        if version_id not in self._documents:
            self._documents[version_id] = self._sources[version_id].read()
        return self._documents[version_id]

    def article(self, version_id: str, number: ArticleNumber) -> HeldArticle | None:
        """The article of that number in that version; None where the version does not hold it."""
        version = self.version(version_id)
        if version is None or number not in version.held:
            return None
        return self._articles_of(version_id)[number]

    def articles(self, version_id: str) -> tuple[HeldArticle, ...]:
        """Every article held of a version, in order."""
        return tuple(self._articles_of(version_id).values())

    def _articles_of(self, version_id: str) -> Mapping[ArticleNumber, HeldArticle]:
        if version_id not in self._articles:
            self._articles[version_id] = dict(_articles(self.document(version_id)))
        return self._articles[version_id]

    @cached_property
    def _tables(self) -> LawTables:
        return self._load_tables()

    def moved_from(self, law: str, article: ArticleNumber) -> tuple[MovedArticle, ...]:
        """What became of that article of ``law`` in the versions that followed its older ones, oldest first."""
        return self._moved.get((law, article), ())

    @cached_property
    def _moved(self) -> Mapping[tuple[str, ArticleNumber], tuple[MovedArticle, ...]]:
        rows: dict[tuple[str, ArticleNumber], tuple[MovedArticle, ...]] = {}
        for row in sorted(self._tables.moved, key=lambda row: row.from_version):
            rows[row.law, row.from_article] = (*rows.get((row.law, row.from_article), ()), row)
        return rows

    def inserted_articles(self, law: str) -> tuple[ArticleNumber, ...]:
        """Every 之一 article that ``law`` has, held or not; most laws have none."""
        return self._tables.inserted.get(law, ())

    @cached_property
    def _known(self) -> Mapping[str, KnownLaw]:
        """Laws not held. One may be held under another short title, so full titles count too."""
        held = {plain_title(name) for version in self.versions for name in (version.title, version.short_title)}
        return {law.short_title: law for law in self._tables.known if plain_title(law.title) not in held}

    def known_law(self, law: str) -> KnownLaw | None:
        """The facts of a law not held; None for one that is held or unheard of."""
        return self._known.get(law)

    # --- titles ------------------------------------------------------------------------------------------------

    @cached_property
    def names(self) -> Mapping[str, str]:
        """Every name in its plain form (see ``plain_title``) to the short title of the law that alone bears it."""
        bearers: dict[str, set[str]] = {}
        for version in self.versions:
            for name in (version.title, version.short_title, *version.aliases):
                for key in _keys(name):
                    bearers.setdefault(key, set()).add(version.short_title)
        for known in self._known.values():
            for name in (known.title, known.short_title, *known.aliases):
                for key in _keys(name):
                    bearers.setdefault(key, set()).add(known.short_title)
        return {key: next(iter(laws)) for key, laws in bearers.items() if key and len(laws) == 1}

    def match_title(self, text: str) -> TitleMatch | None:
        """Return the law that a written title means and how it was written; None where it cannot be told.

        Read are full and short titles and aliases, with or without 《》, 中华人民共和国, a year in brackets, 新 旧 原,
        in traditional characters; and titles damaged in their first part (人民治安管理处罚法) or in one character.
        """
        key = plain_title(text)
        for candidate in (key, strip_version_hints(key)):
            if candidate in self.names:
                return TitleMatch(self.names[candidate], TitleFit.EXACT)
        key = strip_version_hints(key)
        if key not in self._repairs:
            self._repairs[key] = self._repaired(key)
        return self._repairs[key]

    def resolve_title(self, text: str) -> str | None:
        """Return the short title of the law that a written title means; None where it cannot be told."""
        match = self.match_title(text)
        return match.law if match else None

    def _repaired(self, key: str) -> TitleMatch | None:
        if not 3 <= len(key) <= 80:
            return None
        laws = {
            self.names[key[cut:]]
            for cut in range(1, min(len(COUNTRY), len(key)))
            if key[cut:] in self.names and _is_rest_of_country(key[:cut])
        } or {law for name, law in self._typo_targets if _differ_by_one(key, name)}
        return TitleMatch(laws.pop(), TitleFit.REPAIRED) if len(laws) == 1 else None

    @cached_property
    def _typo_targets(self) -> tuple[tuple[str, str], ...]:
        """Titles long enough that one wrong character leaves them recognisable; aliases are too like other laws."""
        titles = [(version.short_title, version.title) for version in self.versions]
        titles += [(law.short_title, law.title) for law in self._known.values()]
        keys = {key for pair in titles for name in pair for key in _keys(name)}
        return tuple(
            (name, law) for name, law in self.names.items() if name in keys and len(name) >= _SHORTEST_TYPO_TARGET
        )


# Of the 1,494 titles of a mirror of the official database, none that is another law is taken for one of ours at
# this length; at five characters 审计法 and its like would be.
_SHORTEST_TYPO_TARGET = 6


def _by_time(version: LawVersion) -> tuple[str, date, str]:
    return (version.short_title, version.effective or version.published or date.max, version.id)


def _check_no_overlap(versions: Sequence[LawVersion]) -> None:
    """Raise BadStatute, naming both files, where two versions of a law are in force on one day."""
    dated = [version for version in versions if version.effective]
    for earlier, later in pairwise(dated):
        if earlier.expired is None or (later.effective and later.effective < earlier.expired):
            until = f"until {earlier.expired}" if earlier.expired else "with no end"
            raise BadStatute(
                f"{earlier.id} (in force {until}) and {later.id} (in force from {later.effective}) overlap in time; "
                f"set expired: {later.effective} in {earlier.id}.md"
            )


def _articles(document: Document) -> Iterator[tuple[ArticleNumber, HeldArticle]]:
    version = document.info.law
    assert version is not None, "a statute document names its version"
    path: list[tuple[int, str]] = []
    for section in document.sections:
        if section.article:
            text = section.span.of(document.text)
            yield section.article, HeldArticle(version, section.article, text, tuple(title for _, title in path))
        else:
            path = [*(outer for outer in path if outer[0] < section.level), (section.level, section.title)]


# --- titles as written -----------------------------------------------------------------------------------------

_MARKS = re.compile(r"[\s《》〈〉<>“”\"'‘’\[\]【】、·]|" + COUNTRY)
_HINT_BEFORE = re.compile(
    r"(?:我国|中国|国家|新修[订正]的?|修[订正][前后]的?|新版?的?|旧版?的?|原来?的?|老|现行的?|\d{4}年?(?:版|修[订正])?的?)"
)
_HINT_AFTER = re.compile(
    r"\((?:\d{4}(?:年?)(?:\d{1,2}月)?(?:\d{1,2}日)?(?:第?.{0,3}次)?(?:修[订正]|修改|公布|施行|起施行|版|本|年本)*(?:本|版)?"
    r"|\d{4}-\d{1,2}-\d{1,2}.{0,4}|修[订正]|新|旧|现行|已失效|已废止|失效|废止|以下简称.*)\)$"
)
_ISSUERS = re.compile(
    r"^(?:最高人民法院|最高人民检察院|全国人民代表大会常务委员会|全国人民代表大会|全国人大常委会|国务院|两高|与|和)+(?=关于)"
)


def plain_title(text: str) -> str:
    """A title for comparing: simplified, half-width, without marks, white space and 中华人民共和国."""
    return _MARKS.sub("", to_plain(text))


def strip_version_hints(title: str) -> str:
    """Take what names a version off a plain title: 原 2012年 (2025修订)."""
    while True:
        shorter = _HINT_AFTER.sub("", title)
        before = _HINT_BEFORE.match(shorter)
        if before and len(shorter) - before.end() >= 2:
            shorter = shorter[before.end() :]
        if shorter == title:
            return title
        title = shorter


def _keys(name: str) -> tuple[str, ...]:
    """A name's plain forms: with and without the issuer that opens an interpretation's title."""
    key = plain_title(name)
    return (key, _ISSUERS.sub("", key)) if _ISSUERS.match(key) else (key,)


def _is_rest_of_country(text: str) -> bool:
    """人民, 人民共和国, 中华: what a filter or a bad copy leaves of 中华人民共和国."""
    rest = iter(COUNTRY)
    return all(character in rest for character in text)


def _differ_by_one(written: str, name: str) -> bool:
    """One character wrong, missing or too many; numbers and brackets are never taken for a slip."""
    if abs(len(written) - len(name)) > 1 or written == name:
        return False
    start = 0
    while start < min(len(written), len(name)) and written[start] == name[start]:
        start += 1
    end = 0
    while end < min(len(written), len(name)) - start and written[-1 - end] == name[-1 - end]:
        end += 1
    odd = written[start : len(written) - end] + name[start : len(name) - end]
    middle = max(len(written), len(name)) - start - end
    return middle == 1 and not re.search(r"[0-9a-zA-Z()零一二三四五六七八九十]", odd)


# --- reading ---------------------------------------------------------------------------------------------------


def load_lawbook(folder: Path | None = None) -> LawBook:
    """Return the laws in ``folder``, or the built-in ones; the caller keeps the result.

    Only front matter is read now. Raises BadStatute, naming the file, and UnreadableFile for a missing folder.
    """
    root: Traversable = folder if folder is not None else importlib.resources.files("corpus").joinpath("statutes")
    if not root.is_dir():
        raise UnreadableFile(f"{root} is no folder of statute files")
    files = sorted((file for file in root.iterdir() if file.name.endswith(".md")), key=lambda file: file.name)
    return LawBook((_source(file) for file in files), load_tables)


def _source(file: Traversable) -> StatuteSource:
    return StatuteSource(
        version=parse_statute_head(_read(file), file.name),
        read=lambda: parse_statute(_read(file), file.name),
    )


def _read(file: Traversable) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError as problem:
        raise BadStatute(f"{file.name}: it is not UTF-8 (byte {problem.start}); save it as UTF-8") from problem
    except OSError as problem:
        raise UnreadableFile(f"{file.name}: it cannot be read: {problem.strerror}") from problem


def load_tables() -> LawTables:
    """Return the built-in facts: ``known_laws.toml`` and ``successors.toml``. Raises BadStatute for broken ones."""
    rows = [(row, kind) for kind, rows in _toml("known_laws.toml").items() for row in rows]
    successors = _toml("successors.toml")
    laws = {law.short_title: law for law in (_known_law(row, kind) for row, kind in rows)}
    for row in successors["repealed"]:
        law = _repealed_law(row, laws)
        laws[law.short_title] = law
    return LawTables(
        known=tuple(laws.values()),
        moved=tuple(_moved(row) for row in successors["moved"]),
        inserted={
            _known_law(row, kind).short_title: parse_article_list(row["inserted"])
            for row, kind in rows
            if "inserted" in row
        },
    )


def _toml(name: str) -> Mapping[str, Any]:
    try:
        return tomllib.loads(importlib.resources.files("corpus").joinpath(name).read_text("utf-8"))
    except tomllib.TOMLDecodeError as problem:
        raise BadStatute(f"{name}: {problem}") from problem


def _known_law(row: Mapping[str, Any], kind: str) -> KnownLaw:
    title = row["title"]
    return KnownLaw(
        title=title,
        short_title=row.get("short_title", title.removeprefix(COUNTRY)),
        aliases=tuple(row.get("aliases", ())),
        kind=kind,
        last_article=row.get("last_article"),
        published=row.get("published"),
        expired=row.get("expired"),
        successor=row.get("successor"),
        note=row.get("note", ""),
    )


def _repealed_law(row: Mapping[str, Any], laws: Mapping[str, KnownLaw]) -> KnownLaw:
    """A repealed law's own row adds to what is known of it; the dates of the successor table prevail."""
    short_title = row["law"].removeprefix(COUNTRY)
    known = laws.get(short_title)
    return KnownLaw(
        title=known.title if known else row.get("title", row["law"]),
        short_title=short_title,
        aliases=tuple(dict.fromkeys((*(known.aliases if known else ()), *row.get("aliases", ())))),
        kind=known.kind if known else row.get("kind", "法律"),
        last_article=known.last_article if known else row.get("last_article"),
        published=known.published if known else None,
        expired=row["expired"],
        successor=row.get("successor_law") or (known.successor if known else None),
        note=row.get("note", known.note if known else ""),
    )


def _moved(row: Mapping[str, Any]) -> MovedArticle:
    try:
        to_article = row.get("to_article")
        return MovedArticle(
            law=row["law"],
            from_version=row["from_version"],
            from_article=parse_article_label(str(row["from_article"])),
            to_version=row["to_version"],
            to_article=parse_article_label(str(to_article)) if to_article else None,
            change=row["change"],
            held=row.get("held", True),
        )
    except (KeyError, BadReference) as problem:
        raise BadStatute(f"successors.toml: {problem} in the entry {dict(row)}") from problem
