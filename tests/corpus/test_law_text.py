from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import date

import pytest

from corpus.errors import UnreadableFile
from corpus.law_text import (
    MAX_LINE_CHARS,
    BadLine,
    LawFacts,
    LawRow,
    LawText,
    facts_from_name,
    heading_text,
    parse_law_lines,
    read_json_lines,
    split_headings,
)
from corpus.records import ArticleNumber

NOTHING_STATED = LawFacts(title="")

LAWREFBOOK = """# 中华人民共和国样本法

2012年10月26日 第十一届全国人民代表大会常务委员会第二十九次会议通过

2025年6月27日 第十四届全国人民代表大会常务委员会第十六次会议修订

<!-- INFO END -->

中华人民共和国样本法

## 第一章 总 则

第一条 为了保护公民，制定本法。

第二条 有下列行为之一的，处罚款：

（一）骚扰他人；

（二）辱骂他人。

前款行为情节较重的，处拘留。

## 第二章 附 则

第二条之一 之一也算数。

第三条 本法自2026年1月1日起施行。
"""

JUST_LAWS = """# 中华人民共和国样本法

2021年8月20日第十三届全国人民代表大会常务委员会第三十次会议通过

## 第一章　总则

**第一条**　为了保护公民，制定本法。

**第二条**　本法自公布之日起施行。

按照第一条规定的除外。
"""

# The official database's Word files, paragraph by paragraph.
OFFICIAL = [
    "最高人民法院关于审理样本纠纷案件",
    "适用法律若干问题的规定",
    "（2020年12月23日最高人民法院审判委员会第1823次会议通过",
    "自2021年1月1日起施行）",
    "目　　录",
    "第一章　总　　则",
    "第二章　附　　则",
    "第一章　总　　则",
    "第一条　本规定适用于样本纠纷。",
    "第二章　附　　则",
    "第二条　本规定自2021年1月1日起施行。",
]


def law(lines: list[str] | str, stated: LawFacts = NOTHING_STATED) -> LawText:
    found = parse_law_lines(lines.split("\n") if isinstance(lines, str) else lines, stated)
    assert found is not None
    return found


def numbers(text: LawText) -> list[str]:
    return [str(row.article) if row.article else "" for row in text.rows]


def test_a_mirror_s_markdown_gives_facts_and_articles() -> None:
    found = law(LAWREFBOOK)
    assert found.facts.title == "中华人民共和国样本法"
    assert found.facts.version_date == date(2025, 6, 27)
    assert found.facts.issuer == "全国人民代表大会常务委员会"
    assert numbers(found) == ["第一条", "第二条", "第二条之一", "第三条"]
    assert found.rows[1] == LawRow(
        ArticleNumber(2),
        ("第一章　总则",),
        "有下列行为之一的，处罚款：\n（一）骚扰他人；\n（二）辱骂他人。\n前款行为情节较重的，处拘留。",
    )
    assert found.rows[3].headings == ("第二章　附则",)


def test_bold_article_numbers_are_numbers_and_a_mention_is_none() -> None:
    found = law(JUST_LAWS)
    assert numbers(found) == ["第一条", "第二条"]
    assert found.rows[1].text == "本法自公布之日起施行。\n按照第一条规定的除外。"


def test_the_official_word_layout_gives_its_title_in_one_and_no_contents() -> None:
    found = law(OFFICIAL)
    assert found.facts.title == "最高人民法院关于审理样本纠纷案件适用法律若干问题的规定"
    assert found.facts.version_date == date(2020, 12, 23)
    assert found.facts.effective == date(2021, 1, 1)
    assert found.facts.issuer == "最高人民法院"
    assert [(row.headings, row.text) for row in found.rows] == [
        (("第一章　总则",), "本规定适用于样本纠纷。"),
        (("第二章　附则",), "本规定自2021年1月1日起施行。"),
    ]


def test_books_chapters_and_sections_nest() -> None:
    found = law(
        "# 样本法典\n\n## 第一编 总则\n\n### 第一章 自然人\n\n#### 第一节 能力\n\n第一条 甲。\n\n"
        "### 第二章 法人\n\n第二条 乙。\n\n## 第二编 物权\n\n第三条 丙。"
    )
    assert [row.headings for row in found.rows] == [
        ("第一编　总则", "第一章　自然人", "第一节　能力"),
        ("第一编　总则", "第二章　法人"),
        ("第二编　物权",),
    ]


def test_a_preamble_is_a_passage_without_a_number() -> None:
    found = law("# 样本解释\n\n2013年7月15日发布\n\n<!-- INFO END -->\n\n为依法惩治犯罪，解释如下：\n\n第一条 甲。")
    assert numbers(found) == ["", "第一条"]


def test_a_reply_without_articles_is_a_law_by_its_points() -> None:
    text = "# 样本批复\n\n2020年12月29日 最高人民法院发布\n\n一、关于适用范围，由监管部门决定，具体如下所述。"
    text += "\n\n二、关于施行，以通知的日期为准，其余照旧。"
    found = law(text)
    assert numbers(found) == ["", ""]
    assert found.rows[1].text.startswith("二、")


