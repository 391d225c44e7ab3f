"""The article and nothing else: page furniture off, each drop with a named rule, each repair recorded.

Rules for furniture look only at web pages. A user's own paper keeps every line but page numbers and drawn rules.
Reader comments are dropped, as a group of their own: they are claims of people unknown, unchecked and often
wrong in law, and a citation would lend them the article's title. ``faju corpus show`` still shows them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import Enum

from corpus.extraction.markdown import find_day
from corpus.extraction.records import Block, BlockKind, ExtractedDocument, Origin, count_visible


class DropRule(Enum):
    """Why a block is not part of the article; the value is what ``faju corpus show`` prints beside it."""

    BREADCRUMB = "当前位置导航"
    NAVIGATION = "站点导航"
    DUPLICATE_TITLE = "重复的标题"
    BYLINE = "来源与时间行"
    COPYRIGHT = "版权声明"
    SOURCE_LINK = "本文链接"
    QR_CODE = "扫码提示"
    SHARE = "分享按钮"
    BEGGING = "求点赞收藏"
    HASHTAGS = "话题与标签"
    ADVERT = "广告与咨询引流"
    NEIGHBOURS = "上一篇与下一篇"
    RELATED = "相关文章列表"
    LINK_FARM = "链接堆"
    READER_COMMENTS = "读者评论"
    REPEATED = "重复段落"
    SEPARATOR = "分隔线"
    AFTER_ARTICLE = "文章结束之后"
    OUTSIDE_MAIN_TEXT = "网页正文之外"
    PAGE_MARK = "页眉页脚页码"


class RepairRule(Enum):
    """Why words of a kept block were changed."""

    SPAM_INSERTION = "去掉被植入的广告词"
    REPLACED_WORD = "还原被整站替换的词"


@dataclass(frozen=True, slots=True)
class Repair:
    rule: RepairRule
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class CleanedBlock:
    """One block with the decision on it: kept where ``rule`` is None. ``block.text`` is after ``repairs``."""

    block: Block
    rule: DropRule | None
    repairs: tuple[Repair, ...] = ()

    @property
    def kept(self) -> bool:
        return self.rule is None


@dataclass(frozen=True, slots=True)
class CleanedDocument:
    """All blocks of a file in its own order, kept and dropped, and what the file says of itself."""

    title: str | None
    publisher: str | None
    published: date | None
    address: str | None
    origin: Origin
    blocks: tuple[CleanedBlock, ...]

    @property
    def kept(self) -> tuple[Block, ...]:
        return tuple(cleaned.block for cleaned in self.blocks if cleaned.kept)

    @property
    def dropped(self) -> tuple[CleanedBlock, ...]:
        return tuple(cleaned for cleaned in self.blocks if not cleaned.kept)

    @property
    def repairs(self) -> tuple[Repair, ...]:
        return tuple(repair for cleaned in self.blocks if cleaned.kept for repair in cleaned.repairs)

    @property
    def kept_share(self) -> float:
        """Kept visible characters over all visible ones, 0 to 1; 0 for a document without any."""
        every = sum(count_visible(cleaned.block.text) for cleaned in self.blocks)
        return sum(count_visible(block.text) for block in self.kept) / every if every else 0.0

    def markdown(self) -> str:
        """Return the kept blocks as text: headings with ``#`` marks, items and rows line by line, else a blank line."""
        written = ""
        before: Block | None = None
        for block in self.kept:
            if before is not None:
                written += "\n" if before.kind is block.kind and block.kind in _LINE_BY_LINE else "\n\n"
            written += "#" * block.level + " " + block.text if block.kind is BlockKind.HEADING else block.text
            before = block
        return written


_LINE_BY_LINE = (BlockKind.LIST_ITEM, BlockKind.TABLE_ROW)


def clean(extracted: ExtractedDocument) -> CleanedDocument:
    """Decide on every block of ``extracted`` and complete title, publisher, day and address from the page's text.

    Nothing is reordered and no word is changed but by a recorded repair.
    """
    if extracted.origin is Origin.DOCUMENT:
        return _with_decisions(extracted, [()] * len(extracted.blocks), _document_rules(extracted.blocks))
    repaired = [_repaired(block) for block in extracted.blocks]
    page = replace(extracted, blocks=tuple(block for block, _ in repaired))
    stated = _Page(page)
    return _with_decisions(
        replace(
            page,
            title=stated.title,
            publisher=stated.publisher,
            published=stated.published,
            address=stated.address,
        ),
        [repairs for _, repairs in repaired],
        stated.rules,
    )


