"""Words of replies to SMS: those that refuse, and those that may stand around them.

All are written as `characters` compares them: simplified, lower case, half width.
"""

from __future__ import annotations

from typing import Final

REFUSALS: Final = (
    *("r", "t", "n", "td", "tdd", "dt"),
    *("退订", "退出", "退阅", "退出订阅", "退订阅", "取订"),
    *("取消订阅", "取消定阅", "取消短信", "tuiding", "tuidin"),
    *("拒收", "拒受", "拒接", "停发", "勿扰", "免打扰", "屏蔽", "拉黑", "移出名单", "黑名单"),
    *("unsubscribe", "unsubcribe", "unsubscibe", "unsub", "stop", "stopp", "stopall"),
    *("optout", "opt out", "remove me"),
)
"""Words of the shipped configuration that refuse all further SMS."""

CLEAR_ALONE: Final = (
    *("取消", "停止", "拒绝", "谢绝", "停", "退", "删除", "移除"),
    *("cancel", "cancle", "end", "quit", "revoke", "remove"),
)
"""Words that refuse where nothing else is said: "取消退订" takes a refusal back."""

NEGATIONS: Final = (
    *("不用", "不必", "别", "勿", "请勿", "不许", "不准", "不需要", "不再", "停止", "终止", "停"),
    *("拒绝", "禁止", "谢绝", "不接受", "不同意", "取消", "莫", "甭"),
)
"""Words before something that is not to be done any more."""
WISHES: Final = (
    *("不要", "不想", "不想要", "不愿", "不愿意", "不希望", "别让我", "不要让我", "不想让"),
)
"""Negations that speak of the visitor too: "不想收到", not "不收到"."""
OF_RECEIVERS: Final = ("不",)
"""Negations that refuse only before what a receiver does: "不收", not "不发"."""
ACTS: Final = ("发", "发送", "发来", "推送", "传", "传送", "打扰", "骚扰", "烦我", "联系", "群发")
"""Acts of a sender: a negation before one of them refuses."""
ACTS_OF_RECEIVERS: Final = (
    *("接收", "接受", "收", "订阅"),
    *("短信", "短信息", "广告", "垃圾短信", "骚扰短信", "推广", "营销"),
)
"""Acts of a receiver, and things to be received: any negation before one of them refuses."""
SIGHTS: Final = ("收到", "看到", "看见", "接到")
"""Acts of a visitor: a wish before one of them refuses."""

BETWEEN: Final = (
    *(
        "再",
        "再次",
        "继续",
        "给我",
        "向我",
        "对我",
        "往我",
        "我",
        "来",
        "任何",
        "这种",
        "这些",
        "这类",
    ),
    *(
        "你们的",
        "你们",
        "贵公司的",
        "此类",
        "此",
        "该",
        "这个",
        "过来",
        "了",
        "这样的",
        "各种",
        "一切",
    ),
    *("短信", "信息", "消息", "短信息", "广告", "垃圾", "营销", "推广", "短信服务", "信息服务"),
    *("讯息", "简讯", "短讯", "通知", "提醒", "宣传", "促销", "活动短信", "商业", "sms"),
)
"""Words that may also stand between a negation and its act."""
AROUND: Final = (
    *(
        "请",
        "请你",
        "请您",
        "您",
        "烦请",
        "麻烦",
        "劳驾",
        "帮",
        "帮我",
        "帮忙",
        "替我",
        "为我",
        "把",
        "将",
    ),
    *("我要", "我想", "我要求", "我需要", "我申请", "我选择", "要", "想", "需要", "要求", "申请"),
    *("确认", "确定", "选择", "办理", "同意", "自愿", "决定", "立即", "立刻", "马上", "现在"),
    *("赶紧", "赶快", "尽快", "快", "快点", "直接", "全部", "所有", "全都", "都", "永久", "永远"),
    *("回复", "回覆", "回", "发送", "发", "到", "至", "下", "强烈", "加入"),
    *("订阅服务", "答复", "输入", "编辑", "谢谢", "谢谢你", "谢谢您", "谢", "多谢"),
    *(
        "感谢",
        "辛苦",
        "拜托",
        "您好",
        "你好",
        "一下",
        "吧",
        "啊",
        "哦",
        "呀",
        "啦",
        "呢",
        "嘛",
        "哈",
    ),
    *(
        "的",
        "号码",
        "手机号",
        "从",
        "名单",
        "以后",
        "今后",
        "从此",
        "以及",
        "和",
        "并",
        "或",
        "或者",
    ),
    *("能帮我", "可以帮我", "能不能帮我", "可否帮我", "能否帮我", "可不可以帮我"),
    *("烦死了", "烦死", "好烦", "太烦了", "很烦", "烦人", "烦", "讨厌", "再发投诉", "再发就投诉"),
    *("否则投诉", "不然投诉", "再发我投诉", "再发举报", "投诉你们", "滚", "垃圾短信"),
    *("再发我就投诉", "再发就举报", "再发告你", "好的", "好", "嗯", "行", "亲"),
)
"""Words that change nothing around a refusal: politeness, haste, anger, "all"."""
AROUND_ENGLISH: Final = (
    *("please", "pls", "plz", "kindly", "thanks", "thank you", "thx", "reply", "send", "txt"),
)
"""English words that change nothing, around a single letter too."""
LOOSE_ENGLISH: Final = (
    *("me", "my", "us", "i", "want", "to", "would like", "from", "this", "these", "the", "list"),
    *("all", "now", "you", "your", "it", "any"),
    *("more", "again", "anymore", "immediately", "today"),
    *("text", "texts", "message", "messages", "msg", "msgs", "number", "and", "hi", "hello"),
    *("sending", "texting", "messaging", "spamming"),
    *("contacting", "receiving", "ads", "for good"),
)
"""English words that change nothing around a word; around a letter they do ("me n you")."""
PHRASES_ENGLISH: Final = (
    *("do not send", "dont send", "do not text", "dont text", "do not contact", "dont contact"),
    *("do not message", "dont message", "no more texts", "no more messages", "no more sms"),
    *("do not disturb", "never text", "leave me alone", "take me off"),
)
"""English phrases that refuse, in any configuration."""

SPOKEN: Final = r"(?:退|推|腿|褪|蜕|颓|对|tui) ?(?:订|定|丁|钉|顶|盯|叮|仃|汀|锭|町|ding|din)"
"""Ways in which 退订 is written by its sound."""
DENIED: Final = r"(?:不|没|没有|别|勿|未|非|误).{0,4}(?:退订|拒收|取消)"
"""A clause that takes back what another one says."""
ASKED: Final = (
    "怎么",
    "如何",
    "怎样",
    "为什么",
    "为何",
    "吗",
    "什么",
    "多少",
    "是否",
    "how",
    "why",
)
"""Words of a question: no clause of such a reply refuses."""
