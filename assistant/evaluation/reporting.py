"""A run, or a comparison of two, as JSON for programs, Markdown for the README, and one HTML file for people.

The HTML file needs nothing but itself: style and plots are inside, there is no script from anywhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from html import escape
from typing import Any

from assistant.evaluation import labels
from assistant.evaluation.comparing import changes_by_case
from assistant.evaluation.plots import Curve, ShadeColumn, Whisker, shade_table, share_curves, whisker_plot
from assistant.evaluation.records import (
    Change,
    Comparison,
    Difference,
    Estimate,
    Json,
    JudgedCase,
    Measure,
    Run,
    RunHeader,
    Summary,
)
from assistant.evaluation.summing import estimates, faults_in

_CATEGORY_COLUMNS = (
    Measure.RECALL_AT_10,
    Measure.NDCG_AT_10,
    Measure.GOLD_CITED,
    Measure.FACT_RECALL,
    Measure.CURRENT_LAW,
    Measure.NEEDLESS_REFUSAL,
    Measure.MISSED_REFUSAL,
)


# --- JSON --------------------------------------------------------------------------------------------------------


def report_json(run: Run, judged: Sequence[JudgedCase], summary: Summary) -> Json:
    """Return the figures of a run with everything needed to say what they are of."""
    return {
        "run": _header_json(run.header),
        "complete": run.complete,
        "fingerprint": summary.fingerprint,
        "overall": _estimates_json(summary.overall),
        "by_split": {split: _estimates_json(figures) for split, figures in by_split(judged).items()},
        "by_category": {category: _estimates_json(figures) for category, figures in summary.by_category.items()},
        "speed": {name: asdict(spread) for name, spread in summary.speed.items()},
        "peak_memory_mb": summary.peak_memory_mb,
        "faults": {fault.value: count for fault, count in summary.faults.items()},
        "cases": [
            {
                "id": case.case.id,
                "category": case.case.category,
                "fault": case.fault.value,
                "why": case.why,
                "scores": {measure.value: score for measure, score in case.scores.items()},
            }
            for case in judged
        ],
    }


def by_split(judged: Sequence[JudgedCase]) -> Mapping[str, Mapping[Measure, Estimate]]:
    """Return the figures of each split that the cases name; all of them under "all" where none does."""
    groups: dict[str, list[JudgedCase]] = {}
    for case in judged:
        groups.setdefault(case.case.split.value if case.case.split else "all", []).append(case)
    return {split: estimates(cases) for split, cases in groups.items()}


def comparison_json(a: Run, b: Run, comparison: Comparison) -> Json:
    """Return a comparison with the headers of both runs."""
    return {
        "a": _header_json(a.header),
        "b": _header_json(b.header),
        "identical": comparison.identical,
        "overall": [_difference_json(difference) for difference in comparison.overall],
        "by_category": {
            category: [_difference_json(difference) for difference in differences]
            for category, differences in comparison.by_category.items()
        },
        "better": [_change_json(change) for change in comparison.better],
        "worse": [_change_json(change) for change in comparison.worse],
        "only_a": list(comparison.only_a),
        "only_b": list(comparison.only_b),
    }


def _header_json(header: RunHeader) -> Json:
    return {
        "set": header.set_name,
        "set_sha256": header.set_sha256,
        "cases": len(header.case_ids),
        "mode": header.mode.value,
        "as_of": header.as_of.isoformat() if header.as_of else None,
        "day": header.day.isoformat(),
        "settings": dict(header.settings),
        "settings_sha256": header.settings_sha256,
        "model": header.model,
        "model_sha256": header.model_sha256,
        "index": dict(header.index),
        "version": header.version,
        "started": header.started,
        "machine": header.machine,
    }


def _estimates_json(figures: Mapping[Measure, Estimate]) -> Json:
    return {measure.value: asdict(estimate) for measure, estimate in figures.items()}


def _difference_json(difference: Difference) -> Json:
    return {**asdict(difference), "measure": difference.measure.value}


def _change_json(change: Change) -> Json:
    return {**asdict(change), "measure": change.measure.value}


# --- Markdown ----------------------------------------------------------------------------------------------------


def report_markdown(run: Run, judged: Sequence[JudgedCase], summary: Summary, language: str) -> str:
    """Return the table of the README: every measure with its interval, by split, and what it was measured on."""
    splits = by_split(judged)
    names = {"zh": {"development": "开发集", "test": "测试集", "all": "全部"}, "en": {}}[language]
    counts = {split: sum((c.case.split.value if c.case.split else "all") == split for c in judged) for split in splits}
    heading = [{"zh": "指标", "en": "measure"}[language], *(f"{names.get(s, s)} (n={counts[s]})" for s in splits)]
    lines = [_row(heading), _row(["---", *(["---:"] * len(splits))])]
    for measure in Measure:
        if measure in summary.overall:
            cells = [_cell(figures.get(measure)) for figures in splits.values()]
            lines.append(_row([labels.MEASURES[measure][language], *cells]))
    lines += ["", *_speed_lines(summary, language), "", _provenance(run.header, language)]
    return "\n".join(lines) + "\n"


def _cell(estimate: Estimate | None) -> str:
    return f"{estimate.mean:.3f} [{estimate.low:.3f}, {estimate.high:.3f}]" if estimate else "–"


def _speed_lines(summary: Summary, language: str) -> list[str]:
    lines = [_row([{"zh": "速度", "en": "speed"}[language], "p50", "p95"]), _row(["---", "---:", "---:"])]
    for name, spread in summary.speed.items():
        lines.append(_row([labels.SPEED[name][language], f"{spread.p50:,.0f}", f"{spread.p95:,.0f}"]))
    if summary.peak_memory_mb is not None:
        label = {"zh": "内存峰值（MB）", "en": "Peak memory, MB"}[language]
        lines.append(_row([label, f"{summary.peak_memory_mb:,.0f}", ""]))
    return lines


def _provenance(header: RunHeader, language: str) -> str:
    facts = {
        "day": header.day.isoformat(),
        "set": f"{header.set_name} {header.set_sha256[:12]}",
        "mode": header.mode.value,
        "model": f"{header.model or '–'} {header.model_sha256[:12]}".strip(),
        "index": str(header.index.get("corpus_sha256", ""))[:12],
        "embedder": f"{header.index.get('embedder', '')} {str(header.index.get('embedder_sha256', ''))[:12]}".strip(),
        "machine": header.machine,
        "version": header.version,
    }
    if language == "zh":
        return (
            "{day} 测得；题库 {set}，模式 {mode}，模型 {model}，语料 {index}，向量模型 {embedder}；{machine}；"
            "faju {version}。方括号内为 95 % 自助法区间。由 `faju eval report --markdown` 生成。"
        ).format(**facts)
    return (
        "Measured {day}; question set {set}, mode {mode}, model {model}, corpus {index}, embedder {embedder}; "
        "{machine}; faju {version}. In brackets: 95 % bootstrap intervals. Made by `faju eval report --markdown`."
    ).format(**facts)


def comparison_markdown(comparison: Comparison, language: str) -> str:
    """Return the differences as a table, then what got better and worse, case by case."""
    if comparison.identical:
        return {"zh": "两次运行除耗时外完全相同。\n", "en": "Apart from timings the runs are identical.\n"}[language]
    heading = {
        "zh": ("指标", "A", "B", "B−A", "95 % 区间", "p", "题数"),
        "en": ("measure", "A", "B", "B−A", "95 % interval", "p", "cases"),
    }[language]
    better, worse = {"zh": ("变好", "变差"), "en": ("Better", "Worse")}[language]
    lines = [_row(heading), _row(["---", *(["---:"] * 6)])]
    lines += [_difference_row(difference, language) for difference in comparison.overall]
    for category, differences in comparison.by_category.items():
        changed = [difference for difference in differences if difference.difference]
        if changed:
            lines += ["", f"**{labels.category_label(category, language)}**", "", _row(heading)]
            lines.append(_row(["---", *(["---:"] * 6)]))
            lines += [_difference_row(difference, language) for difference in changed]
    for title, changes in ((better, comparison.better), (worse, comparison.worse)):
        lines += ["", f"**{title}** ({len(changes_by_case(changes))})", "", *_change_lines(changes, language)]
    return "\n".join(lines) + "\n"


def _difference_row(difference: Difference, language: str) -> str:
    return _row(
        [
            labels.MEASURES[difference.measure][language],
            f"{difference.mean_a:.3f}",
            f"{difference.mean_b:.3f}",
            f"{difference.difference:+.3f}",
            f"[{difference.low:+.3f}, {difference.high:+.3f}]",
            f"{difference.p_value:.3f}",
            str(difference.count),
        ]
    )


def _change_lines(changes: Sequence[Change], language: str) -> Iterable[str]:
    for case_id, own in changes_by_case(changes).items():
        moves = ", ".join(
            f"{labels.MEASURES[change.measure][language]} {change.before:.2f} → {change.after:.2f}" for change in own
        )
        question = " ".join(own[0].question.split())[:60]
        yield f"- `{case_id}` {question}: {moves}"


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


# --- HTML --------------------------------------------------------------------------------------------------------

_STYLE = """
:root { --ink: #1c2430; --faint: #6b7686; --rule: #dde3ea; --page: #ffffff; --panel: #f6f8fa; --good: #1f6f5c;
  --bad: #b4472f; --third: #6a55a3; --on-shade: #ffffff; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6eaf0; --faint: #93a0b2; --rule: #333d4a; --page: #14181d;
  --panel: #1b2128; --good: #5fc2a7; --bad: #e58a70; --third: #b09ce8; --on-shade: #10211c; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1080px; padding: 32px 24px 64px; background: var(--page); color: var(--ink);
  font: 15px/1.6 "Noto Sans CJK SC", "Noto Sans SC", "PingFang SC", "Microsoft YaHei", system-ui, sans-serif; }
