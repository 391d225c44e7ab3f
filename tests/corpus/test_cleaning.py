from __future__ import annotations

from datetime import date

import pytest

from corpus.cleaning import CleanedDocument, DropRule, RepairRule, clean
from corpus.extraction.plain import read_plain
from corpus.extraction.records import Block, BlockKind, ExtractedDocument, Origin
from corpus.extraction.web_text import read_web_text

BODY = (
    "催收人员没有权利把借款人的欠款情况告诉通讯录里的同事和朋友。",
    "收到这种电话的同事可以录音，并且告诉借款人打电话的号码和时间。",
    "银行和消费金融公司的催收问题，可以拨打12378反映。",
)


def cleaned(*lines: str) -> CleanedDocument:
    return clean(read_web_text("\n\n".join(lines)))


def rule_of(document: CleanedDocument, text: str) -> DropRule | None:
    return next(block.rule for block in document.blocks if block.block.text == text)


def kept(document: CleanedDocument) -> list[str]:
    return [block.text for block in document.kept]


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ("当前位置：首页 > 法律案例 > 正文内容", DropRule.BREADCRUMB),
        ("您的位置:首页>债务>正文", DropRule.BREADCRUMB),
        ("首页 » 债务 » 正文", DropRule.BREADCRUMB),
        ("网站地图", DropRule.NAVIGATION),
        ("To Top", DropRule.NAVIGATION),
        ("首页 | 关于我们 | 联系我们", DropRule.NAVIGATION),
        ("来源：某某律师事务所 时间：2025-03-14 10:34:34", DropRule.BYLINE),
        ("发布时间:2025-06-26 14:28:40", DropRule.BYLINE),
        ("2025-06-26 14:28", DropRule.BYLINE),
        ("阅读：1234次", DropRule.BYLINE),
        ("责任编辑：小王", DropRule.BYLINE),
        ("版权声明：本文由某某律师事务所发布，如需转载请注明出处。", DropRule.COPYRIGHT),
        ("怎么办？，本文为某律师原创，未经授权禁止转载，个案情况不同。", DropRule.COPYRIGHT),
        ("Copyright © 2025 某某网 All Rights Reserved", DropRule.COPYRIGHT),
        ("京ICP备12345678号", DropRule.COPYRIGHT),
        ("本文链接：https://law.example/1.html", DropRule.SOURCE_LINK),
        ("扫描二维码推送至手机访问。", DropRule.QR_CODE),
        ("长按识别二维码关注我们", DropRule.QR_CODE),
        ("欢迎关注我们的微信公众号：某某律师", DropRule.QR_CODE),
        ("分享给朋友：", DropRule.SHARE),
        ("分享到：微信 微博 QQ空间", DropRule.SHARE),
        ("如果对你有帮助，欢迎点赞、收藏或分享给身边的朋友，我们下期再见！", DropRule.BEGGING),
        ("#网贷逾期 #爆通讯录 #隐私保护", DropRule.HASHTAGS),
        ("标签：催收违法", DropRule.HASHTAGS),
        ("上一篇：信用卡逾期怎么办", DropRule.NEIGHBOURS),
        ("下一篇:没有了", DropRule.NEIGHBOURS),
        ("点击在线咨询律师", DropRule.ADVERT),
        ("添加律师微信：abc12345", DropRule.ADVERT),
        ("------", DropRule.SEPARATOR),
    ],
)
def test_each_kind_of_furniture_is_dropped_by_its_rule(line: str, rule: DropRule) -> None:
    document = cleaned("打电话给同事怎么办？", BODY[0], line, *BODY[1:])
    assert rule_of(document, line) is rule
    assert kept(document) == list(BODY)


@pytest.mark.parametrize(
    "line",
    [
        "不要扫描陌生人发来的二维码，这可能是诈骗。",
        "2024年3月，张某收到了十几条催收短信，内容都是辱骂。",
        "免费法律咨询可以拨打12348，律师会告诉你怎么办。",
        "未经本人同意，任何人不得复制、公开他人的通讯录。",
        "觉得被骚扰时，不要在朋友圈转发对方的照片，也不要分享别人的隐私。",
        "来源不明的电话不要接，更不要按对方说的做。",
        "作者和出版社签订的合同与本案无关，法院没有采纳。",
        "怎样举报垃圾短信，要看短信是谁发的。",
        "关注债务人的还款能力，是协商分期的前提。",
        "当事人可以在判决书送达之日起十五日内上诉。",
        "• 收到的催收短信截图；",
    ],
)
def test_a_sentence_of_the_article_that_resembles_furniture_is_kept(line: str) -> None:
    document = cleaned("打电话给同事怎么办？", BODY[0], line, *BODY[1:])
    assert rule_of(document, line) is None


def test_a_title_that_stands_on_the_page_again_is_dropped_everywhere() -> None:
    document = cleaned("打电话给同事怎么办？", BODY[0], "打电话给同事怎么办", *BODY[1:])
    assert document.title == "打电话给同事怎么办？"
    assert kept(document) == list(BODY)


