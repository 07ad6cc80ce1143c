"""What else goes into an SMS: other slots, decided when its time is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from nudge.domain.choosing.choice import ChoiceInput, StandingDecision, choose
from nudge.domain.choosing.stock import taken_by
from nudge.domain.journal.records import Decision
from nudge.flows.plan.candidate import Candidate
from nudge.flows.plan.planning_round import PlanningRound
from nudge.store.journal.journal import DecisionBatch
from nudge.store.service.catalogue import Catalogue
from nudge.store.store import Store


@dataclass
class ExtraDraft:
    """The other slots of one customer.

    Attributes:
        case: the customer.
        setting: of the draws.
        fresh: slot -> what is to be written.
    """

    case: Candidate
    setting: ChoiceInput
    fresh: dict[str, Decision]


@dataclass(frozen=True)
class ExtraSlots:
    """Chooses them, and writes what is new.

    Whoever dies between the plan and this finds the plan again, and what else goes with it then.

    Attributes:
        store: of the installation.
    """

    store: Store

    def choose(self, catalogue: Catalogue, desk: PlanningRound, cases: Sequence[Candidate]) -> None:
        """Choose for those who are written to; of each customer by one script.

        Raises:
            StoreAwayError: no answer.
        """
        wanted = (case for case in cases if case.plan and case.wish.slots)
        pending = [draft for case in wanted if (draft := self._draft(catalogue, desk, case)).fresh]
        while pending:
            batches = [self._batch(catalogue, draft) for draft in pending]
            made = self.store.journal.append_each(batches)
            for draft, batch, found in zip(pending, batches, made, strict=True):
                self._note(catalogue, draft, batch, found)
            pending = [draft for draft in pending if draft.fresh]

    def _draft(self, catalogue: Catalogue, desk: PlanningRound, case: Candidate) -> ExtraDraft:
        setting = desk.setting(case, case.chance)
        draft = ExtraDraft(case, setting, {})
        for name in case.wish.slots:
            self._choose(catalogue, draft, name)
        return draft

    def _choose(self, catalogue: Catalogue, draft: ExtraDraft, name: str) -> None:
        found = choose(catalogue.slots[name], draft.setting, draft.case.opened.assigned)
        if isinstance(found, StandingDecision):
            draft.case.besides[name] = found
        else:
            draft.fresh[name] = found

    def _batch(self, catalogue: Catalogue, draft: ExtraDraft) -> DecisionBatch:
        slots = {name: catalogue.slots[name].slot for name in draft.fresh}
        taking = [(d, taken_by(slots[name], d)) for name, d in draft.fresh.items()]
        keep_for = max(slot.stickiness.period for slot in slots.values())
        return DecisionBatch(draft.case.opened.partition, taking, keep_for)

    def _note(
        self,
        catalogue: Catalogue,
        draft: ExtraDraft,
        batch: DecisionBatch,
        found: Sequence[StandingDecision | None],
    ) -> None:
        """Keep what stands; draw again where somebody else took the last one."""
        names = list(draft.fresh)
        draft.fresh = {}
        draft.case.besides |= {n: one for n, one in zip(names, found, strict=True) if one}
        lost = [name for name, one in zip(names, found, strict=True) if not one]
        if not lost:
            return
        taken = [takes for (_, takes), one in zip(batch.decisions, found, strict=True) if not one]
        before = draft.setting
        left = {**(before.left or {}), **dict.fromkeys(taken, 0)}
        draft.setting = replace(before, left=left, tries=before.tries + 1)
        for name in lost:
            self._choose(catalogue, draft, name)
