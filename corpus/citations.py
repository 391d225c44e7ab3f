"""References to law in running text: 《治安管理处罚法》第四十二条第一款第（五）项, 民法典1032条, 同法第四十七条.

It says what was written and which law is meant. Whether that article exists or is in force is ``corpus.validity``'s
question. The text is read once from left to right; every pattern is bounded, so time grows with length alone.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from corpus.errors import BadReference
from corpus.lawbook import COUNTRY, LawBook
from corpus.numerals import parse_numeral
from corpus.records import ArticleNumber, Span, StatuteRef
from corpus.script import to_plain

# A range names at most this many articles; 第一条至第一千二百六十条 is "the whole law", not 1,260 references.
MAX_RANGE = 200


def find_statute_refs(text: str, lawbook: LawBook, context_law: str | None = None) -> tuple[StatuteRef, ...]:
    """Return the references in ``text``, in order of place; an empty text has none.

    ``context_law`` (a short title) is what 本法, and an article number without any law, mean where the text itself
    does not say; of a statute's own text it is that law. An article number whose law cannot be told has
    ``law`` None and an empty ``law_text``; a title that no law has stands in ``law_text``.
    """
    plain = to_plain(text)
    reader = _Reader(text, plain, lawbook, context_law)
    return tuple(sorted(reader.references(), key=lambda ref: (ref.span.start, ref.span.end)))


# --- what is found ---------------------------------------------------------------------------------------------


_Parts = tuple[tuple[int | None, int | None], ...]
_WHOLE: _Parts = ((None, None),)


@dataclass(frozen=True, slots=True)
class _Title:
    """A law as named: ``law`` None where no law has that name. ``is_word`` for 本法 and 该法, which name none."""

    span: Span
    law: str | None
    is_norm: bool = True
    is_word: bool = False


@dataclass(frozen=True, slots=True)
class _Mention:
    """Articles written together and what of them is meant: (款, 项) pairs, one pair of Nones for the whole."""

    span: Span
    articles: tuple[ArticleNumber, ...]
    parts: _Parts
    has_ordinal: bool  # written with 第


# --- patterns --------------------------------------------------------------------------------------------------

_NUM = r"[0-9零〇○一二三四五六七八九十百千两壹贰叁參肆伍陆柒捌玖拾佰仟]{1,9}"
_JOIN = r"\s{0,2}(?:[、,/和及与或]|以及|或者)\s{0,2}"
_TO = r"\s{0,2}(?:至|到|[-—–~～]{1,2})\s{0,2}"
_LIST = rf"(?:(?:{_TO}|{_JOIN})第?\s{{0,2}}{_NUM}){{0,20}}"
# 第1032、1034条 and 第1032至1034条: numbers that share one 条.
_ORDINAL_HEAD = re.compile(rf"第\s{{0,2}}{_NUM}{_LIST}\s{{0,2}}条")
_BARE_HEAD = re.compile(
    rf"{_NUM}(?:(?:{_TO}|{_JOIN}){_NUM}){{0,20}}\s{{0,2}}条(?!件|款|例|约|文|目|块|状|形|理|幅|码|纹)"
)
_DIGIT = _NUM.removesuffix("{1,9}")
_HEAD_START = re.compile(
    rf"第\s{{0,2}}{_DIGIT}|(?<!{_DIGIT})(?<!第){_NUM}(?=\s{{0,2}}[条、,/和及与或以至到\-—–~～])"
    rf"|(?:同条|该条|本条)(?=第?\s?\(?{_NUM}\)?\s?[款项])"
)
_ONE_NUMBER = re.compile(rf"第?\s{{0,2}}{_NUM}")
_NUMBER = re.compile(_NUM)
_SUBS = re.compile(rf"\s?之\s?{_NUM}(?:{_JOIN}之\s?{_NUM}){{0,9}}")
_PARTS = re.compile(rf"(?:的?第?\s?\(?{_NUM}\)?(?:(?:{_TO}|{_JOIN})第?\s?\(?{_NUM}\)?){{0,9}})\s?(?P<unit>款|项)")
_IS_RANGE = re.compile(_TO)
_JOINS = re.compile(rf"(?P<to>{_TO})|{_JOIN}")

# 《…》, with titles inside a title.
_BOOK = re.compile(r"《(?:[^《》\n]|《[^《》\n]{1,40}》|〈[^〈〉\n]{1,40}〉){1,80}》")
_NORM_END = re.compile(
    r"(?:法|法典|条例|规定|规则|办法|解释|解答|决定|通则|总则|细则|意见|批复|通知|指引|公约|准则|标准|规范|修正案)"
    r"(?:\([^()]{1,20}\))?$"
)
_LAW_WORD = re.compile(
    r"(?<![资基日成文根])本(?:法|条例|规定|办法|解释|决定|细则)(?![律院官人定规治学庭])|(?<!合)(?:该|同|此|上述)(?:法|条例|规定|办法|解释|部法律)(?![律院官人定规治学庭])"
)
# After a name without 《》, these make another word of it: 公司法定代表人, 合同法律关系.
_NOT_AFTER_NAME = frozenset("律院官人定规治学庭警理务")
_OPENS_A_WORD = re.compile(r"(?:^|[^\u4e00-\u9fff]|[据照按由和与及的用在是看反])$")
_LONGER_TITLE = re.compile(
    rf"[\u4e00-\u9fff]{{0,20}}?(?:实施条例|实施细则|实施办法|司法解释|解释|细则|条例|修正案)(?=[\s》]{{0,2}}(?:\([^()\n]{{1,20}}\))?第?\s?{_NUM}\s?条)"
)
_NUMBERED_TITLE = re.compile(r"\([一二三四五六七八九十]{1,4}\)")  # 刑法修正案（十一） where only others are known
_UNKNOWN_TITLE = re.compile(r"[\u4e00-\u9fff]{2,24}(?:法|发|条例|细则)$")
_NO_TITLE = re.compile(r"(?:[方做办说违合非守执司立普依用看想书无疗手语算枉]法|[律院]法)$|^(?:本|该|同|此|上述)")
_LEAD_WORDS = re.compile(
    r"^.*(?:根据|依据|按照|依照|违反了?|触犯了?|适用|符合|以及|关于|参照|援引|引用|请问|什么是|还有|规定在|属于|就是|的|和|与|及|或|在|看|查|按|依)(?=[\u4e00-\u9fff]{4,})"
)
_HINT_BEFORE = re.compile(
    r"(?:(?:修[订正]前|修[订正]后|新修[订正]|现行|原先?|(?<![更创革从刷重])新版?|旧版?|(?:19|20)\d\d年?(?:版|修[订正])?)的?)$"
)
_HINT_AFTER = re.compile(
    r"\s?\((?:(?:19|20)\d\d[^()\n]{0,12}|修[订正][^()\n]{0,6}|新|旧|现行|已失效|已废止|失效|废止)\)"
)

_FILLER = re.compile(
    r"[\s》〉>\"”'\]]{0,6}(?:\([^()\n]{0,40}\))?[\s》]{0,3}(?:规定的|中的|里的|之中|的|中|里|内|之)?[\s:,、—\-·•*]{0,12}"
)
_BARE_FILLER = re.compile(r"[\s》〉>\"”'\]]{0,4}(?:\([^()\n]{0,40}\))?[\s》:]{0,3}的?\s?")
_LIST_LEAD = re.compile(r"[\s\-*•·●○▪■◆▶✅☑]*(?:[\(（]?\d{1,2}[.、)）]\s*|[①-⑳]\s*)?")
_NO_LAW_BEFORE = re.compile(
    r"(?:合同|协议|协议书|章程|公约|约定|条款|须知|说明书?|制度|守则|手册|承诺书|通知书|保单|借条|判决书?|裁定书?|规约)(?:书|》|的|中|中的|里|里的)?\s?$"
)
# 第三十条街, 三条短信, 一条信息: things that are counted in 条.
_THINGS = (
    r"街|路(?!径)|巷|弄|胡同|线|河|江|沟|鱼|蛇|龙|狗|腿|胳膊|命|人命|裤|裙|被|毛|烟|船|绳|链|短信|彩信|信息|消息|信(?!用)"
    r"|微信|微博|朋友圈|语音|评论|留言|回复|弹幕|推送|通知|新闻|帖|视频|建议|意见|提示|线索|记录|数据|内容|理由|原因|渠道|途径"
    r"|措施|经验|要点|红线|底线|铁律|生命线|跑道|铁路|地铁|高速|公路|航线|轨迹|产品|广告|标语|横幅|骚扰|催收|辱骂|威胁"
)
_THINGS_COUNTED = re.compile(rf"\s?(?:{_THINGS})")
# With 第 the words of law that follow an article are no such things: 第十三条内容是什么.
_THINGS_ORDERED = re.compile(
    r"\s?(?:街|路(?!径)|巷|弄|胡同|线(?!上|下)|河|江|鱼|狗|腿|命|裤|裙|船|短信|彩信|信息(?!处理|保护|安全|主体)|消息|微信|微博|朋友圈|语音|评论|留言|回复|弹幕|推送|新闻|帖|视频|建议|跑道|铁路|地铁|高速|航线)"
)
_READS_ON = re.compile(
    r"\s?(?:$|[\s。，、；：！？,;:!?.)\]》”\"]|规定|是|讲|说|里|怎么|什么|呢|吗|的|有|能|对|和|与|跟)"
)
_READS_FROM = re.compile(
    r"(?:^|[\s。，、；：！？,;:!?(\[《“\"]|根据|依据|按照?|依照?|违反了?|触犯了?|看|查|是|和|与|的|跟|问|用|那|这)$"
)
# How many lines below a law's name, or below its last cited article, a list still belongs to it: an article quoted
# with all its items takes up to a dozen.
_LIST_REACH_LINES = 12


# --- numbers ---------------------------------------------------------------------------------------------------


def _value(text: str) -> int | None:
    """The number written, None where it is none or no article could have it."""
    try:
        number = parse_numeral(text)
    except BadReference:
        return None
    return number if 1 <= number <= 9999 else None


def _numbers(plain: str, start: int, end: int) -> tuple[ArticleNumber, ...] | None:
    """The articles that one head, such as 第1032、1034条 or 第253-1条, names; None where a part is no number."""
    found: list[ArticleNumber] = []
    last_end = start
    for match in _NUMBER.finditer(plain, start, end):
        number = _value(match[0])
        if number is None:
            return None
        if found and _IS_RANGE.fullmatch(plain[last_end : match.start()].replace("第", "")):
            if number <= found[-1].number and plain[last_end : match.start()].strip() == "-" and number < 100:
                found[-1] = ArticleNumber(found[-1].number, number)  # 253-1 is how tables write 第二百五十三条之一
            else:
                found.extend(_range(found[-1], ArticleNumber(number))[1:])
        else:
            found.append(ArticleNumber(number))
        last_end = match.end()
    return tuple(found)


def _range(first: ArticleNumber, last: ArticleNumber) -> list[ArticleNumber]:
    """From first to last; only the two ends where that runs backwards or too far."""
    if first.number == last.number and first.sub < last.sub:
        return [ArticleNumber(first.number, sub) for sub in range(first.sub, last.sub + 1)]
    if not first.number < last.number <= first.number + MAX_RANGE:
        return [first, last]
    between = [ArticleNumber(number) for number in range(first.number + 1, last.number + 1)]
    return [first, *between] if not last.sub else [first, *between, last]


def _read_mention(plain: str, start: int) -> _Mention | None:
    """The articles written from ``start`` on, with their 之一 and their 款 and 项; None where none is."""
    has_ordinal = plain[start] == "第"
    head = (_ORDINAL_HEAD if has_ordinal else _BARE_HEAD).match(plain, start)
    if head is None:
        return None
    articles = _numbers(plain, start, head.end())
    if not articles:
        return None
    end = head.end()
    subs = _SUBS.match(plain, end)
    if subs and len(articles) == 1:
        numbers = [_value(match[0]) for match in _NUMBER.finditer(plain, subs.start(), subs.end())]
        if all(numbers):
            articles = tuple(ArticleNumber(articles[0].number, number) for number in numbers if number)
            end = subs.end()
    parts, end = _read_parts(plain, end)
    return _Mention(Span(start, end), articles, parts, has_ordinal)


def _read_parts(plain: str, start: int) -> tuple[_Parts, int]:
    """(款, 项) pairs from ``start`` on and where they end: 第一款第四项、第五项 is (1, 4), (1, 5)."""
    found: list[tuple[int | None, int | None]] = []
    paragraph: int | None = None
    place = start
    while True:
        join = _JOINS.match(plain, place) if found else None
        begin = join.end() if join else place + plain.startswith(" ", place)
        match = _PARTS.match(plain, begin)
        if match is None:
            break
        values = _part_values(plain, match)
        if not values:
            break
        is_item = match["unit"] == "项"
        if join and join["to"] and found and (found[-1][1] is not None) == is_item:
            before = found[-1][1] if is_item else found[-1][0]
            values = list(range((before or 0) + 1, values[-1] + 1))[:MAX_RANGE] or values
        if is_item:
            if found and found[-1] == (paragraph, None):
                found.pop()
            found.extend((paragraph, value) for value in values)
        else:
            found.extend((value, None) for value in values)
            paragraph = values[-1]
        place = match.end()
    return (tuple(found) or _WHOLE), place if found else start


def _part_values(plain: str, match: re.Match[str]) -> list[int]:
    values: list[int] = []
    last_end = match.start()
    for number in _NUMBER.finditer(plain, match.start(), match.end()):
        value = _value(number[0])
        if value is None or value > 99:
            return []
        between = plain[last_end : number.start()].strip("第() ")
        if values and _IS_RANGE.fullmatch(between):
            values.extend(range(values[-1] + 1, value + 1))
        else:
            values.append(value)
        last_end = number.end()
    return values


def _read_group(plain: str, start: int) -> list[_Mention]:
    """Mentions that follow each other: 第六十六条至第六十九条, 第一千零三十二条、第一千零三十四条第一款."""
    first = _read_mention(plain, start)
    if first is None:
        return []
    group = [first]
    while join := _JOINS.match(plain, group[-1].span.end):
        following = _read_mention(plain, join.end()) if join.end() < len(plain) else None
        if following is None or (not following.has_ordinal and _THINGS_COUNTED.match(plain, following.span.end)):
            break
        last = group[-1]
        if join["to"] and last.parts == _WHOLE:
            articles = (*last.articles[:-1], *_range(last.articles[-1], following.articles[0]), *following.articles[1:])
            span = Span(last.span.start, following.span.end)
            group[-1] = _Mention(span, articles, following.parts, last.has_ordinal)
        else:
            group.append(following)
    return group


# --- laws ------------------------------------------------------------------------------------------------------


class NameFinder:
    """Finds the names of the laws of a book in plain text, longest first. Built once a book."""

    def __init__(self, lawbook: LawBook) -> None:
        self._by_opening: dict[str, list[str]] = {}
        for name in lawbook.names:
            self._by_opening.setdefault(name[:2], []).append(name)
        for names in self._by_opening.values():
            names.sort(key=len, reverse=True)
        openings = "".join(re.escape(opening[0]) for opening in sorted({key[0] for key in self._by_opening}))
        self._opening = re.compile(f"[{openings}]") if openings else re.compile(r"(?!)")

    def find(self, plain: str, start: int, end: int) -> Iterator[Span]:
        """Places of names in ``plain[start:end]``, not overlapping."""
        place = start
        while match := self._opening.search(plain, place, end):
            place = match.start()
            name = self._name_at(plain, place, end)
            if name:
                yield Span(place, place + len(name))
            place += len(name) if name else 1

    def _name_at(self, plain: str, place: int, end: int) -> str | None:
        for name in self._by_opening.get(plain[place : place + 2], ()):
            if plain.startswith(name, place) and place + len(name) <= end and self._stands_alone(plain, place, name):
                return name
        return None

    def _stands_alone(self, plain: str, place: int, name: str) -> bool:
        after = plain[place + len(name) : place + len(name) + 1]
        if name[-1] == "法" and after in _NOT_AFTER_NAME and after:
            return False
        if len(name) == 2 and name not in ("刑法", "宪法"):  # 水法 stands in 污水法, 消法 in 抵消法
            is_cited = _ORDINAL_HEAD.match(plain, place + 2) is not None
            return is_cited or _OPENS_A_WORD.search(plain, max(0, place - 1), place) is not None
        if name.isascii():
            before = plain[place - 1 : place]
            return not (before.isascii() and before.isalnum()) and not (after.isascii() and after.isalnum())
        return True


@lru_cache(maxsize=8)
def _finder(lawbook: LawBook) -> NameFinder:
    return NameFinder(lawbook)


def _titles(plain: str, lawbook: LawBook) -> Iterator[_Title]:
    """Laws as named, and 本法, 该法, in order of place; never one inside another."""
    place = 0
    for book in _BOOK.finditer(plain):
        yield from _titles_without_marks(plain, place, book.start(), lawbook)
        yield _title_in_marks(plain, book, lawbook)
        place = book.end()
    yield from _titles_without_marks(plain, place, len(plain), lawbook)


def _title_in_marks(plain: str, book: re.Match[str], lawbook: LawBook) -> _Title:
    written = book[0][1:-1].strip()
    law = lawbook.resolve_title(written)
    is_norm = law is not None or (bool(_NORM_END.search(written)) and not _NO_TITLE.search(written))
    return _Title(_with_hints(plain, Span(book.start(), book.end())), law, is_norm)


def _titles_without_marks(plain: str, start: int, end: int, lawbook: LawBook) -> Iterator[_Title]:
    found = [_Title(Span(*word.span()), None, is_word=True) for word in _LAW_WORD.finditer(plain, start, end)]
    for span in _finder(lawbook).find(plain, start, end):
        longer = _LONGER_TITLE.match(plain, span.end, end) or _NUMBERED_TITLE.match(plain, span.end, end)
        span = Span(span.start, longer.end()) if longer else span
        law = lawbook.resolve_title(span.of(plain))
        found.append(_Title(_with_hints(plain, _with_country(plain, span)), law))
    place = start
    for title in sorted(found, key=lambda title: (title.span.start, -title.span.end)):
        if title.span.start >= place:
            yield title
            place = title.span.end


def _with_country(plain: str, span: Span) -> Span:
    """Take 中华人民共和国, or what is left of it, into a name that stands without 《》."""
    before = plain[max(0, span.start - len(COUNTRY)) : span.start]
    for cut in range(len(before) - 1):
        letters = iter(COUNTRY)
        if re.search("中华|人民|共和", before[cut:]) and all(letter in letters for letter in before[cut:]):
            return Span(span.start - len(before) + cut, span.end)
    return span


def _with_hints(plain: str, span: Span) -> Span:
    """Take what names a version into the title: 原, 2012年修正的 before it, （2025年修订） after it."""
    before = _HINT_BEFORE.search(plain, max(0, span.start - 12), span.start)
    end = span.end + plain.startswith("》", span.end)  # 中华人民共和国刑法》: the opening mark was lost
    after = _HINT_AFTER.match(plain, end)
    return Span(before.start() if before else span.start, after.end() if after else span.end)


# --- each number to its law ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Owner:
    """The law that a mention belongs to; ``title`` None where only the context, or nothing, says it."""

    title: _Title | None
    law: str | None
    is_adjacent: bool  # the number follows the title, so that both make one reference


_NOBODY = _Owner(None, None, is_adjacent=False)


class _Reader:
    """Goes through titles and numbers in order, keeping which law an article number may mean."""

    def __init__(self, text: str, plain: str, lawbook: LawBook, context_law: str | None) -> None:
        self._text = text
        self._plain = plain
        self._lawbook = lawbook
        self._context = context_law
        self._line_starts = [0, *(match.end() for match in re.finditer("\n", plain))]
        self._last: _Title | None = None  # whatever was named last
        self._scope: _Title | None = None  # the law that was named last
        self._last_cited_line: int | None = None  # where an article of that law was last cited
        self._laws_named: set[str | None] = set()
        self._last_mention: tuple[_Mention, _Owner] | None = None

    def references(self) -> Iterator[StatuteRef]:
        titles = list(_titles(self._plain, self._lawbook))
        ends = [*(title.span.start for title in titles), len(self._plain)]
        yield from self._numbers_between(0, ends[0])
        for title, end in zip(titles, ends[1:], strict=True):
            self._name(title)
            found = list(self._numbers_between(title.span.end, end))
            yield from found
            is_cited = any(ref.span.start == title.span.start for ref in found)
            if not is_cited and not title.is_word and title.is_norm:
                yield self._reference(_Owner(title, title.law, is_adjacent=True), None, None, None, title.span)

    def _name(self, title: _Title) -> None:
        self._last = title
        if title.is_norm and not title.is_word:
            self._scope = title
            self._last_cited_line = None
            self._laws_named.add(title.law)

    def _numbers_between(self, start: int, end: int) -> Iterator[StatuteRef]:
        """References to articles in a stretch without titles."""
        place = start
        while match := _HEAD_START.search(self._plain, place, end):
            place = match.start()
            if match[0][0] in "同该本":
                parts, place = _read_parts(self._plain, match.end())
                yield from self._same_article(Span(match.start(), place), parts)
                continue
            group = _read_group(self._plain, place)
            owner = self._owner(group) if group else None
            if owner:
                yield from self._cite(group, owner)
            place = group[-1].span.end if group else _after_number(self._plain, place)

    def _same_article(self, span: Span, parts: _Parts) -> Iterator[StatuteRef]:
        if self._last_mention:
            mention, owner = self._last_mention
            again = _Mention(span, mention.articles[-1:], parts, has_ordinal=True)
            yield from self._references_of(again, replace(owner, is_adjacent=False))

    def _cite(self, group: Sequence[_Mention], owner: _Owner) -> Iterator[StatuteRef]:
        for number, mention in enumerate(group):
            is_adjacent = owner.is_adjacent and number == 0
            yield from self._references_of(mention, replace(owner, is_adjacent=is_adjacent))
        self._last_mention = (group[-1], owner)
        if owner.title is not None and owner.title is self._scope:
            self._last_cited_line = self._line(group[-1].span.end)

    def _references_of(self, mention: _Mention, owner: _Owner) -> Iterator[StatuteRef]:
        start = owner.title.span.start if owner.title and owner.is_adjacent else mention.span.start
        for article in mention.articles:
            for paragraph, item in mention.parts:
                yield self._reference(owner, article, paragraph, item, Span(start, mention.span.end))

    def _reference(
        self, owner: _Owner, article: ArticleNumber | None, paragraph: int | None, item: int | None, span: Span
    ) -> StatuteRef:
        law_text = owner.title.span.of(self._text) if owner.title else ""
        return StatuteRef(owner.law, law_text, article, paragraph, item, span, span.of(self._text))

    # --- whose number is it

    def _owner(self, group: Sequence[_Mention]) -> _Owner | None:
        """The owner of the first mention's number; None where it is no reference to law at all."""
        mention, title = group[0], self._last
        if title and self._follows(title, mention):
            if not mention.has_ordinal and _THINGS_COUNTED.match(self._plain, mention.span.end):
                return None
            is_one_reference = "\n" not in self._plain[title.span.end : mention.span.start]
            return _Owner(title, self._law_of(title), is_one_reference) if title.is_norm else None
        if not self._reads_as_article(mention):
            return None
        if mention.has_ordinal and (unknown := self._title_without_marks(mention)):
            return _Owner(unknown, unknown.law, is_adjacent=True)
        if self._scope and self._reaches(self._scope, mention):
            return _Owner(self._scope, self._scope.law, is_adjacent=False)
        if self._context:
            return _Owner(None, self._context, is_adjacent=False)
        if self._scope and self._laws_named == {self._scope.law}:
            return _Owner(self._scope, self._scope.law, is_adjacent=False)
        return _NOBODY if mention.has_ordinal or mention.parts != _WHOLE else None

    def _follows(self, title: _Title, mention: _Mention) -> bool:
        """Nothing but marks and particles stands between the title and the number."""
        if mention.span.start - title.span.end > 80:
            return False
        filler = _FILLER if mention.has_ordinal else _BARE_FILLER
        return filler.fullmatch(self._plain, title.span.end, mention.span.start) is not None

    def _law_of(self, title: _Title) -> str | None:
        """本法 means the context before the law named last, 该法 the other way round."""
        if not title.is_word:
            return title.law
        last = self._scope.law if self._scope else None
        return (self._context or last) if title.span.of(self._plain).startswith("本") else (last or self._context)

    def _reads_as_article(self, mention: _Mention) -> bool:
        """Not an article of a contract, not one of things that are counted in 条."""
        start, end = mention.span.start, mention.span.end
        if _NO_LAW_BEFORE.search(self._plain, max(0, start - 10), start):
            return False
        if mention.parts != _WHOLE:
            return True
        if mention.has_ordinal:
            return _THINGS_ORDERED.match(self._plain, end) is None
        return (
            (self._context is not None or self._scope is not None)
            and self._plain[start].isdigit()
            and _THINGS_COUNTED.match(self._plain, end) is None
            and _READS_FROM.search(self._plain, max(0, start - 4), start) is not None
            and _READS_ON.match(self._plain, end) is not None
        )

    def _reaches(self, title: _Title, mention: _Mention) -> bool:
        """A law's name reaches to the end of its line, over a list that it heads, and one line past a citation."""
        line, title_line = self._line(mention.span.start), self._line(title.span.end)
        if line == title_line:
            return True
        since = line - max(title_line, self._last_cited_line or 0)
        if self._last_cited_line is not None and since <= 2:
            return True
        return since <= _LIST_REACH_LINES and self._heads_a_list(title) and self._opens_its_line(mention.span.start)

    def _heads_a_list(self, title: _Title) -> bool:
        if self._opens_its_line(title.span.start):
            return True
        line_end = self._plain.find("\n", title.span.end)
        rest = self._plain[title.span.end : line_end if line_end >= 0 else len(self._plain)][:40]
        return re.fullmatch(r"[\s》]*(?:\([^()]*\))?\s*:\s*", rest) is not None

    def _opens_its_line(self, place: int) -> bool:
        start = self._line_starts[self._line(place)]
        return place - start <= 12 and _LIST_LEAD.fullmatch(self._plain, start, place) is not None

    def _line(self, place: int) -> int:
        return bisect_right(self._line_starts, place) - 1

    def _title_without_marks(self, mention: _Mention) -> _Title | None:
        """A title directly before the number that names no law of the book: 反催收骚扰法第五条, or a damaged one."""
        start = mention.span.start
        earliest = max(start - 26, self._last.span.end if self._last else 0)
        window = self._plain[earliest:start].rstrip(" 》")
        match = _UNKNOWN_TITLE.search(window)
        if match is None or _NO_TITLE.search(match[0]):
            return None
        name = _LEAD_WORDS.sub("", match[0])
        end = earliest + match.end()
        for cut in range(max(0, len(name) - 5)):
            law = self._lawbook.resolve_title(name[cut:])
            if law:
                return _Title(Span(end - len(name) + cut, end), law)
        return _Title(Span(end - len(name), end), None) if len(name) >= 5 and name[-1] != "发" else None


def _after_number(plain: str, start: int) -> int:
    match = _ONE_NUMBER.match(plain, start)
    return match.end() if match else start + 1
