"""Which files a folder holds, what each is, and which cannot be read. It looks at first bytes, never at meaning."""

from __future__ import annotations

import hashlib
import os
import stat
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from corpus.errors import UnreadableFile
from corpus.records import SourceFile

# 64 MiB of Chinese text is over 20 million characters, five times the Civil Code's 55 laws together; a larger
# file is a database dump or a log, and a PDF of that size is a scan. Extraction holds a file in memory.
MAX_FILE_BYTES = 64 * 1024 * 1024

TEXT = "text/plain"
MARKDOWN = "text/markdown"
HTML = "text/html"
PDF = "application/pdf"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
JSON_LINES = "application/x-ndjson"
GZIPPED_JSON_LINES = "application/x-ndjson+gzip"

# What a user can hand us, as the messages list it.
READABLE = "网页 .html、Markdown .md、纯文本 .txt、PDF、Word .docx"

_TEXT_SUFFIXES = {
    ".txt": TEXT,
    ".text": TEXT,
    "": TEXT,
    ".md": MARKDOWN,
    ".markdown": MARKDOWN,
    ".html": HTML,
    ".htm": HTML,
    ".xhtml": HTML,
    ".shtml": HTML,
    ".jsonl": JSON_LINES,
    ".ndjson": JSON_LINES,
}
_SNIFFED_BYTES = 64 * 1024
_HASHED_BYTES = 1024 * 1024

# First bytes of what is often renamed or dropped into a folder, and what to do about it.
_REFUSED_SIGNATURES = (
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "是旧版 Office 文件（.doc、.xls），请用 Word 或 WPS 另存为 .docx"),
    (b"\x89PNG", "是图片，本程序不做文字识别（OCR）；请先转成文字"),
    (b"\xff\xd8\xff", "是图片，本程序不做文字识别（OCR）；请先转成文字"),
    (b"GIF8", "是图片，本程序不做文字识别（OCR）；请先转成文字"),
    (b"{\\rtf", "是 RTF 文件，请用 Word 或 WPS 另存为 .docx"),
    (b"Rar!", "是压缩包，请先解压"),
    (b"7z\xbc\xaf", "是压缩包，请先解压"),
)


@dataclass(frozen=True, slots=True)
class ReadFailure:
    """A file or folder that was left out, and why. ``path`` is relative to the folder given; the rest goes on."""

    path: PurePosixPath
    message: str

    def __str__(self) -> str:
        return self.message


@dataclass(frozen=True, slots=True)
class Duplicate(ReadFailure):
    """A file whose text was already read from ``first``; leaving it out loses nothing."""

    first: PurePosixPath


def find_sources(path: Path, max_bytes: int = MAX_FILE_BYTES) -> Iterator[SourceFile | ReadFailure]:
    """Yield what lies at ``path``, a file or a folder, sorted by path: files to read, and what cannot be read.

    Hidden names (``.git``) and Office lock files (``~$…``) are skipped. Links that lead out of the folder, binary
    files, files above ``max_bytes`` and folders without permission are named, and the rest goes on. Raises
    UnreadableFile where ``path`` itself does not exist.
    """
    if not path.exists():
        raise UnreadableFile(f"找不到 {path}；请检查路径")
    base = base_folder(path)
    for found in _walk(path.resolve(), base):
        yield found if isinstance(found, ReadFailure) else _describe(found, base, max_bytes)


def base_folder(path: Path) -> Path:
    """Return the folder that the paths of ``find_sources(path)`` are relative to."""
    resolved = path.resolve()
    return resolved if resolved.is_dir() else resolved.parent


def _walk(path: Path, base: Path) -> Iterator[Path | ReadFailure]:
    if not path.is_dir():
        yield path
        return
    try:
        entries = sorted(os.scandir(path), key=lambda entry: entry.name)
    except OSError as problem:
        yield _failure(path, base, f"文件夹打不开（{problem.strerror}）；请检查权限")
        return
    for entry in entries:
        if entry.name.startswith((".", "~$")):
            continue
        place = Path(entry.path)
        if entry.is_symlink():
            yield from _follow(place, base)
        else:
            yield from _walk(place, base)


def _follow(link: Path, base: Path) -> Iterator[Path | ReadFailure]:
    """A link to a file inside is that file; one to a folder inside is reached anyway and could run in circles."""
    try:
        target = link.resolve(strict=True)
    except (OSError, RuntimeError):
        yield _failure(link, base, "是链接，指向的文件不存在；已跳过")
        return
    if not target.is_relative_to(base):
        yield _failure(link, base, "是链接，指向文件夹外面；为安全起见没有读入，需要的话请复制文件进来")
    elif target.is_file():
        yield link


