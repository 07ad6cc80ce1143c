"""Report: what each variant of a slot has brought, from the totals that `learn` keeps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bandits.inference.beta_interval import RateFigures, rate_figures
from nudge.domain.basics.money import FEN
from nudge.domain.choosing.live_slot import LiveSlot
from nudge.domain.journal.records import DecisionReason
from nudge.domain.slots.slot import Slot
from nudge.store.folds.counts import Total
from nudge.store.store import Store

LEVEL = 0.95


def performance(store: Store, served: LiveSlot) -> dict[str, object]:
    """The slot's figures, as plain JSON.

    `variants` counts exposures that the policy drew, over all revisions, which is what may be
    learned from; `by_reason` has the exposures of every reason.

    Args:
        store: of the installation.
        served: the slot and its policy.

    Raises:
        StoreAwayError: the store does not answer.
    """
    rows = store.counts.totals(served.slot.name)
    names = _names(served.slot, rows)
    drawn = [_sum(rows, DecisionReason.POLICY, name) for name in names]
    figures = rate_figures([t.conversions for t in drawn], [t.trials for t in drawn], level=LEVEL)
    shares = _shares(served)
    return {
        "slot": served.slot.name,
        "revision": served.slot.revision,
        "objective": served.slot.terms.objective,
        "policy": {"kind": served.policy_kind, "version": int(served.policy.version)},
        "interval_level": LEVEL,
        "variants": [
            _variant(name, drawn[i], figures, i, shares.get(name)) for i, name in enumerate(names)
        ],
        "total": _plain(_sum(rows, DecisionReason.POLICY, None)),
        "by_reason": _by_reason(rows),
    }


def _names(slot: Slot, rows: Sequence[Total]) -> list[str]:
    """The slot's variants, then those of earlier revisions that have figures."""
    return list(dict.fromkeys((*slot.names, *(row.variant for row in rows))))


def _sum(rows: Sequence[Total], reason: str | None, variant: str | None) -> Total:
    chosen = [
        row for row in rows if reason in {None, row.reason} and variant in {None, row.variant}
    ]
    return Total(
        revision=0,
        reason=reason or "",
        variant=variant or "",
        trials=sum(row.trials for row in chosen),
        conversions=sum(row.conversions for row in chosen),
        value=sum(row.value for row in chosen),
        square=sum(row.square for row in chosen),
    )


def _plain(total: Total) -> dict[str, object]:
    return {
        "exposures": total.trials,
        "conversions": total.conversions,
        "rate": total.conversions / total.trials if total.trials else None,
        "revenue": total.value / FEN,
        "revenue_per_exposure": total.value / FEN / total.trials if total.trials else None,
    }


def _variant(
    name: str, total: Total, figures: RateFigures, i: int, share: float | None
) -> dict[str, object]:
    return {
        "variant": name,
        **_plain(total),
        "interval": [float(figures.low[i]), float(figures.high[i])],
        "chance_to_be_best": float(figures.chance_best[i]),
        "expected_loss": float(figures.expected_loss[i]),
        "share_now": share,
    }


def _shares(served: LiveSlot) -> Mapping[str, float]:
    """The average distribution that the served policy gives, by variant."""
    allocation = served.policy.meta.get("allocation")
    if isinstance(allocation, Mapping):
        return {str(name): float(share) for name, share in allocation.items()}
    names = [variant.name for variant in served.slot.variants if variant.enabled]
    return dict.fromkeys(names, 1 / len(names)) if names else {}


def _by_reason(rows: Sequence[Total]) -> dict[str, object]:
    reasons = sorted({row.reason for row in rows})
    return {reason: _plain(_sum(rows, reason, None)) for reason in reasons}
