"""Letters to send: complaint, report to the police, civil complaint, deletion request, letter demanding that it stop.

A letter holds three things and nothing else: fixed words of its template, what the user typed, and articles quoted
verbatim from the version in force. What the user did not say is 【待填】; no name, date or amount is ever made up.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from assistant.errors import BadFacts
from corpus.citations import find_statute_refs
from corpus.frontmatter import split_front_matter
from corpus.lawbook import HeldArticle, LawBook
from corpus.numerals import format_numeral
from corpus.records import LawVersion, Span, StatuteRef, Validity
from corpus.structure import article_parts
from corpus.validity import ReferenceState, check_reference, find_part, validity_on

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

BLANK = "【待填】"


# --- what a letter is made of ----------------------------------------------------------------------------------


class DraftKind(Enum):
    """The letters; the value names the template and the argument of ``faju draft``."""

    COMPLAINT = "complaint"
    POLICE = "police"
    COURT = "court"
    DELETE_REQUEST = "delete-request"
    CEASE_LETTER = "cease-letter"


@dataclass(frozen=True, slots=True)
class FactField:
    """One thing a form asks for. ``several`` ones are lists of lines; ``required`` ones are 【待填】 when missing."""

    id: str
    label: str
    english: str
    several: bool
    required: bool


@dataclass(frozen=True, slots=True)
class Event:
    """One call, message or visit, as the user tells it; "" where nothing was said."""

    time: str = ""
    caller: str = ""
    receiver: str = ""
    means: str = ""
    words: str = ""
    proof: str = ""


EVENT_LABELS = {
    "time": "时间",
    "caller": "使用的号码或者来人",
    "receiver": "被联系的人",
    "means": "方式",
    "words": "原话或者内容",
    "proof": "证据",
}


@dataclass(frozen=True, slots=True)
class Facts:
    """What the user typed: values by field, lists by field, situations and the lender's kind by id, events in order."""

    values: Mapping[str, str] = field(default_factory=dict)
    lists: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    situations: tuple[str, ...] = ()
    lender_kind: str = ""
    events: tuple[Event, ...] = ()


class BlockKind(Enum):
    """How a block is set."""

    TITLE = "title"
    HEADING = "heading"
    PARAGRAPH = "paragraph"
    BULLET = "bullet"
    NUMBERED = "numbered"
    QUOTE = "quote"


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of a letter: plain text, on one line unless it is a quote."""

    kind: BlockKind
    text: str


@dataclass(frozen=True, slots=True)
class QuotedLaw:
    """An article, or 款 and 项 of it, in a letter. Each of ``pieces`` stands in the article verbatim, in order.

    ``parts`` names what of the article is quoted, such as 第一款第五项, "" for all of it.
    """

    article: HeldArticle
    parts: str
    pieces: tuple[str, ...]

    @property
    def label(self) -> str:
        """《最高人民法院关于适用〈中华人民共和国民事诉讼法〉的解释》第二十四条"""
        title = self.article.version.title.replace("《", "〈").replace("》", "〉")
        return f"《{title}》{self.article.number}{self.parts}"

    @property
    def short_label(self) -> str:
        """《民事诉讼法解释》第二十四条"""
        return f"《{self.article.version.short_title}》{self.article.number}{self.parts}"


@dataclass(frozen=True, slots=True)
class Draft:
    """A letter and, for the writer alone, the checklist of evidence and remarks on what was left out or looks wrong."""

    kind: DraftKind
    title: str
    blocks: tuple[Block, ...]
    checklist: tuple[Block, ...]
    laws: tuple[QuotedLaw, ...]
    remarks: tuple[str, ...]


# --- templates and tables --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Template:
    """``laws`` are the groups of a situation's articles that it quotes, ``always`` articles of every such letter."""

    kind: DraftKind
    title: str
    english: str
    laws: tuple[str, ...]
    always: tuple[str, ...]
    lines: tuple[str, ...]

    @property
    def fields(self) -> tuple[FactField, ...]:
        """What it asks for, in the order of asking."""
        wanted = dict(_placeholders(self.lines))
        return tuple(
            FactField(name, row["label"], row["english"], row.get("several", False), wanted[name])
            for name, row in _field_table().items()
            if name in wanted
        )


