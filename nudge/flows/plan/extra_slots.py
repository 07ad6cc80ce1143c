"""Extra slots of an SMS: decided when its time is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from nudge.domain.choosing.choice import ChoiceInput, StandingDecision, choose
from nudge.domain.choosing.stock import taken_by
from nudge.domain.journal.records import Decision
from nudge.flows.plan.candidate import Candidate, SettledPlan
from nudge.flows.plan.planning_round import PlanningRound
from nudge.flows.plan.retry import Attempt, retry_lost
from nudge.store.journal.appends import DecisionBatch
from nudge.store.service.catalogue import Catalogue
from nudge.store.store import Store

Extras = Mapping[str, StandingDecision]
"""Slot -> the decision that goes into the SMS."""


class ExtraDraft(NamedTuple):
    """The extra slots of one visitor.

    Attributes:
        number: of the visitor.
        partition: of the visitor.
        assigned: unit -> decision that sticks.
        given: input of the draws.
        standing: decisions that stand.
        fresh: slot -> decision that is to be written.
    """

    number: int
    partition: int
    assigned: Mapping[str, StandingDecision]
    given: ChoiceInput
    standing: Extras
    fresh: Mapping[str, Decision]


@dataclass(frozen=True)
class ExtraSlots:
    """Chooses extra slots, and writes what is new.

    A crash between the plan and this loses nothing: the same question finds the plan, and its extra
    slots are chosen then.
    """

    store: Store
    catalogue: Catalogue

    def choose(self, desk: PlanningRound, settled: Mapping[int, SettledPlan]) -> dict[int, Extras]:
        """Return the extra slots of those who are written to; a script for each visitor.

        Raises:
            StoreAwayError: no answer.
        """
        drafts = [
            self._draft(desk, number, draft.candidate)
            for number, (draft, plan) in settled.items()
            if plan and draft.candidate.wish.slots
        ]
        names = {name for one in drafts for name in one.fresh}
        # Each loss takes a variant out, so there is an end.
        tries = 2 + sum(len(self.catalogue.slots[name].slot.variants) for name in names)
        return dict(retry_lost(drafts, self._write, tries))

    def _draft(self, desk: PlanningRound, number: int, candidate: Candidate) -> ExtraDraft:
        given = desk.make_choice_input(candidate, candidate.options)
        opened = candidate.opened
        empty = ExtraDraft(number, opened.partition, opened.assigned, given, {}, {})
        return self._choose(empty, candidate.wish.slots)

    def _choose(self, draft: ExtraDraft, names: Sequence[str]) -> ExtraDraft:
        """Return the draft with decisions of these slots, and of no others to be written."""
        slots = self.catalogue.slots
        found = {name: choose(slots[name], draft.given, draft.assigned) for name in names}
        stuck = {k: one for k, one in found.items() if isinstance(one, StandingDecision)}
        fresh = {k: one for k, one in found.items() if isinstance(one, Decision)}
        return draft._replace(standing={**draft.standing, **stuck}, fresh=fresh)

    def _write(self, drafts: Sequence[ExtraDraft]) -> Attempt[tuple[int, Extras], ExtraDraft]:
        ready = [(one.number, one.standing) for one in drafts if not one.fresh]
        fresh = [one for one in drafts if one.fresh]
        if not fresh:
            return Attempt(ready, ())
        batches = [self._make_batch(one) for one in fresh]
        written = self.store.journal.append_each(batches)
        return Attempt(ready, list(map(self._note, fresh, batches, written)))

    def _make_batch(self, draft: ExtraDraft) -> DecisionBatch:
        slots = {name: self.catalogue.slots[name].slot for name in draft.fresh}
        taking = [(one, taken_by(slots[name], one)) for name, one in draft.fresh.items()]
        keep_for = max(slot.stickiness.period for slot in slots.values())
        return DecisionBatch(draft.partition, taking, keep_for)

    def _note(
        self,
        draft: ExtraDraft,
        batch: DecisionBatch,
        written: Sequence[StandingDecision | None],
    ) -> ExtraDraft:
        """Return the draft with what stands; drawn again where the last unit is gone."""
        found = dict(zip(draft.fresh, written, strict=True))
        stuck = {name: one for name, one in found.items() if one}
        draft = draft._replace(standing={**draft.standing, **stuck}, fresh={})
        lost = [name for name, one in found.items() if not one]
        if not lost:
            return draft
        taken = [takes for (_, takes), one in zip(batch.decisions, written, strict=True) if not one]
        return self._choose(draft._replace(given=draft.given.without_units(taken)), lost)
