"""The report of a campaign as plain JSON, and in sentences."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Final

from nudge.domain.reports.sentences import Said
from nudge.domain.winback.contact_effect import (
    ALPHA,
    FEWEST,
    LEVEL,
    ContactReport,
    ContactVerdict,
    Increment,
    Obstacle,
)

Plain = dict[str, Any]
_HEADS: Final[dict[ContactVerdict, Said]] = {
    ContactVerdict.HELPS_SOME: {
        "zh": "联系有效，而且对一部分人更有效：请从排名前 20% 的人开始联系。",
        "en": "Contacting helps, and helps some more than others: begin with the fifth ranked "
        "first.",
    },
    ContactVerdict.HELPS: {
        "zh": "联系有效；暂时看不出对谁更有效，可按任意顺序联系。",
        "en": "Contacting helps; whom it helps more cannot be told, so any order is as good.",
    },
    ContactVerdict.NO_DIFFERENCE: {
        "zh": "看不出联系与不联系有差别。",
        "en": "No difference can be told between contacting and not contacting.",
    },
    ContactVerdict.HARMS: {
        "zh": "联系有害：被联系的人回来得更少，请停止联系。",
        "en": "Contacting harms: fewer of the contacted come back. Stop it.",
    },
}
_OBSTACLES: Final[dict[Obstacle, Said]] = {
    Obstacle.FEW: {
        "zh": f"无法回答：被联系的人和对照组各需至少 {FEWEST} 人。",
        "en": f"It cannot be answered: at least {FEWEST} contacted people and {FEWEST} held out "
        "are needed.",
    },
    Obstacle.NOBODY_BACK: {
        "zh": "无法回答：所有人的结果都一样。",
        "en": "It cannot be answered: the outcome of all people is the same.",
    },
}


def effect_report(report: ContactReport) -> Plain:
    """Return the report as plain JSON.

    `interval` holds the true increment with .95; `next_interval` is where a next campaign of equal
    size will measure it, for the first fifth and the rest together with .95.
    """
    groups = {"whole": report.whole, "top_fifth": report.top, "rest": report.rest}
    return {
        "people": report.people,
        "held_out": report.held_out,
        "rate": report.rate,
        "held_out_rate": report.held_out_rate,
        "alpha": ALPHA,
        "interval_level": LEVEL,
        "verdict": report.verdict.value,
        "reason": report.obstacle and report.obstacle.value,
        "unlike": list(report.unlike),
        "needed": report.needed or None,
        **{name: one and _increment(one) for name, one in groups.items()},
        "fifths": [_increment(one) for one in report.fifths],
        "headline": headline(report),
        "sentences": group_sentences(report),
    }


def headline(report: ContactReport) -> Said:
    """Put into words whether contacting helps."""
    if report.obstacle == Obstacle.NOT_BY_CHANCE:
        names = ", ".join(report.unlike)
        return {
            "zh": f"无法回答：被联系的人与对照组在 {'、'.join(report.unlike)} 上的差别超出偶然。"
            "如果这是联系之后才知道的，请用 --ignore 排除；否则说明联系谁不是随机决定的。",
            "en": f"It cannot be answered: contacted and held out differ in {names} by more than "
            "chance. If that was known only after the contact, leave it out by --ignore; else "
            "chance did not decide who was contacted.",
        }
    if report.obstacle is not None:
        return _OBSTACLES[report.obstacle]
    said = _HEADS[report.verdict]
    if report.verdict != ContactVerdict.NO_DIFFERENCE or report.needed <= report.people:
        return said
    return {
        "zh": said["zh"] + f"要看出相当于对照组五分之一的差别，需要约 {report.needed:,} 人。",
        "en": said["en"]
        + f" A difference of a fifth of the held out's rate needs about {report.needed:,} people.",
    }


def group_sentences(report: ContactReport) -> list[Said]:
    """Put the increments of all people, of the first fifth and of the rest into words."""
    groups = (
        ("全部人员", "All people", report.whole),
        ("排名前 20%", "The fifth ranked first", report.top),
        ("其余 80%", "The other four fifths", report.rest),
    )
    return [_sentence(zh, en, one) for zh, en, one in groups if one is not None]


def _sentence(zh: str, en: str, one: Increment) -> Said:
    value, low, high = (_signed(number) for number in (one.value, one.low, one.high))
    next_low, next_high = _signed(one.next_low), _signed(one.next_high)
    return {
        "zh": f"{zh}：联系带来的增量为每百人 {value}（{low} 至 {high}）；"
        f"下次同规模活动预计测得 {next_low} 至 {next_high}。",
        "en": f"{en}: contacting adds {value} for each hundred ({low} to {high}); a next campaign "
        f"of this size will measure {next_low} to {next_high}.",
    }


def _signed(value: float) -> str:
    return f"{100.0 * value:+.2f}"


def _increment(one: Increment) -> Plain:
    plain = asdict(one)
    return {
        "people": plain["people"],
        "increment": plain["value"],
        "interval": [plain["low"], plain["high"]],
        "next_interval": [plain["next_low"], plain["next_high"]],
    }
