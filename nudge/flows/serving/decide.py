"""Decide: which variant to show. One read, the draw in memory, one write; then the answer.

Without the store the draw is made from memory, and the record waits in the spool.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Final

import structlog

from nudge import faults
from nudge.domain.choosing.choice import SHADOW, ChoiceInput, StandingDecision, choose, orphans
from nudge.domain.choosing.requests import DecisionRequest, PageAnswer, SlotAnswer
from nudge.domain.choosing.stock import limits, taken_by
from nudge.domain.identity.sealing import Device, Home, Sealer, away_ref, new_subject
from nudge.domain.journal.caller import Caller
from nudge.domain.journal.records import Decision
from nudge.domain.people.failures import with_failure_told
from nudge.domain.people.filling import PrefillNumbers, filling, fills_in
from nudge.domain.people.numbers import flags
from nudge.domain.people.visitor import VisitorState
from nudge.domain.people.visitor_codec import decode_state
from nudge.domain.slots.live_slot import LiveSlot
from nudge.domain.slots.segments import Segments, members
from nudge.domain.slots.slot import Scalar, Slot
from nudge.errors import (
    CorruptRecordError,
    SpoolFullError,
    StoreAwayError,
    UnknownSlotError,
    UnknownVariantError,
)
from nudge.spool.spool import Spool
from nudge.store.journal.journal import Append
from nudge.store.keeping.spooled_append import SpooledAppend, pack
from nudge.store.service.catalogue import Catalogue
from nudge.store.store import Store
from nudge.store.vault.visitor_finder import VisitorFinder
from nudge.store.vault.visitors import VisitorView

PATIENCE: Final = 0.05
"""Seconds: a page is not kept waiting by a disk that stalls. What it is answered then outlives the
process, and the machine as soon as the disk goes on."""

log = structlog.get_logger()

Drawn = tuple[LiveSlot, Decision]


@dataclass(frozen=True)
class UnloggedDecision:
    """A decision that the store did not take.

    Attributes:
        kept: under a reference of its own, since the journal cannot number it.
        lookup: hash of its visitor, who is looked up when it leaves the spool; empty if known.
    """

    kept: StandingDecision
    lookup: str


@dataclass(frozen=True)
class PageDraft:
    """What an ask comes to, before everything is logged.

    Attributes:
        ask: the question.
        token: for the device, if it may have one.
        kept: decisions that the store has.
        late: those that it has not.
        numbers: that the answer may hold.
    """

    ask: DecisionRequest
    token: str
    kept: list[StandingDecision]
    late: list[UnloggedDecision]
    numbers: PrefillNumbers


@dataclass(frozen=True)
class Decider:
    """Answers pages.

    Attributes:
        store: of the installation.
        sealer: hashes, ids and tokens.
        holdout: global share of subjects who are never personalised.
        spool: takes what the store does not.
        segments: that visitors may belong to.
        patience: seconds that a page waits for the disk under the spool; None has no bound.
    """

    store: Store
    sealer: Sealer
    holdout: float
    spool: Spool
    segments: Segments = field(default_factory=dict)
    patience: float | None = PATIENCE

    @property
    def asking(self) -> VisitorFinder:
        """Finds who asks."""
        return VisitorFinder(self.store.visitors, self.store.people, self.sealer)

    def decide(
        self, catalogue: Catalogue, asks: Sequence[DecisionRequest], caller: Caller, at: float
    ) -> list[PageAnswer]:
        """Answer each ask.

        Args:
            catalogue: slots and policies to decide by.
            asks: one for each visitor.
            caller: whose key it is.
            at: seconds, now.

        Raises:
            UnknownSlotError: a slot is not configured.
            UnknownVariantError: a forced variant does not exist.
        """
        for ask in asks:
            check(catalogue, ask)
        drafts = [self._draft(catalogue, ask, caller, at) for ask in asks]
        # All at once: each visit to the spool waits for the disk.
        logged = self._spooled([late for draft in drafts for late in draft.late])
        return [self._answer(catalogue, draft, logged=logged) for draft in drafts]

    def _draft(
        self, catalogue: Catalogue, ask: DecisionRequest, caller: Caller, at: float
    ) -> PageDraft:
        slots = [catalogue.slots[name].slot for name in ask.slots]
        device = self.sealer.device(ask.device_token)
        found = self._opened(ask, device, caller, at, slots)
        home = self.asking.home(ask.visitor_id)
        opened = found or _unread(device, home.partition)
        state = decode_state(opened.state) if opened.owned and opened.state else VisitorState()
        numbers = filling(self.sealer.vault, opened.numbers, state, device.id if device else "", at)
        setting = ChoiceInput(
            ask=ask,
            subject=opened.subject,
            context=self._context(ask, state, numbers, at),
            at=at,
            holdout=self.holdout,
            source=caller.key_id,
            key=self.sealer.draw_key,
            degraded=found is None,
            benefits=state.benefits if found and found.owned else None,
            left=found.left if found else None,
            public=opened.public,
            amounts=frozenset(fen / 100 for fen in state.amounts),
        )
        # A visitor who was not found yet is looked up again when the record leaves the spool.
        named = device is not None and len(device.homes) == 1
        lookup = home.subject if found is None and not named else ""
        kept, late = self._keep(catalogue, setting, opened, lookup)
        self._adopt(setting, opened)
        shown = device or Device(new_subject())
        if opened.owned:
            shown = shown.seeing(Home(opened.subject, opened.partition))
        token = self.sealer.token(shown)
        return PageDraft(ask, token, kept, late, numbers)

    def _context(
        self, ask: DecisionRequest, state: VisitorState, numbers: PrefillNumbers, at: float
    ) -> dict[str, Scalar]:
        has = flags(numbers.entries)
        told = {**dict.fromkeys(has, False), **ask.context}
        # What the page knows of this visit counts more than what the service remembers; but it can
        # not take away a number that is there.
        known = with_failure_told(state.context(at), told, at)
        known |= {name: True for name, there in has.items() if there}
        known |= {"channel": ask.channel, "page": ask.page}
        found = members(self.segments, known, at)
        return known | {kind: one.segment.name for kind, one in found.items()}

    def _answer(self, catalogue: Catalogue, draft: PageDraft, *, logged: bool) -> PageAnswer:
        late = [one.kept if logged else _unlogged(catalogue, one.kept) for one in draft.late]
        numbers = draft.numbers
        given = {k.decision.slot: self._given(catalogue, k, numbers) for k in (*draft.kept, *late)}
        return PageAnswer({name: given[name] for name in draft.ask.slots}, draft.token)

    def _opened(
        self,
        ask: DecisionRequest,
        device: Device | None,
        caller: Caller,
        at: float,
        slots: Sequence[Slot],
    ) -> VisitorView | None:
        stock, book = any(map(limits, slots)), any(map(fills_in, slots))
        try:
            return self.asking.opened(ask, device, caller, at, stock=stock, book=book)
        except StoreAwayError:
            return None

    def _keep(
        self, catalogue: Catalogue, setting: ChoiceInput, opened: VisitorView, lookup: str
    ) -> tuple[list[StandingDecision], list[UnloggedDecision]]:
        """Those that stick or were appended, and those that the store did not take."""
        slots = [catalogue.slots[name] for name in setting.ask.slots]
        keep_for = max(served.slot.stickiness.period for served in slots)
        kept: list[StandingDecision] = []
        while slots:
            stuck, fresh = _outcomes(slots, setting, opened)
            kept += stuck
            if setting.degraded or not fresh:
                return kept, _late([d for _, d in fresh], opened, setting, lookup)
            try:
                made = self._append(opened.partition, fresh, keep_for)
            except StoreAwayError:
                # It went away after the visitor was read: as if it had been before.
                return kept, _late(_unstocked(fresh, setting, opened), opened, setting, lookup)
            kept += [one for one in made if one]
            lost = [pair for pair, one in zip(fresh, made, strict=True) if one is None]
            slots, setting = [served for served, _ in lost], _without(setting, lost)
        return kept, []

    def _adopt(self, setting: ChoiceInput, opened: VisitorView) -> None:
        """What a first visit was given before it had a token is the person's from now on."""
        if setting.public or setting.degraded:
            return
        units = orphans(opened.assigned)
        home = Home(opened.subject, opened.partition)
        with suppress(StoreAwayError):  # then it is done at the next call
            self.store.visitors.adopt(home, units)

    def _append(
        self, partition: int, fresh: Sequence[tuple[LiveSlot, Decision]], keep_for: float
    ) -> list[StandingDecision | None]:
        faults.point("decide.before_append")
        taking = [(d, taken_by(served.slot, d)) for served, d in fresh]
        made = self.store.journal.append_taking(partition, taking, keep_for)
        faults.point("decide.after_append")
        return made

    def _spooled(self, late: Sequence[UnloggedDecision]) -> bool:
        """Put these where they outlive this process; False where the spool takes no more."""
        if not late:
            return True
        items = [
            SpooledAppend(
                one.kept.ref.partition, Append(one.lookup, one.kept.decision), closes=True
            )
            for one in late
        ]
        try:
            self.spool.append([pack(item) for item in items], self.patience)
        except SpoolFullError:
            return False
        return True

    def _given(
        self, catalogue: Catalogue, kept: StandingDecision, numbers: PrefillNumbers
    ) -> SlotAnswer:
        d = kept.decision
        slot = catalogue.slots[d.slot].slot
        shadow = d.reason == SHADOW
        name = slot.fallback_for(d.page) if shadow else d.variant
        variant = slot.variant(name)
        return SlotAnswer(
            decision_id=self.sealer.seal(kept.ref),
            variant=name,
            value=_filled(numbers, variant.value) if variant else None,
            propensity=1.0 if shadow else d.propensity,
            reason=d.reason,
            policy=d.policy,
            policy_version=d.policy_version,
            sticky=not kept.fresh,
            degraded=d.degraded,
            free_amount=slot.free_amount,
        )


