from __future__ import annotations

import gzip
import hashlib
import os
from pathlib import Path, PurePosixPath

import pytest

from corpus.errors import UnreadableFile
from corpus.records import SourceFile
from corpus.sources import (
    DOCX,
    GZIPPED_JSON_LINES,
    HTML,
    JSON_LINES,
    MARKDOWN,
    MAX_FILE_BYTES,
    PDF,
    TEXT,
    ReadFailure,
    find_sources,
    is_binary,
    media_type_of,
)

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4


def write(folder: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


def found(path: Path, **settings: int) -> tuple[list[SourceFile], list[str]]:
    results = list(find_sources(path, **settings))
    return (
        [result for result in results if isinstance(result, SourceFile)],
        [result.message for result in results if isinstance(result, ReadFailure)],
    )


def test_files_come_sorted_with_their_hash_and_size(tmp_path: Path) -> None:
    folder = write(tmp_path, {"乙/二.md": b"# 2", "乙/一.md": b"# 1", "a.txt": "证据".encode()})
    sources, failures = found(folder)
    assert [source.path.as_posix() for source in sources] == ["a.txt", "乙/一.md", "乙/二.md"]
    assert sources[0] == SourceFile(PurePosixPath("a.txt"), TEXT, hashlib.sha256("证据".encode()).hexdigest(), 6)
    assert failures == []


def test_one_file_is_found_under_its_name(tmp_path: Path) -> None:
    path = write(tmp_path, {"a.md": b"# 1"}) / "a.md"
    assert [source.path for source in found(path)[0]] == [PurePosixPath("a.md")]


def test_a_path_that_is_not_there_is_named() -> None:
    with pytest.raises(UnreadableFile, match=r"^找不到 没有这个文件夹"):
        list(find_sources(Path("没有这个文件夹")))


@pytest.mark.parametrize(
    ("name", "data", "media_type"),
    [
        ("a.txt", "证据".encode(), TEXT),
        ("说明", "证据".encode(), TEXT),
        ("a.MD", b"# 1", MARKDOWN),
        ("a.htm", b"<p>", HTML),
        ("saved.txt", b"\xef\xbb\xbf<!DOCTYPE html><html>", HTML),
        ("really.txt", b"%PDF-1.7 ...", PDF),
        ("a.txt", "证据，".encode("utf-16"), TEXT),
        ("a.txt", "催收电话记录，一天三十个。".encode("utf-16-le"), TEXT),
        ("a.jsonl", b"{}", JSON_LINES),
        ("a.jsonl.gz", gzip.compress(b"{}"), GZIPPED_JSON_LINES),
        ("broken.docx", b"PK\x03\x04", DOCX),
    ],
)
def test_the_kind_of_a_file_follows_its_content_then_its_name(
    name: str, data: bytes, media_type: str, tmp_path: Path
) -> None:
    path = write(tmp_path, {name: data}) / name
    assert media_type_of(data, path) == media_type


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("图片.txt", PNG, "图片.txt：是图片，本程序不做文字识别（OCR）；请先转成文字"),
        ("数据.txt", bytes(range(256)) * 8, "数据.txt：不是文字文件（内容是二进制数据）"),
        ("旧.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600, "旧.doc：是旧版 Office 文件"),
        ("包.zip", b"PK\x03\x04" + b"\x00" * 30, "包.zip：是压缩包或其他 Office 文件"),
        ("程序.py", b"print()", "程序.py：不认识 .py 这种文件"),
        ("空.txt", b"", "空.txt：是空文件"),
        ("a.tar.gz", gzip.compress(b"x"), "a.tar.gz：是 gzip 压缩文件"),
    ],
)
def test_what_cannot_be_read_is_named_with_the_reason(name: str, data: bytes, reason: str, tmp_path: Path) -> None:
    sources, failures = found(write(tmp_path, {name: data, "好.md": b"# 1"}))
    assert [source.path.name for source in sources] == ["好.md"]
    assert len(failures) == 1
    assert failures[0].startswith(reason)


