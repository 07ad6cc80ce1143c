"""Texts of notices, Chinese and English: a title, and a body that needs no system at hand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from nudge.domain.alarms.alarm import Alarm, AlarmAction, AlarmLevel, AlarmStep
from nudge.domain.alarms.delivery import Notice, NoticeKind
from nudge.domain.alarms.notice_policy import Language
from nudge.domain.basics.calendar import OperatorCalendar

CASES: Final = "warnings."
"""Beginning of the monitor's name of a case of a churn warning, which is told as an alarm is."""
WORK: Final = "worklist."
"""Beginning of the monitor's name of a reminder of a work list."""
MOST: Final = 8
"""Alarms of one notice that are told one by one."""
LONGEST: Final = 300
"""Characters of one sentence."""
Words = Mapping[str, str]
_KINDS: Final[Mapping[NoticeKind, Words]] = {
    NoticeKind.OPENED: {"zh": "新告警", "en": "Alarm"},
    NoticeKind.WORSENED: {"zh": "告警升级", "en": "Alarm worse"},
    NoticeKind.ESCALATED: {"zh": "告警无人确认", "en": "Nobody acknowledges"},
    NoticeKind.RESOLVED: {"zh": "告警已恢复", "en": "Resolved"},
    NoticeKind.DIGEST: {"zh": "一周小结", "en": "Week"},
    NoticeKind.TEST: {"zh": "测试通知", "en": "Test notice"},
}
_LEVELS: Final[Mapping[AlarmLevel, Words]] = {
    AlarmLevel.INFO: {"zh": "提示", "en": "info"},
    AlarmLevel.WARNING: {"zh": "警告", "en": "warning"},
    AlarmLevel.CRITICAL: {"zh": "严重", "en": "critical"},
}
_WORDS: Final[Mapping[str, Words]] = {
    "many": {"zh": "等 {} 条", "en": "and {} more"},
    "began": {"zh": "开始于 {}，发现于 {}。", "en": "Began at {}, found at {}."},
    "over": {"zh": "恢复于 {}。", "en": "Resolved at {}."},
    "act": {
        "zh": "确认：nudge alarms act {} acknowledge",
        "en": "To acknowledge: nudge alarms act {} acknowledge",
    },
    "case": {"zh": "流失预警", "en": "Churn warning"},
    "follow": {
        "zh": "跟进：nudge warnings assign {} 姓名",
        "en": "To follow up: nudge warnings assign {} NAME",
    },
    "reminder": {"zh": "工单提醒", "en": "Work list"},
    "work": {
        "zh": "查看：nudge worklist list --overdue",
        "en": "To see them: nudge worklist list --overdue",
    },
    "rest": {
        "zh": "另有 {} 条告警，请用 nudge alarms list 查看。",
        "en": "{} more alarms: see nudge alarms list.",
    },
    "gone": {"zh": "告警 {} 已不存在。", "en": "The alarm {} is gone."},
    "foot": {"zh": "通知编号 {}", "en": "Notice {}"},
    "test": {
        "zh": "收到这条消息，说明 {} 的通知渠道可用，无需处理。",
        "en": "The notices of {} arrive here. Nothing needs to be done.",
    },
    "alarms": {"zh": "本周告警 {} 条：", "en": "Alarms of the week: {}."},
    "quiet": {"zh": "本周没有告警。", "en": "No alarm in this week."},
    "lasted": {"zh": "已恢复", "en": "resolved"},
    "open": {"zh": "未恢复", "en": "not resolved"},
    "others": {"zh": "另有 {} 条。", "en": "{} more."},
}
DIGEST_ALARMS: Final = 20
"""Alarms of a digest that are told one by one, the worst first."""


class NoticeText(NamedTuple):
    """The text of a notice."""

    title: str
    body: str


