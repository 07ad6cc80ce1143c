"""The planner: answers schedulers, many visitors at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from nudge.domain.contact.contact_capacity import Capacity
from nudge.domain.identity.sealing import Sealer
from nudge.domain.journal.records import DecisionReason, Ref
from nudge.domain.people.rhythm import Rhythm
from nudge.domain.slots.segments import Segments
from nudge.domain.slots.window import SLOT
from nudge.domain.timing.batch_trials import UNTOLD, Batch, TrialCount, TrialOutlook
from nudge.domain.timing.plan_answer import PlanAnswerer, PlanNames
from nudge.domain.timing.plan_request import PlanAnswer, PlanRequest, refuse_plan
from nudge.domain.timing.windows import Calendar
from nudge.errors import UnknownSlotError
from nudge.flows.plan.candidate import SettledPlan
from nudge.flows.plan.displacement import find_displaced
from nudge.flows.plan.extra_slots import Extras, ExtraSlots
from nudge.flows.plan.minute_table import LatestTable
from nudge.flows.plan.plan_settler import PlanSettler
from nudge.flows.plan.planning_round import PlanningRound
from nudge.store.plans.plans import PlanMemory
from nudge.store.service.catalogue import Catalogue
from nudge.store.store import Store


@dataclass(frozen=True)
class Planner:
    """Answers schedulers; safe to share between threads.

    Attributes:
        holdout: global share of subjects who are never personalised.
        calendar: of the contact policy.
        segments: that visitors may belong to.
        rhythm: of the crowd; None where none is known.
    """

    store: Store
    sealer: Sealer
    holdout: float
    calendar: Calendar
    segments: Segments = field(default_factory=dict)
    rhythm: Rhythm | None = None
    _tables: LatestTable = field(default_factory=LatestTable, compare=False)
    _memory: PlanMemory = field(default_factory=PlanMemory, compare=False)

    def plan(self, catalogue: Catalogue, wish: PlanRequest, source: str, at: float) -> PlanAnswer:
        """Plan for one visitor: `plan_each` of one."""
        return self.plan_each(catalogue, [wish], source, at)[0]

    def plan_each(
        self,
        catalogue: Catalogue,
        wishes: Sequence[PlanRequest],
        source: str,
        at: float,
        batch: Batch = UNTOLD,
    ) -> list[PlanAnswer]:
        """Plan when to write to visitors, and with what; some round trips for all together.

        Idempotent: the same questions in the same cycle find the same plans. Where the gateway's
        hours are short, those of the larger expected gain come first.

        Args:
            catalogue: slots and policies to decide by.
            wishes: the questions. Where one visitor has several, the later see the earlier.
            source: id of the API key.
            at: seconds, now.
            batch: plans made at this look, of which these may be a part.

        Raises:
            UnknownSlotError: a slot is not configured.
            StoreAwayError: no answer; any of them may be planned, and the same call finds them.
        """
        for wish in wishes:
            check(catalogue, wish)
        return [
            answer
            for distinct in split_rounds(wishes)
            for answer in self._answer_round(catalogue, distinct, source, at, batch)
        ]

    def gains(
        self,
        catalogue: Catalogue,
        wishes: Sequence[PlanRequest],
        source: str,
        at: float,
        batch: Batch = UNTOLD,
    ) -> list[float]:
        """Compute what the policy expects of writing to each; nothing is planned.

        Returns:
            For each question a gain in the reward's unit; 0 where no new plan is possible.
        """
        settler = self._make_settler(catalogue, source, at, batch)
        gains = [0.0] * len(wishes)
        nothing_used = Capacity()
        for i, candidate in settler.open_each(wishes, extras=False):
            outlook = settler.desk.look(candidate, nothing_used)
            gains[i] = 0.0 if outlook.blocked else outlook.gain
        return gains

    def is_short(
        self, catalogue: Catalogue, purpose: str, channel: str, count: int, at: float
    ) -> bool:
        """Return whether the hours of some window may not suffice for `count` visitors."""
        table = self._tables.find_table(self.calendar, catalogue, at)
        most = table.find_limit(purpose, channel)
        if most is None:
            return False
        used = self.store.capacity.used(channel)
        return any(room < count for room in table.count_places(purpose, channel, most, used))

    def look_ahead(
        self, catalogue: Catalogue, wishes: Sequence[PlanRequest], at: float, batch: Batch
    ) -> TrialOutlook:
        """Look at the trials among new plans; nothing is planned.

        Args:
            catalogue: slots and policies to decide by.
            wishes: some of the questions, such as the first.
            at: seconds, now.
            batch: all questions.

        Raises:
            StoreAwayError: no answer.
        """
        settler = self._make_settler(catalogue, "", at, batch)
        served, nothing_used = settler.desk.table.served, Capacity()
        seen = []
        for _, candidate in settler.open_each(wishes, extras=False):
            shared = settler.desk.look(candidate, nothing_used).shared
            if shared is not None and shared.shape.reason == DecisionReason.POLICY:
                seen.append((candidate.context, served.mask(shared.shape.eligible)))
        return TrialCount.count(served, seen).outlook

    def _answer_round(
        self,
        catalogue: Catalogue,
        wishes: Sequence[PlanRequest],
        source: str,
        at: float,
        batch: Batch,
    ) -> list[PlanAnswer]:
        settler = self._make_settler(catalogue, source, at, batch)
        settled = settler.settle(wishes)
        extras = ExtraSlots(self.store, catalogue).choose(settler.desk, settled)
        policy = self.calendar.policy
        displaced = {
            number: find_displaced(policy, draft.candidate, plan, at)
            for number, (draft, plan) in settled.items()
            if draft.candidate.opened.plans.count
        }
        return self._answer_each(catalogue, settled, extras, displaced)

    def _answer_each(
        self,
        catalogue: Catalogue,
        settled: Mapping[int, SettledPlan],
        extras: Mapping[int, Extras],
        displaced: Mapping[int, tuple[Ref, ...]],
    ) -> list[PlanAnswer]:
        answerer = PlanAnswerer(self.sealer, self.calendar.policy, catalogue.slots)
        names = answerer.seal_names([plan for _, plan in settled.values() if plan])
        return [
            _answer(answerer, one, names, extras.get(number, {}), displaced.get(number, ()))
            for number, one in settled.items()
        ]

    def _make_settler(
        self, catalogue: Catalogue, source: str, at: float, batch: Batch
    ) -> PlanSettler:
        table = self._tables.find_table(self.calendar, catalogue, at, batch)
        key = self.sealer.draw_key
        reader = self.store.state_reader
        desk = PlanningRound(
            table,
            self.segments,
            self.holdout,
            key,
            source,
            at,
            reader,
            catalogue.slots,
            self.rhythm,
        )
        return PlanSettler(self.store, self.sealer, desk, self._memory)


def _answer(
    answerer: PlanAnswerer,
    settled: SettledPlan,
    names: Iterator[PlanNames],
    extras: Extras,
    displaced: Sequence[Ref],
) -> PlanAnswer:
    """Return the answer to one question; a plan takes the next of the names."""
    draft, plan = settled
    one = draft.candidate
    if plan:
        return answerer.answer(one.wish, one.known, plan, next(names), extras, displaced)
    zone = answerer.policy.zone_of(one.known).key
    refused = refuse_plan(one.wish.visitor_id, zone, draft.outlook.blocked)
    return refused._replace(displaces=answerer.seal(displaced)) if displaced else refused


def check(catalogue: Catalogue, wish: PlanRequest) -> None:
    """Refuse a question that names slots that do not exist.

    Raises:
        UnknownSlotError: naming the slot.
    """
    for name in (SLOT, *wish.slots):
        if name not in catalogue.slots:
            raise UnknownSlotError(f"slot {name!r} is not configured", {"slots": [name]})


def split_rounds(wishes: Sequence[PlanRequest]) -> Iterator[list[PlanRequest]]:
    """Yield the questions, cut before each visitor who is there already.

    One plan counts for the next.
    """
    found: list[PlanRequest] = []
    seen: set[str] = set()
    for wish in wishes:
        if wish.visitor_id in seen:
            yield found
            found, seen = [], set()
        found.append(wish)
        seen.add(wish.visitor_id)
    if found:
        yield found
