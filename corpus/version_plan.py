"""Which versions of a law an import holds, which texts are the same, and from when to when each is in force."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise
from pathlib import PurePosixPath

from corpus.import_records import Gap, ScannedVersion, dated
from corpus.law_text import RANK_BY_CATEGORY, LawFacts
from corpus.lawbook import COUNTRY, LawBook, plain_title
from corpus.records import ArticleNumber, LawVersion, NormRank
from corpus.sources import ReadFailure
from corpus.structure import format_article_list


@dataclass(frozen=True, slots=True)
class Part:
    """The place of a text: its file, and its number among the texts in that file."""

    path: PurePosixPath
    place: int
    version: ScannedVersion

    def __str__(self) -> str:
        return f"{self.path} 第 {self.version.line} 行起" if self.version.line > 1 else str(self.path)


@dataclass(frozen=True, slots=True)
class PlannedVersion:
    """A version as it will be handed out, and where its text lies: several parts for a law in several files.

    ``digest`` changes if and only if the version or its text does.
    """

    version: LawVersion
    parts: tuple[Part, ...]
    digest: str


@dataclass(frozen=True, slots=True)
class VersionPlan:
    """Every version to hand out, law by law, and what was decided on the way: sentences for the user."""

    versions: tuple[PlannedVersion, ...]
    duplicates: tuple[str, ...]
    overlaps: tuple[str, ...]
    conflicts: tuple[ReadFailure, ...]

    def gaps(self) -> Iterator[Gap]:
        """Article numbers missing between the first and the last of a version."""
        for planned in self.versions:
            if missing := _missing(planned.version.held):
                yield Gap(planned.version.title, planned.version.published, missing)

    def repeated(self) -> Iterator[str]:
        """Versions that have an article number more than once."""
        for planned in self.versions:
            numbers = sorted({number for part in planned.parts for number in part.version.repeated})
            if numbers:
                name = f"《{planned.version.title}》{dated(planned.version.published)}"
                yield f"{name}有重复的条号 {format_article_list(numbers)}，各自保留"


def plan_versions(parts: Iterable[Part], collection: str, book: LawBook) -> VersionPlan:
    """Return the versions in ``parts``. Texts of one title and one day are one version, the others follow in time.

    A version without a day of its own end is in force until the next begins. ``book`` lends short titles.
    """
    by_title: dict[str, list[Part]] = defaultdict(list)
    for part in parts:
        by_title[part.version.facts.title].append(part)
    planner = _Planner(collection, book)
    versions = tuple(planned for group in by_title.values() for planned in planner.chain(group))
    return VersionPlan(versions, tuple(planner.duplicates), tuple(planner.overlaps), tuple(planner.conflicts))


@dataclass(slots=True)
class _Text:
    """The parts that make up one version's text, and its twins: texts that may not be left out, kept beside it."""

    parts: list[Part]
    twins: list[Part]

    @property
    def facts(self) -> LawFacts:
        return self.parts[0].version.facts

    @property
    def last_part(self) -> Part:
        """The part with the law's end."""
        return max(self.parts, key=lambda part: (part.version.articles[-1:], part.place))

    def effective(self) -> date | None:
        """What the source states; else what the law's own end says, where that can be about this version.

        An amended law keeps the day on which it first took effect in its last article: a day before its own.
        """
        for part in self.parts:
            if part.version.facts.effective:
                return part.version.facts.effective
        end, day = self.last_part.version, self.facts.version_date
        if end.closing and (day is None or end.closing >= day):
            return end.closing
        return day if end.on_publication and end.closing is None else None


