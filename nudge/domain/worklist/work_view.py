"""A case as a row of a work list: the case, its age, due time, team, and reach. Pure."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from typing import Any, Final

from nudge.domain.basics.calendar import OperatorCalendar
from nudge.domain.care.case import Case, CaseState
from nudge.domain.care.case_view import case_view
from nudge.domain.care.warning_rule import WarningPolicy
from nudge.domain.reports.report_table import BOM, spreadsheet_text
from nudge.domain.worklist.call_reach import CallReach
from nudge.domain.worklist.work_policy import WorkPolicy

_ALLOWED: Final = {"zh": "现在可以联系。", "en": "A contact is allowed now."}


@dataclass(frozen=True)
class WorkViewer:
    """The viewer of work lists: what rows are made of, at one moment.

    Attributes:
        policy: of warnings, for titles.
        work: policy of work lists.
        calendar: of the operator, for times.
        at: seconds, now.
    """

    policy: WarningPolicy
    work: WorkPolicy
    calendar: OperatorCalendar
    at: float

    def view(
        self, case: Case, reach: Sequence[CallReach] = (), portfolio: str = ""
    ) -> dict[str, Any]:
        """Return a case as a row, as JSON.

        Args:
            case: of a visitor.
            reach: of the visitor, by channel.
            portfolio: name of who had the visitor's last case.
        """
        due = case.opened + self.work.ageing_of(case.kind, case.level).due
        is_open = case.state is not CaseState.CLOSED
        return case_view(case, self.policy, self.calendar) | {
            "age": max(self.at - case.opened, 0.0),
            "due": self.calendar.label(due),
            "overdue": max(self.at - due, 0.0) if is_open else 0.0,
            "team": self.work.team_of(case.assignee),
            "portfolio": portfolio,
            "reach": reach_view(reach, self.calendar),
        }


def reach_view(reach: Sequence[CallReach], calendar: OperatorCalendar) -> list[dict[str, Any]]:
    """Return reach as JSON: from when by which channel, or why not.

    Args:
        reach: of a visitor, by channel.
        calendar: of the operator, for times.
    """
    return [
        {
            "channel": one.channel,
            "allowed": one.is_open,
            "from": calendar.label_or_none(one.start),
            "reason": one.reason,
            "text": one.sentence or dict(_ALLOWED),
        }
        for one in reach
    ]


COLUMNS: Final = (
    *("id", "kind", "subject", "state", "level", "rule", "scene", "score", "opened", "due"),
    *("overdue_seconds", "assignee", "team", "portfolio", "outcome", "channel", "callable_from"),
    *("not_now", "title_zh", "title_en", "measure", "no_measure_zh", "no_measure_en"),
)
"""Columns of the list as CSV."""


def work_row(view: Mapping[str, Any]) -> dict[str, object]:
    """Return a view as a row of CSV; of its channels the one that is open first."""
    reach = sorted(view["reach"], key=lambda one: (one["from"] is None, one["from"]))
    first = reach[0] if reach else {"channel": "", "from": None, "reason": ""}
    row = {name: view[name] for name in COLUMNS if name in view}
    return (
        row
        | {
            "overdue_seconds": round(view["overdue"]),
            "channel": first["channel"],
            "callable_from": first["from"] or "",
            "not_now": first["reason"],
            "title_zh": view["sentence"]["zh"],
            "title_en": view["sentence"]["en"],
        }
        | _measure_row(view.get("measure"))
    )


def _measure_row(told: Mapping[str, Any] | None) -> dict[str, object]:
    """Return the columns of a measure: which is due, and why it may not be granted now."""
    if told is None:
        return {"measure": ""}
    why = told["why"] or {"zh": "", "en": ""}
    name = told["measure"] or ""
    return {"measure": name, "no_measure_zh": why["zh"], "no_measure_en": why["en"]}


def work_csv(views: Iterable[Mapping[str, Any]]) -> str:
    """Return views as CSV; text that looks like a formula is quoted."""
    target = StringIO()
    target.write(BOM)
    writer = csv.writer(target)
    writer.writerow(COLUMNS)
    for view in views:
        row = work_row(view)
        writer.writerow([spreadsheet_text(row.get(name)) for name in COLUMNS])
    return target.getvalue()
