"""An audit finds what is wrong in what people write about law, says what is right, and leaves right texts alone."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from corpus.audit_records import AuditedCitation, AuditReport, FindingKind
from corpus.auditing import audit_text, report_json, report_markdown, report_table
from corpus.comparison import DifferenceKind
from corpus.lawbook import load_lawbook
from corpus.reading import read_builtin, read_path
from corpus.records import ArticleNumber, Document, SourceKind

REPO_ROOT = Path(__file__).resolve().parents[2]
SOURCES = REPO_ROOT.parent / "shared" / "articles"
BOOK = load_lawbook()
TODAY = date(2026, 11, 24)


def audit(text: str, day: date = TODAY) -> AuditReport:
    return audit_text(text, "样本", BOOK, day)


def only(text: str, day: date = TODAY) -> AuditedCitation:
    (citation,) = audit(text, day).citations
    return citation


def kinds(citation: AuditedCitation) -> list[FindingKind]:
    return [finding.kind for finding in citation.findings]


OLD_ITEM = "多次发送淫秽、侮辱、恐吓或者其他信息，干扰他人正常生活的，处五日以下拘留或者五百元以下罚款"


# --- quotations


def test_a_sentence_of_the_article_is_verbatim_whatever_its_marks() -> None:
    citation = only(
        "《民法典》第1032条:自然人享有隐私权，任何组织或者个人不得以刺探、侵扰、泄露、公开等方式侵害他人的隐私权。".replace(
            "，", ","
        )
    )
    assert kinds(citation) == [FindingKind.VERBATIM]
    assert not citation.is_fault


def test_a_quotation_that_stops_within_a_sentence_is_truncated_and_the_rest_is_named() -> None:
    citation = only(
        "《个人信息保护法》第四十四条：个人对其个人信息的处理享有知情权、决定权，有权限制或者拒绝他人对其个人信息进行处理。"
    )
    assert kinds(citation) == [FindingKind.TRUNCATED]
    assert "漏掉了“法律、行政法规另有规定的除外”" in citation.findings[0].message


def test_a_changed_word_is_a_misquotation_and_both_words_are_named() -> None:
    citation = only(
        "《民法典》第1032条：自然人享有隐私权，任何组织或者个人不得以刺探、侵扰、泄露、公开等方式妨害他人的隐私权。"
    )
    assert kinds(citation) == [FindingKind.MISQUOTED]
    assert "“侵害”写成了“妨害”" in citation.findings[0].message
    assert citation.comparison is not None
    changed = [d for d in citation.comparison.differences if d.kind is DifferenceKind.REPLACED]
    assert [d.written.of(citation.comparison.claim.text) for d in changed] == ["妨"]
    assert [d.official.of(citation.comparison.official) for d in changed] == ["侵"]


def test_words_in_quotation_marks_are_held_to_the_letter() -> None:
    right = only(
        "不得“以电话、短信、即时通讯工具、电子邮件、传单等方式侵扰他人的私人生活安宁”（《民法典》第一千零三十三条第一项）。"
    )
    wrong = only(
        "不得“以电话、短信、聊天软件、电子邮件、传单等方式侵扰他人的私人生活安宁”（《民法典》第一千零三十三条第一项）。"
    )
    assert kinds(right) == [FindingKind.VERBATIM]
    assert kinds(wrong) == [FindingKind.MISQUOTED]


def test_a_sentence_of_another_article_is_credited_to_that() -> None:
    sentence = "处理个人信息应当具有明确、合理的目的，并应当与处理目的直接相关，采取对个人权益影响最小的方式。"
    citations = audit(f"《个人信息保护法》第十三条、第十四条：{sentence}").citations
    assert [kinds(citation) for citation in citations] == [[FindingKind.WRONG_ARTICLE]] * 2
    for citation in citations:
        article = citation.findings[0].article
        assert article is not None
        assert (article.version.short_title, article.number) == ("个人信息保护法", ArticleNumber(6))


def test_law_retold_in_ones_own_words_is_no_misquotation() -> None:
    citation = only("按照《民法典》第1032条的规定，催收公司不可以到处打听、宣扬你的私事，也不可以打扰你家里人。")
    assert kinds(citation) == [FindingKind.CITED]


def test_a_sentence_credited_to_a_law_is_traced_to_its_article() -> None:
    citation = only("按照《个人信息保护法》，任何组织、个人不得非法收集、使用、加工、传输他人个人信息。")
    assert citation.findings[0].kind is FindingKind.TRUNCATED
    assert "第十条" in citation.findings[0].message


# --- law in time


def test_the_old_number_with_its_old_words_is_superseded_and_the_money_is_named() -> None:
    citation = only(f"《治安管理处罚法》第四十二条：{OLD_ITEM}。")
    assert kinds(citation) == [FindingKind.SUPERSEDED]
    finding = citation.findings[0]
    assert finding.article is not None and finding.article.number == ArticleNumber(50)
    assert "自2026年1月1日起是第五十条" in finding.message
    assert "由五百元提高到一千元" in finding.message
    assert citation.comparison is not None
    replaced = [
        (d.written.of(citation.comparison.claim.text), d.official.of(citation.comparison.official))
        for d in citation.comparison.differences
        if d.kind is DifferenceKind.REPLACED
    ]
    assert ("五百", "一千") in replaced


def test_a_label_alone_tells_that_the_old_number_is_meant() -> None:
    assert kinds(only("《治安管理处罚法》第42条（侮辱、恐吓、骚扰他人的处罚）")) == [FindingKind.SUPERSEDED]


def test_the_sentence_around_tells_that_the_old_number_is_meant() -> None:
    citation = only("催收多次发送侮辱、恐吓信息，干扰他人正常生活，违反《治安管理处罚法》第四十二条。")
    assert kinds(citation) == [FindingKind.SUPERSEDED]


def test_a_number_that_nothing_explains_may_be_the_old_one() -> None:
    citation = only("《治安管理处罚法》第四十二条")
    assert kinds(citation) == [FindingKind.MAYBE_SUPERSEDED]
    assert not citation.is_fault
    assert "铁路" in citation.findings[0].message and "第五十条" in citation.findings[0].message


def test_the_new_article_under_the_same_number_is_left_alone() -> None:
    text = "擅自进入铁路、城市轨道交通防护网的，按《治安管理处罚法》第四十二条处罚。"
    assert kinds(only(text)) == [FindingKind.CITED]
    assert kinds(only("骚扰他人的，按《治安管理处罚法》第五十条第一款第五项处罚，多次发送信息干扰他人正常生活。")) == [
        FindingKind.CITED
    ]


def test_by_the_law_of_2025_the_old_number_is_right() -> None:
    text = f"《治安管理处罚法》第四十二条：{OLD_ITEM}。"
    assert FindingKind.SUPERSEDED not in kinds(only(text, date(2025, 12, 31)))
    assert kinds(only(text, date(2026, 1, 1))) == [FindingKind.SUPERSEDED]


def test_a_repealed_law_leads_to_its_successor() -> None:
    citation = only("《侵权责任法》第三十六条：网络用户、网络服务提供者利用网络侵害他人民事权益的，应当承担侵权责任。")
    assert kinds(citation)[0] is FindingKind.LAW_REPEALED
    article = citation.findings[0].article
    assert article is not None
    assert (article.version.short_title, article.number) == ("民法典", ArticleNumber(1194))


def test_old_wording_without_a_number_is_found() -> None:
    report = audit("发短信骂人的，处五日以下拘留或者五百元以下罚款。")
    assert report.citations == ()
    assert [passage.version.id for passage in report.outdated] == ["治安管理处罚法-2013-01-01"]


# --- what does not exist


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("《反催收骚扰法》第五条", FindingKind.NO_SUCH_LAW),
        ("《刑法》第九百条", FindingKind.NO_SUCH_ARTICLE),
        ("《民法典》第一千三百条", FindingKind.NO_SUCH_ARTICLE),
        ("《治安管理处罚法》第五十条第一款第九项", FindingKind.NO_SUCH_PART),
        ("《人民个人信息保护法》第四十四条", FindingKind.DAMAGED_TITLE),
        ("《劳动合同法》第三十九条", FindingKind.NOT_HELD),
        ("第三百条", FindingKind.LAW_UNKNOWN),
    ],
)
def test_what_does_not_exist_or_is_not_held_is_said(text: str, kind: FindingKind) -> None:
    assert only(text).kind is kind


# --- what an article is called


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("《个人信息保护法》第66条（侵权赔偿责任）", "规定的是行政处罚，不是民事赔偿；民事赔偿见第六十九条"),
        ("泄露信息的，平台要承担侵权责任（《民法典》第1034条）。", "没有规定民事赔偿"),
        ("泄露信息构成犯罪（《个人信息保护法》第六十九条）。", "规定的是民事赔偿，不是刑事责任"),
    ],
)
def test_a_consequence_that_the_article_does_not_have_is_mischaracterised(text: str, words: str) -> None:
    citation = only(text)
    assert citation.kind is FindingKind.MISCHARACTERISED
    assert words in citation.findings[0].message


@pytest.mark.parametrize(
    "text",
    [
        "《个人信息保护法》第69条（侵权赔偿责任）",
        "《个人信息保护法》第66条（行政处罚）",
        "泄露信息的，平台要承担侵权责任（《民法典》第1165条）。",
        "不构成犯罪的给予拘留（《治安管理处罚法》第五十六条）。",
        "侵害隐私的要停止（《民法典》第1032条、第995条），还要赔偿损失（《民法典》第1165条）。",
    ],
)
def test_an_article_called_what_it_is_is_left_alone(text: str) -> None:
    assert all(FindingKind.MISCHARACTERISED not in kinds(citation) for citation in audit(text).citations)


# --- whole texts


def test_our_own_articles_have_only_the_faults_that_they_warn_of() -> None:
    faults, count = [], 0
    for document in read_builtin():
        if document.info.kind is SourceKind.ARTICLE:
            report = audit_text(document.text, document.info.title, BOOK, TODAY)
            count += len(report.citations)
            faults += [citation.reference.text for citation in report.faults]
            assert report.outdated == ()
    assert count > 400
    # An article on common errors names them.
    assert set(faults) <= {"人民个人信息保护法", "《人民个人信息保护法》", "《关于进一步规范民间借贷行为的通知》"}, (
        faults
    )


def test_a_text_without_law_gives_an_empty_report() -> None:
    report = audit("今天天气不错，收到三条短信。")
    assert (report.citations, report.outdated) == ((), ())
    assert "引用法律0处" in report_table(report)


# --- what issue 3 lists for the five source articles


@pytest.fixture(scope="module")
def reports() -> list[AuditReport]:
    """The five, read as the program reads files."""
    if not SOURCES.is_dir():
        pytest.skip(f"no source articles at {SOURCES}")
    documents = [document for document in read_path(SOURCES) if isinstance(document, Document)]
    assert len(documents) == 5
    return [audit_text(document.text, document.info.title, BOOK, TODAY) for document in documents]


@pytest.fixture(scope="module")
def raw_reports() -> list[AuditReport]:
    """The five as they lie there, menus and readers' comments included."""
    if not SOURCES.is_dir():
        pytest.skip(f"no source articles at {SOURCES}")
    return [audit_text(file.read_text("utf-8"), file.name, BOOK, TODAY) for file in sorted(SOURCES.glob("*.txt"))]


