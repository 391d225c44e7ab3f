from __future__ import annotations

import io
import re
import sys
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from typer.testing import CliRunner

from assistant.cli import build_app
from assistant.commands.common import Say
from assistant.drafting import (
    BLANK,
    LAW_GROUPS,
    BlockKind,
    Draft,
    DraftKind,
    Facts,
    blank_facts,
    draft,
    draft_markdown,
    escape_markdown,
    facts_from,
    general_evidence,
    lender_kinds,
    load_template,
    quote_article,
    read_pinned,
    read_table,
    situations,
)
from assistant.errors import BadFacts
from assistant.word_file import draft_docx
from corpus.citations import find_statute_refs
from corpus.lawbook import LawBook, load_lawbook
from corpus.numerals import parse_article
from corpus.records import Validity
from corpus.validity import ReferenceState, check_reference, validity_on

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

DAY = date(2026, 11, 24)
ALL = {"situations": [item.id for item in situations()], "lender_kind": "microloan"}


@pytest.fixture(scope="module")
def lawbook() -> LawBook:
    return load_lawbook()


def all_pinned() -> list[str]:
    """Every article that a table or template names."""
    pinned = [law for kind in DraftKind for law in load_template(kind).always]
    pinned += [law for item in situations() for group in LAW_GROUPS for law in item.laws[group]]
    pinned += [law for kind in lender_kinds() for law in kind.laws]
    evidence = [*general_evidence(), *(item for situation in situations() for item in situation.evidence)]
    return pinned + [law for item in evidence for law in item.basis]


def text_of(letter: Draft) -> str:
    return "\n".join(block.text for block in letter.blocks)


# --- law -------------------------------------------------------------------------------------------------------


def test_every_article_of_every_table_exists_is_in_force_and_is_quoted_verbatim(lawbook: LawBook) -> None:
    pinned = all_pinned()
    assert len(pinned) > 100
    for text in pinned:
        found = read_pinned(text, lawbook)
        assert validity_on(found.article.version, DAY) is Validity.IN_FORCE, text
        quoted = quote_article(found.article, found.references)
        official = found.article.text
        at = 0
        for piece in quoted.pieces:
            assert piece in official[at:], text
            at = official.index(piece, at) + len(piece)
        for label in (quoted.label, quoted.short_label):
            references = find_statute_refs(label, lawbook)
            assert references, label
            assert {reference.article for reference in references} == {found.article.number}
            assert {reference.law for reference in references} == {found.article.version.short_title}
            assert all(check_reference(lawbook, ref, DAY).state is ReferenceState.IN_FORCE for ref in references)


@pytest.mark.parametrize("kind", list(DraftKind))
def test_every_article_in_a_letter_stands_and_its_quotation_is_the_official_text(
    kind: DraftKind, lawbook: LawBook
) -> None:
    for lender in lender_kinds():
        letter = draft(kind, facts_from({**ALL, "lender_kind": lender.id}, "test"), lawbook, DAY)
        assert letter.laws
        quotes = [block.text for block in letter.blocks if block.kind is BlockKind.QUOTE]
        assert quotes == ["\n".join(law.pieces) for law in letter.laws]
        for law in letter.laws:
            assert all(piece in law.article.text for piece in law.pieces)
        for reference in find_statute_refs(text_of(letter), lawbook):
            if reference.article is not None and reference.law_text.startswith("《"):
                assert check_reference(lawbook, reference, DAY).state is ReferenceState.IN_FORCE, reference.text
        assert letter.remarks == ()


@pytest.mark.parametrize("kind", list(DraftKind))
def test_a_template_itself_names_no_article(kind: DraftKind, lawbook: LawBook) -> None:
    assert find_statute_refs("\n".join(load_template(kind).lines), lawbook) == ()
    assert not re.search(
        r"\d{2,}|[一二三四五六七八九十百千万]+(?:元|日内|天|个月|年)", "\n".join(load_template(kind).lines)
    )


