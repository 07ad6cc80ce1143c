"""The model of a slot: figures and sentences of the policy that serves it now."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final, cast

import numpy as np

from bandits.features import CellSpec
from bandits.policies.ensemble import EnsemblePolicy
from bandits.policies.explanation import Effect, Explanation, explain
from bandits.policies.mixture import learned_policy
from bandits.units import DAY
from nudge.domain.basics.calendar import OperatorCalendar
from nudge.domain.basics.money import FEN
from nudge.domain.choosing.live_slot import LiveSlot
from nudge.domain.figures.definitions import definitions
from nudge.domain.model.audience import FORM, weight_at
from nudge.domain.model.model_sentences import model_sentences
from nudge.domain.reports.allocation import representative
from nudge.domain.reports.report_time import FEWEST
from nudge.domain.slots.holdout import share_held_out
from nudge.domain.slots.learning import learner_config
from nudge.domain.slots.slot import FrozenServes, Slot, SlotMode
from nudge.domain.timing.batch_trials import CONVERSIONS, serve_most

MOST_TERMS: Final = 64
"""Terms that an answer tells, the surest ones."""
MOST_CELLS: Final = 12
"""Cells that an answer tells, the largest ones."""
LONGEST: Final = 3650.0 * DAY
"""Age in seconds at which an observation that still has half its weight counts as kept for good."""

ESTIMATING: Final = frozenset({"auto", "beta"})
"""Kinds of policy whose worth is a rate, or revenue in fen."""

Plain = dict[str, Any]


def slot_model(served: LiveSlot, everywhere: float, calendar: OperatorCalendar) -> Plain:
    """Return what is known of a slot's policy as JSON values.

    Args:
        served: slot and policy.
        everywhere: share of the global holdout.
        calendar: of the operator.
    """
    slot, policy = served.slot, served.policy
    told, meta = explain(policy), policy.meta
    main = told.parts[0] if told.parts else told
    found = _head(slot, everywhere) | {
        "policy": {"kind": served.policy_kind, "version": served.policy_version},
        "learned": _learned(meta, calendar),
        "page_share": told.shares[1] if told.shares else None,
        "learned_share": main.learned_share,
        "floor": serve_most(served)[0].floor,
        "floor_configured": slot.floor,
        "draws": main.draws,
        "width": told.width,
        **_forgetting(told),
        "terms": [_term(one) for one in _surest(main)],
        "terms_in_all": len(main.effects),
        "shown": _shown(served),
        **_audience(served),
    }
    return found | {"sentences": model_sentences(found), "definition": definitions("model")}


def _head(slot: Slot, everywhere: float) -> Plain:
    kept = slot.mode == SlotMode.FROZEN and slot.frozen_serves == FrozenServes.POLICY
    draws = slot.mode == SlotMode.LIVE or kept
    held = share_held_out(everywhere, slot.holdout)
    return {
        "slot": slot.name,
        "revision": slot.revision,
        "mode": str(slot.mode),
        "objective": slot.terms.objective,
        "serves": "policy" if draws else "fallback",
        "fallback": slot.fallback["default"],
        "holdout": held,
        "usual": (1.0 - held) * slot.usual_share if draws else 0.0,
        "policy_share": (1.0 - held) * (1.0 - slot.usual_share) if draws else 0.0,
        "titles": {name: dict(title) for name, title in slot.titles.items()},
    }


def _learned(meta: Mapping[str, object], calendar: OperatorCalendar) -> Plain | None:
    """Return where the snapshot comes from; None before the first."""
    if "published_at" not in meta:
        return None
    counted = meta.get("observations")
    known = counted if isinstance(counted, Mapping) else {}
    converted = meta.get(CONVERSIONS)
    return {
        "at": calendar.label(float(str(meta["published_at"]))),
        "revision": int(str(meta["revision"])),
        "exposures": known.get("exposures"),
        "conversions": sum(converted.values()) if isinstance(converted, Mapping) else None,
        "effective": known.get("effective"),
    }


def _forgetting(told: Explanation) -> Plain:
    weights = dict(told.half_lives)
    listed = [
        {"days": None if math.isinf(one) else one / DAY, "weight": weight}
        for one, weight in told.half_lives
    ]
    half = _half_weight(weights) if weights else None
    return {"half_lives": listed, "half_weight_days": None if half is None else half / DAY}


def _half_weight(weights: Mapping[float, float]) -> float | None:
    """Return the age at which an observation has half its weight; None where it never has."""
    low, high = 0.0, LONGEST
    if weight_at(weights, high) > 1 / 2:
        return None
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if weight_at(weights, middle) > 1 / 2 else (low, middle)
    return high


def _surest(told: Explanation) -> list[Effect]:
    return sorted(told.effects, key=lambda one: -abs(one.mean) / (one.deviation or 1.0))[
        :MOST_TERMS
    ]


def _term(one: Effect) -> Plain:
    return {
        "attributes": list(one.attributes),
        "values": list(one.labels),
        "variant": one.arm,
        "mean": one.mean,
        "deviation": one.deviation,
    }


def _shown(served: LiveSlot) -> dict[str, float]:
    """Return the average share of each variant; without a snapshot, of an unknown visitor."""
    kept = served.policy.meta.get("allocation")
    if isinstance(kept, Mapping):
        return {str(name): float(share) for name, share in kept.items()}
    return _distribution(served, {})


def _distribution(served: LiveSlot, context: Mapping[str, object]) -> dict[str, float]:
    live, possible = serve_most(served)
    pmf = live.policy.distribution_one(context, possible)
    return dict(zip(served.slot.names, pmf.tolist(), strict=True))


def _audience(served: LiveSlot) -> Plain:
    kept = served.policy.meta.get("audience")
    if not (isinstance(kept, Mapping) and kept.get("form") == FORM):
        return {"visitors": None, "values": [], "cells": []}
    known = cast("Plain", kept)
    config = learner_config(served.slot)
    spec = CellSpec.build(config.context, config.policy.max_cells)
    # The cells of an earlier revision may have other meanings in this one.
    listed = known["cells"] if known["cells_version"] == spec.version else []
    largest = listed[:MOST_CELLS]
    cells = [_cell(served, spec, str(cell), int(count)) for cell, count in largest]
    values = [_hidden_value(one) if one["visitors"] < FEWEST else one for one in known["values"]]
    return {
        "visitors": known["visitors"],
        "values": [{"hidden": one["visitors"] is None} | one for one in values],
        "cells": cells,
    }


def _hidden_value(one: Plain) -> Plain:
    """Return the value without figures: fewer exposures are of fewer people."""
    return one | {"visitors": None, "shares": {}}


def _cell(served: LiveSlot, spec: CellSpec, cell: str, visitors: int) -> Plain:
    """Return what is served in a cell now."""
    context = representative(spec, cell)
    head: Plain = {"cell": cell, "context": context, "hidden": visitors < FEWEST}
    if head["hidden"]:
        return head | {"visitors": None, "shares": {}, "rates": None, "revenue": None}
    return head | {
        "visitors": visitors,
        "shares": _distribution(served, context),
        **_expected(served, context),
    }


def _expected(served: LiveSlot, context: Mapping[str, object]) -> Plain:
    """Return expected conversion rates or revenue; null where the policy does not estimate it."""
    policy = learned_policy(served.policy)
    key = "rates" if served.slot.terms.objective == "conversion" else "revenue"
    found: Plain = {"rates": None, "revenue": None}
    # Another revision may have another objective, and other kinds a unit of their own.
    own = served.policy.meta.get("revision") == served.slot.revision
    if own and served.policy_kind in ESTIMATING and isinstance(policy, EnsemblePolicy):
        worth = np.asarray(policy.worth_one(context), dtype=np.float64)
        told = worth if key == "rates" else worth / FEN
        found[key] = dict(zip(served.slot.names, told.tolist(), strict=True))
    return found