h1 { font-size: 24px; margin: 0 0 4px; } h2 { font-size: 18px; margin: 40px 0 8px; }
p.lead, .faint { color: var(--faint); } .tiles { display: flex; flex-wrap: wrap; gap: 12px; margin: 20px 0; }
.tile { background: var(--panel); border-radius: 8px; padding: 12px 16px; min-width: 150px; flex: 1; }
.tile b { display: block; font-size: 22px; font-variant-numeric: tabular-nums; } .tile span { color: var(--faint);
  font-size: 13px; } .plot { overflow-x: auto; } svg { max-width: 100%; height: auto; } svg text { fill: var(--ink);
  font-size: 13px; } svg text.small { font-size: 12px; fill: var(--faint); } svg text.number { font-size: 12px;
  font-variant-numeric: tabular-nums; } svg text.faint { fill: var(--faint); }
table { border-collapse: collapse; width: 100%; font-size: 14px; } th, td { text-align: left; padding: 5px 10px;
  border-bottom: 1px solid var(--rule); vertical-align: top; } td.number { text-align: right;
  font-variant-numeric: tabular-nums; white-space: nowrap; } dl { display: grid; grid-template-columns: max-content 1fr;
  gap: 2px 16px; font-size: 14px; } dt { color: var(--faint); } dd { margin: 0; overflow-wrap: anywhere; }
