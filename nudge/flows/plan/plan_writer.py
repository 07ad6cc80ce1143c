"""The writer of new plans: blocks of a partition, all or none of each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from nudge.domain.journal.block import MOST, evenly
from nudge.domain.timing.plan_answer import StandingPlan
from nudge.flows.plan.candidate import PlanDraft
from nudge.flows.plan.retry import Attempt, retry_lost
from nudge.store.plans.plans import BlockResult, PlanMemory, PlannedBlock, PlanStore

Part = Sequence[int]
"""Numbers of drafts of one partition: of one block."""
PlanWrite = tuple[int, StandingPlan | None]
"""Number of a draft and its plan; None where the visitor was planned for meanwhile."""


@dataclass(frozen=True)
class PlanWriter:
    """Writes new plans.

    Attributes:
        memory: makes what is remembered of each.
    """

    plans: PlanStore
    memory: PlanMemory

    def write(self, drafts: Mapping[int, PlanDraft]) -> list[PlanWrite]:
        """Write new plans, each unless its visitor was planned for since it was read.

        Args:
            drafts: by number; each with a decision, each of another visitor.

        Raises:
            StoreAwayError: no answer; any of them may have been written.
        """
        groups: dict[int, list[int]] = defaultdict(list)
        for i, draft in drafts.items():
            groups[draft.candidate.opened.partition].append(i)
        parts = [some for those in groups.values() for some in evenly(those, MOST)]
        # A block that is refused comes back smaller.
        return retry_lost(parts, partial(self._write_parts, drafts), MOST + 1)

    def _write_parts(
        self, drafts: Mapping[int, PlanDraft], parts: Sequence[Part]
    ) -> Attempt[PlanWrite, Part]:
        """Write blocks; those that are refused come back without the visitors planned for."""
        blocks = [_make_block([drafts[i] for i in part]) for part in parts]
        done: list[PlanWrite] = []
        again: list[Part] = []
        written = self.plans.append_each(blocks, self.memory)
        for part, block, result in zip(parts, blocks, written, strict=True):
            done += _list_writes(part, block, result)
            if not result.refs:
                behind = set(result.behind)
                again.append([i for place, i in enumerate(part) if place not in behind])
        return Attempt(done, [part for part in again if part])


def _make_block(some: Sequence[PlanDraft]) -> PlannedBlock:
    decisions = [one.decision for one in some if one.decision]
    seen = [one.candidate.opened.plans for one in some]
    return PlannedBlock(some[0].candidate.opened.partition, decisions, seen)


def _list_writes(part: Part, block: PlannedBlock, result: BlockResult) -> list[PlanWrite]:
    if not result.refs:
        return [(part[place], None) for place in result.behind]
    return [
        (i, StandingPlan(ref, one, fresh=True))
        for i, one, ref in zip(part, block.drawn, result.refs, strict=True)
    ]
