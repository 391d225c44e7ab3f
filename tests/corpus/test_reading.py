from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import date
from pathlib import Path, PurePosixPath

import docx
import pytest

from corpus.chunking import chunk_document
from corpus.errors import EmptyDocument, UnreadableFile
from corpus.extraction.records import ExtractedDocument
from corpus.reading import content_digest, read_builtin, read_path, read_uploaded, show_file
from corpus.records import Document, SourceKind
from corpus.sources import Duplicate, ReadFailure

PAGE = """当前位置：首页 > 债务

打电话给同事怎么办？

催收人员没有权利把借款人的欠款情况告诉通讯录里的同事和朋友。

怎么投诉

银行和消费金融公司的催收问题，可以拨打12378反映。

本文链接：https://law.example/1.html
"""
MESSAGE = "你再不还钱我们明天就去你公司\n\n已经打给你妈妈了"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "网页.txt").write_text(PAGE, encoding="utf-8")
    (tmp_path / "短信.txt").write_bytes(MESSAGE.encode("gb18030"))
    return tmp_path


def documents(results: Iterator[Document | ReadFailure]) -> list[Document]:
    return [result for result in results if isinstance(result, Document)]


def failures(results: Iterator[Document | ReadFailure]) -> list[ReadFailure]:
    return [result for result in results if isinstance(result, ReadFailure)]


def test_a_page_becomes_an_article_and_a_message_a_document(folder: Path) -> None:
    message, page = documents(read_path(folder))
    assert (page.info.kind, page.info.title) == (SourceKind.ARTICLE, "打电话给同事怎么办？")
    assert page.info.address == "https://law.example/1.html"
    assert (message.info.kind, message.info.title) == (SourceKind.DOCUMENT, "短信")
    assert message.text == MESSAGE
    assert page.info.collection == message.info.collection == "added"


def test_sections_follow_the_headings_and_chunks_hold_every_word(folder: Path) -> None:
    page = documents(read_path(folder))[1]
    assert [(section.title, section.level) for section in page.sections] == [
        ("打电话给同事怎么办？", 1),
        ("怎么投诉", 2),
    ]
    chunks = chunk_document(page)
    assert [chunk.headings for chunk in chunks] == [("打电话给同事怎么办？",), ("打电话给同事怎么办？", "怎么投诉")]
    assert all(chunk.span.of(page.text) == chunk.text for chunk in chunks)


def test_the_source_of_a_document_is_its_file(folder: Path) -> None:
    message = documents(read_path(folder))[0]
    assert message.info.source is not None
    assert message.info.source.path == PurePosixPath("短信.txt")
    assert message.info.source.size_bytes == len(MESSAGE.encode("gb18030"))


def test_an_id_follows_the_text_alone(folder: Path) -> None:
    first = documents(read_path(folder))[0]
    (folder / "短信.txt").write_bytes(MESSAGE.encode("utf-16"))
    assert documents(read_path(folder))[0].info.id == first.info.id


def test_the_same_text_is_taken_once_whatever_its_file(folder: Path) -> None:
    (folder / "抄件.md").write_text(MESSAGE.replace("\n\n", "\n"), encoding="utf-8")
    results = list(read_path(folder))
    assert [result.message for result in results if isinstance(result, Duplicate)] == [
        "短信.txt：内容与 抄件.md 相同，只收一份"
    ]
    assert len([result for result in results if isinstance(result, Document)]) == 2


def test_a_digest_minds_words_and_not_how_they_are_set() -> None:
    assert content_digest("催收，违法吗?") == content_digest("催收 违法吗？\n")
    assert content_digest("罚款五百元") != content_digest("罚款一千元")


def test_what_cannot_be_read_is_named_and_the_rest_goes_on(folder: Path) -> None:
    (folder / "坏.md").write_text("---\ntitle: [\n---\n正文", encoding="utf-8")
    (folder / "图.txt").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    (folder / "法规.jsonl").write_text("{}", encoding="utf-8")
    results = list(read_path(folder))
    assert [(failure.path.name, failure.message.split("：")[0]) for failure in failures(iter(results))] == [
        ("图.txt", "图.txt"),
        ("坏.md", "坏.md"),
        ("法规.jsonl", "法规.jsonl"),
    ]
    assert len(documents(iter(results))) == 2


def test_an_empty_folder_is_an_error_that_lists_the_formats(tmp_path: Path) -> None:
    with pytest.raises(EmptyDocument, match=r"没有可以读入的文件；可读的格式：网页 \.html"):
        list(read_path(tmp_path))


