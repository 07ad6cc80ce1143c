"""Lists of cases: filtered, the latest first, in pages behind a cursor."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from heapq import nlargest
from typing import Any, Final

from nudge.domain.care.case import Case, CaseState
from nudge.domain.care.warning_rule import CaseKind
from nudge.domain.journal.fold_name import FoldName
from nudge.errors import InvalidRequestError
from nudge.store.folds.case_store import CasePlace
from nudge.store.store import Store

FIRST: Final = 200
"""Cases that are read first for a page; where a filter finds few, each further read is larger."""
LARGEST: Final = 1_600
MOST_READ: Final = 5_000
"""Cases that one page looks through; a filter that finds few has a cursor to go on with."""
UNCLOSED: Final = "unclosed"
"""State in a question: all but closed."""


@dataclass(frozen=True)
class CaseQuestion:
    """A question for cases; what is empty does not matter.

    Attributes:
        state: of a `CaseState`, or `UNCLOSED`.
        limit: most cases of a page.
        after: the place behind which the page begins; None for the first page.
        kind: of a `CaseKind`: each kind has lists of its own.
    """

    state: str = ""
    level: str = ""
    assignee: str = ""
    scene: str = ""
    rule: str = ""
    limit: int = 100
    after: CasePlace | None = None
    kind: str = CaseKind.WARNING

    @property
    def closed(self) -> bool:
        """Whether closed cases may be in the answer."""
        return self.state in ("", CaseState.CLOSED)

    def wants(self, case: Case) -> bool:
        """Return whether a case is asked for."""
        state = case.state
        if self.state == UNCLOSED and state is CaseState.CLOSED:
            return False
        if self.state not in ("", UNCLOSED, state):
            return False
        pairs = (
            (self.kind, case.kind),
            (self.level, case.level),
            (self.assignee, case.assignee),
            (self.scene, case.scene),
            (self.rule, case.rule),
        )
        return all(asked in ("", found) for asked, found in pairs)


@dataclass(frozen=True)
class CasePage:
    """A page of cases.

    Attributes:
        cases: the latest opening first.
        cursor: where the next page begins; empty where there is none.
    """

    cases: Sequence[Case]
    cursor: str = ""


def list_cases(store: Store, question: CaseQuestion) -> CasePage:
    """Return a page of the cases of an installation.

    Raises:
        StoreAwayError: no answer.
    """
    found: list[Case] = []
    after, read, size = question.after, 0, FIRST
    generations = store.cases.generations()
    while read < MOST_READ:
        places = _next_places(store, question, after, size, generations)
        for case in store.cases.read_many((one.id for one in places), generations).values():
            after, read = CasePlace(case.opened, case.id), read + 1
            if question.wants(case):
                found.append(case)
                if len(found) == question.limit:
                    return CasePage(found, cursor_of(after))
        if len(places) < size:
            return CasePage(found)
        after, size = places[-1], min(2 * size, LARGEST)
    return CasePage(found, cursor_of(after) if after else "")


def cases_of_subject(store: Store, partition: int, subject: str) -> list[Case]:
    """Return the cases of one visitor, the latest first, those under earlier ids too.

    Raises:
        StoreAwayError: no answer.
    """
    generation = store.folds.generation_of(partition, FoldName.CARE)
    watch = store.watches.read_each(partition, [subject], generation)[subject]
    found = store.cases.read_many(one.case for one in watch.past)
    return sorted(found.values(), key=lambda one: (-one.opened, one.id))


def cursor_of(place: CasePlace) -> str:
    """Return a place as the text of a cursor."""
    return base64.urlsafe_b64encode(f"{place.opened!r} {place.id}".encode()).decode().rstrip("=")


def parse_cursor(text: str) -> CasePlace:
    """Return the place that a cursor names.

    Raises:
        InvalidRequestError: the text is no cursor.
    """
    try:
        plain = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
        opened, _, name = plain.partition(" ")
        return CasePlace(float(opened), name)
    except (ValueError, binascii.Error) as error:
        wrong = "is not one of an answer; begin without it"
        raise InvalidRequestError(f"cursor: {wrong}", {"cursor": [wrong]}) from error


def _next_places(
    store: Store,
    question: CaseQuestion,
    after: CasePlace | None,
    size: int,
    generations: Mapping[int, int],
) -> list[CasePlace]:
    asked: Any = {"kind": question.kind, "closed": question.closed}
    each = (
        store.cases.places(p, after, size, **asked, generation=generation)
        for p, generation in generations.items()
    )
    return nlargest(size, (place for places in each for place in places))
