"""Work lists: cases that are due first, by whose they are, in pages behind a cursor."""

from __future__ import annotations

import base64
import binascii
import math
from collections.abc import Sequence
from dataclasses import dataclass

from nudge.domain.care.case import Case
from nudge.domain.worklist.case_queue import ALL, HELD, NOBODY, CaseQueue
from nudge.domain.worklist.work_policy import WorkPolicy
from nudge.errors import InvalidRequestError
from nudge.store.folds.case_queues import DuePlace, DueQuestion
from nudge.store.store import Store


@dataclass(frozen=True)
class WorkQuestion:
    """A question for cases of work lists; what is empty does not matter.

    Attributes:
        kind: of a `CaseKind`.
        state: of a `CaseState`; empty for all but closed.
        assignee: a person, or a team that nobody of it has taken over from yet.
        team: whose agents' cases are asked for, and its own.
        unassigned: only cases of nobody.
        held: only cases that are held out; all others are left out of them.
        due_before: seconds.
        after: the place behind which the page begins; None for the first page.
        limit: most cases of a page.
    """

    kind: str = ""
    state: str = ""
    level: str = ""
    assignee: str = ""
    team: str = ""
    unassigned: bool = False
    held: bool = False
    due_before: float = math.inf
    after: DuePlace | None = None
    limit: int = 100

    def owners(self, policy: WorkPolicy) -> frozenset[str]:
        """Return the owners of the queues that are read."""
        if self.held:
            return frozenset({HELD})
        if self.unassigned:
            return frozenset({NOBODY})
        if self.team and self.assignee:
            return policy.owners(self.team) & {self.assignee}
        if self.team:
            return policy.owners(self.team)
        return frozenset({self.assignee or ALL})

    def wants(self, queue: CaseQueue) -> bool:
        """Return whether a queue of these owners is read."""
        if self.kind not in ("", queue.kind) or self.level not in ("", queue.level):
            return False
        return queue.state == self.state if self.state else queue.is_open


@dataclass(frozen=True)
class WorkPage:
    """A page of cases.

    Attributes:
        cases: what is due first comes first.
        cursor: where the next page begins; empty where there is none.
    """

    cases: Sequence[Case]
    cursor: str = ""


def list_work(store: Store, policy: WorkPolicy, question: WorkQuestion) -> WorkPage:
    """Return a page of the cases of an installation.

    Raises:
        StoreAwayError: no answer.
    """
    asked = DueQuestion(
        question.owners(policy),
        question.wants,
        policy.span,
        question.after,
        question.due_before,
        question.limit + 1,
    )
    places = store.case_queues.first_due(asked)
    page = places[: question.limit]
    cases = store.cases.read_many(one.id for one in page)
    more = len(places) > question.limit
    return WorkPage(list(cases.values()), cursor_of(page[-1]) if more else "")


def cursor_of(place: DuePlace) -> str:
    """Return a place as the text of a cursor."""
    return base64.urlsafe_b64encode(f"{place.due!r} {place.id}".encode()).decode().rstrip("=")


def parse_due_cursor(text: str) -> DuePlace:
    """Return the place that a cursor names.

    Raises:
        InvalidRequestError: the text is no cursor.
    """
    try:
        plain = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
        due, _, name = plain.partition(" ")
        found = DuePlace(float(due), name)
    except (ValueError, binascii.Error):
        found = DuePlace(math.nan, "")
    if not math.isfinite(found.due):
        wrong = "is not one of an answer; begin without it"
        raise InvalidRequestError(f"cursor: {wrong}", {"cursor": [wrong]})
    return found