details { border-bottom: 1px solid var(--rule); padding: 6px 0; } summary { cursor: pointer; }
summary code, dd code { font-size: 12.5px; } .answer { background: var(--panel); border-radius: 6px; padding: 10px 14px;
  white-space: pre-wrap; font-size: 14px; overflow-wrap: anywhere; }
"""


def report_html(run: Run, judged: Sequence[JudgedCase], summary: Summary, language: str) -> str:
    """Return one page: figures with intervals, by category, speed, and every case with which something went wrong."""
    zh = language == "zh"
    header = run.header
    title = ("法据评测：" if zh else "faju evaluation: ") + header.set_name
    body = [
        f"<h1>{escape(title)}</h1>",
        f'<p class="lead">{escape(_lead(run, zh))}</p>',
        _tiles(judged, summary, zh),
        _section("各项指标与 95 % 区间" if zh else "Measures with 95 % intervals"),
        _measure_plots(judged, language),
        _section("分类结果" if zh else "By category"),
        _category_plot(summary, language),
        _section("耗时" if zh else "Speed"),
        _speed_plot(judged, language),
        _section("问题出在哪一步" if zh else "What went wrong first"),
        _fault_table(summary, language),
        *(_fault_list(judged, language)),
        _section("运行信息" if zh else "What was measured"),
        _facts(run, summary),
    ]
    return (
        f'<!doctype html><html lang="{"zh-CN" if zh else "en"}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{escape(title)}</title>'
        f"<style>{_STYLE}</style></head><body>{''.join(body)}</body></html>\n"
    )


def _lead(run: Run, zh: bool) -> str:
    header = run.header
    done = f"{len(run.results)}/{len(run.cases)}"
    words = ("题", "模式", "模型") if zh else ("questions", "mode", "model")
    count, mode, model = f"{done} {words[0]}", f"{words[1]} {header.mode.value}", f"{words[2]} {header.model or '–'}"
    return f"{header.day} · {count} · {mode} · {model} · {header.machine}"


def _tiles(judged: Sequence[JudgedCase], summary: Summary, zh: bool) -> str:
    sound = sum(case.fault.value == "none" for case in judged)
    tiles = [(f"{sound}/{len(judged)}", "没有问题的题" if zh else "cases with nothing wrong")]
    for measure, label in (
        (Measure.GOLD_CITED, "应引法条的引用率" if zh else "gold articles cited"),
        (Measure.QUOTE_FIDELITY, "引文逐字一致" if zh else "quote fidelity"),
        (Measure.CURRENT_LAW, "现行法正确" if zh else "current law"),
        (Measure.MISSED_REFUSAL, "漏拒" if zh else "missed refusals"),
        (Measure.NEEDLESS_REFUSAL, "误拒" if zh else "needless refusals"),
    ):
        if measure in summary.overall:
            tiles.append((f"{summary.overall[measure].mean:.1%}", label))
    return '<div class="tiles">' + "".join(
        f'<div class="tile"><b>{escape(value)}</b><span>{escape(label)}</span></div>' for value, label in tiles
    ) + "</div>"  # fmt: skip


def _measure_plots(judged: Sequence[JudgedCase], language: str) -> str:
    names = {"development": {"zh": "开发集", "en": "Development"}, "test": {"zh": "测试集", "en": "Test"}}
    plots = []
    for split, figures in by_split(judged).items():
        rows = [
            Whisker(labels.MEASURES[m][language], e.mean, e.low, e.high, e.count, m.lower_is_better)
            for m, e in figures.items()
        ]
        name = names[split][language] if split in names else ""
        plots.append(f"<h3>{escape(name)}</h3>" * bool(name) + f'<div class="plot">{whisker_plot(rows, name)}</div>')
    return "".join(plots)


def _category_plot(summary: Summary, language: str) -> str:
    columns = [
        ShadeColumn(
            labels.MEASURES[measure][language].split("（")[0].split(" (")[0],
            tuple(figures[measure].mean if measure in figures else None for figures in summary.by_category.values()),
            measure.lower_is_better,
        )
        for measure in _CATEGORY_COLUMNS
        if measure in summary.overall
    ]
    rows = [labels.category_label(category, language) for category in summary.by_category]
    return f'<div class="plot">{shade_table(rows, columns, "by category")}</div>'


def _speed_plot(judged: Sequence[JudgedCase], language: str) -> str:
    answers = [case.result.answer for case in judged if case.result.answer]
    curves = [
        Curve(labels.SPEED[name][language], tuple(value for value in values if value is not None))
        for name, values in (
            ("retrieve_ms", [answer.retrieve_ms for answer in answers]),
            ("first_sentence_ms", [answer.first_sentence_ms for answer in answers]),
            ("total_ms", [answer.total_ms for answer in answers]),
        )
    ]
    drawn = [curve for curve in curves if curve.values]
    return f'<div class="plot">{share_curves(drawn, "speed", "ms")}</div>' if drawn else ""


def _fault_table(summary: Summary, language: str) -> str:
    rows = "".join(
        f'<tr><td>{escape(labels.FAULTS[fault][language])}</td><td class="number">{count}</td></tr>'
        for fault, count in sorted(summary.faults.items(), key=lambda item: -item[1])
    )
    return f"<table>{rows}</table>"


def _fault_list(judged: Sequence[JudgedCase], language: str) -> Iterable[str]:
    fault = None
    for case in faults_in(judged):
        if case.fault is not fault:
            fault = case.fault
            yield f"<h3>{escape(labels.FAULTS[fault][language])}</h3>"
        yield _case_details(case, language)


def _case_details(case: JudgedCase, language: str) -> str:
    zh = language == "zh"
    asked = " → ".join([*case.case.history, case.case.question])
    gold = "；".join(" | ".join(group) for group in case.case.gold) or "–"
    expected = case.case.decline_reason.value if case.case.decline_reason else gold
    text = case.result.answer.text if case.result.answer else case.result.error or ""
    facts = {
        ("应有" if zh else "expected"): expected,
        ("原因" if zh else "why"): case.why,
        ("指标" if zh else "scores"): ", ".join(f"{m.value} {score:.2f}" for m, score in case.scores.items()),
    }
    listed = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in facts.items())
    return (
        f"<details><summary><code>{escape(case.case.id)}</code> {escape(' '.join(asked.split()))}</summary>"
        f'<dl>{listed}</dl><div class="answer">{escape(text)}</div></details>'
    )


def _facts(run: Run, summary: Summary) -> str:
    header = run.header
    facts: dict[str, Any] = {
        "set": f"{header.set_name} {header.set_sha256}",
        "model": f"{header.model} {header.model_sha256}",
        "settings": f"{dict(header.settings)} {header.settings_sha256}",
        "index": ", ".join(f"{key} {value}" for key, value in header.index.items()),
        "as_of": header.as_of or header.day,
        "started": header.started,
        "version": header.version,
        "peak_memory_mb": summary.peak_memory_mb,
        "fingerprint": summary.fingerprint,
    }
    rows = "".join(f"<dt>{escape(key)}</dt><dd><code>{escape(str(value))}</code></dd>" for key, value in facts.items())
    return f"<dl>{rows}</dl>"


def _section(title: str) -> str:
    return f"<h2>{escape(title)}</h2>"