@pytest.mark.parametrize("text", ["# 怎么参与\n\n请先提交一个合并请求，再等待审核，谢谢你的参与。" * 3, "", "# 标题"])
def test_what_is_no_law_is_none(text: str) -> None:
    assert parse_law_lines(text.split("\n"), NOTHING_STATED) is None


def test_a_known_category_makes_a_law_of_a_text_without_articles() -> None:
    stated = LawFacts(title="样本决定", category="司法解释")
    body = ["一、关于适用范围问题，由地方金融监管部门监管的小额贷款公司等金融组织，适用有关规定，不适用本解释。"]
    assert law(body, stated).facts.title == "样本决定"


def test_file_name_and_folders_state_day_and_category() -> None:
    assert facts_from_name("样本法(2023-12-29)", ["社会法"]) == LawFacts(
        title="", version_date=date(2023, 12, 29), category="社会法"
    )
    assert facts_from_name("README", ["docs", "样本", "versions", "2026-10-01"]).effective == date(2026, 10, 1)
    assert facts_from_name("样本条例", ["DLC", "地方性法规", "上海"]).category == "地方性法规"


def test_what_is_stated_goes_before_what_the_text_says() -> None:
    found = law(LAWREFBOOK, LawFacts(title="", version_date=date(2025, 6, 28), issuer="某机关"))
    assert (found.facts.version_date, found.facts.issuer) == (date(2025, 6, 28), "某机关")


@pytest.mark.parametrize(
    ("written", "printed"),
    [("第一章 总 则", "第一章　总则"), ("第三节　罚　款", "第三节　罚款"), ("附 则", "附则"), ("一、管辖", "一、管辖")],
)
def test_headings_are_set_as_statutes_print_them(written: str, printed: str) -> None:
    assert heading_text(written) == printed


def test_a_chapter_field_falls_into_its_headings() -> None:
    assert split_headings("人格权编 第一章 一般规定") == ("人格权编", "第一章　一般规定")
    assert split_headings("第二编 分则 第三章 经济罪 第一节 伪劣") == ("第二编　分则", "第三章　经济罪", "第一节　伪劣")
    assert split_headings("") == ()


# --- lines of JSON ---------------------------------------------------------------------------------------------


def read(lines: str) -> list[LawText | BadLine]:
    results: Iterator[LawText | BadLine] = read_json_lines(io.StringIO(lines), "法.jsonl")
    return list(results)


def test_rows_of_one_law_and_day_are_one_version() -> None:
    results = read(
        '{"law": "甲法", "date": "2020-01-01", "article": "第一条", "chapter": "第一章 总则", '
        '"text": "甲。", "id": "a1"}\n'
        '{"law": "甲法", "date": "2020-01-01", "article": "第二条", "chapter": "", "text": "乙。", "id": 7}\n'
        '{"law": "甲法", "date": "2021-01-01", "article": "第一条", "text": "丙。"}\n'
    )
    assert [isinstance(result, LawText) for result in results] == [True, True]
    first, second = results
    assert isinstance(first, LawText)
    assert isinstance(second, LawText)
    assert first.rows == (
        LawRow(ArticleNumber(1), ("第一章　总则",), "甲。", "a1"),
        LawRow(ArticleNumber(2), (), "乙。", "7"),
    )
    assert (second.facts.version_date, second.line) == (date(2021, 1, 1), 3)


def test_a_row_without_an_article_number_is_a_passage() -> None:
    (result,) = read(
        '{"law": "甲法", "article": "全文", "text": "一段。"}\n{"law": "甲法", "article": "一、", "text": "一、乙。"}'
    )
    assert isinstance(result, LawText)
    assert [row.article for row in result.rows] == [None, None]


def test_a_number_that_the_text_repeats_is_taken_off_it() -> None:
    (result,) = read('{"law": "甲法", "article": "第一条", "text": "第一条　甲。"}')
    assert isinstance(result, LawText)
    assert result.rows[0].text == "甲。"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("不是", "不是 JSON"),
        ("[]", "不是 {…} 这样的一行"),
        ('{"law": "甲法", "text": "甲。"}', "缺少 article，或 article 不是文字"),
        ('{"law": "甲法", "article": 3, "text": "甲。"}', "缺少 article，或 article 不是文字"),
        (
            '{"law": "甲法", "article": "第一条", "text": "甲。", "date": "去年"}',
            "date 是 '去年'，应是 2021-08-20 这样的日期",
        ),
        ('{"law": "甲法", "article": "第一条", "text": "甲。", "latest": "yes"}', "latest 应是 true 或 false"),
        ('{"law": "甲法", "article": "第一条", "text": "甲。", "id": [1]}', "id 应是文字或整数"),
        ('{"law": "甲法", "article": "第一条", "text": "第一条"}', "text 是空的"),
    ],
)
def test_a_bad_line_is_named_and_the_rest_read(line: str, reason: str) -> None:
    results = read(f'{line}\n{{"law": "甲法", "article": "第二条", "text": "乙。"}}')
    assert results[0] == BadLine(1, reason)
    assert isinstance(results[1], LawText)


def test_a_line_beyond_all_measure_ends_the_file() -> None:
    with pytest.raises(UnreadableFile, match=r"^法\.jsonl：第 1 行超过"):
        read("a" * (MAX_LINE_CHARS + 5))