def test_related_articles_go_with_their_teasers_to_the_end() -> None:
    document = cleaned(
        "打电话给同事怎么办？",
        *BODY,
        "本文链接：https://law.example/1.html",
        "打电话给同事怎么办？的相关文章",
        "花呗逾期会怎样？",
        "花呗逾期之后，先是短信提醒，再是电话催收，最后可能起诉到法院。",
        "很多人问我花呗逾期会不会上门，我们来看看...",
    )
    assert kept(document) == list(BODY)
    assert document.title == "打电话给同事怎么办？"
    assert document.dropped[-1].rule is DropRule.RELATED


def test_a_list_of_other_articles_within_the_text_ends_where_the_text_goes_on() -> None:
    document = cleaned(
        "打电话给同事怎么办？", BODY[0], "相关阅读：", "花呗逾期会怎样", "借呗上门吗", "怎么投诉", *BODY[1:]
    )
    # The last short line may be the heading of what follows.
    assert kept(document) == [BODY[0], "怎么投诉", *BODY[1:]]
    assert rule_of(document, "借呗上门吗") is DropRule.RELATED


def test_a_heading_like_相关法律条文_is_the_article_s_own() -> None:
    document = cleaned("打电话给同事怎么办？", *BODY, "相关法律条文参考", "任何组织或者个人不得侵害他人的隐私权。")
    assert kept(document)[-2:] == ["相关法律条文参考", "任何组织或者个人不得侵害他人的隐私权。"]


def test_a_run_of_short_lines_is_a_link_farm() -> None:
    links = [f"第{number}个不相干的标题" for number in range(8)]
    document = clean(read_web_text("打电话给同事怎么办？\n\n" + "\n\n".join(BODY) + "\n\n" + "\n".join(links)))
    assert kept(document) == list(BODY)
    assert rule_of(document, links[0]) is DropRule.LINK_FARM


def test_a_list_that_a_colon_announces_is_none() -> None:
    items = [f"需要准备的材料之{number}" for number in range(9)]
    document = clean(read_web_text("打电话给同事怎么办？\n\n" + BODY[0] + "\n\n需要准备：\n" + "\n".join(items)))
    assert kept(document) == [BODY[0], "需要准备：", *items]


def test_reader_comments_are_a_group_of_their_own_and_end_with_the_page_s_own_lines() -> None:
    document = cleaned(
        "打电话给同事怎么办？",
        *BODY,
        "精彩评论",
        "头像 某人 2025-03-14",
        "根据第四十二条第五项，可以处五百元以下罚款，大家都去报警。",
        "编辑：某某网",
        "上一篇：没有了",
    )
    assert kept(document) == list(BODY)
    dropped = {block.block.text: block.rule for block in document.dropped}
    assert dropped["根据第四十二条第五项，可以处五百元以下罚款，大家都去报警。"] is DropRule.READER_COMMENTS
    assert dropped["编辑：某某网"] is DropRule.BYLINE


def test_nothing_follows_the_article_s_closing_lines() -> None:
    document = cleaned(
        "打电话给同事怎么办？",
        *BODY,
        "版权与免责声明：",
        "① 凡注明来源的作品，未经授权不得转载。",
        "② 其他作品均转自网络，不代表本网观点。",
        "社会新闻",
        "• 某市入选美丽乡村",
    )
    assert kept(document) == list(BODY)
    assert rule_of(document, "② 其他作品均转自网络，不代表本网观点。") is DropRule.COPYRIGHT
    assert rule_of(document, "• 某市入选美丽乡村") is DropRule.AFTER_ARTICLE


def test_a_copyright_notice_above_the_text_closes_nothing() -> None:
    notice = "版权声明：本文为博主原创文章，转载请附上原文链接。"
    document = cleaned("打电话给同事怎么办？", notice, *BODY, "结语", "收集证据总是没有错的，别怕麻烦。")
    assert kept(document) == [*BODY, "结语", "收集证据总是没有错的，别怕麻烦。"]


def test_a_menu_above_the_title_is_dropped() -> None:
    document = cleaned("婚姻家庭", "交通事故", "劳动纠纷", "打电话给同事怎么办？", *BODY)
    assert rule_of(document, "交通事故") is DropRule.NAVIGATION
    assert kept(document)[-3:] == list(BODY)


def test_a_paragraph_that_comes_twice_is_kept_once() -> None:
    document = cleaned("打电话给同事怎么办？", *BODY, BODY[0])
    assert kept(document) == list(BODY)
    assert document.dropped[-1].rule is DropRule.REPEATED


def test_spam_written_into_a_sentence_is_taken_out_and_recorded() -> None:
    document = cleaned("打电话给同事怎么办？", "亲友凯发平台网址的联系方式属于个人信息，受到法律保护。", *BODY)
    assert kept(document)[0] == "亲友联系方式属于个人信息，受到法律保护。"
    assert [(repair.rule, repair.before, repair.after) for repair in document.repairs] == [
        (RepairRule.SPAM_INSERTION, "凯发平台网址的", "")
    ]


def test_a_sentence_about_a_gambling_site_is_left_alone() -> None:
    sentence = "他在凯发平台上输了钱，才去借网贷，后来被催收骚扰。"
    assert kept(cleaned("打电话给同事怎么办？", sentence, *BODY))[0] == sentence


