"""A follow-up made whole: 那最多拘留几天？ takes its subject from the question before, 如果是2025年的事呢？ its day.

By rule, so that the same conversation always reads the same; the rewritten question is shown to the user.
It does not answer and does not look at earlier answers: earlier passages are candidates, never facts.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from assistant.records import Turn

# A day named in passing (“我2019年借的钱”) is not the day whose law counts; the question must say that the
# matter is of that day.
_YEAR = r"(?P<year>20[0-9]{2}|去年|前年|今年)年?"
_DAY = rf"{_YEAR}(?:\s*(?P<month>1[0-2]|0?[1-9])\s*月)?(?:份)?(?:\s*(?P<day>3[01]|[12][0-9]|0?[1-9])\s*[日号])?"
_AS_OF = (
    re.compile(rf"{_DAY}\s*(?:的事|的事情|发生的|发生过?的|的时候|那时|当时|以?前后的?事|的(?:法律|规定|法条))"),
    re.compile(rf"(?:如果|要是|假如|假设|若|按照?|依照?|根据|以|适用)(?:是|在|发生在)?\s*{_DAY}"),
    re.compile(rf"(?:发生在|事情?(?:是|发生)?在)\s*{_DAY}"),
    re.compile(r"(?i)\b(?:in|as of|back in|during)\s+(?P<year>20[0-9]{2})(?P<month>)(?P<day>)\b"),
)
_OPENS_AS_FOLLOW_UP = re.compile(
    r"^(?:那么?|那如果|如果|要是|假如|还有|另外|除了|它|这|他们?的?话|这样|这种|上面|上述|刚才|前面|继续|然后|为什么|为啥|怎么说|具体|多少|几天|多久|最多|最少|会不会|能不能|可以吗|需要什么|要什么)"
    r"|^(?i:and|what about|how about|then|so)\b"
)
_POINTS_BACK = re.compile(r"(?:上面|上述|刚才|前面|你说的?|这一?条|那一?条|这个规定|这种情况|这种行为|这样做|前一个)")
# Longer than this, a question that merely opens with 如果 or 那 brings its own subject.
_LONGEST_FOLLOW_UP_CHARS = 24
_TOPIC = re.compile(
    r"催收|通讯录|短信|电话|骚扰|隐私|个人信息|网贷|贷款|借款|信用卡|逾期|欠|债|利息|征信|起诉|法院|报警|投诉|举报|证据|录音|担保|联系人|威胁|恐吓|侮辱|《[^》]+》|[法典]第?[一二三四五六七八九十百千零0-9]+条"
)


@dataclass(frozen=True, slots=True)
class Understood:
    """``text`` is what is searched and answered; ``rewritten`` is the same text, or None where nothing was changed.

    ``as_of`` is the day that the question says its matter is of, None where it says none.
    """

    text: str
    rewritten: str | None
    as_of: date | None


def understand(question: str, history: Sequence[Turn], today: date) -> Understood:
    """Return ``question`` as a question that stands alone, given the earlier ones, oldest first."""
    as_of = named_day(question, today)
    subject = _last_whole_question(history)
    if subject is None or not is_follow_up(question):
        return Understood(question, None, as_of)
    if as_of is None:
        as_of = next((day for turn in reversed(history) if (day := named_day(turn.question, today))), None)
    rest = _without_day(re.sub(r"^(?:那么?|还有|另外)[，,、]?", "", question))
    whole = f"{subject.rstrip('？?。！! ')}？{rest}" if rest else subject
    return Understood(whole, whole, as_of)


def is_follow_up(question: str) -> bool:
    """Return whether the question leans on the one before: it opens or points that way, or names no subject."""
    if _POINTS_BACK.search(question):
        return True
    short = len(question) <= _LONGEST_FOLLOW_UP_CHARS
    brings_subject = bool(_TOPIC.search(question))
    if short and _OPENS_AS_FOLLOW_UP.search(question):
        return not brings_subject or question.startswith(("那", "如果", "要是"))
    return short and not brings_subject and question.rstrip("？?。！! ").endswith(("呢", "吗", "么", "天", "钱", "久"))


def _last_whole_question(history: Sequence[Turn]) -> str | None:
    for turn in reversed(history):
        if turn.question.strip() and not is_follow_up(turn.question):
            return turn.question.strip()
    return history[0].question.strip() or None if history else None


def named_day(question: str, today: date) -> date | None:
    """Return the day that the question says its matter is of, never later than today; None where it says none.

    A bare year or month stands for its last day that is not in the future.
    """
    for pattern in _AS_OF:
        match = pattern.search(question)
        if match:
            return _day_from(match, today)
    return None


def _day_from(match: re.Match[str], today: date) -> date | None:
    relative = {"今年": today.year, "去年": today.year - 1, "前年": today.year - 2}
    year = relative.get(match["year"]) or int(match["year"])
    month, day = match["month"], match["day"]
    try:
        if month and day:
            named = date(year, int(month), int(day))
        elif month:
            following = date(year + int(month) // 12, int(month) % 12 + 1, 1)
            named = following - timedelta(days=1)
        else:
            named = date(year, 12, 31)
    except ValueError:
        return None
    return min(named, today)


def _without_day(question: str) -> str:
    """Take 如果是2025年的事呢？ out, since the day is carried apart from the text; keep what else is asked."""
    for pattern in _AS_OF:
        question = pattern.sub("", question)
    kept = re.sub(r"^(?:如果|要是)?(?:是|在)?(?:的事情?|发生的?)?(?:呢|的话)?[，,？?。]*", "", question)
    return kept if re.search(r"\w", kept) else ""
