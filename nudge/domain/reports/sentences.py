"""Sentences of a report's findings, Chinese and English: the one place where they stand."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final

from bandits.inference.interval import Estimate
from nudge.domain.reports.capped_revenue import CappedRevenue

Said = dict[str, str]
"""A sentence by language, `zh` and `en`."""
LANGUAGES: Final = ("zh", "en")
NEAR: Final = 9.95
"""Percent from which on a decimal would be rounded to 10.0."""
MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_CHANNELS: Final = {
    "web": "web",
    "wap": "WAP",
    "app": "app",
    "miniprogram": "mini program",
    "sms": "SMS",
}
_ZH_CHANNELS: Final = {
    "web": "网页",
    "wap": "WAP ",
    "app": "APP ",
    "miniprogram": "小程序",
    "sms": "短信",
}
BEFORE: Final[Mapping[str, Said]] = {
    "week": {"zh": "上一周", "en": "the week before"},
    "month": {"zh": "上一月", "en": "the month before"},
    "quarter": {"zh": "上一季度", "en": "the quarter before"},
    "revision": {"zh": "上一次修订", "en": "the revision before"},
}
"""Names of the time that a report is compared with."""
_PLAIN: Final[Mapping[str, Said]] = {
    "page": {"zh": "{} 页面", "en": "on page {}"},
    "day": {"zh": "{}", "en": "on {}"},
    "week": {"zh": "{} 起的一周", "en": "in the week of {}"},
    "month": {"zh": "{} 起的一个月", "en": "in the month of {}"},
    "hour": {"zh": "{} 点时段", "en": "in the hour from {}:00"},
    "revision": {"zh": "第 {} 次修订", "en": "in revision {}"},
    "policy_version": {"zh": "策略版本 {}", "en": "under policy version {}"},
}
"""Phrases for the built-in dimensions."""
_DIMENSIONS: Final[Mapping[str, str]] = {
    "channel": "渠道",
    "page": "页面",
    "day": "日期",
    "week": "周",
    "month": "月份",
    "hour": "时段",
    "weekday": "星期",
    "revision": "修订",
    "policy_version": "策略版本",
}
"""Chinese names of the built-in dimensions."""
_WORDS: Final[Mapping[str, Mapping[str, Said]]] = {
    "weekday": {
        "1": {"zh": "周一", "en": "on Mondays"},
        "2": {"zh": "周二", "en": "on Tuesdays"},
        "3": {"zh": "周三", "en": "on Wednesdays"},
        "4": {"zh": "周四", "en": "on Thursdays"},
        "5": {"zh": "周五", "en": "on Fridays"},
        "6": {"zh": "周六", "en": "on Saturdays"},
        "7": {"zh": "周日", "en": "on Sundays"},
    },
    "degraded": {
        "true": {"zh": "未取得访客状态的访客", "en": "where the visitor's state was missing"},
        "false": {"zh": "已取得访客状态的访客", "en": "where the visitor's state was there"},
    },
}
"""Phrases for the values of dimensions that need words of their own."""


@dataclass(frozen=True)
class Need:
    """The need of a segment for a variant that does not lead on average.

    Attributes:
        variant: its name.
        segment: dimension -> value.
        leads: it is seen to lead there; otherwise it may.
    """

    variant: str
    segment: Mapping[str, str]
    leads: bool


@dataclass(frozen=True)
class Advice:
    """The advice on a slot's variants; without any, none can be stopped.

    Attributes:
        stoppable: names of the variants that no segment of the slot's context needs.
        needs: name -> who needs a variant that is below the leader on average.
        opposed: name -> who may need each of two that are equal on average.
        gain: of a personal policy over the best single variant, as a share.
        over_fallback: of the same policy over the fallback of each page, as a share.
    """

    stoppable: frozenset[str] = frozenset()
    needs: Mapping[str, Need] = field(default_factory=dict)
    opposed: Mapping[str, Need] = field(default_factory=dict)
    gain: Estimate | None = None
    over_fallback: Estimate | None = None


@dataclass(frozen=True)
class Finding:
    """The finding of a verdict, with the variants' names.

    Attributes:
        kind: of the verdict.
        reason: of the verdict, or `nothing_shown`, `nothing_matured`, `mismatch`, `few_people`.
        leader: name of the best so far.
        second: name of the next best.
        relative: the lead as a share of the second's mean.
        beaten: names of those that can be stopped.
        needs: who needs those that are below the leader on average, and cannot be stopped.
        average: the comparison holds on average, and some segment may differ.
        since: day of the calendar from which on the verdict has held; None without one.
        newest: newest day with exposures; None without `since`.
        gain: of a personal policy over the best single variant, as a share.
        over_fallback: of the same policy over the fallback, as a share.
        lift: of the same policy over the holdout, as a share.
        others: number of compared variants besides the leader.
        rewards: exposures with a reward.
        needed: rewards that a verdict needs.
        waiting: exposures whose window is open.
        revenue: the comparison is of yuan, not conversions.
        segment: dimension -> value; empty for the whole slot.
        titles: name of a variant -> its title by language, of those that have one.
        capped: revenue that the comparison leaves out; None without a cap.
    """

    kind: str
    reason: str
    leader: str = ""
    second: str = ""
    relative: Estimate | None = None
    beaten: Sequence[str] = ()
    needs: Sequence[Need] = ()
    average: bool = False
    since: date | None = None
    newest: date | None = None
    gain: Estimate | None = None
    over_fallback: Estimate | None = None
    lift: Estimate | None = None
    others: int = 1
    rewards: int = 0
    needed: int = 0
    waiting: int = 0
    revenue: bool = False
    segment: Mapping[str, str] = field(default_factory=dict)
    titles: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    capped: CappedRevenue | None = None

    def spoken(self, language: str) -> Finding:
        """Return the finding with the variants' titles of a language in place of their names."""

        def quoted(name: str) -> str:
            return f"“{title_of(name, language, self.titles)}”" if name in self.titles else name

        return replace(
            self,
            leader=quoted(self.leader),
            second=quoted(self.second),
            beaten=tuple(map(quoted, self.beaten)),
            needs=tuple(replace(one, variant=quoted(one.variant)) for one in self.needs),
            titles={},
        )


