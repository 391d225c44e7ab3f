"""Ranking measures at article level, by ir-measures (MacAvaney et al. 2022), which no other module knows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from assistant.evaluation.records import Hit, Measure
from assistant.evaluation.references import in_force, key_of


def judged_ranking(hits: Sequence[Hit], groups: Sequence[frozenset[str]], day: date) -> tuple[str, ...]:
    """Return what stood at each rank: the number of a gold group, or "-" and a key that is in none.

    An article cut into several passages keeps its first rank. Alternatives of a group are one relevant thing: the
    first that is found stands for it, the others are passed over. Law not in force on ``day`` is never gold.
    """
    ranking: list[str] = []
    for hit in hits:
        key = key_of(hit)
        group = next((str(number) for number, keys in enumerate(groups) if key in keys and in_force(hit, day)), None)
        name = group or f"-{key} {hit.effective or ''}"
        if name not in ranking:
            ranking.append(name)
    return tuple(ranking)


def ranking_scores(
    rankings: Mapping[str, Sequence[str]], group_counts: Mapping[str, int]
) -> dict[str, dict[Measure, float]]:
    """Return Recall@5/10/20, MRR@10 and nDCG@10 of each case by id; ``rankings`` are those of ``judged_ranking``.

    Recall@k is the share of gold groups found among the first k articles. MRR@10 is 1 / rank of the first gold
    article, 0 beyond rank 10 (Voorhees 1999). nDCG@10 has gain 1 for each group and discount log2(rank + 1)
    (Järvelin and Kekäläinen 2002). A case without a ranking scores 0.
    """
    import ir_measures
    from ir_measures import RR, Qrel, R, ScoredDoc, nDCG

    wanted = {
        R @ 5: Measure.RECALL_AT_5,
        R @ 10: Measure.RECALL_AT_10,
        R @ 20: Measure.RECALL_AT_20,
        RR @ 10: Measure.MRR_AT_10,
        nDCG @ 10: Measure.NDCG_AT_10,
    }
    relevant = [Qrel(case, str(group), 1) for case, count in group_counts.items() for group in range(count)]
    # Equal scores would be ordered by name; descending ranks leave nothing to order.
    found = [
        ScoredDoc(case, name, float(len(ranking) - rank))
        for case, ranking in rankings.items()
        for rank, name in enumerate(ranking)
    ]
    scores: dict[str, dict[Measure, float]] = {case: dict.fromkeys(wanted.values(), 0.0) for case in group_counts}
    for metric in ir_measures.iter_calc(list(wanted), relevant, found):
        scores[metric.query_id][wanted[metric.measure]] = float(metric.value)
    return scores
