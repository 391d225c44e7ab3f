"""Words beside words: what is covered, what is whole, what differs, and where else it stands."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.comparison import (
    ArticleFinder,
    DifferenceKind,
    Faithfulness,
    Letters,
    closest_wording,
    coverage,
    faithfulness,
    find_differences,
    pair_share,
)
from corpus.lawbook import HeldArticle, LawBook, load_lawbook
from corpus.records import ArticleNumber

BOOK = load_lawbook()


@pytest.fixture(scope="module")
def book() -> LawBook:
    return BOOK


def article(version: str, number: int) -> HeldArticle:
    held = BOOK.article(version, ArticleNumber(number))
    assert held is not None
    return held


PRIVACY = article("民法典-2021-01-01", 1032)
KNOWING = article("个人信息保护法-2021-11-01", 44)
HARASSMENT = article("治安管理处罚法-2026-01-01", 50)


def test_letters_leave_out_marks_and_know_their_place() -> None:
    letters = Letters("（五）多次，發送；")
    assert letters.text == "五多次发送"
    assert letters.span(1, 5).of(letters.original) == "多次，發送"


def test_coverage_counts_runs_of_three_and_more() -> None:
    assert coverage("个人享有知情权", "个人对其信息享有知情权、决定权") == 5 / 7
    assert coverage("隐私权", "自然人享有隐私权。") == 1.0
    assert coverage("不相干的话", "自然人享有隐私权。") == 0.0
    assert coverage("", "自然人") == 0.0


def test_pair_share_counts_neighbouring_letters() -> None:
    assert pair_share("侮辱、恐吓", "侮辱他人，恐吓他人") == 2 / 3  # 侮辱, 恐吓 of 侮辱, 辱恐, 恐吓
    assert pair_share("一", "一") == 0.0


@pytest.mark.parametrize(
    ("written", "held", "expected"),
    [
        (
            "自然人享有隐私权，任何组织或者个人不得以刺探、侵扰、泄露、公开等方式侵害他人的隐私权。".replace("，", ","),
            PRIVACY,
            Faithfulness.WHOLE,
        ),
        ("自然人享有隐私权。", PRIVACY, Faithfulness.WHOLE),
        ("第一千零三十二条　自然人享有隐私权。", PRIVACY, Faithfulness.WHOLE),
        ("任何组织或者个人不得以刺探", PRIVACY, Faithfulness.CUT),
        ("自然人享有隐私权，不得侵害", PRIVACY, Faithfulness.CHANGED),
        (
            "个人对其个人信息的处理享有知情权、决定权，有权限制或者拒绝他人对其个人信息进行处理".replace("，", ","),
            KNOWING,
            Faithfulness.CUT,
        ),
        (
            "有下列行为之一的，处五日以下拘留或者一千元以下罚款；情节较重的，处五日以上十日以下拘留，可以并处一千元以下罚款："
            "（二）公然侮辱他人或者捏造事实诽谤他人的",
            HARASSMENT,
            Faithfulness.WHOLE,
        ),
        ("（二）公然侮辱他人或者捏造事实诽谤他人的；", HARASSMENT, Faithfulness.WHOLE),
        ("公然侮辱他人或者捏造事实诽谤他人的，处五日以下拘留或者一千元以下罚款", HARASSMENT, Faithfulness.CUT),
        ("公然侮辱他人的，处五日以下拘留或者五百元以下罚款", HARASSMENT, Faithfulness.CHANGED),
    ],
)
def test_a_quotation_is_whole_cut_or_changed(written: str, held: HeldArticle, expected: Faithfulness) -> None:
    assert faithfulness(written, held) is expected


def test_every_sentence_unit_of_every_article_is_whole(book: LawBook) -> None:
    from corpus.chunking import chunk_document
    from corpus.records import SourceKind
    from corpus.sentences import find_units

    for version in ("民法典-2021-01-01", "治安管理处罚法-2026-01-01", "个人信息保护法-2021-11-01"):
        for chunk in chunk_document(book.document(version)):
            assert chunk.article
            held = book.article(version, chunk.article)
            assert held
            for unit in find_units(chunk, SourceKind.STATUTE):
                assert faithfulness(unit.text, held) is Faithfulness.WHOLE, unit.text


def test_the_closest_wording_of_a_retold_item_puts_it_before_its_lead() -> None:
    wording = closest_wording("偷窥、偷拍他人隐私的，处五日以下拘留或者五百元以下罚款", HARASSMENT)
    assert wording.startswith("偷窥、偷拍、窃听、散布他人隐私的，处五日以下拘留或者一千元以下罚款")


def test_the_closest_wording_of_a_sentence_of_the_lead_is_the_lead() -> None:
    deletion = article("个人信息保护法-2021-11-01", 47)
    wording = closest_wording("个人信息处理者未依法删除个人信息的,个人有权请求删除", deletion)
    assert wording == "有下列情形之一的，个人信息处理者应当主动删除个人信息；个人信息处理者未删除的，个人有权请求删除："


def test_differences_show_a_changed_amount_on_both_sides() -> None:
    written, official = "处五日以下拘留或者五百元以下罚款", "处五日以下拘留或者一千元以下罚款。"
    changed = [d for d in find_differences(written, official) if d.kind is not DifferenceKind.EQUAL]
    assert [(d.kind, d.written.of(written), d.official.of(official)) for d in changed] == [
        (DifferenceKind.REPLACED, "五百", "一千")
    ]


def test_differences_name_what_was_left_out() -> None:
    written = "个人对其个人信息的处理享有知情权、决定权"
    missing = [d for d in find_differences(written, KNOWING.text) if d.kind is DifferenceKind.LEFT_OUT]
    assert len(missing) == 1
    assert missing[0].official.of(KNOWING.text) == (
        "有权限制或者拒绝他人对其个人信息进行处理；法律、行政法规另有规定的除外"
    )


def test_another_mark_is_no_difference() -> None:
    (difference,) = find_differences("自然人享有隐私权,", "自然人享有隐私权。")
    assert difference.kind is DifferenceKind.EQUAL


TEXTS = st.text(st.sampled_from("甲乙丙丁戊己，。；\n（一）"), max_size=60)


@given(TEXTS, TEXTS)
def test_differences_go_through_both_texts_in_order(written: str, official: str) -> None:
    differences = find_differences(written, official)
    for side, text in (("written", written), ("official", official)):
        spans = [getattr(difference, side) for difference in differences]
        assert all(left.end <= right.start for left, right in zip(spans, spans[1:], strict=False))
        assert all(span.end <= len(text) for span in spans)
    for difference in differences:
        ours, law = difference.written.of(written), difference.official.of(official)
        if difference.kind is DifferenceKind.EQUAL:
            assert Letters(ours).text == Letters(law).text
    told = "".join(Letters(difference.written.of(written)).text for difference in differences)
    assert told == Letters(written).text


def test_the_article_that_has_the_words_is_found(book: LawBook) -> None:
    finder = ArticleFinder(book)
    best, *_ = finder.find("应当具有明确、合理的目的，并应当与处理目的直接相关，采取对个人权益影响最小的方式")
    assert (best.article.version.short_title, best.article.number) == ("个人信息保护法", ArticleNumber(6))
    assert best.coverage == 1.0


def test_words_of_no_article_are_found_nowhere(book: LawBook) -> None:
    assert ArticleFinder(book).find("咚咚锵") == ()
