"""Rows of a call list, as a call centre gets them: never a number that the service knows. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from nudge.domain.basics.calendar import OperatorCalendar
from nudge.domain.care.case import Case, CaseAction, CaseState, CaseStep, facts_of
from nudge.domain.care.case_view import case_sentence
from nudge.domain.care.warning_rule import WarningPolicy
from nudge.domain.reports.report_table import spreadsheet_text
from nudge.domain.worklist.work_policy import WorkPolicy

OWN: Final = ("visitor_id", "msisdn")
"""Columns that the operator's own file of customers fills."""
FACTS: Final = ("stage", "reason", "method", "amount", "offer", "measure", "tier")
"""Facts of a case that have columns."""
COLUMNS: Final = (
    *("case", *OWN, "subject", "kind", "level", "rule", "title_zh", "title_en", "scene", "score"),
    *(*FACTS, "opened", "due", "assignee", "team", "channel", "batch"),
)
"""Columns of a call list; outcomes come back with `case`."""
STATES: Final = (CaseState.OPEN, CaseState.ASSIGNED)
"""States of cases that are to be called."""


def was_exported(case: Case, batch: str) -> bool:
    """Return whether a case is on another call list, and was not opened again since.

    Args:
        case: of a visitor.
        batch: of the list at hand, whose own cases do not count.
    """
    for step in reversed(case.steps):
        if step.action == CaseAction.REOPEN:
            return False
        if step.action == CaseAction.EXPORT:
            return dict(step.facts).get("batch") != batch
    return False


def export_step(case: Case, batch: str, who: str, at: float) -> CaseStep:
    """Return the step that marks a case as being on a call list."""
    name = f"export:{batch}:{case.id}"
    facts = facts_of({"batch": batch})
    return CaseStep(at, CaseAction.EXPORT.value, who, action_id=name, facts=facts)


def call_row(
    case: Case,
    own: Mapping[str, str],
    policy: tuple[WarningPolicy, WorkPolicy],
    calendar: OperatorCalendar,
    marks: tuple[str, str],
) -> dict[str, str]:
    """Return a row; text that looks like a formula is quoted.

    Args:
        case: of a visitor.
        own: ids of the visitor in the operator's own file.
        policy: of warnings, for titles, and of work lists.
        calendar: of the operator, for times.
        marks: channel by which a contact is allowed now, and the batch.
    """
    warnings, work = policy
    told = dict(case.facts)
    sentence = case_sentence(case, warnings)
    due = case.opened + work.ageing_of(case.kind, case.level).due
    found = {
        "case": case.id,
        **own,
        "subject": case.subject,
        "kind": case.kind,
        "level": case.level,
        "rule": case.rule,
        "title_zh": sentence["zh"],
        "title_en": sentence["en"],
        "scene": case.scene,
        "score": case.score,
        **{name: told.get(name) for name in FACTS},
        "opened": calendar.label(case.opened),
        "due": calendar.label(due),
        "assignee": case.assignee,
        "team": work.team_of(case.assignee),
        "channel": marks[0],
        "batch": marks[1],
    }
    return {name: str(spreadsheet_text(found.get(name))) for name in COLUMNS}
