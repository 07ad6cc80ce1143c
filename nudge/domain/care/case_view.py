"""A case as people see it: its state, the times that each step took, and a sentence. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from nudge.domain.basics.calendar import OperatorCalendar
from nudge.domain.care.case import Case, CaseAction, CaseState, CaseStep
from nudge.domain.care.warning_rule import PROPOSAL, WarningPolicy

_STEPS: Final[Mapping[str, CaseAction]] = {
    CaseState.ASSIGNED: CaseAction.ASSIGN,
    CaseState.CONTACTED: CaseAction.CONTACT,
    CaseState.OUTCOME: CaseAction.OUTCOME,
    CaseState.CLOSED: CaseAction.CLOSE,
}
PROPOSAL_TITLE: Final = {"zh": "疑似投诉", "en": "probably a complaint"}
_WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "scene": {"zh": "场景：{}", "en": "scene: {}"},
    "score": {"zh": "评分：{:g}", "en": "score: {:g}"},
    "words": {"zh": "用词：{}", "en": "words: {}"},
    "signals": {"zh": "共 {} 次", "en": "{} signals"},
}
_COMMA: Final = {"zh": "，", "en": "; "}
_LIST: Final = {"zh": "、", "en": ", "}
LANGUAGES: Final = ("zh", "en")


def took(case: Case) -> dict[str, float]:
    """Return the seconds from a case's opening until the first step of each kind.

    Args:
        case: with its history; a kind that has not come is missing.
    """
    found: dict[str, float] = {}
    for step in case.steps:
        for state, action in _STEPS.items():
            if step.action == action and state not in found:
                found[state] = max(step.at - case.opened, 0.0)
    return found


def case_sentence(case: Case, policy: WarningPolicy) -> dict[str, str]:
    """Return a case in one sentence, by language; it shows nothing of what was written but words.

    Args:
        case: of a visitor.
        policy: whose titles are shown; a rule that is gone is told by its name.
    """
    return {language: _sentence(case, policy, language) for language in LANGUAGES}


def _sentence(case: Case, policy: WarningPolicy, language: str) -> str:
    rule = policy.rule(case.rule)
    title = PROPOSAL_TITLE if case.rule == PROPOSAL else rule.title if rule else {}
    parts = [title.get(language) or next(iter(title.values()), case.rule)]
    if case.scene:
        parts.append(_WORDS["scene"][language].format(case.scene))
    if case.score is not None:
        parts.append(_WORDS["score"][language].format(case.score))
    if case.words:
        parts.append(_WORDS["words"][language].format(_LIST[language].join(case.words)))
    if case.signals > 1:
        parts.append(_WORDS["signals"][language].format(case.signals))
    return _COMMA[language].join(parts)


def step_view(step: CaseStep, calendar: OperatorCalendar) -> dict[str, Any]:
    """Return a step of a case as JSON; `calendar` is the operator's, for times."""
    return {
        "at": calendar.label(step.at),
        "action": step.action,
        "who": step.who,
        "to": step.to,
        "outcome": step.outcome,
        "action_id": step.action_id,
        "facts": dict(step.facts),
    }


def case_view(case: Case, policy: WarningPolicy, calendar: OperatorCalendar) -> dict[str, Any]:
    """Return a case as JSON.

    Args:
        case: of a visitor.
        policy: of now, for titles.
        calendar: of the operator, for times.
    """
    view: dict[str, Any] = {
        "id": case.id,
        "subject": case.subject,
        "kind": case.kind,
        "held": case.held,
        "facts": dict(case.facts),
        "state": case.state.value,
        "level": case.level,
        "rule": case.rule,
        "sentence": case_sentence(case, policy),
        "scene": case.scene,
        "score": case.score,
        "words": list(case.words),
        "groups": list(case.groups),
        "complaint": case.complaint or None,
        "event_id": case.event[0],
        "event_type": case.event[1],
        "began": calendar.label(case.began),
        "opened": calendar.label(case.opened),
        "changed": calendar.label(case.changed),
        "signals": case.signals,
        "assignee": case.assignee,
        "outcome": case.outcome,
        "revision": case.revision,
        "took": took(case),
    }
    view["steps"] = [step_view(step, calendar) for step in case.steps]
    return view


COLUMNS: Final = (
    *("id", "subject", "state", "level", "rule", "scene", "score", "words", "groups", "complaint"),
    *("began", "opened", "changed", "signals", "assignee", "outcome"),
    *("assigned_after", "contacted_after", "outcome_after", "closed_after"),
)
"""Columns of the list as CSV; the times are seconds from the opening."""


def case_row(view: Mapping[str, Any]) -> dict[str, object]:
    """Return a view as a row of CSV."""
    row = {name: view[name] for name in COLUMNS if name in view}
    row |= {name: " ".join(view[name]) for name in ("words", "groups")}
    return row | {f"{state}_after": view["took"].get(state, "") for state in _STEPS}