def _with_decisions(
    extracted: ExtractedDocument, repairs: Sequence[tuple[Repair, ...]], rules: dict[int, DropRule]
) -> CleanedDocument:
    blocks = tuple(
        CleanedBlock(block, rules.get(place), repairs[place]) for place, block in enumerate(extracted.blocks)
    )
    return CleanedDocument(
        extracted.title, extracted.publisher, extracted.published, extracted.address, extracted.origin, blocks
    )


def _document_rules(blocks: Sequence[Block]) -> dict[int, DropRule]:
    rules = {}
    for place, block in enumerate(blocks):
        if block.kind is BlockKind.PAGE_MARK:
            rules[place] = DropRule.PAGE_MARK
        elif _SEPARATOR.fullmatch(block.text):
            rules[place] = DropRule.SEPARATOR
    return rules


# --- repairs ---------------------------------------------------------------------------------------------------

# Link spam written into hacked pages: the gambling brand and 平台网址的 or the like before an ordinary noun, as in
# 亲友凯发平台网址的联系方式. Only this possessive form is repaired: a sentence about such a site is left alone.
_SPAM_BRANDS = "凯发|尊龙凯时|尊龙|亚博|乐鱼|博亚|米乐|华体会|必威|万博"
_SPAM_POSSESSIVE = re.compile(
    rf"(?:{_SPAM_BRANDS})(?:k8|app|平台|官网|官方|网址|入口|登录|下载|体育|娱乐|国际)+的(?=[\u4e00-\u9fff])",
    re.IGNORECASE,
)
# Sites that fear the advertising law replace 第一 by 之一 throughout. No sentence has 之一步 after 的, as in
# 解决疑惑的之一步.
_REPLACED_FIRST = re.compile(r"(?<=的)之一(?=步|时间|次)")


def _repaired(block: Block) -> tuple[Block, tuple[Repair, ...]]:
    repairs: list[Repair] = []
    text = block.text
    for pattern, replacement, rule in (
        (_SPAM_POSSESSIVE, "", RepairRule.SPAM_INSERTION),
        (_REPLACED_FIRST, "第一", RepairRule.REPLACED_WORD),
    ):
        repairs += [Repair(rule, match.group(), replacement) for match in pattern.finditer(text)]
        text = pattern.sub(replacement, text)
    return (replace(block, text=text) if repairs else block), tuple(repairs)


# --- furniture that one line gives away ------------------------------------------------------------------------

_SEPARATOR = re.compile(r"[-—－=_*~·.•…\s]{3,}|#+")