def _describe(path: Path, base: Path, max_bytes: int) -> SourceFile | ReadFailure:
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):  # opening a pipe would wait for ever
            return _failure(path, base, "不是普通文件；已跳过")
        if status.st_size == 0:
            return _failure(path, base, "是空文件")
        if status.st_size > max_bytes:
            return _failure(
                path,
                base,
                f"有 {in_megabytes(status.st_size)} MB，超过上限 {in_megabytes(max_bytes)} MB；请拆成小文件再试",
            )
        with path.open("rb") as stream:
            first_bytes = stream.read(_SNIFFED_BYTES)
        media_type = media_type_of(first_bytes, path)
        if media_type is None:
            return _failure(path, base, _why_refused(first_bytes, path))
        return SourceFile(_relative(path, base), media_type, file_sha256(path), status.st_size)
    except OSError as problem:
        return _failure(path, base, f"打不开（{problem.strerror}）；请检查权限")


def media_type_of(first_bytes: bytes, path: Path) -> str | None:
    """Return the kind of file by its content first and its name second, None where there is no reader for it."""
    if first_bytes.startswith(b"%PDF-") or b"%PDF-" in first_bytes[:1024]:
        return PDF
    if first_bytes.startswith(b"PK\x03\x04"):
        return DOCX if _is_docx(path) else None
    if first_bytes.startswith(b"\x1f\x8b"):
        inner = _TEXT_SUFFIXES.get(Path(path.stem).suffix.lower())
        return GZIPPED_JSON_LINES if path.suffix.lower() == ".gz" and inner == JSON_LINES else None
    if any(first_bytes.startswith(signature) for signature, _ in _REFUSED_SIGNATURES) or is_binary(first_bytes):
        return None
    by_name = _TEXT_SUFFIXES.get(path.suffix.lower())
    opening = first_bytes[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if by_name in (TEXT, HTML) and opening.startswith((b"<!doctype html", b"<html", b"<head", b"<body")):
        return HTML
    return by_name


def is_binary(first_bytes: bytes) -> bool:
    """Whether bytes are no text in any encoding: NUL bytes outside UTF-16 and UTF-32, or many control bytes."""
    if first_bytes.startswith((b"\xff\xfe", b"\xfe\xff")):
        return False
    nul_bytes = first_bytes.count(0)
    control_bytes = sum(byte < 0x20 and byte not in b"\t\n\r\x0b\x0c\x1b\x00" for byte in first_bytes)
    if nul_bytes * 100 <= len(first_bytes):
        return control_bytes * 20 > len(first_bytes)
    return not _may_be_utf16(first_bytes)


def _may_be_utf16(data: bytes) -> bool:
    """Both kinds of text have no control characters; most binary data read as UTF-16 has, or fails."""
    for encoding in ("utf-16-le", "utf-16-be"):
        text = data[: len(data) // 2 * 2].decode(encoding, errors="replace")
        odd = sum(
            character < " "
            and character not in "\t\n\r\x0c"
            or "\ud800" <= character <= "\uf8ff"
            or character >= "\ufff0"
            for character in text
        )
        if odd * 50 <= len(text):
            return True
    return False


def _is_docx(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return "word/document.xml" in archive.NameToInfo
    except (zipfile.BadZipFile, OSError, NotImplementedError):
        # A damaged package under its own name is the reader's to explain.
        return path.suffix.lower() == ".docx"


def _why_refused(first_bytes: bytes, path: Path) -> str:
    for signature, advice in _REFUSED_SIGNATURES:
        if first_bytes.startswith(signature):
            return advice
    if first_bytes.startswith(b"PK\x03\x04"):
        return f"是压缩包或其他 Office 文件，读不了；请解压，或另存为可读的格式：{READABLE}"
    if first_bytes.startswith(b"\x1f\x8b"):
        return "是 gzip 压缩文件；只有 .jsonl.gz 可以直接导入，请先解压"
    if is_binary(first_bytes):
        return f"不是文字文件（内容是二进制数据）；可读的格式：{READABLE}"
    return f"不认识 {path.suffix} 这种文件；可读的格式：{READABLE}"


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, read a piece at a time."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while piece := stream.read(_HASHED_BYTES):
            digest.update(piece)
    return digest.hexdigest()


def in_megabytes(size_bytes: int) -> int:
    return -(-size_bytes // (1024 * 1024))


def _relative(path: Path, base: Path) -> PurePosixPath:
    return PurePosixPath(path.relative_to(base).as_posix())


def _failure(path: Path, base: Path, reason: str) -> ReadFailure:
    relative = _relative(path, base) if path != base else PurePosixPath(base.name)
    return ReadFailure(relative, f"{relative}：{reason}")
