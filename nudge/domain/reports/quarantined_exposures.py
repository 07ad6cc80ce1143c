"""Quarantined exposures: how many a quarantine leaves out of a report."""

from __future__ import annotations

from dataclasses import dataclass

from nudge.domain.alarms.quarantine import Quarantine
from nudge.domain.basics.calendar import OperatorCalendar


@dataclass(frozen=True)
class QuarantinedExposures:
    """The exposures that one quarantine leaves out.

    Attributes:
        exposures: number of them; of two quarantines that overlap, both count the same ones.
    """

    quarantine: Quarantine
    exposures: int

    def plain(self, calendar: OperatorCalendar) -> dict[str, object]:
        """Return interval, scope, status and reason as JSON, with times by the calendar."""
        one = self.quarantine
        return {
            "id": one.id,
            "from": calendar.label(one.start),
            "to": calendar.label(one.end),
            "scope": one.scope.plain,
            "status": one.status.value,
            "why": one.why,
            "exposures": self.exposures,
        }
