from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from assistant.answering import default_mode
from assistant.errors import ModelUnusable
from assistant.explaining import ExplainingFinished, _words_objection, explain, find_words, is_english
from assistant.generation import LlamaCppModel
from assistant.grammar import explain_grammar
from assistant.numbering import number_passages
from assistant.prompting import EXPLAIN_SYSTEM, EXPLAIN_SYSTEM_ENGLISH
from assistant.quoting import Sampling
from assistant.records import AnswerMode, AnswerSentence, NumberedPassage, RemovedSentence
from assistant.settings import Settings
from assistant.verification import Verifier
from corpus.citations import find_statute_refs
from corpus.lawbook import LawBook, load_lawbook
from corpus.reading import read_builtin
from corpus.records import SourceKind, UnitRole, Validity
from corpus.validity import check_reference
from tests.assistant.builders import article_passage, statute_passage
from tests.assistant.scripted_model import ScriptedModel
from tests.doubles.tiny_gguf import write_tiny_gguf

DAY = date(2026, 11, 24)
TIPS = "先保存短信和通话记录。拨打12345可以投诉，也可以向派出所报案。《民法典》第一千零三十三条禁止侵扰私人生活安宁。"
OLD = "治安管理处罚法第四十二条规定，发送恐吓信息的处五日以下拘留或者五百元以下罚款。"


@pytest.fixture(scope="module")
def lawbook() -> LawBook:
    return load_lawbook()


@pytest.fixture(scope="module")
def passages(lawbook: LawBook) -> tuple[NumberedPassage, ...]:
    """[1] 治安管理处罚法第五十条 [2] 民法典第一千零三十三条 [3] how-to article [4] an article with old law"""
    return number_passages(
        [
            statute_passage(lawbook, "治安管理处罚法-2026-01-01", "第五十条"),
            statute_passage(lawbook, "民法典-2021-01-01", "第一千零三十三条", rank=2),
            article_passage(TIPS, rank=3),
            article_passage(OLD, rank=4),
        ]
    )


def explained(
    text: str,
    passages: Sequence[NumberedPassage],
    lawbook: LawBook,
    day: date = DAY,
    english: bool = False,
    constrained: bool = True,
) -> tuple[list[AnswerSentence], list[RemovedSentence], ExplainingFinished]:
    verifier = Verifier(lawbook, day, passages)
    events = list(explain(ScriptedModel(text), "违法吗", passages, verifier, english=english, constrained=constrained))
    finished = events.pop()
    assert isinstance(finished, ExplainingFinished)
    shown = [event for event in events if isinstance(event, AnswerSentence)]
    removed = [event for event in events if isinstance(event, RemovedSentence)]
    assert len(shown) + len(removed) == len(events)
    return shown, removed, finished


def test_verified_sentences_come_out_without_marks_and_with_citations(
    lawbook: LawBook, passages: tuple[NumberedPassage, ...]
) -> None:
    text = "这样催收是违法的[2]。治安管理处罚法第五十条规定可以处五日以下拘留[1]。先保存短信和通话记录[3]。"
    shown, removed, finished = explained(text, passages, lawbook)
    assert [(sentence.text, sentence.citations, sentence.role) for sentence in shown] == [
        ("这样催收是违法的。", (2,), UnitRole.CONCLUSION),
        ("治安管理处罚法第五十条规定可以处五日以下拘留。", (1,), UnitRole.LAW),
        ("先保存短信和通话记录。", (3,), UnitRole.ACTION),
    ]
    assert removed == []
    assert finished.counts.written == len(text)
    assert not finished.stopped


@pytest.mark.parametrize(
    ("sentence", "why"),
    [
        ("催收违法。", "没有标明出处"),
        ("催收违法[9]。", "引用了不存在的材料[9]"),
        ("刑法第九百条规定催收违法[2]。", "第九百条"),
        ("民法典第一千零三十二条规定了隐私权[2]。", "所引材料里没有民法典第一千零三十二条"),
        ("治安管理处罚法第五十条第九款规定可以处罚[1]。", "没有第九款"),
        ("可以处十五日拘留[1]。", "所引材料里没有“十五日”"),
        ("可以罚款5000元[1]。", "所引材料里没有“5000元”"),
        ("可以拨打12399投诉[3]。", "所引材料里没有“12399”"),
        ("法律说「任何人不得打电话给通讯录里的人」[1]。", "引号里的话与原文不一致"),
        ("法律说「自然人“享有隐私权和安宁权”，可以要求双倍赔偿」[2]。", "引号里的话与原文不一致"),
        ("发送恐吓信息的处五日以下拘留或者五百元以下罚款[4]。", "复述了已失效的规定"),
        ("治安管理处罚法第四十二条规定可以处罚[4]。", "如果指2025年12月31日以前的第四十二条，现在是第五十条"),
        ("可以向银保监会投诉[3]。", "“银保监会”已撤销"),
        ("借款合同约定的年化利率超过司法保护上限时无需偿还超出部分[2]。", "所引材料里没有这样的内容"),
    ],
)
def test_a_sentence_that_its_passages_do_not_bear_out_is_removed_with_the_reason(
    sentence: str, why: str, lawbook: LawBook, passages: tuple[NumberedPassage, ...]
) -> None:
    shown, removed, _ = explained(sentence, passages, lawbook, constrained=False)
    assert shown == []
    assert len(removed) == 1
    assert why in removed[0].why


