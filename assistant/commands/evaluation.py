# Annotations are evaluated at once here (no ``from __future__ import annotations``): their help texts are closures.
"""``faju eval``: run a question set, compare two runs, report one, hold one against the floors."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from assistant.commands.common import Say, parse_day, progress_bar, reports_errors, settings_from
from assistant.errors import BadEvaluationFile, BadSettings

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from assistant.evaluation.gate import Floors
    from assistant.evaluation.records import EvaluationCase, Json, JudgedCase, QuestionSet, Run, Summary
    from assistant.settings import Settings

# The project's own set and floors lie in the source tree; an installed faju evaluates the user's sets.
_OWN_SET = Path(__file__).parents[2] / "tests" / "evaluation" / "questions.jsonl"
_OWN_FLOORS = _OWN_SET.with_name("floors.json")


def add_evaluation(app: typer.Typer, say: Say) -> None:
    """Add ``eval`` with its commands to the application, worded in the language of ``say``."""
    group = typer.Typer(
        name="eval",
        help=say("评测：用一套题检验回答，比较两次结果。", "Evaluation: judge answers against a question set."),
        no_args_is_help=True,
    )
    app.add_typer(group)
    _add_run(group, say)
    _add_compare(group, say)
    _add_report(group, say)
    _add_gate(group, say)
    _add_judge(group, say)


def _add_run(group: typer.Typer, say: Say) -> None:
    @group.command(
        "run",
        help=say(
            "跑一套题，逐题保存回答；中断后再运行会接着跑。",
            "Ask every question and store the answers; goes on where it was stopped.",
        ),
    )
    @reports_errors(say)
    def run(
        questions: Annotated[
            Path | None,
            typer.Option(
                "--set",
                help=say(
                    "题目文件：JSONL、CSV 或 XLSX；默认项目自带的题",
                    "Question set: JSONL, CSV or XLSX; the project's own by default",
                ),
            ),
        ] = None,
        split: Annotated[
            str | None, typer.Option(help=say("只跑 development 或 test", "Only development or test"))
        ] = None,
        mode: Annotated[
            str | None, typer.Option(help=say("quote、explain 或 search", "quote, explain or search"))
        ] = None,
        model: Annotated[
            str | None,
            typer.Option(help=say("GGUF 模型文件；默认用内置模型", "A GGUF file; the built-in reader by default")),
        ] = None,
        as_of: Annotated[
            str | None,
            typer.Option(
                help=say("没有注明日期的题按哪一天的法律", "The day whose law counts where a question names none")
            ),
        ] = None,
        index: Annotated[Path | None, typer.Option(help=say("索引文件夹", "The index folder"))] = None,
        limit: Annotated[
            int | None,
            typer.Option(
                min=1, help=say("只跑这么多题，各类轮流取", "Only so many questions, from the categories in turn")
            ),
        ] = None,
        jobs: Annotated[int, typer.Option(min=1, help=say("同时用几个进程", "How many processes at once"))] = 1,
        out: Annotated[
            Path | None,
            typer.Option(
                help=say("结果文件夹；默认由设置决定名字", "The folder of the run; named by its settings by default")
            ),
        ] = None,
        fresh: Annotated[
            bool, typer.Option("--fresh", help=say("丢掉已有的结果，从头跑", "Throw away what is there and start over"))
        ] = False,
    ) -> None:
        from assistant.evaluation.cases import load_question_set, spread
        from assistant.evaluation.summing import summarise

        question_set = load_question_set(_set_file(questions))
        cases = _of_split(question_set.cases, split)
        cases = spread(cases, limit) if limit else cases
        settings = settings_from(say, mode=mode, model=model, index=index)
        finished = _run(say, settings, question_set, cases, parse_day(as_of), jobs, out, fresh)
        judged = _judged(finished)
        _show_summary(summarise(finished, judged), say)
        typer.echo(say(f"结果在 {finished.folder}", f"The run is in {finished.folder}"))


def _add_compare(group: typer.Typer, say: Say) -> None:
    @group.command(
        "compare",
        help=say(
            "比较两次结果：哪些变好，哪些变差，是不是偶然。",
            "Compare two runs: what got better, what worse, and whether by chance.",
        ),
    )
    @reports_errors(say)
    def compare(
        a: Annotated[Path, typer.Argument(help=say("先前的结果文件夹", "The folder of the earlier run"))],
        b: Annotated[Path, typer.Argument(help=say("后来的结果文件夹", "The folder of the later run"))],
        as_json: Annotated[bool, typer.Option("--json", help=say("输出 JSON", "Print JSON"))] = False,
    ) -> None:
        from assistant.evaluation.comparing import compare as compare_runs
        from assistant.evaluation.reporting import comparison_json, comparison_markdown
        from assistant.evaluation.running import load_run

        run_a, run_b = load_run(a), load_run(b)
        comparison = compare_runs(run_a, run_b)
        if as_json:
            _echo_json(comparison_json(run_a, run_b, comparison))
        else:
            typer.echo(comparison_markdown(comparison, say.language), nl=False)


def _add_report(group: typer.Typer, say: Say) -> None:
    @group.command(
        "report",
        help=say(
            "把一次结果写成报告：一个 HTML 文件、JSON 或 Markdown 表格。",
            "Report a run: one HTML file, JSON, or a Markdown table.",
        ),
    )
    @reports_errors(say)
    def report(
        folder: Annotated[
            Path | None,
            typer.Argument(
                help=say("结果文件夹；默认最近一次", "The folder of the run; the latest by default"), show_default=False
            ),
        ] = None,
        html: Annotated[
            Path | None, typer.Option(help=say("HTML 写到这个文件", "Write the HTML page to this file"))
        ] = None,
        as_json: Annotated[bool, typer.Option("--json", help=say("输出 JSON", "Print JSON"))] = False,
        markdown: Annotated[
            bool, typer.Option("--markdown", help=say("输出 README 用的表格", "Print the table of the README"))
        ] = False,
    ) -> None:
        from assistant.evaluation.reporting import report_html, report_json, report_markdown
        from assistant.evaluation.running import load_run
        from assistant.evaluation.summing import summarise

        run = load_run(folder or _latest(settings_from(say)))
        judged = _judged(run)
        summary = summarise(run, judged)
        if as_json:
            _echo_json(report_json(run, judged, summary))
        if markdown:
            typer.echo(report_markdown(run, judged, summary, say.language), nl=False)
        if html or not (as_json or markdown):
            page = html or run.folder / "report.html"
            page.write_text(report_html(run, judged, summary, say.language), encoding="utf-8")
            typer.echo(say(f"报告在 {page}", f"The report is in {page}"), err=as_json or markdown)


def _add_gate(group: typer.Typer, say: Say) -> None:
    @group.command(
        "gate",
        help=say(
            "跑一小部分题，任何一项低于底线就失败。", "Ask a fast subset; fail where a figure is below its floor."
        ),
    )
    @reports_errors(say)
    def gate(
        folder: Annotated[
            Path | None,
            typer.Argument(
                help=say("已有的结果文件夹；默认现在跑", "The folder of a run; asks the questions now by default"),
                show_default=False,
            ),
        ] = None,
        questions: Annotated[Path | None, typer.Option("--set", help=say("题目文件", "Question set"))] = None,
        floors: Annotated[Path | None, typer.Option(help=say("底线文件", "The file of floors"))] = None,
        index: Annotated[Path | None, typer.Option(help=say("索引文件夹", "The index folder"))] = None,
        jobs: Annotated[int, typer.Option(min=1, help=say("同时用几个进程", "How many processes at once"))] = 1,
        update: Annotated[
            bool,
            typer.Option(
                "--update", help=say("按这次的结果更新底线，不许降低", "Write floors from this run; none may fall")
            ),
        ] = False,
        allow_regression: Annotated[
            bool, typer.Option("--allow-regression", help=say("更新时允许降低底线", "With --update: floors may fall"))
        ] = False,
    ) -> None:
        from assistant.evaluation import gate as gating
        from assistant.evaluation.running import load_run
        from assistant.evaluation.summing import summarise

        floors_file = floors or _OWN_FLOORS
        run = load_run(folder) if folder else _gate_run(say, questions, index, jobs)
        summary = summarise(run, _judged(run))
        old = gating.read_floors(floors_file)
        if update:
            _update_floors(floors_file, old, run, summary, allow_regression, say)
            return
        if old is None:
            raise BadEvaluationFile(f"{floors_file}: there are no floors yet; make them with faju eval gate --update")
        problem = gating.pin_problem(old, run)
        if problem:
            raise BadEvaluationFile(f"{floors_file}: {problem}; look at the figures, then run faju eval gate --update")
        below = gating.shortfalls(old, summary)
        for shortfall in below:
            typer.echo(str(shortfall), err=True)
        if below:
            raise typer.Exit(1)
        typer.echo(
            say(f"{len(run.results)} 题，各项都在底线之上。", f"{len(run.results)} questions, every floor kept.")
        )


def _add_judge(group: typer.Typer, say: Say) -> None:
    @group.command(
        "judge",
        help=say(
            "请本机的大模型逐题评判，报告它与代码指标的一致程度。",
            "Let a local chat model judge each answer; reports how far it agrees with the code measures.",
        ),
    )
    @reports_errors(say)
    def judge(
        model: Annotated[str, typer.Option(help=say("评判用的 GGUF 模型文件", "The GGUF file of the judging model"))],
        folder: Annotated[
            Path | None,
            typer.Argument(
                help=say("结果文件夹；默认最近一次", "The folder of the run; the latest by default"), show_default=False
            ),
        ] = None,
        as_json: Annotated[bool, typer.Option("--json", help=say("输出 JSON", "Print JSON"))] = False,
    ) -> None:
        from dataclasses import asdict

        from assistant.evaluation import judging
        from assistant.evaluation.running import load_run
        from assistant.opening import load_model

        settings = settings_from(say, model=model)
        run = load_run(folder or _latest(settings))
        judged = _judged(run)
        judging_model = load_model(settings)
        with progress_bar(say) as progress:

            def advance(done: int, total: int) -> None:
                progress(say("评判", "judging"), done, total)

            verdicts = judging.ask_judge(judging_model, judged, advance)
        if not verdicts:
            raise BadEvaluationFile(f"{run.folder}: every question was declined; there is no answer to judge")
        judging.write_verdicts(judging.verdict_file(run, judging_model.sha256), verdicts)
        found = judging.agreement(judged, verdicts)
        if as_json:
            _echo_json({"model": judging_model.name, "model_sha256": judging_model.sha256, **asdict(found)})
            return
        typer.echo(
            say(
                f"{found.count} 个回答：模型认可 {found.judge_yes}，代码认可 {found.code_yes}，"
                f"一致 {found.share:.1%}，kappa {found.kappa:.2f}",
                f"{found.count} answers: the model approves {found.judge_yes}, the code {found.code_yes}; "
                f"they agree on {found.share:.1%}, kappa {found.kappa:.2f}",
            )
        )


def _update_floors(
    file: Path, old: "Floors | None", run: "Run", summary: "Summary", allow_regression: bool, say: Say
) -> None:
    from assistant.evaluation import gate as gating

    new = gating.floors_from(run, summary, old)
    fallen = gating.lowered(old, new) if old else ()
    if fallen and not allow_regression:
        raise BadEvaluationFile(
            f"{file}: these floors would fall: {gating.regression_text(fallen)}; "
            "mend what made answers worse, or decide it with --allow-regression"
        )
    gating.write_floors(file, new)
    typer.echo(say(f"底线已写入 {file}", f"Floors written to {file}"))


def _gate_run(say: Say, questions: Path | None, index: Path | None, jobs: int) -> "Run":
    """Ask the gate's questions now, in a folder of their own that is thrown away after."""
    import tempfile

    from assistant.evaluation.cases import load_question_set
    from assistant.evaluation.gate import gate_cases

    question_set = load_question_set(_set_file(questions))
    settings = settings_from(say, index=index)
    with tempfile.TemporaryDirectory() as folder:
        return _run(say, settings, question_set, gate_cases(question_set), None, jobs, Path(folder) / "gate", False)