def title_of(name: str, language: str, titles: Mapping[str, Mapping[str, str]]) -> str:
    """Return a variant's title in a language; in the other one, or its name, where it has none."""
    own = titles.get(name, {})
    return own.get(language) or next(iter(own.values()), name)


def sentence(found: Finding) -> Said:
    """Put a finding into one sentence, or two."""
    if found.titles:
        return {tongue: sentence(found.spoken(tongue))[tongue] for tongue in LANGUAGES}
    say = {
        "separated": _separated,
        "still_open": _still_open,
        "too_close": _too_close,
        "few_rewards": _few_rewards,
        "nothing_shown": _nothing_shown,
        "nothing_matured": _nothing_matured,
        "no_comparison": _no_comparison,
        "mismatch": _mismatch,
        "few_people": _few_people,
    }[found.reason]
    said, where, first = say(found), visitors_phrase(found.segment), _personal(found)
    en = where["en"] + said["en"] if where["en"] else _capital(said["en"])
    compared = found.leader and found.reason != "few_rewards"
    cut = capped_phrase(found.capped if compared else None)
    return {
        "zh": first["zh"] + where["zh"] + said["zh"] + cut["zh"],
        "en": first["en"] + en + cut["en"],
    }


def preliminary(found: Finding) -> Said:
    """Put a finding on all exposures so far into a sentence that is marked as not final."""
    said = sentence(found)
    zh = f"（初步结果：尚有 {found.waiting:,} 次曝光的转化窗口未结束。）"
    en = f" (Not final: {_count(found.waiting, 'exposure')} may still convert.)"
    return {"zh": said["zh"] + zh, "en": said["en"] + en}


def capped_phrase(capped: CappedRevenue | None) -> Said:
    """Say what revenue a comparison leaves out: `, ...`; nothing where none is."""
    if capped is None or not capped.exposures:
        return {"zh": "", "en": ""}
    cap, yuan = (f"{x:,.2f}".removesuffix(".00") for x in (capped.cap, capped.yuan))
    verb = "was" if capped.exposures == 1 else "were"
    return {
        "zh": f"（比较时单次曝光的收入最多计 {cap} 元：{capped.exposures:,} 次曝光超出，"
        f"超出部分共 {yuan} 元未计入。）",
        "en": f" (Compared is revenue of up to {cap} yuan an exposure: "
        f"{_count(capped.exposures, 'exposure')} {verb} above it, by {yuan} yuan in all.)",
    }


def _separated(f: Finding) -> Said:
    lead, average, clear, then = _by(f), _average(f), _clear(f), _advice(f)
    zh, en = f"{clear['zh']}{then['zh']}。", f"{clear['en']}{then['en']}."
    if f.others == 1:
        return {
            "zh": f"{average['zh']}{f.leader} 优于 {f.second}{lead['zh']}{zh}",
            "en": f"{average['en']}{f.leader} beats {f.second}{lead['en']}{en}",
        }
    over_zh = f"，与第二名 {f.second} 相比{lead['zh']}" if lead["zh"] else ""
    over_en = f", and the next best, {f.second},{lead['en']}" if lead["en"] else ""
    return {
        "zh": f"{average['zh']}{f.leader} 优于其他所有方案{over_zh}{zh}",
        "en": f"{average['en']}{f.leader} beats every other variant{over_en}{en}",
    }


