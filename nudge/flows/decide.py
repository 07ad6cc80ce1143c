"""Decide: which variant to show. One read, the draw in memory, one write; then the answer.

Without the store the draw is made from memory, and the record waits in the spool.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from nudge import faults
from nudge.domain.asked import Answer, Ask, Given
from nudge.domain.caller import Caller
from nudge.domain.choice import Kept, Setting, choose
from nudge.domain.records import Decision
from nudge.domain.sealing import Device, Sealer, away_ref, new_subject
from nudge.domain.slot import Scalar
from nudge.domain.visitor import VisitorState, decode_state
from nudge.errors import SpoolFullError, StoreAwayError, UnknownSlotError, UnknownVariantError
from nudge.spool.spool import Spool
from nudge.store.catalogue import Catalogue
from nudge.store.client import Client
from nudge.store.journal import Arrival, append_decisions
from nudge.store.keys import Keys
from nudge.store.spooled import Spooled, pack
from nudge.store.visitors import Opened, open_visitor


@dataclass(frozen=True)
class Decider:
    """Answers pages.

    Attributes:
        client: of the store.
        keys: of the installation.
        sealer: hashes, ids and tokens.
        holdout: global share of subjects who are never personalised.
        spool: takes what the store does not.
    """

    client: Client
    keys: Keys
    sealer: Sealer
    holdout: float
    spool: Spool

    def decide(
        self, catalogue: Catalogue, asks: Sequence[Ask], caller: Caller, at: float
    ) -> list[Answer]:
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
        return [self._answer(catalogue, ask, caller, at) for ask in asks]

    def _answer(self, catalogue: Catalogue, ask: Ask, caller: Caller, at: float) -> Answer:
        visitor_hash = self.sealer.visitor_hash(ask.visitor_id)
        device = self.sealer.device(ask.device_token)
        found = self._opened(visitor_hash, caller)
        opened = found or _unread(device, self.sealer.partition(visitor_hash, self.keys.partitions))
        trusted = caller.is_server or opened.claimed or _owns(device, opened)
        context = _context(ask, opened, trusted=trusted)
        setting = Setting(
            ask=ask,
            subject=opened.subject,
            context=context,
            at=at,
            holdout=self.holdout,
            source=caller.key_id,
            key=self.sealer.draw_key,
            degraded=found is None,
        )
        # A visitor who was not found yet is looked up again when the record leaves the spool.
        lookup = visitor_hash if found is None and device is None else ""
        kept = self._keep(catalogue, setting, opened, lookup)
        token = self.sealer.token(Device(opened.subject, opened.partition)) if trusted else None
        given = {k.decision.slot: self._given(catalogue, k) for k in kept}
        return Answer({name: given[name] for name in ask.slots}, token)

    def _opened(self, visitor_hash: str, caller: Caller) -> Opened | None:
        home = self.sealer.partition(visitor_hash, self.keys.partitions)
        claim = not caller.is_server
        try:
            return open_visitor(
                self.client, self.keys, home, visitor_hash, new_subject(), claim=claim
            )
        except StoreAwayError:
            return None

    def _keep(
        self, catalogue: Catalogue, setting: Setting, opened: Opened, lookup: str
    ) -> list[Kept]:
        """The decisions that stand: earlier ones where they stick, new ones appended."""
        slots = [catalogue.slots[name] for name in setting.ask.slots]
        outcomes = [choose(served, setting, opened.assigned) for served in slots]
        standing = [o for o in outcomes if isinstance(o, Kept)]
        fresh = [o for o in outcomes if isinstance(o, Decision)]
        if not fresh:
            return standing
        keep_for = max(served.slot.stickiness.period for served in slots)
        try:
            return standing + self._logged(fresh, setting, opened, lookup, keep_for)
        except SpoolFullError:
            return standing + [_unlogged(catalogue, d, opened.partition) for d in fresh]

    def _logged(
        self,
        fresh: list[Decision],
        setting: Setting,
        opened: Opened,
        lookup: str,
        keep_for: float,
    ) -> list[Kept]:
        """New decisions, on their way to the journal before they are answered.

        Raises:
            SpoolFullError: neither the store nor the spool takes them.
        """
        if not setting.degraded:
            try:
                return self._append(opened.partition, fresh, keep_for)
            except StoreAwayError:
                pass  # it went away after the visitor was read: as if it had been before
        return self._spooled(fresh, opened.partition, lookup, setting.at)

    def _append(self, partition: int, fresh: list[Decision], keep_for: float) -> list[Kept]:
        faults.point("decide.before_append")
        kept = append_decisions(self.client, self.keys, partition, fresh, keep_for)
        faults.point("decide.after_append")
        return kept

    def _spooled(
        self, decisions: list[Decision], partition: int, lookup: str, at: float
    ) -> list[Kept]:
        """Keep decisions that the journal cannot number: each has a reference of its own."""
        kept = [
            Kept(ref, replace(d, ref=ref, at=at), d.period, fresh=True)
            for d in decisions
            for ref in (away_ref(partition),)
        ]
        items = [Spooled(partition, Arrival(lookup, k.decision), closes=True) for k in kept]
        self.spool.append([pack(item) for item in items])
        return kept

    def _given(self, catalogue: Catalogue, kept: Kept) -> Given:
        d = kept.decision
        variant = catalogue.slots[d.slot].slot.variant(d.variant)
        return Given(
            decision_id=self.sealer.seal(kept.ref),
            variant=d.variant,
            value=variant.value if variant else None,
            propensity=d.propensity,
            reason=d.reason,
            policy=d.policy,
            policy_version=d.policy_version,
            sticky=not kept.fresh,
            degraded=d.degraded,
        )


def check(catalogue: Catalogue, ask: Ask) -> None:
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


def _context(ask: Ask, opened: Opened, *, trusted: bool) -> dict[str, Scalar]:
    state = decode_state(opened.state) if trusted and opened.state else VisitorState()
    # What the page knows of this visit counts more than what the service remembers.
    return {**state.context(), **ask.context, "channel": ask.channel, "page": ask.page}


def _unread(device: Device | None, home: int) -> Opened:
    """The visitor as far as the device's token tells; a new one may claim itself."""
    if device is not None:
        return Opened(device.subject, device.partition, claimed=False, state=None, assigned={})
    return Opened(new_subject(), home, claimed=True, state=None, assigned={})


def _unlogged(catalogue: Catalogue, decision: Decision, partition: int) -> Kept:
    """The fallback, where neither store nor spool takes a record: an answer that nobody counts."""
    shown = catalogue.slots[decision.slot].slot.fallback_for(decision.page)
    made = replace(
        decision, eligible=(shown,), pmf=(1.0,), variant=shown, propensity=1.0, reason="fallback"
    )
    return Kept(away_ref(partition), made, made.period, fresh=True)


def _owns(device: Device | None, opened: Opened) -> bool:
    return device is not None and device.subject == opened.subject
