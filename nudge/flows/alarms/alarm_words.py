"""Words of an alarm: one sentence in zh and en, with numbers and the time at which it began."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from nudge.domain.alarms.alarm import Alarm
from nudge.domain.alarms.cause_sentence import CauseFacts, cause_sentences, reason_shares
from nudge.domain.alarms.monitors import LIMITS, Monitor, WatchKind
from nudge.domain.basics.calendar import OperatorCalendar
from nudge.domain.figures.titles import attribute_title, named_value

_MINUTE: Final = 16
"""Length of a label up to its minute."""
_WHAT: Final[Mapping[WatchKind, tuple[str, str]]] = {
    WatchKind.RATE: ("转化率下降", "conversion fell"),
    WatchKind.FAILURES: ("失败增多", "failures rose"),
    WatchKind.SILENCE: ("数量减少", "numbers fell"),
    WatchKind.SURGE: ("数量激增", "numbers rose"),
    WatchKind.HOURLY_COUNT: ("次数", "count"),
    WatchKind.HOURLY_RATE: ("比例", "share"),
}


def describe_alarm(alarm: Alarm, monitor: Monitor, calendar: OperatorCalendar) -> dict[str, str]:
    """Return the sentence of an alarm, by language."""
    if monitor.kind is WatchKind.RATE and "rate" in alarm.figures:
        return cause_sentences(_facts(alarm), calendar)
    if monitor.kind in LIMITS:
        return _limit_sentences(alarm, monitor, calendar)
    began = calendar.label(alarm.began)[:_MINUTE].replace("T", " ")
    zh, en = _where(alarm)
    what = _WHAT[monitor.kind]
    numbers, reasons = _numbers(alarm), _reasons(alarm)
    rest = _unchanged(alarm)
    return {
        "zh": f"自 {began} 起，{zh}：{what[0]}{numbers[0]}{reasons[0]}。{rest[0]}",
        "en": f"Since {began}, {en}: {what[1]}{numbers[1]}{reasons[1]}.{rest[1]}",
    }


def _limit_sentences(alarm: Alarm, monitor: Monitor, calendar: OperatorCalendar) -> dict[str, str]:
    """Return the sentence of a limit that was crossed: the hour, its figure, and the limit."""
    end = calendar.label(alarm.opened)[:_MINUTE].replace("T", " ")
    shown = "{:.1%}" if monitor.kind is WatchKind.HOURLY_RATE else "{:,.0f}"
    value, limit = (shown.format(alarm.figures[name]) for name in ("value", "limit"))
    zh, en = _where(alarm)
    above, what = bool(alarm.figures["above"]), _WHAT[monitor.kind]
    return {
        "zh": f"截至 {end} 的一小时内，{zh}的{what[0]}为 {value}，"
        f"{'高于上限' if above else '低于下限'} {limit}。",
        "en": f"In the hour to {end}, {en}: the {what[1]} is {value}, "
        f"{'above' if above else 'below'} the limit of {limit}.",
    }


def _facts(alarm: Alarm) -> CauseFacts:
    figures = alarm.figures
    return CauseFacts(
        (alarm.cause,),
        figures["rate"],
        figures["usual"],
        round(figures["arrivals"]),
        round(figures["excess"]),
        figures["share_explained"],
        alarm.began,
        alarm.unchanged,
        alarm.reasons,
    )


def _where(alarm: Alarm) -> tuple[str, str]:
    """Return the cause's attributes and values in words, Chinese and English."""
    zh = "、".join(named_value(name, value, "zh") for name, value in alarm.cause.items())
    en = ", ".join(named_value(name, value, "en") for name, value in alarm.cause.items())
    return zh, en


def _numbers(alarm: Alarm) -> tuple[str, str]:
    figures = alarm.figures
    if "rate" not in figures:
        ratio = figures.get("ratio", 1.0)
        return f"，为平时的 {ratio:.0%}", f" to {ratio:.0%} of the usual"
    rate, usual = figures["rate"], figures["usual"]
    return f"，{rate:.1%}（平时 {usual:.1%}）", f" to {rate:.1%} (usually {usual:.1%})"


def _reasons(alarm: Alarm) -> tuple[str, str]:
    if not alarm.reasons:
        return "", ""
    zh = "、".join(reason_shares(alarm.reasons, "zh"))
    en = ", ".join(reason_shares(alarm.reasons, "en"))
    return f"，失败原因主要是{zh}", f", mostly for {en}"


def _unchanged(alarm: Alarm) -> tuple[str, str]:
    if not alarm.unchanged:
        return "", ""
    zh = "、".join(attribute_title(name, "zh") for name in alarm.unchanged)
    en = ", ".join(attribute_title(name, "en") for name in alarm.unchanged)
    return f"与{zh}无关。", f" No difference by {en}."
