"""A turn on the page: what stands where, and that only what is in the record stands there."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from datetime import date

import pytest

from assistant.commands.common import Say
from assistant.records import Answer, AnswerMode, AnswerSentence, RemovedSentence, Stage, StageReached
from assistant.rendering import one_line
from assistant.web.turns import Turn
from corpus.records import Span, UnitRole
from tests.doubles.scripted_assistant import HOSTILE, SMS_QUESTION, ScriptedAssistant

DAY = date(2026, 11, 24)


def turn_of(question: str, mode: AnswerMode | None = None, language: str = "zh") -> Turn:
    turn = Turn(1, question, Say(language))
    for event in ScriptedAssistant(language).answer(question, as_of=DAY, mode=mode):
        turn.take(event)
    return turn


def shown(turn: Turn) -> str:
    """The text that a reader sees: hidden cards and texts to copy left out."""
    visible = re.sub(r'<div class="cards".*|<div class="markdown".*?</div>', "", turn.html(), flags=re.S)
    return html.unescape(re.sub(r"<[^>]+>", "", visible))


@pytest.fixture
def turn() -> Turn:
    return turn_of(SMS_QUESTION)


def test_every_sentence_stands_in_the_section_of_its_role(turn: Turn) -> None:
    assert turn.answer is not None
    for role in UnitRole:
        section = re.search(rf'<section class="part {role.value}".*?</section>', turn.html(), re.S)
        sentences = [s for s in turn.answer.sentences if s.role is role]
        assert bool(section) is bool(sentences)
        for sentence in sentences:
            assert section is not None
            assert one_line(sentence.text) in html.unescape(re.sub(r"<[^>]+>", "", section[0]))


def test_every_mark_has_its_card_and_every_card_its_whole_passage(turn: Turn) -> None:
    page = turn.html()
    marks = set(re.findall(r'data-card="(card-1-\d+)"', page))
    cards = set(re.findall(r'id="(card-1-\d+)"', page))
    assert marks == cards, "each passage can be opened, from its mark or from the list"
    for numbered in turn.passages:
        start = page.index(f'id="card-1-{numbered.number}"')
        content = re.search(r'<div class="passage" lang="zh-CN">(.*?)</div>', page[start:], re.S)
        assert content is not None
        assert html.unescape(re.sub(r"<[^>]+>", "", content[1])).endswith(numbered.passage.chunk.text)


def test_the_marked_words_of_a_card_are_those_that_the_answer_quotes(turn: Turn) -> None:
    page = turn.html()
    card = page[page.index('id="card-1-2"') : page.index('id="card-1-3"')]
    marked = "".join(html.unescape(words) for words in re.findall("<mark>(.*?)</mark>", card, re.S))
    assert marked == "".join(sentence.text for sentence in turn.sentences if sentence.citations == (2,))


def test_text_of_a_source_is_never_markup(turn: Turn) -> None:
    page = turn.html()
    assert HOSTILE not in page
    assert html.escape(HOSTILE) in page
    assert not re.search(r"<(script|img|a|iframe|link|form)\b", page)


def test_items_of_one_article_stand_under_the_lead_that_they_share(turn: Turn) -> None:
    law = next(numbered for numbered in turn.passages if numbered.number == 1)
    items = [unit for unit in law.units if len(unit.spans) == 2][:3]
    turn.sentences = [AnswerSentence(unit.text, (1,), UnitRole.LAW, unit.spans) for unit in items]
    turn.answer = None
    page = shown(turn)
    lead = one_line(items[0].spans[0].of(law.passage.chunk.text))
    assert page.count(lead) == 1
    for unit in items:
        assert one_line(unit.spans[1].of(law.passage.chunk.text)) in page


def test_prose_that_quotes_two_places_is_never_taken_apart(turn: Turn) -> None:
    spans = (Span(0, 4), Span(6, 9))
    prose = [AnswerSentence(f"第{n}句解释的话。", (1,), UnitRole.LAW, spans) for n in "一二"]
    turn.sentences, turn.answer = prose, None
    assert all(sentence.text in shown(turn) for sentence in prose)


def test_a_declined_answer_says_what_is_covered_and_cites_nothing() -> None:
    turn = turn_of("上海明天天气怎么样？")
    assert "收录的材料不能回答这个问题" in shown(turn)
    assert "data-card" not in turn.html()
    assert "复制" not in shown(turn)


def test_listed_passages_have_no_sentence_and_the_notice() -> None:
    turn = turn_of(SMS_QUESTION, AnswerMode.SEARCH)
    assert "最相关的材料" in shown(turn)
    assert "不是律师意见" in shown(turn)


def test_the_stages_are_told_in_their_order() -> None:
    turn = Turn(1, SMS_QUESTION, Say("zh"), usual_seconds=2.4)
    turn.take(StageReached(Stage.RETRIEVING))
    assert "正在检索法条和文章" in shown(turn)
    turn.take(StageReached(Stage.READING, ()))
    assert "正在阅读 0 段材料，第一句通常在 2 秒左右出现" in shown(turn)
    assert re.findall(r'<li class="(\w+)"', turn.html()) == ["done", "now", "ahead"]
    turn.take(StageReached(Stage.ANSWERING, ()))
    assert re.findall(r'<li class="(\w+)"', turn.html()) == ["done", "done", "now"]


def test_removed_sentences_are_named_with_the_reason(turn: Turn) -> None:
    assert isinstance(turn.answer, Answer)
    turn.answer = replace(turn.answer, removed=(RemovedSentence("处十日以下拘留。", "金额或数字在材料里没有"),))
    assert "未通过核对（已删去 1 句）" in shown(turn)
    assert "处十日以下拘留。 — 金额或数字在材料里没有" in shown(turn)


def test_english_words_stand_around_chinese_sources() -> None:
    page = shown(turn_of(SMS_QUESTION, language="en"))
    assert "In short" in page and "Where to complain" in page
    assert "law · in force since 2026-01-01" in page
    assert "《中华人民共和国治安管理处罚法》第五十条" in page
