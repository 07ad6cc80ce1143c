"""A slot's totals of this second, from the store, and the newest report's figures beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from nudge import clock
from nudge.domain.basics.calendar import OperatorCalendar
from nudge.domain.basics.money import FEN
from nudge.domain.choosing.live_slot import LiveSlot
from nudge.domain.reports.inferred_figures import InferredFigures
from nudge.domain.slots.slot import Slot
from nudge.store.folds.counts import Total
from nudge.store.store import Store

POLICY: Final = "policy"


def slot_totals(
    store: Store, served: LiveSlot, inferred: InferredFigures, calendar: OperatorCalendar
) -> dict[str, object]:
    """Return a slot's totals, as plain JSON; whatever is inferred comes from its newest report.

    `variants` and `total` count exposures that the policy drew, over all revisions, which is what
    may be learned from; `by_reason` has the exposures of every reason.

    Raises:
        StoreAwayError: the store does not answer.
    """
    counted_at = clock.now()
    rows = store.counts.totals(served.slot.name)
    shares = shares_now(served)
    return {
        "counted_at": calendar.label(counted_at),
        "interval_level": inferred.level,
        "variants": [
            {
                "variant": name,
                **_counts(rows, POLICY, name),
                **inferred.of_variant(name),
                "share_now": shares.get(name),
            }
            for name in _names(served.slot, rows)
        ],
        "total": _counts(rows, POLICY) | inferred.of_slot(),
        "by_reason": {
            reason: _counts(rows, reason) | inferred.of_reason(reason)
            for reason in sorted({row.reason for row in rows})
        },
    }


def _names(slot: Slot, rows: Sequence[Total]) -> list[str]:
    """Return the slot's variants, then those of earlier revisions that have totals."""
    return list(dict.fromkeys((*slot.names, *(row.variant for row in rows))))


def _counts(rows: Sequence[Total], reason: str, variant: str | None = None) -> dict[str, object]:
    """Return the sums over the rows of a reason, and of one variant if it is given."""
    chosen = [row for row in rows if row.reason == reason and variant in {None, row.variant}]
    return {
        "exposures": sum(row.trials for row in chosen),
        "conversions": sum(row.conversions for row in chosen),
        "revenue": sum(row.value for row in chosen) / FEN,
    }


def shares_now(served: LiveSlot) -> Mapping[str, float]:
    """Return the average distribution that the served policy gives, by variant.

    A variant that was stopped behind the publication has no share: the others have it, in
    proportion, until the next publication tells it exactly.
    """
    names = tuple(variant.name for variant in served.slot.variants if variant.enabled)
    allocation = served.policy.meta.get("allocation")
    if isinstance(allocation, Mapping):
        told = {str(name): float(share) for name, share in allocation.items()}
        whole = sum(told.get(name, 0.0) for name in names)
        if whole > 0.0:
            return {n: share / whole if n in names else 0.0 for n, share in told.items()}
    # Before the first snapshot there are no visitors to average over: one of whom nothing is known.
    if not names:
        return {}
    shares = served.policy.distribution_one({}, served.mask(names))
    return {
        name: float(share)
        for name, share in zip(served.slot.names, shares, strict=True)
        if name in names
    }
