"""What a text says of a cited article: after it, beside it, below it, before it."""

from __future__ import annotations

import time

from corpus.citations import find_statute_refs
from corpus.claims import CitedGroup, ClaimKind, find_cited_groups
from corpus.lawbook import load_lawbook

BOOK = load_lawbook()


def groups(text: str) -> tuple[CitedGroup, ...]:
    return find_cited_groups(text, find_statute_refs(text, BOOK))


def said(text: str, place: int = 0) -> list[tuple[ClaimKind, str]]:
    """The claims of one group, without the sentence around."""
    claims = groups(text)[place].claims
    return [(claim.kind, claim.text) for claim in claims if claim.kind is not ClaimKind.CONTEXT]


def test_words_after_a_colon_are_a_quotation_up_to_the_next_reference() -> None:
    text = "《个人信息保护法》第四十四条:个人对其个人信息的处理享有知情权;第四十七条:个人信息处理者应当主动删除。"
    assert said(text, 0) == [(ClaimKind.QUOTATION, "个人对其个人信息的处理享有知情权")]
    assert said(text, 1) == [(ClaimKind.QUOTATION, "个人信息处理者应当主动删除。")]


def test_a_remark_in_brackets_after_a_quotation_is_not_part_of_it() -> None:
    text = "《民法典》第1032条：自然人享有隐私权，不得侵害他人的隐私权。（通讯录信息受保护）"
    assert said(text) == [(ClaimKind.QUOTATION, "自然人享有隐私权，不得侵害他人的隐私权。")]


def test_the_paragraph_below_a_bare_reference_is_its_quotation() -> None:
    text = "1. 《民法典》第一千零三十二条\n自然人享有隐私权，任何人不得侵害。\n\n2. 《刑法》第二百五十三条之一：侵犯公民个人信息罪\n非法获取公民个人信息构成犯罪的，追究刑事责任。"  # noqa: E501
    assert said(text, 0) == [(ClaimKind.QUOTATION, "自然人享有隐私权，任何人不得侵害。")]
    assert said(text, 1) == [
        (ClaimKind.LABEL, "侵犯公民个人信息罪"),
        (ClaimKind.QUOTATION, "非法获取公民个人信息构成犯罪的，追究刑事责任。"),
    ]


def test_the_items_below_a_quotation_belong_to_it() -> None:
    text = (
        "《治安管理处罚法》第五十条：有下列行为之一的，处罚款：\n（一）写恐吓信的；\n（二）侮辱他人的。\n以上是全文。"
    )
    assert said(text) == [(ClaimKind.QUOTATION, "有下列行为之一的，处罚款：\n（一）写恐吓信的；\n（二）侮辱他人的。")]


def test_an_article_set_as_statutes_are_is_a_quotation() -> None:
    text = "《民法典》\n第一千零三十二条　自然人享有隐私权，任何人不得侵害。"
    assert said(text, 1) == [(ClaimKind.QUOTATION, "自然人享有隐私权，任何人不得侵害。")]


def test_words_in_brackets_after_a_number_are_its_label() -> None:
    text = "《个人信息保护法》第44条(知情权)、第66条(侵权赔偿责任)；"
    assert said(text, 0) == [(ClaimKind.LABEL, "知情权")]
    assert said(text, 1) == [(ClaimKind.LABEL, "侵权赔偿责任")]


def test_what_follows_a_labelled_list_is_not_quoted() -> None:
    text = "《治安管理处罚法》第42条（侮辱、骚扰他人的处罚）。\n\n催收匿名给通讯录发短信，大概率违法，别慌。"
    assert said(text) == [(ClaimKind.LABEL, "侮辱、骚扰他人的处罚")]


def test_law_retold_after_its_number_is_a_statement() -> None:
    text = "按照《民法典》第1034条的规定,自然人的个人信息受法律保护,不得非法收集。平台必须停手。"
    assert said(text) == [(ClaimKind.STATEMENT, "自然人的个人信息受法律保护,不得非法收集。")]
    assert said("民法典第1034条规定自然人的个人信息受法律保护。") == [
        (ClaimKind.STATEMENT, "自然人的个人信息受法律保护。")
    ]


def test_quoted_words_before_a_reference_in_brackets_are_claims_and_it_is_the_ground() -> None:
    text = "不得“以电话、短信等方式侵扰他人的私人生活安宁”（《民法典》第一千零三十三条第一项）。"
    (group,) = groups(text)
    assert group.is_ground
    assert said(text) == [(ClaimKind.QUOTED_WORDS, "以电话、短信等方式侵扰他人的私人生活安宁")]
    assert [claim.text for claim in group.of_kind(ClaimKind.CONTEXT)] == [text]


def test_references_in_one_breath_share_their_claims() -> None:
    (group,) = groups("《个人信息保护法》第十三条、第十四条\n处理个人信息应当取得个人同意，目的明确。")
    assert [str(reference.article) for reference in group.references] == ["第十三条", "第十四条"]
    assert group.of_kind(ClaimKind.QUOTATION)[0].text == "处理个人信息应当取得个人同意，目的明确。"


def test_claims_lie_where_their_span_says() -> None:
    text = "《民法典》第1032条（隐私权）：自然人享有“隐私权，任何组织或者个人不得侵害”的权利。"
    for group in groups(text):
        for claim in group.claims:
            assert claim.span.of(text) == claim.text


def test_time_grows_with_length_alone() -> None:
    text = "依照《民法典》第1032条，自然人享有隐私权，不得侵害他人的隐私权。\n" * 6_000
    references = find_statute_refs(text, BOOK)
    started = time.process_time()
    assert len(find_cited_groups(text, references)) == 6_000
    assert time.process_time() - started < 10  # seconds; under 1 measured