def test_a_replaced_first_step_is_restored_and_one_of_several_is_not() -> None:
    document = cleaned("怎么办？", "保留证据是解决问题的之一步。", "这是最常见的做法之一，步骤并不复杂。", *BODY)
    assert kept(document)[:2] == ["保留证据是解决问题的第一步。", "这是最常见的做法之一，步骤并不复杂。"]
    assert document.repairs[0].rule is RepairRule.REPLACED_WORD


def test_a_damaged_law_title_is_not_repaired() -> None:
    # The audit must be able to say that no law of this title exists.
    sentence = "按照《人民个人信息保护法》的规定，不得非法收集他人信息。"
    assert sentence in kept(cleaned("怎么办？", sentence, *BODY))


@pytest.mark.parametrize(
    ("line", "publisher"),
    [
        ("版权声明：本文由浙江某某律师事务所结合法律法规原创并发布，转载请附链接。", "浙江某某律师事务所"),
        ("版权声明：本文由某律师发布，如需转载请注明出处。", "某律师"),
        ("怎么办？，本文为某律师原创，未经授权禁止转载。", "某律师"),
        ("来源：某某动态-合作伙伴 时间：2025-03-14 10:34:34", "某某动态-合作伙伴"),
        ("来源：网络", None),
    ],
)
def test_the_publisher_is_read_from_the_page_s_own_lines(line: str, publisher: str | None) -> None:
    assert cleaned("怎么办？", *BODY, line).publisher == publisher


def test_address_and_day_are_read_before_their_lines_are_dropped() -> None:
    document = cleaned("怎么办？", "时间：2025-03-14 10:34:34", *BODY, "本文链接：http://law.example/a/1.html")
    assert document.address == "http://law.example/a/1.html"
    assert document.published == date(2025, 3, 14)


def test_what_the_format_states_goes_before_what_the_page_says() -> None:
    blocks = (Block(BODY[0], BlockKind.PARAGRAPH), Block("本文链接：http://other.example/", BlockKind.PARAGRAPH))
    stated = ExtractedDocument("题", "某网", date(2024, 1, 1), "https://a.example/", blocks, Origin.WEB_PAGE)
    document = clean(stated)
    assert (document.publisher, document.published, document.address) == (
        "某网",
        date(2024, 1, 1),
        "https://a.example/",
    )


def test_a_site_s_name_behind_the_title_is_no_part_of_it() -> None:
    blocks = tuple(Block(text, BlockKind.PARAGRAPH) for text in ("打电话给同事怎么办", *BODY))
    stated = ExtractedDocument("打电话给同事怎么办_债务_某某律师网", None, None, None, blocks, Origin.WEB_PAGE)
    document = clean(stated)
    assert document.title == "打电话给同事怎么办"
    assert kept(document) == list(BODY)


def test_a_paper_of_the_user_s_own_keeps_every_line() -> None:
    text = "借款合同\n\n来源：自有资金\n\n版权声明：本文本归双方所有。\n\n分享给朋友：\n\n" + BODY[0]
    document = clean(read_plain(text))
    assert document.dropped == ()
    assert document.kept_share == 1.0


def test_page_numbers_are_dropped_from_any_paper() -> None:
    blocks = (Block("第 1 页", BlockKind.PAGE_MARK), Block(BODY[0], BlockKind.PARAGRAPH))
    document = clean(ExtractedDocument(None, None, None, None, blocks, Origin.DOCUMENT))
    assert [block.rule for block in document.dropped] == [DropRule.PAGE_MARK]


def test_the_kept_share_counts_visible_characters() -> None:
    blocks = (Block("第 1 页", BlockKind.PAGE_MARK), Block("保存证据 要紧", BlockKind.PARAGRAPH))
    document = clean(ExtractedDocument(None, None, None, None, blocks, Origin.DOCUMENT))
    assert document.kept_share == 6 / 9


def test_every_block_is_kept_or_dropped_in_its_order() -> None:
    extracted = read_web_text("\n\n".join(("当前位置：首页", "怎么办？", *BODY, "网站地图")))
    document = clean(extracted)
    assert [block.block.text for block in document.blocks] == [block.text for block in extracted.blocks]
    assert len(document.kept) + len(document.dropped) == len(extracted.blocks)


def test_text_is_written_with_headings_and_lists() -> None:
    blocks = (
        Block("结论", BlockKind.HEADING, 2),
        Block(BODY[0], BlockKind.PARAGRAPH),
        Block("1. 录音", BlockKind.LIST_ITEM),
        Block("2. 截图", BlockKind.LIST_ITEM),
        Block("电话 | 用处", BlockKind.TABLE_ROW),
    )
    document = clean(ExtractedDocument(None, None, None, None, blocks, Origin.DOCUMENT))
    assert document.markdown() == f"## 结论\n\n{BODY[0]}\n\n1. 录音\n2. 截图\n\n电话 | 用处"


def test_every_rule_has_a_name_of_its_own() -> None:
    names = [rule.value for rule in DropRule]
    assert len(set(names)) == len(names)
