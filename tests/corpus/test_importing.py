from __future__ import annotations

import gzip
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import docx
import pytest

from corpus.errors import EmptyDocument, UnreadableFile
from corpus.import_records import Gap
from corpus.importing import MAX_ROW_CHARS, ImportedLaw, ImportReport, ImportState, import_laws
from corpus.lawbook import LawBook, StatuteSource
from corpus.records import ArticleNumber, Document, NormRank, SourceKind
from corpus.sources import ReadFailure

REPO_ROOT = Path(__file__).resolve().parents[2]
SHARED = REPO_ROOT.parent / "shared"

NO_LAWS = LawBook(())
CIVIL_CODE = "中华人民共和国民法典"

Row = Mapping[str, object]


def row(article: str, text: str, law: str = "甲法", **fields: object) -> Row:
    return {"law": law, "article": article, "text": text, **fields}


def write_rows(path: Path, rows: Sequence[Row]) -> Path:
    lines = "".join(json.dumps(fields, ensure_ascii=False) + "\n" for fields in rows)
    path.write_bytes(gzip.compress(lines.encode()) if path.suffix == ".gz" else lines.encode())
    return path


def run(path: Path, state: ImportState | None = None) -> tuple[list[ImportedLaw], list[str], ImportReport]:
    results = list(import_laws(path, state=state, book=NO_LAWS))
    report = results.pop()
    assert isinstance(report, ImportReport)
    laws = [result for result in results if isinstance(result, ImportedLaw)]
    return laws, [result.message for result in results if isinstance(result, ReadFailure)], report


@pytest.mark.parametrize("name", ["法.jsonl", "法.jsonl.gz"])
def test_each_row_is_one_passage_with_its_id(name: str, tmp_path: Path) -> None:
    rows = [
        row("第一条", "甲。", id="x1", chapter="第一章 总则"),
        row("第二条", "乙。", id="x2", chapter="第一章 总则"),
    ]
    (law,), failures, report = run(write_rows(tmp_path / name, rows))
    assert failures == []
    assert [(chunk.external_id, chunk.article, chunk.text) for chunk in law.chunks] == [
        ("x1", ArticleNumber(1), "第一条　甲。"),
        ("x2", ArticleNumber(2), "第二条　乙。"),
    ]
    assert law.chunks[0].headings == ("甲法", "第一章　总则")
    assert all(chunk.span.of(law.document.text) == chunk.text for chunk in law.chunks)
    assert (report.laws, report.versions, report.articles, report.passages) == (1, 1, 2, 2)


def test_a_document_is_a_statute_with_its_articles_as_sections(tmp_path: Path) -> None:
    rows = [
        row(
            "第一条",
            "甲。",
            law="中华人民共和国样本法",
            chapter="第一编 总则 第一章 目的",
            category="行政法",
            date="2020-01-01",
        ),
        row("第二条", "自2020年3月1日起施行。", law="中华人民共和国样本法", chapter="第二编 附则", date="2020-01-01"),
    ]
    (law,), _, _ = run(write_rows(tmp_path / "法.jsonl", rows))
    info = law.document.info
    assert (info.id, info.kind, info.collection) == ("样本法-2020-01-01@法", SourceKind.STATUTE, "法")
    version = info.law
    assert version is not None
    assert (version.short_title, version.rank, version.doc_type) == ("样本法", NormRank.LAW, "行政法")
    assert (version.published, version.effective, version.complete) == (date(2020, 1, 1), date(2020, 3, 1), True)
    assert version.held == (ArticleNumber(1), ArticleNumber(2))
    assert [(section.title, section.level) for section in law.document.sections] == [
        ("中华人民共和国样本法", 1),
        ("第一编　总则", 2),
        ("第一章　目的", 3),
        ("第一条", 4),
        ("第二编　附则", 2),
        ("第二条", 3),
    ]


