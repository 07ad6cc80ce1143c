"""Explanation of a policy: what its snapshot holds, as numbers and names without sentences."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from bandits.arrays import Contexts
from bandits.config_values import text_of
from bandits.levels import label_level
from bandits.policies.base import Policy, PolicyBase
from bandits.policies.conservative import ConservativePolicy
from bandits.policies.ensemble import EnsemblePolicy
from bandits.policies.feature_draws import FeatureDraws
from bandits.policies.fixed import FixedPolicy
from bandits.policies.mixture import MixturePolicy


@dataclass(frozen=True)
class Effect:
    """Effect of one combination of levels on one arm, on the logit scale.

    Attributes:
        attributes: names of the context attributes; empty for the arm alone and the level of all.
        levels: level of each of them, as `CellSpec` counts them.
        labels: name of each level; None for a value that is not known.
        arm: name of the arm.
        mean: mean over the posterior draws.
        deviation: standard deviation over them, the width of what is not known yet.
    """

    attributes: tuple[str, ...]
    levels: tuple[int, ...]
    labels: tuple[str | None, ...]
    arm: str
    mean: float
    deviation: float


@dataclass(frozen=True)
class Explanation:
    """Explanation of a snapshot; what the snapshot does not hold is None or empty.

    Attributes:
        kind: kind of the policy, such as `ensemble.features`.
        arms: names of the arms.
        version: version of the snapshot.
        floor: least propensity of each eligible arm; None for a mixture, whose parts have theirs.
        draws: number of posterior draws; None for a policy that learns nothing.
        effects: effects of the learned terms; of policies over features alone.
        half_lives: half-life in seconds (inf: nothing is forgotten) and its weight, the longest
            first; empty where the publisher kept none; of a mixture, those of its main part.
        width: factor by which the posterior is drawn wider; None where none was kept.
        learned_share: share of the draws by what was learned; the rest show the baseline.
        shares: weight of each part of a mixture.
        parts: the main policy of a mixture, and the other.
    """

    kind: str
    arms: tuple[str, ...]
    version: str
    floor: float | None = None
    draws: int | None = None
    effects: tuple[Effect, ...] = ()
    half_lives: tuple[tuple[float, float], ...] = ()
    width: float | None = None
    learned_share: float = 1.0
    shares: tuple[float, ...] = ()
    parts: tuple["Explanation", ...] = ()


@dataclass(frozen=True)
class Shown:
    """Distribution over the arms for visitors with one value of an attribute.

    Attributes:
        value: the value as text; None where it is not known.
        share: share of the visitors who have it.
        propensities: mean propensity of each arm, in the order of the policy's arms.
    """

    value: str | None
    share: float
    propensities: tuple[float, ...]


def explain(policy: Policy) -> Explanation:
    """Return the explanation of a policy from what its snapshot holds, without a fit."""
    kind = str(getattr(policy, "kind", type(policy).__name__))
    if isinstance(policy, MixturePolicy):
        parts = (explain(policy.main), explain(policy.other))
        shares = (1.0 - policy.share, policy.share)
        whole = Explanation(kind, policy.arms, policy.version, shares=shares, parts=parts)
        return replace(whole, half_lives=_half_lives(policy), width=_width(policy))
    if isinstance(policy, ConservativePolicy):
        main = explain(policy.main)
        return replace(main, floor=policy.floor, learned_share=policy.share)
    if isinstance(policy, EnsemblePolicy):
        found = policy.draws
        effects = tuple(_effects(policy, found)) if isinstance(found, FeatureDraws) else ()
        base = Explanation(kind, policy.arms, policy.version, policy.floor, found.size)
        return replace(base, effects=effects, half_lives=_half_lives(policy), width=_width(policy))
    floor = policy.floor if isinstance(policy, FixedPolicy) else None
    return Explanation(kind, policy.arms, policy.version, floor)


def shown_by(policy: Policy, contexts: Contexts, attribute: str) -> tuple[Shown, ...]:
    """Return what is shown to visitors with each value of an attribute, most frequent first.

    Args:
        policy: as served.
        contexts: columns (n,) of visitors as often as they come.
        attribute: name of one of the columns.
    """
    served = policy.distribution(contexts)
    values = [text_of(value) for value in np.asarray(contexts[attribute]).tolist()]
    told = []
    for value, count in Counter(values).most_common():
        mean = served[np.array([other == value for other in values])].mean(axis=0)
        told.append(Shown(value, count / len(values), tuple(mean.tolist())))
    return tuple(told)


def _half_lives(policy: Policy) -> tuple[tuple[float, float], ...]:
    told = policy.meta.get("half_lives")
    if not isinstance(told, dict):
        return ()
    found = {float(one): float(weight) for one, weight in told.items()}
    return tuple(sorted(found.items(), reverse=True))


def _width(policy: Policy) -> float | None:
    told = policy.meta.get("width")
    return float(told) if isinstance(told, int | float) else None


def _effects(policy: PolicyBase, found: FeatureDraws) -> Iterator[Effect]:
    """Yield the effects of each term; a (combination, arm) without a feature has none."""
    mean = found.draws.mean(axis=1, dtype=np.float64)
    deviation = found.draws.std(axis=1, dtype=np.float64)
    for term in found.terms:
        names = tuple(found.spec.attributes[place].name for place in term.attributes)
        sizes = tuple(found.spec.sizes[place] for place in term.attributes)
        for combination, arm in zip(*np.nonzero(term.index < len(mean)), strict=True):
            feature = term.index[combination, arm]
            levels = tuple(int(level) for level in np.unravel_index(combination, sizes))
            labels = tuple(
                label_level(found.spec.attributes[place], level)
                for place, level in zip(term.attributes, levels, strict=True)
            )
            told = float(mean[feature]), float(deviation[feature])
            yield Effect(names, levels, labels, policy.arms[arm], *told)