def test_a_bare_number_of_the_passage_may_be_said(lawbook: LawBook, passages: tuple[NumberedPassage, ...]) -> None:
    shown, _, _ = explained("可以拨打12345投诉[3]。", passages, lawbook)
    assert [sentence.text for sentence in shown] == ["可以拨打12345投诉。"]


def test_a_quotation_is_located_in_the_passage_that_has_it(
    lawbook: LawBook, passages: tuple[NumberedPassage, ...]
) -> None:
    text = "这种行为「以电话、短信、即时通讯工具、电子邮件、传单等方式侵扰他人的私人生活安宁」[1][2]。"
    (sentence,), removed, _ = explained(text, passages, lawbook)
    assert removed == []
    assert sentence.citations == (2, 1)  # the passage that is quoted comes first
    assert sentence.role is UnitRole.LAW
    civil_code = passages[1].passage.chunk.text
    assert [span.of(civil_code) for span in sentence.quotes] == [
        "以电话、短信、即时通讯工具、电子邮件、传单等方式侵扰他人的私人生活安宁"
    ]


def test_words_behind_a_quotation_inside_a_quotation_are_compared_too(lawbook: LawBook) -> None:
    passages = number_passages([article_passage("催收人员说“明天就去你单位”，属于威胁。")])
    true = explained("文章说「催收人员说“明天就去你单位”，属于威胁」[1]。", passages, lawbook)
    assert [len(sentence.quotes) for sentence in true[0]] == [1]
    false = explained("文章说「催收人员说“明天就去你单位”，可以不还钱」[1]。", passages, lawbook)
    assert [item.why for item in false[1]] == ["引号里的话与原文不一致：催收人员说“明天就去你单位”，可以不还钱"]


def test_words_are_found_across_line_breaks_and_widths() -> None:
    text = "第一条　下列行为：\n（一）骚扰；\n（二）恐吓。"
    span = find_words("下列行为:(一)骚扰", text)
    assert span is not None
    assert span.of(text) == "下列行为：\n（一）骚扰"
    assert find_words("没有", text) is None
    assert find_words(" ", text) is None


def test_a_law_not_in_force_is_not_cited(lawbook: LawBook) -> None:
    old = number_passages(
        [statute_passage(lawbook, "治安管理处罚法-2013-01-01", "第四十二条", validity=Validity.EXPIRED)]
    )
    shown, removed, _ = explained("这样做会被处罚[1]。", old, lawbook)
    assert shown == []
    assert "已失效" in removed[0].why


def test_what_leans_on_a_removed_sentence_goes_with_it(lawbook: LawBook, passages: tuple[NumberedPassage, ...]) -> None:
    text = "可以处三十日拘留[1]。但是要先保存短信和通话记录[3]。也可以向派出所报案[3]。催收违法[2]。"
    shown, removed, _ = explained(text, passages, lawbook)
    assert [sentence.text for sentence in shown] == ["催收违法。"]
    assert [item.why for item in removed[1:]] == ["所承接的上一句没有通过核对"] * 2


def test_what_leans_on_a_shown_sentence_keeps_its_role(lawbook: LawBook, passages: tuple[NumberedPassage, ...]) -> None:
    text = "治安管理处罚法第五十条可以处罚这种行为[1]。但是要先保存短信和通话记录[3]。"
    shown, _, _ = explained(text, passages, lawbook)
    assert [sentence.role for sentence in shown] == [UnitRole.LAW, UnitRole.LAW]


