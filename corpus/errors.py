"""What can go wrong with a file that a user gave us, and what to do about it.

CorpusError
├── UnreadableFile      it is not there, not ours to read, or broken
├── UnsupportedFormat   we have no reader for it
├── EmptyDocument       nothing was left to quote
├── BadStatute          a statute file contradicts itself
└── BadReference        a reference to a law that cannot be read
"""

from __future__ import annotations


class CorpusError(Exception):
    """Base of the corpus room. ``str(error)`` is one line: what, which file, what to do."""


class UnreadableFile(CorpusError):
    """The file or folder is missing, forbidden, damaged, or larger than the limit."""


class UnsupportedFormat(CorpusError):
    """No reader for this kind of file; the message lists the kinds that can be read."""


class EmptyDocument(CorpusError):
    """Nothing printable was left, for example a scanned PDF without a text layer."""


class BadStatute(CorpusError):
    """A statute file breaks the format: front matter, an article twice, versions that overlap in time."""


class BadReference(CorpusError):
    """A reference such as 第〇条 names no article that could exist."""
