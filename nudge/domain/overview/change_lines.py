"""Lines of what changed lately, for the overview, each with its sentence. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from nudge.domain.alarms.alarm import Alarm, AlarmAction
from nudge.domain.basics.calendar import OperatorCalendar
from nudge.domain.reports.sentences import Said
from nudge.domain.users.audit_line import DOCUMENT, SLOT, AuditLine

MOST: Final = 20
"""Lines that the overview shows."""
_MODES: Final[Mapping[str, Said]] = {
    "mode: live": {"zh": "恢复运行。", "en": "It is live."},
    "mode: frozen": {"zh": "已冻结。", "en": "It was frozen."},
    "mode: shadow": {"zh": "改为只记录不展示。", "en": "It became a shadow."},
    "mode: off": {"zh": "已停用。", "en": "It was switched off."},
}
_ALARMS: Final = {
    AlarmAction.OPEN: "alarm_open",
    AlarmAction.REOPEN: "alarm_open",
    AlarmAction.RESOLVE: "alarm_resolve",
}


def changed_lines(
    lines: Iterable[AuditLine], calendar: OperatorCalendar
) -> Iterator[tuple[float, dict[str, Any]]]:
    """Yield moment and line of each change; what was made by one call is one line.

    Args:
        lines: of slots and documents.
        calendar: of the labels.
    """
    made: dict[tuple[str, str, str], list[AuditLine]] = {}
    for line in lines:
        told = line_of(line, calendar)
        if told is None:
            continue
        if line.entry.action.endswith("_made"):
            made.setdefault((line.kind, line.entry.who, line.entry.why), []).append(line)
        else:
            yield line.entry.at, told
    for (kind, _, _), several in made.items():
        last = max(several, key=lambda one: one.entry.at)
        told = line_of(last, calendar) or {}
        if len(several) > 1:
            told |= {"slot": None, "object": f"{kind}:"} | _many(kind, len(several))
        yield last.entry.at, told


def line_of(line: AuditLine, calendar: OperatorCalendar) -> dict[str, Any] | None:
    """Return the line of a change of a slot or a document; None for anything else."""
    if line.kind not in {SLOT, DOCUMENT}:
        return None
    told = _said(line)
    entry = line.entry
    named = {"slot": line.name if line.kind == SLOT else None, "object": entry.object}
    said = {"action": entry.action, "who": entry.who, "why": entry.why}
    return {"at": calendar.label(entry.at), **named, **said, **told}


def alarm_lines(
    alarms: Iterable[Alarm], since: float, calendar: OperatorCalendar
) -> Iterator[tuple[float, dict[str, Any]]]:
    """Yield moment and line of each opening and end of an alarm since a moment."""
    for alarm in alarms:
        for step in alarm.steps:
            action = _ALARMS.get(step.action)
            if action is None or step.at < since:
                continue
            ended = action == "alarm_resolve"
            head = {"zh": "告警已解除：", "en": "An alarm is over: "} if ended else {}
            told = {one: head.get(one, "") + alarm.sentence[one] for one in ("zh", "en")}
            named = {"slot": None, "object": f"alarm:{alarm.id}"}
            said = {"action": action, "who": step.who, "why": step.note}
            yield step.at, {"at": calendar.label(step.at), **named, **said, **told}


def update_line(slot: str, times: int, at: float, calendar: OperatorCalendar) -> dict[str, Any]:
    """Return the line of a policy's updates, of which nobody wants each.

    Args:
        slot: name of the slot.
        times: that its policy was published.
        at: seconds, of the last one.
        calendar: of the labels.
    """
    said = {"action": "policy_updated", "who": "", "why": ""}
    en = "once" if times == 1 else f"{times:,} times"
    told = {"zh": f"策略更新 {times:,} 次。", "en": f"The policy was updated {en}."}
    return {"at": calendar.label(at), "slot": slot, "object": f"slot:{slot}", **said, **told}


def _many(kind: str, several: int) -> Said:
    if kind == SLOT:
        return {"zh": f"新建 {several} 个决策位。", "en": f"{several} slots are new."}
    return {"zh": f"新建 {several} 个配置文件。", "en": f"{several} documents are new."}


def _said(line: AuditLine) -> Said:
    action, revision = line.entry.action, line.revision
    if action == "policy_held":
        return {
            "zh": f"策略固定在版本 {revision}。",
            "en": f"The policy was held at version {revision}.",
        }
    if action == "policy_released":
        return {"zh": "策略恢复自动更新。", "en": "The policy is updated again."}
    if action.endswith("_made"):
        return {"zh": "新建。", "en": "It is new."}
    for change in line.diff:
        for mode, said in _MODES.items():
            if change.startswith("mode:") and change.endswith(mode.removeprefix("mode: ")):
                return dict(said)
    return {
        "zh": f"配置已修改（修订 {revision}）。",
        "en": f"Its configuration was changed (revision {revision}).",
    }
