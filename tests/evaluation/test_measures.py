"""Each measure on an answer small enough to work out by hand."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from assistant.evaluation.measures import (
    citation_precision,
    citation_recall,
    current_law,
    fact_recall,
    gold_cited,
    gold_share,
    judge,
    missed_refusal,
    needless_refusal,
    quote_fidelity,
    reason_right,
)
from assistant.evaluation.ranking import judged_ranking, ranking_scores
from assistant.evaluation.records import CaseResult, EvaluationCase, Fault, Hit, JudgedAnswer, Measure
from assistant.evaluation.running import read_answer
from assistant.records import DeclineReason
from corpus.numerals import parse_article
from tests.evaluation.doubles import (
    TODAY,
    answer_of,
    article_passage,
    declined,
    hit_of,
    lawbook,
    statute_passage,
    whole_sentence,
)

OLD = ("治安管理处罚法-2013-01-01", "第四十二条")
NEW = ("治安管理处罚法-2026-01-01", "第五十条")
PRIVACY = ("民法典-2021-01-01", "第一千零三十三条")
CASE = EvaluationCase(
    id="a",
    question="?",
    answerable=True,
    gold=(("治安管理处罚法第五十条", "民法典第一千零三十二条"), ("民法典第一千零三十三条",)),
)


def passage(number: int, place: tuple[str, str], day: date = TODAY) -> dict[str, Any]:
    article = lawbook().article(place[0], parse_article(place[1]))
    assert article is not None
    return statute_passage(number, article, day)


def answered(*passages: dict[str, Any], sentences: list[dict[str, Any]] | None = None, **changes: Any) -> JudgedAnswer:
    quoted = [whole_sentence(one) for one in passages] if sentences is None else sentences
    return read_answer(answer_of("?", TODAY, passages, quoted, **changes))


# --- gold and facts -------------------------------------------------------------------------------------------------


def test_gold_cited_is_the_share_of_groups_with_a_member_cited() -> None:
    assert gold_cited(CASE, answered(passage(1, NEW), passage(2, PRIVACY))) == 1.0
    assert gold_cited(CASE, answered(passage(1, NEW))) == 0.5
    assert gold_cited(CASE, read_answer(declined("?", TODAY, "out_of_scope"))) == 0.0
    assert gold_cited(replace(CASE, gold=()), answered(passage(1, NEW))) is None


def test_search_cites_nothing_and_is_not_judged_for_it() -> None:
    found = answered(passage(1, NEW), sentences=[], mode="search")
    assert gold_cited(CASE, found) is None
    assert fact_recall(replace(CASE, facts=("一千元",)), found) is None
    assert current_law(replace(CASE, forbidden=("一千元",)), found) is None
    nothing_found = read_answer({**declined("?", TODAY, "out_of_scope"), "mode": "search"})
    assert gold_cited(CASE, nothing_found) is None
    assert needless_refusal(CASE, nothing_found) == 1.0


def test_gold_that_is_shown_and_not_cited_does_not_count() -> None:
    shown = answered(passage(1, NEW), passage(2, PRIVACY), sentences=[whole_sentence(passage(1, NEW))])
    assert gold_cited(CASE, shown) == 0.5


def test_the_same_number_of_the_old_version_is_not_gold() -> None:
    """治安管理处罚法第五十条 of 2013 is about obstructing officials."""
    old_fifty = passage(1, (OLD[0], "第五十条"))
    assert gold_cited(replace(CASE, gold=(("治安管理处罚法第五十条",),)), answered(old_fifty)) == 0.0


def test_an_own_article_is_gold_by_its_file() -> None:
    case = replace(CASE, gold=(("article:which-hotline",),))
    assert gold_cited(case, answered(article_passage(1, "which-hotline"))) == 1.0


def test_gold_share_is_the_share_of_cited_sources_that_are_gold() -> None:
    other = passage(2, ("民法典-2021-01-01", "第一千零一十九条"))
    assert gold_share(CASE, answered(passage(1, NEW), other)) == 0.5


def test_facts_are_looked_for_in_text_remarks_advice_and_quotations() -> None:
    case = replace(CASE, facts=("一千元以下罚款", "拨打110", "现在是第五十条", "两百元"))
    answer = answered(passage(1, NEW), text="", safety="请拨打110", notes=[{"message": "现在是第五十条"}])
    assert fact_recall(case, answer) == 0.75
    assert fact_recall(case, None) == 0.0


# --- declining ------------------------------------------------------------------------------------------------------


def test_refusals_are_missed_where_unanswerable_and_needless_where_answerable() -> None:
    no_answer = read_answer(declined("?", TODAY, "out_of_scope"))
    an_answer = answered(passage(1, NEW))
    unanswerable = EvaluationCase("b", "?", answerable=False, decline_reason=DeclineReason.HARMFUL)
    assert missed_refusal(unanswerable, an_answer) == 1.0
    assert missed_refusal(unanswerable, no_answer) == 0.0
    assert missed_refusal(CASE, an_answer) is None
    assert needless_refusal(CASE, no_answer) == 1.0
    assert needless_refusal(CASE, an_answer) == 0.0
    assert needless_refusal(CASE, None) == 1.0
    assert needless_refusal(unanswerable, no_answer) is None
    assert needless_refusal(EvaluationCase("c", "?"), no_answer) is None
    assert reason_right(unanswerable, no_answer) == 0.0
    assert reason_right(unanswerable, read_answer(declined("?", TODAY, "harmful"))) == 1.0


# --- ALCE -----------------------------------------------------------------------------------------------------------


def test_citation_recall_asks_that_every_piece_stands_in_a_cited_passage() -> None:
    one = passage(1, PRIVACY)
    lead, item = (
        "任何组织或者个人不得实施下列行为：",
        "（一）以电话、短信、即时通讯工具、电子邮件、传单等方式侵扰他人的私人生活安宁；",
    )
    joined = {"text": f"除法律另有规定或者权利人明确同意外，{lead}{item}", "citations": [1], "quotes": []}
    invented = {"text": f"{item}并处一万元罚款。", "citations": [1], "quotes": []}
    unmarked = {"text": lead, "citations": [], "quotes": []}
    assert citation_recall(answered(one, sentences=[joined])) == 1.0
    assert citation_recall(answered(one, sentences=[joined, invented])) == 0.5
    assert citation_recall(answered(one, sentences=[unmarked])) == 0.0
    assert citation_recall(answered(sentences=[])) is None


def test_citation_precision_drops_a_passage_that_adds_nothing() -> None:
    """Of [1][2] behind a sentence of 1, 2 is irrelevant; behind a sentence of neither, no citation counts."""
    one, two = passage(1, NEW), passage(2, PRIVACY)
    both_marks = {**whole_sentence(one), "citations": [1, 2]}
    of_both = {"text": one["text"] + "\n" + two["text"], "citations": [1, 2], "quotes": []}
    wrong_mark = {**whole_sentence(one), "citations": [2]}
    assert citation_precision(answered(one, two, sentences=[both_marks])) == 0.5
    assert citation_precision(answered(one, two, sentences=[of_both])) == 1.0
    assert citation_precision(answered(one, two, sentences=[wrong_mark])) == 0.0
    assert citation_recall(answered(one, two, sentences=[wrong_mark])) == 0.0


# --- law in time ------------------------------------------------------------------------------------------------------


def test_an_expired_article_is_not_current_law() -> None:
    assert current_law(CASE, answered(passage(1, NEW))) == 1.0
    assert current_law(CASE, answered(passage(1, OLD))) == 0.0


def test_a_version_ends_with_the_day_before_the_next_one_begins() -> None:
    on_the_day = replace(CASE, as_of=date(2026, 1, 1))
    assert current_law(on_the_day, answered(passage(1, NEW))) == 1.0
    assert current_law(on_the_day, answered(passage(1, OLD))) == 0.0


def test_the_day_of_the_question_decides_what_is_current() -> None:
    case = replace(CASE, as_of=date(2025, 12, 31))
    assert current_law(case, answered(passage(1, OLD))) == 1.0
    assert current_law(case, answered(passage(1, NEW))) == 0.0
    found_out = replace(CASE, finds_as_of=date(2025, 12, 31))
    assert current_law(found_out, answered(passage(1, NEW))) == 0.0


def test_a_question_about_old_law_may_cite_it_labelled_beside_the_current_article() -> None:
    about_old = replace(CASE, old_law=True)
    old, new = passage(1, OLD), passage(2, NEW)
    assert old["validity"] == "expired"
    assert current_law(about_old, answered(old, new)) == 1.0
    assert current_law(about_old, answered(old)) == 0.0
    assert current_law(about_old, answered({**old, "validity": "in_force"}, new)) == 0.0
    assert current_law(CASE, answered(old, new)) == 0.0


def test_an_article_states_the_law_of_the_day_it_was_written() -> None:
    """Ours of 2026 on a question of 2025, and a page of 2024 on one of today: both name what was another article."""
    ours = article_passage(1, "call-bombing")
    sentence = {
        "text": "干扰他人生活的要受处罚（《治安管理处罚法》第五十条第一款第五项）。",
        "citations": [1],
        "quotes": [],
    }
    page = {**ours, "published": "2024-05-01"}
    in_2025 = replace(CASE, as_of=date(2025, 6, 1))
    assert current_law(CASE, answered(ours, sentences=[sentence])) == 1.0
    assert current_law(in_2025, answered(ours, sentences=[sentence])) == 0.0
    assert current_law(in_2025, answered(page, sentences=[sentence])) == 1.0
    assert current_law(CASE, answered(page, sentences=[sentence])) == 0.0
    unchanged = {**sentence, "text": "侵扰安宁是侵权（《民法典》第一千零三十三条）。"}
    assert current_law(in_2025, answered(ours, sentences=[unchanged])) == 1.0
    undated = {**ours, "published": None}
    assert current_law(in_2025, answered(undated, sentences=[sentence])) == 1.0


def test_a_forbidden_pattern_is_wrong_even_where_the_answer_declines() -> None:
    case = replace(CASE, forbidden=("五百元",))
    assert current_law(case, answered(passage(1, NEW), text="罚五百元")) == 0.0
    assert current_law(case, read_answer({**declined("?", TODAY, "harmful"), "text": "罚五百元"})) == 0.0
    assert current_law(case, read_answer(declined("?", TODAY, "harmful"))) is None


# --- quotations -------------------------------------------------------------------------------------------------------


def test_quote_fidelity_recomputes_every_quotation() -> None:
    one = passage(1, NEW)
    right = whole_sentence(one)
    outside = {**right, "quotes": [{"start": 0, "end": len(one["text"]) + 1}]}
    other_words = {**right, "text": "处五日以下拘留或者一万元以下罚款"}
    assert quote_fidelity(answered(one)) == 1.0
    assert quote_fidelity(answered(one, sentences=[right, outside])) == 0.5
    assert quote_fidelity(answered(one, sentences=[other_words])) == 0.0
    assert quote_fidelity(answered({**one, "text": one["text"].replace("一千", "一万")})) == 0.0
    assert quote_fidelity(answered(sentences=[])) is None


def test_words_between_quotation_marks_are_quotations() -> None:
    one = passage(1, NEW)
    prose = {"text": "可以“责令其一定期限内禁止接触被侵害人”，不能“罚款五百元以上”。", "citations": [1], "quotes": []}
    assert quote_fidelity(answered(one, sentences=[prose])) == 0.5


# --- ranking ----------------------------------------------------------------------------------------------------------


def hits(*places: tuple[str, str]) -> tuple[Hit, ...]:
    rows = [hit_of(passage(1, place)) for place in places]
    return tuple(
        Hit(
            row["kind"],
            row["law"],
            row["article"],
            row["title"],
            date.fromisoformat(row["effective"]),
            date.fromisoformat(row["expired"]) if row["expired"] else None,
        )
        for row in rows
    )


def test_a_ranking_names_groups_once_and_passes_over_their_other_members() -> None:
    groups = (frozenset({"治安管理处罚法第五十条", "民法典第一千零三十三条"}),)
    ranking = judged_ranking(hits(OLD, PRIVACY, PRIVACY, NEW), groups, TODAY)
    assert ranking == ("-治安管理处罚法第四十二条 2013-01-01", "0")


def test_an_article_out_of_force_on_the_day_is_not_gold_in_a_ranking() -> None:
    """治安管理处罚法第五十条 of 2013 has the right number and is another article."""
    old_fifty = (OLD[0], "第五十条")
    groups = (frozenset({"治安管理处罚法第五十条"}),)
    assert judged_ranking(hits(old_fifty, NEW), groups, TODAY) == ("-治安管理处罚法第五十条 2013-01-01", "0")


def test_ranking_scores_are_those_worked_out_by_hand() -> None:
    """Group 0 at rank 2, group 1 at rank 7 of one case; nothing found in the other."""
    ranking = ["-a", "0", "-b", "-c", "-d", "-e", "1"]
    scores = ranking_scores({"x": ranking, "y": ["-a"], "z": []}, {"x": 2, "y": 1, "z": 1})
    gain = 1 / math.log2(3) + 1 / math.log2(8)
    ideal = 1 / math.log2(2) + 1 / math.log2(3)
    assert scores["x"] == {
        Measure.RECALL_AT_5: 0.5,
        Measure.RECALL_AT_10: 1.0,
        Measure.RECALL_AT_20: 1.0,
        Measure.MRR_AT_10: 0.5,
        Measure.NDCG_AT_10: pytest.approx(gain / ideal),
    }
    assert set(scores["y"].values()) == set(scores["z"].values()) == {0.0}


# --- what went wrong first --------------------------------------------------------------------------------------------


def fault(answer: dict[str, Any], found: tuple[Hit, ...], case: EvaluationCase = CASE) -> Fault:
    result = CaseResult(case.id, read_answer(answer), found, None, None, answer)
    return judge([(case, result)])[0].fault


def test_the_first_fault_says_where_gold_was_lost() -> None:
    new, privacy = passage(1, NEW), passage(2, PRIVACY)
    one = answer_of("?", TODAY, [new], [whole_sentence(new)])
    assert fault(one, hits(NEW)) is Fault.RETRIEVAL
    assert fault(one, hits(NEW, PRIVACY)) is Fault.RANKING
    both_shown = answer_of("?", TODAY, [new, privacy], [whole_sentence(new)])
    assert fault(both_shown, hits(NEW, PRIVACY)) is Fault.CHOICE
    whole = answer_of("?", TODAY, [new, privacy], [whole_sentence(new), whole_sentence(privacy)])
    assert fault(whole, hits(NEW, PRIVACY)) is Fault.NONE
    assert fault(whole, hits(NEW, PRIVACY), replace(CASE, facts=("两百元",))) is Fault.FACT


def test_the_first_fault_puts_declining_and_old_law_before_the_rest() -> None:
    old = passage(1, OLD)
    assert fault(answer_of("?", TODAY, [old], [whole_sentence(old)]), hits(OLD)) is Fault.OLD_LAW
    assert fault(declined("?", TODAY, "out_of_scope"), ()) is Fault.NEEDLESS_REFUSAL
    harmful = EvaluationCase("b", "?", answerable=False, decline_reason=DeclineReason.HARMFUL)
    new = passage(1, NEW)
    assert fault(answer_of("?", TODAY, [new], [whole_sentence(new)]), hits(NEW), harmful) is Fault.MISSED_REFUSAL
    assert fault(declined("?", TODAY, "out_of_scope"), (), harmful) is Fault.WRONG_REASON
    assert fault(declined("?", TODAY, "harmful"), (), harmful) is Fault.NONE


def test_an_error_is_a_fault_and_answers_nothing() -> None:
    result = CaseResult("a", None, (), "QuestionRefused: the question is empty", None, {})
    (judged,) = judge([(CASE, result)])
    assert judged.fault is Fault.ERROR
    assert judged.scores[Measure.NEEDLESS_REFUSAL] == 1.0
    assert judged.scores[Measure.RECALL_AT_10] == 0.0
    assert Measure.QUOTE_FIDELITY not in judged.scores
