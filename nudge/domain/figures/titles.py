"""Titles of attributes and of their values, Chinese and English: the words of people for codes.

Reports, alarms and pages take them from here. A code without a title is shown as it is: it is a
name that the operator gave.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

Titles = Mapping[str, str]
"""A title by language, `zh` and `en`."""
_COMMA: Final = ", "

ATTRIBUTES: Final[Mapping[str, Titles]] = {
    "stage": {"zh": "环节", "en": "stage"},
    "channel": {"zh": "渠道", "en": "channel"},
    "page": {"zh": "页面", "en": "page"},
    "method": {"zh": "支付方式", "en": "payment method"},
    "reason": {"zh": "原因", "en": "reason"},
    "failure_reason": {"zh": "支付失败原因", "en": "reason of the failed payment"},
    "city": {"zh": "城市", "en": "city"},
    "city_tier": {"zh": "城市级别", "en": "city tier"},
    "province": {"zh": "省份", "en": "province"},
    "segment": {"zh": "客群", "en": "segment"},
    "variant": {"zh": "方案", "en": "variant"},
    "slot": {"zh": "决策位", "en": "slot"},
    "scene": {"zh": "场景", "en": "scene"},
    "carrier": {"zh": "运营商", "en": "carrier"},
    "app_version": {"zh": "版本", "en": "app version"},
    "day": {"zh": "日期", "en": "day"},
    "week": {"zh": "周", "en": "week"},
    "month": {"zh": "月份", "en": "month"},
    "hour": {"zh": "时段", "en": "hour"},
    "weekday": {"zh": "星期", "en": "weekday"},
    "lifecycle": {"zh": "生命周期", "en": "lifecycle stage"},
    "tier": {"zh": "价值等级", "en": "value tier"},
    "mobile_before": {"zh": "用过手机端", "en": "came by mobile before"},
    "failed_at": {"zh": "支付失败时间", "en": "time of the failed payment"},
    "carried_number": {"zh": "已填写号码", "en": "number just typed"},
    "last_number": {"zh": "上次充值号码", "en": "number recharged last"},
    "frequent_number": {"zh": "常充号码", "en": "number recharged most"},
    "own_number": {"zh": "本人号码", "en": "own number"},
    "overdue_days": {"zh": "逾期天数", "en": "days overdue"},
    "alive": {"zh": "仍在使用的可能性", "en": "chance of still being a customer"},
    "expected_at": {"zh": "预计充值时间", "en": "time of the expected recharge"},
    "spending_change": {"zh": "消费变化", "en": "change of spending"},
    "payments": {"zh": "缴费次数", "en": "payments"},
    "usual_amount": {"zh": "常用金额", "en": "usual amount"},
    "last_amount": {"zh": "最近一次金额", "en": "last amount"},
    "first_paid_at": {"zh": "首次缴费时间", "en": "time of the first payment"},
    "last_paid_at": {"zh": "最近缴费时间", "en": "time of the last payment"},
}
"""Titles of attributes; one that is not here goes by its own name."""

STAGES: Final[Mapping[str, Titles]] = {
    "home": {"zh": "首页", "en": "home page"},
    "recharge": {"zh": "充值页", "en": "recharge page"},
    "amount_number": {"zh": "填写金额和号码", "en": "amount and number"},
    "pay_tapped": {"zh": "点击支付", "en": "pay button"},
    "method": {"zh": "选择支付方式", "en": "payment method chosen"},
    "paid": {"zh": "支付成功", "en": "payment"},
    "claim": {"zh": "页面报告支付成功", "en": "payment told by a page"},
    "sms": {"zh": "短信送达", "en": "SMS"},
    "feedback": {"zh": "评分", "en": "score"},
    "complaint": {"zh": "投诉", "en": "complaint"},
    "reward": {"zh": "曝光后转化", "en": "reward of an exposure"},
}
CHANNELS: Final[Mapping[str, Titles]] = {
    "web": {"zh": "网页", "en": "web"},
    "wap": {"zh": "WAP", "en": "WAP"},
    "app": {"zh": "APP", "en": "app"},
    "miniprogram": {"zh": "小程序", "en": "mini program"},
    "sms": {"zh": "短信", "en": "SMS"},
    "call": {"zh": "电话", "en": "call"},
    "push": {"zh": "推送", "en": "push message"},
}
METHODS: Final[Mapping[str, Titles]] = {
    "alipay": {"zh": "支付宝", "en": "Alipay"},
    "wechat": {"zh": "微信支付", "en": "WeChat Pay"},
    "unionpay": {"zh": "银联", "en": "UnionPay"},
    "card": {"zh": "银行卡", "en": "bank card"},
    "wallet": {"zh": "电子钱包", "en": "wallet"},
    "balance": {"zh": "话费余额", "en": "balance"},
}
FAILURES: Final[Mapping[str, Titles]] = {
    "soft": {"zh": "可重试的失败", "en": "failure that may pass"},
    "hard": {"zh": "无法重试的失败", "en": "failure for good"},
    "gateway_down": {"zh": "支付通道故障", "en": "gateway down"},
    "unknown": {"zh": "原因不明", "en": "unknown cause"},
    "insufficient_balance": {"zh": "余额不足", "en": "balance too low"},
    "insufficient_funds": {"zh": "账户资金不足", "en": "funds too low"},
    "limit_exceeded": {"zh": "超过支付限额", "en": "limit exceeded"},
    "wrong_password": {"zh": "密码错误", "en": "wrong password"},
    "wrong_code": {"zh": "验证码错误", "en": "wrong code"},
    "cancelled": {"zh": "用户取消", "en": "cancelled"},
    "timeout": {"zh": "支付超时", "en": "timeout"},
    "network": {"zh": "网络故障", "en": "network fault"},
    "card_expired": {"zh": "银行卡已过期", "en": "card expired"},
    "card_closed": {"zh": "银行卡已注销", "en": "card closed"},
    "card_blocked": {"zh": "银行卡被冻结", "en": "card blocked"},
    "card_lost": {"zh": "银行卡已挂失", "en": "card reported lost"},
    "account_closed": {"zh": "账户已注销", "en": "account closed"},
    "account_blocked": {"zh": "账户被冻结", "en": "account blocked"},
    "not_supported": {"zh": "不支持的支付方式", "en": "method not supported"},
    "fraud": {"zh": "疑似欺诈", "en": "suspected fraud"},
    "risk_refused": {"zh": "风控拒绝", "en": "refused by risk control"},
    "gateway_error": {"zh": "支付通道报错", "en": "gateway error"},
    "gateway_timeout": {"zh": "支付通道超时", "en": "gateway timeout"},
    "gateway_unavailable": {"zh": "支付通道不可用", "en": "gateway unavailable"},
    "maintenance": {"zh": "支付通道维护", "en": "gateway maintenance"},
}
"""Reasons of failed payments: the kinds, and the codes that make them."""
LIFECYCLE: Final[Mapping[str, Titles]] = {
    "growth": {"zh": "成长", "en": "growth"},
    "stable": {"zh": "稳定", "en": "stable"},
    "warning": {"zh": "预警", "en": "warning"},
    "left": {"zh": "流失", "en": "left"},
}
TIERS: Final[Mapping[str, Titles]] = {
    "high": {"zh": "高价值", "en": "high"},
    "mid": {"zh": "中价值", "en": "mid"},
    "low": {"zh": "低价值", "en": "low"},
}
PAGES: Final[Mapping[str, Titles]] = {
    **{name: STAGES[name] for name in ("home", "recharge")},
    "pay": {"zh": "支付页", "en": "payment page"},
}
PURPOSES: Final[Mapping[str, Titles]] = {
    "transactional": {"zh": "业务通知", "en": "transactional"},
    "payment_failed": {"zh": "支付失败提醒", "en": "failed payment"},
    "reminder": {"zh": "充值提醒", "en": "reminder"},
    "winback": {"zh": "挽回", "en": "win-back"},
    "promotion": {"zh": "营销", "en": "promotion"},
}
_VALUES: Final[Mapping[str, Mapping[str, Titles]]] = {
    "stage": STAGES,
    "channel": CHANNELS,
    "page": PAGES,
    "purpose": PURPOSES,
    "method": METHODS,
    "reason": FAILURES,
    "failure_reason": FAILURES,
    "lifecycle": LIFECYCLE,
    "segment": LIFECYCLE,
    "tier": TIERS,
}


def attribute_title(name: str, language: str) -> str:
    """Return the title of an attribute; its name where it has none."""
    return ATTRIBUTES[name][language] if name in ATTRIBUTES else name


def value_title(attribute: str, value: str, language: str) -> str:
    """Return the title of an attribute's value; the value itself where it has none."""
    known = _VALUES.get(attribute, {})
    return known[value][language] if value in known else value


def named_value(attribute: str, values: str, language: str) -> str:
    """Return an attribute with its value in words, such as `payment method Alipay`.

    Args:
        attribute: its name.
        values: its value; several are joined by a comma, as in the cause of an alarm.
        language: `zh` or `en`.
    """
    told = (value_title(attribute, one, language) for one in values.split(_COMMA))
    title = attribute_title(attribute, language)
    if language == "zh":
        return f"{title}“{'、'.join(told)}”"
    words = _COMMA.join(told)
    return f"{title} “{words}”" if attribute == "stage" else f"{title} {words}"