@dataclass(frozen=True, slots=True)
class EvidenceItem:
    """Something to have ready, and the articles (pinned to a version) that say why."""

    item: str
    basis: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Situation:
    """What a letter can be about. ``laws`` by group, ``requests`` by kind of letter."""

    id: str
    name: str
    english: str
    laws: Mapping[str, tuple[str, ...]]
    requests: Mapping[DraftKind, tuple[str, ...]]
    evidence: tuple[EvidenceItem, ...]


@dataclass(frozen=True, slots=True)
class LenderKind:
    """A kind of lender and the rules that bind it in particular."""

    id: str
    name: str
    english: str
    laws: tuple[str, ...]


LAW_GROUPS = ("civil", "police", "crime")
LENDER_GROUP = "lender"
_LIST_PLACES = frozenset({"situations", "events", "laws", "evidence", "situation_requests", "requests"})
_PLACE = re.compile(r"\{(?P<name>[a-z_]+)(?P<optional>\??)\}")


@cache
def load_template(kind: DraftKind) -> Template:
    """Return the template of a letter. ValueError for one that names a fact nobody asks for."""
    name = f"{kind.value}.md"
    head, body = split_front_matter((files("assistant") / "templates" / name).read_text(encoding="utf-8"), name)
    lines = tuple(line.strip() for line in body.splitlines())
    unknown = {place for place, _ in _placeholders(lines)} - set(_field_table()) - _LIST_PLACES
    if unknown:
        raise ValueError(f"{name} names {sorted(unknown)}, which fields.toml does not have")
    return Template(kind, head["title"], head["english"], tuple(head["laws"]), tuple(head["always"]), lines)


def _placeholders(lines: Iterable[str]) -> Iterator[tuple[str, bool]]:
    for line in lines:
        for match in _PLACE.finditer(line):
            yield match["name"], not match["optional"]


@cache
def _field_table() -> Mapping[str, Mapping[str, Any]]:
    return tomllib.loads((files("assistant") / "templates" / "fields.toml").read_text(encoding="utf-8"))


@cache
def _evidence_table() -> Mapping[str, Any]:
    return tomllib.loads((files("assistant") / "evidence.toml").read_text(encoding="utf-8"))


@cache
def situations() -> tuple[Situation, ...]:
    """Return the situations that a letter can be about, in the order of asking."""
    return tuple(
        Situation(
            id=row["id"],
            name=row["name"],
            english=row["english"],
            laws={group: tuple(row.get(group, ())) for group in LAW_GROUPS},
            requests={DraftKind(kind): tuple(lines) for kind, lines in row.get("requests", {}).items()},
            evidence=_evidence(row["evidence"]),
        )
        for row in _evidence_table()["situation"]
    )


def general_evidence() -> tuple[EvidenceItem, ...]:
    """Return what is to be ready whatever the situation."""
    return _evidence(_evidence_table()["general"])


def _evidence(rows: Iterable[Mapping[str, Any]]) -> tuple[EvidenceItem, ...]:
    return tuple(EvidenceItem(row["item"], tuple(row["basis"])) for row in rows)


@cache
def lender_kinds() -> tuple[LenderKind, ...]:
    """Return the kinds of lender that rules of their own bind, and ``other``."""
    rows = _evidence_table()["lender"]
    return tuple(LenderKind(row["id"], row["name"], row["english"], tuple(row["laws"])) for row in rows)


# --- facts -----------------------------------------------------------------------------------------------------


