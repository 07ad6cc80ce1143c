"""A process's memory of decisions that the store did not take: a repeated call gets them again."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final, NamedTuple

from nudge.domain.choosing.choice import PUBLIC, StandingDecision
from nudge.store.vault.visitors import VisitorView

SECONDS: Final = 60.0
"""Seconds that a decision is remembered here: callers repeat a call at once or not at all."""
MOST: Final = 10_000
"""Visitors who are remembered, the latest ones."""


class RememberedVisitor(NamedTuple):
    """A visitor who was answered without the store.

    Attributes:
        at: seconds, when it was.
        subject: of the decisions.
        assigned: unit -> decision.
    """

    at: float
    subject: str
    assigned: Mapping[str, StandingDecision]


class OutageMemory:
    """The memory, by subject, and by hashed id for callers without a token; for all threads.

    Until the spool is drained the store knows nothing of these decisions. What callers without a
    token are answered, others with the same id may see; what a device was, they may not.
    """

    def __init__(self) -> None:
        self._known: OrderedDict[str, RememberedVisitor] = OrderedDict()
        self._lock = threading.Lock()

    def note(
        self, names: Sequence[str], subject: str, made: Sequence[StandingDecision], at: float
    ) -> None:
        """Remember decisions under names of their visitor.

        Args:
            names: the subject and, where no token was shown, the hashed id.
            subject: of the visitor.
            made: what was answered.
            at: seconds, now.
        """
        found = {
            unit: replace(one, fresh=False)
            for one in made
            if one.decision.unit
            for unit in (one.decision.unit, one.decision.unit.removesuffix(PUBLIC) + PUBLIC)
        }
        if not found:
            return
        with self._lock:
            for name in names:
                before = self._known.pop(name, None)
                kept = before.assigned if before and at - before.at <= SECONDS else {}
                self._known[name] = RememberedVisitor(at, subject, {**kept, **found})
            while len(self._known) > MOST:
                self._known.popitem(last=False)

    @property
    def is_empty(self) -> bool:
        """True where nobody was answered without the store so far."""
        return not self._known

    def find(self, name: str, at: float) -> RememberedVisitor | None:
        """Return the visitor of a name who was answered of late, or None."""
        found = self._known.get(name)
        return found if found and at - found.at <= SECONDS else None

    def with_remembered(self, view: VisitorView, hashed: str, at: float) -> VisitorView:
        """Return the view of the store with what is newer here.

        Args:
            view: of the visitor.
            hashed: their hashed id.
            at: seconds, now.
        """
        found = self.find(hashed if view.public else view.subject, at)
        if found is None:
            return view
        newer = {
            unit: one
            for unit, one in found.assigned.items()
            if unit not in view.assigned or view.assigned[unit].period < one.period
        }
        return view._replace(assigned={**view.assigned, **newer})
