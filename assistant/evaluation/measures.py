"""What an answer is worth, case by case. Everything is recomputed from the stored answer; nothing that the answer
says of itself is trusted, except which passage a sentence names.

Ranking measures are in ``ranking``. Definitions follow their sources; where we differ, the docstring says so.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import cache

from assistant.evaluation.ranking import judged_ranking, ranking_scores
from assistant.evaluation.records import (
    CaseResult,
    EvaluationCase,
    Fault,
    JudgedAnswer,
    JudgedCase,
    JudgedPassage,
    JudgedSentence,
    Measure,
    Run,
)
from assistant.evaluation.references import gold_groups, in_force, key_of, law_day
from assistant.records import AnswerMode
from corpus.citations import find_statute_refs
from corpus.lawbook import LawBook, load_lawbook
from corpus.validity import version_at

_WHITE_SPACE = re.compile(r"\s+")
# Marks at which a sentence falls into pieces that can each be looked for: an item of an article hangs on a lead that
# stands elsewhere in it, so a whole quotation need not be one stretch of its passage.
_PIECE_ENDS = re.compile(r"(?<=[。；！？：;!?])|\n")
_MARKS = re.compile(r"\[\d+\]")
_IN_QUOTATION_MARKS = re.compile(r"“([^“”]{4,})”")


def judge_run(run: Run) -> tuple[JudgedCase, ...]:
    """Return every finished case of a run with its figures, in the set's order."""
    by_id = {case.id: case for case in run.cases}
    return judge([(by_id[result.case_id], result) for result in run.results])


def judge(pairs: Sequence[tuple[EvaluationCase, CaseResult]]) -> tuple[JudgedCase, ...]:
    """Return each case with its figures and what went wrong first."""
    ranked = _ranking_scores(pairs)
    judged = []
    for case, result in pairs:
        scores = {**ranked.get(case.id, {}), **_answer_scores(case, result)}
        fault, why = first_fault(case, result, scores)
        judged.append(JudgedCase(case, result, scores, fault, why))
    return tuple(judged)


def _ranking_scores(pairs: Sequence[tuple[EvaluationCase, CaseResult]]) -> Mapping[str, Mapping[Measure, float]]:
    with_gold = [(case, result) for case, result in pairs if case.gold]
    rankings = {
        case.id: judged_ranking(result.hits, gold_groups(case), _day(case, result)) for case, result in with_gold
    }
    return ranking_scores(rankings, {case.id: len(case.gold) for case, _ in with_gold})


def _day(case: EvaluationCase, result: CaseResult) -> date:
    return law_day(case, result.answer.as_of if result.answer else date.max)


def _answer_scores(case: EvaluationCase, result: CaseResult) -> dict[Measure, float]:
    answer = result.answer
    scores: dict[Measure, float | None] = {
        Measure.MISSED_REFUSAL: missed_refusal(case, answer),
        Measure.NEEDLESS_REFUSAL: needless_refusal(case, answer),
        Measure.REASON_RIGHT: reason_right(case, answer),
        Measure.GOLD_CITED: gold_cited(case, answer),
        Measure.FACT_RECALL: fact_recall(case, answer),
    }
    if answer is not None:
        scores[Measure.GOLD_SHARE] = gold_share(case, answer)
        scores[Measure.CITATION_RECALL] = citation_recall(answer)
        scores[Measure.CITATION_PRECISION] = citation_precision(answer)
        scores[Measure.CURRENT_LAW] = current_law(case, answer)
        scores[Measure.QUOTE_FIDELITY] = quote_fidelity(answer)
    return {measure: value for measure, value in scores.items() if value is not None}


# --- declining ---------------------------------------------------------------------------------------------------


def missed_refusal(case: EvaluationCase, answer: JudgedAnswer | None) -> float | None:
    """1 where a question that cannot be answered was answered, else 0; None for any other question.

    A question that the program refused with an error was not answered.
    """
    if case.answerable is not False:
        return None
    return float(answer is not None and not answer.declined)


def needless_refusal(case: EvaluationCase, answer: JudgedAnswer | None) -> float | None:
    """1 where a question that can be answered was declined or ended in an error, else 0; None for any other."""
    if case.answerable is not True:
        return None
    return float(answer is None or answer.declined)


