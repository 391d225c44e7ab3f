"""Audits a text: every citation of law and every quotation, held against the official text of one day.

It composes; what stands where is ``corpus.citations`` and ``corpus.claims``, what is in force ``corpus.validity``,
how words compare ``corpus.comparison``. Rules that judge are here, each with its reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum
from functools import lru_cache

from corpus.audit_records import AuditedCitation, AuditReport, Comparison, Finding, FindingKind, OutdatedPassage
from corpus.audit_rendering import report_json, report_markdown, report_table
from corpus.citations import find_statute_refs
from corpus.claims import CitedGroup, Claim, ClaimKind, find_cited_groups
from corpus.comparison import (
    ArticleFinder,
    DifferenceKind,
    Faithfulness,
    Found,
    closest_wording,
    coverage,
    faithfulness,
    find_differences,
    pair_share,
)
from corpus.lawbook import HeldArticle, LawBook, MovedArticle, TitleFit
from corpus.outdated import OutdatedLaw
from corpus.records import StatuteRef, Validity
from corpus.sentences import split_sentences
from corpus.validity import ReferenceState, ReferenceVerdict, check_reference, validity_on, version_at

__all__ = ["AuditReport", "AuditedCitation", "audit_text", "report_json", "report_markdown", "report_table"]

# Shares of a claim's letters that stand in an article (see ``comparison.coverage``), set on the thirty claims of
# five web articles about debt collection, read one by one: quotations of the cited article had 0.62 to 1.0, retold
# law 0.1 to 0.5, and a sentence of another article 0.8 and more there against 0.5 and less in the one cited.
_IS_QUOTED = 0.6
_IS_ELSEWHERE_BY = 0.25
# Of two articles that cover a claim about equally well, one of the law that is cited is meant.
_SAME_LAW_BONUS = 0.1
# An old and a new article under one number: pairs of letters, since often only a label tells which is meant.
_MEANS_OLD_BY = 0.1


def audit_text(text: str, title: str, lawbook: LawBook, day: date) -> AuditReport:
    """Return what is to be said of every reference to law in ``text`` by the law of ``day``; none gives none."""
    references = find_statute_refs(text, lawbook)
    finder = _finder(lawbook)
    citations = tuple(
        _Audit(group, lawbook, finder, day).of(reference)
        for group in find_cited_groups(text, references)
        for reference in group.references
    )
    return AuditReport(title, day, citations, tuple(_outdated(text, citations, lawbook, day)))


@lru_cache(maxsize=4)
def _finder(lawbook: LawBook) -> ArticleFinder:
    return ArticleFinder(lawbook)


# --- one group of references -----------------------------------------------------------------------------------

_BY_STATE = {
    ReferenceState.NO_SUCH_LAW: FindingKind.NO_SUCH_LAW,
    ReferenceState.NO_SUCH_ARTICLE: FindingKind.NO_SUCH_ARTICLE,
    ReferenceState.NO_SUCH_PART: FindingKind.NO_SUCH_PART,
    ReferenceState.LAW_REPEALED: FindingKind.LAW_REPEALED,
    ReferenceState.SUPERSEDED: FindingKind.SUPERSEDED,
    ReferenceState.NOT_YET: FindingKind.NOT_YET,
    ReferenceState.LAW_UNKNOWN: FindingKind.LAW_UNKNOWN,
    ReferenceState.NOT_HELD: FindingKind.NOT_HELD,
    ReferenceState.VERSION_NOT_HELD: FindingKind.NOT_HELD,
}
_ORDER = {kind: place for place, kind in enumerate(FindingKind)}


@dataclass(frozen=True, slots=True)
class _Audit:
    group: CitedGroup
    lawbook: LawBook
    finder: ArticleFinder
    day: date

    def of(self, reference: StatuteRef) -> AuditedCitation:
        verdict = check_reference(self.lawbook, reference, self.day)
        findings = list(self._of_verdict(verdict))
        comparison: Comparison | None = None
        successor = self._successor(verdict)
        if successor:
            comparison = self._compared(successor)
        else:
            words, comparison = self._of_words(verdict)
            findings += words
            findings += self._of_kind(verdict)
        if not findings:
            findings.append(Finding(FindingKind.CITED, verdict.message, verdict.article))
        findings.sort(key=lambda finding: _ORDER[finding.kind])
        return AuditedCitation(reference, verdict, tuple(findings), comparison)

    # --- what the law book says of the number

    def _of_verdict(self, verdict: ReferenceVerdict) -> Iterator[Finding]:
        if verdict.title_fit is TitleFit.REPAIRED:
            written, law = verdict.reference.law_text, verdict.reference.law
            yield Finding(FindingKind.DAMAGED_TITLE, f"没有{_in_marks(written)}这部法律，应为《{law}》。")
        kind = _BY_STATE.get(verdict.state)
        meant = self._old_meaning(verdict)
        if meant is _Meaning.OLD:
            article = self._successor(verdict)
            yield Finding(FindingKind.SUPERSEDED, _superseded_message(verdict), article)
        elif kind:
            yield Finding(kind, verdict.message, self._successor(verdict))
        elif meant is _Meaning.UNTOLD:
            yield Finding(FindingKind.MAYBE_SUPERSEDED, verdict.message, self._held_target(verdict.also_moved_to))

    def _old_meaning(self, verdict: ReferenceVerdict) -> _Meaning:
        """Whether a number that was another article before means that one: by what the text says of it."""
        if not verdict.is_ambiguous:
            return _Meaning.NEW
        said = self._said()
        old = max((pair_share(said, text) for text in self._old_texts(verdict.also_moved_to)), default=0.0)
        new = pair_share(said, verdict.article.text) if verdict.article else 0.0
        if old - new >= _MEANS_OLD_BY:
            return _Meaning.OLD
        # In 181 citations of articles written for this corpus, all right, none has more of the old words.
        return _Meaning.NEW if new >= old and new > 0 else _Meaning.UNTOLD

    def _old_texts(self, moved: Sequence[MovedArticle]) -> Iterator[str]:
        """What the old number said, or what stands under its new number now where only that is held."""
        for row in moved:
            old = self.lawbook.article(row.from_version, row.from_article)
            new = self.lawbook.article(row.to_version, row.to_article) if row.to_article else None
            yield from (article.text for article in (old, new) if article)

    def _said(self) -> str:
        """The words that best tell which article is meant: quoted before labelled before the sentence around."""
        for kinds in (
            (ClaimKind.QUOTATION, ClaimKind.STATEMENT),
            (ClaimKind.QUOTED_WORDS,),
            (ClaimKind.LABEL,),
            (ClaimKind.CONTEXT,),
        ):
            claims = self.group.of_kind(*kinds)
            if claims:
                return "\n".join(_without_references(claim.text, self.group.references) for claim in claims)
        return ""

    def _successor(self, verdict: ReferenceVerdict) -> HeldArticle | None:
        """The article in force that took the place of the one cited; None where that is in force itself."""
        if verdict.state in (ReferenceState.SUPERSEDED, ReferenceState.LAW_REPEALED):
            return self._held_target(verdict.moved_to)
        if self._old_meaning(verdict) is _Meaning.OLD:
            return self._held_target(verdict.also_moved_to)
        return None

    def _held_target(self, moved: Sequence[MovedArticle]) -> HeldArticle | None:
        """Of several targets the one that the text speaks of."""
        targets = [
            article
            for row in moved
            if row.to_article and (article := self.lawbook.article(row.to_version, row.to_article))
        ]
        return max(targets, key=lambda article: pair_share(self._said(), article.text), default=None)

    # --- what the text says of the article

    def _of_words(self, verdict: ReferenceVerdict) -> tuple[list[Finding], Comparison | None]:
        findings: list[Finding] = []
        comparison: Comparison | None = None
        for claim in self.group.of_kind(ClaimKind.QUOTATION, ClaimKind.STATEMENT, ClaimKind.QUOTED_WORDS):
            found = self._of_claim(claim, verdict)
            if found:
                finding, article = found
                findings.append(finding)
                comparison = comparison or _compare(claim, article)
        return findings, comparison

    def _of_claim(self, claim: Claim, verdict: ReferenceVerdict) -> tuple[Finding, HeldArticle] | None:
        if verdict.reference.article is None:
            return self._of_claim_on_a_law(claim, verdict)
        cited = self._cited_articles()
        own = max(cited, key=lambda article: coverage(claim.text, article.text), default=None)
        if own and (finding := _if_faithful(claim, own)):
            return finding, own
        own_share = coverage(claim.text, own.text) if own else 0.0
        elsewhere = self._elsewhere(claim, verdict, cited)
        if elsewhere and elsewhere.coverage >= max(_IS_QUOTED, own_share + _IS_ELSEWHERE_BY):
            return _elsewhere_finding(verdict, elsewhere.article), elsewhere.article
        is_quotation = claim.kind is ClaimKind.QUOTATION or own_share >= _IS_QUOTED
        if own and is_quotation:
            return Finding(FindingKind.MISQUOTED, _misquoted_message(claim, own), own), own
        return None

    def _of_claim_on_a_law(self, claim: Claim, verdict: ReferenceVerdict) -> tuple[Finding, HeldArticle] | None:
        """A sentence credited to a law without article: where it stands there, if it is its wording at all."""
        if self.lawbook.resolve_title(claim.text):  # “人民个人信息保护法” is a name, not its words
            return None
        best = next((found for found in self._candidates(claim) if _is_of(found.article, verdict)), None)
        if best is None or best.coverage < _IS_QUOTED:
            return None
        faithful = _if_faithful(claim, best.article)
        place = f"这句话在{_name(best.article)}"
        if faithful:
            return Finding(faithful.kind, f"{place}，{faithful.message}", best.article), best.article
        message = f"{place}，{_misquoted_message(claim, best.article)}"
        return Finding(FindingKind.MISQUOTED, message, best.article), best.article

    def _cited_articles(self) -> list[HeldArticle]:
        """The texts of all articles cited in this breath: what is said of them may stand in any."""
        verdicts = [check_reference(self.lawbook, reference, self.day) for reference in self.group.references]
        return list({verdict.article.number: verdict.article for verdict in verdicts if verdict.article}.values())

    def _candidates(self, claim: Claim) -> list[Found]:
        in_force = [
            found
            for found in self.finder.find(claim.text, limit=20)
            if validity_on(found.article.version, self.day) is Validity.IN_FORCE
        ]
        return sorted(in_force, key=lambda found: -found.coverage)

    def _elsewhere(self, claim: Claim, verdict: ReferenceVerdict, cited: Sequence[HeldArticle]) -> Found | None:
        others = [found for found in self._candidates(claim) if found.article not in cited]
        return max(
            others,
            key=lambda found: found.coverage + (_SAME_LAW_BONUS if _is_of(found.article, verdict) else 0.0),
            default=None,
        )

    def _compared(self, article: HeldArticle) -> Comparison | None:
        claims = self.group.of_kind(ClaimKind.QUOTATION, ClaimKind.STATEMENT, ClaimKind.QUOTED_WORDS)
        return _compare(claims[0], article) if claims else None

    # --- what the text calls the article

    def _of_kind(self, verdict: ReferenceVerdict) -> Iterator[Finding]:
        """A penalty called damages, a definition called a ground of liability.

        The rule: the words that name the article (in brackets after it, or the last clause before it where it is
        the ground of the sentence) speak of one kind of consequence, and none of the articles cited has that kind.
        """
        cited = self._cited_articles()
        if verdict.article is None or not cited:
            return
        has = {kind for article in cited for kind in _consequences_of(article)}
        for words in self._naming_words():
            claimed = _claimed_consequences(words)
            if claimed and not claimed & has:
                better = self._article_with(claimed, words, verdict)
                yield Finding(FindingKind.MISCHARACTERISED, _kind_message(verdict, claimed, has, better), better)
                return

    def _naming_words(self) -> Iterator[str]:
        yield from (claim.text for claim in self.group.of_kind(ClaimKind.LABEL))
        if self.group.is_ground:
            start = self.group.references[0].span.start
            for claim in self.group.of_kind(ClaimKind.CONTEXT):
                before = claim.text[: max(0, start - claim.span.start)]
                clauses = [clause for clause in re.split(r"[，。；！？,;!?（(]", before) if clause.strip()]
                yield from clauses[-1:]

    def _article_with(
        self, kinds: frozenset[_Consequence], words: str, verdict: ReferenceVerdict
    ) -> HeldArticle | None:
        """The article of the same law that has the consequence and most of the words."""
        law = verdict.reference.law
        version = version_at(self.lawbook, law, self.day) if law else None
        if version is None:
            return None
        fitting = [a for a in self.lawbook.articles(version.id) if kinds & _consequences_of(a)]
        best = max(fitting, key=lambda article: pair_share(words, article.text), default=None)
        return best if best and pair_share(words, best.text) > 0.3 else None


class _Meaning(Enum):
    """Which article a number means that was another one before."""

    NEW = "new"
    OLD = "old"
    UNTOLD = "untold"


# --- words -----------------------------------------------------------------------------------------------------


def _if_faithful(claim: Claim, article: HeldArticle) -> Finding | None:
    """The finding where the claim has only words of the article; None where it has others."""
    if claim.kind is ClaimKind.QUOTED_WORDS:
        # Words built into a sentence are whole as they stand: nobody takes them for the full article.
        is_faithful = faithfulness(claim.text, article) is not Faithfulness.CHANGED
        return Finding(FindingKind.VERBATIM, f"引号里的话与{_name(article)}一致。", article) if is_faithful else None
    kind = faithfulness(claim.text, article)
    if kind is Faithfulness.WHOLE:
        return Finding(FindingKind.VERBATIM, f"与{_name(article)}的原文一致。", article)
    if kind is Faithfulness.CUT:
        left_out = _left_out(claim, article)
        what = f"，漏掉了“{left_out}”" if left_out else "，顺序或起止与原文不同"
        return Finding(FindingKind.TRUNCATED, f"用语出自{_name(article)}，但有删节{what}。", article)
    return None


def _left_out(claim: Claim, article: HeldArticle) -> str:
    official = closest_wording(claim.text, article)
    pieces = [
        difference.official.of(official).strip("，。；：、")
        for difference in find_differences(claim.text, official)
        if difference.kind is DifferenceKind.LEFT_OUT
    ]
    return "……".join(_shortened(piece) for piece in pieces if len(piece) > 1)


def _misquoted_message(claim: Claim, article: HeldArticle) -> str:
    official = closest_wording(claim.text, article)
    changes = []
    for difference in find_differences(claim.text, official):
        written, right = difference.written.of(claim.text).strip("，,"), difference.official.of(official).strip("，,")
        if difference.kind is DifferenceKind.REPLACED:
            after = _next_letter(official, difference.official.end) if min(len(written), len(right)) < 2 else ""
            changes.append(f"“{_shortened(right)}{after}”写成了“{_shortened(written)}{after}”")
        elif difference.kind is DifferenceKind.ADDED:
            changes.append(f"多出“{_shortened(written)}”")
        elif difference.kind is DifferenceKind.LEFT_OUT and len(right) > 1:
            changes.append(f"漏掉“{_shortened(right)}”")
    what = "；".join(changes[:3])
    return f"不是{_name(article)}的原文{f'：{what}' if what else ''}。"


def _next_letter(text: str, place: int) -> str:
    """One letter says little: 使 for 利 reads as 使用 for 利用."""
    following = text[place : place + 1]
    return following if "\u4e00" <= following <= "\u9fff" else ""


def _elsewhere_finding(verdict: ReferenceVerdict, article: HeldArticle) -> Finding:
    cited = (
        f"《{verdict.reference.law}》{verdict.reference.article}" if verdict.reference.law else verdict.reference.text
    )
    return Finding(FindingKind.WRONG_ARTICLE, f"这段话不在{cited}，出自{_name(article)}。", article)


def _superseded_message(verdict: ReferenceVerdict) -> str:
    kept = [row for row in verdict.also_moved_to if row.to_article]
    article = verdict.reference.article
    if not kept:
        return f"说的是以前的{article}，现行法律已删去这一条。"
    until = verdict.version.effective if verdict.version else None
    since = f"自{until.year}年{until.month}月{until.day}日起" if until else "现在"
    targets = "、".join(dict.fromkeys(str(row.to_article) for row in kept))
    changes = "；".join(dict.fromkeys(row.change.rstrip("。") for row in kept))
    return f"说的是旧的{article}，{since}是第{targets.removeprefix('第')}：{changes}。"


def _compare(claim: Claim, article: HeldArticle) -> Comparison:
    official = closest_wording(claim.text, article)
    return Comparison(claim, article, official, find_differences(claim.text, official))


def _is_of(article: HeldArticle, verdict: ReferenceVerdict) -> bool:
    return article.version.short_title == verdict.reference.law


def _name(article: HeldArticle) -> str:
    return f"《{article.version.short_title}》{article.number}"


def _in_marks(title: str) -> str:
    return title if "《" in title else f"《{title}》"


def _shortened(text: str) -> str:
    text = re.sub(r"\s+", "", text)
    return text if len(text) <= 40 else f"{text[:40]}……"


def _without_references(text: str, references: Sequence[StatuteRef]) -> str:
    for reference in references:
        text = text.replace(reference.text, "")
        if reference.law_text:
            text = text.replace(reference.law_text, "")
    return text


# --- consequences ----------------------------------------------------------------------------------------------


class _Consequence(Enum):
    """What an article attaches to an act."""

    CIVIL = "民事赔偿"
    ADMINISTRATIVE = "行政处罚"
    CRIMINAL = "刑事责任"


_IN_AN_ARTICLE = {
    _Consequence.CIVIL: re.compile(r"赔偿|民事责任|侵权责任|违约责任|赔礼道歉|停止侵害|返还"),
    _Consequence.ADMINISTRATIVE: re.compile(r"处罚|罚款|拘留|没收违法所得|警告|责令改正|吊销"),
    _Consequence.CRIMINAL: re.compile(r"有期徒刑|拘役|罚金|刑事责任|定罪|犯罪|构成.{0,12}罪|“情节严重”"),
}
# What is denied (不够判刑的) is not claimed, and a law's name (治安管理处罚法) claims nothing.
_IN_A_NAME = {
    _Consequence.CIVIL: re.compile(
        r"侵权(?:赔偿|损害|责任|民事)|赔偿责任|损害赔偿|民事责任|赔偿损失|精神(?:损害)?赔偿"
    ),
    _Consequence.ADMINISTRATIVE: re.compile(r"行政处罚(?!法)|治安(?:管理)?处罚(?!法)|(?:处|可)以?.{0,6}(?:罚款|拘留)"),
    _Consequence.CRIMINAL: re.compile(r"(?<!不够)(?<!不)(?:追究刑事责任|判刑|构成犯罪)|[^得受定无有处]罪$"),
}


def _consequences_of(article: HeldArticle) -> frozenset[_Consequence]:
    found = {kind for kind, pattern in _IN_AN_ARTICLE.items() if pattern.search(article.text)}
    # Every article of an interpretation on a crime is about it, whether or not it repeats the word.
    is_on_crime = "刑" in article.version.short_title
    return frozenset(found | {_Consequence.CRIMINAL} if is_on_crime else found)


def _claimed_consequences(words: str) -> frozenset[_Consequence]:
    return frozenset(kind for kind, pattern in _IN_A_NAME.items() if pattern.search(words.strip()))


def _kind_message(
    verdict: ReferenceVerdict,
    claimed: frozenset[_Consequence],
    has: set[_Consequence],
    better: HeldArticle | None,
) -> str:
    named = "、".join(kind.value for kind in _Consequence if kind in claimed)
    really = "、".join(kind.value for kind in _Consequence if kind in has)
    article = f"《{verdict.reference.law}》{verdict.reference.article}"
    is_what = f"{article}规定的是{really}，不是{named}" if really else f"{article}没有规定{named}"
    return f"{is_what}{f'；{named}见{better.number}' if better else ''}。"


# --- old law without a number ----------------------------------------------------------------------------------


def _outdated(
    text: str, citations: Sequence[AuditedCitation], lawbook: LawBook, day: date
) -> Iterator[OutdatedPassage]:
    """Sentences in the words of an expired version that no citation above already answers for."""
    law = OutdatedLaw(lawbook, day)
    faults = [citation for citation in citations if citation.is_fault]
    told = [citation.reference.span for citation in faults]
    told += [citation.comparison.claim.span for citation in faults if citation.comparison]
    answered = {place for span in told for place in range(span.start, span.end)}
    for sentence in split_sentences(text):
        is_answered = not answered.isdisjoint(range(sentence.start, sentence.end))
        words = None if is_answered else law.find(sentence.of(text))
        if words:
            name = f"《{words.version.short_title}》（{words.version.effective}起施行的文本）{words.article}"
            message = f"用的是{name}的旧文字，这一文本已于{words.version.expired}失效。"
            yield OutdatedPassage(sentence, sentence.of(text), words.version, words.article, message)