def test_no_sentence_comes_twice_and_a_loop_ends_the_answer(
    lawbook: LawBook, passages: tuple[NumberedPassage, ...]
) -> None:
    model = ScriptedModel("催收违法[2]。" * 50)
    events = list(explain(model, "违法吗", passages, Verifier(lawbook, DAY, passages)))
    assert [type(event) for event in events] == [AnswerSentence, *[RemovedSentence] * 3, ExplainingFinished]
    assert len(model.written) < len(model.text) / 5
    assert model.closed


def test_a_sentence_that_never_ends_ends_the_answer(lawbook: LawBook, passages: tuple[NumberedPassage, ...]) -> None:
    model = ScriptedModel("催收违法[2]。可以报警，" + "可以报警，" * 100)
    events = list(explain(model, "违法吗", passages, Verifier(lawbook, DAY, passages)))
    assert isinstance(events[0], AnswerSentence)
    assert isinstance(events[1], RemovedSentence)
    assert events[1].why == "太长或者反复，没有写完"
    assert len(model.written) < 100


def test_a_sentence_cut_short_by_the_room_is_not_shown(lawbook: LawBook, passages: tuple[NumberedPassage, ...]) -> None:
    model = ScriptedModel("催收违法[2]。" + "".join(f"情况{number}可以报警" for number in range(1000)))
    model.context_tokens = 3000
    events = list(explain(model, "违法吗", passages, Verifier(lawbook, DAY, passages)))
    assert [event.text for event in events if isinstance(event, AnswerSentence)] == ["催收违法。"]
    finished = events[-1]
    assert isinstance(finished, ExplainingFinished)
    assert finished.prompt.token_count + model.max_tokens <= 3000


def test_thinking_is_kept_apart(lawbook: LawBook, passages: tuple[NumberedPassage, ...]) -> None:
    shown, removed, finished = explained("<think>\n三十日[1]。\n</think>\n\n催收违法[2]。", passages, lawbook)
    assert [sentence.text for sentence in shown] == ["催收违法。"]
    assert removed == []
    assert finished.thinking == "三十日[1]。"


def test_stopping_shows_nothing_half_said(lawbook: LawBook, passages: tuple[NumberedPassage, ...]) -> None:
    model = ScriptedModel("催收违法[2]。可以报警[3]。可以投诉[3]。", step=1)
    verifier = Verifier(lawbook, DAY, passages)
    events = list(explain(model, "违法吗", passages, verifier, should_stop=lambda: len(model.written) > 14))
    assert [event.text for event in events if isinstance(event, AnswerSentence)] == ["催收违法。"]
    assert not any(isinstance(event, RemovedSentence) for event in events)
    assert isinstance(events[-1], ExplainingFinished)
    assert events[-1].stopped


def test_closing_the_answer_closes_the_model(lawbook: LawBook, passages: tuple[NumberedPassage, ...]) -> None:
    model = ScriptedModel("催收违法[2]。可以报警[3]。")
    events: Iterator[object] = explain(model, "违法吗", passages, Verifier(lawbook, DAY, passages))
    next(events)
    assert not model.closed
    events.close()  # type: ignore[attr-defined]  # explain is a generator
    assert model.closed


def test_the_model_may_cite_only_what_it_was_shown(lawbook: LawBook) -> None:
    passages = number_passages([article_passage(TIPS), article_passage("可以报警。" * 300, rank=2)])
    verifier = Verifier(lawbook, DAY, passages)
    model = ScriptedModel("可以向派出所报案[1]。可以报警[2]。", context_tokens=1000)
    *events, finished = explain(model, "怎么办", passages, verifier, constrained=False)
    assert isinstance(finished, ExplainingFinished)
    assert [numbered.number for numbered in finished.prompt.passages] == [1]
    assert [event.why for event in events if isinstance(event, RemovedSentence)] == ["引用了不存在的材料[2]"]
    constrained = ScriptedModel("", context_tokens=1000)
    list(explain(constrained, "怎么办", passages, verifier))
    assert constrained.grammars == [explain_grammar([1])]


def test_a_reader_that_can_only_quote_is_not_asked_to_explain(
    lawbook: LawBook, passages: tuple[NumberedPassage, ...]
) -> None:
    class Reader(ScriptedModel):
        has_judgements = True

    with pytest.raises(ModelUnusable, match="faju models pull qwen3-4b"):
        next(explain(Reader("违法"), "违法吗", passages, Verifier(lawbook, DAY, passages)))


def test_english_questions_are_known_by_their_letters() -> None:
    assert is_english("Can they call my contacts?")
    assert not is_english("爆通讯录 illegal 吗")
    assert not is_english("12378?")