def _still_open(f: Finding) -> Said:
    range_ = _range(f.relative)
    stop = _stop(f)
    return {
        "zh": f"暂无定论：{f.leader} 暂时领先 {f.second}{range_['zh']}。{stop['zh']}",
        "en": f"it is too early to tell: {f.leader} leads {f.second} for now"
        f"{range_['en']}.{stop['en']}",
    }


def _too_close(f: Finding) -> Said:
    stop, clear = _stop(f), _clear(f)
    pause = "；" if clear["zh"] else "，"
    if f.average:
        return {
            "zh": f"平均来看，{f.leader} 与 {f.second} 效果基本持平{clear['zh']}{pause}"
            f"再增加样本也难分高下，但不同访客可能适合不同方案。{stop['zh']}",
            "en": f"on average {f.leader} and {f.second} are practically equal{clear['en']}, and "
            "more visitors will not tell them apart; different visitors may need different "
            f"ones.{stop['en']}",
        }
    return {
        "zh": f"{f.leader} 与 {f.second} 效果基本持平{clear['zh']}{pause}任选其一即可，"
        f"再增加样本也难分高下。{stop['zh']}",
        "en": f"{f.leader} and {f.second} are practically equal{clear['en']}; choose either, more "
        f"visitors will not tell them apart.{stop['en']}",
    }


def _few_rewards(f: Finding) -> Said:
    return {
        "zh": f"样本量不足，暂无定论：目前仅 {f.rewards:,} 次转化，至少需要 {f.needed:,} 次。",
        "en": f"it is too early to tell: {_count(f.rewards, 'conversion')} so far, and at least "
        f"{f.needed:,} are needed.",
    }


def _nothing_matured(f: Finding) -> Said:
    return {
        "zh": f"暂无定论：{f.waiting:,} 次曝光的转化窗口均未结束。",
        "en": f"it is too early to tell: {_count(f.waiting, 'exposure')} so far, and none of the "
        "windows has closed yet.",
    }


def _nothing_shown(_: Finding) -> Said:
    return {
        "zh": "无法判断：该时段内没有曝光。",
        "en": "this cannot be told: nothing was shown in this period.",
    }


def _no_comparison(_: Finding) -> Said:
    return {
        "zh": "无法判断：任意两个方案都没有共同的可投放访客，不具可比性。",
        "en": "this cannot be told: no two variants could have been shown to the same visitors.",
    }


def _mismatch(_: Finding) -> Said:
    return {
        "zh": "无法判断：各方案的实际曝光占比与记录的概率不符（样本比例失配）。请先排查原因，"
        "在此之前所有数据均不可信。",
        "en": "this cannot be told: the variants were not shown as often as their logged "
        "probabilities say. Find the cause first; until then no figure here is to be trusted.",
    }


def _few_people(_: Finding) -> Said:
    return {
        "zh": "人数不足 20 人，为保护隐私不展示数据。",
        "en": "there are fewer than 20 people, so no figures are shown.",
    }


def visitors_phrase(segment: Mapping[str, str]) -> Said:
    """Name the visitors of a segment, as a sentence begins: `For WAP visitors: `."""
    parts = [_value(name, value) for name, value in segment.items()]
    if not parts:
        return {"zh": "", "en": ""}
    zh, en = "、".join(p["zh"] for p in parts), " and ".join(p["en"] for p in parts)
    en = en.replace(" visitors and where ", " visitors where ")
    return {"zh": f"{zh}：", "en": f"{_capital(en)}: "}


def _value(name: str, value: str) -> Said:
    plain = name.removeprefix("context.")
    zh = _DIMENSIONS.get(name, f" {plain} ")
    if value == "other":
        return {"zh": f"其他{zh}的访客", "en": f"for every other {plain}"}
    if not value:
        return {"zh": f"{zh.lstrip()}未知的访客", "en": f"where {plain} is not known"}
    if name == "channel" and value in _CHANNELS:
        return {"zh": f"{_ZH_CHANNELS[value]}访客", "en": f"for {_CHANNELS[value]} visitors"}
    if value in _WORDS.get(name, {}):
        return dict(_WORDS[name][value])
    if name in _PLAIN:
        return {tongue: text.format(value) for tongue, text in _PLAIN[name].items()}
    return {"zh": f"{plain} 为 {value} 的访客", "en": f"where {plain} is {value}"}


def _by(f: Finding) -> Said:
    if f.relative is None or not math.isfinite(f.relative.high):
        return {"zh": "", "en": ""}
    low, high = percent(f.relative.low), percent(f.relative.high)
    value, what = percent(f.relative.value), "每次曝光的收入" if f.revenue else "转化率"
    return {
        "zh": f"，{what}相对高出 {value}%（区间 {low}%～{high}%）",
        "en": f" by {value} % ({low}-{high} %)",
    }