def read_table(path: Path) -> Mapping[str, object]:
    """Return the table in a file of facts, see ``blank_facts``, unchecked. Raises BadFacts, naming the file."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise BadFacts(f"{path} cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadFacts(f"{path} is not TOML in UTF-8: {error}") from error


def facts_from(table: Mapping[str, object], origin: str) -> Facts:
    """Return the facts in a table of plain values; blank ones count as not given. Raises BadFacts, naming the key."""
    values: dict[str, str] = {}
    lists: dict[str, tuple[str, ...]] = {}
    for key, value in table.items():
        if key in _OTHER_KEYS:
            continue
        row = _field_table().get(key)
        if row is None:
            raise BadFacts(
                f"{origin}: there is no fact {key!r}; facts are {', '.join([*_field_table(), *_OTHER_KEYS])}"
            )
        if row.get("several"):
            lists[key] = _lines(value, key, origin)
        else:
            values[key] = _text(value, key, origin)
    return Facts(
        values={key: value for key, value in values.items() if value},
        lists={key: lines for key, lines in lists.items() if lines},
        situations=_choices(table.get("situations", []), "situations", [item.id for item in situations()], origin),
        lender_kind=_choice(table.get("lender_kind", ""), "lender_kind", [item.id for item in lender_kinds()], origin),
        events=tuple(_event(item, place, origin) for place, item in enumerate(_list(table, "events", origin), 1)),
    )


_OTHER_KEYS = ("situations", "lender_kind", "events")


def _list(table: Mapping[str, object], key: str, origin: str) -> list[object]:
    value = table.get(key, [])
    if not isinstance(value, list):
        raise BadFacts(f"{origin}: {key} is a list, not {value!r}")
    return value


def _text(value: object, key: str, origin: str) -> str:
    """A value as text, without control characters. Numbers and dates of TOML are as good as quoted ones."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float, date)):
        raise BadFacts(f"{origin}: {key} is text, not {value!r}")
    kept = (character for character in str(value) if character == "\n" or unicodedata.category(character)[0] != "C")
    return "\n".join(line for line in (" ".join(line.split()) for line in "".join(kept).split("\n")) if line)


def _lines(value: object, key: str, origin: str) -> tuple[str, ...]:
    items = value if isinstance(value, list) else [value]
    return tuple(line for item in items for line in _text(item, key, origin).split("\n") if line)


def _choices(value: object, key: str, known: Sequence[str], origin: str) -> tuple[str, ...]:
    items = value if isinstance(value, (list, tuple)) else [value]
    return tuple(dict.fromkeys(choice for item in items if (choice := _choice(item, key, known, origin))))


def _choice(value: object, key: str, known: Sequence[str], origin: str) -> str:
    if value == "" or value in known:
        return str(value)
    raise BadFacts(f"{origin}: {key} is one of {', '.join(known)}, not {value!r}")


def _event(value: object, place: int, origin: str) -> Event:
    where = f"{origin}, event {place}"
    if not isinstance(value, Mapping):
        raise BadFacts(f"{where} is no table of {', '.join(EVENT_LABELS)}")
    unknown = sorted(set(value) - set(EVENT_LABELS))
    if unknown:
        raise BadFacts(f"{where}: there is no {unknown[0]!r}; an event has {', '.join(EVENT_LABELS)}")
    return Event(**{key: _one_line(_text(item, key, where)) for key, item in value.items()})


def _one_line(text: str) -> str:
    return text.replace("\n", " ")


def blank_facts(kind: DraftKind) -> str:
    """Return a facts file to fill in: every fact that the letter uses, empty, with what it means."""
    lines = ["# 只写真实的、有证据的内容；不知道的留空，文书里会写成【待填】。", ""]
    lines += ["# 情形（可多选）："] + [f"#   {item.id}  {item.name}" for item in situations()] + ["situations = []", ""]
    lines += (
        ["# 借款机构的类别："] + [f"#   {item.id}  {item.name}" for item in lender_kinds()] + ['lender_kind = ""', ""]
    )
    for wanted in load_template(kind).fields:
        lines += [f"# {wanted.label}", f"{wanted.id} = []" if wanted.several else f'{wanted.id} = ""']
    lines += ["", "# 每一次电话、短信、上门写一段，可以复制多段。", "[[events]]"]
    lines += [f'{key} = ""  # {label}' for key, label in EVENT_LABELS.items()]
    return "\n".join(lines) + "\n"


