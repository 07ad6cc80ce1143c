"""Decide: identify -> know -> choose -> log -> answer. One read, the draw in memory, one write.

Without the store the draw is made from memory, and the record waits in the spool.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from nudge.domain.choosing.choice import StandingDecision
from nudge.domain.choosing.live_slot import LiveSlot
from nudge.domain.choosing.page_choice import NewDecision, choose_page
from nudge.domain.choosing.requests import DecisionRequest, PageAnswer, SlotAnswer
from nudge.domain.identity.sealing import Sealer, away_ref
from nudge.domain.journal.caller import Caller
from nudge.domain.people.rhythm import Rhythm
from nudge.domain.prefill.filling import PrefillNumbers
from nudge.domain.slots.segments import Segments
from nudge.errors import UnknownSlotError, UnknownVariantError
from nudge.flows.serving.answer import fallback_decision, slot_answers
from nudge.flows.serving.identify import Identifier
from nudge.flows.serving.know import Knower
from nudge.flows.serving.log import PATIENCE, DecisionLog, LoggedPage
from nudge.flows.serving.outage_memory import OutageMemory
from nudge.spool.spool import Spool
from nudge.store.service.catalogue import Catalogue
from nudge.store.store import Store
from nudge.store.vault.visitor_finder import VisitorFinder


class PageDraft(NamedTuple):
    """A page's decisions before everything is logged.

    Attributes:
        names: of the slots, as asked.
        token: for the device.
        logged: the decisions.
        numbers: that the answer may hold.
        remembered_as: names by which a repeated call finds what the store did not take.
    """

    names: tuple[str, ...]
    token: str
    logged: LoggedPage
    numbers: PrefillNumbers
    remembered_as: tuple[str, ...] = ()


@dataclass(frozen=True)
class Decider:
    """The flow that answers pages.

    Attributes:
        store: of the installation.
        sealer: hashes, ids and tokens.
        holdout: global share of subjects who are never personalised.
        spool: takes what the store does not.
        segments: that visitors may belong to.
        rhythm: of the crowd; None where none is known.
        patience: seconds that a page waits for the disk under the spool; None has no bound.
        memory: of what the store did not take.
    """

    store: Store
    sealer: Sealer
    holdout: float
    spool: Spool
    segments: Segments = field(default_factory=dict)
    rhythm: Rhythm | None = None
    patience: float | None = PATIENCE
    memory: OutageMemory = field(default_factory=OutageMemory)

    def decide(
        self, catalogue: Catalogue, requests: Sequence[DecisionRequest], caller: Caller, at: float
    ) -> list[PageAnswer]:
        """Answer each request.

        Args:
            catalogue: slots and policies to decide by.
            requests: one for each visitor.
            caller: whose API key it is.
            at: seconds, now.

        Raises:
            UnknownSlotError: a slot is not configured.
            UnknownVariantError: a forced variant does not exist.
        """
        for request in requests:
            check(catalogue.slots, request)
        drafts = [self._draft(catalogue.slots, request, caller, at) for request in requests]
        # All at once: each visit to the spool waits for the disk.
        kept = self._log.keep([one for draft in drafts for one in draft.logged.unlogged])
        if kept:
            self._remember(drafts, at)
        return [self._answer(catalogue.slots, draft, kept=kept) for draft in drafts]

    def standing_answers(
        self, catalogue: Catalogue, request: DecisionRequest, caller: Caller, at: float
    ) -> dict[str, SlotAnswer] | None:
        """Return the answers that stand; None where something has to be decided. It writes nothing.

        A fallback that does not stick stands as well: another call would log it once more, and
        answer the same. Its decision id is none that the journal knows.

        Args:
            catalogue: slots and policies to decide by.
            request: of one visitor.
            caller: whose API key it is.
            at: seconds, now.

        Raises:
            UnknownSlotError: a slot is not configured.
        """
        check(catalogue.slots, request)
        live = catalogue.slots
        slots = [live[name] for name in request.slots]
        visitor = self._identifier.identify(request, slots, caller, at)
        known = self._knower.know(request, visitor, caller, live, at)
        standing, fresh = choose_page(slots, known.choice, visitor.view.assigned)
        if any(one.decision.unit for one in fresh):
            return None
        found = [*standing, *(_unwritten(one) for one in fresh)]
        return slot_answers(live, found, known.numbers, self.sealer, request.slots)

    def _draft(
        self, live: Mapping[str, LiveSlot], request: DecisionRequest, caller: Caller, at: float
    ) -> PageDraft:
        slots = [live[name] for name in request.slots]
        visitor = self._identifier.identify(request, slots, caller, at)
        known = self._knower.know(request, visitor, caller, live, at)
        logged = self._log.choose_and_log(slots, known.choice, visitor)
        self._log.adopt(visitor)
        names: tuple[str, ...] = ()
        if logged.unlogged:
            public = visitor.lookup or visitor.view.public
            hashed = self.sealer.visitor_hash(request.visitor_id)
            names = (visitor.view.subject, *((hashed,) if public else ()))
        return PageDraft(request.slots, visitor.token(self.sealer), logged, known.numbers, names)

    def _remember(self, drafts: Sequence[PageDraft], at: float) -> None:
        for draft in drafts:
            late = [one.standing for one in draft.logged.unlogged]
            if late:
                self.memory.note(draft.remembered_as, late[0].decision.subject, late, at)

    def _answer(self, live: Mapping[str, LiveSlot], draft: PageDraft, *, kept: bool) -> PageAnswer:
        late = [one.standing for one in draft.logged.unlogged]
        if not kept:
            late = [fallback_decision(live, one) for one in late]
        standing = [*draft.logged.standing, *late]
        answers = slot_answers(live, standing, draft.numbers, self.sealer, draft.names)
        return PageAnswer(answers, draft.token)

    @cached_property
    def _identifier(self) -> Identifier:
        finder = VisitorFinder(self.store.visitors, self.store.people, self.sealer)
        return Identifier(finder, self.sealer, self.memory)

    @cached_property
    def _knower(self) -> Knower:
        return Knower(
            self.sealer, self.holdout, self.segments, self.rhythm, self.store.state_reader
        )

    @cached_property
    def _log(self) -> DecisionLog:
        return DecisionLog(self.store, self.spool, self.patience)


def _unwritten(one: NewDecision) -> StandingDecision:
    decision = one.decision
    return StandingDecision(away_ref(0), decision, decision.period, fresh=True)


def check(slots: Mapping[str, LiveSlot], request: DecisionRequest) -> None:
    """Refuse a request that names a slot or a variant that does not exist.

    Raises:
        UnknownSlotError: naming the slot.
        UnknownVariantError: naming the forced variant.
    """
    for name in request.slots:
        if name not in slots:
            raise UnknownSlotError(f"slot {name!r} is not configured", {"slots": [name]})
    for name, variant in request.force.items():
        live = slots.get(name)
        if live is None or live.slot.variant(variant) is None:
            message = f"slot {name!r} has no variant {variant!r}"
            raise UnknownVariantError(message, {"force": {name: [variant]}})