def citations_of(reports: list[AuditReport], law: str, number: int) -> list[AuditedCitation]:
    article = ArticleNumber(number)
    found = [citation for report in reports for citation in report.citations]
    return [c for c in found if c.reference.law == law and c.reference.article == article]


def assert_all_superseded(citations: list[AuditedCitation]) -> None:
    for citation in citations:
        superseded = next(finding for finding in citation.findings if finding.kind is FindingKind.SUPERSEDED)
        assert superseded.article is not None and superseded.article.number == ArticleNumber(50)
        assert "由五百元提高到一千元" in superseded.message


def test_every_article_42_of_the_five_is_superseded_by_50_with_the_fine_raised(
    reports: list[AuditReport], raw_reports: list[AuditReport]
) -> None:
    kept, written = (citations_of(group, "治安管理处罚法", 42) for group in (reports, raw_reports))
    assert (len(kept), len(written)) == (4, 5)  # one stands in a reader's comment, which is no article
    assert_all_superseded(kept)
    assert_all_superseded(written)


def test_article_66_of_the_five_called_damages_leads_to_69(reports: list[AuditReport]) -> None:
    (citation,) = citations_of(reports, "个人信息保护法", 66)
    assert citation.kind is FindingKind.MISCHARACTERISED
    assert citation.findings[0].article is not None
    assert citation.findings[0].article.number == ArticleNumber(69)


