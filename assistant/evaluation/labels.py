"""What measures, faults and categories are called in a report, in Chinese and English."""

from __future__ import annotations

from collections.abc import Mapping

from assistant.evaluation.records import Fault, Measure

MEASURES: Mapping[Measure, Mapping[str, str]] = {
    Measure.RECALL_AT_5: {"zh": "检索 Recall@5", "en": "Retrieval Recall@5"},
    Measure.RECALL_AT_10: {"zh": "检索 Recall@10", "en": "Retrieval Recall@10"},
    Measure.RECALL_AT_20: {"zh": "检索 Recall@20", "en": "Retrieval Recall@20"},
    Measure.MRR_AT_10: {"zh": "检索 MRR@10", "en": "Retrieval MRR@10"},
    Measure.NDCG_AT_10: {"zh": "检索 nDCG@10", "en": "Retrieval nDCG@10"},
    Measure.GOLD_CITED: {"zh": "应引法条的引用率", "en": "Gold articles cited"},
    Measure.GOLD_SHARE: {"zh": "引用中属于标准答案的比例", "en": "Cited sources that are gold"},
    Measure.CITATION_RECALL: {"zh": "有据句比例（ALCE 引文召回）", "en": "Citation recall (ALCE, containment)"},
    Measure.CITATION_PRECISION: {"zh": "引文精确率（ALCE）", "en": "Citation precision (ALCE, containment)"},
    Measure.FACT_RECALL: {"zh": "事实召回", "en": "Fact recall"},
    Measure.CURRENT_LAW: {"zh": "现行法正确率", "en": "Current-law accuracy"},
    Measure.QUOTE_FIDELITY: {"zh": "引文逐字一致率", "en": "Quote fidelity"},
    Measure.MISSED_REFUSAL: {"zh": "漏拒率（越低越好）", "en": "Missed refusals (lower is better)"},
    Measure.NEEDLESS_REFUSAL: {"zh": "误拒率（越低越好）", "en": "Needless refusals (lower is better)"},
    Measure.REASON_RIGHT: {"zh": "拒答理由正确率", "en": "Right reason for declining"},
}
FAULTS: Mapping[Fault, Mapping[str, str]] = {
    Fault.NONE: {"zh": "没有问题", "en": "nothing wrong"},
    Fault.ERROR: {"zh": "报错", "en": "error"},
    Fault.MISSED_REFUSAL: {"zh": "该拒未拒", "en": "missed refusal"},
    Fault.NEEDLESS_REFUSAL: {"zh": "不该拒却拒", "en": "needless refusal"},
    Fault.WRONG_REASON: {"zh": "拒答理由不对", "en": "wrong reason"},
    Fault.RETRIEVAL: {"zh": "没检索到", "en": "not retrieved"},
    Fault.RANKING: {"zh": "排名太后", "en": "ranked too low"},
    Fault.CHOICE: {"zh": "给了没选", "en": "shown, not cited"},
    Fault.FACT: {"zh": "缺事实", "en": "fact missing"},
    Fault.OLD_LAW: {"zh": "旧法或禁语", "en": "old law or forbidden words"},
    Fault.QUOTE: {"zh": "引文不符", "en": "quote differs"},
}
SPEED: Mapping[str, Mapping[str, str]] = {
    "retrieve_ms": {"zh": "检索耗时（毫秒）", "en": "Retrieval, ms"},
    "first_sentence_ms": {"zh": "第一句出现（毫秒）", "en": "First sentence, ms"},
    "total_ms": {"zh": "总耗时（毫秒）", "en": "Total, ms"},
    "tokens_per_second": {"zh": "每秒词元数", "en": "Tokens a second"},
}
CATEGORIES: Mapping[str, Mapping[str, str]] = {
    "lay": {"zh": "口语", "en": "lay wording"},
    "dialect_typo": {"zh": "方言与错字", "en": "dialect and typos"},
    "traditional": {"zh": "繁体", "en": "traditional characters"},
    "english": {"zh": "英文", "en": "English"},
    "exact_number": {"zh": "指名条号", "en": "exact numbers"},
    "old_number": {"zh": "旧条号", "en": "old numbers"},
    "as_of": {"zh": "指定日期", "en": "as-of dates"},
    "follow_up": {"zh": "追问", "en": "follow-ups"},
    "multi_article": {"zh": "需要多条", "en": "several articles"},
    "channel": {"zh": "渠道与办法", "en": "channels and procedure"},
    "number_deadline": {"zh": "数额与期限", "en": "numbers and deadlines"},
    "false_premise": {"zh": "错误前提", "en": "false premises"},
    "not_held": {"zh": "未收录", "en": "not held"},
    "out_of_scope_near": {"zh": "范围外（近）", "en": "out of scope, near"},
    "out_of_scope_far": {"zh": "范围外（远）", "en": "out of scope, far"},
    "harmful": {"zh": "有害请求", "en": "harmful requests"},
    "injection": {"zh": "注入指令", "en": "injected instructions"},
}


def category_label(category: str, language: str) -> str:
    """Return what a category is called; a user's own category is called what the user called it."""
    named = CATEGORIES.get(category)
    return named[language] if named else category or {"zh": "未分类", "en": "uncategorised"}[language]