_MENU_WORDS = (
    r"网站地图|返回顶部|回到顶部|to top|top|首页|网站首页|返回首页|返回列表|登录|注册|登录/注册|关于我们|联系我们|"
    r"设为首页|加入收藏|打印(?:本页|文章)?|关闭(?:窗口)?|展开全文|阅读全文|查看(?:更多|全文)|更多>*|收起|字号|大|中|小|"
    r"纠错|点赞|收藏|分享|转发|关注|复制链接|搜索|正文|责任编辑"
)
# The colon is part of every label below, so that a sentence which opens with the word is not met. Texts are
# compared after NFKC: ： is : here.
_LINE_RULES = (
    (DropRule.SEPARATOR, _SEPARATOR, 200),
    (DropRule.BREADCRUMB, re.compile(r"您?(?:现在|当前)?的?(?:所在)?位置\s*[::].*"), 120),
    (DropRule.BREADCRUMB, re.compile(r"(?:网站)?首页\s*[>»›/].*"), 120),
    (DropRule.SOURCE_LINK, re.compile(r"(?:本文|原文|文章)(?:链接|地址|网址|来源)\s*:\s*https?://.*", re.I), 400),
    (DropRule.NEIGHBOURS, re.compile(r"(?:上一?[篇条页]|下一?[篇条页]|前一篇|后一篇)(?:文章)?\s*(?::.*)?"), 120),
    (
        DropRule.QR_CODE,
        re.compile(
            r"(?:请|打开|使用|用)?(?:微信|手机)?(?:扫描|扫一扫|扫码|长按识别|长按|识别)(?:下方|上方|下面|文末)?(?:的)?(?:二维码)?"
            r"(?:推送|关注|访问|添加|加入|进群|咨询|分享|下载|查看|联系|阅读).{0,24}"
            r"|(?:欢迎|请|点击|长按)?(?:搜索|扫码|微信)?关注.{0,10}公众号.{0,16}"
        ),
        60,
    ),
    (
        DropRule.SHARE,
        re.compile(
            r"(?:一键)?分享(?:给|到|至)?\s*:?\s*(?:好友|朋友圈?|微信|新浪|微博|qq|空间|[\s|/])*:?", re.IGNORECASE
        ),
        40,
    ),
    (DropRule.HASHTAGS, re.compile(r"(?:文章)?(?:标签|关键词|关键字|tags?)\s*:.*", re.IGNORECASE), 120),
    (
        DropRule.BYLINE,
        re.compile(r"(?:文章)?(?:来源|来自|出处|作者|编辑|责任编辑|责编|审核|校对|发布人|撰稿|文)\s*:.*"),
        100,
    ),
    (DropRule.BYLINE, re.compile(r"(?:发布|更新|发表|编辑|创建)?(?:时间|日期)\s*:?\s*\d{4}[-/.年].*"), 100),
    (DropRule.BYLINE, re.compile(r"(?:发布|发表|更新)于\s*:?\s*\d{4}[-/.年].*"), 60),
    (DropRule.BYLINE, re.compile(r"(?:\d{4}[-/.年]\d{1,2}[-/.月]\d{1,2}日?)(?:\s*\d{1,2}:\d{2}(?::\d{2})?)?"), 30),
    (DropRule.BYLINE, re.compile(r"(?:阅读|浏览|点击|访问|围观)(?:量|次数|数|人数)?\s*[:(]?\s*[\d.]+\s*[万次)]*"), 40),
    (
        DropRule.COPYRIGHT,
        re.compile(
            r".{0,14}(?:版权|免责|法律)(?:与免责|及免责|归属|与版权)?声明\s*:.*"
            r"|.*未经.{0,8}(?:授权|许可|允许|同意).{0,6}(?:禁止|不得|严禁|请勿|谢绝).{0,4}(?:转载|摘编).*"
            r"|.*如需?.{0,4}转载.{0,10}(?:注明|附上|联系).*|.*转载请(?:注明|联系|附).*"
            r"|.*(?:版权所有|All rights reserved|Copyright\s*(?:©|\(c\)|\d)).*"
            r"|.*ICP备\s*\d+.*|.*公网安备.*",
            re.IGNORECASE | re.DOTALL,
        ),
        400,
    ),
    (DropRule.NAVIGATION, re.compile(rf"(?:{_MENU_WORDS})(?:\s*[|/·>»\s]\s*(?:{_MENU_WORDS}))*", re.IGNORECASE), 80),
    (
        DropRule.ADVERT,
        re.compile(
            r"(?:点击|立即|马上).{0,6}(?:咨询|领取|测评|评估|下载).{0,20}(?<!。)"
            r"|.{0,12}(?:添加|加|咨询)?(?:律师|客服|顾问|老师)?(?:微信|v信|qq)(?:号|群|咨询)*\s*:\s*[a-z0-9_-]{5,20}.{0,12}",
            re.IGNORECASE,
        ),
        48,
    ),
)
_BEGS = re.compile(r"(?:欢迎|记得|别忘了?|麻烦|喜欢|有帮助|求|点个?)[^。]{0,14}(?:赞|收藏|转发|关注|分享|在看)")
_BEGS_FOR = ("点赞", "点个赞", "收藏", "转发", "关注", "分享", "在看", "评论区")
_HASHTAG = re.compile(r"#[^\s#]{1,20}#?")


def _line_rule(text: str) -> DropRule | None:
    for rule, pattern, longest in _LINE_RULES:
        if len(text) <= longest and pattern.fullmatch(text):
            return rule
    if len(text) <= 120 and _BEGS.search(text) and sum(word in text for word in _BEGS_FOR) >= 2:
        return DropRule.BEGGING
    tags = _HASHTAG.findall(text)
    if len(tags) >= 2 and count_visible(_HASHTAG.sub("", text)) <= 12:
        return DropRule.HASHTAGS
    return None


# --- furniture that shows in its place on the page ---------------------------------------------------------------