def test_a_folder_without_a_readable_file_names_each_before_the_error(tmp_path: Path) -> None:
    (tmp_path / "空.txt").write_bytes(b"")
    results = read_path(tmp_path)
    failure = next(results)
    assert isinstance(failure, ReadFailure)
    assert failure.message == "空.txt：是空文件"
    with pytest.raises(EmptyDocument):
        next(results)


def test_a_page_of_furniture_alone_says_what_was_taken_off(tmp_path: Path) -> None:
    (tmp_path / "页.txt").write_text("当前位置：首页 > 正文\n\n网站地图\n\n上一篇：没有了", encoding="utf-8")
    with pytest.raises(EmptyDocument, match="没有可以读入的文件"):
        for result in read_path(tmp_path):
            assert isinstance(result, ReadFailure)
            assert result.message == "页.txt：清理之后没有剩下正文（去掉了：上一篇与下一篇、当前位置导航、站点导航）"


def test_the_log_names_the_file_and_the_share_kept(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        list(read_path(folder))
    assert "短信.txt: kept 100 % of visible text" in caplog.text
    assert "网页.txt: kept 54 % of visible text" in caplog.text  # 58 characters of 108


def test_files_are_extracted_as_the_caller_says(folder: Path) -> None:
    asked: list[str] = []

    def extract(path: Path, media_type: str, source_name: str) -> ExtractedDocument:
        asked.append(source_name)
        raise UnreadableFile(f"{source_name}：不读")

    with pytest.raises(EmptyDocument):
        list(read_path(folder, extract=extract))
    assert asked == ["短信.txt", "网页.txt"]


def test_a_word_file_is_read_like_any_other(tmp_path: Path) -> None:
    paper = docx.Document()
    paper.add_heading("借款合同", level=1)
    paper.add_paragraph("甲方只能联系乙方本人。")
    paper.save(str(tmp_path / "a.docx"))
    (document,) = documents(read_path(tmp_path, collection="合同"))
    assert (document.info.title, document.info.kind, document.info.collection) == (
        "借款合同",
        SourceKind.DOCUMENT,
        "合同",
    )
    assert chunk_document(document)[0].text == "甲方只能联系乙方本人。"


def test_one_file_can_be_shown_with_what_was_dropped(folder: Path) -> None:
    shown = show_file(folder / "网页.txt")
    assert len(shown.kept) == 3
    assert [block.rule.value for block in shown.dropped if block.rule] == ["当前位置导航", "重复的标题", "本文链接"]
    with pytest.raises(UnreadableFile, match="是文件夹"):
        show_file(folder)
    with pytest.raises(UnreadableFile, match="找不到"):
        show_file(folder / "没有.txt")


def test_an_upload_is_read_in_a_process_of_its_own(folder: Path) -> None:
    document = read_uploaded(folder / "网页.txt", timeout_seconds=60)
    assert document == documents(read_path(folder / "网页.txt"))[0]


# --- what comes with the program -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def builtin() -> tuple[Document, ...]:
    return tuple(read_builtin())


def test_the_built_in_corpus_is_statutes_then_articles(builtin: tuple[Document, ...]) -> None:
    kinds = [document.info.kind for document in builtin]
    first_article = kinds.index(SourceKind.ARTICLE)
    assert set(kinds[:first_article]) == {SourceKind.STATUTE}
    assert set(kinds[first_article:]) == {SourceKind.ARTICLE}


def test_every_built_in_document_names_its_file_and_has_an_id_of_its_own(builtin: tuple[Document, ...]) -> None:
    assert len({document.info.id for document in builtin}) == len(builtin)
    for document in builtin:
        assert document.info.collection == "builtin"
        assert document.info.source is not None
        folder = "statutes" if document.info.kind is SourceKind.STATUTE else "articles"
        assert document.info.source.path.parts[0] == folder
        assert (document.info.law is not None) == (document.info.kind is SourceKind.STATUTE)


def test_our_articles_name_us_and_their_day(builtin: tuple[Document, ...]) -> None:
    for document in builtin:
        if document.info.kind is SourceKind.ARTICLE:
            assert document.info.publisher == "法据"
            assert document.info.published is not None
            assert document.info.published >= date(2026, 1, 1)
            assert len(document.sections) > 1


def test_reading_twice_gives_the_same(builtin: tuple[Document, ...]) -> None:
    assert tuple(read_builtin()) == builtin
