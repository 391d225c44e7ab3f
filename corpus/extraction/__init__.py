"""One module a format; ``extract_file`` picks it. Nothing is imported before a file of that format is met."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from corpus.errors import CorpusError, EmptyDocument, UnreadableFile, UnsupportedFormat
from corpus.extraction.characters import is_garbled
from corpus.extraction.records import ExtractedDocument
from corpus.sources import DOCX, HTML, MARKDOWN, PDF, READABLE, TEXT

Extract = Callable[[Path, str, str], ExtractedDocument]


def extract_file(path: Path, media_type: str, source_name: str) -> ExtractedDocument:
    """Return what the file at ``path`` holds, uncleaned. ``source_name`` is how messages call it.

    Raises UnsupportedFormat for a media type without a reader, UnreadableFile for a damaged file or text that is
    garbled, EmptyDocument where no text is left.
    """
    try:
        extracted = _read(path, media_type, source_name)
    except CorpusError:
        raise
    except OSError as problem:
        raise UnreadableFile(f"{source_name}：打不开（{problem.strerror}）；请检查权限") from problem
    except Exception as problem:  # what four parsers raise on broken or hostile input has no common base
        raise UnreadableFile(
            f"{source_name}：读取时出错（{type(problem).__name__}），文件可能已损坏；请另存一份，或另存为纯文本再试"
        ) from problem
    if not extracted.blocks:
        raise EmptyDocument(f"{source_name}：没有文字")
    if is_garbled("\n".join(block.text for block in extracted.blocks)):
        raise UnreadableFile(
            f"{source_name}：读出来是乱码（编码错了，或 PDF 的字体没有文字对照表），没有读入；"
            "请换一个来源，或另存为纯文本"
        )
    return extracted


def _read(path: Path, media_type: str, source_name: str) -> ExtractedDocument:
    if media_type == PDF:
        from corpus.extraction.pdf import read_pdf

        return read_pdf(path, source_name)
    if media_type == DOCX:
        from corpus.extraction.docx import read_docx

        return read_docx(path, source_name)
    if media_type == HTML:
        from corpus.extraction.html import read_html

        return read_html(path.read_bytes(), source_name)
    if media_type not in (TEXT, MARKDOWN):
        raise UnsupportedFormat(f"{source_name}：读不了这种文件；可读的格式：{READABLE}")
    return _read_text(path.read_bytes(), media_type, source_name)


def _read_text(data: bytes, media_type: str, source_name: str) -> ExtractedDocument:
    from corpus.extraction.markdown import read_markdown
    from corpus.extraction.plain import decode, read_plain
    from corpus.extraction.web_text import is_web_page_text, read_web_text

    text = decode(data, source_name).text
    if media_type == MARKDOWN:
        return read_markdown(text, source_name)
    return read_web_text(text) if is_web_page_text(text) else read_plain(text)
