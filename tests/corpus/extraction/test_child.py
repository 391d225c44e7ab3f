from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from corpus.errors import EmptyDocument, UnreadableFile
from corpus.extraction.child import read_in_child
from corpus.extraction.records import BlockKind


def test_a_file_read_in_a_child_is_the_file(make_file: Callable[[str, bytes], Path]) -> None:
    path = make_file("说明.md", "# 怎么报警\n\n带上证据。".encode())
    extracted = read_in_child(path, timeout_seconds=60)
    assert extracted.title == "怎么报警"
    assert [block.kind for block in extracted.blocks] == [BlockKind.HEADING, BlockKind.PARAGRAPH]


def test_the_error_of_the_child_is_the_error(scanned_pdf: Path) -> None:
    with pytest.raises(EmptyDocument, match=r"^扫描件\.pdf：是扫描件"):
        read_in_child(scanned_pdf, timeout_seconds=60)


def test_a_file_too_large_is_refused_in_the_child(make_file: Callable[[str, bytes], Path]) -> None:
    with pytest.raises(UnreadableFile, match="超过上限 1 MB"):
        read_in_child(make_file("大.txt", b"a" * 2_000_000), timeout_seconds=60, max_bytes=1024 * 1024)


def test_a_child_that_takes_too_long_is_stopped(make_file: Callable[[str, bytes], Path]) -> None:
    # A page so large and so deep that no parser reads it within a tenth of a second, let alone starts.
    path = make_file("慢.html", b"<html>" + b"<div><p>a</p>" * 200_000)
    started = time.monotonic()
    with pytest.raises(UnreadableFile, match=r"^慢\.html：0\.1 秒内没有读完，已停止"):
        read_in_child(path, timeout_seconds=0.1)
    assert time.monotonic() - started < 10
