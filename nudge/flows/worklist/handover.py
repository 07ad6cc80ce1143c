"""Hand-over: the open cases of one agent go to others, a part at a time, each once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from nudge.domain.worklist.work_policy import AssignedBy
from nudge.flows.worklist.assignment_desk import (
    AssignmentDesk,
    AssignmentRequest,
    AssignmentResult,
)
from nudge.flows.worklist.work_list import WorkQuestion, list_work

PART: Final = 1_000
"""Cases of one call: whoever has more goes on behind the cursor."""


@dataclass(frozen=True)
class HandoverResult:
    """The result of a part of a hand-over.

    Attributes:
        cases: what became of each.
        cursor: where the next part begins; empty where this was the last.
    """

    cases: Sequence[AssignmentResult]
    cursor: str = ""


def hand_over(
    desk: AssignmentDesk, question: WorkQuestion, asked: AssignmentRequest
) -> HandoverResult:
    """Hand over the cases that a question finds, from its place on.

    A repeated call with the same `action_id` changes nothing: it tells the same, and goes on with
    what is left.

    Args:
        desk: of assignments.
        question: names the agent whose cases they are.
        asked: to whom.

    Raises:
        InvalidRequestError: the request names nobody.
        StoreAwayError: no answer; the same call goes on.
    """
    desk.check(asked)
    page = list_work(desk.store, desk.work, question)
    request = asked._replace(by=AssignedBy.HANDOVER.value, without=question.assignee)
    return HandoverResult(desk.assign([one.id for one in page.cases], request), page.cursor)
