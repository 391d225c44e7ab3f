"""Articles checked, conversations kept and handed on; see conftest for what every test here proves besides."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.doubles.scripted_assistant import SMS_QUESTION

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

Visit = Callable[..., "Page"]
Shoot = Callable[[Any, str], None]

OLD_ARTICLE = (
    "根据《治安管理处罚法》第四十二条的规定，多次发送淫秽、侮辱、恐吓或者其他信息，干扰他人正常生活的，"
    "处五日以下拘留或者五百元以下罚款。\n"
    "《民法典》第一千零三十三条规定了隐私权的保护。\n"
    "《人民催收管理法》第三条也有规定。<script>window.hacked=1</script>"
)


def tab(page: Page, name: str) -> None:
    page.get_by_role("tab", name=name).click()


def ask(page: Page, question: str) -> None:
    asked = page.locator("#thread .turn").count()
    page.fill("#question textarea", question)
    page.press("#question textarea", "Enter")
    page.wait_for_function(f"document.querySelectorAll('#thread .turn').length === {asked + 1}")


# --- audit -------------------------------------------------------------------------------------------------------


def test_a_pasted_article_is_checked_citation_by_citation(visit: Visit, shoot: Shoot, tmp_path: Path) -> None:
    page = visit()
    tab(page, "核对文章")
    page.fill("#audit-text textarea", OLD_ARTICLE)
    page.click("#audit-go")
    page.wait_for_selector("#audit-page table.verdicts")
    rows = page.locator("#audit-page tbody tr")
    assert rows.count() == 3
    assert "已被取代" in rows.nth(0).inner_text() and "第五十条" in rows.nth(0).inner_text()
    assert "一千元" in rows.nth(0).inner_text(), "the amount that replaced five hundred"
    assert rows.nth(0).get_attribute("class") == "fault"
    assert rows.nth(1).get_attribute("class") == ""
    assert "没有查到" in rows.nth(2).inner_text()
    assert page.evaluate("window.hacked") is None
    shoot(page, "audit")
    with page.expect_download() as waiting:
        page.locator("#audit-page").get_by_role("button", name="存为 Markdown").click()
    waiting.value.save_as(tmp_path / "report.md")
    assert "第五十条" in (tmp_path / "report.md").read_text(encoding="utf-8")


def test_an_article_is_checked_by_the_law_of_another_day(visit: Visit) -> None:
    page = visit()
    tab(page, "核对文章")
    page.fill("#audit-as-of input", "2025-06-01")
    page.fill("#audit-text textarea", "《治安管理处罚法》第四十二条规定了处罚。")
    page.click("#audit-go")
    page.wait_for_selector("#audit-page .summary")
    assert "按 2025-06-01 有效的法律核对" in page.locator("#audit-page .summary").inner_text()
    assert page.locator("#audit-page tr.fault").count() == 0


def test_a_source_article_from_a_file_is_checked(visit: Visit, shoot: Shoot) -> None:
    folder = Path(__file__).resolve().parents[3] / "shared" / "articles"
    files = sorted(folder.glob("*.txt"))
    if not files:
        pytest.skip("the raw source articles are not here (../shared/articles)")
    page = visit()
    tab(page, "核对文章")
    page.click("#audit-more button")
    page.set_input_files("#audit-files input[type=file]", files[0])
    page.wait_for_selector("#audit-page table.verdicts")
    assert page.locator("#audit-page tbody tr").count() >= 5
    shoot(page, "audit-file")


# --- conversations -----------------------------------------------------------------------------------------------


def test_a_conversation_is_kept_found_gone_on_with_and_forgotten(visit: Visit, shoot: Shoot) -> None:
    page = visit()
    ask(page, SMS_QUESTION)
    page.click("#save")
    page.wait_for_selector("#saved:has-text('已保存在本机')")

    later = visit()
    tab(later, "对话")
    later.fill("#shelf-words input, #shelf-words textarea", "通讯录 拘留")
    later.keyboard.press("Enter")
    later.wait_for_selector("#shelf-list label")
    assert SMS_QUESTION in later.locator("#shelf-list label").inner_text()
    later.locator("#shelf-list input").first.check()
    later.wait_for_selector("#shelf-page .turn .part")
    shoot(later, "conversations")
    later.click("#shelf-open")
    later.wait_for_selector("#thread .turn .part")
    ask(later, "如果是2025年的事呢？")
    assert f"理解为：{SMS_QUESTION}" in later.locator("#thread .turn").last.locator(".meta").inner_text()
    later.locator("#thread .turn").first.locator("button.mark").first.click()
    assert later.locator("#panel .source-title").is_visible(), "marks of a saved answer open their sources"

    tab(later, "对话")
    later.wait_for_selector("#shelf-list label")
    later.click("#shelf-erase")
    later.click("#shelf-keep")
    assert later.locator("#shelf-list label").count() == 1
    later.click("#shelf-erase")
    later.click("#shelf-really")
    later.wait_for_selector("#shelf-line:has-text('没有保存的对话')")


def test_a_conversation_is_handed_on_as_markdown_html_and_word(visit: Visit, tmp_path: Path) -> None:
    page = visit()
    ask(page, SMS_QUESTION)
    page.click("#save")
    page.wait_for_selector("#saved:has-text('已保存在本机')")
    tab(page, "对话")
    page.locator("#shelf-list input").first.check()
    files = {}
    for kind in ("md", "html", "docx"):
        page.wait_for_selector(f"#shelf-{kind}")
        with page.expect_download() as waiting:
            page.click(f"#shelf-{kind}")
        files[kind] = tmp_path / f"conversation.{kind}"
        waiting.value.save_as(files[kind])
    article = "《中华人民共和国治安管理处罚法》第五十条"
    assert article in files["md"].read_text(encoding="utf-8")
    handed_on = files["html"].read_text(encoding="utf-8")
    assert article in handed_on and "<script>window" not in handed_on and "src=" not in handed_on.replace("src=x", "")
    with zipfile.ZipFile(io.BytesIO(files["docx"].read_bytes())) as word:
        assert article in word.read("word/document.xml").decode()
    page.click("#shelf-delete")
    page.wait_for_selector("#shelf-line:has-text('没有保存的对话')")


def test_a_vote_on_an_answer_is_shown_and_kept(visit: Visit) -> None:
    page = visit()
    ask(page, SMS_QUESTION)
    page.get_by_role("button", name="没用").click()
    assert page.get_by_role("button", name="没用").get_attribute("aria-pressed") == "true"
    page.get_by_role("button", name="有用", exact=True).click()
    assert page.get_by_role("button", name="没用").get_attribute("aria-pressed") == "false"