def test_parts_of_one_article_are_quoted_together_with_their_lead_once(lawbook: LawBook) -> None:
    article = lawbook.article("治安管理处罚法-2026-01-01", parse_article("第五十条"))
    assert article is not None
    references = find_statute_refs("第五十条第一款第五项、第一款第一项，第五十条第二款", lawbook, "治安管理处罚法")
    quoted = quote_article(article, references)
    assert quoted.label == "《中华人民共和国治安管理处罚法》第五十条第一款第一项、第五项、第二款"
    assert [piece[:8] for piece in quoted.pieces] == [
        "有下列行为之一的",
        "（一）写恐吓信或",
        "（五）多次发送淫",
        "有前款第五项规定",
    ]


def test_an_article_without_the_part_that_is_named_is_an_error(lawbook: LawBook) -> None:
    with pytest.raises(ValueError, match="has no part"):
        article = lawbook.article("民法典-2021-01-01", parse_article("第一千零三十三条"))
        assert article is not None
        quote_article(article, find_statute_refs("第一千零三十三条第九项", lawbook, "民法典"))
    for wrong in ("民法典-1999-01-01 第一条", "民法典-2021-01-01 第九千条", "民法典-2021-01-01 无"):
        with pytest.raises(ValueError, match="民法典"):
            read_pinned(wrong, lawbook)


def test_an_article_not_in_force_on_the_day_is_left_out_and_named(lawbook: LawBook) -> None:
    letter = draft(DraftKind.POLICE, facts_from({"situations": ["contacts"]}, "test"), lawbook, date(2025, 6, 1))
    assert letter.laws == ()
    assert "第五十条" not in text_of(letter)
    assert any("《治安管理处罚法》第五十条第一款第五项" in remark for remark in letter.remarks)


def test_old_numbers_that_the_user_typed_are_remarked_on_and_left_as_typed(lawbook: LawBook) -> None:
    facts = facts_from({"story": "对方违反《治安管理处罚法》第四十二条。"}, "test")
    letter = draft(DraftKind.COMPLAINT, facts, lawbook, DAY)
    assert "补充说明：对方违反《治安管理处罚法》第四十二条。" in text_of(letter)
    assert len(letter.remarks) == 1
    assert "第五十条" in letter.remarks[0]


# --- facts -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", list(DraftKind))
def test_what_is_not_given_is_blank_and_nothing_is_made_up(kind: DraftKind, lawbook: LawBook) -> None:
    letter = draft(kind, Facts(), lawbook, DAY)
    outside_quotes = [block.text for block in letter.blocks if block.kind is not BlockKind.QUOTE]
    assert sum(text.count(BLANK) for text in outside_quotes) >= 7
    # No figure at all outside the articles: no date, no amount, no number of days, no telephone number.
    assert not re.search(r"\d", "".join(outside_quotes))
    assert not re.search(r"[一二三四五六七八九十百千万]+(?:元|日内|天|个月)", "".join(outside_quotes))
    assert "2026" not in text_of(letter)


@pytest.mark.parametrize("kind", list(DraftKind))
def test_every_fact_of_a_form_appears_in_its_letter_and_no_other(kind: DraftKind, lawbook: LawBook) -> None:
    fields = load_template(kind).fields
    table: dict[str, object] = {item.id: [f"<{item.id}>"] if item.several else f"<{item.id}>" for item in fields}
    letter = draft(kind, facts_from(table, "test"), lawbook, DAY)
    text = text_of(letter)
    assert [item.id for item in fields if f"<{item.id}>" not in text] == []
    asked = {item.id for item in fields}
    stranger = next(name for name in ("court", "contact_way") if name not in asked)
    other = draft(kind, facts_from({**table, stranger: "<stranger>"}, "test"), lawbook, DAY)
    assert text_of(other) == text


def test_a_line_for_a_fact_that_need_not_be_given_goes_with_it(lawbook: LawBook) -> None:
    without = text_of(draft(DraftKind.COURT, Facts(), lawbook, DAY))
    assert "被告二" not in without
    facts = facts_from({"collector": "某催收公司"}, "test")
    assert "被告二\n名称：某催收公司" in text_of(draft(DraftKind.COURT, facts, lawbook, DAY))


def test_events_and_lists_keep_their_order_and_their_gaps(lawbook: LawBook) -> None:
    table = {"events": [{"time": "三月一日", "words": "还钱"}, {"time": "三月二日"}], "evidence": "录音\n截图"}
    letter = draft(DraftKind.POLICE, facts_from(table, "test"), lawbook, DAY)
    events = [block.text for block in letter.blocks if block.text.startswith("时间")]
    assert events[0] == (
        f"时间：三月一日；使用的号码或者来人：{BLANK}；被联系的人：{BLANK}；方式：{BLANK}；原话或者内容：还钱；证据：{BLANK}"
    )
    assert events[1].startswith("时间：三月二日")
    assert [block.text for block in letter.blocks[-4:-2]] == ["录音", "截图"]