_RELATED_HEADING = re.compile(
    r".{0,60}的相关(?:文章|内容|推荐|阅读|资讯)\s*:?"
    r"|(?:相关|推荐|热门|最新|更多|延伸|精彩|热点|随机|本类|同类)(?:的)?(?:文章|内容|阅读|推荐|资讯|新闻|排行|专题|标签)\s*:?"
    r"|(?:猜你喜欢|你可能(?:还)?(?:喜欢|感兴趣).{0,6}|大家都在(?:看|搜)|看了.{0,4}还看了?|随便看看|排行榜)\s*:?"
)
_COMMENTS_HEADING = re.compile(
    r"(?:精彩|网友|读者|热门|全部|最新|用户|精选|文章|发表)?(?:评论|留言|跟帖)(?:区|列表|内容)?\s*(?:\(?\d+\s*条?\)?)?\s*:?"
)
_ENDS_A_SENTENCE = tuple("。！？!?；;：:”）)")
_TEASER_ENDS = ("...", "…", "[详细]", "[详情]", "全文")
_CLOSING_RULES = frozenset({DropRule.COPYRIGHT, DropRule.SOURCE_LINK, DropRule.NEIGHBOURS})
# A closing line closes where the article stands before it: so much text, or as much as follows. Some blogs put their
# copyright notice and the address above the text; there at most a summary stands before.
_ENOUGH_BODY_CHARS = 200
_MIN_BODY_CHARS = 15
_MAX_LINK_CHARS = 45
# A run of so many short lines without a full stop is a list of links. Articles list their own things with marks or
# after a colon; the longest such run without either in the five pages and forty articles is 2.
_LINK_FARM_LINES = 8
_LEADING_MENU_LINES = 3


