from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from assistant import rendering
from assistant.cli import build_app
from assistant.errors import BadAnswerFile
from assistant.numbering import number_passages
from assistant.rechecking import Checked, RecheckReport, Sources, parse_answer, read_answers, recheck
from assistant.records import Answer, AnswerMode, AnswerSentence, DeclineReason, Timings
from corpus.chunking import chunk_document
from corpus.lawbook import LawBook, load_lawbook
from corpus.reading import read_builtin
from corpus.records import Document, SourceKind, UnitRole, Validity
from index.records import RetrievedPassage, RetrieverTrace
from tests.assistant.builders import quoting_sentence, statute_passage

Json = dict[str, Any]
DAY = date(2026, 11, 24)


@pytest.fixture(scope="module")
def lawbook() -> LawBook:
    return load_lawbook()


@pytest.fixture(scope="module")
def sources(lawbook: LawBook) -> Sources:
    return Sources(lawbook, None)


@pytest.fixture(scope="module")
def own_article() -> Document:
    return next(document for document in read_builtin() if document.info.kind is SourceKind.ARTICLE)


@pytest.fixture(scope="module")
def answer(lawbook: LawBook, own_article: Document) -> Answer:
    """Two sentences quoted, from 治安管理处罚法第五十条 and from an article of ours."""
    chunk = next(chunk for chunk in chunk_document(own_article) if "。" in chunk.text)
    article = RetrievedPassage(chunk, own_article.info, 2, 0.5, Validity.IN_FORCE, RetrieverTrace())
    passages = number_passages([statute_passage(lawbook, "治安管理处罚法-2026-01-01", "第五十条"), article])
    unit = passages[1].units[0]
    sentences = (
        quoting_sentence(passages[0], "多次发送"),
        AnswerSentence(unit.text, (2,), unit.role, unit.spans),
    )
    return Answer(
        question="催收发短信骚扰怎么处罚",
        rewritten=None,
        as_of=DAY,
        mode=AnswerMode.QUOTE,
        model="double",
        declined=False,
        reason=None,
        text=rendering.answer_text(sentences),
        sentences=sentences,
        removed=(),
        passages=passages,
        notes=(),
        timings=Timings(1.0, 2.0, 3.0, None),
        index="0" * 64,
        version="0",
    )


@pytest.fixture
def stored(answer: Answer) -> Json:
    return copy.deepcopy(rendering.answer_json(answer))


def rechecked(stored: Json, sources: Sources, day: date | None = None) -> RecheckReport:
    return recheck(parse_answer(stored, "answer.json"), sources, day)


def test_an_untouched_answer_passes_every_check(stored: Json, sources: Sources) -> None:
    report = rechecked(stored, sources)
    assert report.failures == ()
    assert [row.kind for row in report.rows].count(Checked.PASSAGE) == 2
    assert [row.kind for row in report.rows].count(Checked.SENTENCE) == 2


def _change_word(stored: Json) -> None:
    stored["passages"][0]["text"] = stored["passages"][0]["text"].replace("五日", "九日")


def _change_word_and_hash(stored: Json) -> None:
    import hashlib

    _change_word(stored)
    stored["passages"][0]["text_sha256"] = hashlib.sha256(stored["passages"][0]["text"].encode()).hexdigest()


def _change_sentence(stored: Json) -> None:
    stored["sentences"][0]["text"] = stored["sentences"][0]["text"].replace("多次", "一次")


def _change_shown_text(stored: Json) -> None:
    stored["text"] += "\n另外可以要求赔偿十万元[1]"


def _cite_nothing(stored: Json) -> None:
    stored["sentences"][0]["citations"] = []


def _cite_the_unknown(stored: Json) -> None:
    stored["sentences"][0]["citations"] = [7]


def _move_quote(stored: Json) -> None:
    stored["sentences"][0]["quotes"][0]["start"] += 1


