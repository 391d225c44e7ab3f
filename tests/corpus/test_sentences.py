"""What may be quoted is whole: a sentence, or a 项 with the words that it hangs on."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.chunking import chunk_document
from corpus.lawbook import LawBook, load_lawbook
from corpus.records import ArticleNumber, Chunk, SourceKind, Span, UnitRole
from corpus.sentences import MAX_UNIT_CHARS, MIN_UNIT_CHARS, find_units, split_sentences, unit_role


@pytest.fixture(scope="module")
def book() -> LawBook:
    return load_lawbook()


def chunk_of(text: str, *headings: str, article: ArticleNumber | None = None) -> Chunk:
    return Chunk("id", "document", text, Span(0, len(text)), ("标题", *headings), article)


def units_of(text: str, kind: SourceKind = SourceKind.ARTICLE, *headings: str) -> list[str]:
    return [unit.text for unit in find_units(chunk_of(text, *headings), kind)]


def held(book: LawBook, version_id: str, number: ArticleNumber) -> Chunk:
    chunks = chunk_document(book.document(version_id))
    return next(chunk for chunk in chunks if chunk.article == number)


# --- sentences


def sentences(text: str) -> list[str]:
    return [span.of(text) for span in split_sentences(text)]


def test_sentences_end_at_full_stops_and_with_their_line() -> None:
    assert sentences("先截图。再报警！可以吗？\n没有句号的一行\n最后。") == [
        "先截图。",
        "再报警！",
        "可以吗？",
        "没有句号的一行",
        "最后。",
    ]


def test_no_sentence_is_cut_inside_quotes_or_brackets() -> None:
    assert sentences("他说“还钱。不然爆通讯录！”的行为违法。报警。") == [
        "他说“还钱。不然爆通讯录！”的行为违法。",
        "报警。",
    ]
    assert sentences("短信（含微信。下同）要保存。完。") == ["短信（含微信。下同）要保存。", "完。"]
    assert sentences("依照《关于什么。的规定》处理。") == ["依照《关于什么。的规定》处理。"]


def test_a_quotation_that_is_a_sentence_ends_one() -> None:
    assert sentences("对方说：“今天不还就发给你全家。”随后挂断电话。") == [
        "对方说：“今天不还就发给你全家。”",
        "随后挂断电话。",
    ]


def test_a_quote_that_never_closes_does_not_swallow_the_rest() -> None:
    assert sentences("某某是老赖，全家不得安宁。”还有。“没有关。下一句。") == [
        "某某是老赖，全家不得安宁。”",
        "还有。",
        "“没有关。",
        "下一句。",
    ]


def test_empty_text_has_no_sentence() -> None:
    assert split_sentences("") == split_sentences(" \n　\n") == ()


TEXTS = st.text(st.sampled_from('甲乙丙。！？!?；：“”‘’（）()《》"\n 　、，1.-•'), max_size=120)


@given(TEXTS)
def test_sentences_hold_every_printed_character_in_order(text: str) -> None:
    spans = split_sentences(text)
    assert "".join("".join(span.of(text).split()) for span in spans) == "".join(text.split())
    assert list(spans) == sorted(spans)
    assert all(left.end <= right.start for left, right in zip(spans, spans[1:], strict=False))


@pytest.mark.parametrize("piece", ["“", "”", "（", "(甲。", "《", "甲。", "“甲。", "甲：\n", "1. 甲：\n"])
def test_time_grows_with_length_alone(piece: str) -> None:
    text = piece * (200_000 // len(piece))
    started = time.process_time()
    split_sentences(text)
    assert time.process_time() - started < 5  # seconds; a quadratic splitter takes hours


# --- statutes


def test_an_item_is_quoted_with_its_lead(book: LawBook) -> None:
    units = find_units(held(book, "治安管理处罚法-2026-01-01", ArticleNumber(50)), SourceKind.STATUTE)
    assert [unit.text for unit in units][4] == (
        "有下列行为之一的，处五日以下拘留或者一千元以下罚款；情节较重的，处五日以上十日以下拘留，"
        "可以并处一千元以下罚款：（五）多次发送淫秽、侮辱、恐吓等信息或者采取滋扰、纠缠、跟踪等方法，干扰他人正常生活的；"
    )
    assert [len(unit.spans) for unit in units] == [2, 2, 2, 2, 2, 2, 1, 1]
    assert {unit.role for unit in units} == {UnitRole.LAW}


def test_a_sentence_that_leans_on_the_one_before_stays_with_it() -> None:
    text = "第二条　合同无效。但是，法律另有规定的除外。当事人应当返还财产。该财产不能返还的，折价补偿。"
    assert units_of(text, SourceKind.STATUTE) == [
        "合同无效。但是，法律另有规定的除外。",
        "当事人应当返还财产。该财产不能返还的，折价补偿。",
    ]


def test_other_is_no_leaning_word() -> None:
    text = "第十八条　单位违法的，依法处罚。其他法律另有处罚规定的，依照其规定。"
    assert units_of(text, SourceKind.STATUTE) == ["单位违法的，依法处罚。", "其他法律另有处罚规定的，依照其规定。"]


def test_sentences_before_a_lead_are_units_of_their_own() -> None:
    text = "第三条　个人有权请求删除。有下列情形之一的，应当删除：\n（一）目的已实现；\n（二）个人撤回同意。"
    assert units_of(text, SourceKind.STATUTE) == [
        "个人有权请求删除。",
        "有下列情形之一的，应当删除：（一）目的已实现；",
        "有下列情形之一的，应当删除：（二）个人撤回同意。",
    ]


def test_an_item_without_its_lead_is_not_offered() -> None:
    assert units_of("（六）偷窥、偷拍、窃听、散布他人隐私的。", SourceKind.STATUTE) == []


def test_a_long_paragraph_of_law_is_kept_whole() -> None:
    text = f"第九条　{'经营者应当依法履行义务，' * 50}违者处罚款。"
    assert [len(unit) > MAX_UNIT_CHARS for unit in units_of(text, SourceKind.STATUTE)] == [True]


def test_every_held_article_gives_something_to_quote(book: LawBook) -> None:
    count = 0
    for version in book.versions:
        for chunk in chunk_document(book.document(version.id)):
            if chunk.article:
                units = find_units(chunk, SourceKind.STATUTE)
                count += len(units)
                assert units, (version.id, chunk.article)
                for unit in units:
                    assert unit.text == "".join(span.of(chunk.text) for span in unit.spans)
                    assert "\n" not in unit.text
    assert count > 3_000


# --- prose


def test_prose_is_quoted_by_sentences() -> None:
    assert units_of("短信没有署名也可以追究。\n报警时带上手机。") == ["短信没有署名也可以追究。", "报警时带上手机。"]


def test_questions_fragments_and_cut_lines_are_not_offered() -> None:
    assert (
        units_of("这样催收到底合法不合法？\n，本文为某律师原创，未经授权禁止转载。\n从法律角度看，通讯录信息属于个...")
        == []
    )


def test_an_unmarked_heading_is_not_offered_as_a_sentence() -> None:
    assert units_of("真实经历引发的疑问\n催收不得骚扰无关的第三人。") == ["催收不得骚扰无关的第三人。"]


def test_list_items_are_quoted_with_the_line_that_introduces_them() -> None:
    text = "可以向以下部门投诉：\n- 国家金融监督管理总局12378\n- 当地公安机关\n\n别的话另起一段说。"
    assert units_of(text) == [
        "可以向以下部门投诉：国家金融监督管理总局12378",
        "可以向以下部门投诉：当地公安机关",
        "别的话另起一段说。",
    ]


def test_list_marks_are_left_out_of_quotes() -> None:
    assert units_of("1. 立即保存全部证据。\n• 向平台书面投诉此事。\n✅2. 不要删除聊天记录。") == [
        "立即保存全部证据。",
        "向平台书面投诉此事。",
        "不要删除聊天记录。",
    ]


def test_a_line_that_introduces_the_next_is_joined_to_it() -> None:
    assert units_of("警方可以这样处理：\n先调查再处罚。") == ["警方可以这样处理：先调查再处罚。"]


def test_units_that_say_too_little_or_too_much_are_not_offered() -> None:
    assert units_of("不合法！") == []
    assert units_of("表" * (MAX_UNIT_CHARS + 1) + "。") == []
    assert units_of("一" * (MIN_UNIT_CHARS - 1) + "。") == ["一" * (MIN_UNIT_CHARS - 1) + "。"]


@given(TEXTS, st.sampled_from(list(SourceKind)))
def test_a_unit_is_exactly_its_spans_joined(text: str, kind: SourceKind) -> None:
    chunk = chunk_of(text)
    for unit in find_units(chunk, kind):
        assert unit.text == "".join(span.of(text) for span in unit.spans)
        assert list(unit.spans) == sorted(unit.spans)
        assert all(left.end <= right.start for left, right in zip(unit.spans, unit.spans[1:], strict=False))


# --- roles


@pytest.mark.parametrize(
    ("heading", "role"),
    [
        ("结论", UnitRole.CONCLUSION),
        ("爆通讯录违法吗？", UnitRole.CONCLUSION),
        ("法律依据", UnitRole.LAW),
        ("法条链接", UnitRole.LAW),
        ("怎么做", UnitRole.ACTION),
        ("证据怎么留", UnitRole.ACTION),
        ("和平台协商", UnitRole.ACTION),
        ("投诉渠道", UnitRole.CHANNEL),
        ("向监管部门举报", UnitRole.CHANNEL),
        ("背景", UnitRole.BACKGROUND),
    ],
)
def test_the_heading_tells_what_a_sentence_does(heading: str, role: UnitRole) -> None:
    assert unit_role(("标题", heading), SourceKind.ARTICLE) is role


def test_the_deepest_telling_heading_decides_and_the_title_never() -> None:
    assert unit_role(("标题", "结论", "投诉渠道"), SourceKind.ARTICLE) is UnitRole.CHANNEL
    assert unit_role(("标题", "结论", "细节"), SourceKind.ARTICLE) is UnitRole.CONCLUSION
    assert unit_role(("爆通讯录违法吗",), SourceKind.ARTICLE) is UnitRole.BACKGROUND


def test_law_is_law_and_a_users_paper_never_is() -> None:
    assert unit_role(("民法典", "第五章　投诉"), SourceKind.STATUTE) is UnitRole.LAW
    assert unit_role(("借款合同", "法律依据"), SourceKind.DOCUMENT) is UnitRole.BACKGROUND