def _run(
    say: Say,
    settings: "Settings",
    question_set: "QuestionSet",
    cases: "Sequence[EvaluationCase]",
    as_of: "date | None",
    jobs: int,
    out: Path | None,
    fresh: bool,
) -> "Run":
    """Start or take up a run and finish it, with a bar."""
    from assistant.evaluation import running
    from assistant.records import AnswerMode

    mode = settings.mode or AnswerMode.QUOTE
    settings = running.threads_for(jobs, settings)
    with progress_bar(say) as progress:
        answerer = running.open_answerer(settings, mode, progress)
        header = running.new_header(question_set, cases, answerer.ingredients(), mode, as_of)
        folder = out or settings.home / "evaluations" / running.run_folder_name(header)
        started = running.start_run(folder, header, cases, fresh=fresh)

        def advance(done: int, total: int) -> None:
            progress(say("提问", "asking"), done, total)

        if jobs > 1:
            return running.finish_run_in_processes(started, settings, jobs, advance)
        return running.finish_run(started, answerer, advance)


def _judged(run: "Run") -> "tuple[JudgedCase, ...]":
    from assistant.evaluation.measures import judge_run

    if not run.results:
        raise BadEvaluationFile(f"{run.folder}: no question has been answered yet; run faju eval run")
    return judge_run(run)