def test_passages_without_a_number_are_kept(tmp_path: Path) -> None:
    rows = [row("全文", "一段。", id="p"), row("一、", "一、另一段。", id="q")]
    (law,), _, report = run(write_rows(tmp_path / "法.jsonl", rows))
    assert [(chunk.article, chunk.text, chunk.external_id) for chunk in law.chunks] == [
        (None, "一段。", "p"),
        (None, "一、另一段。", "q"),
    ]
    assert (report.articles, report.passages) == (0, 2)


def test_a_number_that_comes_twice_is_kept_twice_and_reported(tmp_path: Path) -> None:
    rows = [row("第一条", "甲。", id="a"), row("第一条", "又甲。", id="b"), row("第一条", "甲。", id="c")]
    (law,), _, report = run(write_rows(tmp_path / "法.jsonl", rows))
    assert [chunk.external_id for chunk in law.chunks] == ["a", "b", "c"]
    assert len({chunk.id for chunk in law.chunks}) == 3
    assert report.repeated == ("《甲法》（无日期）有重复的条号 1，各自保留",)


def test_only_a_row_beyond_all_measure_is_cut(tmp_path: Path) -> None:
    long = "\n".join("证" * 99 for _ in range(30))  # 2,999 characters
    beyond = "\n".join("据" * 99 for _ in range(50))  # 4,999 characters
    assert len(long) < MAX_ROW_CHARS < len(beyond)
    (law,), _, _ = run(write_rows(tmp_path / "法.jsonl", [row("第一条", long, id="a"), row("第二条", beyond, id="b")]))
    assert [chunk.external_id for chunk in law.chunks] == ["a", "b", "b"]
    assert "".join(chunk.text for chunk in law.chunks[1:]).replace("\n", "") == "第二条　" + "据" * 99 * 50


def test_rows_in_any_order_come_together(tmp_path: Path) -> None:
    rows = [
        row("第二条", "乙。", id="a2"),
        row("第一条", "子。", law="乙法", id="b1"),
        row("第一条", "甲。", id="a1"),
        row("第二条", "丑。", law="乙法", id="b2"),
        row("第一条", "另一个甲。", id="a1x"),
    ]
    laws, failures, report = run(write_rows(tmp_path / "法.jsonl", rows))
    assert failures == []
    ids = {law.document.info.id: [chunk.external_id for chunk in law.chunks] for law in laws}
    # No row with an id is left out: the second 第一条 stands in a version of its own beside the first.
    assert ids == {"甲法-无日期@法": ["a1", "a2"], "乙法-无日期@法": ["b1", "b2"], "甲法-无日期@法~2": ["a1x"]}
    assert report.passages == 5


def test_gaps_in_the_numbers_are_reported(tmp_path: Path) -> None:
    rows = [row(f"第{number}条", "甲。", date="2018-10-26") for number in ("一", "二", "四", "七")]
    (law,), _, report = run(write_rows(tmp_path / "法.jsonl", rows))
    assert report.gaps == (Gap("甲法", date(2018, 10, 26), tuple(map(ArticleNumber, (3, 5, 6)))),)
    assert str(report.gaps[0]) == "《甲法》（2018-10-26）条号不连续，缺 3, 5-6"
    assert law.document.info.law is not None
    assert not law.document.info.law.complete


def test_bad_lines_are_named_and_the_rest_is_imported(tmp_path: Path) -> None:
    path = tmp_path / "法.jsonl"
    path.write_text("坏\n" * 25 + json.dumps(row("第一条", "甲。"), ensure_ascii=False), encoding="utf-8")
    laws, failures, report = run(path)
    assert len(laws) == 1
    assert failures[0] == "法.jsonl：第 1 行不是 JSON，已跳过"
    assert failures[-1] == "法.jsonl：另有 5 行有同类问题，已跳过"
    assert report.failures == 21


