"""What a reader of one format hands to cleaning: blocks in reading order and what the file says of itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import Enum


class BlockKind(Enum):
    """What a block is in its file. A kind is a fact of the format, not yet a decision to keep or drop."""

    HEADING = "heading"
    PARAGRAPH = "paragraph"
    LIST_ITEM = "list_item"
    TABLE_ROW = "table_row"
    PAGE_MARK = "page_mark"  # running head, running foot or page number of a paged file
    BOILERPLATE = "boilerplate"  # visible on the web page, outside its main text


class Origin(Enum):
    """Where a text was written to stand. Page furniture is looked for only on pages.

    A contract may have a line 版权声明 or 来源：… that belongs to it; a web page's does not.
    """

    WEB_PAGE = "web_page"
    DOCUMENT = "document"


@dataclass(frozen=True, slots=True)
class Block:
    """A heading, a paragraph, a list item or a table row. ``level`` is 1 to 6 for a heading, else 0."""

    text: str
    kind: BlockKind
    level: int = 0


@dataclass(frozen=True, slots=True)
class ExtractedDocument:
    """All visible text of a file, uncleaned. ``blocks`` are never empty texts; their order is the reader's.

    Title, publisher, day and address are what the format states (front matter, HTML metadata, document
    properties), None where it states nothing; cleaning may still find them in the text.
    """

    title: str | None
    publisher: str | None
    published: date | None
    address: str | None
    blocks: tuple[Block, ...]
    origin: Origin

    @property
    def visible_chars(self) -> int:
        """Characters that are not white space, over all blocks."""
        return sum(count_visible(block.text) for block in self.blocks)


def count_visible(text: str) -> int:
    """Return how many characters of ``text`` are not white space."""
    return sum(not character.isspace() for character in text)
