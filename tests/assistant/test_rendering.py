from __future__ import annotations

import json

import pytest

from assistant import rendering
from corpus.lawbook import LawBook, load_lawbook
from tests.assistant.builders import answer_with


@pytest.fixture(scope="module")
def lawbook() -> LawBook:
    return load_lawbook()


def test_json_has_the_keys_of_the_machine_interface(lawbook: LawBook) -> None:
    printed = json.loads(json.dumps(rendering.answer_json(answer_with(lawbook))))
    assert set(printed) >= {
        "question", "rewritten", "as_of", "declined", "reason", "mode", "model", "text", "sentences", "removed",
        "passages", "timings", "index", "version",
    }  # fmt: skip
    assert set(printed["passages"][0]) >= {
        "number", "kind", "law", "short_title", "article", "effective", "expired", "title", "publisher", "address",
        "text", "quotes",
    }  # fmt: skip
    assert set(printed["timings"]) == {"retrieve_ms", "first_sentence_ms", "total_ms", "tokens_per_second"}
    assert printed["passages"][0]["article"] == "第五十条"
    assert printed["passages"][0]["effective"] == "2026-01-01"
    assert printed["passages"][1]["kind"] == "article"


def test_spans_of_a_passage_spell_the_sentence_that_quotes_it(lawbook: LawBook) -> None:
    printed = rendering.answer_json(answer_with(lawbook))
    passage, sentence = printed["passages"][0], printed["sentences"][0]
    quoted = "".join(passage["text"][span["start"] : span["end"]] for span in passage["quotes"])
    assert quoted == sentence["text"]
    assert len(passage["quotes"]) == 2  # the lead of the paragraph, and its item
    assert printed["passages"][1]["quotes"] == []


def test_sources_name_law_article_rank_and_dates_and_the_quoted_words(lawbook: LawBook) -> None:
    text = rendering.sources_text(answer_with(lawbook))
    assert "[1] 《中华人民共和国治安管理处罚法》第五十条（法律，2026-01-01 起施行" in text
    assert "“（五）多次发送淫秽、侮辱、恐吓等信息" in text
    assert "[2]" not in text


def test_answer_text_puts_each_mark_behind_its_sentence(lawbook: LawBook) -> None:
    answer = answer_with(lawbook)
    assert rendering.answer_text(answer.sentences) == f"法律依据\n{answer.sentences[0].text}[1]"
    assert rendering.answer_text(()) == ""


def test_markdown_holds_question_day_sentence_source_and_notice(lawbook: LawBook) -> None:
    text = rendering.answer_markdown(answer_with(lawbook))
    for part in (
        "# 催收发短信骚扰怎么处罚",
        "2026-11-24",
        "## 法律依据",
        "1. 《中华人民共和国治安管理处罚法》第五十条",
        "12348",
    ):
        assert part in text
