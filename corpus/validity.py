"""Law in time: which version was in force on a day, what an old article is now, whether a reference stands.

Every verdict carries one Chinese sentence for the reader. Nothing is guessed: where a text is not held, the verdict
says so instead of calling the reference right or wrong.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from enum import Enum

from corpus.lawbook import HeldArticle, KnownLaw, LawBook, MovedArticle, TitleFit, plain_title
from corpus.numerals import format_numeral
from corpus.records import ArticleNumber, LawVersion, StatuteRef, Validity
from corpus.structure import Paragraph, article_parts

# --- versions --------------------------------------------------------------------------------------------------


def validity_on(version: LawVersion, day: date) -> Validity:
    """State of a version on ``day``; one whose first day is not known counts as in force until it expires."""
    if version.effective and day < version.effective:
        return Validity.NOT_YET
    if version.expired and day >= version.expired:
        return Validity.EXPIRED
    return Validity.IN_FORCE


def version_at(lawbook: LawBook, law: str, day: date) -> LawVersion | None:
    """The held version of ``law`` (a short title) in force on ``day``; None where none is."""
    versions = lawbook.versions_of(law)
    return next((version for version in versions if validity_on(version, day) is Validity.IN_FORCE), None)


def successors_of(lawbook: LawBook, law: str, article: ArticleNumber, from_version: str) -> tuple[MovedArticle, ...]:
    """What became of an article of ``from_version`` (a version id): one row a target, several where it was split.

    A row with ``to_article`` None was dropped. No rows: nothing is known of it.
    """
    return tuple(row for row in lawbook.moved_from(law, article) if row.from_version == from_version)


# --- verdicts --------------------------------------------------------------------------------------------------


class ReferenceState(Enum):
    """What became of a reference on a day."""

    IN_FORCE = "in_force"
    SUPERSEDED = "superseded"  # of a version no longer in force; ``moved_to`` says where it stands now
    NOT_YET = "not_yet"  # of a version that is not in force yet
    LAW_REPEALED = "law_repealed"
    NO_SUCH_LAW = "no_such_law"
    NO_SUCH_ARTICLE = "no_such_article"
    NO_SUCH_PART = "no_such_part"  # the article has fewer 款 or 项
    NOT_HELD = "not_held"  # it exists or may exist, but the text is not here to compare with
    VERSION_NOT_HELD = "version_not_held"  # the law is held, but not as it was on that day
    LAW_UNKNOWN = "law_unknown"  # an article number whose law the text does not say


@dataclass(frozen=True, slots=True)
class ReferenceVerdict:
    """What is to be said of a reference on ``day``.

    ``version`` is the held version that was looked into, ``article`` its text where held. ``moved_to`` is where the
    cited article stands in a later version. ``also_moved_to`` is set where a bare number is in force but was
    another article before: who cites 治安管理处罚法第四十二条 may mean the old one, now 第五十条; whoever shows the
    verdict decides by what the citing text says. ``title_fit`` is REPAIRED where no law has the title as written.
    """

    reference: StatuteRef
    day: date
    state: ReferenceState
    message: str
    version: LawVersion | None = None
    article: HeldArticle | None = None
    moved_to: tuple[MovedArticle, ...] = ()
    also_moved_to: tuple[MovedArticle, ...] = ()
    title_fit: TitleFit = TitleFit.EXACT

    @property
    def is_ambiguous(self) -> bool:
        """The number is in force, and was another article in an older version."""
        return bool(self.also_moved_to)


def check_reference(lawbook: LawBook, reference: StatuteRef, day: date) -> ReferenceVerdict:
    """Return whether ``reference`` stands on ``day``, and where it leads if it does not.

    A version that the reference names (旧, 2012年修正) is looked into; otherwise the one in force on ``day``.
    """
    return _Check(lawbook, reference, day).verdict()


@dataclass(frozen=True, slots=True)
class _Check:
    lawbook: LawBook
    reference: StatuteRef
    day: date

    # --- which law, which version

    def verdict(self) -> ReferenceVerdict:
        law = self.reference.law
        if law is None:
            return self._of_no_law()
        if not self.lawbook.versions_of(law):
            known = self.lawbook.known_law(law)
            return self._of_known_law(known) if known else self._of_no_law()
        wanted = _version_wanted(self.lawbook, self.reference, self.day)
        if isinstance(wanted, LawVersion):
            return self._of_version(wanted)
        if wanted:  # a year that no held version has; the table of moved articles may still know it
            return self._of_version_not_held(wanted)
        version = version_at(self.lawbook, law, self.day)
        return self._of_version(version) if version else self._of_day_without_version(law)

    def _say(
        self,
        state: ReferenceState,
        message: str,
        version: LawVersion | None = None,
        article: HeldArticle | None = None,
        moved_to: tuple[MovedArticle, ...] = (),
        also_moved_to: tuple[MovedArticle, ...] = (),
    ) -> ReferenceVerdict:
        fit = self._title_fit()
        if fit is TitleFit.REPAIRED:
            message = f"没有名为{_in_marks(self.reference.law_text)}的法律，应为《{self.reference.law}》；{message}"
        return ReferenceVerdict(
            self.reference, self.day, state, message, version, article, moved_to, also_moved_to, fit
        )

    def _title_fit(self) -> TitleFit:
        match = self.lawbook.match_title(self.reference.law_text) if self.reference.law_text else None
        return match.fit if match and match.law == self.reference.law else TitleFit.EXACT

    def _of_no_law(self) -> ReferenceVerdict:
        written = self.reference.law_text
        if self.reference.law is None and (not written or plain_title(written)[:1] in "本该同此上"):
            return self._say(ReferenceState.LAW_UNKNOWN, f"看不出{self.reference.text}是哪部法律的条文。")
        message = f"没有查到名为{_in_marks(written)}的法律，名称可能有误，请勿据此主张权利。"
        return self._say(ReferenceState.NO_SUCH_LAW, message)

    def _of_known_law(self, known: KnownLaw) -> ReferenceVerdict:
        name, article = f"《{known.short_title}》", self.reference.article
        if known.expired and self.day >= known.expired:
            moved = self.lawbook.moved_from(known.short_title, article) if article else ()
            successor = f"，现在适用《{known.successor}》" if known.successor else ""
            now = f"；{self._named(article)}{_now(moved)}" if moved and article else ""
            message = f"{name}已于{_day(known.expired)}废止{successor}{now}。"
            return self._say(ReferenceState.LAW_REPEALED, _one_stop(message), moved_to=moved)
        last = known.last_article
        if article and last and article.number > last and not (known.published and self.day < known.published):
            as_of = f"（{_day(known.published)}公布的文本）" if known.published else ""
            return self._say(ReferenceState.NO_SUCH_ARTICLE, f"{name}{as_of}共{last}条，没有{article}。")
        note = f"（{_without_stop(known.note)}）" if known.note else ""
        what = f"{name}{article or ''}"
        return self._say(ReferenceState.NOT_HELD, f"本程序没有收录{what}的原文{note}，无法核对。")

    def _of_day_without_version(self, law: str) -> ReferenceVerdict:
        versions = self.lawbook.versions_of(law)
        first = versions[0]
        started = first.first_effective or first.effective
        if started and self.day < started:
            message = f"《{law}》自{_day(started)}起施行，{_day(self.day)}还没有施行。"
            return self._say(ReferenceState.NOT_YET, message, first)
        ended = versions[-1].expired
        if ended and self.day >= ended:
            message = f"《{law}》已于{_day(ended)}失效。"
            return self._say(ReferenceState.LAW_REPEALED, message, versions[-1])
        message = f"本程序没有收录《{law}》{_day(self.day)}有效的文本，无法核对。"
        return self._say(ReferenceState.VERSION_NOT_HELD, message)

    def _of_version_not_held(self, year: str) -> ReferenceVerdict:
        law, article = self.reference.law or "", self.reference.article
        moved = (
            tuple(row for row in self.lawbook.moved_from(law, article) if year in row.from_version) if article else ()
        )
        if moved and article:
            message = f"《{law}》{year}年文本的{article}{_now(moved)}。"
            return self._say(ReferenceState.SUPERSEDED, _one_stop(message), moved_to=moved)
        message = f"本程序没有收录《{law}》{year}年的文本，无法核对。"
        return self._say(ReferenceState.VERSION_NOT_HELD, message)

    # --- which article

    def _of_version(self, version: LawVersion) -> ReferenceVerdict:
        article = self.reference.article
        state = validity_on(version, self.day)
        if article is None:
            return self._of_whole_law(version, state)
        held = self.lawbook.article(version.id, article)
        older = self._moved_here(version, article)
        if held is None and not self._may_exist(version, article):
            return self._of_missing_article(version, article, older)
        if state is Validity.EXPIRED:
            return self._of_expired_article(version, article, held)
        if state is Validity.NOT_YET:
            message = f"《{version.short_title}》的这一文本自{_since(version)}起施行，{_day(self.day)}还没有施行。"
            return self._say(ReferenceState.NOT_YET, message, version, held)
        if held is None:
            also = f"；如果指以前的{article}，{_now(older)}" if older else ""
            message = f"本程序没有收录《{version.short_title}》{article}的原文，无法核对{also}。"
            return self._say(ReferenceState.NOT_HELD, _one_stop(message), version, also_moved_to=older)
        lacking = _missing_part(held, self.reference)
        if lacking:
            also = f"；如果指以前的{article}，{_now(older)}" if older else ""
            message = f"《{version.short_title}》{article}{lacking}{also}。"
            return self._say(ReferenceState.NO_SUCH_PART, _one_stop(message), version, held, also_moved_to=older)
        return self._of_article_in_force(version, held, older)

    def _of_whole_law(self, version: LawVersion, state: Validity) -> ReferenceVerdict:
        name = f"《{version.short_title}》"
        if state is Validity.EXPIRED:
            current = version_at(self.lawbook, version.short_title, self.day)
            now = f"，现在适用{_since(current)}起施行的文本" if current else ""
            message = f"{name}的这一文本已于{_day(version.expired)}失效{now}。"
            return self._say(ReferenceState.SUPERSEDED, message, version)
        if state is Validity.NOT_YET:
            message = f"{name}的这一文本自{_since(version)}起施行，{_day(self.day)}还没有施行。"
            return self._say(ReferenceState.NOT_YET, message, version)
        return self._say(ReferenceState.IN_FORCE, f"{name}{_in_force(version, self.day)}。", version)

    def _of_missing_article(
        self, version: LawVersion, article: ArticleNumber, older: tuple[MovedArticle, ...]
    ) -> ReferenceVerdict:
        """A number that the version does not have; an older one may have had it."""
        name = f"《{version.short_title}》"
        if older:
            message = f"现行{name}没有{article}；以前的{article}{_now(older)}。"
            return self._say(ReferenceState.SUPERSEDED, _one_stop(message), version, moved_to=older)
        counted = "" if article.sub or version.last_article is None else f"共{version.last_article}条，"
        return self._say(ReferenceState.NO_SUCH_ARTICLE, f"{name}{counted}没有{article}。", version)

    def _of_expired_article(
        self, version: LawVersion, article: ArticleNumber, held: HeldArticle | None
    ) -> ReferenceVerdict:
        moved = successors_of(self.lawbook, version.short_title, article, version.id)
        ended = f"《{version.short_title}》{_since(version)}起施行的文本已于{_day(version.expired)}失效"
        now = f"；其中的{article}{_now(moved)}" if moved else ""
        return self._say(ReferenceState.SUPERSEDED, _one_stop(f"{ended}{now}。"), version, held, moved)

    def _of_article_in_force(
        self, version: LawVersion, held: HeldArticle, older: tuple[MovedArticle, ...]
    ) -> ReferenceVerdict:
        article = held.number
        message = f"《{version.short_title}》{article}{_in_force(version, self.day)}"
        later = successors_of(self.lawbook, version.short_title, article, version.id)
        if later:
            message += f"；自{_day(version.expired)}起，这一条{_now(later, verb='为')}"
        elif older:
            until = f"{_day(version.effective - timedelta(days=1))}以前" if version.effective else "以前"
            message += f"，讲的是“{_opening(held)}”；如果指{until}的{article}，{_now(older)}"
        return self._say(ReferenceState.IN_FORCE, _one_stop(f"{message}。"), version, held, later, older)

    # --- facts about numbers

    def _may_exist(self, version: LawVersion, article: ArticleNumber) -> bool:
        """Whether the version has an article of that number, as far as its facts tell."""
        if version.complete:
            return article in version.held
        if article.sub:
            return article in version.held or article in self.lawbook.inserted_articles(version.short_title)
        return version.last_article is None or article.number <= version.last_article

    def _moved_here(self, version: LawVersion, article: ArticleNumber) -> tuple[MovedArticle, ...]:
        """What became of the same number in versions before ``version``, where it is another number now."""
        rows = self.lawbook.moved_from(version.short_title, article)
        here = [row for row in rows if row.to_version == version.id]
        # An article that was split and kept its number in part is no other article.
        stayed = {row.from_version for row in here if row.to_article == article}
        return tuple(row for row in here if row.from_version not in stayed)

    def _named(self, article: ArticleNumber | None) -> str:
        return f"其中的{article}" if article else ""


# --- versions that a reference names ---------------------------------------------------------------------------

_YEAR = re.compile(r"(?:19|20)\d\d")
_OLD_WORDS = re.compile(r"旧|修[订正]前|^原|失效|废止")
_NEW_WORDS = re.compile(r"新|修[订正]后|现行")


def _version_wanted(lawbook: LawBook, reference: StatuteRef, day: date) -> LawVersion | str | None:
    """The version that the title as written asks for; a year where none held is of it; None where it asks for none."""
    versions = lawbook.versions_of(reference.law or "")
    written = plain_title(reference.law_text)
    year = _YEAR.search(written)
    if year:
        of_year = [version for version in versions if year[0] in _years(version)]
        if len(of_year) == 1:
            return of_year[0]
        return None if of_year else year[0]
    if _OLD_WORDS.search(written):
        expired = [version for version in versions if validity_on(version, day) is Validity.EXPIRED]
        return expired[-1] if expired else None
    if _NEW_WORDS.search(written):
        published = [version for version in versions if version.published and version.published <= day]
        return published[-1] if published else None
    return None


def _years(version: LawVersion) -> set[str]:
    days = (version.published, version.effective, version.amended_through)
    return {str(day.year) for day in days if day}


# --- 款 and 项 ---------------------------------------------------------------------------------------------------


def find_part(article: HeldArticle, paragraph: int | None, item: int | None) -> tuple[Paragraph, int | None] | None:
    """The 款 that a reference means, and the place of its 项 in ``items`` if it names one; None where there is none.

    第（五）项 without 款 means the first 款 that has such a 项.
    """
    for part in article_parts(article.text):
        if paragraph is not None and part.number != paragraph:
            continue
        if item is None:
            return part, None
        for place, candidate in enumerate(part.items):
            if candidate.number == item:
                return part, place
    return None


def _missing_part(article: HeldArticle, reference: StatuteRef) -> str | None:
    """What the article lacks of the 款 or 项 that the reference names, in words."""
    paragraph, item = reference.paragraph, reference.item
    if (paragraph is None and item is None) or find_part(article, paragraph, item):
        return None
    parts = article_parts(article.text)
    if paragraph is not None and paragraph > len(parts):
        return f"只有{_count(len(parts))}款，没有第{format_numeral(paragraph)}款"
    chosen = [part for part in parts if paragraph is None or part.number == paragraph]
    most = max((len(part.items) for part in chosen), default=0)
    where = f"第{format_numeral(paragraph)}款" if paragraph is not None and len(parts) > 1 else ""
    wanted = f"没有第{format_numeral(item)}项" if item else ""
    return f"{where}只有{_count(most)}项，{wanted}" if most else f"{where}没有分项，{wanted}"


# --- words -----------------------------------------------------------------------------------------------------


def _now(moved: tuple[MovedArticle, ...], verb: str = "现在是") -> str:
    """现在是第五十条（……）, for one target or several; the change without its full stop."""
    kept = [row for row in moved if row.to_article]
    if not kept:
        return f"在新的文本里已删去（{_without_stop(moved[0].change)}）"
    law = kept[0].to_version.rsplit("-", 3)[0]
    where = "" if law == kept[0].law else f"《{law}》"
    targets = "、".join(dict.fromkeys(str(row.to_article) for row in kept))
    changes = dict.fromkeys(_without_stop(row.change) for row in kept)
    # Of two old versions one may have been reworded and the other not; only the difference is worth a word.
    telling = [change for change in changes if not change.startswith("内容未变")] or list(changes)
    return f"{verb}{where}{targets}（{'；'.join(telling)}）"


def _without_stop(sentence: str) -> str:
    return sentence.rstrip("。")


def _one_stop(message: str) -> str:
    return re.sub(r"。+$", "。", message)


def _count(number: int) -> str:
    return "两" if number == 2 else format_numeral(number)


def _in_force(version: LawVersion, day: date) -> str:
    since = f"（{_since(version)}起施行的文本）" if version.effective else "（施行日期没有核到）"
    return f"{since}在{_day(day)}有效"


def _since(version: LawVersion | None) -> str:
    return _day(version.effective if version else None)


def _day(day: date | None) -> str:
    return f"{day.year}年{day.month}月{day.day}日" if day else "日期不详"


def _opening(article: HeldArticle) -> str:
    """The first words of an article, enough to tell what it is about."""
    text = article_parts(article.text)[0].span.of(article.text)
    first = re.split(r"[。；：\n]", text, maxsplit=1)[0]
    return first if len(first) <= 40 else f"{first[:40]}……"


def _in_marks(title: str) -> str:
    return title if title.startswith("《") or "《" in title else f"《{title}》"