def reason_right(case: EvaluationCase, answer: JudgedAnswer | None) -> float | None:
    """1 where a question was rightly declined for the reason expected, 0 for another; None where not declined."""
    if case.decline_reason is None or answer is None or not answer.declined:
        return None
    return float(answer.reason == case.decline_reason.value)


# --- gold --------------------------------------------------------------------------------------------------------


def gold_cited(case: EvaluationCase, answer: JudgedAnswer | None) -> float | None:
    """Share of the gold groups of which the answer cites a member in force on the day; 0 where it declined.

    None for a question without gold, and in search mode, which cites nothing.
    """
    if not case.gold or _is_search(answer):
        return None
    if answer is None:
        return 0.0
    day = law_day(case, answer.as_of)
    cited = {key_of(passage) for passage in cited_passages(answer) if in_force(passage, day)}
    groups = gold_groups(case)
    return sum(bool(group & cited) for group in groups) / len(groups)


def gold_share(case: EvaluationCase, answer: JudgedAnswer) -> float | None:
    """Share of the sources cited that are gold; None where nothing is cited.

    Other sources can be right as well, so this is a lower bound, of use between runs.
    """
    cited = {key_of(passage) for passage in cited_passages(answer)}
    if not case.gold or not cited:
        return None
    return len(cited & frozenset().union(*gold_groups(case))) / len(cited)


def fact_recall(case: EvaluationCase, answer: JudgedAnswer | None) -> float | None:
    """Share of the facts (regular expressions) found in what the reader sees: text, quotations, remarks, advice.

    None for a question without facts, and in search mode, which shows whole passages.
    """
    if not case.facts or _is_search(answer):
        return None
    seen = visible(answer) if answer else ""
    return sum(bool(re.search(fact, seen)) for fact in case.facts) / len(case.facts)


def _is_search(answer: JudgedAnswer | None) -> bool:
    return answer is not None and answer.mode == AnswerMode.SEARCH.value


def visible(answer: JudgedAnswer) -> str:
    """Return all that a reader sees of an answer: emergency advice, text, remarks, the quoted words of its sources."""
    by_number = {passage.number: passage for passage in answer.passages}
    quoted = [
        by_number[sentence.citations[0]].text[start:end]
        for sentence in answer.sentences
        if sentence.citations and sentence.citations[0] in by_number
        for start, end in sentence.quotes
    ]
    return "\n".join([answer.safety, answer.text, *answer.notes, *quoted])


def cited_passages(answer: JudgedAnswer) -> tuple[JudgedPassage, ...]:
    """Return the passages that some sentence cites, by number."""
    numbers = {number for sentence in answer.sentences for number in sentence.citations}
    return tuple(passage for passage in answer.passages if passage.number in numbers)


# --- citations, in the sense of ALCE ------------------------------------------------------------------------------


def citation_recall(answer: JudgedAnswer) -> float | None:
    """Share of the sentences that their citations bear out (ALCE, Gao et al. 2023); None without a sentence.

    ALCE asks an entailment model whether the cited passages together entail the sentence. We ask for exact
    containment: every piece of the sentence, cut at 。；！？ and ：, stands word for word in one of the passages cited
    with it. That is stricter: prose that says the same in other words counts as not borne out.
    """
    if not answer.sentences:
        return None
    return sum(_borne_out(sentence, _passages_of(sentence, answer)) for sentence in answer.sentences) / len(
        answer.sentences
    )


def citation_precision(answer: JudgedAnswer) -> float | None:
    """Share of the citations that are needed (ALCE, Gao et al. 2023); None without a citation.

    A citation counts where its sentence is borne out and it is not irrelevant: irrelevant is one that does not bear
    the sentence out by itself while the others do without it.
    """
    verdicts = [_needed(number, sentence, answer) for sentence in answer.sentences for number in sentence.citations]
    return sum(verdicts) / len(verdicts) if verdicts else None


def _needed(number: int, sentence: JudgedSentence, answer: JudgedAnswer) -> bool:
    passages = _passages_of(sentence, answer)
    if not _borne_out(sentence, passages):
        return False
    alone = [passage for passage in passages if passage.number == number]
    others = [passage for passage in passages if passage.number != number]
    return _borne_out(sentence, alone) or not _borne_out(sentence, others)


