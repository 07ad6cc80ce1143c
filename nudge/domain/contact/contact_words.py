"""The contact policy in words, and each reason as a sentence, in Chinese and English. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Final, NamedTuple

from bandits.units import DAY, HOUR, MINUTE
from nudge.domain.contact import contact
from nudge.domain.contact.contact_policy import Channel, ContactPolicy, Purpose
from nudge.domain.contact.message_sentences import Sentences
from nudge.domain.contact.pressure_rules import CONTENT, RollingLimit, SequenceRule

REASON_SENTENCES: Final[Mapping[str, Sentences]] = {
    contact.UNKNOWN_PURPOSE: {
        "zh": "触达规则里没有这个目的。",
        "en": "The contact policy has no such purpose.",
    },
    contact.UNKNOWN_CHANNEL: {
        "zh": "触达规则里没有这个渠道。",
        "en": "The contact policy has no such channel.",
    },
    contact.NO_OFFERS: {
        "zh": "该目的不受触达规则限制，因此不得携带营销内容。",
        "en": "No rule applies to this purpose, so it carries no offer.",
    },
    contact.BLACKLISTED: {
        "zh": "客户在黑名单中，不得触达。",
        "en": "The visitor is on the blacklist.",
    },
    contact.COMPLAINT: {
        "zh": "客户投诉过，仍在停止触达的期限内。",
        "en": "The visitor complained, and the pause is not over.",
    },
    contact.NO_CONSENT: {
        "zh": "客户没有同意通过该渠道接收，或已退订。",
        "en": "The visitor has not agreed to the channel, or has refused it.",
    },
    contact.HOLIDAY: {
        "zh": "当天是法定节假日，或被设为不触达的日期。",
        "en": "The day is a public holiday, or a date on which nothing goes out.",
    },
    contact.WEEKDAY: {
        "zh": "当天不在允许触达的星期内。",
        "en": "No contacts are made on this day of the week.",
    },
    contact.QUIET_HOURS: {
        "zh": "此时是该渠道的免打扰时段。",
        "en": "These are quiet hours of the channel.",
    },
    contact.SPACING: {
        "zh": "与前后另一次触达的间隔太短。",
        "en": "Another contact, before or after, is too near.",
    },
    contact.CAP_DAY: {
        "zh": "当天的触达次数已满。",
        "en": "The day has all its contacts.",
    },
    contact.CAP_WEEK: {
        "zh": "本周的触达次数已满。",
        "en": "The week has all its contacts.",
    },
    contact.CAP_MONTH: {
        "zh": "本月的触达次数已满。",
        "en": "The month has all its contacts.",
    },
    contact.CAP_ROLLING: {
        "zh": "连续时段内的触达次数已满。",
        "en": "So many contacts within a stretch of time are the most.",
    },
    contact.SAME_CONTENT: {
        "zh": "同样的内容在期限内已经发过，或已排期。",
        "en": "The same content was sent, or is planned, within the set time.",
    },
    contact.NEVER_WITH: {
        "zh": "与客户的另一次触达互斥，不得同时安排。",
        "en": "It must not stand together with another contact.",
    },
    contact.NOT_AFTER: {
        "zh": "另一类触达之后的期限内不得发送。",
        "en": "It must not follow another contact within the set time.",
    },
    contact.ONLY_AFTER: {
        "zh": "必须先有另一类触达，才能发送。",
        "en": "Another contact has to come first.",
    },
    contact.NO_CAPACITY: {
        "zh": "该小时的通道容量已用完。",
        "en": "The hour's capacity is used.",
    },
}
"""Code of a reason -> its sentence; every code has one."""

_DAYS: Final = {"zh": "一二三四五六日", "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")}


class PolicyRule(NamedTuple):
    """A rule of the contact policy in words.

    Attributes:
        code: kind of the rule, such as `caps`; several rules may be of one kind.
        sentence: by language.
    """

    code: str
    sentence: Sentences


def list_rules(policy: ContactPolicy) -> list[PolicyRule]:
    """Return the whole policy in words, a rule a sentence, in the order of the rules."""
    return [PolicyRule(code, told) for code, part in _PARTS.items() for told in part(policy)]


def describe_policy(policy: ContactPolicy, language: str) -> list[str]:
    """Return the rules of `list_rules` in one language, `zh` or `en`."""
    return [one.sentence[language] for one in list_rules(policy)]


def _channels(policy: ContactPolicy) -> Iterator[Sentences]:
    for one in policy.channels.values():
        yield _channel(one)


def _channel(one: Channel) -> Sentences:
    required = one.consent == "required"
    zh = f"渠道 {one.name}：" + ("须客户同意" if required else "客户未拒绝即可")
    en = f"Channel {one.name}: the visitor's " + (
        "latest word must be a yes" if required else "latest word must not be a no"
    )
    if one.quiet:
        hours = quiet_hours(one)
        zh += f"；免打扰时段 {'、'.join(hours)}（按客户当地时间）"
        en += f"; nothing goes out from {' and '.join(hours)} by the visitor's clock"
    if one.capacity is not None:
        zh += f"；每小时最多 {one.capacity:,} 次"
        en += f"; at most {one.capacity:,} in an hour"
    return {"zh": zh + "。", "en": en + "."}


def quiet_hours(one: Channel) -> list[str]:
    """Return the quiet hours of a channel as clock times, such as `21:00-08:00`."""
    return [f"{clock_time(start)}-{clock_time(end)}" for start, end in one.quiet]


def _purposes(policy: ContactPolicy) -> Iterator[Sentences]:
    exempt = [one.name for one in policy.purposes.values() if one.exempt]
    if exempt:
        yield _offers(policy, exempt)
        yield {
            "zh": f"目的 {'、'.join(exempt)} 不受其他规则限制，也不计入次数。",
            "en": f"No other rule applies to {_and(exempt)}, and they count nowhere.",
        }
    ranked = sorted(
        (one for one in policy.purposes.values() if not one.exempt), key=lambda x: -x.priority
    )
    if len(ranked) > 1:
        names = [one.name for one in ranked]
        yield {
            "zh": f"优先级从高到低：{'、'.join(names)}；级别低的排期要让位给级别高的。",
            "en": f"From the highest priority to the lowest: {', '.join(names)}; a plan of a lower "
            "one gives way.",
        }
    yield from (_share(one) for one in ranked if one.share < 1)


def _offers(policy: ContactPolicy, exempt: list[str]) -> Sentences:
    tags = sorted(policy.offers)
    zh = f"，内容也不得是{'、'.join(f'「{tag}」' for tag in tags)}" if tags else ""
    en = f", and no content {' or '.join(tags)}" if tags else ""
    return {
        "zh": f"目的 {'、'.join(exempt)} 的消息不得携带决策位的方案{zh}。",
        "en": f"No variant of a slot goes out for {_and(exempt)}{en}.",
    }


def _share(one: Purpose) -> Sentences:
    return {
        "zh": f"目的 {one.name} 只能用到每小时容量的 {one.share:.0%}。",
        "en": f"{one.name} finds no room once {one.share:.0%} of an hour's capacity is used.",
    }


def _clocks(policy: ContactPolicy) -> Iterator[Sentences]:
    zone = policy.zone.key
    yield {
        "zh": f"日期和时段按客户所在时区计算；时区未知时按 {zone} 计算。",
        "en": f"Days and hours are the visitor's own; of an unknown zone those of {zone}.",
    }


def _permission(policy: ContactPolicy) -> Iterator[Sentences]:
    yield {"zh": "黑名单客户一律不触达。", "en": "A visitor on the blacklist is never contacted."}
    if policy.complaint_pause == math.inf:
        yield {
            "zh": "客户投诉后不再触达。",
            "en": "After a complaint there is no contact any more.",
        }
    elif policy.complaint_pause > 0:
        zh, en = describe_length(policy.complaint_pause)
        yield {
            "zh": f"客户投诉后 {zh}内不触达。",
            "en": f"After a complaint there is no contact for {en}.",
        }


def _days(policy: ContactPolicy) -> Iterator[Sentences]:
    if len(policy.weekdays) < 7:  # noqa: PLR2004 (days of a week)
        days = sorted(policy.weekdays)
        yield {
            "zh": f"只在周{'、'.join(_DAYS['zh'][day] for day in days)}触达。",
            "en": f"Contacts are made on {', '.join(_DAYS['en'][day] for day in days)} only.",
        }
    holidays = policy.holidays
    if holidays.country:
        place = "-".join(filter(None, (holidays.country, holidays.region)))
        yield {
            "zh": f"{place} 的法定节假日不触达。",
            "en": f"Nothing goes out on the public holidays of {place}.",
        }
    if holidays.forbidden or holidays.allowed:
        no, yes = len(holidays.forbidden), len(holidays.allowed)
        yield {
            "zh": f"另有 {no} 个日期不触达，{yes} 个日期照常触达。",
            "en": f"Further dates: {no} closed, {yes} open whatever they are.",
        }


def _caps(policy: ContactPolicy) -> Iterator[Sentences]:
    if policy.spacing > 0:
        zh, en = describe_length(policy.spacing)
        yield {
            "zh": f"任意两次触达至少间隔 {zh}。",
            "en": f"Any two contacts are at least {en} apart.",
        }
    caps = policy.caps
    parts = (("天", "day", caps.day), ("周", "week", caps.week), ("月", "month", caps.month))
    for unit, name, most in parts:
        if most is not None:
            yield {
                "zh": f"每个自然{unit}最多触达 {most} 次，所有渠道合计。",
                "en": f"At most {_times(most)} in a calendar {name}, over all channels.",
            }


def _limits(policy: ContactPolicy) -> Iterator[Sentences]:
    for one in policy.limits:
        yield _limit(one)
    if policy.content is not None:
        zh, en = describe_length(policy.content.within)
        yield {
            "zh": f"同样的内容在任意连续 {zh}内最多发给同一客户 {policy.content.most} 次。",
            "en": f"The same content reaches a visitor at most {_often(policy.content.most)} "
            f"within any {en}.",
        }


def _limit(one: RollingLimit) -> Sentences:
    zh, en = describe_length(one.within)
    ways, aims = sorted(one.channels), sorted(one.purposes)
    zh_over = (f"，渠道 {'、'.join(ways)}" if ways else "，所有渠道合计") + (
        f"，目的 {'、'.join(aims)}" if aims else ""
    )
    en_over = (f" by {_and(ways)}" if ways else " over all channels") + (
        f" for {_and(aims)}" if aims else ""
    )
    return {
        "zh": f"任意连续 {zh}内最多触达 {one.most} 次{zh_over}。",
        "en": f"At most {_times(one.most)} within any {en},{en_over}.",
    }


def _sequences(policy: ContactPolicy) -> Iterator[Sentences]:
    for one in policy.sequences:
        yield _sequence(one)


def _sequence(one: SequenceRule) -> Sentences:
    zh_mine, en_mine = _sort(one.contact)
    zh_other, en_other = _sort(one.other)
    ever = one.within == math.inf
    zh, en = ("", "") if ever else describe_length(one.within)
    if one.kind == contact.NEVER_WITH:
        return {
            "zh": f"{zh_mine}与{zh_other}" + ("不得发给同一客户。" if ever else f"至少相隔 {zh}。"),
            "en": f"Never {en_mine} together with {en_other}"
            + (" for one visitor." if ever else f" within {en} of each other."),
        }
    if one.kind == contact.NOT_AFTER:
        return {
            "zh": f"{zh_other}之后{'' if ever else f' {zh}内'}不得发送{zh_mine}。",
            "en": f"No {en_mine} {'ever' if ever else f'within {en}'} after {en_other}.",
        }
    return {
        "zh": f"只有在{zh_other}之后{'' if ever else f' {zh}内'}才能发送{zh_mine}。",
        "en": f"{en_mine} only {'' if ever else f'within {en} '}after {en_other}.",
    }


def _receipts(policy: ContactPolicy) -> Iterator[Sentences]:
    if policy.failed == "no_contact":
        yield {
            "zh": "回执为最终失败的短信不算触达，不占次数和间隔。",
            "en": "A message that failed for good, by its receipt, is no contact.",
        }
    else:
        yield {
            "zh": "回执为最终失败的短信同样算作触达。",
            "en": "A message that failed for good, by its receipt, counts like any other.",
        }


_PARTS: Final[Mapping[str, Callable[[ContactPolicy], Iterator[Sentences]]]] = {
    "clock": _clocks,
    "permission": _permission,
    "channel": _channels,
    "days": _days,
    "caps": _caps,
    "limits": _limits,
    "sequences": _sequences,
    "receipts": _receipts,
    "purposes": _purposes,
}
"""Kind of a rule -> its sentences, in the order of the rules."""
RULES: Final = tuple(_PARTS)
"""Kinds of rules."""


def _sort(sort: str) -> tuple[str, str]:
    """Return a purpose or a tag in Chinese and English."""
    if sort.startswith(CONTENT):
        tag = sort[len(CONTENT) :]
        return f"内容「{tag}」", f"content {tag!r}"
    return f"「{sort}」", sort


def describe_length(seconds: float) -> tuple[str, str]:
    """Return a length of time in Chinese and English."""
    units = ((DAY, "天", "day"), (HOUR, "小时", "hour"), (MINUTE, "分钟", "minute"))
    for length, zh, en in (*units, (1, "秒", "second")):
        count = seconds / length
        if count >= 1 and (count.is_integer() or length == 1):
            return f"{count:g} {zh}", f"{count:g} {en}{'' if count == 1 else 's'}"
    return f"{seconds:g} 秒", f"{seconds:g} seconds"


def clock_time(second: int) -> str:
    """Return a second of the day as a clock shows it, such as 08:00."""
    return f"{second // HOUR:02}:{second % HOUR // MINUTE:02}"


def _times(count: int) -> str:
    return f"{count} contact{'' if count == 1 else 's'}"


def _often(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _and(names: list[str]) -> str:
    return " and ".join((", ".join(names[:-1]), names[-1])) if len(names) > 1 else names[0]
