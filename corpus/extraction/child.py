"""A file read in a process of its own: a parser that hangs, crashes or eats memory takes nothing else with it."""

from __future__ import annotations

import multiprocessing
import sys
from multiprocessing.connection import Connection
from pathlib import Path

from corpus.errors import CorpusError, UnreadableFile
from corpus.extraction import extract_file
from corpus.extraction.records import ExtractedDocument
from corpus.sources import MAX_FILE_BYTES, ReadFailure, find_sources

# Address space of the child where the system can limit it. The libraries map about 0.5 GB; the largest honest
# document met needs 0.4 GB more.
MAX_MEMORY_BYTES = 2 * 1024 * 1024 * 1024


def read_in_child(path: Path, timeout_seconds: float, max_bytes: int = MAX_FILE_BYTES) -> ExtractedDocument:
    """Return what the file at ``path`` holds, parsed by a child process that is killed after ``timeout_seconds``.

    Raises the errors of ``extract_file``, and UnreadableFile where the time is up or the child dies.
    """
    context = multiprocessing.get_context("spawn")
    receiving, sending = context.Pipe(duplex=False)
    process = context.Process(target=_read_and_send, args=(path, max_bytes, sending), daemon=True)
    process.start()
    sending.close()  # so that a child that dies ends the wait
    try:
        if not receiving.poll(timeout_seconds):
            raise UnreadableFile(f"{path.name}：{timeout_seconds:g} 秒内没有读完，已停止；请拆成小文件，或另存为纯文本")
        result = receiving.recv()
    except EOFError:
        raise UnreadableFile(f"{path.name}：读取时出错中断（文件可能已损坏，或太大）；请另存一份再试") from None
    finally:
        receiving.close()
        process.kill()
        process.join()
    if isinstance(result, CorpusError):
        raise result
    assert isinstance(result, ExtractedDocument)
    return result


def _read_and_send(path: Path, max_bytes: int, sending: Connection) -> None:
    """Runs in the child. Errors that a user can act on are results; any other ends the child, and the wait."""
    _limit_memory()
    try:
        source = next(iter(find_sources(path, max_bytes)))
        if isinstance(source, ReadFailure):
            raise UnreadableFile(source.message)
        result: ExtractedDocument | CorpusError = extract_file(path, source.media_type, path.name)
    except CorpusError as problem:
        result = type(problem)(str(problem))
    sending.send(result)
    sending.close()


def _limit_memory() -> None:
    if sys.platform in ("linux", "linux2"):  # elsewhere RLIMIT_AS is missing or without effect
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY_BYTES, MAX_MEMORY_BYTES))