def _passages_of(sentence: JudgedSentence, answer: JudgedAnswer) -> list[JudgedPassage]:
    return [passage for passage in answer.passages if passage.number in sentence.citations]


def _borne_out(sentence: JudgedSentence, passages: Sequence[JudgedPassage]) -> bool:
    pieces = _pieces(sentence.text)
    return bool(passages) and bool(pieces) and all(_contains(passages, piece) for piece in pieces)


def _pieces(text: str) -> list[str]:
    pieces = (_plain(piece) for piece in _PIECE_ENDS.split(_MARKS.sub("", text)))
    return [piece for piece in pieces if piece]


def _contains(passages: Iterable[JudgedPassage], piece: str) -> bool:
    return any(piece in _plain(passage.text) for passage in passages)


def _plain(text: str) -> str:
    """Without white space, half-width: line breaks and full-width spaces are layout, not words."""
    return _WHITE_SPACE.sub("", unicodedata.normalize("NFKC", text))


# --- law in time and quotations -----------------------------------------------------------------------------------


def current_law(case: EvaluationCase, answer: JudgedAnswer) -> float | None:
    """1 where the answer states no law that is out of force on the day and shows no forbidden pattern, else 0.

    None for a declined answer, unless it shows a forbidden pattern, and in search mode. The day is the case's
    (``law_day``). Stated is a law by citing its text, or by a sentence of an article about the law (ours, or a page)
    that names it. A question about old law (``old_law``) may cite an expired article that the answer labels expired,
    beside one in force.
    """
    if _is_search(answer):
        return None
    shown = any(re.search(pattern, visible(answer)) for pattern in case.forbidden)
    if answer.declined:
        return 0.0 if shown else None
    return float(not (shown or out_of_force(case, answer) or laws_of_another_day(case, answer)))


def out_of_force(case: EvaluationCase, answer: JudgedAnswer) -> tuple[JudgedPassage, ...]:
    """Return the cited passages that are not law on the day and should not have been cited as such."""
    day = law_day(case, answer.as_of)
    cited = cited_passages(answer)
    stale = tuple(passage for passage in cited if passage.kind == "statute" and not in_force(passage, day))
    some_in_force = any(passage.kind == "statute" and in_force(passage, day) for passage in cited)
    if case.old_law and some_in_force:
        stale = tuple(passage for passage in stale if passage.validity == "in_force")
    return stale


def laws_of_another_day(case: EvaluationCase, answer: JudgedAnswer) -> tuple[str, ...]:
    """Return references in sentences taken from articles that were written under another version of the law.

    An article says what the law was when it was published: the version in force then must be the one of the day.
    """
    day = law_day(case, answer.as_of)
    stale = []
    for sentence in answer.sentences:
        written = [passage.published for passage in _passages_of(sentence, answer) if passage.kind != "statute"]
        for published in written:
            if published is not None:
                stale += [name for name in _laws_named(sentence.text) if _changed_between(name, published, day)]
    return tuple(stale)


def _laws_named(text: str) -> list[str]:
    """The short titles of the laws of which ``text`` names an article."""
    references = find_statute_refs(text, _lawbook())
    return [reference.law for reference in references if reference.law and reference.article]


def _changed_between(law: str, one: date, other: date) -> bool:
    before, after = version_at(_lawbook(), law, one), version_at(_lawbook(), law, other)
    return before is not None and after is not None and before.id != after.id


@cache
def _lawbook() -> LawBook:
    return load_lawbook()


def quote_fidelity(answer: JudgedAnswer) -> float | None:
    """Share of the quotations that stand in the passage they name, recomputed; None without a quotation.

    A quotation is a marked place (it must lie in the text of the first cited passage, and the sentence must hold its
    words), or four or more characters between “ and ” (some cited passage must hold them). A passage whose text does
    not have the hash that it carries holds nothing.
    """
    verdicts: list[bool] = []
    for sentence in answer.sentences:
        whole = [passage for passage in _passages_of(sentence, answer) if _untouched(passage)]
        first = next((passage for passage in whole if passage.number == sentence.citations[0]), None)
        for start, end in sentence.quotes:
            words = first.text[start:end] if first and 0 <= start < end <= len(first.text) else ""
            verdicts.append(bool(words.strip()) and _plain(words) in _plain(sentence.text))
        verdicts += [_contains(whole, _plain(words)) for words in _IN_QUOTATION_MARKS.findall(sentence.text)]
    return sum(verdicts) / len(verdicts) if verdicts else None


