"""Laws, search and the user's own documents on the page; see conftest for what every test here proves besides."""

from __future__ import annotations

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


def tab(page: Page, name: str) -> None:
    page.get_by_role("tab", name=name).click()


def choose(page: Page, field: str, wanted: str) -> None:
    """Choose the entry with ``wanted`` in its text from a list."""
    page.click(f"{field} input")
    page.locator("[role=listbox] [role=option]", has_text=wanted).click()


# --- laws --------------------------------------------------------------------------------------------------------


def test_a_law_is_chosen_and_read_by_chapter_number_and_word(visit: Visit, shoot: Shoot) -> None:
    page = visit()
    tab(page, "法条")
    page.click("#law-page [data-law='治安管理处罚法']")
    page.wait_for_selector("#law-page .law-head")
    assert page.locator("#law-page h2").inner_text() == "中华人民共和国治安管理处罚法"
    assert page.locator("#law-page .badge").all_inner_texts() == ["法律", "现行有效"]
    assert page.locator("#law-page details.chapter").count() > 3
    shoot(page, "law")

    page.fill("#law-words textarea, #law-words input", "第五十条")
    page.keyboard.press("Enter")
    page.wait_for_selector("#law-page .count:has-text('找到 1 条')")
    assert page.locator("#law-page .law-article").inner_text().startswith("第五十条　有下列行为之一的")

    page.fill("#law-words textarea, #law-words input", "拘留 信息")
    page.keyboard.press("Enter")
    page.wait_for_selector("#law-page .law-article mark")
    assert set(page.locator("#law-page .law-article mark").all_inner_texts()) == {"拘留", "信息"}

    page.fill("#law-words textarea, #law-words input", "第三百条")
    page.keyboard.press("Enter")
    page.wait_for_selector("#law-page .count:has-text('这部法律没有第三百条。')")


def test_two_versions_stand_side_by_side_with_their_differences(visit: Visit, shoot: Shoot) -> None:
    page = visit()
    tab(page, "法条")
    page.click("#law-page [data-law='治安管理处罚法']")
    page.wait_for_selector("#law-other input")
    choose(page, "#law-other", "2013")
    page.wait_for_selector("#law-page table.comparison")
    row = page.locator("table.comparison tbody tr", has_text="写恐吓信")
    assert row.locator("del").all_inner_texts()[:2] == ["四十二", "五百"]
    assert row.locator("ins").all_inner_texts()[:2] == ["五十", "一千"]
    assert "由五百元提高到一千元" in row.locator(".change").inner_text()
    shoot(page, "law-versions")


def test_words_are_looked_up_in_all_laws_in_force(visit: Visit) -> None:
    page = visit()
    tab(page, "法条")
    page.fill("#law-words textarea, #law-words input", "侵扰 安宁")
    page.keyboard.press("Enter")
    page.wait_for_selector("#law-page .count:has-text('在现行有效的法律里找到')")
    for text in page.locator("#law-page .law-article").all_inner_texts():
        assert "侵扰" in text and "安宁" in text


def test_a_cited_article_opens_among_its_neighbours(visit: Visit) -> None:
    page = visit()
    page.fill("#question textarea", SMS_QUESTION)
    page.press("#question textarea", "Enter")
    page.wait_for_selector("#thread .turn .actions")
    page.locator("#thread .part.law button.mark").nth(1).click()
    page.click("#panel [data-version]")
    page.wait_for_selector("#law-page .law-article:visible")
    assert page.locator("#law-page h2").inner_text() == "中华人民共和国治安管理处罚法"
    assert page.locator("#law-page .law-article").inner_text().startswith("第五十条")


# --- search ------------------------------------------------------------------------------------------------------


def test_search_lists_passages_with_why_each_was_found(visit: Visit, shoot: Shoot) -> None:
    page = visit()
    tab(page, "检索")
    page.fill("#search-words textarea, #search-words input", "治安管理处罚法第四十二条")
    page.keyboard.press("Enter")
    page.wait_for_selector("#search-page .hits li")
    assert "第五十条" in page.locator("#search-page .note").first.inner_text(), "where the old number leads"
    first = page.locator("#search-page .hits li").first
    assert "条文号命中" in first.locator("summary .details").inner_text()
    assert "总分" in first.locator("summary .details").inner_text()
    shoot(page, "search")


# --- the library -------------------------------------------------------------------------------------------------


def test_a_document_is_looked_at_added_found_and_removed(visit: Visit, shoot: Shoot, tmp_path: Path) -> None:
    paper = tmp_path / "我的还款协议.md"
    paper.write_text(
        "# 我的还款协议\n\n甲方灵犀贷款公司同意乙方分十二期归还本金，期间不得联系紫藤小区的邻居。\n"
        "\n<script>window.hacked=1</script>\n",
        encoding="utf-8",
    )
    broken = tmp_path / "坏文件.pdf"
    broken.write_bytes(b"%PDF-1.4\n\x00\x01 broken")
    page = visit()
    tab(page, "资料")
    page.wait_for_selector("#library-state .facts")
    page.set_input_files("#library-files input[type=file]", [paper, broken])
    page.wait_for_selector("#library-add")
    assert page.locator("#library-preview .source-title").inner_text() == "我的还款协议"
    assert "坏文件.pdf" in page.locator("#library-preview .failure").inner_text()
    page.locator("#library-preview summary").click()
    assert "紫藤小区" in page.locator("#library-preview .kept").all_inner_texts()[-2:][0]
    shoot(page, "library")
    page.click("#library-add")
    page.wait_for_selector("#library-own label:has-text('我的还款协议')")
    assert "其中自己加的 1 份" in page.locator("#library-state").inner_text()

    tab(page, "检索")
    page.fill("#search-words textarea, #search-words input", "灵犀贷款公司 紫藤小区")
    page.keyboard.press("Enter")
    page.wait_for_selector("#search-page .hits li:has-text('我的还款协议')")
    assert page.evaluate("window.hacked") is None

    tab(page, "资料")
    page.get_by_label("我的还款协议").check()
    page.click("#library-remove")
    page.wait_for_selector("#library-preview:has-text('已移除：我的还款协议')")
    assert "其中自己加的 0 份" in page.locator("#library-state").inner_text()


def test_a_file_over_the_limit_is_refused_by_the_page_and_by_the_server(
    visit: Visit, server: Any, tmp_path: Path
) -> None:
    large = tmp_path / "大.txt"
    large.write_bytes("催收".encode() * 4_000_000)  # 24 MB
    page = visit(strict_console=False)  # the page itself writes the refusal to the console
    tab(page, "资料")
    page.set_input_files("#library-files input[type=file]", [large])
    page.wait_for_selector("text=/exceed the maximum allowed size/")
    assert page.locator("#library-add").is_hidden()
    sent = page.context.request.post(
        f"{server.address}gradio_api/upload",
        multipart={"files": {"name": "大.txt", "mimeType": "text/plain", "buffer": large.read_bytes()}},
    )
    assert sent.status == 413