# --- drafting --------------------------------------------------------------------------------------------------


def draft(kind: DraftKind, facts: Facts, lawbook: LawBook, day: date) -> Draft:
    """Return the letter for these facts, with the articles that are in force on ``day``."""
    return _Drafting(load_template(kind), facts, lawbook, day).draft()


class _Drafting:
    """One letter being put together."""

    def __init__(self, template: Template, facts: Facts, lawbook: LawBook, day: date) -> None:
        self._template, self._facts, self._lawbook, self._day = template, facts, lawbook, day
        self._situations = [item for item in situations() if item.id in facts.situations]
        self._remarks: list[str] = []
        self._laws = self._quoted(self._pinned())

    def draft(self) -> Draft:
        template = self._template
        blocks = [block for line in template.lines if line for block in self._of_line(line)]
        self._remark_on_references()
        return Draft(
            kind=template.kind,
            title=template.title,
            blocks=tuple(_without_empty_sections(blocks)),
            checklist=tuple(self._checklist()),
            laws=self._laws,
            remarks=tuple(dict.fromkeys(self._remarks)),
        )

    # --- the letter

    def _of_line(self, line: str) -> Iterator[Block]:
        place = _PLACE.fullmatch(line)
        if place and place["name"] in _LIST_PLACES:
            yield from self._of_list(place["name"])
            return
        kind, text = _kind_of(line)
        filled = self._filled(text)
        if filled is None:
            return
        if kind is BlockKind.PARAGRAPH:
            yield from (Block(kind, part) for part in filled.split("\n"))
        else:
            yield Block(kind, _one_line(filled))

    def _filled(self, text: str) -> str | None:
        """The line with its facts; None where a fact that need not be given is not."""
        values = self._facts.values
        if any(match["optional"] and match["name"] not in values for match in _PLACE.finditer(text)):
            return None
        return _PLACE.sub(lambda match: values.get(match["name"], BLANK), text)

    def _of_list(self, name: str) -> Iterator[Block]:
        if name == "situations":
            names = [item.name for item in self._situations] or [BLANK]
            yield from (Block(BlockKind.BULLET, text) for text in names)
        elif name == "events":
            yield from (Block(BlockKind.NUMBERED, _event_text(event)) for event in self._facts.events or (Event(),))
        elif name == "laws":
            if not self._laws:
                yield Block(BlockKind.PARAGRAPH, BLANK)
            for law in self._laws:
                yield Block(BlockKind.PARAGRAPH, f"{law.label}：")
                yield Block(BlockKind.QUOTE, "\n".join(law.pieces))
        elif name == "situation_requests":
            requests = (line for item in self._situations for line in item.requests.get(self._template.kind, ()))
            yield from (Block(BlockKind.NUMBERED, line) for line in dict.fromkeys(requests))
        elif name == "requests":
            yield from (Block(BlockKind.NUMBERED, line) for line in self._facts.lists.get(name, ()))
        else:
            yield from (Block(BlockKind.NUMBERED, line) for line in self._facts.lists.get(name, (BLANK,)))

    # --- law

    def _pinned(self) -> list[str]:
        """The articles of the letter: those of its situations group by group, the lender's, those of every letter."""
        pinned: list[str] = []
        for group in self._template.laws:
            if group == LENDER_GROUP:
                pinned += [law for kind in lender_kinds() if kind.id == self._facts.lender_kind for law in kind.laws]
            else:
                pinned += [law for item in self._situations for law in item.laws[group]]
        return [*pinned, *self._template.always]

    def _quoted(self, pinned: Iterable[str]) -> tuple[QuotedLaw, ...]:
        """The articles that are in force, each once, with all of its parts that are wanted; the rest is remarked on."""
        wanted: dict[tuple[str, str], list[StatuteRef]] = {}
        articles: dict[tuple[str, str], HeldArticle] = {}
        for text in pinned:
            found = read_pinned(text, self._lawbook)
            if validity_on(found.article.version, self._day) is not Validity.IN_FORCE:
                label = quote_article(found.article, found.references).short_label
                since = _since(found.article.version)
                self._remarks.append(f"{label}（{since}的文本）在{self._day}不是现行有效，没有写入，请另查。")
                continue
            key = (found.article.version.id, str(found.article.number))
            articles[key] = found.article
            wanted.setdefault(key, []).extend(found.references)
        return tuple(quote_article(articles[key], references) for key, references in wanted.items())

    def _remark_on_references(self) -> None:
        """The user's words may name articles too; whether those stand is said beside the letter, not changed in it."""
        facts = self._facts
        typed = [*facts.values.values(), *(line for lines in facts.lists.values() for line in lines)]
        typed += [getattr(event, key) for event in facts.events for key in EVENT_LABELS]
        for text in typed:
            for reference in find_statute_refs(text, self._lawbook):
                verdict = check_reference(self._lawbook, reference, self._day)
                if verdict.state is not ReferenceState.IN_FORCE or verdict.is_ambiguous:
                    self._remarks.append(f"你写的“{reference.text}”：{verdict.message}")

    # --- the checklist

    def _checklist(self) -> Iterator[Block]:
        yield Block(BlockKind.HEADING, "证据准备清单（供自己核对，不随文书提交）")
        items = [item for situation in self._situations for item in situation.evidence]
        for item in dict.fromkeys([*items, *general_evidence()]):
            labels = "、".join(law.short_label for law in self._quoted(item.basis))
            yield Block(BlockKind.BULLET, f"☐ {item.item}" + (f"（依据：{labels}）" if labels else ""))
        yield Block(BlockKind.PARAGRAPH, f"文书和清单引用的条文都按{self._day}有效的文本逐字核对。")
        yield from (Block(BlockKind.PARAGRAPH, f"注意：{remark}") for remark in dict.fromkeys(self._remarks))