class _Page:
    """One web page under decision: its lines, the facts it states, and the rule for each dropped block."""

    def __init__(self, extracted: ExtractedDocument) -> None:
        self.blocks = extracted.blocks
        self.lines = [_comparable(block.text) for block in extracted.blocks]
        self.title = _title_of(extracted, self.lines)
        self.rules: dict[int, DropRule] = {}
        self._apply_line_rules()
        self._drop_reader_comments()
        self._drop_related()
        self._drop_leading_menu()
        self._drop_link_farms()
        self._drop_after_article()
        self._drop_repeated()
        self.address = extracted.address or self._stated_address()
        self.publisher = extracted.publisher or self._stated_publisher()
        self.published = extracted.published or self._stated_day()

    # -- rules, in the order in which they are asked; the first that meets a block names it

    def _apply_line_rules(self) -> None:
        title = _letters(self.title or "")
        for place, (block, line) in enumerate(zip(self.blocks, self.lines, strict=True)):
            rule = _line_rule(line)
            if rule is None and title and _letters(line) == title:
                rule = DropRule.DUPLICATE_TITLE
            if rule is None and block.kind is BlockKind.BOILERPLATE:
                rule = DropRule.OUTSIDE_MAIN_TEXT
            if rule is not None:
                self.rules[place] = rule
        self._extend_copyright()

    def _extend_copyright(self) -> None:
        """版权声明: alone on its line is followed by ① ② ③."""
        for place in range(1, len(self.lines)):
            numbered = self.lines[place][:1] in "①②③④⑤⑥123456" and self.lines[place][:1] != ""
            announced = self.rules.get(place - 1) is DropRule.COPYRIGHT and self.lines[place - 1].endswith(":")
            continued = self.rules.get(place - 1) is DropRule.COPYRIGHT and self.lines[place - 1][:1] in "123456"
            if numbered and (announced or continued):
                self.rules[place] = DropRule.COPYRIGHT

    def _drop_reader_comments(self) -> None:
        for place, line in enumerate(self.lines):
            opens = (
                _COMMENTS_HEADING.fullmatch(line) is not None and self.rules.get(place) is not DropRule.READER_COMMENTS
            )
            if opens and self._body_chars(0, place):
                for later in range(place, self._end_of_comments(place)):
                    self.rules[later] = DropRule.READER_COMMENTS

    def _end_of_comments(self, start: int) -> int:
        ending = _CLOSING_RULES | {DropRule.DUPLICATE_TITLE}
        for place in range(start + 1, len(self.lines)):
            edited = self.rules.get(place) is DropRule.BYLINE and self.lines[place].startswith(("编辑", "责"))
            if self.rules.get(place) in ending or edited or _RELATED_HEADING.fullmatch(self.lines[place]):
                return place
        return len(self.lines)

    def _drop_related(self) -> None:
        """A list of other articles goes with its teasers: to the end of the page once the article has closed or
        nothing but links and teasers follow, else as far as links and teasers go."""
        for place, line in enumerate(self.lines):
            if place in self.rules and self.rules[place] is not DropRule.OUTSIDE_MAIN_TEXT:
                continue
            if not _RELATED_HEADING.fullmatch(line):
                continue
            closed = self._closing_place() < place
            to_the_end = self._body_chars(0, place) > 0 and (closed or not self._body_chars(place + 1, len(self.lines)))
            end = len(self.lines) if to_the_end else self._end_of_links(place + 1)
            if end > place + 1 or to_the_end:
                for later in range(place, end):
                    self.rules.setdefault(later, DropRule.RELATED)

    def _end_of_links(self, start: int) -> int:
        place = start
        while place < len(self.lines) and (self._is_link_like(place) or self._is_teaser(place) or place in self.rules):
            place += 1
        # A heading directly before the text that goes on is that text's.
        if place < len(self.lines) and place > start and self.blocks[place - 1].kind is BlockKind.HEADING:
            place -= 1
        return place

    def _drop_leading_menu(self) -> None:
        first_body = next((place for place in range(len(self.lines)) if self._is_body(place)), 0)
        menu = [place for place in range(first_body) if place not in self.rules and self._is_link_like(place)]
        # The last one may be the first heading of the article.
        if menu and menu[-1] == first_body - 1 and self.blocks[menu[-1]].kind is BlockKind.HEADING:
            menu.pop()
        if len(menu) >= _LEADING_MENU_LINES:
            self.rules.update(dict.fromkeys(menu, DropRule.NAVIGATION))

    def _drop_link_farms(self) -> None:
        run: list[int] = []
        for place in range(len(self.lines) + 1):
            if place < len(self.lines) and (place in self.rules or self._is_link_like(place)):
                run.append(place)
                continue
            links = [at for at in run if at not in self.rules]
            announced = bool(links) and links[0] > 0 and self.lines[links[0] - 1].endswith(":")
            if len(links) >= _LINK_FARM_LINES and not announced:
                self.rules.update(dict.fromkeys(links, DropRule.LINK_FARM))
            run = []

    def _drop_after_article(self) -> None:
        """Nothing of an article follows its closing lines; nor does a last heading with nothing under it."""
        for place in range(self._closing_place() + 1, len(self.lines)):
            self.rules.setdefault(place, DropRule.AFTER_ARTICLE)
        for place in reversed(range(len(self.lines))):
            if place in self.rules:
                continue
            if self.blocks[place].kind is not BlockKind.HEADING or not self._body_chars(0, place):
                break
            self.rules[place] = DropRule.AFTER_ARTICLE

    def _drop_repeated(self) -> None:
        seen: set[str] = set()
        for place, line in enumerate(self.lines):
            letters = _letters(line)
            if place in self.rules or len(letters) < 20:
                continue
            if letters in seen:
                self.rules[place] = DropRule.REPEATED
            seen.add(letters)

    # -- what a line looks like

    def _closing_place(self) -> int:
        """Where the article has closed, len(lines) where nothing closes it."""
        for place in range(len(self.lines)):
            if self.rules.get(place) in _CLOSING_RULES:
                before, after = self._body_chars(0, place), self._body_chars(place + 1, len(self.lines))
                if before and before >= min(after, _ENOUGH_BODY_CHARS):
                    return place
        return len(self.lines)

    def _body_chars(self, start: int, end: int) -> int:
        return sum(len(self.lines[place]) for place in range(start, end) if self._is_body(place))

    def _is_body(self, place: int) -> bool:
        line = self.lines[place]
        printed = place not in self.rules and self.blocks[place].kind is not BlockKind.BOILERPLATE
        return (
            printed and len(line) >= _MIN_BODY_CHARS and line.endswith(_ENDS_A_SENTENCE) and not self._is_teaser(place)
        )

    def _is_teaser(self, place: int) -> bool:
        return self.lines[place].endswith(_TEASER_ENDS)

    def _is_link_like(self, place: int) -> bool:
        block, line = self.blocks[place], self.lines[place]
        listed = block.kind in (BlockKind.LIST_ITEM, BlockKind.TABLE_ROW)
        return not listed and len(line) <= _MAX_LINK_CHARS and not line.endswith(("。", "；", ";", ":", ","))

    # -- facts

    def _stated_address(self) -> str | None:
        for place, rule in self.rules.items():
            match = re.search(r"https?://[^\s，。）)]+", self.lines[place])
            if rule is DropRule.SOURCE_LINK and match:
                return match.group()
        return None

    def _stated_publisher(self) -> str | None:
        own = [
            line
            for place, line in enumerate(self.lines)
            if self.rules.get(place) in (DropRule.COPYRIGHT, DropRule.BYLINE, DropRule.OUTSIDE_MAIN_TEXT)
        ]
        for pattern in _PUBLISHER_PATTERNS:
            for line in own:
                match = pattern.search(line)
                name = match[1].strip(' ,，.。|《》"“”') if match else ""
                if name and name not in _NO_PUBLISHER:
                    return name
        return None

    def _stated_day(self) -> date | None:
        for place, line in enumerate(self.lines):
            if self.rules.get(place) is DropRule.BYLINE and (day := find_day(line)):
                return day
        return None