def test_a_file_cut_short_is_refused_and_the_rest_is_imported(tmp_path: Path) -> None:
    write_rows(tmp_path / "好.jsonl", [row("第一条", "甲。")])
    whole = write_rows(tmp_path / "断.jsonl.gz", [row(f"第{i}条", "乙。" * i, law="乙法") for i in range(1, 200)])
    whole.write_bytes(whole.read_bytes()[:-40])
    laws, failures, _ = run(tmp_path)
    assert [law.document.info.title for law in laws] == ["甲法"]
    assert failures[0].startswith("断.jsonl.gz：读到第")
    assert "文件不完整或已损坏" in failures[0]


def test_a_path_without_laws_says_what_can_be_imported(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("# 说明\n\n这里没有法规。", encoding="utf-8")
    with pytest.raises(EmptyDocument, match="没有找到法规"):
        run(tmp_path)
    with pytest.raises(UnreadableFile, match="找不到"):
        run(tmp_path / "没有")


# --- versions in time ------------------------------------------------------------------------------------------


def versions(tmp_path: Path, rows: Sequence[Row]) -> tuple[list[tuple[str, str, str]], ImportReport]:
    laws, _, report = run(write_rows(tmp_path / "法.jsonl", rows))
    found = [law.document.info.law for law in laws]
    shown = [(version.id.split("@")[0], str(version.effective), str(version.expired)) for version in found if version]
    # What an index is built from must be a book of laws without overlaps.
    LawBook(StatuteSource(version, _no_text) for version in found if version)
    return shown, report


def _no_text() -> Document:
    raise AssertionError("only the dates are looked at")


def test_a_version_is_in_force_until_the_next_begins(tmp_path: Path) -> None:
    rows = [
        row("第一条", "罚款五百元。", date="2012-10-26"),
        row("第二条", "本法自2013年1月1日起施行。", date="2012-10-26"),
        row("第一条", "罚款一千元。", date="2025-06-27"),
        row("第二条", "本法自2026年1月1日起施行。", date="2025-06-27"),
    ]
    assert versions(tmp_path, rows)[0] == [
        ("甲法-2012-10-26", "2013-01-01", "2026-01-01"),
        ("甲法-2025-06-27", "2026-01-01", "None"),
    ]


def test_an_amended_law_does_not_begin_on_the_day_its_last_article_names(tmp_path: Path) -> None:
    # The last article of an amended law keeps the day of the first version.
    rows = [
        row("第一条", "旧。", date="2016-11-07", expired="2026-01-01"),
        row("第二条", "本法自2017年6月1日起施行。", date="2016-11-07", expired="2026-01-01"),
        row("第一条", "新。", date="2025-10-28"),
        row("第二条", "本法自2017年6月1日起施行。", date="2025-10-28"),
    ]
    assert versions(tmp_path, rows)[0] == [
        ("甲法-2016-11-07", "2017-06-01", "2026-01-01"),
        ("甲法-2025-10-28", "2026-01-01", "None"),
    ]


def test_a_day_that_nothing_tells_stays_open(tmp_path: Path) -> None:
    rows = [row("第一条", "新。", date="2013-10-25"), row("第二条", "本法自1994年1月1日起施行。", date="2013-10-25")]
    laws, _, _ = run(write_rows(tmp_path / "法.jsonl", rows))
    version = laws[0].document.info.law
    assert version is not None
    assert (version.effective, version.first_effective, version.amended_through) == (
        None,
        date(1994, 1, 1),
        date(2013, 10, 25),
    )


def test_a_law_in_force_from_its_publication_begins_that_day(tmp_path: Path) -> None:
    rows = [row("第一条", "本办法自公布之日起施行。", law="样本办法", date="2020-07-17")]
    assert versions(tmp_path, rows)[0] == [("样本办法-2020-07-17", "2020-07-17", "None")]


def test_versions_that_overlap_are_named_and_parted(tmp_path: Path) -> None:
    rows = [
        row("第一条", "旧。", date="2010-01-01", effective="2010-02-01", expired="2022-01-01"),
        row("第一条", "新。", date="2020-01-01", effective="2020-06-01"),
    ]
    shown, report = versions(tmp_path, rows)
    assert shown == [("甲法-2010-01-01", "2010-02-01", "2020-06-01"), ("甲法-2020-01-01", "2020-06-01", "None")]
    assert report.overlaps == (
        "《甲法》（2010-01-01）写明到 2022-01-01 失效，而后一版从 2020-06-01 起施行，两版重叠；按后一版的施行日截止",
    )


def test_one_that_is_not_the_latest_is_not_current_law(tmp_path: Path) -> None:
    shown, _ = versions(tmp_path, [row("第一条", "旧。", date="2010-01-01", latest=False)])
    assert shown == [("甲法-2010-01-01", "None", "2010-01-01")]


def test_equal_texts_of_one_day_are_taken_once(tmp_path: Path) -> None:
    write_rows(tmp_path / "一.jsonl", [row("第一条", "甲。", date="2020-01-01", latest=False, duplicate=True)])
    write_rows(tmp_path / "二.jsonl", [row("第一条", "甲。", date="2020-01-01", latest=True)])
    laws, failures, report = run(tmp_path)
    assert failures == []
    assert [law.document.info.source.path.name for law in laws if law.document.info.source] == ["二.jsonl"]
    assert report.duplicates == ("《甲法》（2020-01-01）有两份相同的文本，收 二.jsonl，不收 一.jsonl",)


def test_different_texts_of_one_day_are_an_error_that_names_the_file(tmp_path: Path) -> None:
    write_rows(tmp_path / "一.jsonl", [row("第一条", "甲。", date="2020-01-01")])
    write_rows(tmp_path / "二.jsonl", [row("第一条", "乙。", date="2020-01-01")])
    write_rows(tmp_path / "三.jsonl", [row("第一条", "丙。", law="丙法")])
    laws, failures, _ = run(tmp_path)
    assert [law.document.info.title for law in laws] == ["甲法", "丙法"]
    assert failures == [
        "二.jsonl：《甲法》（2020-01-01）与 一.jsonl 同名同日、文字不同，分不清哪份有效；没有收入，请留下一份"
    ]


def test_a_law_in_several_files_is_one_law_in_order(tmp_path: Path) -> None:
    write_rows(tmp_path / "人格权编.jsonl", [row("第三条", "丙。"), row("第四条", "本法自2021年1月1日起施行。")])
    write_rows(tmp_path / "总则编.jsonl", [row("第一条", "甲。"), row("第二条", "乙。")])
    (law,), _, report = run(tmp_path)
    assert [str(chunk.article) for chunk in law.chunks] == ["第一条", "第二条", "第三条", "第四条"]
    assert law.document.info.law is not None
    assert law.document.info.law.effective == date(2021, 1, 1)
    assert report.versions == 1


def test_a_known_law_lends_its_short_title(tmp_path: Path) -> None:
    title = "最高人民法院关于审理民间借贷案件适用法律若干问题的规定"
    path = write_rows(tmp_path / "法.jsonl", [row("第一条", "甲。", law=title, date="2020-12-29")])
    law = next(iter(import_laws(path)))
    assert isinstance(law, ImportedLaw)
    assert law.document.info.law is not None
    assert law.document.info.law.short_title == "民间借贷规定"


# --- again and again -------------------------------------------------------------------------------------------


def test_an_unchanged_path_hands_out_nothing(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "法.jsonl", [row("第一条", "甲。"), row("第一条", "乙。", law="乙法")])
    _, _, first = run(path)
    state = ImportState.from_json(first.state.to_json())
    assert state == first.state
    laws, failures, second = run(path, state)
    assert (laws, failures) == ([], [])
    assert (second.changed, second.unchanged, second.passages) == (0, 2, 2)
    assert second.state == first.state


def test_only_the_changed_law_of_a_file_is_handed_out_again(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "法.jsonl", [row("第一条", "甲。"), row("第一条", "乙。", law="乙法")])
    _, _, first = run(path)
    write_rows(path, [row("第一条", "甲。"), row("第一条", "新的乙。", law="乙法")])
    laws, _, second = run(path, first.state)
    assert [law.document.info.title for law in laws] == ["乙法"]
    assert (second.changed, second.unchanged, second.removed) == (1, 1, ())


def test_a_new_version_changes_the_one_before_it(tmp_path: Path) -> None:
    old = [row("第一条", "旧。", date="2010-01-01")]
    write_rows(tmp_path / "旧.jsonl", old)
    _, _, first = run(tmp_path)
    write_rows(tmp_path / "新.jsonl", [row("第一条", "新。", date="2020-01-01", effective="2020-02-01")])
    laws, _, second = run(tmp_path, first.state)
    ends = {law.document.info.id: law.document.info.law.expired for law in laws if law.document.info.law}
    assert ends == {"甲法-2010-01-01@" + tmp_path.name: date(2020, 2, 1), "甲法-2020-01-01@" + tmp_path.name: None}
    assert second.changed == 2


def test_what_is_gone_is_named(tmp_path: Path) -> None:
    write_rows(tmp_path / "甲.jsonl", [row("第一条", "甲。")])
    write_rows(tmp_path / "乙.jsonl", [row("第一条", "乙。", law="乙法")])
    _, _, first = run(tmp_path)
    (tmp_path / "乙.jsonl").unlink()
    laws, _, second = run(tmp_path, first.state)
    assert laws == []
    assert second.removed == (f"乙法-无日期@{tmp_path.name}",)


def test_what_was_wrong_with_an_unchanged_file_is_said_again(tmp_path: Path) -> None:
    path = tmp_path / "法.jsonl"
    path.write_text("坏\n" + json.dumps(row("第一条", "甲。"), ensure_ascii=False), encoding="utf-8")
    _, failures, first = run(path)
    assert run(path, first.state)[1] == failures


def test_a_state_of_another_format_reads_all_anew() -> None:
    assert ImportState.from_json('{"format": 0}') == ImportState()
    with pytest.raises(UnreadableFile, match="导入记录已损坏"):
        ImportState.from_json("{")


# --- folders of files ------------------------------------------------------------------------------------------


def test_a_checkout_of_markdown_is_imported(tmp_path: Path) -> None:
    (tmp_path / "社会法").mkdir()
    (tmp_path / "社会法" / "样本法(2023-12-29).md").write_text(
        "# 中华人民共和国样本法\n\n2023年12月29日 第十四届全国人民代表大会常务委员会第七次会议通过\n\n"
        "<!-- INFO END -->\n\n"
        "## 第一章 总 则\n\n第一条 为了保护公民。\n\n第二条 本法自2024年3月1日起施行。\n",
        encoding="utf-8",
    )
    (tmp_path / "社会法" / "_index.md").write_text("第一条 目录", encoding="utf-8")
    (tmp_path / "README.md").write_text("# 说明\n\n欢迎参与。", encoding="utf-8")
    (tmp_path / "坏.md").write_text("---\ntitle: [\n---\n", encoding="utf-8")
    (law,), failures, report = run(tmp_path)
    version = law.document.info.law
    assert version is not None
    assert (version.title, version.doc_type, version.issuer) == (
        "中华人民共和国样本法",
        "社会法",
        "全国人民代表大会常务委员会",
    )
    assert (version.published, version.effective) == (date(2023, 12, 29), date(2024, 3, 1))
    assert [chunk.text for chunk in law.chunks] == ["第一条　为了保护公民。", "第二条　本法自2024年3月1日起施行。"]
    assert [path.as_posix() for path in report.not_laws] == ["README.md", "社会法/_index.md"]
    assert len(failures) == 1
    assert failures[0].startswith("坏.md：文件开头 --- 之间的说明写错了")


def test_an_official_word_file_is_imported(tmp_path: Path) -> None:
    paper = docx.Document()
    for line in (
        "中华人民共和国样本法",
        "（2021年8月20日第十三届全国人民代表大会常务委员会第三十次会议通过）",
        "目　　录",
        "第一章　总　　则",
        "第一章　总　　则",
        "第一条　为了保护公民。",
        "第二条　有下列情形之一的：",
        "（一）骚扰；",
        "（二）辱骂。",
        "第三条　本法自2021年11月1日起施行。",
    ):
        paper.add_paragraph(line)
    paper.save(str(tmp_path / "样本法.docx"))
    (law,), _, _ = run(tmp_path)
    assert [chunk.text for chunk in law.chunks] == [
        "第一条　为了保护公民。",
        "第二条　有下列情形之一的：\n（一）骚扰；\n（二）辱骂。",
        "第三条　本法自2021年11月1日起施行。",
    ]
    assert law.chunks[0].headings == ("中华人民共和国样本法", "第一章　总则")


def test_a_file_of_another_kind_is_named(tmp_path: Path) -> None:
    write_rows(tmp_path / "法.jsonl", [row("第一条", "甲。")])
    (tmp_path / "页.html").write_text("<html><p>第一条 甲。</p></html>", encoding="utf-8")
    _, failures, _ = run(tmp_path)
    assert failures == ["页.html：导入法规只读 Markdown、Word（.docx）、纯文本和 .jsonl"]


# --- at scale, where the reference lies beside the checkout ------------------------------------------------------


@dataclass(frozen=True)
class Imported:
    """What a large import left, without holding its texts."""

    report: ImportReport
    chunks: int
    civil_code: Mapping[str, str]


@pytest.fixture(scope="module")
def national_laws() -> Imported:
    path = SHARED / "reference" / "laws-all.jsonl.gz"
    if not path.is_file():
        pytest.skip(f"no national laws at {path}")
    chunks, civil_code, report = 0, {}, None
    for result in import_laws(path):
        if isinstance(result, ImportedLaw):
            chunks += len(result.chunks)
            assert all(chunk.span.of(result.document.text) == chunk.text for chunk in result.chunks)
            if result.document.info.title == CIVIL_CODE:
                civil_code = articles_of(result.document)
        elif isinstance(result, ImportReport):
            report = result
    assert report is not None
    return Imported(report, chunks, civil_code)


def articles_of(document: Document) -> dict[str, str]:
    return {
        section.title: "".join(section.span.of(document.text).split())
        for section in document.sections
        if section.article
    }


def test_the_national_laws_import_in_one_run(national_laws: Imported) -> None:
    report = national_laws.report
    # 73,703 rows, less those of ten texts that another stands for; one row of over 4,000 characters is two passages.
    assert (report.versions, report.passages, national_laws.chunks) == (1626, 73_370, 73_371)
    assert (report.failures, report.repeated, report.overlaps, len(report.duplicates)) == (0, (), (), 10)
    # The five that the mirror itself lacks articles of.
    assert sorted(len(gap.missing) for gap in report.gaps) == [1, 1, 4, 70, 109]
    assert "《中华人民共和国刑事诉讼法》（2018-10-26）条号不连续，缺 128" in [str(gap) for gap in report.gaps]


def test_markdown_and_rows_of_one_law_hold_the_same_words(national_laws: Imported) -> None:
    """The two ways of importing read the Civil Code alike."""
    from_markdown = next(
        articles_of(result.document)
        for result in import_laws(SHARED / "reference" / "statutes")
        if isinstance(result, ImportedLaw) and result.document.info.title == CIVIL_CODE
    )
    assert len(from_markdown) == 1260
    assert from_markdown == national_laws.civil_code


def test_every_candidate_article_keeps_its_id() -> None:
    path = SHARED / "training" / "stard_corpus.jsonl.gz"
    if not path.is_file():
        pytest.skip(f"no candidate articles at {path}")
    with gzip.open(path, "rt", encoding="utf-8") as stream:
        ids = [json.loads(line)["id"] for line in stream]
    found = [
        chunk.external_id for result in import_laws(path) if isinstance(result, ImportedLaw) for chunk in result.chunks
    ]
    assert len(found) == len(ids) == 55_347
    assert set(found) == set(ids)