def _kind_of(line: str) -> tuple[BlockKind, str]:
    for mark, kind in (("## ", BlockKind.HEADING), ("# ", BlockKind.TITLE), ("- ", BlockKind.BULLET)):
        if line.startswith(mark):
            return kind, line.removeprefix(mark)
    numbered = re.match(r"\d+\. ", line)
    return (BlockKind.NUMBERED, line[numbered.end() :]) if numbered else (BlockKind.PARAGRAPH, line)


def _event_text(event: Event) -> str:
    return "；".join(f"{label}：{getattr(event, key) or BLANK}" for key, label in EVENT_LABELS.items())


def _without_empty_sections(blocks: Sequence[Block]) -> Iterator[Block]:
    """Drop each heading that nothing stands under, such as that of a second defendant whom nobody named."""
    for block, following in zip(blocks, [*blocks[1:], None], strict=True):
        is_empty = following is None or following.kind is BlockKind.HEADING
        if block.kind is not BlockKind.HEADING or not is_empty:
            yield block


def _since(version: LawVersion) -> str:
    return f"{version.effective}起施行" if version.effective else "施行日未核实"


# --- articles pinned to a version ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PinnedArticle:
    """``民法典-2021-01-01 第一千零三十三条第一项``: the article of that version, and the parts that are meant."""

    article: HeldArticle
    references: tuple[StatuteRef, ...]