def _other_document(stored: Json) -> None:
    stored["passages"][1]["document_id"] = "ffffffffffffffff"
    stored["passages"][1]["title"] = "没有这篇文章"


def _other_article(stored: Json) -> None:
    stored["passages"][0]["article"] = "第五十一条"


def _article_as_law(stored: Json) -> None:
    stored["passages"][1]["kind"] = "statute"


def _other_dates(stored: Json) -> None:
    stored["passages"][0]["effective"] = "2013-01-01"


def _other_validity(stored: Json) -> None:
    stored["passages"][0]["validity"] = "expired"


def _same_number_twice(stored: Json) -> None:
    stored["passages"][1]["number"] = 1


def _declined_with_sentences(stored: Json) -> None:
    stored["declined"] = True


def _lost_highlight(stored: Json) -> None:
    stored["passages"][0]["quotes"] = []


@pytest.mark.parametrize(
    ("change", "kind", "finding"),
    [
        (_change_word, Checked.PASSAGE, "SHA-256"),
        (_change_word_and_hash, Checked.PASSAGE, "与现在语料里的原文不一致"),
        (_change_sentence, Checked.SENTENCE, "与原文不一致"),
        (_change_shown_text, Checked.ANSWER, "与经过核对的句子不一致"),
        (_cite_nothing, Checked.SENTENCE, "没有标明出处"),
        (_cite_the_unknown, Checked.SENTENCE, "引用了不存在的材料[7]"),
        (_move_quote, Checked.SENTENCE, "与原文不一致"),
        (_other_document, Checked.PASSAGE, "现在的语料里没有这份材料"),
        (_other_article, Checked.PASSAGE, "与现在语料里的原文不一致"),
        (_article_as_law, Checked.PASSAGE, "材料的种类不对"),
        (_other_dates, Checked.PASSAGE, "起止日期与语料不一致"),
        (_other_validity, Checked.PASSAGE, "效力与记录的不一致"),
        (_same_number_twice, Checked.ANSWER, "同一个编号"),
        (_declined_with_sentences, Checked.ANSWER, "声明不作回答"),
        (_lost_highlight, Checked.PASSAGE, "标出的引文与各句的引文不一致"),
    ],
)
def test_every_change_to_an_answer_is_found(
    change: Callable[[Json], None], kind: Checked, finding: str, stored: Json, sources: Sources
) -> None:
    change(stored)
    failures = rechecked(stored, sources).failures
    assert any(row.kind is kind and finding in row.finding for row in failures), failures


def test_law_that_has_expired_since_is_found(lawbook: LawBook, sources: Sources, answer: Answer) -> None:
    passages = number_passages([statute_passage(lawbook, "治安管理处罚法-2013-01-01", "第四十二条")])
    sentence = quoting_sentence(passages[0], "写恐吓信")
    old = replace(
        answer,
        as_of=date(2025, 6, 1),
        passages=passages,
        sentences=(sentence,),
        text=rendering.answer_text((sentence,)),
    )
    stored = rendering.answer_json(old)
    assert rechecked(stored, sources).passed
    later = rechecked(stored, sources, day=DAY)
    assert [(row.kind, row.finding) for row in later.failures] == [
        (Checked.SENTENCE, "所引《治安管理处罚法》的版本在2026-11-24已失效")
    ]
    assert "按2026-11-24的法律核对" in later.remarks[0]


def test_prose_is_held_to_its_passages_again(sources: Sources, answer: Answer) -> None:
    def prose(text: str) -> RecheckReport:
        sentence = AnswerSentence(text, (1,), UnitRole.LAW)
        changed = replace(
            answer, mode=AnswerMode.EXPLAIN, sentences=(sentence,), text=rendering.answer_text((sentence,))
        )
        return rechecked(rendering.answer_json(changed), sources)

    good = prose("治安管理处罚法第五十条规定可以处五日以下拘留。")
    assert good.failures == ()
    assert [row.subject for row in good.rows if row.kind is Checked.REFERENCE] == ["治安管理处罚法第五十条"]
    bad = prose("治安管理处罚法第二百条规定可以处五十日拘留。")
    assert {row.kind for row in bad.failures} == {Checked.SENTENCE, Checked.REFERENCE}