def _untouched(passage: JudgedPassage) -> bool:
    return hashlib.sha256(passage.text.encode()).hexdigest() == passage.text_sha256


# --- what went wrong first ----------------------------------------------------------------------------------------


def first_fault(case: EvaluationCase, result: CaseResult, scores: Mapping[Measure, float]) -> tuple[Fault, str]:
    """Return the first thing that went wrong, in the order in which an answer is made, and one line on it."""
    answer = result.answer
    if answer is None:
        return Fault.ERROR, result.error or "no answer"
    if scores.get(Measure.MISSED_REFUSAL):
        return Fault.MISSED_REFUSAL, f"answered, citing {_names(cited_passages(answer))}"
    if scores.get(Measure.NEEDLESS_REFUSAL):
        return Fault.NEEDLESS_REFUSAL, f"declined: {answer.reason}"
    if scores.get(Measure.REASON_RIGHT) == 0:
        expected = case.decline_reason.value if case.decline_reason else ""
        return Fault.WRONG_REASON, f"declined as {answer.reason}, expected {expected}"
    if answer.declined:
        return (Fault.OLD_LAW, "shows a forbidden pattern") if Measure.CURRENT_LAW in scores else (Fault.NONE, "")
    if _is_search(answer):
        missed = scores.get(Measure.RECALL_AT_20, 1.0) < 1
        return (Fault.RETRIEVAL, f"not all gold among the first {len(result.hits)}") if missed else (Fault.NONE, "")
    return _fault_of_answer(case, result, answer, scores)


def _fault_of_answer(
    case: EvaluationCase, result: CaseResult, answer: JudgedAnswer, scores: Mapping[Measure, float]
) -> tuple[Fault, str]:
    if scores.get(Measure.CURRENT_LAW) == 0:
        return Fault.OLD_LAW, _what_is_old(case, answer)
    if scores.get(Measure.QUOTE_FIDELITY, 1.0) < 1:
        return Fault.QUOTE, "a quotation is not in its passage"
    missing = _groups_missing(case, answer)
    if missing:
        return _place_of_loss(case, result, answer, missing[0])
    if scores.get(Measure.FACT_RECALL, 1.0) < 1:
        lost = [fact for fact in case.facts if not re.search(fact, visible(answer))]
        return Fault.FACT, f"missing: {'; '.join(lost)}"
    return Fault.NONE, ""


def _what_is_old(case: EvaluationCase, answer: JudgedAnswer) -> str:
    cited, named = out_of_force(case, answer), "、".join(dict.fromkeys(laws_of_another_day(case, answer)))
    shown = [pattern for pattern in case.forbidden if re.search(pattern, visible(answer))]
    return "; ".join(
        [
            *([f"not in force: {_names(cited)}"] if cited else []),
            *([f"an article states another version of {named}"] if named else []),
            *([f"shows {'; '.join(shown)}"] if shown else []),
        ]
    )


def _groups_missing(case: EvaluationCase, answer: JudgedAnswer) -> list[frozenset[str]]:
    day = law_day(case, answer.as_of)
    cited = {key_of(passage) for passage in cited_passages(answer) if in_force(passage, day)}
    return [group for group in gold_groups(case) if not group & cited]


def _place_of_loss(
    case: EvaluationCase, result: CaseResult, answer: JudgedAnswer, group: frozenset[str]
) -> tuple[Fault, str]:
    """Where a gold group got lost on its way into the answer: not found, found too far down, or not chosen."""
    wanted = " | ".join(sorted(group))
    shown = {key_of(passage) for passage in answer.passages}
    if group & shown:
        return Fault.CHOICE, f"shown, not cited: {wanted}; cited {_names(cited_passages(answer))}"
    ranking = judged_ranking(result.hits, (group,), law_day(case, answer.as_of))
    if "0" in ranking:
        return Fault.RANKING, f"at rank {ranking.index('0') + 1}, not shown: {wanted}"
    return Fault.RETRIEVAL, f"not among the first {len(result.hits)}: {wanted}"


def _names(passages: Sequence[JudgedPassage]) -> str:
    return "、".join(key_of(passage).removeprefix("title:") for passage in passages) or "nothing"
