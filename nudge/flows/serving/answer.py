"""Answer: from decisions to what a page is told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import structlog

from nudge.domain.choosing.choice import StandingDecision
from nudge.domain.choosing.live_slot import LiveSlot
from nudge.domain.choosing.requests import SlotAnswer
from nudge.domain.identity.sealing import Sealer
from nudge.domain.journal.records import DecisionReason
from nudge.domain.prefill.filling import PrefillNumbers
from nudge.errors import CorruptRecordError

log = structlog.get_logger()


def slot_answers(
    slots: Mapping[str, LiveSlot],
    standing: Iterable[StandingDecision],
    numbers: PrefillNumbers,
    sealer: Sealer,
    names: Sequence[str],
) -> dict[str, SlotAnswer]:
    """Answer each slot, in the order of `names`.

    Args:
        slots: that are served, by name.
        standing: one decision for each of `names`.
        numbers: that the answer may hold.
        sealer: makes decision ids.
        names: of the slots that were asked for.
    """
    by_slot = {one.decision.slot: one for one in standing}
    return {name: _answer(slots[name], by_slot[name], numbers, sealer) for name in names}


def fallback_decision(
    slots: Mapping[str, LiveSlot], standing: StandingDecision
) -> StandingDecision:
    """The fallback instead, where neither store nor spool takes a record: nobody counts it."""
    made = standing.decision
    shown = slots[made.slot].slot.fallback_for(made.page)
    plain = replace(
        made,
        eligible=(shown,),
        pmf=(1.0,),
        variant=shown,
        propensity=1.0,
        reason=DecisionReason.FALLBACK,
        floor=None,
    )
    return replace(standing, decision=plain)


def _answer(
    live: LiveSlot, standing: StandingDecision, numbers: PrefillNumbers, sealer: Sealer
) -> SlotAnswer:
    made, slot = standing.decision, live.slot
    shadow = made.reason == DecisionReason.SHADOW
    name = slot.fallback_for(made.page) if shadow else made.variant
    variant = slot.variant(name)
    return SlotAnswer(
        decision_id=sealer.seal(standing.ref),
        variant=name,
        value=_filled(numbers, variant.value) if variant else None,
        propensity=1.0 if shadow else made.propensity,
        reason=made.reason,
        policy=made.policy,
        policy_version=made.policy_version,
        sticky=not standing.fresh,
        degraded=made.degraded,
        free_amount=slot.free_amount,
    )


def _filled(numbers: PrefillNumbers, value: object) -> object:
    """The value with its number; without, where the vault's key is gone: nobody can read it."""
    try:
        return numbers.value(value)
    except CorruptRecordError:
        log.exception("number_unreadable", cure="give the key again in NUDGE_VAULT_KEYS")
        return value