def test_english_prose_is_held_to_the_passages_too(lawbook: LawBook, passages: tuple[NumberedPassage, ...]) -> None:
    text = (
        "Article 50 of the Public Security Administration Punishments Law sets not more than five days [1]. "
        "It may reach five to ten days or a fine of 1,000 yuan [1]. "
        "The Civil Code says 「以电话、短信、即时通讯工具、电子邮件、传单等方式侵扰他人的私人生活安宁」 [2]. "
        "Call 12345 to complain [3]. "
    )
    shown, removed, finished = explained(text, passages, lawbook, english=True)
    assert removed == []
    assert len(shown) == 4
    assert shown[2].quotes
    assert finished.prompt.system == EXPLAIN_SYSTEM_ENGLISH
    assert explained("催收违法[2]。", passages, lawbook)[2].prompt.system == EXPLAIN_SYSTEM


@pytest.mark.parametrize(
    ("sentence", "why"),
    [
        ("Detention is up to 15 days [1].", "15 days"),
        ("Detention is up to thirty days [1].", "thirty days"),
        ("Article 42 punishes this [1].", "Article 42"),
        ("Article 50 of the Criminal Law punishes this [1].", "刑法"),
        ("Article 50 of the Civil Code punishes this [1][2].", "Article 50"),
        ("The Anti-Collection Law forbids this [1].", "Anti-Collection Law"),
        ("Article 50, paragraph 9 punishes this [1].", "paragraph 9"),
        ("Article 42 of the Public Security Administration Punishments Law punishes this [4].", "第五十条"),
        ("Call 12399 [3].", "12399"),
        ("The law says “nobody may call your contacts” [1].", "引号里的话与原文不一致"),
    ],
)
def test_english_sentences_that_are_not_borne_out_are_removed(
    sentence: str, why: str, lawbook: LawBook, passages: tuple[NumberedPassage, ...]
) -> None:
    shown, removed, _ = explained(sentence, passages, lawbook, english=True, constrained=False)
    assert shown == []
    assert why in removed[0].why


def test_claims_of_our_articles_share_words_with_their_ground_and_not_with_another(lawbook: LawBook) -> None:
    """The floor that LEAST_SHARED was chosen at: claims of our own articles, each with the article of law it names."""
    claims = _claims_with_their_article(lawbook)
    assert len(claims) > 500

    def kept(pairs: Sequence[tuple[str, NumberedPassage]]) -> float:
        return sum(_words_objection(text, [passage], "") is None for text, passage in pairs) / len(pairs)

    texts, grounds = zip(*claims, strict=True)
    assert kept(claims) >= 0.93
    assert kept(list(zip(texts, (*grounds[50:], *grounds[:50]), strict=True))) <= 0.25


def _claims_with_their_article(lawbook: LawBook) -> list[tuple[str, NumberedPassage]]:
    claims = []
    for document in read_builtin():
        for line in document.text.splitlines() if document.info.kind is SourceKind.ARTICLE else ():
            claim, _, ground = line.partition("（《")
            references = find_statute_refs(f"《{ground}", lawbook) if ground else ()
            verdicts = [check_reference(lawbook, reference, DAY) for reference in references if reference.article]
            article = verdicts[0].article if verdicts else None
            if claim and article is not None:
                passage = statute_passage(lawbook, article.version.id, str(article.number))
                claims.append((claim, number_passages([passage])[0]))
    return claims


def test_the_builtin_reader_quotes_and_any_other_model_explains(tmp_path: Path) -> None:
    builtin = Settings(home=tmp_path, index=tmp_path)
    assert default_mode(builtin) is AnswerMode.QUOTE
    assert default_mode(replace(builtin, model="/models/qwen.gguf")) is AnswerMode.EXPLAIN


@pytest.mark.models
def test_whatever_a_real_engine_writes_under_the_grammar_is_cited_or_removed(lawbook: LawBook, tmp_path: Path) -> None:
    passages = number_passages([article_passage("可以报警。")])
    path = write_tiny_gguf(tmp_path / "tiny.gguf", context_tokens=1200)  # a byte is a token
    with LlamaCppModel(path, context_tokens=1200) as model:
        *events, finished = explain(
            model, "违法吗", passages, Verifier(lawbook, DAY, passages), sampling=Sampling(1.0, seed=1)
        )
    assert isinstance(finished, ExplainingFinished)
    assert finished.counts.written > 0
    shown = [event for event in events if isinstance(event, AnswerSentence)]
    assert all(sentence.citations == (1,) for sentence in shown)