class _Planner:
    def __init__(self, collection: str, book: LawBook) -> None:
        self._collection = collection
        self._book = book
        self.duplicates: list[str] = []
        self.overlaps: list[str] = []
        self.conflicts: list[ReadFailure] = []

    def chain(self, group: Sequence[Part]) -> Iterator[PlannedVersion]:
        """All versions of one law, oldest first."""
        by_day: dict[date | None, list[Part]] = defaultdict(list)
        for part, day in zip(group, _days(group), strict=True):
            by_day[day].append(part)
        texts = sorted((self._one_text(parts) for parts in by_day.values()), key=lambda text: _by_time(text.facts))
        starts = _starts(texts)
        for place, text in enumerate(texts):
            following = texts[place + 1] if place + 1 < len(texts) else None
            begins = (starts[place + 1] or following.facts.version_date) if following else None
            version = self._version(text, starts[place], following, begins)
            yield _planned(version, text.parts)
            for number, twin in enumerate(text.twins, start=2):
                held = twin.version.articles
                yield _planned(replace(version, id=f"{version.id}~{number}", held=held, complete=False), [twin])

    def _one_text(self, parts: Sequence[Part]) -> _Text:
        """Of texts with one title and one day: one of those that are equal; all where each has its own articles."""
        first, *others = sorted(
            parts, key=lambda part: (part.version.facts.latest is False, part.version.facts.version_date is None)
        )
        text = _Text([first], [])
        known = {first.version.text_digest: first}
        held = set(first.version.articles)
        for part in others:
            articles = part.version.articles
            if articles and held.isdisjoint(articles):
                text.parts.append(part)
                held.update(articles)
            elif part.version.has_ids:
                text.twins.append(part)
            else:
                self._leave_out(part, first, known.get(part.version.text_digest))
            known.setdefault(part.version.text_digest, part)
        text.parts.sort(key=lambda part: part.version.articles[:1])
        return text

    def _leave_out(self, part: Part, kept: Part, same: Part | None) -> None:
        facts = part.version.facts
        name = f"《{facts.title}》{dated(facts.version_date)}"
        if same is not None:
            self.duplicates.append(f"{name}有两份相同的文本，收 {same}，不收 {part}")
        elif facts.latest is False and kept.version.facts.latest is not False:
            self.duplicates.append(f"{name}有两份文字不同的文本，按来源的标记收 {kept}，不收 {part}")
        elif facts.version_date != kept.version.facts.version_date:
            self.duplicates.append(f"{name}有两份文字不同的文本，收有日期的 {kept}，不收 {part}")
        else:
            message = f"{part}：{name}与 {kept} 同名同日、文字不同，分不清哪份有效；没有收入，请留下一份"
            self.conflicts.append(ReadFailure(part.path, message))

    def _version(self, text: _Text, start: date | None, following: _Text | None, begins: date | None) -> LawVersion:
        facts, end = text.facts, text.last_part.version
        held = tuple(sorted({number for part in text.parts for number in part.version.articles}))
        amended = end.closing is not None and facts.version_date is not None and end.closing < facts.version_date
        short_title, aliases = self._names(facts)
        return LawVersion(
            id=self._id(facts, short_title),
            title=facts.title,
            short_title=short_title,
            aliases=aliases,
            issuer=facts.issuer,
            doc_type=facts.category or rank_of(facts).label,
            rank=rank_of(facts),
            published=facts.version_date,
            first_effective=end.closing if amended else None,
            effective=start,
            expired=self._expired(facts, following, begins),
            superseded_by=self._id(following.facts, short_title) if following else None,
            amended_through=facts.version_date if amended else None,
            address=facts.address,
            checked=None,
            last_article=held[-1].number if held else None,
            complete=bool(held) and held[0].number == 1 and not _missing(held),
            held=held,
        )

    def _id(self, facts: LawFacts, short_title: str) -> str:
        return f"{short_title}-{facts.version_date or '无日期'}@{self._collection}"

    def _names(self, facts: LawFacts) -> tuple[str, tuple[str, ...]]:
        """The built-in short title and aliases of a law of that title, so that references find it here too."""
        known = self._book.versions_of(self._book.names.get(plain_title(facts.title), ""))
        if known:
            return known[-1].short_title, known[-1].aliases
        return facts.short_title or facts.title.removeprefix(COUNTRY) or facts.title, ()

    def _expired(self, facts: LawFacts, following: _Text | None, begins: date | None) -> date | None:
        if following is None:
            # Said not to be the latest, and the latest is not here: in force on no day that we could name.
            return facts.expired or (facts.version_date or date.min if facts.latest is False else None)
        if facts.expired and begins and facts.expired > begins:
            self.overlaps.append(
                f"《{facts.title}》{dated(facts.version_date)}写明到 {facts.expired} 失效，"
                f"而后一版从 {begins} 起施行，两版重叠；按后一版的施行日截止"
            )
            return begins
        return facts.expired or begins


def _planned(version: LawVersion, parts: Sequence[Part]) -> PlannedVersion:
    digest = hashlib.sha256(repr((version, version.held)).encode())
    for part in parts:
        digest.update(part.version.rows_digest.encode())
    return PlannedVersion(version, tuple(parts), digest.hexdigest())


def _days(group: Sequence[Part]) -> Iterator[date | None]:
    """Each text's day; that of its dated twin for an undated one that is the same, or came into force with it."""
    by_text: dict[str, date] = {}
    by_closing: dict[date, date] = {}
    for part in group:
        version, day = part.version, part.version.facts.version_date
        if day is not None:
            by_text.setdefault(version.text_digest, day)
            if version.closing is not None and day <= version.closing:
                by_closing.setdefault(version.closing, day)
    for part in group:
        version = part.version
        twin = by_text.get(version.text_digest) or (by_closing.get(version.closing) if version.closing else None)
        yield version.facts.version_date or twin


def _by_time(facts: LawFacts) -> tuple[bool, date]:
    """Undated versions come first, unless the source calls one the latest."""
    undated_latest = facts.version_date is None and facts.latest is True
    return undated_latest, facts.version_date or date.min


def _starts(texts: Sequence[_Text]) -> list[date | None]:
    """The day each version takes effect, None for the newest where neither source nor text tells it."""
    starts = [text.effective() for text in texts]
    for place, (before, text) in enumerate(pairwise(texts), start=1):
        ended, day = before.facts.expired, text.facts.version_date
        if starts[place] is None and ended and day and ended >= day:
            starts[place] = ended  # the day on which the version before is said to end
    for place in range(len(texts) - 1):
        # For a version that others followed, the day of publication keeps it apart from them.
        starts[place] = starts[place] or texts[place].facts.version_date
    return starts


def rank_of(facts: LawFacts) -> NormRank:
    """The rank that the source's category says, else the title's own last word; local rules count as the lowest."""
    if facts.category in RANK_BY_CATEGORY:
        return RANK_BY_CATEGORY[facts.category]
    if facts.title.startswith(("最高人民法院", "最高人民检察院")):
        return NormRank.JUDICIAL_INTERPRETATION
    if facts.title.startswith(COUNTRY) and facts.title.endswith(("法", "法典")):
        return NormRank.LAW
    if facts.title.startswith(COUNTRY) and facts.title.endswith("条例"):
        return NormRank.ADMINISTRATIVE_REGULATION
    return NormRank.NORMATIVE_DOCUMENT


def _missing(held: Sequence[ArticleNumber]) -> tuple[ArticleNumber, ...]:
    numbers = sorted({number.number for number in held})
    return tuple(ArticleNumber(number) for before, after in pairwise(numbers) for number in range(before + 1, after))