def _range(relative: Estimate | None) -> Said:
    if relative is None or not (math.isfinite(relative.low) and math.isfinite(relative.high)):
        return {"zh": "，但差距尚无法确定", "en": ", by how much is not known yet"}
    low, high = percent(relative.low), percent(relative.high)
    return {
        "zh": f"，但差距的区间为 {low}%～{high}%",
        "en": f", but the difference may be anything from {low} % to {high} %",
    }


def _stop(f: Finding) -> Said:
    """Say in sentences of their own what can be stopped already, and what is needed."""
    zh = f"{_zh_list(f.beaten)} 已显著落后，可停用。" if f.beaten else ""
    en = f" {_en_list(f.beaten)} can already be stopped." if f.beaten else ""
    for one in map(_needed, f.needs):
        zh, en = f"{zh}{one['zh']}。", f"{en} {_capital(one['en'])}."
    return {"zh": zh, "en": en}


def _personal(f: Finding) -> Said:
    """Say before all else what a personal policy brings."""
    beside = [
        (f.gain, {"zh": "最优单一方案", "en": "best single variant"}),
        (f.over_fallback, {"zh": "默认方案", "en": "fallback"}),
        (f.lift, {"zh": "对照组", "en": "holdout"}),
    ]
    told = [(_change(share), name) for share, name in beside if share is not None]
    if f.gain is None and f.over_fallback is None:
        return {"zh": "", "en": ""}
    (first, name), *others = told
    zh = [f"，相对{one['zh']}为 {change['zh']}" for change, one in others]
    en = [f"{change['en']} over the {one['en']}" for change, one in told]
    *head, last = en
    told_en = f"{', '.join(head)}, and {last}" if head else last
    return {
        "zh": f"智能策略相对{name['zh']}的变化为 {first['zh']}{''.join(zh)}。",
        "en": f"Personalisation brings {told_en}. ",
    }


def _change(share: Estimate) -> Said:
    value, low, high = (percent(x) for x in (share.value, share.low, share.high))
    return {
        "zh": f"{value}%（区间 {low}%～{high}%）",
        "en": f"{value} % ({low} % to {high} %)",
    }


def _clear(f: Finding) -> Said:
    """Say since when a verdict has held, with the year where it is not this one."""
    if f.since is None:
        return {"zh": "", "en": ""}
    day, month, year = f.since.day, f.since.month, f.since.year
    this = f.newest is not None and f.newest.year == year
    zh = f"{month} 月 {day} 日" if this else f"{year} 年 {month} 月 {day} 日"
    en = f"{day} {MONTHS[month - 1]}" + ("" if this else f" {year}")
    return {"zh": f"，该结论自 {zh}起成立", "en": f", as has been clear since {en}"}


def _average(f: Finding) -> Said:
    return {"zh": "平均来看，", "en": "on average "} if f.average else {"zh": "", "en": ""}


def _advice(f: Finding) -> Said:
    """Say behind a verdict what follows from it."""
    parts = [_needed(one) for one in f.needs]
    if f.beaten:
        en = f"{_en_list(f.beaten)} can be stopped"
        parts.append({"zh": f"可停用 {_zh_list(f.beaten)}", "en": en})
    return {tongue: "".join(mark + p[tongue] for p in parts) for tongue, mark in _MARKS.items()}


def _needed(need: Need) -> Said:
    phrase = [_value(name, value) for name, value in need.segment.items()]
    zh = "、".join(p["zh"] for p in phrase) or "部分访客"
    en = " and ".join(p["en"] for p in phrase) or "for some visitors"
    if need.leads:
        return {"zh": f"{zh}中 {need.variant} 领先", "en": f"{en} {need.variant} leads"}
    return {
        "zh": f"{zh}中 {need.variant} 可能更好，暂勿停用",
        "en": f"{en} {need.variant} may be better, so do not stop it yet",
    }


_MARKS: Final = {"zh": "；", "en": "; "}
"""The sign between parts of a sentence."""


def percent(share: float) -> str:
    """Format a share as percent, with one decimal below 10: `12`, `3.4`, `-0.6`."""
    value = 100.0 * share
    text = f"{value:.1f}" if abs(value) < NEAR else f"{value:,.0f}"
    text = text.removesuffix(".0")
    return "0" if text == "-0" else text


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}" + ("" if number == 1 else "s")


def _zh_list(names: Sequence[str]) -> str:
    return "、".join(names)


def _en_list(names: Sequence[str]) -> str:
    *head, last = names
    return f"{', '.join(head)} and {last}" if head else last


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