def check(catalogue: Catalogue, ask: DecisionRequest) -> None:
    """Refuse what names things that do not exist.

    Raises:
        UnknownSlotError: naming the slot.
        UnknownVariantError: naming the forced variant.
    """
    for name in ask.slots:
        if name not in catalogue.slots:
            raise UnknownSlotError(f"slot {name!r} is not configured", {"slots": [name]})
    for name, variant in ask.force.items():
        served = catalogue.slots.get(name)
        if served is None or served.slot.variant(variant) is None:
            message = f"slot {name!r} has no variant {variant!r}"
            raise UnknownVariantError(message, {"force": {name: [variant]}})


def _late(
    decisions: Sequence[Decision], opened: VisitorView, setting: ChoiceInput, lookup: str
) -> list[UnloggedDecision]:
    return [UnloggedDecision(_away(d, opened.partition, setting.at), lookup) for d in decisions]


def _outcomes(
    slots: Sequence[LiveSlot], setting: ChoiceInput, opened: VisitorView
) -> tuple[list[StandingDecision], list[Drawn]]:
    """The decisions that stick, and those that are new."""
    found = [(served, choose(served, setting, opened.assigned)) for served in slots]
    stuck = [one for _, one in found if isinstance(one, StandingDecision)]
    return stuck, [(served, one) for served, one in found if isinstance(one, Decision)]