def test_the_sentence_of_the_five_credited_to_13_and_14_stands_in_6(reports: list[AuditReport]) -> None:
    for number in (13, 14):
        (citation,) = citations_of(reports, "个人信息保护法", number)
        assert citation.kind is FindingKind.WRONG_ARTICLE
        assert citation.findings[0].article is not None
        assert citation.findings[0].article.number == ArticleNumber(6)


def test_the_prohibition_of_the_five_credited_to_1034_stands_in_111(reports: list[AuditReport]) -> None:
    wrong = [c for c in citations_of(reports, "民法典", 1034) if c.kind is FindingKind.WRONG_ARTICLE]
    assert [c.findings[0].article and c.findings[0].article.number for c in wrong] == [ArticleNumber(111)]


def test_article_44_of_the_five_is_truncated(reports: list[AuditReport]) -> None:
    quoted = [c for c in citations_of(reports, "个人信息保护法", 44) if c.comparison]
    assert [c.kind for c in quoted] == [FindingKind.TRUNCATED]
    assert "法律、行政法规另有规定的除外" in quoted[0].findings[0].message


def test_the_title_of_the_five_that_does_not_exist_is_named(reports: list[AuditReport]) -> None:
    damaged = [c for report in reports for c in report.citations if FindingKind.DAMAGED_TITLE in kinds(c)]
    assert "《人民个人信息保护法》" in {c.reference.law_text for c in damaged}