def read_pinned(text: str, lawbook: LawBook) -> PinnedArticle:
    """Return what a pinned reference of our tables means. ValueError for one that is wrong: tests read them all."""
    version_id, _, parts = text.partition(" ")
    version = lawbook.version(version_id)
    if version is None:
        raise ValueError(f"{text!r}: no version {version_id} is held")
    references = find_statute_refs(parts, lawbook, version.short_title)
    numbers = {reference.article for reference in references if reference.law == version.short_title}
    number = next(iter(numbers), None)
    article = lawbook.article(version_id, number) if number else None
    if article is None or len(numbers) != 1:
        raise ValueError(f"{text!r} names no one article that {version_id} holds")
    return PinnedArticle(article, references)


def quote_article(article: HeldArticle, references: Sequence[StatuteRef]) -> QuotedLaw:
    """Return the parts of ``article`` that ``references`` name, verbatim and in order; a 项 comes with its lead.

    ValueError where the article has no such part.
    """
    parts = article_parts(article.text)
    if any(reference.paragraph is None and reference.item is None for reference in references):
        return QuotedLaw(article, "", (Span(parts[0].span.start, parts[-1].span.end).of(article.text),))
    items: dict[int, set[int | None]] = {}
    for reference in references:
        found = find_part(article, reference.paragraph, reference.item)
        if found is None:
            raise ValueError(f"{article.version.id} {article.number} has no part {reference.text}")
        items.setdefault(found[0].number, set()).add(reference.item)
    labels, pieces = [], []
    for part in parts:
        if part.number in items:
            wanted = sorted(item for item in items[part.number] if item is not None)
            whole = None in items[part.number]
            paragraph = f"第{format_numeral(part.number)}款" if len(parts) > 1 else ""
            labels.append(paragraph + ("" if whole else "、".join(f"第{format_numeral(item)}项" for item in wanted)))
            spans = [part.span] if whole else [part.lead, *(item.span for item in part.items if item.number in wanted)]
            pieces += [span.of(article.text) for span in spans]
    return QuotedLaw(article, "、".join(labels), tuple(pieces))


# --- as Markdown -----------------------------------------------------------------------------------------------

_SPECIAL = re.compile(r"[\\`*_{}\[\]<>#|~&$!]")
_OPENS_A_BLOCK = re.compile(r"^(?:(?P<mark>[-+=])|(?P<number>\d{1,9})(?P<dot>[.)]))")


def draft_markdown(letter: Draft) -> str:
    """Return the letter as Markdown, the checklist below a rule. What the user typed stays text, whatever it holds."""
    return "\n\n".join([_blocks_markdown(letter.blocks), "---", _blocks_markdown(letter.checklist)]) + "\n"


def _blocks_markdown(blocks: Sequence[Block]) -> str:
    written, number = "", 0
    before: BlockKind | None = None
    for block in blocks:
        number = number + 1 if block.kind is BlockKind.NUMBERED and before is BlockKind.NUMBERED else 1
        together = block.kind is before and block.kind in (BlockKind.BULLET, BlockKind.NUMBERED)
        written += ("" if before is None else "\n" if together else "\n\n") + _block_markdown(block, number)
        before = block.kind
    return written


def _block_markdown(block: Block, number: int) -> str:
    text = escape_markdown(block.text)
    if block.kind is BlockKind.QUOTE:
        return "\n".join(f"> {line}" + ("  " if line else "") for line in text.split("\n")).rstrip()
    marks = {BlockKind.TITLE: "# ", BlockKind.HEADING: "## ", BlockKind.BULLET: "- ", BlockKind.NUMBERED: f"{number}. "}
    return marks.get(block.kind, "") + text


def escape_markdown(text: str) -> str:
    """Return ``text`` such that Markdown shows it character by character: no link, image, tag, list or heading."""
    return "\n".join(_OPENS_A_BLOCK.sub(_escaped_opening, _SPECIAL.sub(r"\\\g<0>", line)) for line in text.split("\n"))


def _escaped_opening(match: re.Match[str]) -> str:
    return f"\\{match['mark']}" if match["mark"] else f"{match['number']}\\{match['dot']}"