def alarm_text(
    notice: Notice, alarms: Mapping[str, Alarm], language: Language, calendar: OperatorCalendar
) -> NoticeText:
    """Return the text of a notice of alarms, as they are now.

    Args:
        notice: with occasions.
        alarms: by id; one that is missing is told as gone.
        language: of the person.
        calendar: of the operator, for times.
    """
    ids = [one.alarm for one in notice.occasions]
    level = notice.level or AlarmLevel.INFO
    first = next((alarms[one] for one in ids if one in alarms), None)
    what = _sentence(first, language) if first else ""
    more = f" {_say('many', language).format(len(ids) - 1)}" if len(ids) > 1 else ""
    named = _named(first)
    kind = _say(named[0], language) if named else _KINDS[notice.kind][language]
    title = f"[{_LEVELS[level][language]}] {kind}: {what[:60]}{more}"
    lines = [line for one in ids[:MOST] for line in _lines(one, alarms, notice, language, calendar)]
    if ids[MOST:]:
        lines.append(_say("rest", language).format(len(ids) - MOST))
    return NoticeText(title, "\n".join([*lines, _foot(notice, language)]))


def proof_text(notice: Notice, language: Language) -> NoticeText:
    """Return the text of a test notice."""
    said = _say("test", language).format(notice.addressee.person)
    return NoticeText(
        f"Nudge: {_KINDS[notice.kind][language]}", f"{said}\n{_foot(notice, language)}"
    )


def digest_text(
    notice: Notice,
    page: str,
    alarms: Sequence[Alarm],
    language: Language,
    calendar: OperatorCalendar,
) -> NoticeText:
    """Return the text of a weekly digest: the page of the slots, then the alarms of the week.

    Args:
        notice: of the digest.
        page: of the week's summary.
        alarms: opened in the week.
        language: of the person.
        calendar: of the operator, for times.
    """
    title = f"Nudge: {_KINDS[notice.kind][language]} {notice.subject}"
    lines = [page.rstrip("\n"), "-" * 40, *_week(alarms, language, calendar)]
    return NoticeText(title, "\n".join([*lines, _foot(notice, language)]))


def _week(alarms: Sequence[Alarm], language: Language, calendar: OperatorCalendar) -> Iterator[str]:
    if not alarms:
        yield _say("quiet", language)
        return
    yield _say("alarms", language).format(len(alarms))
    order = list(AlarmLevel)
    worst = sorted(alarms, key=lambda one: (-order.index(one.level), one.opened))
    for alarm in worst[:DIGEST_ALARMS]:
        state = _say("lasted" if _resolution(alarm) else "open", language)
        opened = calendar.label(alarm.opened // 1)
        yield f"[{_LEVELS[alarm.level][language]}] {opened} {state}: {_sentence(alarm, language)}"
    if worst[DIGEST_ALARMS:]:
        yield _say("others", language).format(len(worst) - DIGEST_ALARMS)


def _lines(
    alarm_id: str,
    alarms: Mapping[str, Alarm],
    notice: Notice,
    language: Language,
    calendar: OperatorCalendar,
) -> Iterator[str]:
    alarm = alarms.get(alarm_id)
    if alarm is None:
        yield _say("gone", language).format(alarm_id)
        return
    yield _sentence(alarm, language)
    times = (calendar.label(at // 1) for at in (alarm.began, alarm.opened))
    yield _say("began", language).format(*times)
    over = _resolution(alarm)
    if over is not None:
        yield _say("over", language).format(calendar.label(over.at // 1))
    elif notice.kind is not NoticeKind.RESOLVED:
        named = _named(alarm)
        yield _say(named[1] if named else "act", language).format(alarm.id)
    yield ""


def _named(alarm: Alarm | None) -> tuple[str, str] | None:
    """Return the words for what a notice is of, and for what to do; None for a plain alarm."""
    monitor = alarm.monitor if alarm else ""
    if monitor.startswith(CASES):
        return "case", "follow"
    return ("reminder", "work") if monitor.startswith(WORK) else None


def _resolution(alarm: Alarm) -> AlarmStep | None:
    """Return the step that resolved an alarm, unless it opened again."""
    ends = (AlarmAction.RESOLVE, AlarmAction.OPEN, AlarmAction.REOPEN)
    last = next((step for step in reversed(alarm.steps) if step.action in ends), None)
    return last if last and last.action is AlarmAction.RESOLVE else None


def _sentence(alarm: Alarm, language: Language) -> str:
    said = alarm.sentence.get(language) or next(iter(alarm.sentence.values()), alarm.monitor)
    return said if len(said) <= LONGEST else f"{said[: LONGEST - 1]}…"


def _foot(notice: Notice, language: Language) -> str:
    return _say("foot", language).format(notice.id)


def _say(name: str, language: Language) -> str:
    return _WORDS[name][language]