def test_the_notice_of_the_five_that_nobody_issued_is_named(reports: list[AuditReport]) -> None:
    missing = [c for report in reports for c in report.citations if c.kind is FindingKind.NO_SUCH_LAW]
    assert [c.reference.text for c in missing] == ["《关于进一步规范民间借贷行为的通知》"]


def test_right_quotations_of_the_five_are_called_right(reports: list[AuditReport]) -> None:
    quoted = [c for c in citations_of(reports, "民法典", 1032) if c.comparison]
    assert [c.kind for c in quoted] == [FindingKind.VERBATIM, FindingKind.VERBATIM]


# --- renderings

FAULTY = f"《治安管理处罚法》第四十二条：{OLD_ITEM}。\n\n《民法典》第1032条。"


def test_the_table_names_number_finding_and_both_texts() -> None:
    table = report_table(audit(FAULTY))
    assert table.startswith("《样本》\n按2026年11月24日的法律核对：引用法律2处，其中1处有问题。\n")
    assert "已被取代" in table
    unwrapped = "".join(table.split())
    assert "[-五百-]元以下罚款" in unwrapped
    assert "{+一千+}元以下罚款" in unwrapped
    widths = {sum(2 if ord(character) > 0x2000 else 1 for character in line) for line in table.split("\n")}
    assert max(widths) <= 120


def test_markdown_shows_the_official_text_beside_with_differences_marked() -> None:
    markdown = report_markdown(audit(FAULTY))
    assert "| 1 | 《治安管理处罚法》第四十二条 | 已被取代 |" in markdown
    assert "~~五百~~元以下罚款" in markdown
    assert "《治安管理处罚法》第五十条（2026-01-01起施行）：" in markdown
    assert "**一千**元以下罚款" in markdown


def test_a_strangers_text_cannot_become_markup() -> None:
    text = "《民法典》第1032条：自然人享有<img src=x>隐私权|任何[组织](http://x)不得侵害他人的隐私权。"
    markdown = report_markdown(audit_text(text, "<script>", BOOK, TODAY))
    assert "<img" not in markdown.replace("\\<img", "")
    assert "<script>" not in markdown.replace("\\<script\\>", "")
    assert "](http" not in markdown.replace("\\](http", "")


def test_json_holds_everything_and_its_places_are_right() -> None:
    data = json.loads(json.dumps(report_json(audit(FAULTY)), ensure_ascii=False))
    first, second = data["citations"]
    assert FAULTY[first["span"]["start"] : first["span"]["end"]] == first["text"] == "《治安管理处罚法》第四十二条"
    assert (first["law"], first["article_number"], first["fault"]) == ("治安管理处罚法", "42", True)
    assert first["findings"][0]["kind"] == "superseded"
    assert first["findings"][0]["article"]["version"] == "治安管理处罚法-2026-01-01"
    comparison = first["comparison"]
    start, end = comparison["written_span"]["start"], comparison["written_span"]["end"]
    assert FAULTY[start:end] == comparison["written"] == f"{OLD_ITEM}。"
    assert {difference["kind"] for difference in comparison["differences"]} >= {"equal", "replaced"}
    assert (second["findings"][0]["kind"], second["comparison"]) == ("cited", None)
