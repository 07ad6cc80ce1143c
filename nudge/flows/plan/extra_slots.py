"""Extra slots of an SMS: decided when its time is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from nudge.domain.choosing.choice import ChoiceInput, StandingDecision
from nudge.domain.choosing.page_choice import NewDecision, choose_page
from nudge.flows.plan.candidate import Candidate, SettledPlan
from nudge.flows.plan.planning_round import PlanningRound
from nudge.flows.plan.retry import Attempt, retry_lost
from nudge.store.journal.appends import (
    AppendedDecision,
    DecisionBatch,
    behind_others,
)
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
    fresh: Mapping[str, NewDecision]


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
        slots = [self.catalogue.slots[name] for name in names]
        found = choose_page(slots, draft.given, draft.assigned)
        stuck = {one.decision.slot: one for one in found.standing}
        fresh = {one.live.slot.name: one for one in found.fresh}
        return draft._replace(standing={**draft.standing, **stuck}, fresh=fresh)

    def _write(self, drafts: Sequence[ExtraDraft]) -> Attempt[tuple[int, Extras], ExtraDraft]:
        ready = [(one.number, one.standing) for one in drafts if not one.fresh]
        fresh = [one for one in drafts if one.fresh]
        if not fresh:
            return Attempt(ready, ())
        batches = [self._make_batch(one) for one in fresh]
        written = self.store.journal.append_each(batches)
        return Attempt(ready, list(map(self._note, fresh, written)))

    def _make_batch(self, draft: ExtraDraft) -> DecisionBatch:
        slots = {name: self.catalogue.slots[name].slot for name in draft.fresh}
        keep_for = max(slot.stickiness.period for slot in slots.values())
        return DecisionBatch(draft.partition, list(draft.fresh.values()), keep_for)

    def _note(
        self,
        draft: ExtraDraft,
        written: Sequence[AppendedDecision],
    ) -> ExtraDraft:
        """Return the draft with what stands; drawn again where somebody else was faster."""
        found = dict(zip(draft.fresh, written, strict=True))
        stuck = {name: one for name, one in found.items() if isinstance(one, StandingDecision)}
        draft = draft._replace(standing={**draft.standing, **stuck}, fresh={})
        lost = [name for name in found if name not in stuck]
        if not lost:
            return draft
        return self._choose(draft._replace(given=behind_others(draft.given, written)), lost)
