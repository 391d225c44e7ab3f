from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from assistant.numbering import number_passages
from assistant.records import AnswerMode, AnswerSentence, NumberedPassage
from assistant.verification import Verifier
from corpus.lawbook import LawBook, load_lawbook
from corpus.records import Span, UnitRole, Validity
from tests.assistant.builders import article_passage, quoting_sentence, statute_passage

TODAY = date(2026, 11, 24)
OLD_PAGE = "《治安管理处罚法》第四十二条规定，多次发送侮辱信息的，处五日以下拘留或者五百元以下罚款。"


@pytest.fixture(scope="module")
def lawbook() -> LawBook:
    return load_lawbook()


@pytest.fixture
def passages(lawbook: LawBook) -> tuple[NumberedPassage, ...]:
    return number_passages(
        [
            statute_passage(lawbook, "治安管理处罚法-2026-01-01", "第五十条"),
            article_passage(OLD_PAGE, rank=2),
            article_passage("骚扰短信可以保存下来，向银保监会投诉。", rank=3),
            article_passage("平台泄露通讯录的，可以请求赔偿（《民法典》第一千一百八十二条）。", rank=4),
            statute_passage(lawbook, "治安管理处罚法-2013-01-01", "第四十二条", 5, Validity.EXPIRED),
        ]
    )


def prose(text: str, *citations: int) -> AnswerSentence:
    return AnswerSentence(text, citations, UnitRole.LAW)


def objection(
    lawbook: LawBook, passages: tuple[NumberedPassage, ...], sentence: AnswerSentence, mode: AnswerMode
) -> str:
    return Verifier(lawbook, TODAY, passages).objection(sentence, mode) or ""


def test_a_unit_of_law_in_force_passes(lawbook: LawBook, passages: tuple[NumberedPassage, ...]) -> None:
    sentence = quoting_sentence(passages[0], "多次发送")
    assert objection(lawbook, passages, sentence, AnswerMode.QUOTE) == ""


def test_one_changed_character_fails(lawbook: LawBook, passages: tuple[NumberedPassage, ...]) -> None:
    sentence = quoting_sentence(passages[0], "多次发送")
    changed = replace(sentence, text=sentence.text.replace("一千元", "五百元", 1))
    assert objection(lawbook, passages, changed, AnswerMode.QUOTE) == "与原文不一致"


def test_a_quotation_beyond_the_passage_fails(lawbook: LawBook, passages: tuple[NumberedPassage, ...]) -> None:
    sentence = replace(quoting_sentence(passages[0], "多次发送"), quotes=(Span(0, 100_000),))
    assert objection(lawbook, passages, sentence, AnswerMode.QUOTE) == "引文位置超出原文"


def test_a_page_that_cites_the_old_number_is_dropped(lawbook: LawBook, passages: tuple[NumberedPassage, ...]) -> None:
    sentence = quoting_sentence(passages[1], "第四十二条")
    assert "第五十条" in objection(lawbook, passages, sentence, AnswerMode.QUOTE)


def test_old_amounts_are_dropped_even_without_a_number(lawbook: LawBook) -> None:
    passages = number_passages([article_passage("偷拍他人隐私的，处五日以下拘留或者五百元以下罚款。")])
    sentence = quoting_sentence(passages[0], "五百元")
    assert "已失效" in objection(lawbook, passages, sentence, AnswerMode.QUOTE)


def test_the_same_page_was_right_on_the_last_day_of_the_old_law(lawbook: LawBook) -> None:
    passages = number_passages([article_passage(OLD_PAGE)])
    verifier = Verifier(lawbook, date(2025, 12, 31), passages)
    assert verifier.objection(quoting_sentence(passages[0], "第四十二条"), AnswerMode.QUOTE) is None


def test_a_body_that_no_longer_exists_is_dropped(lawbook: LawBook, passages: tuple[NumberedPassage, ...]) -> None:
    sentence = quoting_sentence(passages[2], "银保监会")
    assert "国家金融监督管理总局" in objection(lawbook, passages, sentence, AnswerMode.QUOTE)


def test_a_reference_in_force_passes(lawbook: LawBook, passages: tuple[NumberedPassage, ...]) -> None:
    assert objection(lawbook, passages, quoting_sentence(passages[3], "请求赔偿"), AnswerMode.QUOTE) == ""


def test_expired_law_is_never_quoted_as_current(lawbook: LawBook, passages: tuple[NumberedPassage, ...]) -> None:
    sentence = quoting_sentence(passages[4], "多次发送")
    assert "已失效" in objection(lawbook, passages, sentence, AnswerMode.QUOTE)


@pytest.mark.parametrize(
    ("sentence", "why"),
    [
        (prose("催收骚扰可以拘留。"), "没有标明出处"),
        (prose("催收骚扰可以拘留。", 9), "引用了不存在的材料[9]"),
        (prose("最高可以拘留三十日。", 1), "所引材料里没有“三十日”"),
        (prose("可以处以2000元罚款。", 1), "所引材料里没有“2000元”"),
        (prose("依照《刑法》第二百九十三条处理。", 1), "所引材料里没有"),
        (prose("依照《民法典》第一千三百条处理。", 1), "共1260条"),
        (prose("依照《反催收骚扰法》第五条处理。", 1), "反催收骚扰法"),
        (prose("法律规定「多次发送骚扰信息的一律判刑」。", 1), "引号里的话与原文不一致"),
    ],
)
def test_prose_that_its_passage_does_not_bear_out_fails(
    lawbook: LawBook, passages: tuple[NumberedPassage, ...], sentence: AnswerSentence, why: str
) -> None:
    assert why in objection(lawbook, passages, sentence, AnswerMode.EXPLAIN)


@pytest.mark.parametrize(
    "text",
    [
        "多次发送侮辱、恐吓信息干扰他人正常生活，可处五日以下拘留或1000元以下罚款。",
        "《治安管理处罚法》第五十条规定「多次发送淫秽、侮辱、恐吓等信息」要受处罚。",
    ],
)
def test_prose_that_its_passage_bears_out_passes(
    lawbook: LawBook, passages: tuple[NumberedPassage, ...], text: str
) -> None:
    assert objection(lawbook, passages, prose(text, 1), AnswerMode.EXPLAIN) == ""


def test_a_page_on_the_law_of_today_does_not_answer_for_a_day_before_it(lawbook: LawBook) -> None:
    page = article_passage("骚扰他人的，处五日以下拘留或者一千元以下罚款（《治安管理处罚法》第五十条）。")
    document = replace(page.document, published=date(2026, 11, 24), collection="builtin")
    passages = number_passages([replace(page, document=document)])
    sentence = quoting_sentence(passages[0], "骚扰他人")
    assert Verifier(lawbook, TODAY, passages).objection(sentence, AnswerMode.QUOTE) is None
    assert Verifier(lawbook, date(2025, 12, 31), passages).objection(sentence, AnswerMode.QUOTE)