def test_a_declined_answer_that_cites_nothing_passes(sources: Sources, answer: Answer) -> None:
    declined = replace(
        answer, declined=True, reason=DeclineReason.OUT_OF_SCOPE, sentences=(), passages=(), text="不作回答。"
    )
    assert rechecked(rendering.answer_json(declined), sources).passed


def test_an_article_of_ours_that_was_corrected_elsewhere_still_bears_its_passage(
    stored: Json, sources: Sources
) -> None:
    stored["passages"][1]["document_id"] = "0123456789abcdef"
    assert rechecked(stored, sources).passed


def test_without_an_index_and_with_another_corpus_the_report_says_so(stored: Json, sources: Sources) -> None:
    assert rechecked(stored, sources).remarks == ("本机没有索引，自己添加的文件无法核对。",)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "is not JSON"),
        ("法律", "is not JSON"),
        ("[1]", "holds no JSON object"),
        ("{}", "'question' is missing"),
        ('{"question": 3}', "'question' is no str"),
        ('{"question": "问", "as_of": "昨天"}', "'as_of' is no date"),
        ('{"question": "问", "as_of": "2026-01-01", "mode": "guess"}', "'mode' is no quote/explain/search"),
        ("[" * 100_000, "is not JSON"),
    ],
)
def test_what_is_no_answer_is_refused_by_file_and_field(content: str, says: str, tmp_path: Path) -> None:
    file = tmp_path / "answer.json"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(BadAnswerFile, match="answer.json") as caught:
        read_answers(file)
    assert says in str(caught.value)


def test_a_wrong_field_deep_inside_is_named_with_its_place(stored: Json) -> None:
    stored["sentences"][1]["quotes"][0]["end"] = "x"
    with pytest.raises(BadAnswerFile, match=r"a\.json, sentences\[1\], quotes\[0\] .*'end' is no int"):
        parse_answer(stored, "a.json")
    stored["sentences"][1]["quotes"][0] = {"start": 9, "end": 3}
    with pytest.raises(BadAnswerFile, match="'quotes' is no list of start <= end"):
        parse_answer(stored, "a.json")


def test_missing_and_binary_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadAnswerFile, match="cannot be read"):
        read_answers(tmp_path / "nothing.json")
    (tmp_path / "model.gguf").write_bytes(b"GGUF\xff\xfe")
    with pytest.raises(BadAnswerFile, match="not UTF-8"):
        read_answers(tmp_path / "model.gguf")


def test_the_command_reports_a_table_and_exits_with_1_on_any_failure(
    stored: Json, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAJU_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COLUMNS", "200")
    file = tmp_path / "answer.json"
    file.write_text(json.dumps(stored, ensure_ascii=False), encoding="utf-8")
    app = build_app("zh")
    good = CliRunner().invoke(app, ["verify", str(file)])
    assert good.exit_code == 0, good.output
    assert "全部一致" in good.output
    _change_sentence(stored)
    file.write_text(json.dumps(stored, ensure_ascii=False), encoding="utf-8")
    bad = CliRunner().invoke(app, ["verify", str(file)])
    assert bad.exit_code == 1
    assert "与原文不一致" in bad.output
    lines = tmp_path / "answers.jsonl"
    lines.write_text("\n".join([json.dumps(stored)] * 2), encoding="utf-8")
    several = CliRunner().invoke(app, ["verify", str(lines), "--json"])
    assert several.exit_code == 1
    assert [json.loads(line)["passed"] for line in several.output.splitlines()] == [False, False]
    file.write_text("{}", encoding="utf-8")
    wrong = CliRunner().invoke(app, ["verify", str(file)])
    assert wrong.exit_code == 1
    assert "不是本程序的回答文件" in wrong.stderr
