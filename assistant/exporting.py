"""Conversations to keep or hand on: one HTML file without anything to fetch, or the blocks of a Word file.

Nothing is said here that does not stand in the answer's record.
"""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence

from assistant import wording
from assistant.drafting import Block, BlockKind
from assistant.records import Answer
from assistant.rendering import cited_passages, marks, one_line, quoted_spans, source_details, source_title
from corpus.records import UnitRole

_STYLE = """
body { font: 17px/1.8 system-ui, "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif;
       max-width: 46rem; margin: 2rem auto; padding: 0 1rem; color: #23282a; background: #fff; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; color: #17605a; }
blockquote { margin: .2rem 0 .6rem; padding: 0 1rem; border-left: 4px solid #17605a; background: #f3f1ea; }
hr { border: 0; border-top: 1px solid #dcd9d0; margin: 2rem 0; }
"""


def answer_blocks(answer: Answer, language: str = "zh") -> tuple[Block, ...]:
    """Return an answer as blocks: question, day, advice, sentences with marks, sources with quoted words, notice."""
    return tuple(_answer_blocks(answer, language))


def _answer_blocks(answer: Answer, language: str) -> Iterator[Block]:
    yield Block(BlockKind.TITLE, one_line(answer.question))
    yield Block(BlockKind.PARAGRAPH, wording.AS_OF[language].format(day=answer.as_of))
    yield from (Block(BlockKind.QUOTE, line) for line in answer.safety.splitlines() if line.strip())
    if answer.declined:
        yield from (Block(BlockKind.PARAGRAPH, line) for line in answer.text.splitlines() if line.strip())
    for role in UnitRole:
        sentences = [sentence for sentence in answer.sentences if sentence.role is role]
        if sentences:
            yield Block(BlockKind.HEADING, wording.ROLE_HEADINGS[role][language])
            yield from (Block(BlockKind.BULLET, one_line(s.text) + marks(s)) for s in sentences)
    yield from (Block(BlockKind.PARAGRAPH, note.message) for note in answer.notes)
    if cited_passages(answer):
        yield Block(BlockKind.HEADING, wording.SOURCES[language])
    for numbered in cited_passages(answer):
        details = "，".join(source_details(numbered.passage, language))
        title = f"[{numbered.number}] {one_line(source_title(numbered.passage))}"
        yield Block(BlockKind.PARAGRAPH, f"{title}（{details}）" if details else title)
        text = numbered.passage.chunk.text
        yield from (Block(BlockKind.QUOTE, one_line(span.of(text))) for span in quoted_spans(answer, numbered.number))
    yield Block(BlockKind.PARAGRAPH, wording.NOT_A_LAWYER[language])


def blocks_html(title: str, blocks: Sequence[Block], language: str = "zh") -> str:
    """Return the blocks as one HTML page that asks for nothing: no script, no link, no picture."""
    body = "\n".join(_html(block, first=place == 0) for place, block in enumerate(blocks))
    lang = "zh-CN" if language == "zh" else "en"
    return (
        f'<!doctype html>\n<html lang="{lang}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        f"<title>{html.escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    )


_TAGS = {
    BlockKind.TITLE: "h1",
    BlockKind.HEADING: "h2",
    BlockKind.PARAGRAPH: "p",
    BlockKind.QUOTE: "blockquote",
}


def _html(block: Block, first: bool) -> str:
    text = html.escape(block.text)
    rule = "<hr>\n" if block.kind is BlockKind.TITLE and not first else ""
    tag = _TAGS.get(block.kind)
    # A list item is a paragraph with its mark written out: one-item lists would each stand apart.
    return f"{rule}<{tag}>{text}</{tag}>" if tag else f"<p>• {text}</p>"