def _without(setting: ChoiceInput, lost: Sequence[Drawn]) -> ChoiceInput:
    """For another draw, where somebody else took the last one between our read and our write."""
    gone = {taken_by(served.slot, decision): 0 for served, decision in lost}
    return replace(setting, left={**(setting.left or {}), **gone}, tries=setting.tries + 1)


def _unstocked(fresh: Sequence[Drawn], setting: ChoiceInput, opened: VisitorView) -> list[Decision]:
    """The decisions; others for those of which nobody can say any more that one is left."""
    away = replace(setting, left=None, tries=setting.tries + 1)
    again = [(d, choose(s, away, opened.assigned) if taken_by(s.slot, d) else d) for s, d in fresh]
    return [other if isinstance(other, Decision) else d for d, other in again]


def _filled(numbers: PrefillNumbers, value: object) -> object:
    """The value with its number; without, where the vault's key is gone: nobody can read it."""
    try:
        return numbers.value(value)
    except CorruptRecordError:
        log.exception("number_unreadable", cure="give the key again in NUDGE_VAULT_KEYS")
        return value


def _unread(device: Device | None, home: int) -> VisitorView:
    """The visitor as far as the device's token tells; a new one where it names none, or several."""
    only = device.homes if device else ()
    if len(only) == 1:
        return VisitorView(only[0].subject, only[0].partition)
    return VisitorView(new_subject(), home)


def _away(decision: Decision, partition: int, at: float) -> StandingDecision:
    """The decision under a reference that needs no journal."""
    ref = away_ref(partition)
    return StandingDecision(ref, replace(decision, ref=ref, at=at), decision.period, fresh=True)


def _unlogged(catalogue: Catalogue, kept: StandingDecision) -> StandingDecision:
    """The fallback, where neither store nor spool takes a record: an answer that nobody counts."""
    made = kept.decision
    shown = catalogue.slots[made.slot].slot.fallback_for(made.page)
    plain = replace(
        made, eligible=(shown,), pmf=(1.0,), variant=shown, propensity=1.0, reason="fallback"
    )
    return replace(kept, decision=plain)
