"""An answer handed on holds what its record holds, and in no form anything that a viewer would fetch or run."""

from __future__ import annotations

import html
import re
from datetime import date

import pytest

from assistant.drafting import Block, BlockKind
from assistant.exporting import answer_blocks, blocks_html
from assistant.records import Answer
from assistant.rendering import answer_markdown, cited_passages, one_line
from tests.doubles.scripted_assistant import HOSTILE, SMS_QUESTION, ScriptedAssistant


@pytest.fixture(scope="module")
def answer() -> Answer:
    *_, last = ScriptedAssistant().answer(SMS_QUESTION + HOSTILE, as_of=date(2026, 11, 24))
    assert isinstance(last, Answer)
    return last


def test_blocks_hold_every_sentence_with_its_marks_and_every_cited_source(answer: Answer) -> None:
    blocks = answer_blocks(answer)
    bullets = [block.text for block in blocks if block.kind is BlockKind.BULLET]
    assert bullets == [one_line(sentence.text) + f"[{sentence.citations[0]}]" for sentence in answer.sentences]
    sources = [block.text for block in blocks if re.match(r"\[\d+\] ", block.text)]
    assert len(sources) == len(cited_passages(answer))
    assert sources[1].startswith("[2] 《中华人民共和国治安管理处罚法》第五十条（法律，2026-01-01 起施行")


def test_the_page_asks_for_nothing_and_shows_markup_as_text(answer: Answer) -> None:
    page = blocks_html("标题 <x>", answer_blocks(answer))
    assert "default-src 'none'" in page
    assert not re.search(r"<(?:script|img|link|a|iframe)\b|\b(?:src|href)=[\"'h]", page)
    assert HOSTILE in html.unescape(page)
    assert "<title>标题 &lt;x&gt;</title>" in page


def test_two_answers_on_one_page_are_parted() -> None:
    page = blocks_html("x", [Block(BlockKind.TITLE, "一"), Block(BlockKind.TITLE, "二")])
    assert page.count("<hr>") == 1 and page.index("<h1>一") < page.index("<hr>") < page.index("<h1>二")


def test_markdown_of_an_answer_makes_no_link_picture_or_tag_of_foreign_words(answer: Answer) -> None:
    text = answer_markdown(answer)
    assert "![](" not in text and "<script" not in text.replace("\\<script", "")
    assert re.sub(r"\\(.)", r"\1", text).count(HOSTILE) >= 2, "the words themselves are all there"


def test_a_declined_answer_is_handed_on_with_its_reason() -> None:
    *_, declined = ScriptedAssistant().answer("上海明天天气怎么样？")
    assert isinstance(declined, Answer)
    assert any("收录的材料不能回答" in block.text for block in answer_blocks(declined))
