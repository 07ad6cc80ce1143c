"""Queues of cases: by owner, state, kind and level; each lists its cases by time. Pure."""

from __future__ import annotations

from typing import Final, NamedTuple

from nudge.domain.care.case import Case, CaseAction, CaseState

ALL: Final = "*"
"""Owner of the queues of all cases that are not held out."""
NOBODY: Final = "-"
"""Owner of the queues of cases that are assigned to nobody."""
HELD: Final = "!"
"""Owner of the queues of cases that are held out."""
OWNERS: Final = frozenset({ALL, NOBODY, HELD})
"""Owners that are no people; no name of a person or team looks like them."""


class CaseQueue(NamedTuple):
    """A queue of cases that are due so long after their opening.

    Attributes:
        owner: the assignee, or one of `OWNERS`.
        state: of a `CaseState`.
        kind: of a `CaseKind`.
        level: of a `CaseLevel`.
    """

    owner: str
    state: str
    kind: str
    level: str

    @property
    def is_open(self) -> bool:
        """Whether its cases are not closed."""
        return self.state != CaseState.CLOSED

    @property
    def text(self) -> str:
        """The queue as the end of a key of the store."""
        return ":".join(self)


def parse_queue(text: str) -> CaseQueue:
    """Return the queue of a text that `CaseQueue.text` made."""
    owner, state, kind, level = text.rsplit(":", 3)
    return CaseQueue(owner, state, kind, level)


def queues_of(case: Case, state: CaseState) -> tuple[str, ...]:
    """Return the texts of the queues that list a case: that of its owner, and that of all.

    Args:
        case: of a visitor.
        state: of the case: finding it takes a walk over the steps.
    """
    rest = f"{state}:{case.kind}:{case.level}"
    if case.held:
        return (f"{HELD}:{rest}",)
    return f"{case.assignee or NOBODY}:{rest}", f"{ALL}:{rest}"


def closed_at(case: Case) -> float:
    """Return the second of the last closing of a closed case, by which queues order it.

    Args:
        case: that is closed; all others are in the order of their opening.
    """
    return max(step.at for step in case.steps if step.action == CaseAction.CLOSE)
