from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import corpus.extraction.markdown
from corpus.errors import EmptyDocument, UnreadableFile, UnsupportedFormat
from corpus.extraction import extract_file
from corpus.sources import JSON_LINES, MARKDOWN, TEXT


def test_text_that_is_garbled_is_refused_rather_than_quoted(make_file: Callable[[str, bytes], Path]) -> None:
    path = make_file("乱.txt", ("锟斤拷锟斤拷烫烫烫" * 10).encode())
    with pytest.raises(UnreadableFile, match=r"^乱\.txt：读出来是乱码"):
        extract_file(path, TEXT, "乱.txt")


def test_a_file_of_spaces_is_empty(make_file: Callable[[str, bytes], Path]) -> None:
    with pytest.raises(EmptyDocument, match=r"^空\.txt：没有文字"):
        extract_file(make_file("空.txt", b" \n \n"), TEXT, "空.txt")


def test_a_format_without_a_reader_lists_those_that_have_one(make_file: Callable[[str, bytes], Path]) -> None:
    with pytest.raises(UnsupportedFormat, match=r"可读的格式：网页 \.html"):
        extract_file(make_file("a.jsonl", b"{}"), JSON_LINES, "a.jsonl")


def test_whatever_a_parser_raises_becomes_an_error_that_names_the_file(
    make_file: Callable[[str, bytes], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(text: str, source_name: str) -> None:
        raise RecursionError("too deep")

    monkeypatch.setattr(corpus.extraction.markdown, "read_markdown", fail)
    with pytest.raises(UnreadableFile, match=r"^a\.md：读取时出错（RecursionError）"):
        extract_file(make_file("a.md", b"# a"), MARKDOWN, "a.md")