def test_a_file_above_the_limit_is_named_and_never_opened(tmp_path: Path) -> None:
    huge = tmp_path / "巨大.txt"
    with huge.open("wb") as stream:
        stream.truncate(500 * 1024 * 1024)  # takes no room on the disk
    sources, failures = found(write(tmp_path, {"好.md": b"# 1"}))
    assert [source.path.name for source in sources] == ["好.md"]
    assert failures == ["巨大.txt：有 500 MB，超过上限 64 MB；请拆成小文件再试"]
    assert MAX_FILE_BYTES == 64 * 1024 * 1024


def test_hidden_files_and_office_locks_are_passed_over(tmp_path: Path) -> None:
    folder = write(tmp_path, {".git/config.md": b"# 1", ".hidden.md": b"# 1", "~$合同.docx": b"x", "a.md": b"# 1"})
    assert [source.path.name for source in found(folder)[0]] == ["a.md"]


def test_a_link_out_of_the_folder_is_refused_by_name(tmp_path: Path) -> None:
    write(tmp_path, {"外面/秘密.md": b"# 1", "里面/a.md": b"# 1"})
    (tmp_path / "里面" / "秘密.md").symlink_to(tmp_path / "外面" / "秘密.md")
    (tmp_path / "里面" / "文件夹").symlink_to(tmp_path / "外面")
    sources, failures = found(tmp_path / "里面")
    assert [source.path.name for source in sources] == ["a.md"]
    assert [failure.split("：")[0] for failure in failures] == ["文件夹", "秘密.md"]
    assert all("指向文件夹外面" in failure for failure in failures)


def test_links_inside_the_folder_do_not_run_in_circles(tmp_path: Path) -> None:
    write(tmp_path, {"甲/a.md": b"# 1"})
    (tmp_path / "甲" / "回头").symlink_to(tmp_path)
    (tmp_path / "甲" / "坏").symlink_to(tmp_path / "没有")
    sources, failures = found(tmp_path)
    assert [source.path.as_posix() for source in sources] == ["甲/a.md"]
    assert failures == ["甲/坏：是链接，指向的文件不存在；已跳过"]


def test_a_folder_that_is_itself_a_link_is_followed(tmp_path: Path) -> None:
    write(tmp_path, {"真/a.md": b"# 1"})
    (tmp_path / "链").symlink_to(tmp_path / "真")
    assert [source.path.as_posix() for source in found(tmp_path / "链")[0]] == ["a.md"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes in folders")
def test_a_pipe_is_named_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "管道.txt")
    assert found(tmp_path)[1] == ["管道.txt：不是普通文件；已跳过"]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read every folder")
def test_a_folder_without_permission_is_named_and_the_rest_read(tmp_path: Path) -> None:
    write(tmp_path, {"锁/b.md": b"# 1", "a.md": b"# 1"})
    (tmp_path / "锁").chmod(0)
    try:
        sources, failures = found(tmp_path)
    finally:
        (tmp_path / "锁").chmod(0o700)
    assert [source.path.name for source in sources] == ["a.md"]
    assert failures[0].startswith("锁：文件夹打不开")


def test_an_unreadable_folder_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, {"锁/b.md": b"# 1", "a.md": b"# 1"})
    scan = os.scandir

    def deny(path: Path) -> object:
        if Path(path).name == "锁":
            raise PermissionError(13, "Permission denied")
        return scan(path)

    monkeypatch.setattr(os, "scandir", deny)
    sources, failures = found(tmp_path)
    assert [source.path.name for source in sources] == ["a.md"]
    assert failures == ["锁：文件夹打不开（Permission denied）；请检查权限"]


def test_chinese_in_any_encoding_is_no_binary_data() -> None:
    text = "催收人员给我的同事打电话，说我欠债不还。\n" * 40
    for encoding in ("utf-8", "gb18030", "big5hkscs", "utf-16", "utf-16-le", "utf-16-be", "utf-32"):
        data = text.encode(encoding, errors="replace")
        assert not is_binary(data), encoding


def test_an_empty_folder_holds_nothing(tmp_path: Path) -> None:
    assert list(find_sources(tmp_path)) == []
