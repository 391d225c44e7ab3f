"""What the program itself says, in Chinese and English; never what a source says."""

from __future__ import annotations

from assistant.records import DeclineReason
from corpus.records import UnitRole, Validity

NOT_A_LAWYER = {
    "zh": "以上只引自本机收录的法条和文章，不是律师意见；个案请咨询律师或拨打 12348 法律援助热线。",
    "en": "Quoted only from the statutes and articles held on this machine; not legal advice. "
    "For your own case ask a lawyer or call 12348 (legal aid).",
}

COVERAGE = {
    "zh": "本程序只回答催收骚扰、隐私与个人信息、个人借贷、取证、投诉、报警和起诉方面的问题，"
    "并且只引用收录的法条和文章。",
    "en": "This program answers only questions on debt-collection harassment, privacy and personal information, "
    "personal loans, evidence, complaints, police reports and lawsuits, and only from the texts it holds.",
}

ROLE_HEADINGS = {
    UnitRole.CONCLUSION: {"zh": "结论", "en": "In short"},
    UnitRole.LAW: {"zh": "法律依据", "en": "The law"},
    UnitRole.ACTION: {"zh": "怎么做", "en": "What to do"},
    UnitRole.CHANNEL: {"zh": "投诉渠道", "en": "Where to complain"},
    UnitRole.BACKGROUND: {"zh": "相关内容", "en": "Related"},
}

DECLINED = {
    DeclineReason.OUT_OF_SCOPE: {
        "zh": "收录的材料不能回答这个问题，所以不作回答。",
        "en": "The texts held do not bear this question out, so it is not answered.",
    },
    DeclineReason.NOT_HELD: {
        "zh": "你问到的法律或条文没有收录原文，所以不作回答。",
        "en": "The text of the law or article you ask about is not held, so it is not answered.",
    },
    DeclineReason.FALSE_PREMISE: {
        "zh": "问题里提到的法律或条文并不存在，所以不作回答。",
        "en": "The law or article named in the question does not exist, so it is not answered.",
    },
    DeclineReason.HARMFUL: {
        "zh": "本程序不帮助骚扰、威胁他人或者非法获取、公开他人的个人信息；这样做本身就是违法的。",
        "en": "This program does not help to harass or threaten people or to obtain or publish their personal "
        "information; doing so is itself unlawful.",
    },
    DeclineReason.NOTHING_VERIFIED: {
        "zh": "找到了相关材料，但没有一句话通过核对，所以不作回答；可以改用“检索”查看原文。",
        "en": "Related texts were found but no sentence passed verification, so it is not answered; "
        "search shows the originals.",
    },
}

VALIDITY = {
    Validity.IN_FORCE: {"zh": "现行有效", "en": "in force"},
    Validity.EXPIRED: {"zh": "已失效", "en": "no longer in force"},
    Validity.NOT_YET: {"zh": "尚未施行", "en": "not yet in force"},
}

AS_OF = {"zh": "按 {day} 有效的法律回答", "en": "Answered by the law in force on {day}"}
REWRITTEN = {"zh": "理解为：{question}", "en": "Understood as: {question}"}
SOURCES = {"zh": "来源", "en": "Sources"}
NOT_VERIFIED = {"zh": "未通过核对（已删去 {count} 句）", "en": "Did not pass verification ({count} removed)"}
IN_FORCE_SINCE = {"zh": "{day} 起施行", "en": "in force since {day}"}
EXPIRED_SINCE = {"zh": "{day} 起失效", "en": "no longer in force since {day}"}
DATE_NOT_VERIFIED = {"zh": "施行日未核实", "en": "date of effect not verified"}