def test_situations_bring_their_requests_and_evidence(lawbook: LawBook) -> None:
    facts = facts_from({"situations": ["doorstep"]}, "test")
    police = draft(DraftKind.POLICE, facts, lawbook, DAY)
    assert "对滋扰、纠缠、跟踪的，请求依法责令禁止接触报案人。" in text_of(police)
    assert "责令禁止接触" not in text_of(draft(DraftKind.COMPLAINT, facts, lawbook, DAY)).replace("第五十条", "")
    checklist = "\n".join(block.text for block in police.checklist)
    assert "门口监控" in checklist
    assert "（依据：《民事诉讼法解释》第一百一十六条第一款、《民事诉讼证据规定》第十五条第一款）" in checklist


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ({"nmae": "张三"}, "no fact 'nmae'"),
        ({"name": True}, "name is text"),
        ({"name": ["a"]}, "name is text"),
        ({"situations": ["unknown"]}, "situations is one of contacts"),
        ({"lender_kind": "bank"}, "lender_kind is one of bank-card"),
        ({"events": "x"}, "events is a list"),
        ({"events": ["x"]}, "event 1 is no table"),
        ({"events": [{}, {"when": "x"}]}, "event 2: there is no 'when'"),
    ],
)
def test_wrong_facts_are_refused_by_name(table: dict[str, object], says: str) -> None:
    with pytest.raises(BadFacts, match="facts.toml") as caught:
        facts_from(table, "facts.toml")
    assert says in str(caught.value)


def test_a_file_that_is_no_toml_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "facts.toml"
    file.write_text("name = 张三", encoding="utf-8")
    with pytest.raises(BadFacts, match="is not TOML"):
        read_table(file)
    with pytest.raises(BadFacts, match="cannot be read"):
        read_table(tmp_path / "none.toml")


@pytest.mark.parametrize("kind", list(DraftKind))
def test_a_blank_facts_file_is_read_back_as_no_facts(kind: DraftKind) -> None:
    table = tomllib.loads(blank_facts(kind))
    assert {item.id for item in load_template(kind).fields} <= set(table)
    facts = facts_from(table, "test")
    assert facts == Facts(events=facts.events)


def test_numbers_and_dates_of_toml_are_facts_too() -> None:
    facts = facts_from({"damages": 3000, "date": date(2026, 5, 1)}, "test")
    assert facts.values == {"damages": "3000", "date": "2026-05-01"}


# --- as files --------------------------------------------------------------------------------------------------

HOSTILE = "<script>alert(1)</script> ![x](http://evil.example/x.png) [y](javascript:1) **b** `c` # d | &lt; \x00\u202e"


def shown(markdown: str) -> str:
    """What a Markdown reader shows: the text of the page, tags and attributes gone."""
    import html

    page = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).render(markdown)
    return html.unescape(re.sub(r"<[^>]+>", "", page)).strip()


def test_markup_in_facts_is_shown_as_typed(lawbook: LawBook) -> None:
    facts = facts_from(
        {"name": HOSTILE, "story": f"# 标题\n- {HOSTILE}\n1. 甲\n> 乙\n---\n```", "evidence": [HOSTILE]}, "test"
    )
    letter = draft(DraftKind.COMPLAINT, facts, lawbook, DAY)
    markdown = draft_markdown(letter)
    page = MarkdownIt("commonmark", {"html": True}).render(markdown)
    assert "<script" not in page
    assert "<img" not in page
    assert "<a " not in page
    assert "<code" not in page
    assert "<strong" not in page
    assert "\x00" not in markdown
    assert "\u202e" not in markdown
    cleaned = " ".join("".join(c for c in HOSTILE if c not in "\x00\u202e").split())
    for line in (f"姓名：{cleaned}", f"- {cleaned}", "补充说明：# 标题", "1. 甲", "> 乙", "---", "```"):
        assert line in shown(markdown), line


