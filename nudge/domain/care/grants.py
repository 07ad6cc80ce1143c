"""Records that carry out a grant: the measure was told, and its benefit is the visitor's. Pure.

The fold writes them in the commit that takes the step, so that a grant is told to every other door
exactly once, wherever the process dies that a person asked.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from nudge.domain.care.case import Case, CaseStep
from nudge.domain.journal.records import Event, Ref

BENEFIT_GRANTED: Final = "benefit_granted"
SHOWN: Final = "shown"
GROUP: Final = "group"


def grant_events(case: Case, step: CaseStep) -> Iterator[Event]:
    """Yield the events that a grant makes true.

    Their id is the case's, so that a case grants once.

    Args:
        case: of the visitor.
        step: that granted a measure.
    """
    name, group = f"grant:{case.id}", step.fact(GROUP)
    if step.decision is not None:
        yield Event(case.subject, name, SHOWN, "server", Ref(*step.decision), at=step.at)
    if group:
        fields = {GROUP: group, "case": case.id, "measure": step.fact("measure")}
        yield Event(case.subject, name, BENEFIT_GRANTED, "server", fields=fields, at=step.at)
