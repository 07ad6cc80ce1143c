"""The overview as JSON: its headline, and each slot's line as it is now. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from nudge.domain.reports.sentences import Said, title_of
from nudge.domain.slots.slot import Slot, SlotMode

Plain = Mapping[str, Any]
SAID: Final = ("zh", "en")
_NO_REPORT: Final[Said] = {
    "zh": "第一份报告正在生成，稍后会自动显示。",
    "en": "The first report is being made; it appears here by itself.",
}
_NOTHING: Final[Said] = {
    "zh": "还没有任何决策。让页面调用决策接口，或先看演示数据。",
    "en": "Nothing was decided yet. Have a page ask for decisions, or look at the demonstration.",
}
_STATES: Final[Mapping[str, str]] = {
    SlotMode.FROZEN: "frozen",
    SlotMode.SHADOW: "shadow",
    SlotMode.OFF: "off",
}


def live_line(
    slot: Slot, shares: Mapping[str, float], line: Plain | None, *, failing: bool
) -> dict[str, Any]:
    """Return the line of a slot: what is served now, and the newest report's verdict.

    Args:
        slot: its current revision.
        shares: variant -> share of the traffic now.
        line: of the newest report; None before the first.
        failing: its learner cannot publish.
    """
    known: Plain = line or {}
    return {
        "slot": slot.name,
        "title": slot.title,
        "mode": str(slot.mode),
        "state": _state(slot, known, failing=failing),
        "shares": [
            {
                "variant": one.name,
                "title": {tongue: title_of(one.name, tongue, slot.titles) for tongue in SAID},
                "share": shares.get(one.name, 0.0),
            }
            for one in slot.variants
        ],
        "as_of": known.get("as_of"),
        "exposures": known.get("exposures"),
        "since": known.get("since"),
        "lift": known.get("lift"),
        "lift_usual": known.get("lift_usual"),
        **{tongue: known.get(tongue, _NO_REPORT[tongue]) for tongue in SAID},
    }


def _state(slot: Slot, known: Plain, *, failing: bool) -> str:
    """Return the state in a word: what stops a slot first, then what is wrong, then its verdict."""
    if slot.mode in _STATES:
        return _STATES[slot.mode]
    if failing:
        return "failing"
    if known.get("mismatch"):
        return "mismatch"
    return str(known["verdict"]["kind"]) if known else "no_report"


def overview_view(
    report: Plain,
    counts: Mapping[str, int | None],
    slots: Sequence[Plain],
    changes: Sequence[Plain],
) -> dict[str, Any]:
    """Return the overview's answer.

    Args:
        report: of the lake; empty before the first.
        counts: what waits for people.
        slots: lines of the slots.
        changes: lines of what changed.
    """
    conversion, lift = report.get("conversion"), report.get("lift")
    return {
        **headline(report),
        "from": report.get("from"),
        "conversion": conversion,
        "lift": lift,
        "counts": dict(counts),
        "slots": list(slots),
        "changes": list(changes),
    }


def headline(report: Plain) -> Said:
    """Return the verdict on the channel: whole sentences, one after the other."""
    if not report:
        return dict(_NO_REPORT)
    conversion, lift = report["conversion"], report["lift"]
    came = any(one["exposures"] for one in report["slots"])
    if conversion["verdict"] == "nothing" and not came:
        return dict(_NOTHING)
    return {
        "zh": f"{conversion['zh']}{lift['zh']}",
        "en": f"{conversion['en']} {lift['en']}",
    }
