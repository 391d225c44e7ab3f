"""Bytes of unknown encoding to text, and plain text to blocks. It never guesses where a guess could be wrong."""

from __future__ import annotations

import codecs
from dataclasses import dataclass

from corpus.errors import UnreadableFile
from corpus.extraction.characters import clean_characters, join_wrapped, wrap_width
from corpus.extraction.headings import looks_like_document_title
from corpus.extraction.records import Block, BlockKind, ExtractedDocument, Origin

_BYTE_ORDER_MARKS = (
    # UTF-32 first: its little-endian mark begins with that of UTF-16.
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)

# Functional characters: any Chinese sentence has some, whatever it is about. In traditional script the same words.
_COMMON = frozenset(
    "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里"
    "用道行所然家种事成方多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心她本前开但因只从想实"
    "日军者意无力它与长把机十民第公此已工使情明性知全三又关点正业外将两高间由问很最重并物手应向头文体政美"
    "相见被利什二等产或新己制身果加西斯月话合回特代内信表化老给世位次度门任常先海通教儿原东声提立及比员解"
    "水名真论处走义各入几口认条平系气题活尔更别打女变四神总何电数安少报才结反受目太量再感建务做接必场件计"
    "管期市直德资命山金指克许统区保至队形社便空决治展马科司五基眼书非则听白却界达光放强即像难且权思王象完"
    "债款催收短信录讯录址网贷违约欠还款隐私护投诉警院律证据"
    "這個們來為國說時會對發後過於種經麼當沒動開實軍無與長機業將兩間問點東聲員論處義認條氣題爾別變總電數報"
    "結產關資統區隊場計書聽卻達強難權債訊錄網貸違約還護訴證據"
)

# Share of common characters among the non-ASCII ones. Measured on 6,574 pieces of 60 characters from 55 laws, 40
# articles and 5 pages, also in traditional script: 99 of 100 right decodings give 0.33 or more (median 0.6), 99 of 100
# wrong ones 0.09 or less. With the two limits no Chinese piece was read wrongly and 4 were refused.
_PLAUSIBLE = 0.15
_AT_LEAST_TIMES_BETTER = 2.0
_JUDGED_CHARS = 100_000


@dataclass(frozen=True, slots=True)
class DecodedText:
    """Clean text and the encoding it was in, by Python's name."""

    text: str
    encoding: str


def decode(data: bytes, source_name: str, declared: str | None = None) -> DecodedText:
    """Return the text of ``data``: UTF-8, UTF-16, UTF-32, GB18030 or Big5, with or without a mark, in this order.

    ``declared`` is an encoding that the file names (an HTML meta tag); it is tried after UTF-8. Raises
    UnreadableFile, naming the file, where no encoding gives plausible Chinese or plain ASCII text.
    """
    for mark, encoding in _BYTE_ORDER_MARKS:
        if data.startswith(mark):
            return _decode_as(data, encoding, source_name)
    utf8 = _try_utf8(data)
    if utf8 is not None and b"\x00" not in data and not _may_be_gb18030(utf8):
        return DecodedText(clean_characters(utf8), "utf-8")
    if declared and (text := _try(data, _widened(declared))) is not None:
        return DecodedText(clean_characters(text), _widened(declared))
    best = _most_plausible(data)
    if best is None and utf8 is not None and data.count(0) * 100 <= len(data):  # a stray NUL byte does no harm
        return DecodedText(clean_characters(utf8), "utf-8")
    if best is None:
        best = _by_statistics(data)
    if best is None:
        raise UnreadableFile(
            f"{source_name}：认不出文字编码（不是 UTF-8、UTF-16、GB18030 或 Big5），"
            "怕读成乱码，没有读入；请用记事本另存为 UTF-8 后再试"
        )
    return best


def _decode_as(data: bytes, encoding: str, source_name: str) -> DecodedText:
    try:
        return DecodedText(clean_characters(data.decode(encoding)), encoding)
    except UnicodeDecodeError as problem:
        raise UnreadableFile(
            f"{source_name}：文件开头标明是 {encoding.upper()}，第 {problem.start} 个字节起却不是；"
            "文件可能不完整，请重新取得"
        ) from problem