_PUBLISHER_PATTERNS = (
    re.compile(
        r"本文由\s*([^,，。;；:\s]{2,30}?)(?:结合[^,，。]*?|根据[^,，。]*?)?(?:原创|独家)?(?:并|和)?(?:发布|发表|整理|撰写|提供)"
    ),
    re.compile(r"^(?:文章)?(?:来源|出处)\s*:\s*([^\s|]{2,30}?)\s*(?=$|[|\s]|(?:发布|更新)?(?:时间|日期))"),
    re.compile(r"本文[为系是]\s*([^,，。;；:\s]{2,20}?)(?:的)?(?:原创|首发)"),
)
_NO_PUBLISHER = frozenset(
    {"网络", "互联网", "网络整理", "本站", "原创", "转载", "未知", "佚名", "作者", "小编", "我们"}
)


def _title_of(extracted: ExtractedDocument, lines: Sequence[str]) -> str | None:
    """The title the page states, as it stands on the page; else the first short line that opens the text."""
    originals = {
        _letters(line): block.text for line, block in zip(reversed(lines), reversed(extracted.blocks), strict=True)
    }
    for candidate in _title_candidates(extracted, lines):
        if _letters(candidate) in originals:
            return originals[_letters(candidate)].strip()
    return next(iter(_title_candidates(extracted, lines)), None)


def _title_candidates(extracted: ExtractedDocument, lines: Sequence[str]) -> Iterator[str]:
    if extracted.title:
        yield extracted.title
        # 标题_栏目_网站名, 标题 - 网站名
        yield from (part.strip() for part in re.split(r"[_|｜]|\s[-–—]\s", extracted.title) if len(part.strip()) >= 6)
    for line in lines:
        match = re.fullmatch(
            r"(.{4,60}?)的相关(?:文章|内容|推荐|阅读).*|(.{4,60}?)[,，]\s*本文[为系是].{2,20}(?:原创|首发).*", line
        )
        if match:
            yield match[1] or match[2]
    opening = list(_opening_headings(extracted.blocks, lines))
    yield from sorted(opening, key=lambda text: len(_letters(text)) < _SHORTEST_TITLE)


# Above a title stand menu words of two to four characters; a title of fewer than seven says little.
_SHORTEST_TITLE = 7
_OPENING_BLOCKS = 6


def _opening_headings(blocks: Sequence[Block], lines: Sequence[str]) -> Iterator[str]:
    main = [place for place, block in enumerate(blocks) if block.kind is not BlockKind.BOILERPLATE]
    for place in main[:_OPENING_BLOCKS]:
        block, line = blocks[place], lines[place]
        first_line = place == main[0] and block.kind is BlockKind.PARAGRAPH and len(line) <= _MAX_LINK_CHARS
        named = _line_rule(line) is None and not line.endswith(("。", ":"))
        if named and (first_line or block.kind is BlockKind.HEADING):
            yield block.text


def _comparable(text: str) -> str:
    return re.sub(r"\s+", " ", unicodedata.normalize("NFKC", text)).strip()


def _letters(text: str) -> str:
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text)).lower()
