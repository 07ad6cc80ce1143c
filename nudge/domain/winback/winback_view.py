"""The list of win-back as people see it: rows, sentences, files, mended causes. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from nudge.domain.basics.calendar import OperatorCalendar
from nudge.domain.care.case import Case
from nudge.domain.care.case_view import step_view
from nudge.domain.figures.titles import value_title
from nudge.domain.winback.call_date import date_words
from nudge.domain.winback.judged_case import JudgedCase, left_at
from nudge.domain.winback.mended_cause import MendedCause, mended_words
from nudge.domain.winback.uplift_in_force import gain_words
from nudge.domain.winback.winback_policy import WinbackPolicy
from nudge.domain.worklist.call_reach import CallReach

FACTS: Final = ("stage", "reason", "method", "offer", "offer_slot", "channel", "city")
_PARTS: Final[Mapping[str, Mapping[str, str]]] = {
    "stage": {"zh": "离开环节：{}", "en": "left at {}"},
    "reason": {"zh": "支付失败原因：{}", "en": "payment failed: {}"},
    "amount": {"zh": "想充 {:g} 元", "en": "wanted {:g} yuan"},
    "offer": {"zh": "看过方案：{}", "en": "saw the offer {}"},
}
_JOINS: Final = {"zh": "，", "en": "; "}


def winback_view(
    judged: JudgedCase, policy: WinbackPolicy, calendar: OperatorCalendar, at: float
) -> dict[str, Any]:
    """Return a row of the list as JSON.

    Args:
        judged: the case as it stands now.
        policy: whose titles are shown; a rule that is gone is told by its name.
        calendar: of the operator, for times.
        at: seconds, now.
    """
    case, date, left = judged.case, judged.date, left_at(judged.case)
    view: dict[str, Any] = {
        "id": case.id,
        "subject": case.subject,
        "state": case.state.value,
        "level": case.level,
        "rule": case.rule,
        "held": case.held,
        "sentence": sentence(case, policy),
        **{name: str(case.fact(name) or "") for name in FACTS},
        "amount": _number(case.fact("amount")),
        "left_at": calendar.label(left),
        "left_for": max(at - left, 0.0),
        "opened": calendar.label(case.opened),
        "visits": case.signals,
        "assignee": case.assignee,
        "outcome": case.outcome,
        "revision": case.revision,
        "contact": reach_view(judged.reach, calendar),
        "due": calendar.label(date.due) if date else None,
        "due_why": date_words(date, calendar) if date else None,
        "worth": judged.worth or None,
        "gain": judged.gain._asdict() if judged.gain else None,
        "gain_text": gain_words(judged.gain),
        "mended": judged.mended.id if judged.mended else "",
        "mended_why": mended_words(judged.mended, calendar) if judged.mended else None,
    }
    return view | {"steps": [step_view(step, calendar) for step in case.steps]}


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def sentence(case: Case, policy: WinbackPolicy) -> dict[str, str]:
    """Return a case of win-back in one sentence, by language."""
    found: dict[str, str] = {}
    for language, join in _JOINS.items():
        titles = policy.title(case.rule)
        parts = [titles.get(language) or next(iter(titles.values()), case.rule)]
        told = ((name, case.fact(name)) for name in _PARTS)
        parts += [
            _PARTS[name][language].format(_title(name, value, language))
            for name, value in told
            if value
        ]
        found[language] = join.join(parts)
    return found


def _title(name: str, value: object, language: str) -> object:
    return value_title(name, value, language) if isinstance(value, str) else value


def reach_view(reach: CallReach, calendar: OperatorCalendar) -> dict[str, Any]:
    """Return when, and by which channel, a contact is allowed, or why none is."""
    tells = reach.start is None or not reach.channel
    return {
        "channel": reach.channel,
        "from": calendar.label_or_none(reach.start),
        "reason": reach.reason if tells and reach.reason else None,
        "sentence": reach.sentence if tells else None,
    }


def cause_view(cause: MendedCause, calendar: OperatorCalendar) -> dict[str, Any]:
    """Return a mended cause as JSON."""
    times = {name: calendar.label(getattr(cause, name)) for name in ("since", "until", "at")}
    gone = calendar.label(cause.taken_back) if cause.taken_back else None
    words = mended_words(cause, calendar)
    return cause.plain | times | {"taken_back": gone, "sentence": words}


COLUMNS: Final = (
    *("id", "subject", "state", "assignee", "level", "rule", *FACTS, "amount"),
    *("left_at", "left_for", "contact_channel", "contact_from", "contact_reason", "due"),
    *("worth", "gain", "gain_low", "gain_high", "gain_text", "mended", "what"),
)
"""Columns of the list as a file."""
NUMBERS: Final = frozenset({"amount", "left_for", "worth", "gain", "gain_low", "gain_high"})
"""Columns that hold numbers; all others hold text."""


def winback_row(view: Mapping[str, Any], language: str) -> dict[str, Any]:
    """Return a view as a row of a file, with sentences in one language."""
    row = {name: view[name] for name in COLUMNS if name in view}
    gain, reach = view["gain"] or {}, view["contact"]
    row |= {f"contact_{name}": reach[name] for name in ("channel", "from", "reason")}
    row |= {"gain": gain.get("gain"), "gain_low": gain.get("low"), "gain_high": gain.get("high")}
    why = [view["sentence"], view["due_why"], view["mended_why"]]
    return row | {
        "gain_text": view["gain_text"][language],
        "what": " ".join(one[language] for one in why if one),
    }


def table_rows(views: Iterable[Mapping[str, Any]], language: str) -> list[dict[str, Any]]:
    """Return views as rows of a file; each has every column."""
    rows = (winback_row(view, language) for view in views)
    return [{name: row.get(name) for name in COLUMNS} for row in rows]
