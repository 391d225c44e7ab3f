"""Every form in which people refer to law is read; what is counted in 条 but is no law is not."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.citations import find_statute_refs
from corpus.lawbook import LawBook, load_lawbook
from corpus.numerals import format_article, format_numeral
from corpus.records import ArticleNumber, StatuteRef

BOOK = load_lawbook()


@pytest.fixture(scope="module")
def book() -> LawBook:
    return BOOK


def read(text: str, context: str | None = None) -> list[tuple[str | None, str, int | None, int | None]]:
    """(law, article, 款, 项) of every reference to an article."""
    return [
        (ref.law, _written(ref), ref.paragraph, ref.item)
        for ref in find_statute_refs(text, BOOK, context)
        if ref.article
    ]


def _written(ref: StatuteRef) -> str:
    assert ref.article
    return f"{ref.article.number}-{ref.article.sub}" if ref.article.sub else str(ref.article.number)


def numbers(text: str, context: str | None = None) -> list[str]:
    return [article for _, article, _, _ in read(text, context)]


# --- forms of one article


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("第一千零三十四条", (None, "1034", None, None)),
        ("《刑法》第二百九十三条之一", ("刑法", "293-1", None, None)),
        ("民法典1034条", ("民法典", "1034", None, None)),
        ("民法典一千零三十四条", ("民法典", "1034", None, None)),
        ("民法典第１０３４条", ("民法典", "1034", None, None)),
        ("民法典第一〇三四条", ("民法典", "1034", None, None)),
        ("民法典 第 1034 条", ("民法典", "1034", None, None)),
        ("治安管理处罚法42条1款5项", ("治安管理处罚法", "42", 1, 5)),
        ("四十二条第（五）项", (None, "42", None, 5)),
        ("治安处罚法第50条第二款", ("治安管理处罚法", "50", 2, None)),
        ("《治安管理处罚法》第四十二条第一款第（五）项", ("治安管理处罚法", "42", 1, 5)),
        ("《治安管理处罚法》第五十条第一款第五项", ("治安管理处罚法", "50", 1, 5)),
        ("第五十条第（一）款", (None, "50", 1, None)),
        ("刑法第253条之一第三款", ("刑法", "253-1", 3, None)),
        ("刑法第253-1条", ("刑法", "253-1", None, None)),
        ("中華人民共和國治安管理處罰法第四十二條第一款第（五）項", ("治安管理处罚法", "42", 1, 5)),
        ("民法典第兩百條", ("民法典", "200", None, None)),
        ("《人民个人信息保护法》第44条", ("个人信息保护法", "44", None, None)),
        ("人民治安管理处罚法第四十二条", ("治安管理处罚法", "42", None, None)),
        ("中华人民共和国刑法》第二百四十六条", ("刑法", "246", None, None)),
        ("治安管理处法第四十二条", ("治安管理处罚法", "42", None, None)),
        ("个人信息保护发第四十四条", ("个人信息保护法", "44", None, None)),
        ("PIPL第44条", ("个人信息保护法", "44", None, None)),
        ("《民法典》（2021）的第1032条", ("民法典", "1032", None, None)),
        ("民法典的1032条", ("民法典", "1032", None, None)),
        ("《民法典》：第一千零三十二条", ("民法典", "1032", None, None)),
        ("我国刑法第二百四十六条", ("刑法", "246", None, None)),
        ("消费者权益保护法实施条例第二十三条", ("消费者权益保护法实施条例", "23", None, None)),
        ("最高人民法院关于审理民间借贷案件适用法律若干问题的规定第二十五条", ("民间借贷规定", "25", None, None)),
        ("《劳动合同法》第三十九条", ("劳动合同法", "39", None, None)),
        ("刑法第九百条", ("刑法", "900", None, None)),
        ("《反催收骚扰法》第五条", (None, "5", None, None)),
        ("根据反催收骚扰法第五条规定", (None, "5", None, None)),
    ],
)
def test_a_reference_is_read_as_people_write_it(
    text: str, expected: tuple[str | None, str, int | None, int | None]
) -> None:
    assert read(text) == [expected]


@pytest.mark.parametrize(
    ("text", "law_text"),
    [
        ("《反催收骚扰法》第五条", "《反催收骚扰法》"),
        ("根据反催收骚扰法第五条规定", "反催收骚扰法"),
        ("《人民个人信息保护法》第44条", "《人民个人信息保护法》"),
        ("人民治安管理处罚法第四十二条", "人民治安管理处罚法"),
        ("旧《治安管理处罚法》第42条", "旧《治安管理处罚法》"),
        ("《治安管理处罚法》（2012年修正）第四十二条", "《治安管理处罚法》（2012年修正）"),
        ("原合同法第52条", "原合同法"),
        ("2015年民间借贷规定第26条", "2015年民间借贷规定"),
        ("第四十二条", ""),
    ],
)
def test_the_law_is_kept_as_it_was_written(text: str, law_text: str) -> None:
    (ref,) = find_statute_refs(text, BOOK)
    assert ref.law_text == law_text


ARTICLES = st.builds(ArticleNumber, st.integers(1, 1300), st.integers(0, 10))


def _digits(article: ArticleNumber) -> str:
    return f"{article.number}条" + (f"之{article.sub}" if article.sub else "")


def _full_width(article: ArticleNumber) -> str:
    return _digits(article).translate({ord(str(digit)): chr(0xFF10 + digit) for digit in range(10)})


def _place_values(article: ArticleNumber) -> str:
    written = "".join("〇一二三四五六七八九"[int(digit)] for digit in str(article.number))
    return f"第{written}条" + (f"之{format_numeral(article.sub)}" if article.sub else "")


FORMS: dict[str, Callable[[ArticleNumber], str]] = {
    "official": lambda article: f"《民法典》{format_article(article)}",
    "digits": lambda article: f"《民法典》第{_digits(article)}",
    "without 第": lambda article: f"民法典{_digits(article)}",
    "Chinese without 第": lambda article: f"民法典{format_article(article).removeprefix('第')}",
    "full width": lambda article: f"民法典第{_full_width(article)}",
    "place values": lambda article: f"民法典{_place_values(article)}",
    "traditional": lambda article: f"民法典{format_article(article).replace('条', '條')}",
    "alone": format_article,
    "alone in digits": lambda article: f"第{_digits(article)}",
    "spaced": lambda article: f"民法典 {format_article(article)} 规定",
}


@pytest.mark.parametrize("form", FORMS)
@given(article=ARTICLES)
def test_every_number_is_read_in_every_form(form: str, article: ArticleNumber) -> None:
    (ref,) = find_statute_refs(FORMS[form](article), BOOK)
    assert ref.article == article
    assert ref.law == (None if form.startswith("alone") else "民法典")


def test_every_number_to_1300_is_read_back_from_its_official_form() -> None:
    text = "\n".join(f"《民法典》{format_article(ArticleNumber(number))}；" for number in range(1, 1301))
    assert numbers(text) == [str(number) for number in range(1, 1301)]


@given(ARTICLES, st.integers(1, 20), st.integers(1, 20))
def test_paragraph_and_item_are_read_both_ways(article: ArticleNumber, paragraph: int, item: int) -> None:
    official = f"《民法典》{article}第{format_numeral(paragraph)}款第（{format_numeral(item)}）项"
    # 之1 and 1款 written together would read as 之11款.
    short = f"民法典{_digits(article)}{'第' if article.sub else ''}{paragraph}款{item}项"
    for text in (official, short):
        (ref,) = find_statute_refs(text, BOOK)
        assert (ref.article, ref.paragraph, ref.item) == (article, paragraph, item)
        assert ref.text == text


# --- several articles


@pytest.mark.parametrize(
    ("text", "articles"),
    [
        ("民法典第1032至1034条", ["1032", "1033", "1034"]),
        ("民法典第1032-1034条", ["1032", "1033", "1034"]),
        ("民法典第1032、1034条", ["1032", "1034"]),
        ("《民法典》第一千零三十二条、第一千零三十四条", ["1032", "1034"]),
        ("《个人信息保护法》第六十六条至第六十九条", ["66", "67", "68", "69"]),
        ("《个人信息保护法》第六十六条到六十九条", ["66", "67", "68", "69"]),
        ("民法典1032条、1033条和1034条", ["1032", "1033", "1034"]),
        ("刑法第二百八十七条之一、之二", ["287-1", "287-2"]),
        ("刑法第二百五十三条之一、第二百九十三条", ["253-1", "293"]),
        ("民法典第一百零九条至第一百一十一条以及第九百九十条", ["109", "110", "111", "990"]),
        ("民法典第五百条至第三百条", ["500", "300"]),
        ("民法典第一条至第一千二百六十条", ["1", "1260"]),
    ],
)
def test_several_articles_after_one_title_are_all_its_own(text: str, articles: list[str]) -> None:
    assert numbers(text) == articles
    assert len({law for law, *_ in read(text)}) == 1


def test_a_range_gives_each_article_the_span_of_the_whole() -> None:
    refs = find_statute_refs("见《民法典》第1032至1034条。", BOOK)
    assert {ref.text for ref in refs} == {"《民法典》第1032至1034条"}


def test_several_items_of_one_article_are_told_apart() -> None:
    assert read("第五十条第一款第四项、第五项") == [(None, "50", 1, 4), (None, "50", 1, 5)]
    assert read("第五十条第一款第四项至第六项") == [(None, "50", 1, 4), (None, "50", 1, 5), (None, "50", 1, 6)]
    assert read("刑法第253条之一第一款、第三款") == [("刑法", "253-1", 1, None), ("刑法", "253-1", 3, None)]
    assert read("第五十条第一、二款") == [(None, "50", 1, None), (None, "50", 2, None)]
    assert read("第五十条第一款、第五十一条第二款") == [(None, "50", 1, None), (None, "51", 2, None)]


def test_the_same_article_is_read_again() -> None:
    assert read("《个人信息保护法》第十三条第一款第一项，同条第二款") == [
        ("个人信息保护法", "13", 1, 1),
        ("个人信息保护法", "13", 2, None),
    ]


# --- whose number is it


def test_a_number_belongs_to_the_law_named_last_in_its_line() -> None:
    text = "《个人信息保护法》第四十四条:知情权;第四十七条:删除;《民法典》第1032条:隐私,第1034条:信息"
    assert read(text) == [
        ("个人信息保护法", "44", None, None),
        ("个人信息保护法", "47", None, None),
        ("民法典", "1032", None, None),
        ("民法典", "1034", None, None),
    ]


def test_numbers_follow_a_title_across_list_bullets() -> None:
    text = "《个人信息保护法》：\n• 第四十四条：知情。\n• 第六十九条：赔偿。\n\n《民法典》\n1. 第1032条\n2. 第1034条"
    assert read(text) == [
        ("个人信息保护法", "44", None, None),
        ("个人信息保护法", "69", None, None),
        ("民法典", "1032", None, None),
        ("民法典", "1034", None, None),
    ]


def test_articles_quoted_below_a_title_with_their_items_are_its_own() -> None:
    text = (
        "《中华人民共和国民法典》\n第一千零三十二条 自然人享有隐私权。\n第一千零三十三条 不得实施下列行为：\n"
        "（一）以电话侵扰；\n（二）进入住宅；\n（三）拍摄。\n第一千零三十四条 个人信息受法律保护。"
    )
    assert read(text) == [("民法典", number, None, None) for number in ("1032", "1033", "1034")]


def test_the_articles_of_a_contract_are_not_the_laws_that_it_names() -> None:
    text = "根据《民法典》及《商业银行法》的规定，双方订立本合同。\n第一条 借款金额\n一万元。\n第二条 利率"
    assert [law for law, *_ in read(text)] == [None, None]


@pytest.mark.parametrize("text", ["《借款合同》第三条约定利率", "合同第五条", "本协议第二条", "《服务协议》的第八条"])
def test_articles_of_a_contract_are_no_law(text: str) -> None:
    assert read(text) == []


def test_this_law_means_the_context_and_the_same_law_the_one_named_last() -> None:
    assert read("违反本法第四十七条", "个人信息保护法") == [("个人信息保护法", "47", None, None)]
    assert read("《刑法》第二百四十六条；本法第二条", "治安管理处罚法")[1] == ("治安管理处罚法", "2", None, None)
    assert read("《刑法》第二百四十六条；同法第二百四十五条", "治安管理处罚法")[1] == ("刑法", "245", None, None)
    assert read("依照该法第七十六条", "网络安全法") == [("网络安全法", "76", None, None)]
    assert read("违反本法第四十七条") == [(None, "47", None, None)]


def test_a_bare_number_takes_the_context() -> None:
    assert read("那42条呢", "治安管理处罚法") == [("治安管理处罚法", "42", None, None)]
    assert read("1032条是什么意思", "民法典") == [("民法典", "1032", None, None)]
    assert read("第四十二条呢", "治安管理处罚法") == [("治安管理处罚法", "42", None, None)]


def test_a_law_named_without_article_is_a_reference_too() -> None:
    refs = find_statute_refs("根据《民法典》和《关于进一步规范民间借贷行为的通知》，适用消法。", BOOK)
    assert [(ref.law, ref.text, ref.article) for ref in refs] == [
        ("民法典", "《民法典》", None),
        (None, "《关于进一步规范民间借贷行为的通知》", None),
        ("消费者权益保护法", "消法", None),
    ]


def test_the_longest_name_wins() -> None:
    assert read("劳动合同法第三十九条") == [("劳动合同法", "39", None, None)]
    assert read("民法典担保制度解释第一条") == [("民法典担保制度解释", "1", None, None)]
    assert read("《刑法修正案（十一）》第三条") == [("刑法修正案（十一）", "3", None, None)]
    assert read("刑法修正案（十一）第三条") == [("刑法修正案（十一）", "3", None, None)]
    assert read("刑法修正案（九十九）第三条") == [(None, "3", None, None)]
    # No such rules are known; the article is certainly not the law's own.
    assert read("治安管理处罚法实施细则第三条") == [(None, "3", None, None)]


# --- what is no reference


@pytest.mark.parametrize(
    "text",
    [
        "住在第三十条街",
        "收到三条短信",
        "发了50条短信，还有20条语音",
        "给你两条建议",
        "一条信息",
        "第三条短信说要爆通讯录",
        "第二条评论",
        "第一条微信",
        "个保法的三条建议",
        "民法典两条红线",
        "民法典有1260条",
        "共二十条，都是骂人的",
        "五条人命",
        "一条狗",
        "条件一、二、三",
        "第一款手机",
        "1、2、3条",
        "",
        "法",
        "第条",
        "第百十条",
        "第〇条",
    ],
)
def test_things_counted_in_the_same_word_are_no_articles(text: str) -> None:
    assert read(text) == []


@pytest.mark.parametrize(
    "text", ["公司法定代表人", "合同法律关系", "仲裁法院", "担保法人", "取消法院判决", "电影《今日说法》", "污水法"]
)
def test_a_name_inside_another_word_is_no_law(text: str) -> None:
    assert find_statute_refs(text, BOOK) == ()


def test_words_of_law_after_an_article_do_not_hide_it() -> None:
    assert numbers("《个人信息保护法》第十三条内容是什么") == ["13"]
    assert numbers("民法典第1034条个人信息") == ["1034"]
    assert numbers("第四十二条规定") == ["42"]


# --- laws of any text


WORDS = "《民法典》 《 》 第 一百 条 款 项 之一 、 至 - 1032 ， • 本法"
MORE_WORDS = "治安管理处罚法 人民 （ ） 合同 短信 （五） 同条 。 的 法 條 ２"
PIECES = st.lists(st.sampled_from([*WORDS.split(), *MORE_WORDS.split(), " ", "\n"]), max_size=40).map("".join)


@given(PIECES, st.sampled_from([None, "民法典"]))
def test_a_reference_lies_where_its_span_says(text: str, context: str | None) -> None:
    refs = find_statute_refs(text, BOOK, context)
    assert [ref.span for ref in refs] == sorted(ref.span for ref in refs)
    for ref in refs:
        assert ref.text == ref.span.of(text) != ""
        assert ref.law is None or BOOK.resolve_title(ref.law) == ref.law
        assert ref.law_text in text


@given(st.text(max_size=300))
def test_any_text_at_all_can_be_read(text: str) -> None:
    find_statute_refs(text, BOOK)


def test_our_own_statutes_cite_only_laws_that_are_known(book: LawBook) -> None:
    count = 0
    for version in book.versions:
        for article in book.articles(version.id):
            for ref in find_statute_refs(article.text, book, version.short_title):
                if ref.article and ref.span.start > 0:
                    count += 1
                    assert ref.law is not None, (version.id, article.number, ref.text)
    assert count > 250


HARD_PIECES = (
    "《|第|1、|第1、|一|第一款|民法典第1条|(第1条(|人民|治安|第1条、|反催收法第1条|《一|1-|第1条之一、|同条第一款|本法"
)


@pytest.mark.parametrize("piece", [*HARD_PIECES.split("|"), "《民法典》\n第一条 ", "中华人民共和国"])
def test_time_grows_with_length_alone(piece: str) -> None:
    text = piece * (100_000 // len(piece))
    started = time.process_time()
    find_statute_refs(text, BOOK)
    assert time.process_time() - started < 5  # seconds; up to 1 measured, a quadratic reader takes minutes


def test_half_a_million_characters_are_read_in_seconds() -> None:
    text = "依照《民法典》第一千零三十二条、第1034条和治安管理处罚法42条1款5项，短信3条。\n" * 12_000
    assert len(text) > 500_000
    started = time.process_time()
    refs = find_statute_refs(text, BOOK)
    assert time.process_time() - started < 20  # seconds; 2 measured
    assert len(refs) == 36_000