def _try(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except (UnicodeDecodeError, LookupError):
        return None


def _try_utf8(data: bytes) -> str | None:
    """A character cut in half at the very end is forgiven, where others stand whole before it."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as problem:
        cut_short = problem.reason == "unexpected end of data" and len(data) - problem.start < 4
        whole = data[: problem.start].decode("utf-8")
        return whole if cut_short and not whole.isascii() else None


def _may_be_gb18030(utf8: str) -> bool:
    """联通 and 讯录 in GB18030 are valid UTF-8, of two-byte characters only; Chinese in UTF-8 takes three."""
    return not utf8.isascii() and max(utf8) < "\u0800"


def _widened(encoding: str) -> str:
    """GB18030 for what calls itself GB2312 or GBK, cp950 for Big5: pages use characters beyond the smaller set."""
    name = encoding.strip().strip("\"'").lower().replace("_", "-")
    if name in {"gb2312", "gbk", "gb-2312", "x-gbk", "cp936"}:
        return "gb18030"
    return "cp950" if name in {"big5", "big5-hkscs", "x-x-big5"} else name


def _most_plausible(data: bytes) -> DecodedText | None:
    scored = sorted(
        (
            (plausibility(text[:_JUDGED_CHARS]), encoding, text)
            for encoding in ("gb18030", "cp950", "utf-16-le", "utf-16-be")
            if (text := _try(data, encoding)) is not None
        ),
        reverse=True,
    )
    if not scored or scored[0][0] < _PLAUSIBLE:
        return None
    if len(scored) > 1 and scored[0][0] < _AT_LEAST_TIMES_BETTER * scored[1][0]:
        return None
    return DecodedText(clean_characters(scored[0][2]), scored[0][1])


def plausibility(text: str) -> float:
    """Return how far ``text`` looks like Chinese, 0 to 1: common characters among all that are not ASCII.

    Plain ASCII text counts as 1, as long as it holds no control characters; an empty text as 0.
    """
    beyond_ascii = [character for character in text if character > "\x7f"]
    if not beyond_ascii:
        return 0.0 if not text or "\x00" in text else 1.0
    if "\x00" in text:
        return 0.0
    return sum(character in _COMMON for character in beyond_ascii) / len(beyond_ascii)


# What text that is not Chinese is likely to be in. Left to choose freely, charset-normalizer finds a Baltic or
# Icelandic code page for English text with one Chinese character in GB18030.
_OTHER_ENCODINGS = ["cp1252", "cp932", "euc_kr"]
_ENOUGH_TO_JUDGE = 12


def _by_statistics(data: bytes) -> DecodedText | None:
    """Last resort for text that is not Chinese (Western European, Japanese, Korean): only a flawless guess counts."""
    from charset_normalizer import from_bytes

    if sum(byte > 0x7F for byte in data) < _ENOUGH_TO_JUDGE:
        return None
    best = from_bytes(data, cp_isolation=_OTHER_ENCODINGS).best()
    if best is None or best.percent_chaos > 0 or best.percent_coherence < 50:
        return None
    return DecodedText(clean_characters(str(best)), best.encoding)


def read_plain(text: str) -> ExtractedDocument:
    """Return the paragraphs of clean plain text; lines that a margin broke are joined again.

    The title is the first line where that names a paper (借款合同). No other line is taken for a heading here:
    numbered headings are ``corpus.structure``'s, and a short line may be a text message kept as evidence.
    """
    width = wrap_width(text.split("\n"))
    paragraphs = split_paragraphs(text)
    blocks = tuple(Block(join_wrapped(lines, width), BlockKind.PARAGRAPH) for lines in paragraphs)
    named = len(paragraphs) > 1 and len(paragraphs[0]) == 1 and looks_like_document_title(paragraphs[0][0])
    title = blocks[0].text if named else None
    return ExtractedDocument(title, None, None, None, blocks, Origin.DOCUMENT)


def split_paragraphs(text: str) -> tuple[tuple[str, ...], ...]:
    """Return the lines between empty lines, paragraph by paragraph, as they stand."""
    paragraphs: list[list[str]] = [[]]
    for line in text.split("\n"):
        if line.strip():
            paragraphs[-1].append(line)
        elif paragraphs[-1]:
            paragraphs.append([])
    return tuple(tuple(paragraph) for paragraph in paragraphs if paragraph)
