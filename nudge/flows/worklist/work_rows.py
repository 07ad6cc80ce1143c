"""Rows of a work list: cases with what the store knows beside them, for a page at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from nudge.domain.care.case import Case
from nudge.domain.measures.measure_view import due_view
from nudge.domain.worklist.work_view import WorkViewer
from nudge.flows.measures.measure_desk import MeasureDesk
from nudge.flows.worklist.background import CaseBackground
from nudge.flows.worklist.contact_desk import ContactDesk


@dataclass(frozen=True)
class WorkRows:
    """The maker of rows.

    Attributes:
        contacts: tells from when visitors may be contacted.
        viewer: of one moment.
        measures: tells which measure is due, and why none may be granted.
    """

    contacts: ContactDesk
    viewer: WorkViewer
    measures: MeasureDesk

    def make(self, cases: Sequence[Case]) -> list[dict[str, Any]]:
        """Return the rows of cases, in order.

        Raises:
            StoreAwayError: no answer.
        """
        reach = self.contacts.reach(cases, self.viewer.at)
        had = CaseBackground(self.contacts.store).portfolio(cases)
        states = self.measures.find(cases, self.viewer.at)
        label = self.viewer.calendar.label
        return [
            self.viewer.view(case, reach.get(case.id, ()), had.get(case.id, ""))
            | {"measure": due_view(states[case.id], label)}
            for case in cases
        ]