def _set_file(given: Path | None) -> Path:
    if given is None and not _OWN_SET.exists():
        raise BadSettings("the project's question set lies in its source tree; name yours with --set FILE")
    return given or _OWN_SET


def _of_split(cases: "tuple[EvaluationCase, ...]", split: str | None) -> "tuple[EvaluationCase, ...]":
    from assistant.evaluation.records import Split

    if split is None:
        return cases
    if split not in {choice.value for choice in Split}:
        raise BadSettings(f"--split is development or test, not {split!r}")
    chosen = tuple(case for case in cases if case.split is Split(split))
    if not chosen:
        raise BadSettings(f"no question of the set belongs to the split {split}")
    return chosen


def _latest(settings: "Settings") -> Path:
    from assistant.evaluation.running import stored_runs

    runs = stored_runs(settings.home / "evaluations")
    if not runs:
        raise BadEvaluationFile(f"{settings.home / 'evaluations'}: holds no run yet; run faju eval run")
    return runs[-1]


def _show_summary(summary: "Summary", say: Say) -> None:
    from assistant.evaluation import labels

    for measure, estimate in summary.overall.items():
        interval = f"[{estimate.low:.3f}, {estimate.high:.3f}]"
        typer.echo(f"{labels.MEASURES[measure][say.language]}  {estimate.mean:.3f} {interval}  n={estimate.count}")
    for name, spread in summary.speed.items():
        typer.echo(f"{labels.SPEED[name][say.language]}  p50 {spread.p50:,.0f}  p95 {spread.p95:,.0f}")
    faults = ", ".join(f"{labels.FAULTS[fault][say.language]} {count}" for fault, count in summary.faults.items())
    typer.echo(say("按首个问题：", "By first fault: ") + faults)
    typer.echo(say("指纹（不含耗时）：", "Fingerprint (without timings): ") + summary.fingerprint)


def _echo_json(value: "Json") -> None:
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2))