@given(st.text(st.sampled_from("ab1 .)(-+=#>*_`[]!<>&\\|~$：。\t"), max_size=30))
@settings(max_examples=300)
def test_escaped_text_is_shown_character_by_character(text: str) -> None:
    wanted = " ".join(text.split())
    assert shown(escape_markdown(wanted)) == wanted


def test_the_word_file_holds_the_same_words_as_the_letter(lawbook: LawBook) -> None:
    from docx import Document

    facts = facts_from({**ALL, "name": "<w:t>张三</w:t> &amp;", "evidence": ["录音"]}, "test")
    letter = draft(DraftKind.COURT, facts, lawbook, DAY)
    document = Document(io.BytesIO(draft_docx(letter)))
    paragraphs = [paragraph.text for paragraph in document.paragraphs if paragraph.text.strip()]
    assert len(paragraphs) == len(letter.blocks) + len(letter.checklist)
    for paragraph, block in zip(paragraphs, [*letter.blocks, *letter.checklist], strict=True):
        assert paragraph.removeprefix("• ").endswith(block.text)
    assert "姓名：<w:t>张三</w:t> &amp;" in "\n".join(paragraphs)
    assert document.core_properties.author == ""


def test_numbers_of_a_list_begin_at_one_in_both_files(lawbook: LawBook) -> None:
    from docx import Document

    letter = draft(DraftKind.POLICE, facts_from({"evidence": ["录音", "截图"]}, "test"), lawbook, DAY)
    markdown = draft_markdown(letter)
    document = Document(io.BytesIO(draft_docx(letter)))
    paragraphs = [paragraph.text for paragraph in document.paragraphs]
    for text in ("1. 依法受理并调查。", "4. 认为不属于违反治安管理行为的，请告知并说明理由。", "1. 录音", "2. 截图"):
        assert text in markdown
        assert text in paragraphs


# --- the command -----------------------------------------------------------------------------------------------


def test_the_command_writes_what_it_was_given(tmp_path: Path) -> None:
    app, run = build_app("zh"), CliRunner().invoke
    blank = run(app, ["draft", "complaint", "--blank-facts", str(tmp_path / "facts.toml")])
    assert blank.exit_code == 0, blank.output
    options = ["--facts", str(tmp_path / "facts.toml"), "--fact", "name=张三", "--situation", "contacts"]
    printed = run(app, ["draft", "complaint", *options])
    assert printed.exit_code == 0, printed.output
    assert "- 姓名：张三" in printed.stdout
    assert "《中华人民共和国民法典》第一千零三十三条第一项" in printed.stdout
    assert re.search(r"还有 \d+ 处【待填】", printed.stderr)
    for name in ("letter.md", "letter.docx"):
        written = run(app, ["draft", "complaint", *options, "--out", str(tmp_path / name)])
        assert written.exit_code == 0, written.output
    assert (tmp_path / "letter.md").read_text(encoding="utf-8") == printed.stdout.removesuffix("\n")
    assert (tmp_path / "letter.docx").read_bytes()[:2] == b"PK"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["poem"], "complaint, police"),
        (["police", "--out", "letter.pdf"], ".md or .docx"),
        (["police", "--fact", "name"], "key=value"),
        (["police", "--fact", "x=1"], "no fact 'x'"),
    ],
)
def test_wrong_use_of_the_command_is_one_line(arguments: list[str], says: str) -> None:
    result = CliRunner().invoke(build_app("zh"), ["draft", *arguments])
    assert result.exit_code == 1
    assert "文书内容有误" in result.stderr
    assert says in result.stderr
    assert result.stderr.count("\n") == 1


def test_without_facts_a_terminal_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    from assistant.commands import draft as command

    answers = iter(["99", "1,5", "4"])  # a wrong number first, then two situations, then the lender

    def answer(label: str, default: str, show_default: bool) -> str:
        if "写编号" in label:
            return next(answers)
        return "李四" if label == "姓名" else ""

    monkeypatch.setattr("typer.prompt", answer)
    monkeypatch.setattr("typer.echo", lambda *args, **kwargs: None)
    table = command._asked(DraftKind.COMPLAINT, Say("zh"))
    assert table["name"] == "李四"
    assert table["situations"] == [situations()[0].id, situations()[4].id]
    assert table["lender_kind"] == "microloan"
    assert table["events"] == []
