"""A letter written on the page; see conftest for what every test here proves besides."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

Visit = Callable[..., "Page"]
Shoot = Callable[[Any, str], None]


def test_a_complaint_holds_what_was_typed_and_verified_articles(visit: Visit, shoot: Shoot, tmp_path: Any) -> None:
    page = visit()
    page.get_by_role("tab", name="写文书").click()
    page.locator("#draft-situations input").first.check()
    page.fill("#draft-name input, #draft-name textarea", "<b>某某</b>")
    page.click("#draft-go")
    page.wait_for_selector("#draft-page .letter")
    letter = page.locator("#draft-page .letter").inner_text()
    assert letter.startswith("投诉书")
    assert "姓名：<b>某某</b>" in letter
    assert "【待填】" in letter, "what was not typed is not made up"
    assert "《中华人民共和国民法典》第一千零三十三条" in letter
    assert page.locator("#draft-page .checklist p").count() > 2
    shoot(page, "draft")
    with page.expect_download() as waiting:
        page.click("#draft-word")
    waiting.value.save_as(tmp_path / "letter.docx")
    with zipfile.ZipFile(io.BytesIO((tmp_path / "letter.docx").read_bytes())) as word:
        assert "第一千零三十三条" in word.read("word/document.xml").decode()


def test_each_letter_asks_for_its_own_facts(visit: Visit) -> None:
    page = visit()
    page.get_by_role("tab", name="写文书").click()
    assert page.locator("#draft-court").count() == 0 or page.locator("#draft-court").is_hidden()
    page.get_by_label("民事起诉状").check()
    page.wait_for_selector("#draft-court")
    page.fill("#draft-court input, #draft-court textarea", "某某区人民法院")
    page.click("#draft-go")
    page.wait_for_selector("#draft-page .letter:has-text('某某区人民法院')")
