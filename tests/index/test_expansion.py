"""Lay wording and what the law calls it."""

from __future__ import annotations

import pytest

from index.expansion import expand, is_foreign, lay_terms
from index.segmentation import normalize


def test_a_lay_term_brings_the_wording_of_the_law() -> None:
    expanded = expand("网贷逾期三天就爆通讯录")
    assert expanded.matched == ("爆通讯录",)
    assert expanded.added[:4] == ("向第三人披露", "个人信息", "隐私", "私人生活安宁")
    assert expanded.text == "网贷逾期三天就爆通讯录"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("网贷预期被报通讯录", "网贷逾期被爆通讯录"),
        ("摧收骚绕我", "催收骚扰我"),
        ("債務催收侵犯隱私", "债务催收侵犯隐私"),
        ("可得利益是合同的预期利益", "可得利益是合同的预期利益"),
        ("报警", "报警"),
    ],
)
def test_slips_of_the_field_are_put_right_and_nothing_else(written: str, meant: str) -> None:
    assert expand(written).text == meant


def test_a_question_without_a_lay_term_gets_nothing() -> None:
    expanded = expand("自然人的住所如何确定")
    assert expanded.matched == () and expanded.added == ()


def test_an_english_question_gets_chinese_words_and_a_chinese_one_with_latin_letters_none() -> None:
    assert {"催收", "通讯录", "骚扰"} <= set(expand("Debt collectors harass my contacts").added)
    assert expand("我的app数据能删吗").added == expand("我的应用数据能删吗").added
    assert is_foreign("my contacts") and not is_foreign("app怎么办") and not is_foreign("110")


def test_every_entry_of_the_table_can_be_found_by_a_question() -> None:
    # A question is normalized before it is compared: an entry that is not would never match.
    table = lay_terms()
    for written in (*table.terms, *table.typos, *table.english):
        assert normalize(written) == written
    for says, means in table.terms.items():
        assert means, says


def test_no_slip_is_a_word_that_the_table_itself_uses() -> None:
    table = lay_terms()
    words = [*table.terms, *(word for means in table.terms.values() for word in means), *table.typos.values()]
    assert [(slip, word) for slip in table.typos for word in words if slip in word] == []


def test_added_wording_comes_once() -> None:
    added = expand("呼死你电话轰炸短信轰炸").added
    assert len(added) == len(set(added))
