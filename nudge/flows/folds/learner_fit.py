"""Fit of a slot's learner to its counts, and what revisions have in common."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import cast

from bandits.contract import Policy
from bandits.counts import CountTable
from bandits.features import CellSpec
from bandits.learners import fit
from bandits.learners.auto import FitMemory
from bandits.policies.base import PolicyBase
from bandits.policies.mixture import learned_policy
from nudge.config.window_value import windows_of
from nudge.domain.choosing.live_slot import LiveSlot
from nudge.domain.model.audience import audience, observations
from nudge.domain.reports.allocation import CellShares
from nudge.domain.slots.learning import learner_config
from nudge.domain.slots.slot import Slot
from nudge.domain.slots.versions import seed_of
from nudge.domain.timing.batch_trials import CONVERSIONS, serve_most
from nudge.flows.folds.page_share import PAGE_SHARE, FitMemories, mix
from nudge.store.folds.counts import CountRow


def fit_learner(
    slot: Slot,
    rows: Iterable[CountRow],
    positions: list[int],
    watermark: float,
    version: int,
    memories: FitMemories | None = None,
    page_share: float = PAGE_SHARE,
) -> Policy:
    """Fit the slot's learner to counts and return the policy: a pure function of its arguments.

    Args:
        slot: its current revision.
        rows: of this revision and those alike, of all partitions.
        positions: by partition, up to which the journal was counted.
        watermark: seconds, the time of the fit: of the journal, not of the wall clock.
        version: to give it.
        memories: of earlier fits, changed in place.
        page_share: what pages' words are worth where the slot does not say so itself.

    Raises:
        bandits.ConfigError: the slot's kind of policy is not available.
    """
    index = {name: i for i, name in enumerate(slot.names)}
    known = [row for row in rows if row.variant in index]
    config, seed = learner_config(slot), seed_of(slot.name, version)

    def fitted(found: Sequence[CountRow], memory: FitMemory) -> Policy:
        table = CountTable.from_rows((r.bucket, r.cell, index[r.variant], *r.tally) for r in found)
        return fit(config, table, watermark, seed=seed, version=str(version), memory=memory)

    policy = mix(slot, known, version, fitted, memories or FitMemories(), page_share)
    trials: dict[str, int] = defaultdict(int)
    conversions = dict.fromkeys(slot.names, 0)
    for row in known:
        trials[row.cell] += row.tally[0]
        conversions[row.variant] += row.tally[1]
    counted = with_meta(policy, {CONVERSIONS: conversions})
    live, possible = serve_most(LiveSlot(slot, counted, windows_of(slot)))
    shares = CellShares.of(live.policy, slot, _spec(slot), trials, possible)
    told = learned_terms(policy)
    meta = {
        "slot": slot.name,
        "revision": slot.revision,
        "seed": seed,
        "positions": list(positions),
        "published_at": watermark,
        "allocation": dict(zip(slot.names, shares.average.tolist(), strict=True)),
        "fallback": dict(slot.fallback),
        "audience": audience(shares, _spec(slot)),
        CONVERSIONS: conversions,
        "observations": observations(_exposures(known), told.get("half_lives"), watermark),
        **told,
    }
    return with_meta(policy, meta)


def learned_terms(policy: Policy) -> dict[str, object]:
    """Return half-lives and width of a fit; of a mixture, those of its main part.

    A policy of another kind says nothing.
    """
    source = learned_policy(policy)
    return {name: source.meta[name] for name in ("half_lives", "width") if name in source.meta}


def _exposures(rows: Iterable[CountRow]) -> list[tuple[float, int]]:
    return [(float(row.bucket), row.tally[0]) for row in rows]


def alike(one: Slot, other: Slot) -> bool:
    """Return True where the counts of two revisions add up: same cells, same rewarding event."""
    return _spec(one) == _spec(other) and one.terms.event == other.terms.event


def says_something(slot: Slot) -> bool:
    """Return True where the policy says something before anything was counted.

    A slot that begins with a rule shows each page's fallback until then (`first_policy`).
    """
    return learner_config(slot).policy.kind == "fixed"


def _spec(slot: Slot) -> CellSpec:
    config = learner_config(slot)
    return CellSpec.build(config.context, config.policy.max_cells)


def with_meta(policy: Policy, meta: Mapping[str, object]) -> Policy:
    """Return the policy with other meta."""
    # The shares can be told only when the policy is made; every kind of policy has this base.
    return cast("Policy", replace(cast("PolicyBase", policy), meta=meta))


def with_version(policy: Policy, version: str) -> Policy:
    """Return the policy under another version."""
    return cast("Policy", replace(cast("PolicyBase", policy), version=version))
