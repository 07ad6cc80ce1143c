"""Plans as a batch: the operator's own window until another has proved better, and some trials.

`bandits.trials` says how many plans explore, and where; here stands what a slot brings to it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final, NamedTuple

import numpy as np

from bandits.arrays import BoolArray, Context, FloatArray
from bandits.baseline.choice import make_baseline
from bandits.baseline.rankings import Baseline
from bandits.distribution import NO_ARM, uniform_from_key
from bandits.policies.batch import BatchPolicy
from bandits.trials import FEW, BatchTerms
from nudge.domain.choosing.live_slot import LiveSlot
from nudge.domain.slots.learning import learner_config
from nudge.domain.slots.slot import Slot, TrialTerms
from nudge.domain.slots.window import windows_for

LEAST_PLANS: Final = 10_000
"""Plans of a batch whose size nobody told: a stream may be of any length."""
LEARNING: Final = frozenset({"auto", "beta"})
"""Kinds of policy with a posterior; the others are served as they are."""
CONVERSIONS: Final = "conversions"
"""Key of a snapshot's meta: variant -> conversions that it was learned from."""
PILOT_TRIALS: Final = 0.5
"""Largest share of a pilot that are trials; the rest gets what it would get anyway."""
LEAST_SHARE: Final = 0.1
"""Of the slot's floor: the least propensity of a window, so that the log answers for each."""


class Batch(NamedTuple):
    """Plans that are made at one look.

    Attributes:
        plans: how many; 0 where nobody knows.
        pilot: share of them that is planned first, by this look alone; 0 for all of them.
    """

    plans: int = 0
    pilot: float = 0.0

    @property
    def size(self) -> float:
        """Number of plans of this look."""
        return (self.plans or LEAST_PLANS) * (self.pilot or 1.0)


def find_pilot_share(slot: Slot) -> float:
    """Return the share of a batch that a pilot plans: as many as may be trials of the whole."""
    return (slot.trials or TrialTerms()).most


def is_in_pilot(visitor_id: str, batch: Batch, salt: str, key: bytes) -> bool:
    """Return whether a visitor is planned by this look: by a keyed hash, always the same.

    Args:
        visitor_id: external id.
        batch: of which the visitor is a part.
        salt: another one draws another pilot.
        key: secret, so that nobody can choose an id that is in it.
    """
    if not batch.pilot:
        return True
    return uniform_from_key(f"pilot|{salt}|{visitor_id}", key) < batch.pilot * 2**64


UNTOLD: Final = Batch()
"""Batch of a caller who says nothing."""


def serve_batch(served: LiveSlot, batch: Batch = UNTOLD) -> LiveSlot:
    """Return the slot as it is served to plans that are made at one look.

    A policy without a posterior stays as it is.
    """
    slot = served.slot
    if slot.policy["kind"] not in LEARNING:
        return served
    config = learner_config(slot)
    odds = config.policy.prior_odds
    count = len(slot.names)
    told = served.policy.meta.get(CONVERSIONS)
    conversions: Mapping[str, object] = told if isinstance(told, Mapping) else {}
    policy = BatchPolicy(
        arms=slot.names,
        version=served.policy.version,
        meta=served.policy.meta,
        main=served.policy,
        baseline=partial(find_own_window, make_baseline(config)),
        terms=make_terms(slot, batch, max(served.cells.sizes, default=1)),
        odds=np.array([odds.get(arm, 1.0) for arm in range(count)]),
        proved=np.array([_number(conversions.get(name)) >= FEW for name in slot.names]),
    )
    return replace(served, policy=policy)


def serve_most(served: LiveSlot) -> tuple[LiveSlot, BoolArray]:
    """Return a slot as most visitors are served, and the variants (K,) among which it chooses.

    Plans are made in batches, for most purposes in the windows that no purpose has for itself.
    """
    slot = served.slot
    possible = np.array([one.enabled for one in slot.variants], dtype=np.bool_)
    if not served.windows:
        return served, possible
    own = windows_for(served.windows, "")
    among = possible & np.array([name in own for name in slot.names], dtype=np.bool_)
    return serve_batch(served), among if among.any() else possible


def make_terms(slot: Slot, batch: Batch, levels: int) -> BatchTerms:
    """Return the terms of a batch.

    Those who share a visitor's value of the attribute with most levels tell about that visitor:
    `levels` is how many it has. From a pilot the rest of its own batch gains as well.
    """
    trials = slot.trials or TrialTerms()
    pilot = batch.pilot or 1.0
    return BatchTerms(
        plans=batch.size / levels,
        later=(trials.batches - pilot) / pilot,
        most=PILOT_TRIALS if batch.pilot else trials.most,
        least=slot.floor * LEAST_SHARE,
    )


def find_own_window(baseline: Baseline | None, context: Context, eligible: BoolArray) -> int:
    """Return the index of the operator's own window; the first that is possible without one."""
    own = NO_ARM if baseline is None else baseline.arm_one(context, eligible)
    return int(np.argmax(eligible)) if own == NO_ARM else own


class TrialOutlook(NamedTuple):
    """The trials of a batch, looked at before a plan is made.

    Attributes:
        looked: plans that were looked at.
        share: part of them that are trials.
        windows: window -> its part of all plans as a trial; those without are left out.
        cost: by how much less the trials are expected to bring, as a share of what all plans would.
    """

    looked: int
    share: float
    windows: Mapping[str, float]
    cost: float


@dataclass(frozen=True)
class TrialCount:
    """The trials of some plans, summed up.

    Attributes:
        names: of the windows.
        plans: number of plans.
        trials: (K,) sum of the trials' shares.
        lost: sum of what trials cost, in the unit of the worth.
        worth: sum of what the plans would bring without trials.
    """

    names: Sequence[str]
    plans: int
    trials: FloatArray
    lost: float
    worth: float

    @classmethod
    def count(cls, served: LiveSlot, plans: Sequence[tuple[Context, BoolArray]]) -> TrialCount:
        """Count the trials of plans: the context of each, and the windows (K,) that are left."""
        policy, count = served.policy, len(served.slot.names)
        trials, lost, worth = np.zeros(count), 0.0, 0.0
        if isinstance(policy, BatchPolicy):
            for context, eligible in plans:
                one = policy.trials_one(context, eligible)
                means = policy.believe(context).draws.mean(axis=1)
                rest = policy.distribution_one(context, eligible) - one
                main = float(rest @ means) / max(float(rest.sum()), 1e-12)
                trials += one
                lost += float(one.sum()) * main - float(one @ means)
                worth += main
        return cls(served.slot.names, len(plans), trials, lost, worth)

    @property
    def outlook(self) -> TrialOutlook:
        """The shares of these plans."""
        share = self.trials / max(self.plans, 1)
        told = {name: x for name, x in zip(self.names, share.tolist(), strict=True) if x > 0.0}
        cost = self.lost / self.worth if self.worth > 0.0 else 0.0
        return TrialOutlook(self.plans, float(share.sum()), told, cost)


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
